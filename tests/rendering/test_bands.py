"""Tests of rendering/bands.py: the same bits in bands of any size, and no more memory."""

import tracemalloc
from itertools import islice

import numpy as np
import pytest

from gmmfast import _memory, render_bands, render_grid
from oracle.grid import QUANTITIES
from support.checks import check_close, check_message, refusal
from support.models import picture_model

MODEL = picture_model(n_components=7, size=60)
SHAPES = [(131,), (67, 45), (35, 6, 7)]
BAND_SIZES = (None, 1, 7, 31, 32, 33, 10**30)


def assembled(bands):
    """The image, from bands that are checked to follow one another."""
    image, end = np.empty(bands.shape, bands.dtype), 0
    for rows, band in bands:
        assert rows == slice(end, end + len(band))
        assert band.dtype == bands.dtype
        assert band.flags.owndata
        assert band.flags.c_contiguous
        image[rows] = band
        end = rows.stop
    assert end == len(image)
    return image


@pytest.mark.parametrize("band_size", BAND_SIZES)
@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_bands_of_any_size_have_the_bits_of_the_whole(shape, quantity, band_size):
    for dtype in (None, "float32", "uint8"):
        options = {"quantity": quantity, "dtype": dtype, "extent": [(-9, 70)] * len(shape)}
        expected = render_grid(MODEL, shape, **options)
        bands = render_bands(MODEL, shape, band_size=band_size, **options)
        assert (bands.shape, bands.dtype) == (expected.shape, expected.dtype)
        assert len(bands) == -(-shape[0] // min(band_size or 10**9, shape[0]))
        np.testing.assert_array_equal(assembled(bands), expected)


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("tolerance", [None, 1e-3])
def test_neither_threads_nor_bands_change_a_bit(quantity, tolerance):
    options = {"quantity": quantity, "tolerance": tolerance, "given": [2, 0]}
    expected = render_grid(MODEL, (67, 301), **options)
    for n_threads, band_size in ((1, 5), (3, 33), (8, 64)):
        bands = render_bands(MODEL, (67, 301), band_size=band_size, n_threads=n_threads, **options)
        np.testing.assert_array_equal(assembled(bands), expected)


def test_bands_can_be_had_again_and_in_any_interleaving():
    bands = render_bands(MODEL, (67, 45), band_size=20)
    expected = assembled(bands)
    np.testing.assert_array_equal(assembled(bands), expected)
    for (rows, one), (_, other) in zip(bands, bands, strict=True):
        one[...] = 0
        np.testing.assert_array_equal(other, expected[rows])


def test_the_default_band_is_of_some_megabytes_and_whole_lines():
    for shape, dtype in (((10**5, 1000), "f8"), ((10**9,), "f4"), ((10**4, 2000), "u1")):
        bands = render_bands(MODEL, shape, quantity="density", dtype=dtype)
        n_bytes = bands.band_size * np.prod(shape[1:]) * bands.dtype.itemsize
        assert 8e6 < n_bytes <= 16 * 2**20
        assert bands.band_size % 32 == 0
    frames = render_bands(MODEL, (1000, 3000, 2000), quantity="density")
    assert frames.band_size == 1
    assert render_bands(MODEL, (5, 6)).band_size == 5


def test_an_image_larger_than_memory_begins_like_a_small_one():
    shape, small = (10**9, 10**4), (6, 10**4)
    expected = render_grid(MODEL, small, quantity="log_density")
    bands = render_bands(MODEL, shape, quantity="log_density", band_size=2)
    assert len(bands) == 5 * 10**8
    for rows, band in islice(bands, 3):
        check_close(band, expected[rows])


def test_a_film_larger_than_memory_comes_frame_by_frame():
    bands = render_bands(MODEL, (10**9, 200, 300), band_size=1)
    _, second = list(islice(bands, 2))[1]
    check_close(second, render_grid(MODEL, (2, 200, 300))[1:])


def test_only_the_band_has_to_fit_into_memory(monkeypatch):
    monkeypatch.setattr(_memory, "SMALL", 1)
    monkeypatch.setattr(_memory, "available_bytes", lambda: 10**5)
    refusal(MemoryError, render_grid, MODEL, (1000, 100))
    assert len(render_bands(MODEL, (1000, 100), quantity="density", band_size=100)) == 10
    message = refusal(MemoryError, render_bands, MODEL, (1000, 100), band_size=900)
    check_message(message, "band_size: .* got 900, .*; pass fewer lines")
    message = refusal(MemoryError, render_bands, MODEL, (1000, 10**5))
    check_message(message, r"shape: .* got \(1000, 100000\)")


def test_bands_that_nobody_keeps_take_no_memory():
    bands = render_bands(MODEL, (2000, 1000), quantity="label", dtype="uint8", band_size=50)
    next(iter(bands))
    tracemalloc.start()
    try:
        for rows, band in islice(bands, 8):
            assert len(band) == rows.stop - rows.start
            del band
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 10**6


@pytest.mark.parametrize(
    ("band_size", "error"),
    [(0, ValueError), (-1, ValueError), (1.0, TypeError), ("3", TypeError), (True, TypeError)],
)
def test_what_is_no_band_size_is_refused(band_size, error):
    check_message(refusal(error, render_bands, MODEL, (9, 9), band_size=band_size), "band_size: ")


WRONG = {
    "shape": {"shape": (2**62, 2)},
    "quantity": {"quantity": "pdf"},
    "extent": {"extent": [(0, 0), (1, 1)]},
    "given": {"given": [0, 0]},
    "n_threads": {"n_threads": 0},
    "tolerance": {"tolerance": 1},
}


@pytest.mark.parametrize("argument", WRONG)
def test_wrong_arguments_are_refused_by_the_call_and_not_by_the_first_band(argument):
    options = {"shape": (9, 9), **WRONG[argument]}
    check_message(refusal(ValueError, render_bands, MODEL, **options), f"{argument}: ")
    message = refusal(TypeError, render_bands, MODEL, (9, 9), dtype="int32")
    check_message(message, "dtype: ")

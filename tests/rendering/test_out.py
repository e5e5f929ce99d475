"""Tests of rendering/out.py: any array that fits is filled, no other."""

import numpy as np
import pytest

from gmmfast import _memory, render_grid
from gmmfast.rendering import out as rendering_out
from oracle.grid import QUANTITIES
from support.checks import check_message, refusal
from support.models import picture_model

MODEL = picture_model(n_components=5)
SHAPES = [(67,), (13, 11), (5, 7, 9)]


def picture(shape, **options):
    return render_grid(MODEL, shape, **options)


def guarded(shape, dtype):
    """A larger array of sentinels, and the part of the given shape in its middle."""
    whole = np.full([n + 4 for n in shape], 77, dtype)
    return whole, whole[tuple(slice(2, -2) for _ in shape)]


def spread(shape, dtype):
    whole = np.full([3 * n + 2 for n in shape], 77, dtype)
    return whole, whole[tuple(slice(1, 3 * n + 1, 3) for n in shape)]


def reversed_axes(shape, dtype):
    whole, part = guarded(shape, dtype)
    return whole, np.flip(part)


def transposed(shape, dtype):
    whole, part = guarded(shape[::-1], dtype)
    return whole, part.T


def unaligned(shape, dtype):
    whole = np.full(int(np.prod(shape)) * np.dtype(dtype).itemsize + 2, 77, np.uint8)
    return None, whole[1:-1].view(dtype).reshape(shape)


def swapped(shape, dtype):
    whole, part = guarded(shape, np.dtype(dtype).newbyteorder(">"))
    return whole, part


LAYOUTS = {
    "contiguous": lambda shape, dtype: (None, np.full(shape, 77, dtype)),
    "Fortran": lambda shape, dtype: (None, np.full(shape, 77, dtype, order="F")),
    "part": guarded,
    "every third": spread,
    "reversed": reversed_axes,
    "transposed": transposed,
    "unaligned": unaligned,
    "big-endian": swapped,
}


@pytest.mark.parametrize("buffer", [rendering_out.BUFFER_BYTES, 1, 3000], ids="{}".format)
@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout_takes_the_same_picture_and_nothing_outside_it(
    layout, shape, dtype, buffer, monkeypatch
):
    monkeypatch.setattr(rendering_out, "BUFFER_BYTES", buffer)
    expected = picture(shape, dtype=dtype, quantity="mean")
    whole, out = LAYOUTS[layout](expected.shape, dtype)
    assert picture(shape, quantity="mean", out=out) is out
    np.testing.assert_array_equal(out, expected)
    if whole is not None:
        out[...] = 77
        assert (whole == 77).all()


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_every_quantity_goes_into_views_too(quantity):
    expected = picture((13, 11), quantity=quantity)
    for make in (guarded, transposed, swapped):
        _, out = make(expected.shape, expected.dtype)
        picture((13, 11), quantity=quantity, out=out)
        np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("dtype", ["int64", ">i4", "int32", "uint8", "float32", ">f8"])
def test_labels_go_into_integers_of_either_byte_order(dtype):
    out = np.zeros((13, 11), dtype)
    picture((13, 11), quantity="label", out=out)
    np.testing.assert_array_equal(out, picture((13, 11), quantity="label"))


@pytest.mark.parametrize("mode", ["w+", "r+"])
def test_a_file_in_memory_is_written(tmp_path, mode):
    path = tmp_path / "picture.npy"
    expected = picture((13, 11))
    if mode == "r+":
        np.save(path, np.zeros_like(expected))
    out = np.lib.format.open_memmap(path, mode, "f8", expected.shape)
    assert picture((13, 11), out=out) is out
    assert isinstance(out, np.memmap)
    out.flush()
    np.testing.assert_array_equal(np.load(path), expected)


def test_channels_of_one_array_are_rendered_apart():
    layers = np.zeros((13, 11, 4, 2))
    picture((13, 11), quantity="mean", out=layers[:, :, ::2, 0])
    picture((13, 11), quantity="std", out=layers[:, :, 1::2, 1])
    np.testing.assert_array_equal(layers[:, :, ::2, 0], picture((13, 11), quantity="mean"))
    np.testing.assert_array_equal(layers[:, :, 1::2, 1], picture((13, 11), quantity="std"))
    assert not layers[:, :, 1::2, 0].any()
    assert not layers[:, :, ::2, 1].any()


def test_a_diagonal_is_a_line_like_any_other():
    square = np.zeros((67, 67))
    diagonal = square.diagonal()
    diagonal.flags.writeable = True
    picture((67,), quantity="density", out=diagonal)
    np.testing.assert_array_equal(square, np.diag(picture((67,), quantity="density")))


def test_the_arrays_of_the_model_may_be_the_out():
    means = np.zeros((3, 2))
    means[:, 0] = [1, 5, 9]
    model = (np.full(3, 1 / 3), means, np.ones(3))
    expected = render_grid(model, (3, 2))
    np.testing.assert_array_equal(render_grid(model, (3, 2), out=means), expected)


def test_a_dtype_may_be_given_if_it_is_that_of_out():
    for dtype, out_dtype in (("f4", "f4"), ("f8", ">f8"), (np.uint8, "u1")):
        out = np.zeros((13, 11, 2), out_dtype)
        picture((13, 11), dtype=dtype, out=out)
        np.testing.assert_array_equal(out, picture((13, 11), dtype=dtype))


def test_a_buffer_is_all_that_a_view_needs(monkeypatch):
    monkeypatch.setattr(_memory, "SMALL", 1)
    monkeypatch.setattr(rendering_out, "BUFFER_BYTES", 4096)
    monkeypatch.setattr(_memory, "available_bytes", lambda: 5000)
    out = np.zeros((11, 2000)).T
    np.testing.assert_array_equal(out.shape, (2000, 11))
    assert picture((2000, 11), quantity="density", out=out).any()
    picture((2000, 11), quantity="density", out=np.zeros((2000, 11)))
    message = refusal(
        MemoryError, picture, (2, 2000), quantity="density", out=np.ones((2000, 2)).T
    )
    check_message(message, "out: .*got strides")
    refusal(MemoryError, picture, (2000, 11), quantity="density")


def read_only():
    out = np.full((13, 11, 2), 77.0)
    out.flags.writeable = False
    return out


def overlapping(shape, strides):
    return np.lib.stride_tricks.as_strided(np.full(4000, 77.0), shape, strides)


REFUSED = {
    "a list": ([[0.0] * 11] * 13, TypeError, "out: expected a NumPy array .*got a list"),
    "a number": (1.0, TypeError, "out: expected a NumPy array .*got a float"),
    "True": (True, TypeError, "out: expected a NumPy array .*got a bool"),
    "bytes": (bytearray(8), TypeError, "out: expected a NumPy array .*got a bytearray"),
    "masked": (np.ma.zeros((13, 11, 2)), TypeError, "out: expected an array without a mask"),
    "objects": (np.zeros((13, 11, 2), object), TypeError, "out: expected float64.*got.*'O'"),
    "integers": (np.zeros((13, 11, 2), "i4"), TypeError, "out: expected float64.*got.*int32"),
    "half": (np.zeros((13, 11, 2), "f2"), TypeError, "out: expected float64.*got.*float16"),
    "records": (np.zeros((13, 11, 2), "f8,f8"), TypeError, "out: expected float64.*got"),
    "other shape": (np.zeros((11, 13, 2)), ValueError, r"out: .*\(13, 11, 2\), got \(11, 13, 2\)"),
    "fewer axes": (np.zeros((13, 11)), ValueError, r"out: .*\(13, 11, 2\), got \(13, 11\)"),
    "more axes": (np.zeros((1, 13, 11, 2)), ValueError, r"out: .*got \(1, 13, 11, 2\)"),
    "none of it": (np.zeros((0, 11, 2)), ValueError, r"out: .*got \(0, 11, 2\)"),
    "read-only": (read_only(), ValueError, "out: expected a writable array, got a read-only"),
    "broadcast": (np.broadcast_to(0.0, (13, 11, 2)), ValueError, "out: expected a writable"),
    "stride 0": (overlapping((13, 11, 2), (0, 16, 8)), ValueError, "out: .*overlap"),
    "windows": (overlapping((13, 11, 2), (8, 16, 8)), ValueError, "out: .*overlap"),
    "half steps": (overlapping((13, 11, 2), (88, 8, 4)), ValueError, "out: .*overlap"),
    "negative": (overlapping((13, 11, 2), (8, -8, 128)), ValueError, "out: .*overlap"),
}


@pytest.mark.parametrize(("out", "error", "pattern"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_take_the_picture_is_refused(out, error, pattern):
    check_message(refusal(error, picture, (13, 11), out=out), pattern)


WRONG = {
    "n_threads": 0,
    "tolerance": -1,
    "extent": [(0, 0), (1, 1)],
    "given": [0, 0],
    "quantity": "pdf",
    "dtype": np.float32,
}


@pytest.mark.parametrize("argument", WRONG)
def test_nothing_is_written_before_every_argument_is_checked(argument):
    out = np.full((13, 11, 2), 77.0)
    message = refusal(ValueError, picture, (13, 11), out=out, **{argument: WRONG[argument]})
    check_message(message, f"{argument}: ")
    assert (out == 77).all()


def test_an_out_too_small_for_the_labels_is_refused():
    out = np.zeros((3, 4), np.uint8)
    many = picture_model(257, 2)
    message = refusal(ValueError, render_grid, many, (3, 4), quantity="label", out=out)
    check_message(message, "out: expected int32 or int64 .*257 components, got uint8")

"""Tests of rendering/samples.py: the samples of `Mixture.sample` are accumulated by pixel."""

import numpy as np
import pytest

from gmmfast import Mixture, render_grid, render_samples
from support.checks import check_message, refusal
from support.models import picture_model, random_parameters

N = 30_000


def by_hand(mixture, shape, extent, given, *, n=N, seed=1, bounds=None):
    """Counts and means of the pixels, from the samples themselves."""
    points = mixture.sample(n, random_state=seed, bounds=bounds)
    targets = [i for i in range(mixture.n_features) if i not in given]
    flat, within = np.zeros(n, int), np.ones(n, bool)
    for feature, size, (low, high) in zip(reversed(given), shape, reversed(extent), strict=True):
        at = np.floor((points[:, feature] - low) / ((high - low) / size))
        within &= (at >= 0) & (at < size)
        flat = flat * size + at.clip(0, size - 1).astype(int)
    counts = np.bincount(flat[within], minlength=np.prod(shape))
    sums = [np.bincount(flat[within], points[within, i], np.prod(shape)) for i in targets]
    with np.errstate(invalid="ignore"):
        means = np.stack(sums, axis=1) / counts[:, None] if targets else None
    shaped = None if means is None else means.reshape(*shape, len(targets))
    return counts.reshape(shape), shaped


@pytest.mark.parametrize("covariance_type", ["full", "diag"])
@pytest.mark.parametrize(
    ("shape", "extent"),
    [((17,), [(-9.0, 9.0)]), ((9, 14), [(-9, 9.0), (8, -8)]), ((3, 4, 5), [(-9, 9)] * 3)],
)
def test_counts_are_of_the_samples(covariance_type, shape, extent):
    mixture = Mixture(*random_parameters(5, len(shape), covariance_type))
    counts, _ = by_hand(mixture, shape, extent, list(range(len(shape))))
    image = render_samples(mixture, shape, N, extent=extent, random_state=1)
    assert image.dtype == np.int64
    np.testing.assert_array_equal(image, counts)
    for dtype in ("int32", "float64", "float32"):
        other = render_samples(mixture, shape, N, extent=extent, random_state=1, dtype=dtype)
        assert other.dtype == dtype
        np.testing.assert_array_equal(other, counts)


@pytest.mark.parametrize("given", [None, [2, 0]])
def test_means_are_of_the_samples(given):
    mixture = picture_model(n_features=5)
    extent = [(-14.5, 27.5), (-10.5, 19.5)]
    options = {"extent": extent, "given": given, "random_state": 1}
    _, means = by_hand(mixture, (10, 14), extent, given or [0, 1])
    image = render_samples(mixture, (10, 14), N, **options)
    assert np.isnan(image).any()
    np.testing.assert_allclose(image, means, rtol=0, atol=1e-9)
    levels = render_samples(mixture, (10, 14), N, dtype="uint8", background=(1, 2, 3), **options)
    wanted = np.clip(np.rint(image), 0, 255)
    wanted[np.isnan(image).any(axis=2)] = 1, 2, 3
    np.testing.assert_array_equal(levels, wanted)
    black = render_samples(mixture, (10, 14), N, dtype="uint8", **options)
    np.testing.assert_array_equal(black[np.isnan(image)], 0)
    single = render_samples(mixture, (10, 14), N, dtype="float32", background=7, **options)
    np.testing.assert_array_equal(single, np.where(np.isnan(image), 7, image).astype("f4"))


def test_samples_may_be_those_of_the_mixture_within_bounds():
    mixture, extent = picture_model(n_features=5), [(-14.5, 27.5), (-10.5, 19.5)]
    bounds = [(-14.5, 27.5), (-10.5, 19.5), None, None, (0, 255)]
    counts, means = by_hand(mixture, (10, 14), extent, [0, 1], bounds=bounds)
    # Nothing that was asked for is beyond the grid.
    assert counts.sum() == N
    for n_threads in (1, 2):
        options = {"extent": extent, "random_state": 1, "n_threads": n_threads}
        image = render_samples(mixture, (10, 14), N, bounds=bounds, **options)
        np.testing.assert_allclose(image, means, rtol=0, atol=1e-9)
    free = render_samples(mixture, (10, 14), N, **options)
    assert not np.array_equal(free, image, equal_nan=True)


def test_threads_change_nothing():
    mixture = picture_model(n_features=5)
    one, *others = (
        render_samples(mixture, (12, 12), 200_000, random_state=3, n_threads=n) for n in (1, 2, 5)
    )
    for other in others:
        assert one.tobytes() == other.tobytes()


def test_many_samples_tend_to_the_conditional_mean():
    mixture = picture_model(n_features=3)
    mean = render_grid(mixture, (6, 6), extent=[(0, 12), (0, 12)])
    # Pixels are wide: compare with finer ones, weighed by their density.
    fine = {"extent": [(0, 12), (0, 12)]}
    density = render_grid(mixture, (96, 96), quantity="density", **fine)
    values = render_grid(mixture, (96, 96), **fine)[..., 0] * density
    blocks = [x.reshape(6, 16, 6, 16).sum(axis=(1, 3)) for x in (values, density)]
    image = render_samples(mixture, (6, 6), 1_000_000, random_state=0, **fine)[..., 0]
    counts = 1_000_000 * blocks[1] * (12 / 96) ** 2
    std = render_grid(mixture, (96, 96), quantity="std", **fine).max()
    spread = std + np.ptp(mean)
    errors = np.abs(image - blocks[0] / blocks[1]) * np.sqrt(counts) / spread
    assert errors[counts > 100].max() < 5
    assert (counts > 100).sum() > 20


def test_the_extent_is_the_models_or_pixels():
    model = Mixture([1.0], [[2.0, 1.0]], [0.01])
    assert render_samples(model, (3, 4), 100, random_state=0)[1, 2] == 100
    remembered = model.with_extent([(0, 40), (0, 40)])
    assert render_samples(remembered, (3, 4), 100, random_state=0)[0, 0] == 100
    assert render_samples(model, (3, 4), 100, extent=[(5, 6), (5, 6)]).sum() == 0


def test_no_background_is_none_of_the_samples_business():
    fits = render_samples(picture_model(n_features=3), (4, 4), 1, random_state=0, background=-1)
    assert (fits == -1).sum() >= 15


@pytest.mark.parametrize(
    ("error", "options", "pattern"),
    [
        (ValueError, {"n_samples": 0}, "n_samples: expected at least 1"),
        (TypeError, {"dtype": "int64"}, "dtype: expected float64, float32 or uint8"),
        (ValueError, {"background": [1, 2]}, "background: expected one value or 3"),
        (ValueError, {"background": -1, "dtype": "u1"}, "background: expected values from 0"),
        (TypeError, {"background": "white"}, "background: expected real numbers"),
        (ValueError, {"extent": [(0, 1)]}, r"extent: expected 2 \(low, high\) pairs"),
        (TypeError, {"random_state": 1.5}, "random_state: expected None"),
        (ValueError, {"given": [0, 9]}, "given: expected feature indices"),
        (ValueError, {"bounds": [(0, 255)]}, "bounds: expected 5 pairs"),
        (ValueError, {"bounds": [None] * 4 + [(1e9, 2e9)]}, "bounds: expected"),
        (MemoryError, {"shape": (2**20, 2**20)}, "shape: expected a result that fits"),
    ],
)
def test_what_cannot_be_is_refused_with_the_arguments_name(error, options, pattern):
    arguments = {"model": picture_model(n_features=5), "shape": (4, 4), "n_samples": 10} | options
    check_message(refusal(error, render_samples, **arguments), pattern)


def test_counts_have_no_background_and_no_bytes():
    ink = Mixture([1.0], [[2.0, 1.0]], [0.01])
    check_message(refusal(ValueError, render_samples, ink, (4, 4), 9, background=1), "background")
    check_message(refusal(TypeError, render_samples, ink, (4, 4), 9, dtype="u1"), "dtype")

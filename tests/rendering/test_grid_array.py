"""Tests of rendering/grid_array.py: parts of a rendering have the bits of the whole."""

import pickle

import numpy as np
import pytest

from gmmfast import Mixture, render_grid
from gmmfast.rendering.grid_array import GridArray
from gmmfast.rendering.request import Request

QUANTITIES = ("density", "log_density", "mean", "std", "covariance", "label", "entropy", "sample")


def scene(n_features):
    rng = np.random.default_rng(n_features)
    factors = 4 * rng.normal(size=(30, n_features, n_features))
    covariances = factors @ factors.transpose(0, 2, 1) + 0.1 * np.eye(n_features)
    covariances[0] *= 1e-5  # a spike
    means = rng.uniform(0, 120, size=(30, n_features))
    return Mixture(np.full(30, 1 / 30), means, covariances)


def lazy(model, shape, dtype=None, **options):
    request = Request.from_arguments(model, shape, **options)
    return GridArray(request, request.dtype(dtype))


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("shape", [(300,), (70, 150), (3, 40, 70)])
def test_every_window_has_the_bits_of_the_whole(quantity, shape):
    model = scene(len(shape) + 1)
    options = {"quantity": quantity, "random_state": 7 if quantity == "sample" else None}
    dtypes = (None,) if quantity == "label" else (None, "uint8")
    rng = np.random.default_rng(0)
    for dtype in dtypes:
        whole = render_grid(model, shape, dtype=dtype, **options)
        part = pickle.loads(pickle.dumps(lazy(model, shape, dtype, **options)))  # noqa: S301
        assert (part.shape, part.dtype, part.ndim) == (whole.shape, whole.dtype, whole.ndim)
        for _ in range(5):
            ends = np.sort([rng.integers(0, n + 1, 2) for n in shape], axis=1)
            window = tuple(slice(int(a), int(b)) for a, b in ends)
            assert np.array_equal(part[window], whole[window], equal_nan=True)
        assert np.array_equal(np.asarray(part), whole, equal_nan=True)


def test_axes_of_values_are_sliced_too():
    model = scene(4)
    whole = render_grid(model, (40, 50))
    assert np.array_equal(lazy(model, (40, 50))[5:9, :, 1:], whole[5:9, :, 1:])


def test_far_tails_have_the_same_bits():
    model = Mixture([0.5, 0.5], [[1e4, 30.0], [-2e4, 5.0]], [1e-2, 2.0])
    whole = render_grid(model, (64, 100), quantity="log_density")
    part = lazy(model, (64, 100), quantity="log_density")
    assert np.array_equal(part[31:50, 33:70], whole[31:50, 33:70])


def test_other_indices_are_refused():
    array = lazy(scene(2), (40, 50))
    for index in (3, (slice(None), 2), slice(0, 9, 2), (slice(None),) * 3):
        with pytest.raises(IndexError, match="index: expected"):
            array[index]

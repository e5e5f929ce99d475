"""Tests of dask/evaluation.py: lazy results of rows, with the bits of the call in memory."""

import dask.array as da
import numpy as np
import pytest
from dask.delayed import delayed

import gmmfast.dask
from gmmfast import GaussianMixture, Mixture
from support.dask_rows import random_chunks, rows

METHODS = ("score_samples", "predict", "predict_proba")


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("method", METHODS)
def test_methods_of_estimators_are_lazy_for_collections(method):
    points, _ = rows(has_nan=True)
    model = GaussianMixture(4, random_state=0, max_iter=5).fit(points)
    want = getattr(model, method)(points)
    chunks = random_chunks(len(points), 0)
    lazy = getattr(model, method)(da.from_array(points, chunks=(chunks, 2)))
    assert isinstance(lazy, da.Array)
    assert (lazy.shape, lazy.dtype) == (want.shape, want.dtype)
    assert np.array_equal(lazy.compute(), want)
    parts = [delayed(part) for part in np.array_split(points, 3)]
    assert np.array_equal(getattr(model, method)(parts).compute(), want)


@pytest.mark.parametrize("method", METHODS)
def test_functions_take_any_model(method):
    points, _ = rows()
    model = Mixture([0.5, 0.5], [[0.0, 0, 0], [8, 8, 8]], [4.0, 4.0])
    lazy = getattr(gmmfast.dask, method)(model, da.from_array(points, chunks=(1000, 3)))
    assert np.array_equal(lazy.compute(), getattr(model, method)(points))


@pytest.mark.parametrize("moment", ["mean", "std", "covariance"])
def test_conditionals_are_those_of_the_mixture(moment):
    points, _ = rows()
    model = Mixture([0.5, 0.5], [[0.0, 0, 0], [8, 8, 8]], [4.0, 4.0])
    want = getattr(model.condition([2], points[:, :1]), moment)()
    chunks = random_chunks(len(points), 2)
    lazy = gmmfast.dask.conditional(model, da.from_array(points[:, :1], (chunks, 1)), [2], moment)
    assert lazy.shape == want.shape
    assert np.array_equal(lazy.compute(), want)


def test_a_wrong_moment_is_refused():
    with pytest.raises(ValueError, match="moment: expected one of"):
        gmmfast.dask.conditional(([1.0], [[0.0, 0.0]], [1.0]), da.zeros((3, 1)), [0], "median")

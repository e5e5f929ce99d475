"""Tests of dask/evaluation.py: lazy results of rows, with the bits of the call in memory."""

import dask.array as da
import numpy as np
import pytest
from dask.delayed import delayed
from sklearn.exceptions import NotFittedError

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


@pytest.mark.parametrize("method", METHODS)
def test_chunks_without_rows_have_the_dtype_of_the_others(method):
    points = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    model = GaussianMixture(2, random_state=0).fit(points)
    lazy = da.from_array(points, chunks=(20, 2))
    for least in (1.5, 99):
        found = getattr(model, method)(lazy[lazy[:, 0] > least])
        want = getattr(model, method)(points)[points[:, 0] > least]
        computed = found.compute()
        assert found.dtype == computed.dtype == want.dtype
        np.testing.assert_array_equal(computed, want)


@pytest.mark.parametrize(
    ("n_columns", "given", "moment", "message"),
    [
        (1, [0], "median", "moment: expected one of"),
        (1, [0], ["mean"], "moment: expected one of"),
        (2, [0, 1], "mean", "given: expected fewer than all 2 features"),
        (2, [0], "mean", r"X: expected one column for each of the given features \[0\], got 2"),
    ],
)
def test_wrong_arguments_of_conditionals_are_refused_at_the_call(
    n_columns, given, moment, message
):
    with pytest.raises(ValueError, match=f"^{message}"):
        gmmfast.dask.conditional(
            ([1.0], [[0.0, 0.0]], [1.0]), da.zeros((3, n_columns)), given, moment
        )


def test_models_that_are_not_fitted_are_refused_at_the_call():
    for method in METHODS:
        with pytest.raises(NotFittedError):
            getattr(gmmfast.dask, method)(GaussianMixture(2), da.zeros((3, 2)))

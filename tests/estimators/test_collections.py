"""Tests of estimators/collections.py: collections of other libraries are known by their types."""

import numpy as np
import pytest

from gmmfast import GaussianMixture
from gmmfast.estimators import collections
from gmmfast.estimators.inspection import Inspect
from support.checks import refusal


class Delayed:
    """A value whose type is one of dask's."""


Delayed.__module__ = "dask.delayed"


class Registered:
    def blocks(self, X, sample_weight):
        return X, sample_weight

    def evaluated(self, X, estimator, method):
        return X, estimator, method


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setattr(collections, "_registered", [])
    collections.register(Registered())
    found = Registered()
    collections.register(found)  # in place of the other
    return found


@pytest.mark.parametrize("X", [Delayed(), [Delayed()], [(Delayed(), 1)], (Delayed(), 1)])
def test_a_collection_is_what_is_registered(X, registered):
    assert collections.collections_of(X) is registered
    assert collections.blocks_of_collection(X, 5, None) == (X, 5)
    message = refusal(ValueError, GaussianMixture(2).fit, X, mapper=map)
    assert message == (
        "mapper: expected None for a collection, which its scheduler computes, got one; pass "
        "arrays or functions that return them"
    )


@pytest.mark.parametrize("X", [np.ones((2, 2)), [], [()], [[1.0, 2.0]], [(np.ones(2), 1)], None])
@pytest.mark.usefixtures("registered")
def test_other_values_are_no_collections(X):
    assert collections.collections_of(X) is None
    assert collections.blocks_of_collection(X, None, None) is None


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("method", ["score_samples", "predict", "predict_proba"])
def test_what_is_registered_evaluates_methods_of_rows(method):
    model, X = GaussianMixture(2).fit([[0.0], [1.0], [2.0]]), Delayed()
    assert getattr(model, method)(X) == (X, model, method)


def test_the_size_of_a_block_counts_its_weights_in_float64_and_keeps_no_row():
    rows = np.arange(8, dtype=np.float32).reshape(4, 2)
    size = Inspect(allows_nan=False)(lambda: (rows, np.float16([2048, 1, 1, 1])))
    assert size[:4] == (4, 2051.0, True, np.float32)
    assert size.head.shape == (0, 2)
    size = Inspect(allows_nan=False)(rows)
    assert size[:4] == (4, 4.0, False, np.float32)
    rows[1, 1] = np.nan
    assert Inspect(allows_nan=True)(rows).n_samples == 4
    with pytest.raises(ValueError, match="NaN"):
        Inspect(allows_nan=False)(rows)

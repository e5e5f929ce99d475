"""Tests of estimators/collections.py: collections of other libraries are known by their types."""

import numpy as np
import pytest

from gmmfast import GaussianMixture
from gmmfast.estimators import collections
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

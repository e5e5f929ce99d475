"""Tests of estimators/collections.py: collections of other libraries are known by their types."""

import numpy as np
import pytest

from gmmfast import GaussianMixture
from gmmfast.estimators import collections
from gmmfast.estimators.training_data import training_data
from support.checks import refusal


class Delayed:
    """A value whose type is one of dask's."""


Delayed.__module__ = "dask.array.core"


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


@pytest.mark.usefixtures("registered")
def test_the_data_of_a_fit_are_the_blocks_of_the_collection():
    X = Delayed()
    data = training_data(X, sample_weight=5)
    # The blocks have their weights, and no rows are here.
    assert data == (X, None, None, (X, 5), None)


def test_the_functions_are_registered_when_the_first_collection_comes(monkeypatch):
    found, imported = Registered(), []
    monkeypatch.setattr(collections, "_registered", [])

    def import_module(name):
        imported.append(name)
        collections.register(found)

    monkeypatch.setattr(collections, "import_module", import_module)
    assert [collections.collections_of(Delayed()) for _ in range(2)] == [found, found]
    assert imported == ["gmmfast.dask"]

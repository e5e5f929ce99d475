"""Tests of mixture/evaluation.py: labels, and dense and sparse responsibilities."""

import pickle

import numpy as np
import pytest

from gmmfast import Mixture, _memory, render_bands, render_grid
from gmmfast.mixture.chunks import CHUNK
from oracle.textbook import exact_log_density, textbook_quantities
from support.checks import check_message, refusal
from support.models import (
    EVERY_TYPE,
    as_gaussian_mixture,
    build,
    full_parameters,
    picture_model,
)

PREDICTIONS = ("predict", "predict_proba")


def test_a_fitted_estimator_predicts_as_scikit_learn_does(fitted):
    estimator, points = fitted
    same, points = as_gaussian_mixture(estimator), points.astype(np.float64)
    mixture = Mixture.from_model(estimator)
    shares, expected = mixture.predict_proba(points), same.predict_proba(points)
    # scikit-learn's own arithmetic on float32 parameters: see the same test of score_samples.
    atol = 1e-4 if estimator.means_.dtype == np.float32 else 1e-9
    np.testing.assert_allclose(shares, expected, rtol=0, atol=atol)
    labels = mixture.predict(points)
    assert labels.dtype == np.int64
    largest = np.sort(expected, axis=1)
    is_clear = largest[:, -1] - largest[:, -2] > 2 * atol
    assert is_clear.mean() > 0.9
    np.testing.assert_array_equal(labels[is_clear], same.predict(points)[is_clear])


@pytest.mark.parametrize("n_features", [1, 2, 16])
@pytest.mark.parametrize("n_components", [1, 3, 33])
@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_responsibilities_follow_the_textbook(covariance_type, n_components, n_features):
    mixture = build(n_components, n_features, covariance_type)
    points = np.random.default_rng(1).normal(scale=6, size=(137, n_features))
    features = list(range(n_features))
    expected = textbook_quantities(*full_parameters(mixture), features, points)
    shares, labels = mixture.predict_proba(points), mixture.predict(points)
    assert shares.shape == (137, n_components)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-14)
    is_clear = expected["is clear"]
    np.testing.assert_array_equal(labels[is_clear], expected["label"][is_clear])
    np.testing.assert_array_equal(labels[is_clear], shares.argmax(axis=1)[is_clear])
    entropy = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1)
    np.testing.assert_allclose(entropy, expected["entropy"], atol=1e-11)


def test_responsibilities_are_right_where_the_density_underflows():
    mixture = build(3, 2)
    point = np.array([1e7, -1e7])
    one = [
        Mixture([1.0], m[None], c[None])
        for m, c in zip(*full_parameters(mixture)[1:], strict=True)
    ]
    exact = [
        np.log(w) + float(exact_log_density(m, point))
        for w, m in zip(mixture.weights, one, strict=True)
    ]
    assert mixture.predict([point]).tolist() == [int(np.argmax(exact))]
    assert mixture.predict_proba([point]).tolist() == [np.eye(3)[np.argmax(exact)].tolist()]


def test_where_every_distance_overflows_there_still_is_an_answer():
    mixture = build(4, 2)
    points = [[1e200, 0.0], [-1e308, 1e308]]
    assert mixture.predict(points).tolist() == [0, 0]
    shares = mixture.predict_proba(points)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert (shares >= 0).all()


def test_of_equals_the_first_is_predicted():
    mixture = Mixture([0.2] * 5, [[0.0], [1.0], [1.0], [0.0], [1.0]], [1.0] * 5)
    assert mixture.predict([[-3.0], [0.2], [0.8], [1e5]]).tolist() == [0, 0, 1, 1]
    shares = mixture.predict_proba([[-30.0], [30.0]])
    np.testing.assert_allclose(shares[0, [0, 3]], 0.5)
    np.testing.assert_allclose(shares[1, [1, 2, 4]], 1 / 3)


def test_a_component_of_weight_zero_is_never_predicted():
    mixture = Mixture([0.0, 0.5, 0.5], [[0.0], [-9.0], [9.0]], [1.0, 1.0, 1.0])
    assert mixture.predict([[0.1], [-0.1]]).tolist() == [2, 1]
    assert (mixture.predict_proba([[0.1], [-0.1], [1e6]])[:, 0] == 0).all()


@pytest.mark.parametrize("method", PREDICTIONS)
def test_neither_company_nor_threads_change_a_prediction(method):
    predict = getattr(build(20, 3), method)
    points = np.random.default_rng(1).normal(scale=6, size=(5003, 3))
    expected = predict(points)
    for n_threads in (1, 2, 3):
        np.testing.assert_array_equal(predict(points, n_threads=n_threads), expected)
    alone = [predict(point[None])[0] for point in points[:67]]
    np.testing.assert_array_equal(alone, expected[:67])
    assert predict(np.empty((0, 3))).shape == (0, *expected.shape[1:])


@pytest.mark.parametrize("method", PREDICTIONS)
def test_points_are_checked_as_score_samples_does(method):
    predict = getattr(build(3, 2), method)
    for points, error, pattern in (
        (np.zeros((4, 3)), ValueError, r"X: .*\(n_samples, 2\).*\(4, 3\)"),
        ([1.0, 2.0], ValueError, r"X: .*2-D array, got shape \(2,\)"),
        ([[0, 0], [np.nan, 1]], ValueError, r"X: .*\[nan, 1.0\] in row 1"),
        ([["a", "b"]], TypeError, "X: "),
        (np.ma.zeros((4, 2)), TypeError, "X: expected an array without a mask"),
    ):
        check_message(refusal(error, predict, points), pattern)
    message = refusal(ValueError, predict, [[0.0, 0.0]], n_threads=0)
    check_message(message, "n_threads: ")


def test_responsibilities_that_do_not_fit_are_refused_before_they_are_allocated(monkeypatch):
    monkeypatch.setattr(_memory, "SMALL", 1)
    monkeypatch.setattr(_memory, "available_bytes", lambda: 10**4)
    mixture, points = build(33, 2), np.zeros((1000, 2))
    assert mixture.predict(points).shape == (1000,)
    check_message(refusal(MemoryError, mixture.predict_proba, points), "X: .*or use predict")


def test_nothing_but_reading_the_parameters_copies_them():
    mixture = picture_model(n_components=9)
    fresh = Mixture.from_model(full_parameters(mixture))
    render_grid(fresh, (4, 5))
    next(iter(render_bands(fresh, (4, 5))))
    fresh.score_samples(np.zeros((3, 4)))
    fresh.predict_proba(np.zeros((3, 4)))
    assert (fresh.n_components, fresh.n_features) == (9, 4)
    assert "n_components=9, n_features=4" in repr(fresh)
    assert not fresh._copies
    np.testing.assert_array_equal(fresh.means, mixture.means)
    assert list(fresh._copies) == ["means"]


@pytest.mark.parametrize("name", ["weights", "means", "covariances"])
def test_parameters_are_read_once_and_shared_by_what_has_the_same(name):
    mixture = build(3, 2)
    array = getattr(mixture, name)
    assert getattr(mixture, name) is array
    assert getattr(mixture.with_extent([(0, 1)]), name) is array
    np.testing.assert_array_equal(getattr(pickle.loads(pickle.dumps(mixture)), name), array)  # noqa: S301 (our own bytes)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_parts_of_a_mixture_know_their_size(covariance_type):
    mixture = build(5, 4, covariance_type)
    for part, n_features in (
        (mixture.marginal([3, 1, 0]), 3),
        (mixture.condition([2], [0.5]), 3),
        (mixture.condition([2, 0, 1], [0.5, 0.1, 0.0]), 1),
        (mixture.with_extent([(0, 1)]), 4),
    ):
        assert (part.n_components, part.n_features) == (5, n_features)
        assert part.means.shape == (5, n_features)


@pytest.mark.parametrize("chunk", [1, 100, CHUNK])
def test_sparse_responsibilities_are_those_of_predict_proba(chunk, monkeypatch):
    monkeypatch.setattr("gmmfast.mixture.chunks.CHUNK", chunk)
    mixture = build(30, 2, "full", spread=100)
    points = np.random.default_rng(1).normal(scale=100, size=(57, 2))
    sparse, dense = mixture.responsibilities(points), mixture.predict_proba(points)
    assert sparse.format == "csr"
    # Chunks are other leaves, in which other components are proved to be negligible.
    np.testing.assert_allclose(sparse.toarray(), dense, rtol=1e-12, atol=2.0**-52)
    assert (sparse.data > 0).all()
    assert 57 <= sparse.nnz < dense.size
    some = mixture.responsibilities(points, threshold=0.1)
    np.testing.assert_array_equal(
        some.toarray(), np.where(sparse.toarray() > 0.1, sparse.toarray(), 0)
    )


def test_no_points_have_no_responsibilities():
    assert build(3, 2, "diag").responsibilities(np.empty((0, 2))).shape == (0, 3)


@pytest.mark.parametrize(
    ("threshold", "error"), [(1, ValueError), (-0.1, ValueError), ("x", TypeError)]
)
def test_bad_thresholds_are_refused(threshold, error):
    call = build(3, 2, "diag").responsibilities
    check_message(refusal(error, call, [[0, 0]], threshold=threshold), "threshold: expected")


def test_responsibilities_beyond_memory_are_refused(monkeypatch):
    monkeypatch.setattr(_memory, "available_bytes", lambda: 1)
    monkeypatch.setattr(_memory, "SMALL", 0)
    message = refusal(MemoryError, build(3, 2, "diag").responsibilities, np.zeros((100, 2)))
    check_message(message, r"X: expected a result that fits.* got \(100, 2\)")


def test_rows_without_responsibilities_are_empty_in_every_chunk(monkeypatch):
    mixture = Mixture([0.5, 0.5], [[0.0], [4.0]], [1.0, 1.0])
    points = np.array([[0.0], [2.0], [4.0], [2.0], [0.0]])
    monkeypatch.setattr("gmmfast.mixture.chunks.CHUNK", 4)  # of two rows
    sparse = mixture.responsibilities(points, threshold=0.75)
    assert sparse.indptr.tolist() == [0, 1, 1, 2, 2, 3]
    assert sparse.indices.tolist() == [0, 1, 0]
    assert sparse.indptr.dtype == sparse.indices.dtype == np.int32
    assert mixture.responsibilities(points[:0]).indices.dtype == np.int32
    monkeypatch.setattr(_memory, "SMALL", 0)
    monkeypatch.setattr(_memory, "available_bytes", lambda: 3 * 12 - 1)  # of all chunks together
    message = refusal(MemoryError, mixture.responsibilities, points, threshold=0.75)
    check_message(message, "X: expected a result that fits.*or a larger threshold")

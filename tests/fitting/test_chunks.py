"""Tests of fitting/chunks.py and fitting/samples.py: chunks and batches."""

import pickle

import numpy as np
import pytest

import gmmfast
from gmmfast import BayesianGaussianMixture, GaussianMixture
from support.estimators import ATTRIBUTES, clouds, start
from support.models import COVARIANCE_TYPES


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("ours", [GaussianMixture, BayesianGaussianMixture])
def test_a_row_of_weight_three_is_three_rows_and_of_weight_zero_none(ours, covariance_type):
    points = clouds()
    weights = np.random.default_rng(1).integers(0, 4, len(points))
    options = {"n_components": 3, "covariance_type": covariance_type, "tol": 0, "max_iter": 8}
    if ours is GaussianMixture:
        options |= start(covariance_type, points)
    else:
        # Clusters so far apart that every start finds them.
        points *= 10
        options |= {"init_params": "kmeans", "random_state": 0}
    weighted = ours(**options).fit(points, sample_weight=weights)
    repeated = ours(**options).fit(np.repeat(points, weights, axis=0))
    order, other = (np.argsort(model.means_[:, 0]) for model in (weighted, repeated))
    np.testing.assert_allclose(weighted.means_[order], repeated.means_[other], 1e-9)
    np.testing.assert_allclose(weighted.weights_[order], repeated.weights_[other], 1e-9)
    np.testing.assert_allclose(weighted.lower_bound_, repeated.lower_bound_, 1e-9)
    fractions = ours(**options).fit(points, sample_weight=weights * 0.5)
    if ours is GaussianMixture:
        np.testing.assert_allclose(fractions.means_, weighted.means_, 1e-9)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("ours", [GaussianMixture, BayesianGaussianMixture])
def test_chunks_give_the_fit_of_the_whole(ours, covariance_type, tmp_path):
    points = clouds()
    options = {
        "n_components": 3,
        "covariance_type": covariance_type,
        "random_state": 4,
        "max_iter": 6,
        "tol": 0,
    }
    whole = ours(**options).fit(points)
    cuts = [points[:100], points[100:101], points[101:]]
    file = np.memmap(tmp_path / "points", dtype=np.float64, mode="w+", shape=points.shape)
    file[:] = points
    several = {
        "list": cuts,
        "function": lambda: (points[i : i + 70] for i in range(0, len(points), 70)),
        "weighted": [(cut, np.ones(len(cut))) for cut in cuts],
        "map": file,
    }
    for name, chunks in several.items():
        got = ours(**options).fit(chunks)
        for attribute in ATTRIBUTES:
            expected = getattr(whole, attribute)
            np.testing.assert_allclose(getattr(got, attribute), expected, 1e-9, 1e-9, err_msg=name)
    labels = ours(**options).fit_predict(cuts)
    np.testing.assert_array_equal(labels, whole.predict(points))


def test_a_memory_map_is_fitted_as_the_same_array(monkeypatch, tmp_path):
    monkeypatch.setattr("gmmfast.fitting.chunks.MAP_ROWS", 64)
    monkeypatch.setattr("gmmfast.fitting.samples.INITIAL_ROWS", 100)
    points = clouds()
    file = np.memmap(tmp_path / "points", dtype=np.float64, mode="w+", shape=points.shape)
    file[:] = points
    for cls in (GaussianMixture, BayesianGaussianMixture):
        got, want = (cls(n_components=3, random_state=0).fit(each) for each in (file, points))
        assert got.n_iter_ == want.n_iter_
        for name in ("weights_", "means_", "covariances_"):
            np.testing.assert_array_equal(getattr(got, name), getattr(want, name))


def test_a_memory_map_that_does_not_fit_says_that_it_starts_from_a_sample(monkeypatch, tmp_path):
    monkeypatch.setattr("gmmfast.fitting.chunks.MAP_ROWS", 64)
    monkeypatch.setattr("gmmfast.fitting.chunks.available_bytes", lambda: 1000)
    monkeypatch.setattr("gmmfast.fitting.samples.INITIAL_ROWS", 100)
    points = clouds()
    file = np.memmap(tmp_path / "points", dtype=np.float64, mode="w+", shape=points.shape)
    file[:] = points
    with pytest.warns(UserWarning, match="X: the fit starts from 100 of the 300 rows"):
        model = GaussianMixture(3, random_state=0).fit(file)
    assert model.score(points) > GaussianMixture(3, random_state=0).fit(points).score(points) - 0.1


def test_a_memory_map_that_does_not_fit_is_read_in_chunks(monkeypatch, tmp_path):
    monkeypatch.setattr("gmmfast.fitting.chunks.MAP_ROWS", 64)
    monkeypatch.setattr("gmmfast.fitting.chunks.available_bytes", lambda: 1000)
    points = clouds()
    file = np.memmap(tmp_path / "points", dtype=np.float32, mode="w+", shape=points.shape)
    file[:] = points
    options = start("full", points) | {"max_iter": 3, "tol": 0}
    before = gmmfast.kernel_calls()["expectation"]
    mapped = GaussianMixture(**options).fit(file)
    assert gmmfast.kernel_calls()["expectation"] == before + 3 * 5
    whole = GaussianMixture(**options).fit(np.array(file))
    np.testing.assert_allclose(mapped.means_, whole.means_, 1e-6)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_partial_fit_never_forgets_what_came_before(covariance_type):
    points = clouds(900)
    shuffled = points[np.random.default_rng(5).permutation(len(points))]
    model = GaussianMixture(3, covariance_type=covariance_type, random_state=0)
    for chunk in np.array_split(shuffled, 9):
        model.partial_fit(chunk)
    assert model.n_iter_ == 9
    best = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(points)
    assert model.score(points) > best.score(points) - 0.01
    # A chunk of one cloud alone does not make the others go away.
    model.partial_fit(points[:300])
    assert model.weights_.min() > 0.2
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 (our own)
    np.testing.assert_array_equal(
        again.partial_fit(points[:10]).means_, model.partial_fit(points[:10]).means_
    )


def test_partial_fit_takes_chunks_as_one_batch():
    points = clouds()
    weights = np.arange(len(points)) % 3.0
    chunks = [(points[:100], weights[:100]), (points[100:], weights[100:])]
    whole = GaussianMixture(3, random_state=0).partial_fit(points, sample_weight=weights)
    parts = GaussianMixture(3, random_state=0).partial_fit(chunks)
    np.testing.assert_allclose(parts.means_, whole.means_, 1e-9)
    np.testing.assert_allclose(
        parts.partial_fit([points[:1], points[1:]]).covariances_,
        whole.partial_fit(points).covariances_,
        1e-9,
        1e-9,
    )
    with pytest.raises(ValueError, match="features"):
        parts.partial_fit([points[:, :1]])


def test_each_pass_reads_and_checks_each_chunk_once():
    points = clouds()
    n_read = 0

    def chunks():
        nonlocal n_read
        for part in np.array_split(points, 3):
            n_read += 1
            yield part

    GaussianMixture(**start("full", points), max_iter=2, tol=0).fit(chunks)
    # One pass counts the rows, and one is made in each step. All first parameters are given.
    assert n_read == 3 * 3


def test_the_statistics_of_partial_fit_are_those_of_one_step_if_parameters_stay():
    # Components so far apart that responsibilities do not depend on the parameters.
    points = 100 * np.repeat(np.eye(3), 40, axis=0)
    points += np.random.default_rng(0).normal(size=points.shape)
    options = start("full", points)
    model = GaussianMixture(**options)
    for chunk in np.array_split(points[np.random.default_rng(1).permutation(120)], 4):
        model.partial_fit(chunk)
    whole = GaussianMixture(**options, max_iter=1).fit(points)
    for name in ("weights_", "means_", "covariances_"):
        np.testing.assert_allclose(getattr(model, name), getattr(whole, name), 1e-8, 1e-9)


def test_chunks_that_are_none_are_refused():
    points = clouds()
    model = GaussianMixture()
    with pytest.raises(TypeError, match="X: expected chunks that can be gone through once an"):
        model.fit(points[i : i + 50] for i in range(0, 300, 50))
    with pytest.raises(ValueError, match="X: expected at least one row in all chunks"):
        model.fit(lambda: iter([]))
    with pytest.raises(ValueError, match="sample_weight: expected None when X comes in chunks"):
        model.fit([points], sample_weight=np.ones(300))
    with pytest.raises(ValueError, match="features"):
        model.fit([points, points[:, :2]])
    with pytest.raises(TypeError, match="pairs"):
        model.fit(lambda: iter([(points, None, None)]))


@pytest.mark.parametrize("mapper", [None, map])
def test_chunks_without_rows_change_nothing(mapper):
    points = np.random.default_rng(0).normal(size=(100, 2))
    weights = np.arange(1.0, 101)
    nothing = points[:0], weights[:0]
    whole = GaussianMixture(2, random_state=0).fit(points, sample_weight=weights)
    chunks = [nothing, (points[:50], weights[:50]), nothing, (points[50:], weights[50:])]
    model = GaussianMixture(2, random_state=0).fit(chunks, mapper=mapper)
    np.testing.assert_allclose(model.means_, whole.means_, 1e-10)
    with pytest.raises(ValueError, match="X has 2 features, but GaussianMixture is expecting 3"):
        model.fit([np.empty((0, 3)), points], mapper=mapper)
    with pytest.raises(ValueError, match="sample_weight"):
        model.fit([(points[:0], weights), points], mapper=mapper)
    with pytest.raises(ValueError, match="X: expected at least one row in all chunks, got none"):
        model.fit([nothing, nothing], mapper=mapper)

"""Tests of fitting/blocks.py and estimators/inspection.py: fits to blocks by any mapper."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from gmmfast import BayesianGaussianMixture, GaussianMixture

TYPES = ("full", "tied", "diag", "spherical", "tied-diag", "tied-spherical")
CASES = [
    *((GaussianMixture, kind, has_nan) for kind in TYPES for has_nan in (False, True)),
    *((BayesianGaussianMixture, kind, False) for kind in TYPES),
]


def through_pickle(function, blocks):
    """Map as other processes do."""
    return (pickle.loads(pickle.dumps(function))(block) for block in blocks)  # noqa: S301


def rows(*, has_nan=False):
    rng = np.random.default_rng(0)
    points = rng.normal(size=(1200, 3)) + 4.0 * rng.integers(0, 4, size=(1200, 1))
    if has_nan:
        points[rng.uniform(size=points.shape) < 0.1] = np.nan
    return points, rng.uniform(0, 2, 1200)


def split(points, weights, seed):
    """Return blocks of random sizes, with an empty one and one of a single row."""
    cuts = np.sort(np.random.default_rng(seed).integers(1, len(points), 4))
    cuts = [0, 1, *cuts]
    return list(zip(np.split(points, cuts), np.split(weights, cuts), strict=True))


def assert_same(model, other):
    for name in ("weights_", "means_", "covariances_"):
        np.testing.assert_allclose(
            getattr(other, name), getattr(model, name), rtol=1e-10, atol=1e-10
        )
    assert other.lower_bound_ == pytest.approx(model.lower_bound_, rel=1e-10)
    assert other.n_iter_ == model.n_iter_


@pytest.mark.parametrize(("estimator", "kind", "has_nan"), CASES)
def test_a_fit_by_a_mapper_is_the_fit_in_memory_whatever_the_split(estimator, kind, has_nan):
    points, weights = rows(has_nan=has_nan)
    options = {"n_components": 4, "covariance_type": kind, "random_state": 0, "max_iter": 8}
    model = estimator(**options).fit(points, sample_weight=weights)
    for seed in (1, 2):
        blocks = split(points, weights, seed)
        assert_same(model, estimator(**options).fit(blocks, mapper=through_pickle))
    whole = estimator(**options).fit(points, sample_weight=weights, mapper=map)
    assert_same(model, whole)


def test_executors_and_functions_that_return_rows_are_taken():
    points, _ = rows()
    model = GaussianMixture(4, random_state=0).fit(points)
    parts = [lambda part=part: part for part in np.array_split(points, 5)]
    with ThreadPoolExecutor(2) as executor:
        other = GaussianMixture(4, random_state=0).fit(parts, mapper=executor.map, n_threads=1)
    assert_same(model, other)
    labels = GaussianMixture(4, random_state=0).fit_predict(parts, mapper=map)
    assert np.array_equal(labels, model.predict(points))


def test_rows_that_are_misaligned_in_memory_are_taken():
    points, weights = rows()
    buffer = np.zeros(points.nbytes + weights.nbytes + 1, np.uint8)[1:]
    parts = [buffer[: points.nbytes].view(np.float64), buffer[points.nbytes :].view(np.float64)]
    parts[0][:], parts[1][:] = points.ravel(), weights
    assert not parts[0].flags.aligned
    other = GaussianMixture(4, random_state=0).fit(
        [(parts[0].reshape(points.shape), parts[1])], mapper=map
    )
    assert_same(GaussianMixture(4, random_state=0).fit(points, sample_weight=weights), other)


def test_float32_rows_are_a_float32_fit():
    points = rows()[0].astype(np.float32)
    model = GaussianMixture(4, random_state=0, max_iter=5).fit(points)
    other = GaussianMixture(4, random_state=0, max_iter=5).fit(
        [points[:7], points[7:]], mapper=map
    )
    assert other.means_.dtype == np.float32
    np.testing.assert_allclose(other.means_, model.means_, rtol=1e-6)


def test_each_wrong_block_is_refused_with_its_fault():
    points, weights = rows()
    fit = GaussianMixture(2).fit
    with pytest.raises(ValueError, match="Input X contains infinity"):
        fit([points, np.full((2, 3), np.inf)], mapper=map)
    with pytest.raises(ValueError, match="X has 2 features, but GaussianMixture is expecting 3"):
        fit([points, points[:, :2]], mapper=map)
    with pytest.raises(ValueError, match="sample_weight: expected finite values of at least 0"):
        fit([(points, -weights)], mapper=map)
    with pytest.raises(ValueError, match=r"sample_weight: expected shape \(1200,\) for a chunk"):
        fit([(points, weights[:3])], mapper=map)
    with pytest.raises(ValueError, match="X: expected at least one row in all chunks, got none"):
        fit([points[:0]], mapper=map)
    with pytest.raises(TypeError, match="mapper: expected a callable like map"):
        fit(points, mapper=2)

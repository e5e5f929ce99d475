"""Tests of fitting/oversampling.py: the start of fits of many rows, in blocks."""

import numpy as np
import pytest

from gmmfast import GaussianMixture
from gmmfast.estimators.inspection import Inspect
from gmmfast.fitting.blocks import Mapped, MappedBlocks
from gmmfast.fitting.initialization import InitOptions, initialize
from gmmfast.fitting.oversampling import oversampling


def clouds(n_clouds=20, n_rows=4000):
    rng = np.random.default_rng(0)
    centers = rng.uniform(-50, 50, size=(n_clouds, 3))
    return centers[rng.integers(0, n_clouds, n_rows)] + rng.normal(size=(n_rows, 3)), centers


def start(blocks, n_components, kind="full", seed=0):
    sizes = [Inspect(allows_nan=True)(block) for block in blocks]
    samples = Mapped(MappedBlocks(lambda: blocks, map), sizes)
    points = oversampling(n_components)(samples, np.random.RandomState(seed))
    options = InitOptions(n_components, kind, 1e-6, "kmeans")
    return initialize(points, options, np.random.RandomState(seed)), points


def inertia(points, means):
    return min(np.square(points[:, None] - means).sum(axis=2).min(axis=1).sum() for _ in "1")


def test_the_start_does_not_depend_on_the_blocks():
    points, _ = clouds()
    one, _ = start([points], 20)
    other, _ = start(np.split(points, [0, 1, 3, 2001]), 20)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)


def test_the_start_is_as_good_as_k_means_of_all_rows():
    points, _ = clouds()
    found, candidates = start([points[:900], points[900:]], 20)
    assert candidates.n_samples < 200
    assert candidates.weight == len(points)
    reference = GaussianMixture(20, random_state=0, max_iter=0).fit(points)
    assert inertia(points, found.means) < 1.1 * inertia(points, reference.means_)


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical", "tied-diag"])
def test_covariances_are_those_of_all_rows_and_not_of_the_candidates(kind):
    points, _ = clouds(n_clouds=3)
    found, _ = start([points], 3, kind)
    variances = {"full": lambda c: np.trace(c, axis1=1, axis2=2).mean() / 3}.get(kind)
    if kind == "tied":
        mean = np.trace(found.covariances) / 3
    else:
        mean = variances(found.covariances) if variances else found.covariances.mean()
    assert mean == pytest.approx(1, abs=0.05)


def test_weights_count_and_rows_with_missing_values_are_left_out():
    points, _ = clouds(n_clouds=4)
    weights = np.where(points[:, 0] > points[:, 0].mean(), 3.0, 0.0)
    incomplete = points.copy()
    incomplete[::7, 1] = np.nan
    found, candidates = start([(incomplete, weights)], 2)
    is_there = ~np.isnan(incomplete).any(axis=1)
    assert candidates.weight == weights[is_there].sum()
    assert (found.means[:, 0] > points[:, 0].mean()).all()


def test_all_rows_equal_is_no_error():
    found, candidates = start([np.full((50, 2), 3.0)], 1)
    assert candidates.n_samples == 1
    np.testing.assert_allclose(found.means, [[3.0, 3.0]])

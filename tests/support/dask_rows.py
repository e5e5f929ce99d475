"""Rows for fits on a cluster, and their comparison."""

import numpy as np


def rows(n_rows=3000, *, has_nan=False):
    """Return points in four clouds and their weights."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(n_rows, 3)) + 4.0 * rng.integers(0, 4, size=(n_rows, 1))
    if has_nan:
        points[rng.uniform(size=points.shape) < 0.1] = np.nan
    return points, rng.uniform(0, 2, n_rows)


def random_chunks(n_rows, seed):
    """Return sizes of chunks with an empty one, one of a row, and one of nearly half."""
    cuts = np.sort(np.random.default_rng(seed).integers(2, n_rows // 2, 3))
    return tuple(np.diff([0, 0, 1, *cuts, n_rows]).tolist())


def assert_same(model, other):
    """Assert that two fits are equal to 1e-10."""
    for name in ("weights_", "means_", "covariances_"):
        np.testing.assert_allclose(
            getattr(other, name), getattr(model, name), rtol=1e-10, atol=1e-10
        )
    assert other.n_iter_ == model.n_iter_

"""Helpers for the tests of estimators."""

import numpy as np
import sklearn.mixture

from gmmfast import BayesianGaussianMixture, GaussianMixture

PAIRS = [
    (GaussianMixture, sklearn.mixture.GaussianMixture),
    (BayesianGaussianMixture, sklearn.mixture.BayesianGaussianMixture),
]

ATTRIBUTES = ("weights_", "means_", "covariances_", "precisions_cholesky_", "precisions_")


def clouds(n=300, seed=0):
    """Three clouds of three features."""
    points = np.random.default_rng(seed).normal(size=(n, 3))
    points[n // 3 :] += 4
    points[2 * n // 3 :, 1] -= 8
    return points


def start(covariance_type, points, n_components=3):
    """A start that leaves nothing to chance."""
    n_features = points.shape[1]
    precisions = {
        "full": np.tile(np.eye(n_features), (n_components, 1, 1)),
        "tied": np.eye(n_features),
        "diag": np.ones((n_components, n_features)),
        "spherical": np.ones(n_components),
    }
    step = len(points) // n_components
    return {
        "n_components": n_components,
        "covariance_type": covariance_type,
        "weights_init": np.full(n_components, 1 / n_components),
        "means_init": points[step // 2 :: step][:n_components],
        "precisions_init": precisions[covariance_type],
    }


def check_same_fit(got, want, rtol=1e-8):
    assert got.n_iter_ == want.n_iter_
    assert got.converged_ == want.converged_
    for name in ATTRIBUTES:
        expected = getattr(want, name)
        # Off the diagonal, entries are as exact as the diagonal is large.
        atol = rtol * np.abs(expected).max()
        np.testing.assert_allclose(getattr(got, name), expected, rtol, atol, err_msg=name)
    np.testing.assert_allclose(got.lower_bound_, np.squeeze(want.lower_bound_), rtol)
    if hasattr(want, "lower_bounds_"):  # scikit-learn 1.7 and later
        np.testing.assert_allclose(got.lower_bounds_, np.ravel(want.lower_bounds_), rtol)

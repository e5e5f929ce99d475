"""Tests of fitting/missing.py: fits with missing values."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.base import BaseEstimator

from gmmfast import BayesianGaussianMixture, GaussianMixture
from support.estimators import clouds, start
from support.models import COVARIANCE_TYPES


def marginal_log_density(model, row):
    """Log p of the values that are there, by scipy, of a "full" model."""
    seen = np.flatnonzero(~np.isnan(row))
    if not len(seen):
        return 0.0
    terms = [
        np.log(weight)
        + multivariate_normal(mean[seen], covariance[np.ix_(seen, seen)]).logpdf(row[seen])
        for weight, mean, covariance in zip(
            model.weights_, model.means_, model.covariances_, strict=True
        )
    ]
    return np.logaddexp.reduce(terms)


def test_missing_values_are_marginalized_as_by_hand():
    points = clouds()
    rows = points.copy()
    rows[np.random.default_rng(3).random(rows.shape) < 0.3] = np.nan
    rows[7] = np.nan
    model = GaussianMixture(**start("full", points), max_iter=5, tol=0).fit(rows)
    by_hand = [marginal_log_density(model, row) for row in rows]
    np.testing.assert_allclose(model.score_samples(rows), by_hand, 1e-10, 1e-10)
    assert model.score_samples(rows)[7] == 0
    np.testing.assert_allclose(model.predict_proba(rows)[7], model.weights_)
    assert (model.predict(rows) == model.predict_proba(rows).argmax(axis=1)).all()
    # The first lower bound is the mean of the first parameters' log-densities.
    first = GaussianMixture(**start("full", points), max_iter=0).fit(rows)
    mean = np.mean([marginal_log_density(first, row) for row in rows])
    np.testing.assert_allclose(model.lower_bounds_[0], mean, 1e-10)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_a_step_with_missing_values_is_the_expected_one(covariance_type):
    points = clouds(60)
    rows = points.copy()
    rows[::2, 1] = np.nan
    rows[::3, 0] = np.nan
    rows[5] = np.nan
    options = start(covariance_type, points)
    before = GaussianMixture(**options, max_iter=0).fit(rows)
    after = GaussianMixture(**options, max_iter=1, tol=0, reg_covar=0).fit(rows)
    shares = before.predict_proba(rows)
    full = before.covariances_ if covariance_type == "full" else np.tile(np.eye(3), (3, 1, 1))
    means, second = np.zeros((3, 3)), np.zeros((3, 3, 3))
    for row, share in zip(rows, shares, strict=True):
        seen, lacking = np.flatnonzero(~np.isnan(row)), np.flatnonzero(np.isnan(row))
        for k in range(3):
            inverse = np.linalg.inv(full[k][np.ix_(seen, seen)])
            slopes = full[k][np.ix_(lacking, seen)] @ inverse
            filled, inner = row.copy(), np.zeros((3, 3))
            offset = row[seen] - before.means_[k][seen]
            filled[lacking] = before.means_[k][lacking] + slopes @ offset
            left = slopes @ full[k][np.ix_(seen, lacking)]
            inner[np.ix_(lacking, lacking)] = full[k][np.ix_(lacking, lacking)] - left
            means[k] += share[k] * filled
            second[k] += share[k] * (np.outer(filled, filled) + inner)
    counts = shares.sum(axis=0)
    means /= counts[:, None]
    covariances = second / counts[:, None, None] - means[:, :, None] * means[:, None, :]
    want = {
        "full": lambda: covariances,
        "tied": lambda: np.einsum("k,kij->ij", counts / counts.sum(), covariances),
        "diag": lambda: np.diagonal(covariances, 0, 1, 2),
        "spherical": lambda: np.diagonal(covariances, 0, 1, 2).mean(axis=1),
    }[covariance_type]()
    np.testing.assert_allclose(after.means_, means, 1e-10)
    np.testing.assert_allclose(after.weights_, counts / counts.sum(), 1e-10)
    np.testing.assert_allclose(after.covariances_, want, 1e-8, 1e-10)


def test_the_likelihood_never_falls_whatever_is_missing():
    rows = clouds()
    rows[np.random.default_rng(9).random(rows.shape) < 0.4] = np.nan
    for covariance_type in COVARIANCE_TYPES:
        model = GaussianMixture(
            4, covariance_type=covariance_type, random_state=0, max_iter=20, tol=0, reg_covar=0
        ).fit(rows)
        assert (np.diff(model.lower_bounds_) > -1e-10).all()


def test_the_bayesian_estimator_takes_no_missing_values():
    rows = clouds()
    rows[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        BayesianGaussianMixture().fit(rows)
    if not hasattr(BaseEstimator, "__sklearn_tags__"):
        pytest.skip("scikit-learn before 1.6")
    assert GaussianMixture().__sklearn_tags__().input_tags.allow_nan
    assert not BayesianGaussianMixture().__sklearn_tags__().input_tags.allow_nan

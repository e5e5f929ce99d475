"""Tests of estimators/bayesian.py: priors of weighted rows, and what is no covariance."""

import numpy as np
import pytest

from gmmfast import BayesianGaussianMixture
from gmmfast.estimators.versions import ill_defined
from support.checks import refusal
from support.estimators import clouds
from support.models import EVERY_TYPE

POINTS = clouds()
WEIGHTS = np.random.default_rng(0).integers(0, 4, len(POINTS))
REPEATED = np.repeat(POINTS, WEIGHTS, axis=0)
MEAN, COVARIANCE = np.full(3, 0.5), 2 * np.eye(3)


@pytest.mark.parametrize("given", [{}, {"mean_prior": MEAN}, {"covariance_prior": COVARIANCE}])
def test_priors_are_of_the_rows_as_often_as_they_weigh_unless_they_are_given(given):
    model = BayesianGaussianMixture(max_iter=0, **given).fit(POINTS, sample_weight=WEIGHTS)
    mean = given.get("mean_prior", REPEATED.mean(axis=0))
    np.testing.assert_allclose(model.mean_prior_, mean, 1e-12)
    covariance = given.get("covariance_prior", np.cov(REPEATED.T))
    np.testing.assert_allclose(model.covariance_prior_, covariance, 1e-12)


def test_a_covariance_is_told_from_more_than_one_row():
    def fit(total, **priors):
        weights = np.full(len(POINTS), total / len(POINTS))
        return BayesianGaussianMixture(max_iter=0, **priors).fit(POINTS, sample_weight=weights)

    assert refusal(ValueError, fit, 0.5).startswith(
        "sample_weight: expected a sum above 1 to tell a covariance from, got 0.5"
    )
    weights = np.where(np.arange(len(POINTS)) < 2, 0.5, 0.0)
    message = refusal(ValueError, BayesianGaussianMixture().fit, POINTS, sample_weight=weights)
    assert message == (
        "sample_weight: expected a sum above 1 to tell a covariance from, got 1.0; weights count "
        "rows: scale them up, or pass covariance_prior and mean_prior"
    )
    assert np.isfinite(fit(1.5).covariance_prior_).all()
    given = fit(0.5, mean_prior=MEAN, covariance_prior=COVARIANCE)
    np.testing.assert_array_equal(given.covariance_prior_, COVARIANCE)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_what_is_no_covariance_is_told_as_scikit_learn_does(covariance_type):
    model = BayesianGaussianMixture(covariance_type=covariance_type, reg_covar=0.0)
    assert refusal(ValueError, model.fit, np.zeros((20, 2))) == ill_defined()

"""Tests of estimators/base.py: scikit-learn's checks of estimators."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from gmmfast import BayesianGaussianMixture, GaussianMixture


@pytest.mark.filterwarnings("ignore")  # the checks' own, of what they cannot check
@parametrize_with_checks([GaussianMixture(), BayesianGaussianMixture()])
def test_it_is_an_estimator_as_scikit_learn_means_it(estimator, check):
    check(estimator)

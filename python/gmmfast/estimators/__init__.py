"""Estimators: scikit-learn's mixtures and a regressor, fitted by the core."""

from gmmfast.estimators.bayesian import BayesianGaussianMixture
from gmmfast.estimators.gaussian import GaussianMixture
from gmmfast.estimators.regressor import GaussianMixtureRegressor

__all__ = ["BayesianGaussianMixture", "GaussianMixture", "GaussianMixtureRegressor"]

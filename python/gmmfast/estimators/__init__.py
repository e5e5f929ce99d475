"""Estimators: scikit-learn's mixtures on the kernels, and what their fits are made of."""

from gmmfast.estimators.gaussian import BayesianGaussianMixture, GaussianMixture
from gmmfast.estimators.regressor import GaussianMixtureRegressor

__all__ = ["BayesianGaussianMixture", "GaussianMixture", "GaussianMixtureRegressor"]

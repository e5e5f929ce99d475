"""Estimators: scikit-learn's mixtures and a regressor, fitted by the core.

The names are loaded at the first access: their modules import scikit-learn, which takes a second.
"""

from typing import TYPE_CHECKING

from gmmfast._lazy import attach

if TYPE_CHECKING:
    from gmmfast.estimators.bayesian import BayesianGaussianMixture
    from gmmfast.estimators.gaussian import GaussianMixture
    from gmmfast.estimators.regressor import GaussianMixtureRegressor

__all__ = [
    "BayesianGaussianMixture",
    "GaussianMixture",
    "GaussianMixtureRegressor",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "BayesianGaussianMixture": "gmmfast.estimators.bayesian",
        "GaussianMixture": "gmmfast.estimators.gaussian",
        "GaussianMixtureRegressor": "gmmfast.estimators.regressor",
    },
)

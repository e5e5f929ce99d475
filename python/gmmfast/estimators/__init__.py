"""Estimators: scikit-learn's mixtures and a regressor, fitted by the core.

The names are loaded at the first access: their modules import scikit-learn, which takes a second.
"""

from typing import TYPE_CHECKING

from gmmfast._lazy import attach

if TYPE_CHECKING:
    from gmmfast.estimators.bayesian import BayesianGaussianMixture
    from gmmfast.estimators.checkpoints import Checkpoint
    from gmmfast.estimators.gaussian import GaussianMixture
    from gmmfast.estimators.regressor import GaussianMixtureRegressor
    from gmmfast.estimators.statistics import Statistics

__all__ = [
    "BayesianGaussianMixture",
    "Checkpoint",
    "GaussianMixture",
    "GaussianMixtureRegressor",
    "Statistics",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "BayesianGaussianMixture": "gmmfast.estimators.bayesian",
        "Checkpoint": "gmmfast.estimators.checkpoints",
        "GaussianMixture": "gmmfast.estimators.gaussian",
        "GaussianMixtureRegressor": "gmmfast.estimators.regressor",
        "Statistics": "gmmfast.estimators.statistics",
    },
)

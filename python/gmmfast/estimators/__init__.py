"""Estimators: scikit-learn's mixtures and a regressor, fitted by the core.

The names are loaded at the first access: their modules import scikit-learn, which takes a second.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gmmfast.estimators.bayesian import BayesianGaussianMixture
    from gmmfast.estimators.gaussian import GaussianMixture
    from gmmfast.estimators.regressor import GaussianMixtureRegressor

__all__ = ["BayesianGaussianMixture", "GaussianMixture", "GaussianMixtureRegressor"]

_MODULES = {
    "BayesianGaussianMixture": "gmmfast.estimators.bayesian",
    "GaussianMixture": "gmmfast.estimators.gaussian",
    "GaussianMixtureRegressor": "gmmfast.estimators.regressor",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)

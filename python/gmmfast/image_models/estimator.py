"""Fits of pictures as scikit-learn's estimators, the first use of which imports scikit-learn."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from gmmfast import estimators

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gmmfast.estimators import GaussianMixture
    from gmmfast.fitting.gaussian import GaussianFit


def parameters_of(fit: GaussianFit) -> dict[str, Any]:
    """Return the parameters of a fit by their names."""
    return {field.name: getattr(fit, field.name) for field in fields(fit)}


def estimator_of(fit: GaussianFit, parameters: Mapping[str, Any]) -> GaussianMixture:
    """Return a fitted estimator with these parameters and the attributes of a fit."""
    estimator = estimators.GaussianMixture(**parameters)
    for name, value in vars(fit).items():
        if name.endswith("_"):
            setattr(estimator, name, value)
    return estimator

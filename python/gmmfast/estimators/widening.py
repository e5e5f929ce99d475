"""Estimators of a covariance type that scikit-learn lacks, for the methods that it has.

scikit-learn's own methods know four covariance types. They run on a copy of the estimator with
the nearest of these.
"""

from __future__ import annotations

import copy
from typing import TypeVar

import numpy as np

from gmmfast.mixture.layouts import WIDER, widened

Estimator = TypeVar("Estimator")

#: Parameters and attributes in the layout of the covariances.
_IN_LAYOUT = ("precisions_init", "covariances_", "precisions_", "precisions_cholesky_")


def with_sklearn_type(estimator: Estimator) -> Estimator:
    """Return the estimator, or a shallow copy with the nearest type that scikit-learn has.

    The copy has the values of covariances and precisions repeated for each component.
    """
    kind = estimator.covariance_type  # type: ignore[attr-defined]
    if kind not in WIDER:
        return estimator
    own = vars(estimator)
    n_components = len(own["means_"]) if "means_" in own else own["n_components"]
    other = copy.copy(estimator)
    changes = {
        name: widened(own[name], kind, n_components)
        for name in _IN_LAYOUT
        if own.get(name) is not None
    }
    if "degrees_of_freedom_" in own:
        changes["degrees_of_freedom_"] = np.full(n_components, own["degrees_of_freedom_"])
    vars(other).update(changes, covariance_type=WIDER[kind])
    return other

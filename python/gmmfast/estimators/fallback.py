"""When scikit-learn's own code must run instead: what the kernels cannot know about.

Array-API inputs live elsewhere; a subclass that overrides a step of the algorithm, or a
script that replaces one inside scikit-learn, wants that step to be taken.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.mixture import _gaussian_mixture

#: Steps of scikit-learn's algorithm that a subclass may override.
_STEPS = (
    "_check_parameters",
    "_initialize_parameters",
    "_initialize",
    "_e_step",
    "_m_step",
    "_estimate_log_prob",
    "_estimate_log_weights",
    "_estimate_weighted_log_prob",
    "_estimate_log_prob_resp",
    "_estimate_weights",
    "_estimate_means",
    "_compute_lower_bound",
    "_get_parameters",
    "_set_parameters",
)

#: scikit-learn's functions of these steps, as they were when gmmfast was imported.
_FUNCTIONS = {
    name: getattr(_gaussian_mixture, name)
    for name in (
        "_estimate_gaussian_parameters",
        "_estimate_log_gaussian_prob",
        "_compute_precision_cholesky",
        "_compute_log_det_cholesky",
    )
}


def reason_to_fall_back(estimator: Any, accelerated_class: type, *arrays: Any) -> str | None:
    """Return why scikit-learn's code must run for this estimator, or None.

    Parameters
    ----------
    estimator : estimator
        Of `accelerated_class` or a subclass.
    accelerated_class : type
        The class whose steps the kernels take.
    *arrays : array-like
        The inputs, and fitted arrays that go with them.
    """
    for name in _STEPS:
        inherited = getattr(accelerated_class, name, None)
        if getattr(type(estimator), name, None) is not inherited or name in vars(estimator):
            return f"{type(estimator).__name__} has a {name} of its own"
    for name, function in _FUNCTIONS.items():
        if getattr(_gaussian_mixture, name) is not function:
            return f"sklearn.mixture._gaussian_mixture.{name} has been replaced"
    if get_config()["array_api_dispatch"]:
        for array in arrays:
            if hasattr(array, "__array_namespace__") and not isinstance(array, np.ndarray):
                return f"array_api_dispatch is on and an array is a {type(array).__name__}"
    return None

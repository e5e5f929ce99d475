"""The cases in which scikit-learn's own code must run instead of the core.

These are arrays of other libraries under scikit-learn's array API dispatch, subclasses that
override a step of the algorithm, and scripts that replace such a step inside scikit-learn.
"""

from __future__ import annotations

from typing import Any

from sklearn.mixture import _gaussian_mixture

#: Methods of scikit-learn's algorithm that a subclass may override.
_METHODS = (
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

#: Functions that these methods call, as they were when gmmfast was imported.
_FUNCTIONS = {
    name: getattr(_gaussian_mixture, name)
    for name in (
        "_estimate_gaussian_parameters",
        "_estimate_log_gaussian_prob",
        "_compute_precision_cholesky",
        "_compute_log_det_cholesky",
    )
}


def reason_to_fall_back(estimator: Any, foreign: str | None) -> str | None:
    """Return the reason why scikit-learn's code must run for this estimator, or None.

    Parameters
    ----------
    estimator : estimator
        An instance of one of gmmfast's mixture classes or of a subclass.
    foreign : str or None
        Name of the type of an array that scikit-learn dispatches to another library.
    """
    for name in _METHODS:
        inherited = getattr(estimator._sklearn_class, name, None)  # noqa: SLF001
        if getattr(type(estimator), name, None) is not inherited or name in vars(estimator):
            return f"{type(estimator).__name__} has a {name} of its own"
    for name, function in _FUNCTIONS.items():
        if getattr(_gaussian_mixture, name) is not function:
            return f"sklearn.mixture._gaussian_mixture.{name} has been replaced"
    if foreign is not None:
        return f"array_api_dispatch is on and an array is a {foreign}"
    return None

"""Parameters of the models of gmr, cgmm and tgmm, read from attributes without an import."""

from __future__ import annotations

from typing import Any

import numpy as np

#: tgmm's covariance types that have other names in scikit-learn or here.
_TGMM_TYPES = {"tied_full": "tied", "tied_diag": "tied-diag", "tied_spherical": "tied-spherical"}


def estimator_of(model: Any) -> Any:
    """Return the estimator inside a regressor or a conditioner of cgmm, or the model itself."""
    for name in ("mixture_", "mixture_estimator"):
        inner = getattr(model, name, None)
        if inner is not None:
            return inner
    return model


def parameters_of_peer(model: Any) -> tuple[Any, Any, Any, str] | None:
    """Return the parameters of a fitted model of gmr or tgmm, else None.

    Tensors of tgmm must be on the processor.
    """
    found = [getattr(model, name, None) for name in ("priors", "means", "covariances")]
    if all(array is not None for array in found):  # gmr
        return found[0], found[1], found[2], "full"
    kind = _TGMM_TYPES.get(str(getattr(model, "covariance_type", None)))
    if kind is None or not hasattr(model, "covariances_"):
        return None
    arrays = [np.asarray(getattr(model, f"{name}_")) for name in ("weights", "means")]
    return arrays[0], arrays[1], np.asarray(model.covariances_), kind

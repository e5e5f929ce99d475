"""What a model is: its weights, means and covariances, as arrays of matching shapes.

Whatever gmmfast takes for a model is taken apart here, and its arrays checked;
their values are the backend's to check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gmmfast._validation import float_array, shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

_COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")


class Parameters(NamedTuple):
    """The arrays of a mixture, C-contiguous, in scikit-learn's layouts."""

    weights: NDArray[np.float64]
    means: NDArray[np.float64]
    covariances: NDArray[np.float64]
    covariance_type: str


def check_parameters(
    weights: ArrayLike,
    means: ArrayLike,
    covariances: ArrayLike,
    covariance_type: str | None = None,
) -> Parameters:
    """Return the parameters, with the covariance type told from the shape if it is None."""
    weights_ = float_array("weights", weights, ndims=(1,))
    means_ = float_array("means", means, ndims=(2,))
    covariances_ = float_array("covariances", covariances, ndims=(1, 2, 3))
    if len(weights_) != len(means_):
        raise ValueError(
            f"weights: expected shape ({len(means_)},), one for each row of means, "
            f"got {weights_.shape}"
        )
    is_known = isinstance(covariance_type, str) and covariance_type in _COVARIANCE_TYPES
    if covariance_type is not None and not is_known:
        raise ValueError(
            "covariance_type: expected 'full', 'tied', 'diag' or 'spherical', "
            f"got {shown(covariance_type)}"
        )
    if covariance_type is None:
        covariance_type = _covariance_type_of_shape(covariances_.shape, means_.shape)
    return Parameters(weights_, means_, covariances_, covariance_type)


def parameters_of_model(model: Any) -> tuple[Any, Any, Any, str | None]:
    """Return the parameters, unchecked, of a fitted estimator or of a triple of arrays."""
    if isinstance(model, tuple | list):
        if len(model) == 3:
            return (*model, None)
        raise TypeError(
            "model: expected a triple (weights, means, covariances), "
            f"got a {type(model).__name__} of length {len(model)}"
        )
    fitted = [hasattr(model, name) for name in ("weights_", "means_", "covariances_")]
    if all(fitted) and hasattr(model, "covariance_type"):
        return model.weights_, model.means_, model.covariances_, model.covariance_type
    if hasattr(model, "covariance_type") and hasattr(model, "fit"):
        from sklearn.exceptions import NotFittedError  # noqa: PLC0415 (a second's import)

        raise NotFittedError(
            f"model: expected a fitted estimator, got an unfitted {type(model).__name__}; "
            "call its fit first"
        )
    raise TypeError(
        "model: expected a fitted scikit-learn GaussianMixture or BayesianGaussianMixture, "
        f"a gmmfast.Mixture or (weights, means, covariances), got {type(model).__name__}"
    )


def _covariance_type_of_shape(shape: tuple[int, ...], means: tuple[int, ...]) -> str:
    n, d = means
    layouts = {"full": (n, d, d), "tied": (d, d), "diag": (n, d), "spherical": (n,)}
    fitting = [name for name, layout in layouts.items() if layout == shape]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise ValueError(
            f"covariance_type: expected one of {fitting}, got None, which shape {shape} does not "
            "decide with as many components as features; use gmmfast.Mixture(weights, means, "
            "covariances, covariance_type=...)"
        )
    expected = ", ".join(f"{layout} ({name})" for name, layout in layouts.items())
    raise ValueError(
        f"covariances: expected shape {expected} with means of shape {means}, got {shape}"
    )

"""A mixture as estimators have it: log-weights that need not sum to 1, float32 arrays.

The kernels take normalised mixtures. A model whose weights do not sum to 1 - a start of
scikit-learn's "random_from_data" and "k-means++", or the expectations that variational
inference puts in their place - is a mixture times a constant: responsibilities are the
mixture's, log-densities are shifted by the constant's logarithm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import logsumexp

from gmmfast import _core

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


class Model(NamedTuple):
    """A mixture and the logarithm of what its densities are multiplied by."""

    core: _core.Mixture
    shift: float
    covariance_type: str


def model_of(log_weights: Array, means: Array, covariances: Array, covariance_type: str) -> Model:
    """Return the model of these parameters, in scikit-learn's layouts.

    ValueError if they are no mixture's, for example if a covariance matrix is not positive
    definite.
    """
    shift = float(logsumexp(log_weights))
    core = _core.Mixture.from_log_weights(
        _array(log_weights - shift), _array(means), _array(covariances), covariance_type
    )
    return Model(core, shift, covariance_type)


def _array(values: Array) -> Array:
    return np.ascontiguousarray(values, dtype=np.float64)


def matrices(covariances: Array, covariance_type: str, shape: tuple[int, int]) -> Array:
    """Return covariances of any type as matrices, (n_components, n_features, n_features)."""
    n_components, n_features = shape
    identity = np.eye(n_features)
    expand: dict[str, Callable[[], Array]] = {
        "full": lambda: covariances,
        "tied": lambda: np.broadcast_to(covariances, (n_components, n_features, n_features)),
        "diag": lambda: covariances[:, :, None] * identity,
        "spherical": lambda: covariances[:, None, None] * identity,
    }
    return expand[covariance_type]()


def precisions_cholesky(covariances: Array, covariance_type: str) -> Array:
    """Return scikit-learn's `precisions_cholesky_`, of all components at once.

    scikit-learn goes through them one by one, which takes as long as an iteration.
    """
    if covariance_type in ("diag", "spherical"):
        return 1.0 / np.sqrt(covariances)
    factors: Array = np.linalg.cholesky(covariances).astype(np.float64, copy=False)
    return np.ascontiguousarray(np.swapaxes(_inverse_lower(factors), -1, -2))


def _inverse_lower(factors: Array) -> Array:
    """Return the inverses of lower triangular matrices, (..., n_features, n_features)."""
    inverse = np.zeros_like(factors)
    for i in range(factors.shape[-1]):
        known = np.einsum("...j,...jl->...l", factors[..., i, :i], inverse[..., :i, :])
        inverse[..., i, :] = -known
        inverse[..., i, i] += 1.0
        inverse[..., i, :] /= factors[..., i, i, None]
    return inverse


def precisions(factors: Array, covariance_type: str) -> Array:
    """Return scikit-learn's `precisions_` from its `precisions_cholesky_`."""
    if covariance_type in ("diag", "spherical"):
        return factors**2
    return factors @ np.swapaxes(factors, -1, -2)


def covariances_of_precisions(factors: Array, covariance_type: str) -> Array:
    """Return the covariances whose precisions are `factors @ factors.T`."""
    if covariance_type in ("diag", "spherical"):
        return factors**-2.0
    inverse = np.linalg.inv(factors)
    covariances: Array = np.swapaxes(inverse, -1, -2) @ inverse
    return covariances


def typical_stds(model: Model) -> Array:
    """Return a typical component's standard deviations, (n_features,).

    Points whose tree is built in these units lie in boxes of a component's proportions.
    """
    core = model.core
    shape = core.means.shape
    variances = np.diagonal(matrices(core.covariances, model.covariance_type, shape), 0, 1, 2)
    stds: Array = np.exp(0.5 * core.weights @ np.log(variances))
    return stds

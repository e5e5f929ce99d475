"""Mean and covariance of a mixture.

Both are computed about the mean of the heaviest component, so an offset of the features costs no
digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmfast._arithmetic import allows_underflow
from gmmfast.mixture.layouts import DIAGONAL, symmetric

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from gmmfast.mixture.parameters import Parameters

    Array = NDArray[np.float64]


@allows_underflow
def mean(p: Parameters) -> Array:
    """Return the mean, (n_features,)."""
    means, center = p.means, int(np.argmax(p.weights))
    mean: Array = means[center] + p.normalized_weights() @ (means - means[center])
    return mean


@allows_underflow
def covariance(p: Parameters) -> Array:
    """Return the covariance matrix, (n_features, n_features), by the law of total covariance."""
    weights = p.normalized_weights()
    offsets = p.means - mean(p)
    between = (weights[:, None] * offsets).T @ offsets
    return symmetric(between + _WITHIN[p.covariance_type](p, weights))


def _mean_of_variances(p: Parameters, weights: Array) -> Array:
    return np.diag(weights @ p.variances())


_WITHIN: dict[str, Callable[[Parameters, Array], Array]] = {
    **dict.fromkeys(DIAGONAL, _mean_of_variances),
    "full": lambda p, weights: np.tensordot(weights, p.matrices(), axes=1),
    "tied": lambda p, _: symmetric(p.covariances),
}

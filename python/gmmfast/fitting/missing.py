"""Missing values: NaN in an array of points, and the statistics they are completed to.

Rows with the same observed features form a pattern. The statistics of a pattern's observed
features are completed to those of all features by the model's conditional expectations
(Ghahramani and Jordan, Supervised learning from incomplete data via an EM approach, NIPS 1993).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gmmfast import _core
from gmmfast.mixture.layouts import DIAGONAL, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from gmmfast.fitting.parameters import MixtureParameters

    Array = NDArray[np.float64]


class Size(NamedTuple):
    """The total weight of some points, and the number of those of a weight above 0."""

    weight: float
    n_samples: int


def size_of(n_samples: int, sample_weight: Array | None) -> Size:
    """Return the size of points, which count once each without weights."""
    if sample_weight is None:
        return Size(float(n_samples), n_samples)
    return Size(float(sample_weight.sum()), int(np.count_nonzero(sample_weight)))


def has_nan(points: Array) -> bool:
    """Return whether a feature is missing in some row."""
    # A sum is NaN if a term is NaN. Infinities of both signs also give NaN, but are refused.
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isnan(points.sum(dtype=np.float64))) and bool(np.isnan(points).any())


def filled(points: Array) -> Array:
    """Return the points with NaN replaced by the feature's mean, or 0 if it is always missing."""
    is_missing = np.isnan(points)
    counts = (~is_missing).sum(axis=0)
    means = np.where(is_missing, 0, points).sum(axis=0, dtype=np.float64) / np.maximum(counts, 1)
    complete: Array = np.where(is_missing, means, points).astype(points.dtype)
    return complete


def patterns(points: Array) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield the observed features and the rows of each pattern of missing features."""
    is_missing = np.isnan(points)
    found, pattern_of_row = np.unique(is_missing, axis=0, return_inverse=True)
    pattern_of_row = pattern_of_row.reshape(-1)
    for number, pattern in enumerate(found):
        yield np.flatnonzero(~pattern), np.flatnonzero(pattern_of_row == number)


def completed(
    statistics: _core.Statistics | None,
    observed: NDArray[np.intp],
    parameters: MixtureParameters,
    centers: Array,
    size: Size,
) -> _core.Statistics:
    """Return the expected statistics of all features, given those of the observed features.

    Under component k the missing features m of a point are Gaussian given the observed ones
    o, with mean mean_m + B (x_o - mean_o), B = S_mo inv(S_oo), and covariance S_mm - B S_om.
    The expected moments are linear in those of x_o.

    Parameters
    ----------
    statistics : Statistics or None
        The statistics of the observed features about their `centers`. None means that no
        feature is observed, and then responsibilities are the weights of the components.
    observed : ndarray of shape (n_observed,)
        Ascending feature indices.
    parameters : MixtureParameters
        The mixture of all features under which the statistics were taken.
    centers : ndarray of shape (n_components, n_features)
        The centers of the result.
    size : Size
        Weight and number of the points.
    """
    core, n_features = parameters.core, centers.shape[1]
    missing = np.setdiff1d(np.arange(n_features), observed)
    full = parameters.matrices()
    if statistics is None:
        counts, log_likelihood = size.weight * core.weights, 0.0
        sums_o = np.zeros((len(centers), 0))
        scatter_oo = np.zeros((len(centers), 0, 0))
    else:
        counts, log_likelihood = statistics.counts, statistics.log_likelihood
        sums_o, scatter_oo = statistics.sums, unpacked(statistics.scatters, len(observed))
    oo, mo = (observed[:, None], observed[None]), (missing[:, None], observed[None])
    om, mm = (observed[:, None], missing[None]), (missing[:, None], missing[None])
    cov_om = full[:, om[0], om[1]]
    slopes = np.swapaxes(np.linalg.solve(full[:, oo[0], oo[1]], cov_om), 1, 2)
    inner = full[:, mm[0], mm[1]] - slopes @ cov_om
    means = core.means
    offset = means[:, missing] - centers[:, missing]
    offset = offset + _times(slopes, centers[:, observed] - means[:, observed])
    from_o = _times(slopes, sums_o)
    sums, scatter = np.zeros(centers.shape), np.zeros(full.shape)
    sums[:, observed] = sums_o
    sums[:, missing] = from_o + counts[:, None] * offset
    scatter_mo = slopes @ scatter_oo + offset[:, :, None] * sums_o[:, None, :]
    cross = from_o[:, :, None] * offset[:, None, :]
    scatter[:, oo[0], oo[1]] = scatter_oo
    scatter[:, mo[0], mo[1]] = scatter_mo
    scatter[:, om[0], om[1]] = np.swapaxes(scatter_mo, 1, 2)
    scatter[:, mm[0], mm[1]] = (
        slopes @ scatter_oo @ np.swapaxes(slopes, 1, 2)
        + cross
        + np.swapaxes(cross, 1, 2)
        + counts[:, None, None] * (offset[:, :, None] * offset[:, None, :] + inner)
    )
    return _core.Statistics(
        np.ascontiguousarray(centers),
        counts,
        sums,
        packed(scatter, diagonal=parameters.covariance_type in DIAGONAL),
        log_likelihood,
        size.weight,
        size.n_samples,
    )


def _times(slopes: Array, vectors: Array) -> Array:
    product: Array = np.einsum("kmo,ko->km", slopes, vectors)
    return product

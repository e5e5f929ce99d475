"""Sufficient statistics of an EM step, and the moments computed from them.

`_core.Statistics` holds for each component the count, the sum of the differences from a center,
and the sum of their products (the scatter). The functions here merge them, move them to other
centers, compute them from labels, and derive moments and entropy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast import _core
from gmmfast.mixture.layouts import DIAGONAL, packed, packed_indices, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from gmmfast.fitting.parameters import MixtureParameters

    Array = NDArray[np.float64]

#: Number of rows that are processed at a time.
_ROWS = 1 << 14


class Moments(NamedTuple):
    """The counts, means and covariances that an M step computes; as scikit-learn's."""

    counts: Array
    means: Array
    covariances: Array


def moments(
    statistics: _core.Statistics, covariance_type: str, reg_covar: float
) -> tuple[Moments, list[int]]:
    """Return the moments, and the components with covariances that lost digits."""
    _, means, covariances, lost = statistics.maximization(covariance_type, reg_covar)
    return Moments(statistics.counts + statistics.count_floor, means, covariances), lost


def merged(statistics: _core.Statistics | None, other: _core.Statistics) -> _core.Statistics:
    """Return the statistics of both parts of the data; None means no data."""
    if statistics is None:
        return other
    statistics.merge(other)
    return statistics


def arrays_of(statistics: _core.Statistics) -> tuple[Any, ...]:
    """Return the arguments that make the same statistics."""
    return (
        statistics.centers,
        statistics.counts,
        statistics.sums,
        statistics.scatters,
        statistics.log_likelihood,
        statistics.weight,
        statistics.n_samples,
        statistics.roundings,
    )


def recentered(statistics: _core.Statistics, centers: Array) -> _core.Statistics:
    """Return the statistics about other centers.

    A move by s adds an error of 2^-52 s^2 to the products; rust/fitting/statistics/mod.rs has
    the limit up to which that is negligible.
    """
    counts, sums = statistics.counts, statistics.sums
    move = centers - statistics.centers
    diagonal = statistics.scatters.shape[1] == centers.shape[1] > 1
    moved = unpacked(statistics.scatters, centers.shape[1])
    cross = move[:, :, None] * sums[:, None, :]
    moved = moved - cross - np.swapaxes(cross, 1, 2)
    moved += counts[:, None, None] * move[:, :, None] * move[:, None, :]
    return _core.Statistics(
        np.ascontiguousarray(centers),
        counts,
        sums - counts[:, None] * move,
        packed(moved, diagonal=diagonal),
        statistics.log_likelihood,
        statistics.weight,
        statistics.n_samples,
    )


def entropy(statistics: _core.Statistics, parameters: MixtureParameters) -> float:
    """Return the entropy of the responsibilities, summed over the data, in nats.

    The statistics must be about the means of the parameters. With q the log-density plus
    log-weight of a component at a point, -sum r log r = sum log p - sum r q. The sum of r q over
    the points is count * q(mean) - tr(precision @ scatter) / 2, and needs no responsibilities.
    """
    core = parameters.core
    n_features = core.means.shape[1]
    full = parameters.matrices()
    scatter = unpacked(statistics.scatters, n_features)
    log_det = np.linalg.slogdet(full)[1]
    peaks = core.log_weights - 0.5 * (log_det + n_features * np.log(2 * np.pi))
    distances = np.trace(np.linalg.solve(full, scatter), axis1=1, axis2=2)
    has_points = statistics.counts > 0
    inner = (statistics.counts * peaks - 0.5 * distances)[has_points].sum()
    # The difference may be rounding noise below 0, where the entropy is nearly 0.
    return max(0.0, float(statistics.log_likelihood - inner))


def statistics_of_labels(
    points: Array,
    labels: NDArray[np.integer],
    n_components: int,
    sample_weight: Array | None,
    *,
    covariance_type: str,
) -> _core.Statistics:
    """Return the statistics of points with one component each, about the components' means.

    The log-likelihood is set to 0.
    """
    n_features = points.shape[1]
    pairs = np.transpose(packed_indices(n_features, diagonal=covariance_type in DIAGONAL))

    def total(values_of_rows: Iterable[Array], labels_of_rows: NDArray[np.integer]) -> Array:
        sums = [np.bincount(labels_of_rows, v, n_components) for v in values_of_rows]
        return np.stack(sums, axis=1)

    def chunks() -> list[slice]:
        return [slice(first, first + _ROWS) for first in range(0, len(points), _ROWS)]

    def weights(rows: slice) -> Array:
        if sample_weight is None:
            return np.ones(len(labels[rows]))
        return sample_weight[rows]

    counts, sums = np.zeros(n_components), np.zeros((n_components, n_features))
    # Sums are about the first point: far from the origin they keep their digits.
    origin = points[0].astype(np.float64)
    for rows in chunks():
        weight, offsets = weights(rows), points[rows] - origin
        counts += np.bincount(labels[rows], weight, n_components)
        sums += total((weight * offsets[:, i] for i in range(n_features)), labels[rows])
    has_points = counts > 0
    centers = np.zeros_like(sums)
    centers[has_points] = sums[has_points] / counts[has_points, None] + origin
    sums[:] = 0
    scatters = np.zeros((n_components, len(pairs)))
    for rows in chunks():
        weight, offsets = weights(rows), points[rows] - centers[labels[rows]]
        weighted = weight[:, None] * offsets
        sums += total(weighted.T, labels[rows])
        scatters += total((weighted[:, i] * offsets[:, j] for i, j in pairs), labels[rows])
    n_samples = len(points) if sample_weight is None else int(np.count_nonzero(sample_weight))
    total_weight = float(counts.sum())
    return _core.Statistics(centers, counts, sums, scatters, 0.0, total_weight, n_samples)

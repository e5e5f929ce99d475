"""Sufficient statistics: what is done with them besides adding them up.

`_core.Statistics` holds, of every component, the count, the sum of differences from a
centre and their products. Here they are moved to other centres, completed where features
are missing, and made of labels instead of responsibilities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmfast import _core
from gmmfast.estimators.parameters import matrices

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from gmmfast.estimators.parameters import Model

    Array = NDArray[np.float64]

#: What scikit-learn adds to every count.
COUNT_FLOOR = 10 * np.finfo(np.float64).eps

#: Rows that are gone through at a time.
_ROWS = 1 << 14


def is_diagonal(covariance_type: str) -> bool:
    """Whether different features are never correlated."""
    return covariance_type in ("diag", "spherical")


def unpacked(scatters: Array, n_features: int) -> Array:
    """Return scatter matrices, (n_components, n_features, n_features).

    Diagonal ones have zeros off the diagonal.
    """
    full = np.zeros((len(scatters), n_features, n_features))
    if scatters.shape[1] == n_features:
        full[:, np.arange(n_features), np.arange(n_features)] = scatters
        return full
    rows, columns = np.tril_indices(n_features)
    full[:, rows, columns] = scatters
    full[:, columns, rows] = scatters
    return full


def packed(matrices_: Array, *, diagonal: bool) -> Array:
    """Return the lower triangles row by row, or the diagonals, of scatter matrices."""
    if diagonal:
        return np.ascontiguousarray(np.diagonal(matrices_, 0, 1, 2))
    rows, columns = np.tril_indices(matrices_.shape[1])
    return np.ascontiguousarray(matrices_[:, rows, columns])


def merged(statistics: _core.Statistics | None, other: _core.Statistics) -> _core.Statistics:
    """Return the statistics of both parts of the data; None stands for no data."""
    if statistics is None:
        return other
    statistics.merge(other)
    return statistics


def recentred(statistics: _core.Statistics, centers: Array) -> _core.Statistics:
    """Return the same statistics about other centres.

    Of a move by s, products lose 2^-52 s^2: see rust/fitting/statistics.rs for when that matters.
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
    )


def entropy(statistics: _core.Statistics, model: Model) -> float:
    """Return the entropy of the responsibilities, summed over the data, in nats.

    The statistics must be about the model's means. With q the log-density times weight of a
    component at a point, -sum r log r = sum log p - sum r q; and sum r q over the points is
    count * q(mean) - tr(precision @ scatter) / 2, so that no responsibility is needed.
    """
    core = model.core
    n_components, n_features = core.means.shape
    full = matrices(core.covariances, model.covariance_type, (n_components, n_features))
    scatter = unpacked(statistics.scatters, n_features)
    log_det = np.linalg.slogdet(full)[1]
    peaks = core.log_weights - 0.5 * (log_det + n_features * np.log(2 * np.pi))
    distances = np.trace(np.linalg.solve(full, scatter), axis1=1, axis2=2)
    has_points = statistics.counts > 0
    inner = (statistics.counts * peaks - 0.5 * distances)[has_points].sum()
    # Far below rounding of the sums a difference of them is no entropy any more.
    return max(0.0, float(statistics.log_likelihood - inner))


def completed(
    statistics: _core.Statistics | None,
    observed: NDArray[np.intp],
    model: Model,
    centers: Array,
    weight: float,
) -> _core.Statistics:
    """Return statistics of all features, of points that have only the observed ones.

    Under component k the missing features m of a point are Gaussian given the observed ones
    o, with mean mean_m + B (x_o - mean_o), B = S_mo inv(S_oo), and covariance S_mm - B S_om;
    the expected moments are linear in those of x_o (Ghahramani and Jordan, Supervised
    learning from incomplete data via an EM approach, NIPS 1993).

    Parameters
    ----------
    statistics : Statistics or None
        Of the observed features, about their `centers`; None if none is observed, when all
        that the points say is that they are there.
    observed : ndarray of shape (n_observed,)
        Ascending feature indices.
    model : Model
        What the responsibilities are of.
    centers : ndarray of shape (n_components, n_features)
        What the result is about.
    weight : float
        The points' total weight.
    """
    core, n_features = model.core, centers.shape[1]
    missing = np.setdiff1d(np.arange(n_features), observed)
    full = matrices(core.covariances, model.covariance_type, centers.shape)
    if statistics is None:
        counts, log_likelihood = weight * core.weights, 0.0
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
    diagonal = is_diagonal(model.covariance_type)
    return _core.Statistics(
        np.ascontiguousarray(centers),
        counts,
        sums,
        packed(scatter, diagonal=diagonal),
        log_likelihood,
        weight,
    )


def _times(slopes: Array, vectors: Array) -> Array:
    product: Array = np.einsum("kmo,ko->km", slopes, vectors)
    return product


def statistics_of_labels(
    points: Array,
    labels: NDArray[np.integer],
    n_components: int,
    sample_weight: Array | None,
    *,
    diagonal: bool,
) -> _core.Statistics:
    """Return the statistics of points that belong to one component each, about their means.

    The log-likelihood is not known and set to 0.
    """
    n_features = points.shape[1]
    pairs = [(i, j) for i in range(n_features) for j in range(i + 1) if not diagonal or i == j]

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
    # About the first point, so that far from the origin no digits are lost.
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
    return _core.Statistics(centers, counts, sums, scatters, 0.0, float(counts.sum()))

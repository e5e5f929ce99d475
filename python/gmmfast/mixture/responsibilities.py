"""Log-densities, labels and responsibilities at points.

Memory is checked before anything is allocated. Results are exact to rounding and the same for any
number of threads. Components that cannot matter at a point have a responsibility of exactly zero
there, so responsibilities also come as a sparse array: at most a chunk of the dense one is held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._lazy import LazyModule
from gmmfast._memory import check_fits
from gmmfast.mixture.parameters import CHUNK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gmmfast import _core

    Array = NDArray[np.float64]

sparse = LazyModule("scipy.sparse")


def score_samples(core: _core.Mixture, points: Array, n_threads: int | None) -> Array:
    """Return the log-densities at checked points, (n_samples,)."""
    check_fits("X", points.shape, 8 * len(points))
    log_prob = np.empty(len(points))
    core.score_samples(points, log_prob, n_threads)
    return log_prob


def predict(core: _core.Mixture, points: Array, n_threads: int | None) -> NDArray[np.int64]:
    """Return the most probable components at checked points, (n_samples,)."""
    check_fits("X", points.shape, 8 * len(points))
    labels = np.empty(len(points), dtype=np.int64)
    core.predict(points, labels, n_threads)
    return labels


def predict_proba(
    core: _core.Mixture, points: Array, n_components: int, n_threads: int | None
) -> Array:
    """Return the responsibilities at checked points, (n_samples, n_components)."""
    mend = "pass fewer points at a time, or use predict"
    check_fits("X", points.shape, 8 * len(points) * n_components, mend)
    responsibilities = np.empty((len(points), n_components))
    core.predict_proba(points, responsibilities, n_threads)
    return responsibilities


def sparse_responsibilities(
    core: _core.Mixture, points: Array, n_components: int, threshold: float, n_threads: int | None
) -> Any:
    """Return the responsibilities above a threshold as a `scipy.sparse.csr_array`."""
    n_samples = len(points)
    n_rows = max(1, CHUNK // n_components)
    dense = np.empty((min(n_rows, n_samples), n_components))
    parts: list[tuple[NDArray[np.float64], NDArray[np.int32]]] = []
    counts = np.zeros(n_samples + 1, dtype=np.int64)
    n_bytes = 0
    for start in range(0, n_samples, n_rows):
        some = points[start : start + n_rows]
        some_values = dense[: len(some)]
        core.predict_proba(some, some_values, n_threads)
        rows, columns = np.nonzero(some_values > threshold)
        parts.append((some_values[rows, columns], columns.astype(np.int32)))
        counts[start + 1 : start + 1 + len(some)] = np.bincount(rows, minlength=len(some))
        n_bytes += 12 * len(rows)
        # All parts are copied at the end.
        mend = "pass fewer points at a time, or a larger threshold"
        check_fits("X", points.shape, n_bytes, mend)
    ends = np.cumsum(counts)
    if ends[-1] <= np.iinfo(np.int32).max:
        ends = ends.astype(np.int32)
    values = np.concatenate([values for values, _ in parts] or [np.empty(0)])
    columns = np.concatenate([columns for _, columns in parts] or [np.empty(0, np.int32)])
    return sparse.csr_array((values, columns, ends), shape=(n_samples, n_components))

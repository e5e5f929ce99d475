"""Log-densities, labels and responsibilities at points.

Memory is checked before anything is allocated. Results are exact to rounding and the same for any
number of threads. Components that cannot matter at a point have a responsibility of exactly zero
there, so responsibilities also come as a sparse array: at most a chunk of the dense one is held.

`Mixture` takes each function as a method; the first argument is the mixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._lazy import LazyModule
from gmmfast._memory import check_fits
from gmmfast._validation import check_fraction, check_n_threads
from gmmfast.mixture.chunks import row_slices, rows_per_chunk

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gmmfast.mixture.mixture import Mixture

    Array = NDArray[np.float64]

sparse = LazyModule("scipy.sparse")


def score_samples(mixture: Mixture, X: ArrayLike, *, n_threads: int | None = None) -> Array:
    """Return the log-density at each point.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The points; finite.
    n_threads : int, optional
        Number of threads; all available by default.

    Returns
    -------
    ndarray of shape (n_samples,)
        log p(x), exact to rounding, also where p(x) underflows.

    Examples
    --------
    >>> import gmmfast
    >>> standard = gmmfast.Mixture([1.0], [[0.0]], [1.0])
    >>> standard.score_samples([[0.0], [100.0]]).round(3)
    array([-9.190000e-01, -5.000919e+03])
    """
    points, threads = mixture._points(X), check_n_threads(n_threads)
    check_fits("X", points.shape, 8 * len(points), "pass fewer points at a time")
    log_prob = np.empty(len(points))
    mixture._core.score_samples(points, log_prob, threads)
    return log_prob


def predict(mixture: Mixture, X: ArrayLike, *, n_threads: int | None = None) -> NDArray[np.int64]:
    """Return the most probable component of each point.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The points; finite.
    n_threads : int, optional
        Number of threads; all available by default.

    Returns
    -------
    ndarray of int64 and shape (n_samples,)
        Index of the component with the largest log weight plus log-density,
        the first of equals; 0 where the distance from every component
        overflows.

    Examples
    --------
    >>> import gmmfast
    >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0], [4.0]], [1.0, 1.0])
    >>> mixture.predict([[1.0], [3.0], [2.0]])
    array([0, 1, 0])
    """
    points, threads = mixture._points(X), check_n_threads(n_threads)
    check_fits("X", points.shape, 8 * len(points), "pass fewer points at a time")
    labels = np.empty(len(points), dtype=np.int64)
    mixture._core.predict(points, labels, threads)
    return labels


def predict_proba(mixture: Mixture, X: ArrayLike, *, n_threads: int | None = None) -> Array:
    """Return the responsibility of each component for each point.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The points; finite.
    n_threads : int, optional
        Number of threads; all available by default.

    Returns
    -------
    ndarray of shape (n_samples, n_components)
        p(component | x) = w_k N(x; m_k, S_k) / p(x), with rows that sum to 1
        (Bishop, 2006, equation 9.23), also where p(x) underflows.

    Raises
    ------
    MemoryError
        If the result is larger than the available memory; raised before allocating.

    Examples
    --------
    >>> import gmmfast
    >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0], [4.0]], [1.0, 1.0])
    >>> mixture.predict_proba([[1.0], [2.0]]).round(3)
    array([[0.982, 0.018],
           [0.5  , 0.5  ]])
    """
    points, threads = mixture._points(X), check_n_threads(n_threads)
    shape = len(points), mixture.n_components
    mend = "pass fewer points at a time, or use predict"
    check_fits("X", points.shape, 8 * shape[0] * shape[1], mend)
    responsibilities = np.empty(shape)
    mixture._core.predict_proba(points, responsibilities, threads)
    return responsibilities


def responsibilities(
    mixture: Mixture, X: ArrayLike, *, threshold: float = 0.0, n_threads: int | None = None
) -> Any:
    """Return the responsibilities that are not zero, as a sparse array.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The points; finite.
    threshold : float in [0, 1)
        Responsibilities up to this are left out; rows then sum to less than 1.
    n_threads : int, optional
        Number of threads; all available by default.

    Returns
    -------
    scipy.sparse.csr_array of shape (n_samples, n_components)
        The values of `predict_proba` that are not zero.

    Raises
    ------
    MemoryError
        If the values do not fit in the available memory.

    Examples
    --------
    >>> import gmmfast
    >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0], [400.0]], [1.0, 1.0])
    >>> sparse = mixture.responsibilities([[1.0], [200.0], [399.0]])
    >>> sparse.nnz
    4
    >>> sparse.toarray()
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 1. ]])
    """
    points, threads = mixture._points(X), check_n_threads(n_threads)
    least = check_fraction("threshold", threshold, low=True)
    n_samples, n_components = len(points), mixture.n_components
    parts: list[tuple[NDArray[np.float64], NDArray[np.int32]]] = []
    counts = np.zeros(n_samples + 1, dtype=np.int64)
    n_bytes = 0
    dense = np.empty((min(rows_per_chunk(n_components), n_samples), n_components))
    for chunk in row_slices(n_samples, n_components):
        some = points[chunk]
        some_values = dense[: len(some)]
        mixture._core.predict_proba(some, some_values, threads)
        rows, columns = np.nonzero(some_values > least)
        parts.append((some_values[rows, columns], columns.astype(np.int32)))
        counts[1:][chunk] = np.bincount(rows, minlength=len(some))
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

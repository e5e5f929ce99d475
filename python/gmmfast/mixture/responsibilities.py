"""Responsibilities of many components for many points, of which nearly all are zero.

Assumes that a component which cannot matter at a point has a responsibility of exactly zero
there, as the kernels have it. Guarantees that no more than a chunk of the dense array exists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._memory import check_fits
from gmmfast._validation import check_fraction, check_n_threads
from gmmfast.mixture.layouts import CHUNK
from gmmfast.mixture.predictions import Predictions

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class SparseResponsibilities(Predictions):
    """The method of `Mixture` that gives responsibilities as a sparse array."""

    def responsibilities(
        self,
        X: ArrayLike,
        *,
        threshold: float = 0.0,
        n_threads: int | None = None,
    ) -> Any:
        """Return the responsibilities that are not zero, as a sparse array.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points; finite.
        threshold : float in [0, 1)
            Responsibilities up to this are left out, too; what is left of a row then sums to
            less than 1.
        n_threads : int, optional
            Number of threads; by default all that the process may use.

        Returns
        -------
        scipy.sparse.csr_array of shape (n_samples, n_components)
            The same numbers as those of `predict_proba`, whose array holds the zeros, too.

        Raises
        ------
        MemoryError
            More that is not zero than the memory available holds.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0], [400.0]], [1.0, 1.0])
        >>> shares = mixture.responsibilities([[1.0], [200.0], [399.0]])
        >>> shares.nnz
        4
        >>> shares.toarray()
        array([[1. , 0. ],
               [0.5, 0.5],
               [0. , 1. ]])
        """
        from scipy.sparse import csr_array  # noqa: PLC0415 (slow to import)

        points, threads = self._checked_points(X), check_n_threads(n_threads)
        least = check_fraction("threshold", threshold, low=True)
        n_samples, n_components = len(points), self._shape[0]
        n_rows = max(1, CHUNK // n_components)
        dense = np.empty((min(n_rows, n_samples), n_components))
        parts: list[tuple[NDArray[np.float64], NDArray[np.int32]]] = []
        counts = np.zeros(n_samples + 1, dtype=np.int64)
        n_bytes = 0
        for start in range(0, n_samples, n_rows):
            some = points[start : start + n_rows]
            shares = dense[: len(some)]
            self._core.predict_proba(some, shares, threads)
            rows, columns = np.nonzero(shares > least)
            parts.append((shares[rows, columns], columns.astype(np.int32)))
            counts[start + 1 : start + 1 + len(some)] = np.bincount(rows, minlength=len(some))
            n_bytes += 12 * len(rows)
            # All parts are copied in the end.
            mend = "pass fewer points at a time, or a larger threshold"
            check_fits("X", points.shape, n_bytes, mend)
        ends = np.cumsum(counts)
        if ends[-1] <= np.iinfo(np.int32).max:
            ends = ends.astype(np.int32)
        values = np.concatenate([values for values, _ in parts] or [np.empty(0)])
        columns = np.concatenate([columns for _, columns in parts] or [np.empty(0, np.int32)])
        return csr_array((values, columns, ends), shape=(n_samples, n_components))

"""What a mixture says of points: log-densities, labels and responsibilities.

Assumes a validated mixture. Guarantees that points are checked before anything is
allocated, and that results are exact to rounding and the same for any number of threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmfast._memory import check_fits
from gmmfast._validation import check_n_threads, check_points

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gmmfast import _core


class Predictions:
    """The methods of `Mixture` that take points."""

    _core: _core.Mixture
    _shape: tuple[int, int]

    def score_samples(
        self,
        X: ArrayLike,
        *,
        n_threads: int | None = None,
    ) -> NDArray[np.float64]:
        """Return the log-density at each point.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points; finite.
        n_threads : int, optional
            Number of threads; by default all that the process may use.

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
        points, threads = self._checked_points(X), check_n_threads(n_threads)
        check_fits("X", points.shape, 8 * len(points))
        log_prob = np.empty(len(points))
        self._core.score_samples(points, log_prob, threads)
        return log_prob

    def predict(
        self,
        X: ArrayLike,
        *,
        n_threads: int | None = None,
    ) -> NDArray[np.int64]:
        """Return the most probable component of each point.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points; finite.
        n_threads : int, optional
            Number of threads; by default all that the process may use.

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
        points, threads = self._checked_points(X), check_n_threads(n_threads)
        check_fits("X", points.shape, 8 * len(points))
        labels = np.empty(len(points), dtype=np.int64)
        self._core.predict(points, labels, threads)
        return labels

    def predict_proba(
        self,
        X: ArrayLike,
        *,
        n_threads: int | None = None,
    ) -> NDArray[np.float64]:
        """Return the responsibility of each component for each point.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points; finite.
        n_threads : int, optional
            Number of threads; by default all that the process may use.

        Returns
        -------
        ndarray of shape (n_samples, n_components)
            p(component | x) = w_k N(x; m_k, S_k) / p(x), with rows that sum to 1
            (Bishop, 2006, equation 9.23), also where p(x) underflows.

        Raises
        ------
        MemoryError
            A result larger than the memory available; raised before allocating.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0], [4.0]], [1.0, 1.0])
        >>> mixture.predict_proba([[1.0], [2.0]]).round(3)
        array([[0.982, 0.018],
               [0.5  , 0.5  ]])
        """
        points, threads = self._checked_points(X), check_n_threads(n_threads)
        shape = (len(points), self._shape[0])
        mend = "pass fewer points at a time, or use predict"
        check_fits("X", points.shape, 8 * shape[0] * shape[1], mend)
        shares = np.empty(shape)
        self._core.predict_proba(points, shares, threads)
        return shares

    def _checked_points(self, values: ArrayLike) -> NDArray[np.float64]:
        return check_points("X", values, self._shape[1])

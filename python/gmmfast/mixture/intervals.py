"""Probabilities of intervals under a mixture of one feature.

Sums of the components' normal distribution functions, taken from the side where they are small:
nothing cancels, in either tail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmfast._validation import float_array
from gmmfast.mixture.component_pairs import LOG_2_PI
from gmmfast.mixture.layouts import CHUNK, Part, variances

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

#: Gauss-Legendre nodes and weights on [-1, 1]: where an interval is so narrow that the exponent
#: changes by no more than 1.5 over it, 12 of them leave less than rounding.
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(12)

#: Most steps of a bisection: an interval of the largest floats is halved as often until no float
#: is within, even if what it closes in on is the least number above zero.
_MAX_STEPS = 2200


class Intervals(Part):
    """The methods of `Mixture` for one feature."""

    def cdf(
        self,
        X: ArrayLike,
        *,
        log: bool = False,
    ) -> Array:
        """Return the probability of values up to each point, of one feature.

        Parameters
        ----------
        X : array-like of shape (n_samples,) or (n_samples, 1)
            The points; may be infinite, but not NaN.
        log : bool
            Return the logarithm, which does not underflow.

        Returns
        -------
        ndarray of shape (n_samples,)
            P(x <= X) = sum_k w_k Phi((X - m_k) / s_k), Phi the standard normal distribution
            function; with full relative accuracy far below all components. Far above them it
            rounds to 1: see `sf`.

        Raises
        ------
        ValueError
            A mixture of more features; take the `marginal` of one.

        See Also
        --------
        sf : The probability of larger values.
        interval_probability : Of values between edges, such as the bins of a histogram.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[-1.0], [1.0]], [1.0, 1.0])
        >>> mixture.cdf([-1.0, 0.0, 30.0]).round(4)
        array([0.2614, 0.5   , 1.    ])
        """
        return self._tail("cdf", X, 1.0, log=log)

    def sf(
        self,
        X: ArrayLike,
        *,
        log: bool = False,
    ) -> Array:
        """Return the probability of values above each point, of one feature.

        Parameters
        ----------
        X : array-like of shape (n_samples,) or (n_samples, 1)
            The points; may be infinite, but not NaN.
        log : bool
            Return the logarithm, which does not underflow.

        Returns
        -------
        ndarray of shape (n_samples,)
            P(x > X) = 1 - cdf(X), the survival function, with full relative accuracy far above
            all components.

        Raises
        ------
        ValueError
            A mixture of more features; take the `marginal` of one.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[-1.0], [1.0]], [1.0, 1.0])
        >>> mixture.sf([21.0])
        array([1.37681206e-89])
        >>> mixture.sf([1001.0], log=True).round(2)
        array([-500008.52])
        """
        return self._tail("sf", X, -1.0, log=log)

    def interval_probability(self, edges: ArrayLike) -> Array:
        """Return the probability of the values between edges, of one feature.

        Times the number of points these are the expected counts of a histogram.

        Parameters
        ----------
        edges : array-like of shape (n_intervals + 1,)
            Ascending; may be infinite, but not NaN.

        Returns
        -------
        ndarray of shape (n_intervals,)
            P(edges[i] < x <= edges[i + 1]), with full relative accuracy in both tails and for
            narrow intervals: what cancels in differences of `cdf` is integrated.

        Raises
        ------
        ValueError
            Edges that descend, or a mixture of more features.

        Examples
        --------
        A histogram against the fit:

        >>> import numpy as np
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[-1.0], [1.0]], [1.0, 1.0])
        >>> counts, edges = np.histogram([-2.5, -1.2, -0.4, 0.3, 1.4], bins=[-3, -1, 1, 3])
        >>> counts
        array([2, 2, 1])
        >>> (5 * mixture.interval_probability(edges)).round(2)
        array([1.25, 2.39, 1.25])
        """
        self._check_one_feature("interval_probability")
        ends = float_array("edges", edges, ndims=(1,))
        if len(ends) < 2 or np.isnan(ends).any() or (ends[1:] < ends[:-1]).any():
            raise ValueError(
                "edges: expected at least two numbers in ascending order, got "
                f"{ends.tolist() if len(ends) < 10 else f'{len(ends)} others'}; sort them"
            )
        result = np.empty(len(ends) - 1)
        step = max(1, CHUNK // (len(_NODES) * self.n_components))
        for start in range(0, len(result), step):
            rows = slice(start, start + step)
            lower, upper = self._scores(ends[:-1][rows]), self._scores(ends[1:][rows])
            result[rows] = _between(lower, upper) @ self._normalized_weights()
        return result

    def quantile(self, q: ArrayLike) -> Array:
        """Return the values that are not exceeded with given probabilities, of one feature.

        Parameters
        ----------
        q : array-like of shape (n,)
            Probabilities from 0 to 1.

        Returns
        -------
        ndarray of shape (n,)
            The x with cdf(x) = q, to rounding; minus infinity and infinity for 0 and 1. Found
            by bisection between the smallest and the largest quantile of a component, from
            `sf` above the median.

        Raises
        ------
        ValueError
            Numbers outside [0, 1], or a mixture of more features.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[-1.0], [1.0]], [1.0, 1.0])
        >>> mixture.quantile([0.0, 0.25, 0.5]).round(3) + 0.0
        array([  -inf, -1.051,  0.   ])
        """
        from scipy.special import ndtri  # noqa: PLC0415 (slow to import)

        self._check_one_feature("quantile")
        levels = float_array("q", q, ndims=(1,))
        if not ((levels >= 0) & (levels <= 1)).all():
            raise ValueError(
                "q: expected numbers from 0 to 1, got "
                f"{levels[~((levels >= 0) & (levels <= 1))][0]}; divide percentages by 100"
            )
        result = np.where(levels > 0, np.inf, -np.inf)
        inner = np.flatnonzero((levels > 0) & (levels < 1))
        step = max(1, CHUNK // self.n_components)
        stds, present = np.sqrt(variances(self)[:, 0]), self.weights > 0
        for start in range(0, len(inner), step):
            rows = inner[start : start + step]
            of_components = self.means[:, 0] + stds * ndtri(levels[rows, None])
            low, high = (f(of_components[:, present], axis=1) for f in (np.min, np.max))
            result[rows] = self._bisected(levels[rows], low, high)
        return result

    def _bisected(self, levels: Array, low: Array, high: Array) -> Array:
        """Return where the distribution function crosses the levels."""
        is_upper = levels > 0.5
        for _ in range(_MAX_STEPS):
            middle = low + (high - low) / 2
            is_open = (middle > low) & (middle < high)
            if not is_open.any():
                break
            # 1 - q is exact above a half.
            is_below = np.where(is_upper, self.sf(middle) > 1 - levels, self.cdf(middle) < levels)
            low = np.where(is_open & is_below, middle, low)
            high = np.where(is_open & ~is_below, middle, high)
        return high

    def _check_one_feature(self, method: str) -> None:
        if self.n_features != 1:
            raise ValueError(
                f"{method}: expected a mixture of one feature, got {self.n_features}; take the "
                "marginal of one first"
            )

    def _scores(self, points: Array) -> Array:
        """Return (x - m_k) / s_k, (n_points, n_components)."""
        scores: Array = (points[:, None] - self.means[:, 0]) / np.sqrt(variances(self)[:, 0])
        return scores

    def _tail(
        self,
        method: str,
        X: ArrayLike,
        sign: float,
        *,
        log: bool,
    ) -> Array:
        from scipy.special import log_ndtr, logsumexp, ndtr  # noqa: PLC0415 (slow to import)

        self._check_one_feature(method)
        points = float_array("X", X, ndims=(1, 2))
        if points.ndim == 2 and points.shape[1] != 1:
            raise ValueError(
                f"X: expected shape (n_samples,) or (n_samples, 1), got {points.shape}"
            )
        points = points.ravel()
        if np.isnan(points).any():
            raise ValueError(f"X: expected numbers, got NaN in row {np.isnan(points).argmax()}")
        weights = self._normalized_weights()
        log_weights = self._core.log_weights - np.log(self.weights.sum())
        result = np.empty(len(points))
        step = max(1, CHUNK // self.n_components)
        for start in range(0, len(points), step):
            rows = slice(start, start + step)
            scores = sign * self._scores(points[rows])
            if log:
                result[rows] = logsumexp(log_ndtr(scores) + log_weights, axis=1)
            else:
                result[rows] = ndtr(scores) @ weights
        return result


def _between(lower: Array, upper: Array) -> Array:
    """Return Phi(upper) - Phi(lower) without cancellation, elementwise."""
    from scipy.special import ndtr  # noqa: PLC0415 (slow to import)

    ndtr_: Callable[[Array], Array] = ndtr
    # Mirrored, so that differences are of what is small.
    is_above = lower > 0
    left, right = np.where(is_above, -upper, lower), np.where(is_above, -lower, upper)
    result = ndtr_(right) - ndtr_(left)
    with np.errstate(invalid="ignore"):  # from infinity to infinity
        width = right - left
        size = np.maximum(np.maximum(np.abs(left), np.abs(right)), 1)
        is_narrow = width * size <= 1
    middle, half = (left + right)[is_narrow] / 2, width[is_narrow] / 2
    nodes = middle[:, None] + half[:, None] * _NODES
    densities = np.exp(-0.5 * (np.square(nodes) + LOG_2_PI))
    result[is_narrow] = half * (densities @ _NODE_WEIGHTS)
    return np.maximum(result, 0)

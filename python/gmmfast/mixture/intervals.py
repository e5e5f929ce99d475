"""Probabilities of intervals under a mixture of one feature.

The sums of the components' normal distribution functions are taken from the side where they are
small: nothing cancels in either tail. `Mixture` takes each public function as a method; the first
argument is the mixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmfast._arithmetic import allows_underflow
from gmmfast._lazy import LazyModule
from gmmfast._validation import float_array
from gmmfast.mixture.chunks import row_slices
from gmmfast.mixture.component_pairs import LOG_2_PI

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gmmfast.mixture.mixture import Mixture
    from gmmfast.mixture.parameters import Parameters

    Array = NDArray[np.float64]

special = LazyModule("scipy.special")

#: Gauss-Legendre nodes and weights on [-1, 1]: on an interval where the exponent changes by at
#: most 1.5, the error of 12 nodes is below rounding.
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(12)

#: Maximum number of bisections: enough to go from the largest float to the smallest above zero.
_MAX_STEPS = 2200


def cdf(mixture: Mixture, X: ArrayLike, *, log: bool = False) -> Array:
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
        If the mixture has more than one feature; take a `marginal` first.

    See Also
    --------
    sf : The probability of larger values.
    interval_probability : The probability of values between edges, as of a histogram.

    Examples
    --------
    >>> import gmmfast
    >>> mixture = gmmfast.Mixture([0.5, 0.5], [[-1.0], [1.0]], [1.0, 1.0])
    >>> mixture.cdf([-1.0, 0.0, 30.0]).round(4)
    array([0.2614, 0.5   , 1.    ])
    """
    return _tail(mixture._parameters(), _points(mixture, "cdf", X), 1.0, log=log)


def sf(mixture: Mixture, X: ArrayLike, *, log: bool = False) -> Array:
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
        If the mixture has more than one feature; take a `marginal` first.

    Examples
    --------
    >>> import gmmfast
    >>> mixture = gmmfast.Mixture([0.5, 0.5], [[-1.0], [1.0]], [1.0, 1.0])
    >>> mixture.sf([21.0])
    array([1.37681206e-89])
    >>> mixture.sf([1001.0], log=True).round(2)
    array([-500008.52])
    """
    return _tail(mixture._parameters(), _points(mixture, "sf", X), -1.0, log=log)


@allows_underflow
def interval_probability(mixture: Mixture, edges: ArrayLike) -> Array:
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
        narrow intervals, where the density is integrated.

    Raises
    ------
    ValueError
        If edges descend, or the mixture has more than one feature.

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
    p = mixture._parameters()
    _check_one_feature(p, "interval_probability")
    ends = float_array("edges", edges, ndims=(1,))
    if len(ends) < 2 or np.isnan(ends).any() or (ends[1:] < ends[:-1]).any():
        raise ValueError(
            "edges: expected at least two numbers in ascending order, got "
            f"{ends.tolist() if len(ends) < 10 else f'{len(ends)} others'}; sort them"
        )
    result = np.empty(len(ends) - 1)
    for rows in row_slices(len(result), len(_NODES) * p.shape[0]):
        lower, upper = _scores(p, ends[:-1][rows]), _scores(p, ends[1:][rows])
        result[rows] = _between(lower, upper) @ p.normalized_weights()
    return result


@allows_underflow
def quantile(mixture: Mixture, q: ArrayLike) -> Array:
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
        If a number is outside [0, 1], or the mixture has more than one feature.

    Examples
    --------
    >>> import gmmfast
    >>> mixture = gmmfast.Mixture([0.5, 0.5], [[-1.0], [1.0]], [1.0, 1.0])
    >>> mixture.quantile([0.0, 0.25, 0.5]).round(3) + 0.0
    array([  -inf, -1.051,  0.   ])
    """
    p = mixture._parameters()
    _check_one_feature(p, "quantile")
    levels = float_array("q", q, ndims=(1,))
    if not ((levels >= 0) & (levels <= 1)).all():
        raise ValueError(
            "q: expected numbers from 0 to 1, got "
            f"{levels[~((levels >= 0) & (levels <= 1))][0]}; divide percentages by 100"
        )
    result = np.where(levels > 0, np.inf, -np.inf)
    inner = np.flatnonzero((levels > 0) & (levels < 1))
    stds, present = np.sqrt(p.variances()[:, 0]), p.weights > 0
    for some in row_slices(len(inner), p.shape[0]):
        rows = inner[some]
        of_components = p.means[:, 0] + stds * special.ndtri(levels[rows, None])
        low, high = (f(of_components[:, present], axis=1) for f in (np.min, np.max))
        result[rows] = _bisected(p, levels[rows], low, high)
    return result


def _bisected(p: Parameters, levels: Array, low: Array, high: Array) -> Array:
    """Return the points where the distribution function crosses the levels."""
    # From the side where the probability is small: 1 - q is exact above a half.
    sides = np.where(levels > 0.5, -1.0, 1.0)
    small = np.where(levels > 0.5, 1 - levels, levels)
    for _ in range(_MAX_STEPS):
        middle = low + (high - low) / 2
        is_open = (middle > low) & (middle < high)
        if not is_open.any():
            break
        is_below = sides * _tail(p, middle, sides, log=False) < sides * small
        low = np.where(is_open & is_below, middle, low)
        high = np.where(is_open & ~is_below, middle, high)
    return high


def _check_one_feature(p: Parameters, method: str) -> None:
    if p.shape[1] != 1:
        raise ValueError(
            f"{method}: expected a mixture of one feature, got {p.shape[1]}; take the "
            "marginal of one first"
        )


def _scores(p: Parameters, points: Array) -> Array:
    """Return (x - m_k) / s_k, (n_points, n_components)."""
    scores: Array = (points[:, None] - p.means[:, 0]) / np.sqrt(p.variances()[:, 0])
    return scores


def _points(mixture: Mixture, method: str, X: ArrayLike) -> Array:
    """Return the points, (n_samples,), of a mixture of one feature."""
    _check_one_feature(mixture._parameters(), method)
    points = float_array("X", X, ndims=(1, 2))
    if points.ndim == 2 and points.shape[1] != 1:
        raise ValueError(f"X: expected shape (n_samples,) or (n_samples, 1), got {points.shape}")
    points = points.ravel()
    if np.isnan(points).any():
        raise ValueError(f"X: expected numbers, got NaN in row {np.isnan(points).argmax()}")
    return points


@allows_underflow
def _tail(p: Parameters, points: Array, sides: ArrayLike, *, log: bool) -> Array:
    """Return the probability of values up to each point where its side is 1, above where -1."""
    weights, log_weights = p.normalized_weights(), p.normalized_log_weights()
    sides = np.broadcast_to(sides, points.shape)
    result = np.empty(len(points))
    for rows in row_slices(len(points), p.shape[0]):
        scores = sides[rows, None] * _scores(p, points[rows])
        if log:
            result[rows] = special.logsumexp(special.log_ndtr(scores) + log_weights, axis=1)
        else:
            result[rows] = special.ndtr(scores) @ weights
    return result


def _between(lower: Array, upper: Array) -> Array:
    """Return Phi(upper) - Phi(lower) without cancellation, elementwise."""
    # Mirrored to subtract the smaller tail probabilities.
    is_above = lower > 0
    left, right = np.where(is_above, -upper, lower), np.where(is_above, -lower, upper)
    result = special.ndtr(right) - special.ndtr(left)
    with np.errstate(invalid="ignore"):  # from infinity to infinity
        width = right - left
        size = np.maximum(np.maximum(np.abs(left), np.abs(right)), 1)
        is_narrow = width * size <= 1
    half = width[is_narrow] / 2
    middle = left[is_narrow] + half
    nodes = middle[:, None] + half[:, None] * _NODES
    densities = np.exp(-0.5 * (np.square(nodes) + LOG_2_PI))
    result[is_narrow] = half * (densities @ _NODE_WEIGHTS)
    probabilities: Array = np.maximum(result, 0)
    return probabilities

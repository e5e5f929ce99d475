"""Probabilities of intervals, quantiles, ellipses and regions of a mixture.

`Mixture` takes each function as a method; the first argument is the mixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gmmfast._validation import check_features, check_fraction, check_positive
from gmmfast.mixture import intervals, regions

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from gmmfast.mixture.mixture import Mixture

    Array = NDArray[np.float64]


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
    interval_probability : Of values between edges, such as the bins of a histogram.

    Examples
    --------
    >>> import gmmfast
    >>> mixture = gmmfast.Mixture([0.5, 0.5], [[-1.0], [1.0]], [1.0, 1.0])
    >>> mixture.cdf([-1.0, 0.0, 30.0]).round(4)
    array([0.2614, 0.5   , 1.    ])
    """
    return intervals.tail(mixture._parameters(), "cdf", X, upper=False, log=log)


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
    return intervals.tail(mixture._parameters(), "sf", X, upper=True, log=log)


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
    return intervals.interval_probability(mixture._parameters(), edges)


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
    return intervals.quantile(mixture._parameters(), q)


def error_ellipses(
    mixture: Mixture,
    n_std: float = 1.0,
    features: Sequence[int] = (0, 1),
    *,
    confidence: float | None = None,
) -> regions.ErrorEllipses:
    """Return the ellipses on which each component's density in the plane is constant.

    Parameters
    ----------
    n_std : float
        Mahalanobis distance of the ellipses from their centers, in standard deviations.
    features : sequence of two int
        The features that span the plane, the horizontal one first.
    confidence : float in (0, 1), optional
        Instead of `n_std`: the fraction of a component's points within its ellipse, in the
        plane; 0.95 is 2.45 standard deviations.

    Returns
    -------
    ErrorEllipses
        The named tuple (centers, widths, heights, angles) of arrays, one element a
        component, in features' units: `widths` and `heights` are whole axes, the longer one
        first, and `angles` those of the longer axis in degrees, which is what
        ``matplotlib.patches.Ellipse(center, width, height, angle=angle)`` takes. Angles
        turn from the first feature's axis towards the second's: on a plot whose y axis
        points up that is anticlockwise, on a picture, where y points down, clockwise as
        one sees it; matplotlib does so of itself when the axis is inverted.

    Examples
    --------
    >>> import gmmfast
    >>> mixture = gmmfast.Mixture([1.0], [[3.0, 4.0]], [[[5.0, 3.0], [3.0, 5.0]]])
    >>> ellipses = mixture.error_ellipses(2.0)
    >>> ellipses.centers, ellipses.angles
    (array([[3., 4.]]), array([45.]))
    >>> ellipses.widths.round(3), ellipses.heights.round(3)
    (array([11.314]), array([5.657]))
    """
    plane = check_features("features", features, mixture.n_features)
    if len(plane) != 2:
        raise ValueError(f"features: expected two features, got {plane}")
    if confidence is None:
        radius = check_positive("n_std", n_std)
    else:
        radius = regions.confidence_radius(check_fraction("confidence", confidence), 2)
    return regions.error_ellipses(mixture._parameters(), plane, radius)


def confidence_region(mixture: Mixture, confidence: float) -> regions.ConfidenceRegion:
    """Return the union of the components' confidence ellipsoids.

    Parameters
    ----------
    confidence : float in (0, 1)
        The fraction of each component's points that lie within its own ellipsoid, in as many
        dimensions as there are features.

    Returns
    -------
    ConfidenceRegion
        The region, with the methods `contains` and `sample`.

    Notes
    -----
    The region holds at least this fraction of the mixture's points, more where components
    overlap. It is not a highest-density region.

    Examples
    --------
    >>> import gmmfast
    >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0, 0.0], [9.0, 0.0]], [1.0, 4.0])
    >>> region = mixture.confidence_region(0.95)
    >>> round(region.radius, 3)
    2.448
    >>> region.contains([[2.0, 1.0], [4.2, 0.0], [2.0, 2.0]])
    array([ True,  True, False])
    """
    checked = check_fraction("confidence", confidence)
    return regions.ConfidenceRegion(mixture, mixture._parameters(), checked)

"""Error ellipses of components and the union of their confidence ellipsoids.

With n features, a component holds the fraction c of its points within the Mahalanobis distance r,
where r^2 is the c quantile of the chi-squared distribution with n degrees of freedom: in the
plane one standard deviation holds 39 %, not 68 %. `Mixture` takes `error_ellipses` and
`confidence_region` as methods; the first argument is the mixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast._arithmetic import allows_underflow
from gmmfast._lazy import LazyModule
from gmmfast._memory import check_fits
from gmmfast._random import seed_of
from gmmfast._validation import (
    check_count,
    check_features,
    check_fraction,
    check_points,
    check_positive,
)
from gmmfast.mixture.chunks import row_slices
from gmmfast.mixture.layouts import DIAGONAL, cholesky, inverse_lower

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from gmmfast.mixture.mixture import Mixture
    from gmmfast.mixture.parameters import Parameters

    Array = NDArray[np.float64]

stats = LazyModule("scipy.stats")


class ErrorEllipses(NamedTuple):
    """One ellipse for each component, as `matplotlib.patches.Ellipse` takes them."""

    #: Centers, (n_components, 2).
    centers: Array
    #: Full lengths of the longer and of the shorter axis, (n_components,).
    widths: Array
    heights: Array
    #: Angles of the longer axis in degrees in (-90, 90], from the first feature's axis towards
    #: the second's, (n_components,).
    angles: Array


@allows_underflow
def error_ellipses(
    mixture: Mixture,
    n_std: float = 1.0,
    features: Sequence[int] = (0, 1),
    *,
    confidence: float | None = None,
) -> ErrorEllipses:
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
        radius = confidence_radius(check_fraction("confidence", confidence), 2)
    p = mixture._parameters()
    covariances = p.matrices()[:, plane][:, :, plane]
    first, second, both = covariances[:, 0, 0], covariances[:, 1, 1], covariances[:, 0, 1]
    half_difference = (first - second) / 2
    larger = (first + second) / 2 + np.hypot(half_difference, both)
    # From the determinant, since the sum of the eigenvalues less the larger one cancels; quotients
    # come first, since products of variances underflow.
    smaller = first * (second / larger) - both * (both / larger)
    angles = np.degrees(np.arctan2(both, half_difference)) / 2
    return ErrorEllipses(
        p.means[:, plane],
        2 * radius * np.sqrt(larger),
        2 * radius * np.sqrt(np.maximum(smaller, 0)),
        angles,
    )


def confidence_region(mixture: Mixture, confidence: float) -> ConfidenceRegion:
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
    return ConfidenceRegion(mixture, mixture._parameters(), checked)


class ConfidenceRegion:
    """The union of the confidence ellipsoids of a mixture's components.

    `Mixture.confidence_region` returns it.

    Attributes
    ----------
    mixture : Mixture
        The mixture of the components.
    confidence : float
        The fraction of each component's points within its ellipsoid.
    radius : float
        Mahalanobis distance of the ellipsoids from their centers.
    """

    def __init__(self, mixture: Mixture, parameters: Parameters, confidence: float) -> None:
        self.mixture = mixture
        self.confidence = confidence
        self.radius = confidence_radius(confidence, mixture.n_features)
        self._parameters = parameters

    def contains(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Return whether each point lies in the region.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points; finite.

        Returns
        -------
        ndarray of shape (n_samples,), bool
            Whether the squared Mahalanobis distance from the nearest component is at most the
            square of the radius.
        """
        return self.distances(X) <= self.radius

    def distances(self, X: ArrayLike) -> Array:
        """Return each point's Mahalanobis distance from the nearest component.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points; finite.

        Returns
        -------
        ndarray of shape (n_samples,)
            The distances, in standard deviations.
        """
        model = self._parameters
        n_components, n_features = model.shape
        points = check_points("X", X, n_features)
        means = model.means[:, None]
        is_diagonal = model.covariance_type in DIAGONAL
        if is_diagonal:
            deviations = np.sqrt(model.variances())[:, None]
        else:
            whitening = inverse_lower(cholesky(model.matrices())).swapaxes(1, 2)
        result = np.empty(len(points))
        for rows in row_slices(len(points), n_components * n_features):
            # One product of matrices per component, of centered points.
            offsets = points[rows] - means
            whitened = offsets / deviations if is_diagonal else offsets @ whitening
            squares = np.einsum("knd,knd->kn", whitened, whitened)
            result[rows] = np.sqrt(squares.min(axis=0))
        return result

    def sample(self, n_samples: int, *, inner: float = 0.0, random_state: Any = None) -> Array:
        """Draw points from the components, each within its own ellipsoid.

        Parameters
        ----------
        n_samples : int
            Number of points.
        inner : float in [0, confidence)
            Fraction of the component's points in the middle of each ellipsoid that is left out.
            With 0.5 in a region of 0.9, all points lie in a shell.
        random_state : int, RandomState, Generator or None
            The seed, or a source of one.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Components are drawn by their weights, and their points from the normal distribution
            truncated to the ellipsoid: directions are uniform, and squared distances from the
            chi-squared distribution up to the radius, by inversion; nothing is rejected.
            Points of the same component follow each other.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0, 0.0], [9.0, 0.0]], [1.0, 4.0])
        >>> region = mixture.confidence_region(0.5)
        >>> bool(region.contains(region.sample(1000, random_state=0)).all())
        True
        """
        model, number = self._parameters, check_count("n_samples", n_samples)
        least = check_fraction("inner", inner, low=True)
        if least >= self.confidence:
            raise ValueError(
                f"inner: expected less than the region's confidence {self.confidence}, got "
                f"{least}; ask for a larger region"
            )
        n_features = model.shape[1]
        check_fits("n_samples", number, 4 * 8 * number * n_features, "draw fewer points at a time")
        rng = np.random.default_rng(seed_of(random_state))
        counts = rng.multinomial(number, model.normalized_weights())
        directions = rng.standard_normal((number, n_features))
        lengths = np.sqrt(np.square(directions).sum(axis=1))
        fractions = least + (self.confidence - least) * rng.uniform(size=number)
        # Slightly smaller, to keep all points inside despite rounding.
        radii = np.sqrt(stats.chi2.ppf(fractions, n_features)) * (1 - 1e-14)
        directions *= (radii / lengths)[:, None]
        factors = cholesky(model.matrices())
        ends = np.cumsum(counts)
        for k in np.flatnonzero(counts):
            rows = slice(ends[k] - counts[k], ends[k])
            directions[rows] = model.means[k] + directions[rows] @ factors[k].T
        points: Array = directions
        return points

    def __repr__(self) -> str:
        return f"ConfidenceRegion({self.mixture!r}, confidence={self.confidence})"


@allows_underflow
def confidence_radius(confidence: float, n_features: int) -> float:
    """Return the Mahalanobis distance within which a Gaussian has this fraction of its points."""
    return float(np.sqrt(stats.chi2.ppf(confidence, n_features)))

"""Where the components lie: error ellipses, and the union of confidence ellipsoids.

With n features, a component holds the share c of its points within the Mahalanobis distance r,
r^2 being the quantile of c of the chi-squared distribution with n degrees of freedom: in the
plane one standard deviation holds 39 %, not 68 %.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast._memory import check_fits
from gmmfast._random import seed_of
from gmmfast._validation import check_count, check_features, check_fraction, check_positive
from gmmfast.mixture.layouts import CHUNK, DIAGONAL, Part, cholesky, full_covariances, variances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from gmmfast.mixture.mixture import Mixture

    Array = NDArray[np.float64]


class ErrorEllipses(NamedTuple):
    """One ellipse for each component, as `matplotlib.patches.Ellipse` takes them."""

    #: Centres, (n_components, 2).
    centers: Array
    #: Lengths of the longer and of the shorter axis, whole and not halved, (n_components,).
    widths: Array
    heights: Array
    #: Of the longer axis, in degrees in (-90, 90], from the first feature's axis towards the
    #: second's, (n_components,).
    angles: Array


class Regions(Part):
    """The methods of `Mixture` about where its components lie."""

    def error_ellipses(
        self,
        n_std: float = 1.0,
        features: Sequence[int] = (0, 1),
        *,
        confidence: float | None = None,
    ) -> ErrorEllipses:
        """Return the ellipses on which each component's density in the plane is constant.

        Parameters
        ----------
        n_std : float
            Mahalanobis distance of the ellipses from their centres, in standard deviations.
        features : sequence of two int
            The features that span the plane, the horizontal one first.
        confidence : float in (0, 1), optional
            Instead of `n_std`: the share of a component's points within its ellipse, in the
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
        plane = check_features("features", features, self.n_features)
        if len(plane) != 2:
            raise ValueError(f"features: expected two features, got {plane}")
        if confidence is None:
            radius = check_positive("n_std", n_std)
        else:
            radius = confidence_radius(check_fraction("confidence", confidence), 2)
        covariances = full_covariances(self)[:, plane][:, :, plane]
        first, second, both = covariances[:, 0, 0], covariances[:, 1, 1], covariances[:, 0, 1]
        half_difference = (first - second) / 2
        larger = (first + second) / 2 + np.hypot(half_difference, both)
        # From the determinant: the difference of the eigenvalues' sum and the larger cancels.
        smaller = (first * second - both * both) / larger
        angles = np.degrees(np.arctan2(both, half_difference)) / 2
        return ErrorEllipses(
            self.means[:, plane],
            2 * radius * np.sqrt(larger),
            2 * radius * np.sqrt(np.maximum(smaller, 0)),
            angles,
        )

    def confidence_region(self, confidence: float) -> ConfidenceRegion:
        """Return the union of the components' confidence ellipsoids.

        Parameters
        ----------
        confidence : float in (0, 1)
            The share of each component's points that lie within its own ellipsoid, in as many
            dimensions as there are features.

        Returns
        -------
        ConfidenceRegion
            Tells whether points lie in it (`contains`), and draws from it (`sample`).

        Notes
        -----
        The region holds at least this share of the mixture's points, more where components
        overlap. It is no region of highest density.

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
        return ConfidenceRegion(self, check_fraction("confidence", confidence))


class ConfidenceRegion:
    """The union of the confidence ellipsoids of a mixture's components.

    Made by `Mixture.confidence_region`.

    Attributes
    ----------
    mixture : Mixture
        What it is a region of.
    confidence : float
        The share of each component's points that lie within its ellipsoid.
    radius : float
        Mahalanobis distance of the ellipsoids from their centres.
    """

    def __init__(self, model: Part, confidence: float) -> None:
        self.mixture: Mixture = model  # type: ignore[assignment]
        self.confidence = confidence
        self.radius = confidence_radius(confidence, model.n_features)

    def contains(
        self,
        X: ArrayLike,
    ) -> NDArray[np.bool_]:
        """Tell which points lie in the region.

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

    def distances(
        self,
        X: ArrayLike,
    ) -> Array:
        """Return each point's Mahalanobis distance from the component nearest by it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points; finite.

        Returns
        -------
        ndarray of shape (n_samples,)
            In standard deviations.
        """
        model = self.mixture
        points = model._checked_points(X)  # noqa: SLF001 (the same checks)
        means = model.means[:, None]
        is_diagonal = model.covariance_type in DIAGONAL
        if is_diagonal:
            deviations = np.sqrt(variances(model))[:, None]
        else:
            whitening: Any = np.linalg.inv(cholesky(full_covariances(model))).swapaxes(1, 2)
        result = np.empty(len(points))
        step = max(1, CHUNK // (model.n_components * model.n_features))
        for start in range(0, len(points), step):
            rows = slice(start, start + step)
            # By component, so that each is one product of matrices, of points that are centred.
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
            How many.
        inner : float in [0, confidence)
            Leave out the middle of each ellipsoid, that holds this share of the component's
            points: with 0.5 of a region of 0.9 what is drawn lies in a shell.
        random_state : int, RandomState, Generator or None
            Decides the points.

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
        from scipy.stats import chi2  # noqa: PLC0415 (slow to import)

        model, number = self.mixture, check_count("n_samples", n_samples)
        least = check_fraction("inner", inner, low=True)
        if least >= self.confidence:
            raise ValueError(
                f"inner: expected less than the region's confidence {self.confidence}, got "
                f"{least}; ask for a larger region"
            )
        n_features = model.n_features
        check_fits("n_samples", number, 4 * 8 * number * n_features, "draw fewer points at a time")
        rng = np.random.default_rng(seed_of(random_state))
        counts = rng.multinomial(number, model._normalized_weights())  # noqa: SLF001
        directions = rng.standard_normal((number, n_features))
        lengths = np.sqrt(np.square(directions).sum(axis=1))
        shares = least + (self.confidence - least) * rng.uniform(size=number)
        # Just within, so that rounding leaves no point outside.
        radii = np.sqrt(chi2.ppf(shares, n_features)) * (1 - 1e-14)
        directions *= (radii / lengths)[:, None]
        factors = cholesky(full_covariances(model))
        ends = np.cumsum(counts)
        for k in np.flatnonzero(counts):
            rows = slice(ends[k] - counts[k], ends[k])
            directions[rows] = model.means[k] + directions[rows] @ factors[k].T
        points: Array = directions
        return points

    def __repr__(self) -> str:
        return f"ConfidenceRegion({self.mixture!r}, confidence={self.confidence})"


def confidence_radius(confidence: float, n_features: int) -> float:
    """Return the Mahalanobis distance within which a Gaussian has this share of its points."""
    from scipy.stats import chi2  # noqa: PLC0415 (slow to import)

    return float(np.sqrt(chi2.ppf(confidence, n_features)))

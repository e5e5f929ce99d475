"""Components as ellipses in their mean colors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gmmfast.mixture import Mixture
from gmmfast.mixture.layouts import cholesky
from gmmfast.plot.base import Display, Frame
from gmmfast.plot.colors import check_channels, mean_colors
from gmmfast.plot.palettes import palette_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.collections import EllipseCollection, PathCollection
    from numpy.typing import NDArray

    from gmmfast.mixture.regions import ErrorEllipses
    from gmmfast.styles import Ramp


class EllipseDisplay(Display):
    """Components as ellipses, the largest at the back.

    Parameters
    ----------
    ellipses : ErrorEllipses
        The result of `Mixture.error_ellipses`.
    colors : ndarray of shape (n_components, 3), uint8
    frame : Frame
        The part of the plane.
    ramp : Ramp
        Whose paper the ellipses lie on.
    alpha : float
        How opaque they are.
    factors : ndarray of shape (n_components, 2, 2), optional
        The matrices that map the unit circle to the ellipses, for features of different units:
        angles are too coarse for an ellipse that is a million times as long as wide.

    Attributes
    ----------
    ellipses_ : matplotlib.collections.EllipseCollection or PathCollection
        The artist: the ellipses from the largest to the smallest; paths if units differ.
    order : ndarray of shape (n_components,), int
        Which component each of them is.
    ax_, figure_
        Where it is drawn.

    Examples
    --------
    >>> from gmmfast.plot import EllipseDisplay
    >>> model = ([0.5, 0.5], [[4.0, 4.0, 40.0], [12.0, 4.0, 200.0]], [4.0, 9.0])
    >>> display = EllipseDisplay.from_estimator(model, extent=[(0, 20), (0, 10)])
    >>> display.order.tolist(), display.colors[:, 0].tolist()
    ([1, 0], [40, 200])
    """

    ellipses_: EllipseCollection | PathCollection

    def __init__(
        self,
        *,
        ellipses: ErrorEllipses,
        colors: NDArray[np.uint8],
        frame: Frame,
        ramp: Ramp,
        alpha: float = 0.85,
        factors: NDArray[np.float64] | None = None,
    ) -> None:
        self.ellipses, self.colors, self.frame = ellipses, colors, frame
        self.ramp, self.alpha, self.factors = ramp, alpha, factors
        self.order = np.argsort(-ellipses.widths * ellipses.heights, kind="stable")

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        shape: Sequence[int] | None = None,
        *,
        n_std: float = 2.0,
        alpha: float | None = None,
        palette: str | Ramp = "ink",
        extent: Sequence[Sequence[float]] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the components of a model.

        Parameters
        ----------
        model : fitted estimator, Mixture, or (weights, means, covariances)
            Over (x, y), (x, y, gray) or (x, y, r, g, b), levels from 0 to 255.
        n_std : float
            Half axes, in standard deviations.
        alpha : float, optional
            The opacity. By default 0.85, and for ink 0.55, which makes them darken
            where they overlap.
        palette : str or Ramp
            The paper; and for ink, which has no color of its own, the ink.
        shape, extent
            As for `DensityDisplay.from_estimator`.
        ax : matplotlib Axes, optional
            By default those of a new figure.

        Returns
        -------
        EllipseDisplay

        Raises
        ------
        ValueError, TypeError
            If the model has other features, or if `n_std` is not above 0.
        ImportError
            If matplotlib is not installed.
        """
        cls._require()
        frame, ramp = Frame.from_model(model, shape, extent), palette_of(palette)
        check_channels(model, or_ink=True)
        mixture = Mixture.from_model(model)
        is_ink = mixture.n_features == 2
        colors = ramp(np.ones(mixture.n_components)) if is_ink else mean_colors(mixture)
        opaque = (0.55 if is_ink else 0.85) if alpha is None else alpha
        ellipses = mixture.error_ellipses(n_std)
        factors = n_std * cholesky(mixture._parameters().matrices()[:, :2, :2])
        display = cls(
            ellipses=ellipses,
            colors=colors,
            frame=frame,
            ramp=ramp,
            alpha=opaque,
            factors=factors,
        )
        return display.plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw it on axes, by default on those of a new figure."""
        paper = self.ramp.paper
        ax = self._take_picture_axes(ax, self.frame, self.ramp.ink)
        left, right, bottom, top = self.frame.borders
        ax.fill([left, right, right, left], [bottom, bottom, top, top], color=paper, zorder=0)
        ax.figure.set_facecolor(paper)
        self.ellipses_ = self._collection(ax)
        ax.add_collection(self.ellipses_)
        return self

    def _collection(self, ax: Axes) -> EllipseCollection | PathCollection:
        from matplotlib.collections import EllipseCollection, PathCollection  # noqa: PLC0415
        from matplotlib.path import Path  # noqa: PLC0415 (an extra)
        from matplotlib.transforms import Affine2D  # noqa: PLC0415

        options: dict[str, Any] = {
            "facecolors": self.colors[self.order] / 255,
            "edgecolors": "none",
            "alpha": self.alpha,
        }
        centers = self.ellipses.centers[self.order]
        if self.factors is None or self.frame.aspect == "equal":
            return EllipseCollection(
                self.ellipses.widths[self.order],
                self.ellipses.heights[self.order],
                self.ellipses.angles[self.order],
                units="xy",
                offsets=centers,
                offset_transform=ax.transData,
                **options,
            )
        maps = np.tile(np.eye(3), (len(centers), 1, 1))
        maps[:, :2, :2], maps[:, :2, 2] = self.factors[self.order], centers
        paths = [Path.unit_circle().transformed(Affine2D(each)) for each in maps]
        return PathCollection(paths, **options)

"""A density in the plane, sliced: the curves p(y | x) at several x."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gmmfast._validation import float_array
from gmmfast.mixture import Mixture
from gmmfast.plot.base import Display, Frame
from gmmfast.plot.contour import contour_levels
from gmmfast.plot.palettes import palette_of
from gmmfast.rendering.grid import render_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.contour import QuadContourSet
    from matplotlib.lines import Line2D
    from numpy.typing import ArrayLike, NDArray

    from gmmfast.styles import Ramp

    Array = NDArray[np.float64]

#: The height of the highest curve, relative to the distance between slices.
_REACH = 0.85


class SliceDisplay(Display):
    """Contours of a density with its conditional curves, each drawn from its slice on.

    Parameters
    ----------
    values : ndarray of shape (n_slices,)
        The values of x.
    y : ndarray of shape (n_points,)
    densities : ndarray of shape (n_slices, n_points)
        p(y | x), each of integral 1.
    log_density : ndarray of shape (height, width)
        The log-density of (x, y), for the contours.
    frame : Frame
        The part of the plane.
    ramp : Ramp

    Attributes
    ----------
    contour_ : matplotlib.contour.QuadContourSet
    lines_ : list of matplotlib.lines.Line2D
        The curves: x is the slice's plus the density times `scale_`, y is y.
    areas_ : list of matplotlib.collections.PolyCollection
        Under the curves.
    scale_ : float
        The scale of the curves: units of x for a unit of density.
    ax_, figure_
        Where it is drawn.

    Examples
    --------
    >>> from gmmfast.plot import SliceDisplay
    >>> model = ([1.0], [[0.0, 0.0]], [[[2.0, 1.2], [1.2, 1.5]]])
    >>> display = SliceDisplay.from_estimator(model, [-1.0, 1.0])
    >>> float(display.y[display.densities[1].argmax()].round(1))
    0.6
    """

    contour_: QuadContourSet
    lines_: list[Line2D]
    areas_: list[PolyCollection]
    scale_: float

    def __init__(
        self,
        *,
        values: Array,
        y: Array,
        densities: Array,
        log_density: Array,
        frame: Frame,
        ramp: Ramp,
    ) -> None:
        self.values, self.y, self.densities = values, y, densities
        self.log_density, self.frame, self.ramp = log_density, frame, ramp

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        values: ArrayLike,
        *,
        extent: Sequence[Sequence[float]] | None = None,
        palette: str | Ramp = "lagoon",
        ax: Axes | None = None,
        n_threads: int | None = None,
    ) -> Self:
        """Condition a model of two features on values of the first, and draw it.

        Parameters
        ----------
        model : fitted estimator, Mixture, or (weights, means, covariances)
            A model over (x, y).
        values : array-like of shape (n_slices,)
            The values of x.
        extent, ax, n_threads
            As for `DensityDisplay.from_estimator`.
        palette : str or Ramp
            The colors of the contours and the curves.

        Returns
        -------
        SliceDisplay

        Raises
        ------
        ValueError, TypeError
            If the model has more features, if values are not numbers, or if `render_grid` raises.
        ImportError
            If matplotlib is not installed.
        """
        cls._require()
        mixture = Mixture.from_model(model)
        if mixture.n_features != 2:
            raise ValueError(
                f"model: expected 2 features, got {mixture.n_features}; take its marginal first"
            )
        at = float_array("values", np.atleast_1d(np.asarray(values)), ndims=(1,))
        frame, ramp = Frame.from_model(model, None, extent), palette_of(palette)
        _, y = frame.centers()
        options: dict[str, Any] = {"quantity": "density", "n_threads": n_threads}
        densities = np.stack([
            render_grid(mixture.condition([0], [x]), len(y), extent=[frame.extent[1]], **options)
            for x in at
        ])  # fmt: skip
        log_density = frame.render(mixture, "log_density", n_threads=n_threads)
        display = cls(
            values=at, y=y, densities=densities, log_density=log_density, frame=frame, ramp=ramp
        )
        return display.plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw it on axes, by default on those of a new figure."""
        ax = self._take_axes(ax, (7.0, 4.4))
        left, right, bottom, top = self.frame.borders
        xlabel, ylabel = self.frame.names
        ax.set(xlim=(left, right), ylim=(bottom, top), xlabel=xlabel, ylabel=ylabel)
        x, _ = self.frame.centers()
        colors = self.ramp(np.linspace(0.2, 0.7, 9)) / 255
        self.contour_ = ax.contour(
            x,
            self.y,
            self.log_density,
            levels=contour_levels(self.log_density, 9),
            colors=colors,
            linewidths=0.8,
            linestyles="solid",
        )
        # The highest curve ends before the next slice.
        gaps = np.diff(np.unique(self.values))
        room = gaps.min() if len(gaps) else (right - left) / 4
        self.scale_ = float(_REACH * room / self.densities.max())
        self.lines_, self.areas_ = [], []
        for value, density in zip(self.values, self.densities, strict=True):
            curve = value + self.scale_ * density
            ax.plot([value, value], [bottom, top], color=self.ramp.ink, lw=0.6, alpha=0.5)
            self.areas_.append(
                ax.fill_betweenx(self.y, value, curve, color="#c8452f", alpha=0.18, linewidth=0)
            )
            self.lines_ += ax.plot(curve, self.y, color="#c8452f", lw=1.4)
        ax.spines[["top", "right"]].set_visible(False)
        return self

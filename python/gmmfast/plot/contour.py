"""Contour art: lines or areas of equal log-density.

Levels are chosen by the mass that they enclose: the smallest region that holds a part of the mass
(R. J. Hyndman, Computing and graphing highest density regions, The American Statistician 50(2),
1996), which suits a model of few wide components as well as a drawing of a thousand thin ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gmmfast._validation import check_count, float_array
from gmmfast.plot.base import Display, Frame
from gmmfast.plot.palettes import palette_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.contour import QuadContourSet
    from numpy.typing import ArrayLike, NDArray

    from gmmfast.styles import Ramp

#: The mass outside of the outermost and of the innermost contour.
_OUTERMOST, _INNERMOST = 0.005, 0.97


def contour_levels(log_density: ArrayLike, n_levels: int) -> NDArray[np.float64]:
    """Return log-densities whose contours enclose even shares of the mass.

    Parameters
    ----------
    log_density : array-like
        Over a regular grid that holds nearly all of the mass.
    n_levels : int
        How many, at most: equal ones are left out.

    Returns
    -------
    ndarray of shape (n_levels,)
        Ascending. The first encloses 99.5 % of the mass, the last 3 %.

    Examples
    --------
    >>> x = np.linspace(-6, 6, 1201)
    >>> levels = contour_levels(-x**2 / 2, 2)
    >>> np.sqrt(-2 * levels).round(1).tolist()
    [2.8, 0.0]
    """
    check_count("n_levels", n_levels)
    values = np.sort(np.ravel(np.asarray(log_density, dtype=np.float64)))
    mass = np.cumsum(np.exp(values - values[-1]))
    outside = np.linspace(_OUTERMOST, _INNERMOST, n_levels) * mass[-1]
    return np.unique(values[np.searchsorted(mass, outside)])


class ContourDisplay(Display):
    """Contours of a log-density, as lines or as filled areas.

    Parameters
    ----------
    log_density : ndarray of shape (height, width)
    levels : ndarray of shape (n_levels,)
        Ascending.
    frame : Frame
        The part of the plane.
    ramp : Ramp
        The paper, and the colors from the lowest level to the highest.
    filled : bool
        Whether areas are drawn instead of lines.

    Attributes
    ----------
    contour_ : matplotlib.contour.QuadContourSet
        The artist.
    points_ : matplotlib.collections.PathCollection or None
        The data, if any.
    ax_, figure_
        Where it is drawn.

    Examples
    --------
    >>> from gmmfast.plot import ContourDisplay
    >>> model = ([0.5, 0.5], [[0.0, 0.0], [4.0, 1.0]], [1.0, 2.0])
    >>> display = ContourDisplay.from_estimator(model, levels=5, palette="lagoon")
    >>> len(display.levels)
    5
    """

    contour_: QuadContourSet
    points_: Any = None

    def __init__(
        self,
        *,
        log_density: NDArray[np.float64],
        levels: NDArray[np.float64],
        frame: Frame,
        ramp: Ramp,
        filled: bool = False,
    ) -> None:
        self.log_density, self.levels, self.frame = log_density, levels, frame
        self.ramp, self.filled = ramp, filled

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        shape: Sequence[int] | None = None,
        *,
        X: ArrayLike | None = None,
        levels: int | ArrayLike = 12,
        filled: bool = False,
        palette: str | Ramp = "lagoon",
        linewidths: float = 0.7,
        extent: Sequence[Sequence[float]] | None = None,
        ax: Axes | None = None,
        n_threads: int | None = None,
    ) -> Self:
        """Render the log-density of a model's first two features, and draw its contours.

        Parameters
        ----------
        model : fitted estimator, Mixture, or (weights, means, covariances)
            A model of two or more features, the first of which are x and y.
        shape, extent, n_threads
            As for `DensityDisplay.from_estimator`.
        X : array-like of shape (n_samples, 2), optional
            Points to draw under the contours.
        levels : int or array-like of shape (n_levels,)
            How many, each enclosing an even share of the mass; or the log-densities.
        filled : bool
            Areas instead of lines.
        palette : str or Ramp
            Paper, then colors from the lowest level to the highest: a name in `PALETTES`, or
            a ramp.
        linewidths : float
            In points.
        ax : matplotlib Axes, optional
            By default those of a new figure.

        Returns
        -------
        ContourDisplay

        Raises
        ------
        ValueError, TypeError
            If `render_grid` raises, or if levels are not numbers.
        ImportError
            If matplotlib is not installed.
        """
        cls._require()
        ramp = palette_of(palette)
        frame = Frame.from_model(model, shape, extent)
        log_density = frame.render(model, "log_density", n_threads=n_threads)
        chosen = (
            contour_levels(log_density, levels)  # type: ignore[arg-type]
            if np.ndim(levels) == 0
            else np.unique(float_array("levels", levels, ndims=(1,)))
        )
        display = cls(
            log_density=log_density, levels=chosen, frame=frame, ramp=ramp, filled=filled
        )
        return display.plot(ax, X=X, linewidths=linewidths)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        X: ArrayLike | None = None,
        linewidths: float = 0.7,
    ) -> Self:
        """Draw it on axes, by default on those of a new figure."""
        points = None if X is None else float_array("X", X, ndims=(2,))
        ax = self._take_picture_axes(ax, self.frame, self.ramp.ink)
        paper, ink = self.ramp.paper, self.ramp.ink
        left, right, bottom, top = self.frame.borders
        ax.fill([left, right, right, left], [bottom, bottom, top, top], color=paper, zorder=0)
        ax.figure.set_facecolor(paper)
        x, y = self.frame.centers()
        draw = ax.contourf if self.filled else ax.contour
        options: dict[str, Any] = {"extend": "max"} if self.filled else {"linewidths": linewidths}
        # The paper's own color is no line's; negative levels are dashed by default.
        shares = np.linspace(0, 1, len(self.levels) + 1)[1:]
        colors = self.ramp(shares) / 255
        if not self.filled:
            options["linestyles"] = "solid"
        self.contour_ = draw(x, y, self.log_density, levels=self.levels, colors=colors, **options)
        if points is not None:
            self.points_ = ax.scatter(
                points[:, 0], points[:, 1], s=5, color=ink, alpha=0.5, linewidths=0
            )
        return self

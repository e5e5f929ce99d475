"""A tone curve drawn, over what it does to a picture's densities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gmmfast.mixture import Mixture
from gmmfast.plot._base import Display, Frame
from gmmfast.tone import ToneCurve, scale_to_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from matplotlib.lines import Line2D
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_CURVE, _LINEAR, _DATA = "#1d2b4f", "#e08a2e", "#b9c3d3"


class ToneCurveDisplay(Display):
    """A tone curve from scaled density to grey, beside the straight line.

    Parameters
    ----------
    tone : ToneCurve
    density : ndarray, optional
        Scaled to [0, 1]: how often each value is in a picture is shown behind the curve.

    Attributes
    ----------
    line_, linear_ : matplotlib.lines.Line2D
        The curve, and the straight line, dashed.
    bars_ : matplotlib.container.BarContainer or None
        How many pixels have each density, as a share of the most that any has.
    strip_ : matplotlib.image.AxesImage
        The greys that the curve makes of 0 to 1, under the axis.
    ax_, figure_
        Where it is drawn.

    Examples
    --------
    >>> import gmmfast
    >>> from gmmfast.plot import ToneCurveDisplay
    >>> display = ToneCurveDisplay(tone=gmmfast.ToneCurve([(0, 0), (0.2, 0.7), (1, 1)])).plot()
    >>> display.line_.get_xydata().tolist()
    [[0.0, 0.0], [0.2, 0.7], [1.0, 1.0]]
    """

    line_: Line2D
    linear_: Line2D
    strip_: AxesImage
    bars_: Any

    def __init__(self, *, tone: ToneCurve, density: Array | None = None) -> None:
        self.tone, self.density = tone, density

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        tone: ToneCurve,
        shape: Sequence[int] | None = None,
        *,
        extent: Sequence[Sequence[float]] | None = None,
        ax: Axes | None = None,
        n_threads: int | None = None,
    ) -> Self:
        """Draw a curve over the densities of a model's picture.

        Parameters
        ----------
        model : fitted estimator, Mixture, or (weights, means, covariances)
        tone : ToneCurve
        shape, extent, ax, n_threads
            As for `DensityDisplay.from_estimator`.

        Returns
        -------
        ToneCurveDisplay

        Raises
        ------
        ValueError, TypeError
            As `render_grid` raises.
        ImportError
            Without matplotlib.
        """
        cls._require()
        frame = Frame.of(model, shape, extent)
        density = frame.render(Mixture.from_model(model), "density", n_threads=n_threads)
        return cls(tone=tone, density=scale_to_unit(density)).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw it on axes, by default on those of a new figure."""
        ax = self._take_axes(ax, (4.4, 4.4))
        self.bars_ = None
        if self.density is not None:
            counts, edges = np.histogram(self.density, bins=60, range=(0, 1))
            # Most of a picture is paper: roots let the rest be seen.
            heights = np.sqrt(counts / counts.max())
            self.bars_ = ax.bar(edges[:-1], heights, np.diff(edges), align="edge", color=_DATA)
        (self.linear_,) = ax.plot([0, 1], [0, 1], color=_LINEAR, lw=1.4, ls=(0, (5, 3)))
        (self.line_,) = ax.plot(*np.transpose(self.tone.points), color=_CURVE, lw=2.2)
        self.line_.set(marker="o", markersize=4, clip_on=False)
        greys = 1 - self.tone(np.linspace(0, 1, 256))[None]
        self.strip_ = ax.imshow(
            greys, extent=(0, 1, -0.09, -0.03), cmap="gray", vmin=0, vmax=1, aspect="auto"
        )
        ax.set(xlim=(0, 1), ylim=(-0.1, 1), aspect="equal")
        ax.set(xlabel="density, scaled", ylabel="darkness")
        ax.spines[["top", "right"]].set_visible(False)
        return self

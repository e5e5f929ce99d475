"""The density of one feature as a curve, with its components and its data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gmmfast._validation import check_count, check_extent, float_array
from gmmfast.mixture import Mixture
from gmmfast.mixture.parameters import expected_log_weights
from gmmfast.plot.base import Display
from gmmfast.rendering.grid import render_grid
from gmmfast.rendering.request import extent_of_components

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection
    from matplotlib.container import BarContainer
    from matplotlib.lines import Line2D
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

#: The most ticks of a rug: more are a solid bar, and slow.
_MAX_TICKS = 2000

CURVE, PART, DATA = "#1d2b4f", "#c8452f", "#b9c3d3"


class PdfDisplay(Display):
    """A density of one feature.

    Parameters
    ----------
    x : ndarray of shape (n_points,)
    density : ndarray of shape (n_points,)
    components : ndarray of shape (n_components, n_points)
        Weighted: their sum is the density.
    data : ndarray of shape (n_samples,), optional

    Attributes
    ----------
    line_ : matplotlib.lines.Line2D
        The curve.
    component_lines_ : list of matplotlib.lines.Line2D
        The parts, dashed.
    histogram_ : matplotlib.container.BarContainer or None
        The histogram of the data, as a density.
    rug_ : matplotlib.collections.LineCollection or None
        A tick at every point of the data, or if there are more than 2000 at as many of them,
        evenly by rank.
    ax_, figure_
        Where it is drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from gmmfast.plot import PdfDisplay
    >>> model = ([0.4, 0.6], [[-1.0], [2.0]], [0.5, 1.0])
    >>> display = PdfDisplay.from_estimator(model)
    >>> bool(np.allclose(display.components.sum(axis=0), display.density))
    True
    """

    line_: Line2D
    component_lines_: list[Line2D]
    histogram_: BarContainer | None
    rug_: LineCollection | None

    def __init__(
        self, *, x: Array, density: Array, components: Array, data: Array | None = None
    ) -> None:
        self.x, self.density, self.components, self.data = x, density, components, data

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: ArrayLike | None = None,
        *,
        n_points: int = 512,
        extent: Sequence[Sequence[float]] | None = None,
        ax: Axes | None = None,
        **options: Any,
    ) -> Self:
        """Evaluate the density of a model of one feature, and draw it.

        Parameters
        ----------
        model : fitted estimator, Mixture, or (weights, means, covariances)
            A model of one feature.
        X : array-like of shape (n_samples,) or (n_samples, 1), optional
            Data to draw as a histogram and a rug.
        n_points : int
            The number of points at which the density is evaluated.
        extent : (low, high), optional
            The interval that is shown. By default all means and 3.5 standard deviations beyond.
        ax : matplotlib Axes, optional
            By default those of a new figure.
        **options
            As for `plot`.

        Returns
        -------
        PdfDisplay

        Raises
        ------
        ValueError, TypeError
            If the model has more features, or if `render_grid` raises.
        ImportError
            If matplotlib is not installed.
        """
        cls._require()
        mixture = Mixture.from_model(model)
        if mixture.n_features != 1:
            raise ValueError(
                f"model: expected 1 feature, got {mixture.n_features}; take its marginal first"
            )
        data = None if X is None else float_array("X", X, ndims=(1, 2)).reshape(-1)
        n = check_count("n_points", n_points)
        spread, means = np.sqrt(mixture._parameters().variances()[:, 0]), mixture.means[:, 0]
        known = extent_of_components(mixture) if mixture.extent is None else mixture.extent
        ((low, high),) = known if extent is None else check_extent(extent, max_axes=1)
        x = low + (np.arange(n) + 0.5) * (high - low) / n
        z = (x - means[:, None]) / spread[:, None]
        logs = expected_log_weights(model)
        weights = mixture.weights if logs is None else np.exp(logs)
        peaks = weights / (spread * np.sqrt(2 * np.pi))
        components = peaks[:, None] * np.exp(-0.5 * z**2)
        density = render_grid(model, n, quantity="density", extent=[(low, high)])
        return cls(x=x, density=density, components=components, data=data).plot(ax, **options)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        bins: int | str = "auto",
        parts: bool = True,
        color: str = CURVE,
        label: str | None = None,
    ) -> Self:
        """Draw it on axes, by default on those of a new figure.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        bins : int or str
            The bins of the histogram, as in `numpy.histogram_bin_edges`.
        parts : bool
            Whether the components are drawn.
        color : str
            The color of the curve.
        label : str, optional
            The label of the curve in a legend.
        """
        ax = self._take_axes(ax)
        self.histogram_, self.rug_ = None, None
        if self.data is not None:
            edges = np.histogram_bin_edges(self.data, bins)
            heights, _ = np.histogram(self.data, edges, density=True)
            options: dict[str, Any] = {"color": DATA, "alpha": 0.55, "linewidth": 0.6}
            self.histogram_ = ax.bar(
                edges[:-1], heights, np.diff(edges), align="edge", edgecolor="white", **options
            )
            ticks = self.data
            if len(ticks) > _MAX_TICKS:
                ranks = np.linspace(0, len(ticks) - 1, _MAX_TICKS).astype(np.intp)
                ticks = np.sort(ticks)[ranks]
            self.rug_ = ax.vlines(
                ticks,
                0,
                0.03,
                transform=ax.get_xaxis_transform(),
                color=color,
                alpha=0.5,
                lw=0.6,
            )
        self.component_lines_ = [
            ax.plot(self.x, part, color=PART, lw=1.1, ls=(0, (5, 3)))[0]
            for part in (self.components if parts else ())
        ]
        (self.line_,) = ax.plot(self.x, self.density, color=color, lw=2.0, label=label)
        ax.set(xlabel="x", ylabel="p(x)")
        ax.set_ylim(bottom=0)
        ax.margins(x=0)
        ax.spines[["top", "right"]].set_visible(False)
        return self

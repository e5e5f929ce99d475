"""The base of the displays: axes, frames, and the import of matplotlib.

Matplotlib is an extra: it is imported when a display is made. Guarantees that pictures have x to
the right and y down with square pixels, and that a figure that a display makes itself fits the
picture.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast._validation import check_extent, check_shape
from gmmfast.mixture import Mixture
from gmmfast.rendering.grid import render_grid
from gmmfast.rendering.request import resolve_extent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from gmmfast._validation import Extent

#: Pixels along the longer side if no shape is given.
_DEFAULT_SIDE = 640

#: Standard deviations about the mean that are shown of a model without an extent.
_VIEW = 3.0

#: Inches along the longer side of a figure, and at least along the shorter.
_FIGURE_SIDE, _FIGURE_LEAST = 7.0, 2.5


def require_matplotlib(user: str) -> None:
    """Raise ImportError if matplotlib is not installed."""
    if importlib.util.find_spec("matplotlib") is None:
        raise ImportError(
            f"{user}: expected matplotlib, got an installation without it; "
            "pip install 'gmmfast[plot]'"
        )


class Frame(NamedTuple):
    """The part of the plane of a model's first two features that is shown, and its pixels."""

    shape: tuple[int, int]
    extent: Extent
    #: Whether y runs down, as in pictures.
    y_down: bool

    @classmethod
    def from_model(
        cls,
        model: Any,
        shape: Sequence[int] | None = None,
        extent: Sequence[Sequence[float]] | None = None,
    ) -> Frame:
        """Return the frame of a model.

        A model with an extent is shown over it, y down. A model without one is over pixels, y
        down, if there is a shape and no extent; else its mass is shown, y up.
        """
        mixture = Mixture.from_model(model)
        if mixture.n_features < 2:
            raise ValueError(
                f"model: expected at least 2 features, got {mixture.n_features}; see PdfDisplay"
            )
        is_picture = mixture.extent is not None or (shape is not None and extent is None)
        if shape is None:
            wanted = mixture.extent if extent is None else check_extent(extent, max_axes=2)
            known = _view(mixture) if wanted is None else wanted[:2]
            remembered = getattr(model, "image_shape_", None) if extent is None else None
            return cls(remembered or _shape_of(known), known, is_picture)
        checked = check_shape(shape)
        if len(checked) != 2:
            raise ValueError(f"shape: expected (height, width), got {checked}")
        resolved = resolve_extent(extent, mixture.extent, [0, 1], checked)
        return cls((checked[0], checked[1]), resolved, is_picture)

    def render(self, model: Any, quantity: str, **options: Any) -> NDArray[Any]:
        """Return a quantity of `render_grid` over the frame."""
        chosen: Any = quantity  # one of the literals
        return render_grid(model, self.shape, quantity=chosen, extent=self.extent, **options)

    @property
    def borders(self) -> tuple[float, float, float, float]:
        """(left, right, bottom, top), for matplotlib."""
        (left, right), (low, high) = self.extent
        return (left, right, high, low) if self.y_down else (left, right, low, high)

    def centers(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return x and y of the pixels' centers, (width,) and (height,)."""
        sides = zip(self.extent, reversed(self.shape), strict=True)
        x, y = (low + (np.arange(n) + 0.5) * (high - low) / n for (low, high), n in sides)
        return x, y


def _view(mixture: Mixture) -> Extent:
    """Return the extent of some standard deviations about the mean of x and y."""
    weights, means = mixture.weights, mixture.means
    pairs = []
    for axis in range(2):
        marginal = mixture.marginal([axis])
        variances = marginal.covariances.reshape(-1)
        center = float(weights @ means[:, axis])
        spread = float(np.sqrt(weights @ (variances + (means[:, axis] - center) ** 2)))
        pairs.append((center - _VIEW * spread, center + _VIEW * spread))
    return tuple(pairs)


def _shape_of(extent: Extent) -> tuple[int, int]:
    width, height = (abs(high - low) for low, high in extent)
    scale = _DEFAULT_SIDE / max(width, height)
    return max(1, round(scale * height)), max(1, round(scale * width))


class Display:
    """The base class of displays.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        The axes.
    figure_ : matplotlib.figure.Figure
        The figure of the axes.
    """

    ax_: Axes
    figure_: Figure

    @classmethod
    def _require(cls) -> None:
        require_matplotlib(cls.__name__)

    def _take_axes(self, ax: Axes | None, size: tuple[float, float] = (6.4, 4.0)) -> Axes:
        """Set `ax_` and `figure_`; a new figure has `size` inches."""
        self._require()
        if ax is None:
            ax = new_axes(1, size)[0]
        self.ax_ = ax
        self.figure_ = ax.figure  # type: ignore[assignment]
        return ax

    def _take_picture_axes(self, ax: Axes | None, frame: Frame) -> Axes:
        """Return bare axes with square pixels that show the frame."""
        ax = self._take_axes(ax, figure_size(frame))
        left, right, bottom, top = frame.borders
        ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
        ax.set_axis_off()
        return ax


def new_axes(n_columns: int, size: tuple[float, float]) -> list[Axes]:
    """Return the axes, side by side, of a new figure of `size` inches."""
    import matplotlib.pyplot as plt  # noqa: PLC0415 (an extra)

    _, axes = plt.subplots(1, n_columns, figsize=size, layout="constrained", squeeze=False)
    return list(axes[0])


def figure_size(frame: Frame) -> tuple[float, float]:
    """Return inches of the frame's own proportions."""
    width, height = (abs(high - low) for low, high in frame.extent)
    scale = _FIGURE_SIDE / max(width, height)
    return max(scale * width, _FIGURE_LEAST), max(scale * height, _FIGURE_LEAST)


def picture_image(ax: Axes, picture: NDArray[Any], frame: Frame, **options: Any) -> Any:
    """Draw an array over the frame, pixel by pixel, and return the artist."""
    left, right, bottom, top = frame.borders
    origin = "upper" if frame.y_down else "lower"
    options = {"interpolation": "antialiased", **options}
    extent = (left, right, bottom, top)
    return ax.imshow(picture, extent=extent, origin=origin, aspect="equal", **options)  # type: ignore[arg-type]

"""The base of the displays: axes, frames, and the import of matplotlib.

Matplotlib is an extra: it is imported when a display is made. Guarantees that pictures have x to
the right and y down with square pixels, that features of different units fill the axes and have
labels, and that a figure that a display makes itself fits the picture.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from gmmfast._validation import check_shape
from gmmfast.mixture import Mixture
from gmmfast.rendering.grid import render_grid
from gmmfast.rendering.request import resolve_extent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from gmmfast._validation import Extent

#: Pixels along the longer side if no shape is given, and at least along the shorter.
_DEFAULT_SIDE, _LEAST_SIDE = 640, 200

#: Units are different if one side is more than this many times as long as the other. Such a plane
#: is shown at these proportions.
_SAME_UNITS, _UNLIKE_SHAPE = 10.0, (480, 640)

#: The sides of square pixels differ by less than this factor: default shapes are rounded.
_SQUARE = 1.5

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
    #: The names of the two features.
    names: tuple[str, str] = ("x", "y")

    @classmethod
    def from_model(
        cls,
        model: Any,
        shape: Sequence[int] | None = None,
        extent: Sequence[Sequence[float]] | None = None,
    ) -> Frame:
        """Return the frame of a model.

        A model with an extent is shown over it, y down; that of a clip without its time. A model
        without one is over pixels, y down, if there is a shape and no extent; else its mass is
        shown, y up. Names are those of the features, if they have any.
        """
        mixture = Mixture.from_model(model)
        if mixture.n_features < 2:
            raise ValueError(
                f"model: expected at least 2 features, got {mixture.n_features}; see PdfDisplay"
            )
        is_picture = mixture.extent is not None or (shape is not None and extent is None)
        given = mixture.feature_names or ("x", "y")
        names = given[0], given[1]
        if shape is None:
            known = mixture.extent or ()
            if len(known) < 2:
                known = (*known, *_view(mixture)[len(known) :])
            shown = resolve_extent(extent, known, [0, 1], (1, 1))
            remembered = getattr(model, "image_shape_", ()) if extent is None else ()
            return cls(remembered[-2:] or default_shape(shown), shown, is_picture, names)
        checked = check_shape(shape)
        if len(checked) != 2:
            raise ValueError(f"shape: expected (height, width), got {checked}")
        resolved = resolve_extent(extent, mixture.extent, [0, 1], checked)
        return cls((checked[0], checked[1]), resolved, is_picture, names)

    def render(self, model: Any, quantity: str, **options: Any) -> NDArray[Any]:
        """Return a quantity of `render_grid` over the frame."""
        chosen: Any = quantity  # one of the literals
        return render_grid(model, self.shape, quantity=chosen, extent=self.extent, **options)

    @property
    def borders(self) -> tuple[float, float, float, float]:
        """(left, right, bottom, top), for matplotlib."""
        (left, right), (low, high) = self.extent
        return (left, right, high, low) if self.y_down else (left, right, low, high)

    @property
    def aspect(self) -> Literal["equal", "auto"]:
        """The aspect of matplotlib's axes: "auto" if units differ and pixels are not square."""
        width, height = _sides(self.extent)
        is_square = _ratio(width * self.shape[0], height * self.shape[1]) < _SQUARE
        return "auto" if units_differ(self.extent) and not is_square else "equal"

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


def _sides(extent: Extent) -> tuple[float, float]:
    (left, right), (low, high) = extent
    return abs(right - left), abs(high - low)


def _ratio(one: float, other: float) -> float:
    return max(one, other) / min(one, other)


def units_differ(extent: Extent) -> bool:
    """Return whether one side of an extent is more than ten times as long as the other.

    Those of a picture, from -0.5 on, are both in pixels.
    """
    is_picture = all(low == -0.5 for low, _ in extent)
    return _ratio(*_sides(extent)) > _SAME_UNITS and not is_picture


def default_shape(extent: Extent) -> tuple[int, int]:
    """Return the (height, width) of a grid over an extent.

    It has at least 200 points along each axis, unless a picture is too long for that. Its pixels
    are square if the units are the same and the picture is not too long.
    """
    if units_differ(extent):
        return _UNLIKE_SHAPE
    width, height = _sides(extent)
    scale = _DEFAULT_SIDE / max(width, height)
    least = _LEAST_SIDE if _ratio(width, height) <= _SAME_UNITS else 1
    return max(least, round(scale * height)), max(least, round(scale * width))


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

    def _take_picture_axes(self, ax: Axes | None, frame: Frame, color: str = "black") -> Axes:
        """Return axes that show the frame: bare ones, or labeled in a color if units differ."""
        ax = self._take_axes(ax, figure_size(frame))
        left, right, bottom, top = frame.borders
        ax.set(xlim=(left, right), ylim=(bottom, top), aspect=frame.aspect)
        if frame.aspect == "equal":
            ax.set_axis_off()
            return ax
        for label, name in zip((ax.xaxis.label, ax.yaxis.label), frame.names, strict=True):
            label.set(text=name, color=color)
        ax.tick_params(colors=color)
        ax.spines[:].set_color(color)
        for axis in (ax.xaxis, ax.yaxis):
            axis.get_offset_text().set_color(color)
        return ax


def new_axes(n_columns: int, size: tuple[float, float]) -> list[Axes]:
    """Return the axes, side by side, of a new figure of `size` inches."""
    import matplotlib.pyplot as plt  # noqa: PLC0415 (an extra)

    _, axes = plt.subplots(1, n_columns, figsize=size, layout="constrained", squeeze=False)
    return list(axes[0])


def figure_size(frame: Frame) -> tuple[float, float]:
    """Return inches of the frame's own proportions, or of its grid's if units differ."""
    width, height = _sides(frame.extent)
    if frame.aspect == "auto":
        height, width = _UNLIKE_SHAPE
    scale = _FIGURE_SIDE / max(width, height)
    return max(scale * width, _FIGURE_LEAST), max(scale * height, _FIGURE_LEAST)


def picture_image(ax: Axes, picture: NDArray[Any], frame: Frame, **options: Any) -> Any:
    """Draw an array over the frame, pixel by pixel, and return the artist."""
    left, right, bottom, top = frame.borders
    origin = "upper" if frame.y_down else "lower"
    options = {"interpolation": "antialiased", **options}
    extent = (left, right, bottom, top)
    return ax.imshow(picture, extent=extent, origin=origin, aspect=frame.aspect, **options)  # type: ignore[arg-type]

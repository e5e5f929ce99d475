"""Figures of matplotlib, of exact sizes, as pixels and as vectors.

No window system is used: figures are made without pyplot and drawn by Agg.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast.cli.outputs import Artwork
from gmmfast.plot.base import require_matplotlib

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from gmmfast.plot import Frame

#: Pixels per inch, the unit of line widths.
_DPI = 100


def full_axes(shape: tuple[int, int]) -> Axes:
    """Return axes that fill a figure of (height, width) pixels."""
    return _figure(shape).add_axes((0, 0, 1, 1))


def axes_of(frame: Frame) -> Axes:
    """Return the axes of a figure of a frame's pixels, with room for labels if units differ."""
    return (full_axes if frame.aspect == "equal" else framed_axes)(frame.shape)


def framed_axes(shape: tuple[int, int]) -> Axes:
    """Return the axes of a figure of (height, width) pixels, with room for labels."""
    return _figure(shape, layout="constrained").add_subplot()


def _figure(shape: tuple[int, int], **options: Any) -> Figure:
    require_matplotlib("the command")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(shape[1] / _DPI, shape[0] / _DPI), dpi=_DPI, **options)
    FigureCanvasAgg(figure)
    return figure


def pixels_of(figure: Figure) -> NDArray[np.uint8]:
    """Return the figure drawn, (height, width, 3)."""
    canvas: Any = figure.canvas
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def svg_of(figure: Figure) -> bytes:
    """Return the figure as vectors; the same figure gives the same bytes."""
    import matplotlib as mpl

    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "gmmfast", "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def artwork_of(figure: Any, arrays: dict[str, NDArray[Any]]) -> Artwork:
    """Return the artwork of a figure, and of the arrays that it shows."""
    return Artwork(lambda: pixels_of(figure), lambda: arrays, lambda: svg_of(figure))

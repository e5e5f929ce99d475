"""Curves, points and areas drawn into float arrays, with smooth edges.

A frame is (height, width, 3) float64 of sRGB levels. A curve is given by its row at each column:
the cover of a pixel follows from its distance to the curve along the column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]
    Color = tuple[int, int, int]

PAPER: Color = (250, 248, 243)
INK: Color = (38, 43, 56)
BLUE: Color = (46, 94, 170)
RED: Color = (214, 80, 40)
PALE: Color = (222, 226, 233)


def blank(shape: tuple[int, int]) -> Array:
    """Return a frame of paper."""
    frame = np.empty((*shape, 3))
    frame[:] = PAPER
    return frame


def paint(frame: Array, cover: ArrayLike, color: Color) -> None:
    """Lay a color over a frame, as far as it covers each pixel, 0 to 1."""
    parts = np.asarray(cover)
    # A curve covers hardly one pixel in a hundred.
    rows, columns = np.nonzero(parts)
    below = frame[rows, columns]
    frame[rows, columns] += parts[rows, columns, None] * (np.array(color) - below)


def curve(frame: Array, heights: Array, color: Color, thickness: float = 2.0) -> None:
    """Draw a line through the row `heights[c]` of each column c; NaN where there is none."""
    rows = np.arange(frame.shape[0])[:, None]
    slopes = np.gradient(heights) if len(heights) > 1 else np.zeros(1)
    # The distance to a slanted line is shorter than that along the column.
    distance = np.abs(rows - heights) / np.sqrt(1 + slopes * slopes)
    paint(frame, np.nan_to_num(np.clip(0.5 * thickness + 0.5 - distance, 0, 1)), color)


def area(frame: Array, heights: Array, base: float, color: Color, share: float = 1.0) -> None:
    """Fill the area between rows `heights[c]` and the row `base` below."""
    rows = np.arange(frame.shape[0])[:, None]
    cover = np.clip(rows - heights + 0.5, 0, 1) * np.clip(base - rows + 0.5, 0, 1)
    paint(frame, share * np.nan_to_num(cover), color)


def disc(frame: Array, x: float, y: float, radius: float, color: Color) -> None:
    """Draw a disc about column x and row y; clipped to the frame."""
    height, width = frame.shape[:2]
    left, top = int(max(0, x - radius - 1)), int(max(0, y - radius - 1))
    right, bottom = int(min(width, x + radius + 2)), int(min(height, y + radius + 2))
    if left >= right or top >= bottom:
        return
    rows, columns = np.ogrid[top:bottom, left:right]
    distance = np.hypot(rows - y, columns - x)
    paint(frame[top:bottom, left:right], np.clip(radius + 0.5 - distance, 0, 1), color)


def finished(frame: Array) -> NDArray[np.uint8]:
    """Return a frame in levels."""
    levels: NDArray[np.uint8] = np.rint(np.clip(frame, 0, 255)).astype(np.uint8)
    return levels

"""Pyramids of tiles: each level halves the one below, and all are made in one pass.

A pixel of a level is the mean of four pixels below it, or the first of them if they are labels,
whose mean is that of an unrelated component. Tiles are made depth
first, so a few tiles of each level are in memory at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray


class Place(NamedTuple):
    """A tile: its level, 0 for the whole size, its row and its column of tiles."""

    level: int
    row: int
    column: int


@dataclass(frozen=True)
class Layout:
    """The levels and tiles of a picture.

    Parameters
    ----------
    shape : tuple of int
        (height, width) or (height, width, n_channels).
    dtype : numpy.dtype
    tile_size : int
        Even.
    n_levels : int
    is_label : bool
        Whether pixels are labels, not levels.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    tile_size: int
    n_levels: int
    is_label: bool = False

    def level_shape(self, level: int) -> tuple[int, ...]:
        """Return the shape of a level."""
        height, width = (-(-n // 2**level) for n in self.shape[:2])
        return height, width, *self.shape[2:]

    def n_tiles(self, level: int) -> tuple[int, int]:
        """Return the number of rows and of columns of tiles of a level."""
        height, width = self.level_shape(level)[:2]
        return -(-height // self.tile_size), -(-width // self.tile_size)

    def places(self, level: int) -> Iterator[Place]:
        """Yield the tiles of a level, row by row."""
        n_rows, n_columns = self.n_tiles(level)
        for row in range(n_rows):
            for column in range(n_columns):
                yield Place(level, row, column)

    def window(self, place: Place) -> tuple[slice, slice]:
        """Return the rows and columns of a tile in its level."""
        height, width = self.level_shape(place.level)[:2]
        top, left = place.row * self.tile_size, place.column * self.tile_size
        bottom, right = min(top + self.tile_size, height), min(left + self.tile_size, width)
        return slice(top, bottom), slice(left, right)

    def below(self, place: Place) -> list[list[Place]]:
        """Return the rows of tiles of the level below that make up a tile."""
        level = place.level - 1
        n_rows, n_columns = self.n_tiles(level)
        return [
            [Place(level, row, column) for column in _pair(place.column, n_columns)]
            for row in _pair(place.row, n_rows)
        ]


class Store(Protocol):
    """Tiles in files."""

    def read(self, place: Place) -> NDArray[Any] | None:
        """Return a finished tile, or None unless its content is what was written."""

    def write(self, place: Place, tile: NDArray[Any]) -> None:
        """Write a tile; it is finished when the call returns."""


@dataclass(frozen=True)
class Builder:
    """Makes the tiles of a picture and writes those that are not finished.

    Parameters
    ----------
    picture : array-like
        Anything of the layout's shape whose slices give arrays.
    layout : Layout
    store : Store
    advance : callable, optional
        Called with the number of pixels of the whole size that are done.
    """

    picture: Any
    layout: Layout
    store: Store
    advance: Callable[[int], object] | None = None

    def build(self, place: Place) -> NDArray[Any]:
        """Return a tile, after it and all tiles below it are finished."""
        if place.level == 0:
            tile = self._finished(place, lambda: self._taken(place))
            if self.advance is not None:
                self.advance(tile.shape[0] * tile.shape[1])
            return tile
        rows = [[self.build(each) for each in row] for row in self.layout.below(place)]
        return self._finished(place, lambda: self._halved(rows))

    def join(self, place: Place, base: int) -> NDArray[Any]:
        """Return a tile as `build` does, from tiles of level `base` that are finished."""
        if place.level == base:
            return self._finished(place, lambda: self.build(place))
        rows = [[self.join(each, base) for each in row] for row in self.layout.below(place)]
        return self._finished(place, lambda: self._halved(rows))

    def _halved(self, rows: list[list[NDArray[Any]]]) -> NDArray[Any]:
        pixels = np.concatenate([np.concatenate(row, axis=1) for row in rows])
        return pixels[::2, ::2] if self.layout.is_label else halved(pixels)

    def _taken(self, place: Place) -> NDArray[Any]:
        return np.ascontiguousarray(self.picture[self.layout.window(place)], self.layout.dtype)

    def _finished(self, place: Place, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        tile = self.store.read(place)
        if tile is None:
            tile = make()
            self.store.write(place, tile)
        return tile


def halved(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return the means of 2 x 2 pixels; those of integers are rounded half up."""
    odd = [(0, n % 2) for n in pixels.shape[:2]]
    padded = np.pad(pixels, [*odd, *[(0, 0)] * (pixels.ndim - 2)], mode="edge")
    levels = padded.view(np.uint8) if padded.dtype == bool else padded
    four = [levels[top::2, left::2] for top in range(2) for left in range(2)]
    mean: Any
    if levels.dtype.kind not in "iu":
        mean = sum(four) / 4
    else:  # without overflow, also of 64 bits
        mean = sum(part >> 2 for part in four) + ((sum(part & 3 for part in four) + 2) >> 2)
    return np.asarray(mean, pixels.dtype)


def _pair(of_parent: int, n_tiles: int) -> range:
    return range(2 * of_parent, min(2 * of_parent + 2, n_tiles))

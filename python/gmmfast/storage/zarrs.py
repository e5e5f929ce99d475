"""Tiles in zarr arrays: one array, or the levels of an OME-Zarr picture.

OME-Zarr is written in version 0.5 (zarr format 3): https://ngff.openmicroscopy.org/0.5. Its axes
are (c, y, x), or (y, x) without channels; one array has the axes of the picture, (y, x, c).
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

from gmmfast.storage.ledger import Ledger

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from gmmfast.storage.pyramid import Layout, Place


class ZarrStore:
    """The tiles of a picture in a zarr folder; it can be pickled."""

    def __init__(self, path: Path, layout: Layout, *, is_ome: bool) -> None:
        self.path, self.layout, self.is_ome = path, layout, is_ome
        self.folder = path
        self.ledger = Ledger(path)
        self._arrays: dict[int, Any] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopened, (self.path, self.layout, self.is_ome)

    def is_free(self) -> bool:
        """Return whether the folder is empty or missing, or a zarr."""
        names = ("zarr.json", ".zarray", ".zgroup")
        return any((self.path / name).exists() for name in names) or self.ledger.is_alone()

    def create(self) -> None:
        """Create the arrays without tiles, in place of an earlier folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        if not self.is_ome:
            self._create(self.path, 0)
            return
        group = zarr.create_group(self.path, overwrite=False)
        for level in range(self.layout.n_levels):
            self._create(self.path / str(level), level)
        group.attrs["ome"] = _metadata(self.layout)

    def _create(self, path: Path, level: int) -> None:
        shape, tile = self.layout.level_shape(level), self.layout.tile_size
        chunks: tuple[int, ...] = (tile, tile, *shape[2:])
        names: tuple[str, ...] = ("y", "x", "c")[: len(shape)]
        if self.is_ome:
            shape, chunks, names = (_channels_first(each) for each in (shape, chunks, names))
        zarr.create_array(
            path, shape=shape, chunks=chunks, dtype=self.layout.dtype, dimension_names=names
        )

    def read(self, place: Place) -> NDArray[Any] | None:
        """Return a finished tile, or None unless its content is what was written."""
        if not self.ledger.has(place):
            return None
        try:
            tile = self.taken(place)
        except (OSError, ValueError, RuntimeError):  # damaged, or cut short by a full disk
            return None
        return tile if self.ledger.holds(place, tile) else None

    def taken(self, place: Place) -> NDArray[Any]:
        """Return a tile as it is."""
        window = self.layout.window(place)
        if not self.is_ome:
            return np.asarray(self._array(place.level)[window])
        values = np.asarray(self._array(place.level)[(..., *window)])
        return np.ascontiguousarray(np.moveaxis(values, 0, -1)) if values.ndim == 3 else values

    def write(self, place: Place, tile: NDArray[Any]) -> None:
        """Write a tile; it is finished when the call returns."""
        window = self.layout.window(place)
        if self.is_ome:
            values = np.moveaxis(tile, -1, 0) if tile.ndim == 3 else tile
            self._array(place.level)[(..., *window)] = values
        else:
            self._array(place.level)[window] = tile
        self.ledger.add(place, tile)

    def _array(self, level: int) -> Any:
        if level not in self._arrays:
            path = self.path / str(level) if self.is_ome else self.path
            self._arrays[level] = zarr.open_array(path, mode="r+")
        return self._arrays[level]


def _reopened(path: Path, layout: Layout, is_ome: bool) -> ZarrStore:  # noqa: FBT001
    return ZarrStore(path, layout, is_ome=is_ome)


def _channels_first(values: Any) -> Any:
    return (*values[2:], *values[:2])


def _metadata(layout: Layout) -> dict[str, Any]:
    """Return the attributes of the group; pixel centers of each level are where they are."""
    has_channels = len(layout.shape) == 3
    axes = [{"name": name, "type": "space"} for name in "yx"]
    if has_channels:
        axes.insert(0, {"name": "c", "type": "channel"})
    datasets = []
    for level in range(layout.n_levels):
        scale, shift = 2.0**level, (2.0**level - 1) / 2
        first = [[1.0], [0.0]] if has_channels else [[], []]
        transformations = [
            {"type": "scale", "scale": [*first[0], scale, scale]},
            {"type": "translation", "translation": [*first[1], shift, shift]},
        ]
        datasets.append({"path": str(level), "coordinateTransformations": transformations})
    halving = "first of 2 x 2" if layout.is_label else "mean of 2 x 2"
    scales = {"name": "picture", "axes": axes, "datasets": datasets, "type": halving}
    return {"version": "0.5", "multiscales": [scales]}

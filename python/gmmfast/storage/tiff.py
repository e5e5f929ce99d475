"""Tiled, pyramidal BigTIFF, written from the finished levels of a zarr pyramid.

The levels are sub-images of the first, as OME-TIFF and Bio-Formats expect. A TIFF cannot be
written in parts: the tiles are finished in a zarr folder before, which is removed at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tifffile

from gmmfast._files import replaced

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from gmmfast.storage.zarrs import ZarrStore


def write_tiff(path: Path, store: ZarrStore) -> None:
    """Write the levels of a store to a file, whole or not at all."""
    layout = store.layout
    options: dict[str, Any] = {
        "dtype": layout.dtype,
        "tile": (layout.tile_size, layout.tile_size),
        "photometric": "rgb" if layout.shape[2:] in ((3,), (4,)) else "minisblack",
        "compression": "zlib",
        "maxworkers": 1,
        "metadata": None,
    }
    if layout.shape[2:] == (4,):
        options["extrasamples"] = ["unassalpha"]
    elif len(layout.shape) == 3:
        options["planarconfig"] = "contig"
    with replaced(path) as file, tifffile.TiffWriter(file, bigtiff=True) as writer:
        for level in range(layout.n_levels):
            more: dict[str, Any] = (
                {"subfiletype": 1} if level else {"subifds": layout.n_levels - 1}
            )
            writer.write(_tiles(store, level), shape=layout.level_shape(level), **options, **more)


def _tiles(store: ZarrStore, level: int) -> Iterator[NDArray[Any]]:
    for place in store.layout.places(level):
        yield store.taken(place)

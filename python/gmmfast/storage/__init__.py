"""Pictures larger than memory in files: zarr, OME-Zarr, tiled TIFF and Deep Zoom tiles.

A picture is written tile by tile, with all levels of its pyramid in one pass, at constant memory.
A writing that was stopped goes on where it was. Zarr and TIFF need the extra "dask".
"""

from typing import TYPE_CHECKING

from gmmfast._lazy import attach

if TYPE_CHECKING:
    from gmmfast.storage.opening import open_picture
    from gmmfast.storage.saving import render, save

__all__ = ["open_picture", "render", "save"]

__getattr__, __dir__ = attach(
    __name__,
    {
        "open_picture": "gmmfast.storage.opening",
        "render": "gmmfast.storage.saving",
        "save": "gmmfast.storage.saving",
    },
)

"""The names of files of pictures larger than memory, for the command line, which starts fast."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: The endings of pictures that are written in parts, the longest first. Pillow writes other TIFFs.
WRITTEN = (".ome.zarr", ".zarr", ".big.tif", ".dzi")


def is_big(path: Path, *, also_npy: bool = False) -> bool:
    """Return whether a picture is read in parts."""
    name = path.name.lower()
    return name.endswith(".zarr") or (also_npy and name.endswith(".npy"))


def is_written_in_parts(path: Path) -> bool:
    """Return whether a picture of this name is written in parts."""
    return path.name.lower().endswith(WRITTEN)

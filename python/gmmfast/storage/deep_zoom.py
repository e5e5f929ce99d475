"""Deep Zoom tiles for the web: NAME.dzi, and PNG files in the folder NAME_files.

The format is Microsoft's Deep Zoom image, which OpenSeadragon and others show. Its levels are
numbered from a single pixel on; tiles do not overlap. Browsers save the files of a page
NAME.html in a folder of that name, too: only levels of an earlier picture are removed from it.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from gmmfast._files import replaced
from gmmfast.storage.ledger import Ledger

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from gmmfast.storage.pyramid import Layout, Place

_DESCRIPTION = """<?xml version="1.0" encoding="UTF-8"?>
<Image xmlns="http://schemas.microsoft.com/deepzoom/2008"
  Format="png" Overlap="0" TileSize="{size}">
  <Size Width="{width}" Height="{height}"/>
</Image>
"""


def n_levels(shape: tuple[int, ...]) -> int:
    """Return the number of levels down to a single pixel."""
    return (max(shape[:2]) - 1).bit_length() + 1


class DeepZoomStore:
    """The tiles of a picture as files; it can be pickled."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self.path, self.layout = path, layout
        self.folder = path.with_name(f"{path.stem}_files")
        self.ledger = Ledger(self.folder)

    def is_free(self) -> bool:
        """Return whether the folder is empty or missing, or that of an earlier picture."""
        return self.path.exists() or self.ledger.exists() or self.ledger.is_alone()

    def create(self) -> None:
        """Create the folders of the levels, in place of those of an earlier picture."""
        for folder in self.folder.glob("*/"):
            if folder.name.isdecimal():
                shutil.rmtree(folder)
        for level in range(self.layout.n_levels):
            (self.folder / str(level)).mkdir(parents=True, exist_ok=True)

    def finish(self) -> None:
        """Write the description, by which the picture is there."""
        height, width = self.layout.shape[:2]
        text = _DESCRIPTION.format(size=self.layout.tile_size, width=width, height=height)
        with replaced(self.path) as file:
            file.write(text.encode())

    def read(self, place: Place) -> NDArray[Any] | None:
        """Return a finished tile, or None unless its content is what was written."""
        if not self.ledger.has(place):
            return None
        try:
            with Image.open(self._file(place)) as image:
                tile = np.asarray(image)
        except (OSError, SyntaxError):
            return None
        return tile if self.ledger.holds(place, tile) else None

    def write(self, place: Place, tile: NDArray[Any]) -> None:
        """Write a tile; it is finished when the call returns."""
        with replaced(self._file(place)) as file:
            Image.fromarray(tile).save(file, "png", compress_level=1)
        self.ledger.add(place, tile)

    def _file(self, place: Place) -> Path:
        level = self.layout.n_levels - 1 - place.level
        return self.folder / str(level) / f"{place.column}_{place.row}.png"

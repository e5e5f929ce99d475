"""The record of finished tiles of a writing, by which it goes on after it was stopped.

Each finished tile has a file with the hash of its content, written after the tile. A tile counts
as finished if its content still has this hash. The record is of one picture and layout: that of
another is removed.
"""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING, Any

from gmmfast._files import replaced

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from gmmfast.storage.pyramid import Place

#: The name of the folder, in that of the tiles.
_FOLDER = ".gmmfast"


class Ledger:
    """The record of the tiles in a folder, for any number of processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _FOLDER

    def begin(self, picture: str) -> bool:
        """Begin a writing of a picture; return whether it goes on from an earlier one."""
        name = self._folder / "picture"
        if name.exists() and name.read_text() == picture:
            return True
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        _write(name, picture)
        return False

    def holds(self, place: Place, tile: NDArray[Any]) -> bool:
        """Return whether the tile has the content that was finished."""
        try:
            return self._file(place).read_text() == _hash(tile)
        except FileNotFoundError:
            return False

    def has(self, place: Place) -> bool:
        """Return whether a tile was finished, whatever its content is now."""
        return self._file(place).exists()

    def add(self, place: Place, tile: NDArray[Any]) -> None:
        """Record a tile that was written."""
        file = self._file(place)
        file.parent.mkdir(exist_ok=True)
        _write(file, _hash(tile))

    def end(self) -> None:
        """Remove the record: all tiles are finished."""
        shutil.rmtree(self._folder)

    def _file(self, place: Place) -> Path:
        return self._folder / str(place.level) / f"{place.row}.{place.column}"


def _hash(tile: NDArray[Any]) -> str:
    return hashlib.blake2b(tile.tobytes(), digest_size=16).hexdigest()


def _write(path: Path, text: str) -> None:
    with replaced(path) as file:
        file.write(text.encode())

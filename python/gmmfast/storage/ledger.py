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

    def exists(self) -> bool:
        """Return whether there is a record, of any picture."""
        return self._folder.exists()

    def is_alone(self) -> bool:
        """Return whether the folder of the tiles is missing, or has nothing but this record."""
        folder = self._folder.parent
        if not folder.is_dir():
            return not folder.exists()
        return all(entry == self._folder for entry in folder.iterdir())

    def is_of(self, picture: str) -> bool:
        """Return whether a writing of this picture was begun, and can go on."""
        name = self._folder / "picture"
        return name.exists() and name.read_text() == picture

    def begin(self, picture: str) -> None:
        """Begin a writing of a picture, in place of any other."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        _write(self._folder / "picture", picture)

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

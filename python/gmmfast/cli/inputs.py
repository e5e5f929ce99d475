"""Inputs of commands: a picture or a fitted model, from a file or a pipe.

A model is a file of `Mixture.save`, recognized by its first bytes, not by its name. Standard input
is written "-", and read once.
"""

from __future__ import annotations

import io
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gmmfast import images
from gmmfast.mixture import Mixture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Standard input, and standard output.
PIPE = Path("-")

#: How zip archives begin, of which .npz is one.
_ZIP = b"PK\x03\x04"

#: The photograph that is painted when none is named, from scikit-learn.
SAMPLE = "china.jpg"


@dataclass(frozen=True)
class Source:
    """A picture, or a model; the other is None."""

    name: str
    pixels: NDArray[np.uint8] | None = None
    model: Mixture | None = None

    @property
    def picture(self) -> NDArray[np.uint8]:
        """The pixels, if there is no model."""
        return cast("NDArray[np.uint8]", self.pixels)


class _StandardInput(io.BytesIO):
    """The content of standard input, with its name in messages."""

    name = "standard input"


def read_picture(image: Path | None) -> NDArray[np.uint8]:
    """Return the pixels of a file, of standard input, or of the sample photograph."""
    if image is None:
        return images.read_image(_sample())
    return images.read_image(_StandardInput(_standard_input()) if image == PIPE else image)


def _sample() -> Path:
    """Return the path of the sample photograph, which is found without an import."""
    spec = find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise ValueError(
            f"image: expected a picture, or scikit-learn, whose {SAMPLE} is painted without one, "
            "got neither; name a picture"
        )
    return Path(spec.origin).parent / "datasets" / "images" / SAMPLE


def read_source(path: Path | None) -> Source:
    """Return the picture or model of a file or of standard input, or the sample photograph."""
    if path is None:
        return Source(SAMPLE, pixels=read_picture(None))
    name = "standard input" if path == PIPE else str(path)
    if path == PIPE:
        content = _standard_input()
        if not content.startswith(_ZIP):
            return Source(name, pixels=images.read_image(_StandardInput(content)))
        return Source(name, model=_model_in(content))
    if _begins_as_zip(path):
        return Source(name, model=Mixture.load(path))
    return Source(name, pixels=images.read_image(path))


def read_model(path: Path) -> Mixture:
    """Return the model of a file or of standard input; a picture is refused."""
    if path != PIPE:
        return Mixture.load(path)
    content = _standard_input()
    if not content.startswith(_ZIP):
        raise ValueError(
            "model: expected what 'gmmfast fit' wrote, got other bytes on standard input; "
            "gmmfast fit picture.png -o - | gmmfast render - ..."
        )
    return _model_in(content)


def _begins_as_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_ZIP)) == _ZIP
    except (OSError, ValueError):
        return False  # reading the picture reports the error


def _model_in(content: bytes) -> Mixture:
    with tempfile.TemporaryDirectory(prefix="gmmfast-") as folder:
        path = Path(folder, "model.npz")
        path.write_bytes(content)
        try:
            return Mixture.load(path)
        except ValueError as error:
            raise ValueError(str(error).replace(str(path), "standard input")) from None


def _standard_input() -> bytes:
    if sys.stdin is None or sys.stdin.isatty():
        raise ValueError(
            "image: expected a picture on standard input, got a terminal; pipe one in: "
            "gmmfast paint - < photo.jpg"
        )
    return sys.stdin.buffer.read()

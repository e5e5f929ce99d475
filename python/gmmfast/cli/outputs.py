"""Outputs of commands: several files at once, whole or not at all, and a pipe.

The format of each follows its extension. All are checked before any work is done. All are
written before the first is renamed: a full disk leaves the old files.
"""

from __future__ import annotations

import io
import shutil
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from typing import IO, TYPE_CHECKING, Any

import click
import numpy as np

from gmmfast import images
from gmmfast._files import replaced
from gmmfast.cli.inputs import PIPE
from gmmfast.images.writing import encode_image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

#: Extensions of raw arrays, and of vector art.
ARRAYS, VECTORS = frozenset({".npy", ".npz"}), frozenset({".svg"})


@dataclass(frozen=True)
class Artwork:
    """The result of a command in several forms, each made when it is needed.

    Parameters
    ----------
    pixels : callable returning ndarray of shape (height, width, 3), uint8
    arrays : callable returning a dict of ndarrays
        Arrays by name; .npy holds the first, .npz all.
    svg : callable returning bytes
    """

    pixels: Callable[[], Pixels]
    arrays: Callable[[], Mapping[str, NDArray[Any]]] = dict
    svg: Callable[[], bytes] = bytes


class Destinations:
    """The destinations of one command, checked.

    Parameters
    ----------
    paths : sequence of Path
        "-" is standard output.
    """

    #: The file name of examples in messages.
    example = "picture.png"

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = list(paths)
        self.check()
        if self.paths.count(PIPE) > 1 or len(set(self.paths)) < len(self.paths):
            raise click.UsageError("--output: expected different files, got one of them twice")
        if self.is_piped and sys.stdout.isatty():
            kind = self.example.partition(".")[0]
            article = "an" if kind.startswith("a") else "a"
            raise click.UsageError(
                f"--output: expected a pipe or a file for the bytes of {article} {kind}, got a "
                f"terminal; name a file, or pipe it: -o - > {self.example}"
            )

    @property
    def is_piped(self) -> bool:
        """Whether standard output takes the result, and not the report."""
        return PIPE in self.paths

    @property
    def names(self) -> str:
        """The destinations as reports show them."""
        return ", ".join("standard output" if path == PIPE else str(path) for path in self.paths)

    def check(self, shape: tuple[int, ...] | None = None) -> None:
        """Raise an error if a destination cannot be written or cannot hold such a result."""
        raise NotImplementedError

    def report(self, lines: Sequence[str]) -> None:
        """Write a report to standard output, or to standard error if the result goes there."""
        for line in lines:
            click.echo(line, err=self.is_piped)


class Outputs(Destinations):
    """The destinations of pictures.

    Parameters
    ----------
    paths : sequence of Path
        "-" is standard output, for one picture in PNG.
    others : set of str
        Extensions that are allowed in addition to those of pictures.
    """

    def __init__(self, paths: Sequence[Path], others: frozenset[str] = ARRAYS) -> None:
        self._others = others
        super().__init__(paths)

    def check(self, shape: tuple[int, ...] | None = None) -> None:
        """Raise an error if a destination cannot be written or cannot hold such a picture."""
        for path in self.paths:
            if path != PIPE:
                images.check_writable(path, "--output", shape, self._others)

    def write(self, artwork: Artwork) -> None:
        """Write all of them, or none."""
        forms = _Encoder(artwork)
        with ExitStack() as stack:
            for path in self.paths:
                if path != PIPE:
                    forms.encode(stack.enter_context(replaced(path)), path.suffix.lower())
        if self.is_piped:
            buffer = io.BytesIO()
            forms.encode(buffer, ".png")
            write_to_stdout(buffer.getvalue())


def write_to_stdout(content: bytes) -> None:
    """Write bytes, all of them, or raise."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def copy_to_stdout(file: IO[bytes]) -> None:
    """Write the content of a file, all of it, or raise."""
    sys.stdout.flush()
    shutil.copyfileobj(file, sys.stdout.buffer)
    sys.stdout.buffer.flush()


class _Encoder:
    """The forms of an artwork, each made once."""

    def __init__(self, artwork: Artwork) -> None:
        self._pixels = cache(artwork.pixels)
        self._arrays = cache(artwork.arrays)
        self._svg = artwork.svg

    def encode(self, file: IO[bytes], extension: str) -> None:
        if extension == ".npy":
            np.save(file, next(iter(self._arrays().values())), allow_pickle=False)
        elif extension == ".npz":
            arrays: dict[str, Any] = dict(self._arrays())
            np.savez_compressed(file, **arrays)
        elif extension == ".svg":
            file.write(self._svg())
        else:
            encode_image(file, self._pixels(), extension)

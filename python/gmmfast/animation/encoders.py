"""Animated GIF, WebP and PNG, written by Pillow.

Assumes frames of one shape. Guarantees frames that are shown as long as their rate requires: what
rounding adds to one frame it takes from another. Pillow writes an animation from all its frames at
once, so these formats hold every frame, up to four bytes a pixel, until the last one: 300 frames
of 640 x 360 pixels are 280 MB. Films (`film`) hold one frame.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Self

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

#: The most pixels a side of each format.
_MAX_SIDES = {"GIF": 65535, "WEBP": 16383, "PNG": 2**31 - 1}

#: Options of Pillow's writers: WebP is lossy, PNG is compressed fast.
_OPTIONS: dict[str, dict[str, Any]] = {
    "GIF": {"optimize": False, "disposal": 1},
    "WEBP": {"quality": 90, "method": 0},
    "PNG": {"compress_level": 1},
}

#: The units of time of each format, per second.
_UNITS = {"GIF": 100, "WEBP": 1000, "PNG": 1000}

#: A palette is computed from at most this many evenly spaced pixels of a frame: median cut of all
#: 640 x 427 pixels takes a tenth of a second.
_PALETTE_PIXELS = 10_000

#: The index of transparent pixels in a GIF, after its colors.
_TRANSPARENT = 255


class FrameWriter:
    """A context that writes frames to an open file, which is complete when the context ends.

    Parameters
    ----------
    file : binary file
        Empty, seekable, with a name.
    shape : (height, width)
    rate : Fraction
        Frames per second.
    """

    def __init__(self, file: IO[bytes], shape: tuple[int, int], rate: Fraction) -> None:
        self._file, self._shape, self._rate = file, shape, rate

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        raise NotImplementedError

    def add(self, frame: Pixels) -> None:
        """Write the next frame, (height, width, 3)."""
        raise NotImplementedError


class PillowWriter(FrameWriter):
    """Collects the frames and writes them at the end; subclasses name the format."""

    format = ""

    def __init__(self, file: IO[bytes], shape: tuple[int, int], rate: Fraction) -> None:
        super().__init__(file, shape, rate)
        self._frames: list[Image.Image] = []
        most = _MAX_SIDES[self.format]
        if max(shape) > most:
            raise ValueError(
                f"frames: expected at most {most} pixels a side in {self.format}, got {shape}; "
                "render smaller frames"
            )

    def add(self, frame: Pixels) -> None:
        """Keep a copy of the next frame."""
        self._frames.append(Image.fromarray(frame))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._write()

    def _write(self) -> None:
        per_second = _UNITS[self.format]
        ends = [round(per_second * i / self._rate) for i in range(len(self._frames) + 1)]
        durations = [max(1, int(units)) * 1000 // per_second for units in np.diff(ends)]
        first, *others = self._frames
        first.save(
            self._file,
            format=self.format,
            save_all=True,
            append_images=others,
            duration=durations,
            loop=0,
            **_OPTIONS[self.format],
        )


class GifWriter(PillowWriter):
    """GIF: a palette for each frame, by median cut, and error diffusion.

    Pixels that did not change are transparent: still parts keep the pixels of the previous frame,
    do not flicker and take hardly any space.
    """

    format = "GIF"
    _last: Pixels | None = None

    def add(self, frame: Pixels) -> None:
        """Keep the next frame, quantized."""
        sample = frame.reshape(-1, 3)
        sample = sample[:: max(1, len(sample) // _PALETTE_PIXELS)]
        palette = Image.fromarray(sample[None].copy()).quantize(
            _TRANSPARENT, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
        )
        picture = Image.fromarray(frame).quantize(
            palette=palette, dither=Image.Dither.FLOYDSTEINBERG
        )
        if self._last is not None:
            changes = (frame != self._last).any(axis=2)
            colors = (picture.getpalette() or [])[: 3 * _TRANSPARENT]
            picture = Image.fromarray(
                np.where(changes, np.asarray(picture), np.uint8(_TRANSPARENT))
            )
            picture.putpalette(colors + [0] * (3 * 256 - len(colors)))
            picture.info["transparency"] = _TRANSPARENT
        self._frames.append(picture)
        self._last = frame.copy()


class WebpWriter(PillowWriter):
    """WebP: lossy frames of quality 90."""

    format = "WEBP"


class ApngWriter(PillowWriter):
    """Animated PNG, lossless."""

    format = "PNG"

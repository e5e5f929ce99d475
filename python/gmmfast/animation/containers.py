"""GIF, WebP and APNG one frame at a time: Pillow encodes pictures, these join them.

Each frame is encoded as a file of its own, whose picture data are then put into the animation's
blocks or chunks; numbers of frames and bytes, known only in the end, are filled in then.

Sources: GIF89a specification (CompuServe, 1990); WebP container specification (Google);
PNG specification, third edition (W3C, 2025), section 11.3.6.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import IO, TYPE_CHECKING, Any, Self

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

#: Pixels a side, at most.
_MAX_SIDES = {"GIF": 65535, "WEBP": 16383, "PNG": 2**31 - 1}

#: A palette is told from so many pixels of a frame, at most, of even spacing: median cut of all
#: of 640 x 427 pixels takes a tenth of a second.
_PALETTE_PIXELS = 10_000


class FrameWriter:
    """What writes frames to an open file: a context, at whose end the file is complete.

    Parameters
    ----------
    file : binary file
        Empty, seekable, with a name.
    shape : (height, width)
    rate : Fraction
        Frames a second.
    """

    format = ""

    def __init__(self, file: IO[bytes], shape: tuple[int, int], rate: Fraction) -> None:
        self._file, self._shape, self._rate = file, shape, rate
        self._n_frames = 0
        most = _MAX_SIDES.get(self.format)
        if most is not None and max(shape) > most:
            raise ValueError(
                f"frames: expected at most {most} pixels a side in {self.format}, got {shape}; "
                "render smaller frames"
            )

    @classmethod
    def check(cls, argument: str) -> None:
        """Raise ImportError if something is missing that the format needs."""

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._end()

    def add(self, frame: Pixels) -> None:
        """Write the next frame, (height, width, 3)."""
        self._add(frame)
        self._n_frames += 1

    def _begin(self) -> None: ...

    def _add(self, frame: Pixels) -> None:
        raise NotImplementedError

    def _end(self) -> None: ...

    def _units(self, per_second: int, least: int = 1) -> int:
        """Return how long the next frame is shown, so that rounding does not add up."""
        ends = [round(per_second * i / self._rate) for i in (self._n_frames, self._n_frames + 1)]
        return max(least, ends[1] - ends[0])


def _encoded(picture: Image.Image, format_: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format=format_, **options)
    return buffer.getvalue()


class GifWriter(FrameWriter):
    """GIF: a palette for each frame, by median cut, and error diffusion.

    One palette for all would need frames that are not made yet. What did not change since the
    frame before is not written again, so that still parts do not flicker.
    """

    format = "GIF"

    def _begin(self) -> None:
        height, width = self._shape
        self._file.write(b"GIF89a" + struct.pack("<HHBBB", width, height, 0x70, 0, 0))
        self._file.write(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")
        self._last: Pixels | None = None

    def _add(self, frame: Pixels) -> None:
        rows, columns = _changed(self._last, frame)
        part = frame[rows, columns]
        sample = part.reshape(-1, 3)
        sample = sample[:: max(1, len(sample) // _PALETTE_PIXELS)]
        palette = Image.fromarray(sample[None].copy()).quantize(
            256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
        )
        picture = Image.fromarray(np.ascontiguousarray(part)).quantize(
            palette=palette, dither=Image.Dither.FLOYDSTEINBERG
        )
        table, data = _of_gif(_encoded(picture, "GIF", optimize=False, interlace=0))
        self._file.write(b"\x21\xf9\x04\x04" + struct.pack("<HBB", self._units(100), 0, 0))
        height, width = part.shape[:2]
        size = (len(table) // 3).bit_length() - 2
        self._file.write(b"\x2c" + struct.pack("<HHHH", columns.start, rows.start, width, height))
        self._file.write(bytes([0x80 | size]) + table + data)
        self._last = frame.copy()

    def _end(self) -> None:
        self._file.write(b"\x3b")


def _changed(last: Pixels | None, frame: Pixels) -> tuple[slice, slice]:
    """Return the rows and columns that hold all that changed; a pixel if nothing did."""
    if last is None:
        return slice(0, frame.shape[0]), slice(0, frame.shape[1])
    differs = (last != frame).any(axis=2)
    spans = []
    for axis in (1, 0):
        (where,) = np.nonzero(differs.any(axis=axis))
        spans.append(slice(int(where[0]), int(where[-1]) + 1) if len(where) else slice(0, 1))
    return spans[0], spans[1]


def _of_gif(content: bytes) -> tuple[bytes, bytes]:
    """Return the colour table and the compressed data of a GIF of one picture."""
    flags = content[10]
    end = 13 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    table, at = content[13:end], end
    while content[at] == 0x21:  # extensions
        at = _after_blocks(content, at + 2)
    flags = content[at + 9]
    at += 10
    if flags & 0x80:
        size = 3 << ((flags & 7) + 1)
        table, at = content[at : at + size], at + size
    return table, content[at : _after_blocks(content, at + 1)]


def _after_blocks(content: bytes, at: int) -> int:
    """Return where a sequence of blocks ends, each led by its size, the last one empty."""
    while content[at]:
        at += content[at] + 1
    return at + 1


class WebpWriter(FrameWriter):
    """WebP: lossy frames of quality 90, each complete in itself."""

    format = "WEBP"

    def _begin(self) -> None:
        height, width = self._shape
        self._file.write(b"RIFF\0\0\0\0WEBP")
        size = _three_bytes(width - 1) + _three_bytes(height - 1)
        self._file.write(_riff(b"VP8X", b"\x02\0\0\0" + size))
        self._file.write(_riff(b"ANIM", b"\xff\xff\xff\xff\0\0"))

    def _add(self, frame: Pixels) -> None:
        picture = Image.fromarray(frame)
        content = _encoded(picture, "WEBP", quality=90, method=0)
        height, width = self._shape
        place = bytes(6) + _three_bytes(width - 1) + _three_bytes(height - 1)
        # Neither blended with the frame before nor cleared after.
        header = place + _three_bytes(self._units(1000)) + b"\x02"
        data = b"".join(_riff(*chunk) for chunk in _of_webp(content))
        self._file.write(_riff(b"ANMF", header + data))

    def _end(self) -> None:
        size = self._file.tell() - 8
        if size >= 2**32:
            raise ValueError(
                f"frames: expected less than 4 GiB of WebP, got {size} bytes; write fewer frames"
            )
        self._file.seek(4)
        self._file.write(struct.pack("<I", size))
        self._file.seek(0, io.SEEK_END)


def _three_bytes(number: int) -> bytes:
    return struct.pack("<I", number)[:3]


def _riff(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _of_webp(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks of a WebP of one picture that hold the picture."""
    at = 12
    while at < len(content):
        name, (size,) = content[at : at + 4], struct.unpack_from("<I", content, at + 4)
        if name in (b"VP8 ", b"VP8L", b"ALPH"):
            yield name, content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


class ApngWriter(FrameWriter):
    """Animated PNG, lossless; what did not change since the frame before is not written again."""

    format = "PNG"

    def _begin(self) -> None:
        height, width = self._shape
        self._file.write(b"\x89PNG\r\n\x1a\n")
        self._file.write(_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)))
        self._at_count = self._file.tell()
        self._file.write(_chunk(b"acTL", bytes(8)))
        self._number = 0
        self._last: Pixels | None = None

    def _add(self, frame: Pixels) -> None:
        rows, columns = _changed(self._last, frame)
        part = np.ascontiguousarray(frame[rows, columns])
        delay = 1 / self._rate
        place = part.shape[1], part.shape[0], columns.start, rows.start
        control = (self._next(), *place, delay.numerator, delay.denominator, 0, 0)
        self._file.write(_chunk(b"fcTL", struct.pack(">IIIIIHHBB", *control)))
        for data in _of_png(_encoded(Image.fromarray(part), "PNG", compress_level=1)):
            if self._last is None:
                self._file.write(_chunk(b"IDAT", data))
            else:
                self._file.write(_chunk(b"fdAT", struct.pack(">I", self._next()) + data))
        self._last = frame.copy()

    def _next(self) -> int:
        self._number += 1
        return self._number - 1

    def _end(self) -> None:
        self._file.write(_chunk(b"IEND", b""))
        self._file.seek(self._at_count)
        self._file.write(_chunk(b"acTL", struct.pack(">II", self._n_frames, 0)))
        self._file.seek(0, io.SEEK_END)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _of_png(content: bytes) -> Iterator[bytes]:
    """Yield the compressed data of a PNG."""
    at = 8
    while at < len(content):
        (size,) = struct.unpack_from(">I", content, at)
        if content[at + 4 : at + 8] == b"IDAT":
            yield content[at + 8 : at + 8 + size]
        at += 12 + size

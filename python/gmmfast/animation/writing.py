"""Animations written frame by frame, whole or not at all.

Assumes frames of one shape. Guarantees that one frame is taken from the maker at a time, and let
go when every file has it: Pillow's own writers of GIF and APNG keep every frame until the last
one, and that of WebP makes a list of them first, so that each frame is encoded by Pillow as a
picture of its own here, and what joins them is written by `containers`. The destinations appear
when the last frame is written, or never.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from fractions import Fraction
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._files import (
    StrPath,
    check_path,
    fault_of_folder,
    fault_of_target,
    raise_fault,
    replaced,
    target_of,
)
from gmmfast._validation import shown
from gmmfast.animation.containers import ApngWriter, GifWriter, WebpWriter
from gmmfast.animation.film import Mp4Writer
from gmmfast.images.checks import GREY_OR_RGB, require_uint8

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from gmmfast.animation.containers import FrameWriter

    Pixels = NDArray[np.uint8]

#: What writes each extension.
_WRITERS: dict[str, type[FrameWriter]] = {
    ".gif": GifWriter,
    ".webp": WebpWriter,
    ".png": ApngWriter,
    ".apng": ApngWriter,
    ".mp4": Mp4Writer,
}

_MAX_FPS = 1000


def check_animation(path: StrPath, argument: str = "path") -> Path:
    """Refuse, before any frame is made, a destination that `write_animation` could not write.

    Parameters
    ----------
    path : str or os.PathLike
        Destination, whose extension names the format. Nothing is left behind there.
    argument : str
        Name that messages give to the destination.

    Returns
    -------
    pathlib.Path
        `path` as given.

    Raises
    ------
    ValueError, TypeError, OSError
        An extension of no format of animations, or a place where no file can be made.
    ImportError
        MP4 without the package imageio-ffmpeg.

    Examples
    --------
    >>> check_animation("zoom.gif").name
    'zoom.gif'
    """
    check_path(argument, path)
    fault = fault_of_target(path)
    extension = Path(path).suffix.lower()
    if fault is None and extension not in _WRITERS:
        known = ", ".join(_WRITERS)
        mend = f"end the name in one of {known}"
        fault = ValueError, "whose extension names no format for animations", mend
    fault = fault or fault_of_folder(target_of(path).parent)
    raise_fault(argument, "the path of an animation that can be written", path, fault)
    _WRITERS[extension].check(argument)
    return Path(path)


def write_animation(
    path: StrPath | Sequence[StrPath],
    frames: Iterable[Pixels],
    *,
    fps: float = 30,
    progress: Callable[[int], object] | None = None,
) -> int:
    """Write frames as an animation that repeats for ever, or as a film.

    Parameters
    ----------
    path : str or os.PathLike, or sequence of them
        Destination, or several, which get the same frames, each made once. The extension
        names the format: .gif (256 colours a frame, at most 100 frames a second), .webp (lossy,
        quality 90), .png or .apng (lossless), or .mp4 (H.264, by the extra "video":
        pip install 'gmmfast[video]').
    frames : iterable of ndarray of shape (height, width) or (height, width, 3), uint8
        All of one shape; taken one at a time, as they are written. An odd last row or
        column is doubled in MP4, whose sizes are even.
    fps : float
        Frames a second.
    progress : callable, optional
        Called with the number of frames written, after each.

    Returns
    -------
    int
        Number of frames.

    Raises
    ------
    ValueError, TypeError, OSError, ImportError
        As `check_animation` raises; no destination, or one twice; no frame, or frames that
        differ; a full disk. Then no destination is changed.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> import gmmfast
    >>> from gmmfast.animation import write_animation
    >>> frames = (np.full((4, 6), 9 * i, np.uint8) for i in range(5))
    >>> with TemporaryDirectory() as folder:
    ...     write_animation(f"{folder}/grey.png", frames, fps=10)
    ...     gmmfast.images.read_frames(f"{folder}/grey.png")[:, 0, 0, 0]
    5
    array([ 0,  9, 18, 27, 36], dtype=uint8)
    """
    destinations = _checked_paths(path)
    rate = _checked_rate(fps)
    remaining = iter(frames)
    frame = next(remaining, None)
    if frame is None:
        raise ValueError("frames: expected at least one frame, got none; make one")
    shape = _checked(frame, 0, None)
    n_frames = 0
    # All are complete before any takes its name.
    with ExitStack() as files, ExitStack() as writers:
        encoders = []
        for destination in destinations:
            file = files.enter_context(replaced(destination))
            encoder = _WRITERS[destination.suffix.lower()](file, shape, rate)
            encoders.append(writers.enter_context(encoder))
        while frame is not None:
            _checked(frame, n_frames, shape)
            frame = _in_color(frame)
            for encoder in encoders:
                encoder.add(frame)
            n_frames += 1
            if progress is not None:
                progress(n_frames)
            frame = None  # let go before the next one is made
            frame = next(remaining, None)
    return n_frames


def _checked_paths(path: StrPath | Sequence[StrPath]) -> list[Path]:
    several = isinstance(path, Sequence) and not isinstance(path, str)
    paths: list[Any] = list(path) if several else [path]  # type: ignore[arg-type]
    destinations = [check_animation(each) for each in paths]
    if not destinations or len({target_of(each) for each in destinations}) < len(destinations):
        names = [str(each) for each in destinations]
        raise ValueError(
            f"path: expected a file or several different ones, got {names}; name each once"
        )
    return destinations


def _checked_rate(fps: float) -> Fraction:
    is_number = isinstance(fps, Real) and not isinstance(fps, bool | np.bool_)
    if not is_number:
        raise TypeError(f"fps: expected a number of frames a second, got {shown(fps)}")
    if not 0.01 <= fps <= _MAX_FPS:
        raise ValueError(f"fps: expected 0.01 to {_MAX_FPS} frames a second, got {shown(fps)}")
    return Fraction(float(fps)).limit_denominator(1001)


def _checked(frame: Pixels, number: int, shape: tuple[int, int] | None) -> tuple[int, int]:
    require_uint8("frames", frame, GREY_OR_RGB)
    if shape is not None and frame.shape[:2] != shape:
        raise ValueError(
            f"frames: expected frames of one size, got {frame.shape[:2]} in frame {number} after "
            f"{shape}; render all at one size"
        )
    return frame.shape[0], frame.shape[1]


def _in_color(frame: Pixels) -> Pixels:
    if frame.ndim == 2:
        frame = np.repeat(frame[..., None], 3, axis=2)
    return np.ascontiguousarray(frame)

"""Write frames as an animation or a film, whole or not at all.

Assumes frames of one shape. Guarantees that each frame is made once, also for several files, and
that the files appear when the last frame is written, or not at all. Films (`film`) hold one frame
at a time; GIF, WebP and PNG hold all of them (`encoders`).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from fractions import Fraction
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._files import Fault, StrPath, check_destination, replaced, target_of
from gmmfast._validation import describe
from gmmfast.animation.encoders import ApngWriter, GifWriter, WebpWriter
from gmmfast.animation.film import Mp4Writer, ffmpeg_path
from gmmfast.images.checks import GRAY_OR_RGB, require_uint8
from gmmfast.images.levels import as_rgb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from gmmfast.animation.encoders import FrameWriter

    Pixels = NDArray[np.uint8]

#: The writer of each extension.
_WRITERS: dict[str, type[FrameWriter]] = {
    ".gif": GifWriter,
    ".webp": WebpWriter,
    ".png": ApngWriter,
    ".apng": ApngWriter,
    ".mp4": Mp4Writer,
}

_MAX_FPS = 1000


def check_animation(path: StrPath, argument: str = "path") -> Path:
    """Check that `write_animation` could write to a destination, before any frame is made.

    Parameters
    ----------
    path : str or os.PathLike
        The destination, whose extension names the format. No file is left there.
    argument : str
        The name of the destination in messages.

    Returns
    -------
    pathlib.Path
        `path` as given.

    Raises
    ------
    ValueError, TypeError, OSError
        If the extension names no format of animations, or if no file can be made there.
    ImportError
        If the extension is .mp4 and the package imageio-ffmpeg is missing.

    Examples
    --------
    >>> check_animation("zoom.gif").name
    'zoom.gif'
    """
    wanted = "the path of an animation that can be written"
    check_destination(argument, wanted, path, _fault_of_name)
    if Path(path).suffix.lower() == ".mp4":
        ffmpeg_path(argument)
    return Path(path)


def _fault_of_name(path: StrPath) -> Fault | None:
    if Path(path).suffix.lower() in _WRITERS:
        return None
    mend = f"end the name in one of {', '.join(_WRITERS)}"
    return ValueError, "whose extension names no format for animations", mend


def write_animation(
    path: StrPath | Sequence[StrPath],
    frames: Iterable[Pixels],
    *,
    fps: float = 30,
    progress: Callable[[int], object] | None = None,
) -> int:
    """Write frames as an animation that repeats forever, or as a film.

    Parameters
    ----------
    path : str or os.PathLike, or sequence of them
        Destination, or several, which get the same frames, each made once. The extension
        names the format: .gif (256 colors, at most 100 frames per second), .webp (lossy,
        quality 90), .png or .apng (lossless), or .mp4 (H.264, by the extra "video":
        pip install 'gmmfast[video]').
    frames : iterable of ndarray of shape (h, w), (h, w, 1) or (h, w, 3), uint8
        All of one size. Frames of an MP4 are written as they are made; an odd last row or
        column is doubled, because its sizes are even. The other formats hold every frame,
        four bytes a pixel and file, until the last one: use them for some hundred frames.
    fps : float
        Frames per second.
    progress : callable, optional
        Called after each frame with the number of frames so far.

    Returns
    -------
    int
        Number of frames.

    Raises
    ------
    ValueError, TypeError, OSError, ImportError
        If `check_animation` raises, if there is no destination or one is named twice, if there
        is no frame or the frames differ in shape, or if the disk is full. No destination is
        changed then.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> import gmmfast
    >>> from gmmfast.animation import write_animation
    >>> frames = (np.full((4, 6), 9 * i, np.uint8) for i in range(5))
    >>> with TemporaryDirectory() as folder:
    ...     write_animation(f"{folder}/gray.png", frames, fps=10)
    ...     gmmfast.images.read_frames(f"{folder}/gray.png")[:, 0, 0, 0]
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
    # All files are complete before the first one is renamed.
    with ExitStack() as files, ExitStack() as writers:
        encoders = []
        for destination in destinations:
            file = files.enter_context(replaced(destination))
            encoder = _WRITERS[destination.suffix.lower()](file, shape, rate)
            encoders.append(writers.enter_context(encoder))
        while frame is not None:
            _checked(frame, n_frames, shape)
            frame = np.ascontiguousarray(as_rgb(frame))
            for encoder in encoders:
                encoder.add(frame)
            n_frames += 1
            if progress is not None:
                progress(n_frames)
            frame = None  # released before the next one is made
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
        raise TypeError(f"fps: expected a number of frames a second, got {describe(fps)}")
    if not 0.01 <= fps <= _MAX_FPS:
        raise ValueError(f"fps: expected 0.01 to {_MAX_FPS} frames a second, got {describe(fps)}")
    return Fraction(float(fps)).limit_denominator(1001)


def _checked(frame: Pixels, number: int, shape: tuple[int, int] | None) -> tuple[int, int]:
    require_uint8("frames", frame, (*GRAY_OR_RGB, (1,)))
    if shape is not None and frame.shape[:2] != shape:
        raise ValueError(
            f"frames: expected frames of one size, got {frame.shape[:2]} in frame {number} after "
            f"{shape}; render all at one size"
        )
    return frame.shape[0], frame.shape[1]

"""Reading clips: frames of one size, from arrays, iterables and animated files.

Frames are read like pictures by `read_image`. Guarantees sRGB frames of one shape in one array, or
an exception whose message names the argument. The durations of frames are not read:
time counts frames.
"""

import os
from collections.abc import Callable, Iterable
from typing import IO, Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gmmfast._files import StrPath
from gmmfast._memory import check_fits
from gmmfast._validation import refuse_masked
from gmmfast.images.checks import Pixels, complaint
from gmmfast.images.reading import (
    ImageSource,
    decode,
    decoding,
    open_for_reading,
    open_picture,
    read_image,
)

FramesSource: TypeAlias = StrPath | IO[bytes] | Image.Image | NDArray[Any] | Iterable[ImageSource]

_WANTED = "an array (n_frames, height, width[, 3]), an iterable of pictures, or an animated file"


def read_frames(frames: FramesSource) -> Pixels:
    """Read a clip, each frame as a viewer shows it.

    Parameters
    ----------
    frames : ndarray, iterable of pictures, str, os.PathLike, binary file or PIL.Image.Image
        An array (n_frames, h, w), or (n_frames, h, w, 1) to (n_frames, h, w, 4), of the dtypes
        and channels that `read_image` takes; an iterable of other pictures that it takes, all of
        one size; or an animation that Pillow reads (GIF, WebP, APNG), of which all frames are
        read.

    Returns
    -------
    ndarray of shape (n_frames, h, w, 3), uint8
        sRGB levels 0..255 in memory of their own; transparency is laid over white.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        If a path cannot be opened.
    ValueError, TypeError
        If there is no frame, if frames differ in size, or if a frame is not a picture. Video
        files (MP4, MKV) must be decoded first.

    Examples
    --------
    >>> clip = read_frames([np.zeros((2, 3)), np.ones((2, 3))])
    >>> clip.shape, clip[:, 0, 0, 0]
    ((2, 2, 3, 3), array([  0, 255], dtype=uint8))
    """
    if isinstance(frames, np.ndarray):
        return _from_array(frames)
    if isinstance(frames, Image.Image):
        return _of_animation(frames, f"a PIL image of mode {frames.mode}")
    if isinstance(frames, str | os.PathLike):
        name = repr(os.fspath(frames))
        with open_for_reading(frames, name, "frames") as file:
            return _opened(file, name)
    if hasattr(frames, "read"):
        file = cast("IO[bytes]", frames)
        return _opened(file, f"the file {getattr(frames, 'name', frames)!r}")
    if isinstance(frames, bytes | bytearray) or not isinstance(frames, Iterable):
        mend = "open files in mode 'rb', wrap bytes in io.BytesIO"
        raise TypeError(complaint("frames", _WANTED, type(frames).__name__, mend))
    return _stacked([read_image(frame) for frame in frames])


def _opened(file: IO[bytes], name: str) -> Pixels:
    opened: list[Image.Image] = []

    def first() -> Image.Image:
        opened.append(open_picture(file))
        return opened[0]

    decode(first, name, "frames")  # raises the reason if it is not an animation
    return _of_animation(opened[0], name)


def _of_animation(image: Image.Image, name: str) -> Pixels:
    def at(index: int) -> Callable[[], Image.Image]:
        def seek() -> Image.Image:
            image.seek(index)
            return image

        return seek

    with decoding(name, "frames"):  # GIF and PNG are read to their ends to count
        n_frames = getattr(image, "n_frames", 1)
    n_bytes = 3 * n_frames * image.width * image.height
    got = f"{n_frames} frames of {image.width} x {image.height} pixels"
    check_fits("frames", got, n_bytes, "pass fewer or smaller frames")
    return _stacked([decode(at(i), name, "frames") for i in range(n_frames)])


def _from_array(array: NDArray[Any]) -> Pixels:
    refuse_masked("frames", array)
    if array.ndim not in (3, 4) or array.size == 0:
        mend = "put time first and the channels last"
        raise ValueError(complaint("frames", _WANTED, f"shape {array.shape}", mend))
    n_bytes = 3 * (array.size // (array.shape[3] if array.ndim == 4 else 1))
    check_fits("frames", array.shape, n_bytes, "pass fewer or smaller frames")
    return _stacked([read_image(frame) for frame in array])


def _stacked(pictures: list[Pixels]) -> Pixels:
    if not pictures:
        raise ValueError(complaint("frames", _WANTED, "no frame", "pass at least one"))
    first = pictures[0].shape
    for i, picture in enumerate(pictures):
        if picture.shape != first:
            got = f"{picture.shape[:2]} in frame {i} after {first[:2]}"
            mend = "crop or resize them to one size"
            raise ValueError(complaint("frames", "frames of one size", got, mend))
    return np.stack(pictures)

"""Writing pictures, whole or not at all, to destinations that can be checked beforehand."""

import io
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image

from gmmfast._files import Fault, StrPath, check_destination, replaced
from gmmfast.images.checks import GRAY_OR_RGB, Pixels, complaint, require_uint8

# Formats that hold 8-bit gray and RGB (GIF, with 256 colors at most, does not); the options keep
# flat colors free of ringing.
_SAVE_OPTIONS: dict[str, dict[str, Any]] = {"PNG": {}, "TIFF": {}, "BMP": {}}
_SAVE_OPTIONS |= {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}
_SAVE_OPTIONS |= {"AVIF": {"quality": 90, "subsampling": "4:4:4"}}
# The most pixels a side of the encoders; the other formats take more than memory holds.
_MAX_SIDES = {"JPEG": 65500, "WEBP": 16383, "AVIF": 65535}


def check_writable(
    path: StrPath,
    argument: str = "output",
    shape: tuple[int, ...] | None = None,
    others: Iterable[str] = (),
) -> Path:
    """Check that `write_image` could write to a destination, before any work is done.

    Parameters
    ----------
    path : str or os.PathLike
        The destination, whose extension names the format. No file is left there.
    argument : str
        The name of the destination in messages.
    shape : tuple (h, w, ...), optional
        The shape of the picture, if it is known already.
    others : iterable of str
        Extensions such as ".npy" of files that the caller writes itself.

    Returns
    -------
    pathlib.Path
        `path` as given.

    Raises
    ------
    FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError, OSError
        If no file can be made there.
    ValueError, TypeError
        If the extension names no format that can be written, or one that cannot hold a picture
        so large, or if `path` is not a path.

    Examples
    --------
    >>> check_writable("fit.png").name
    'fit.png'
    """
    check_destination(
        argument,
        "the path of a picture that can be written",
        path,
        lambda path: _fault_of_name(path, others) or _fault_of_size(path, shape),
    )
    return Path(path)


def write_image(path: StrPath, pixels: Pixels) -> None:
    """Write a picture, whole or not at all.

    An existing file keeps its permissions and is replaced only by a finished picture; the target
    of a symbolic link is replaced.

    Parameters
    ----------
    path : str or os.PathLike
        Destination, whose extension names the format.
    pixels : ndarray of shape (h, w), (h, w, 1) or (h, w, 3), uint8
        Gray or sRGB levels 0..255.

    Raises
    ------
    ValueError, TypeError, OSError
        If `check_writable` raises, if `pixels` are of another shape or dtype, or if the format
        cannot hold a picture so large.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from gmmfast.images import read_image
    >>> with TemporaryDirectory() as folder:
    ...     write_image(f"{folder}/black.png", np.zeros((2, 3), np.uint8))
    ...     read_image(f"{folder}/black.png").shape
    (2, 3, 3)
    """
    if isinstance(pixels, np.ndarray) and pixels.shape[2:] == (1,):
        pixels = pixels[..., 0]
    require_uint8("pixels", pixels, GRAY_OR_RGB)
    suffix = check_writable(path, "path").suffix.lower()
    with replaced(path) as file:
        encode_image(file, pixels, suffix)


def png_bytes(pixels: Pixels) -> bytes:
    """Return a picture, checked already, as the bytes of a PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def encode_image(file: IO[bytes], pixels: Pixels, extension: str) -> None:
    """Write a picture, checked already, to an open file in the format of an extension."""
    format_ = _writable_extensions()[extension]
    try:
        Image.fromarray(pixels).save(file, format=format_, **_SAVE_OPTIONS[format_])
    except (OSError, ValueError, ArithmeticError, struct.error) as error:
        if isinstance(error, OSError) and error.errno is not None:  # of the disk
            raise
        got, mend = f"shape {pixels.shape} ({error})", "shrink the picture or write PNG"
        wanted = f"a picture that {format_} can hold"
        raise ValueError(complaint("pixels", wanted, got, mend)) from error


def _fault_of_name(path: StrPath, others: Iterable[str]) -> Fault | None:
    extensions = {*_writable_extensions(), *others}
    if Path(path).suffix.lower() not in extensions:
        mend = f"end the name in one of {', '.join(sorted(extensions))}"
        return ValueError, "whose extension names no format for pictures", mend
    return None


def _fault_of_size(path: StrPath, shape: tuple[int, ...] | None) -> Fault | None:
    format_ = _writable_extensions().get(Path(path).suffix.lower(), "")
    most = _MAX_SIDES.get(format_)
    if shape is None or most is None or max(shape[:2]) <= most:
        return None
    got = f"whose format {format_} holds at most {most} pixels a side, for {shape[1]}x{shape[0]}"
    return ValueError, got, "write PNG or TIFF, or a smaller picture"


def _writable_extensions() -> dict[str, str]:
    known = Image.registered_extensions().items()
    return {end: name for end, name in known if name in _SAVE_OPTIONS and name in Image.SAVE}

"""Pictures written whole or not at all, to destinations that can be checked beforehand."""

import contextlib
import os
import secrets
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from PIL import Image

from gmmfast.images.checks import GREY_OR_RGB, Pixels, StrPath, complaint, require_uint8

_Fault: TypeAlias = tuple[type[Exception], str, str]  # kind, what came, how to mend it
# Formats that hold 8-bit grey and RGB (GIF, with 256 colours at most, does not); the options keep
# flat colours free of ringing.
_SAVE_OPTIONS: dict[str, dict[str, Any]] = {"PNG": {}, "TIFF": {}, "BMP": {}}
_SAVE_OPTIONS |= {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}
# Pixels a side that the encoders take at most; those of the other formats take more than memory.
_MAX_SIDES = {"JPEG": 65500, "WEBP": 16383}


def check_writable(
    path: StrPath, argument: str = "output", shape: tuple[int, ...] | None = None
) -> Path:
    """Refuse, before any work is done, a destination that `write_image` could not write.

    Parameters
    ----------
    path : str or os.PathLike
        Destination, whose extension names the format. Nothing is left behind there.
    argument : str
        Name that messages give to the destination.
    shape : tuple (h, w, ...), optional
        Of the picture, where it is known already.

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
        so large, or `path` is no path.

    Examples
    --------
    >>> check_writable("fit.png").name
    'fit.png'
    """
    if not isinstance(path, str | os.PathLike):
        mend = "pass a str or a pathlib.Path"
        raise TypeError(complaint(argument, "the path of a file", type(path).__name__, mend))
    fault = (
        _fault_of_name(path)
        or _fault_of_size(path, shape)
        or _fault_of_folder(_target_of(path).parent)
    )
    if fault is not None:
        kind, got, mend = fault
        wanted = "the path of a picture that can be written"
        raise kind(complaint(argument, wanted, f"{os.fspath(path)!r}, {got}", mend))
    return Path(path)


def write_image(path: StrPath, pixels: Pixels) -> None:
    """Write a picture so that it appears whole or not at all.

    An existing file keeps its permissions and is lost only to a finished picture; of a symbolic
    link the target is replaced.

    Parameters
    ----------
    path : str or os.PathLike
        Destination, whose extension names the format.
    pixels : ndarray of shape (h, w) or (h, w, 3), uint8
        Grey or sRGB levels 0..255.

    Raises
    ------
    ValueError, TypeError, OSError
        As `check_writable` raises, if `pixels` are of another shape or dtype, or if the format
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
    require_uint8("pixels", pixels, GREY_OR_RGB)
    suffix, target = check_writable(path, "path").suffix.lower(), _target_of(path)
    format_, mode = _writable_extensions()[suffix], _mode_of(target)
    with _temporary_file(target.parent) as temporary:
        with temporary.open("r+b") as file:
            try:
                Image.fromarray(pixels).save(file, format=format_, **_SAVE_OPTIONS[format_])
            except (OSError, ValueError, ArithmeticError, struct.error) as error:
                if isinstance(error, OSError) and error.errno is not None:  # of the disk
                    raise
                got, mend = f"shape {pixels.shape} ({error})", "shrink the picture or write PNG"
                wanted = f"a picture that {format_} can hold"
                raise ValueError(complaint("pixels", wanted, got, mend)) from error
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(stat.S_IMODE(mode))
        temporary.replace(target)


def _fault_of_name(path: StrPath) -> _Fault | None:
    try:
        target = _target_of(path)
        mode = _mode_of(target)
    except (OSError, ValueError) as error:
        kind = type(error) if isinstance(error, OSError) else ValueError
        return kind, f"which the system rejects ({error})", "choose another"
    if mode is not None and stat.S_ISDIR(mode):
        return IsADirectoryError, "which is a folder", "add the name of a file"
    if mode is not None and not stat.S_ISREG(mode):
        return OSError, "which is a device or a pipe", "name an ordinary file"
    extensions = _writable_extensions()
    if Path(path).suffix.lower() not in extensions:
        mend = f"end the name in one of {', '.join(sorted(extensions))}"
        return ValueError, "whose extension names no format for pictures", mend
    if mode is not None and not os.access(target, os.W_OK):
        return PermissionError, "which is read-only", "allow writing it or name another"
    return None


def _fault_of_size(path: StrPath, shape: tuple[int, ...] | None) -> _Fault | None:
    format_ = _writable_extensions()[Path(path).suffix.lower()]
    most = _MAX_SIDES.get(format_)
    if shape is None or most is None or max(shape[:2]) <= most:
        return None
    got = f"whose format {format_} holds at most {most} pixels a side, for {shape[1]}x{shape[0]}"
    return ValueError, got, "write PNG or TIFF, or a smaller picture"


def _fault_of_folder(folder: Path) -> _Fault | None:
    name = f"folder {str(folder)!r}"
    if not folder.exists():
        return FileNotFoundError, f"whose {name} is missing", "create it first"
    if not folder.is_dir():
        return NotADirectoryError, f"whose {name} is a file", "name a real folder"
    try:
        with _temporary_file(folder):
            return None  # permission bits do not bind root, nor tell of read-only disks
    except OSError as error:
        mend = "allow writing there or name another folder"
        return type(error), f"whose {name} takes no file ({error.strerror})", mend


def _target_of(path: StrPath) -> Path:
    return Path(os.path.realpath(path))  # unlike Path.resolve, which rejects loops its own way


def _mode_of(target: Path) -> int | None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return target.stat().st_mode
    return None


def _writable_extensions() -> dict[str, str]:
    known = Image.registered_extensions().items()
    return {end: name for end, name in known if name in _SAVE_OPTIONS and name in Image.SAVE}


@contextlib.contextmanager
def _temporary_file(folder: Path) -> Iterator[Path]:
    name = folder / f".gmmfast-{secrets.token_hex(16)}.tmp"
    try:
        # Not tempfile, whose files are private: the umask decides, as for any other new file.
        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield name
    finally:
        with contextlib.suppress(OSError):  # it was renamed, or never made
            name.unlink()

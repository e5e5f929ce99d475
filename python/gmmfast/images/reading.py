"""Reading pictures as a viewer shows them, of any format, depth, orientation and color space.

Assumes samples are display-referred (8- or 16-bit integers, or floats in [0, 1]) and sRGB unless
an embedded ICC profile defines another space. Guarantees upright sRGB pixels over white of the
first frame, or an exception whose message names the argument.
"""

import contextlib
import io
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError

from gmmfast._files import StrPath
from gmmfast._validation import refuse_masked
from gmmfast.images.checks import GRAY_TO_RGBA, Pixels, complaint, require_shape
from gmmfast.images.levels import as_rgb, scaled_to_8_bits, to_8_bits

ImageSource: TypeAlias = StrPath | IO[bytes] | Image.Image | NDArray[Any]

_DEEP_MODES = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N", "F"})
_GRAY_MODES = frozenset({"1", "L", "LA", "La"})
# (mode, color space of the profile) -> mode to transform; other pairings are mislabeled files.
_MANAGED_MODES = {("L", "GRAY"): "L", ("L", "RGB "): "RGB", ("RGB", "RGB "): "RGB"}
_MANAGED_MODES |= {("CMYK", "CMYK"): "CMYK"}
# PNG color keys that Pillow leaves at the depth of the file while it brings the pixels to 8 bits.
_KEY_TO_8_BITS: dict[str, Callable[[int], int]] = {
    "L;2": lambda level: level * 85,
    "L;4": lambda level: level * 17,
    "RGB;16B": lambda level: level >> 8,
}
# The formats that are read. Pillow has others, of which EPS is executed (by Ghostscript) and some
# are read by whatever program has registered itself.
FORMATS = (
    *("AVIF", "BMP", "DIB", "GIF", "ICNS", "ICO", "JPEG", "JPEG2000", "PCX", "PNG", "PPM", "PSD"),
    *("QOI", "SGI", "TGA", "TIFF", "WEBP"),
)
_READ_ADVICE: dict[type[OSError], str] = {
    FileNotFoundError: "check the spelling and the current folder",
    IsADirectoryError: "name one picture inside that folder",
    PermissionError: "give this user the right to read it",
}


class _NoAgreedWhiteError(ValueError):
    """Sound pixels that no convention maps to a display."""


@dataclass(frozen=True)
class _Storage:
    """Properties of the samples of a file that Pillow drops when it loads them."""

    rawmode: str
    white: int
    white_is_zero: bool


def read_image(image: ImageSource) -> Pixels:
    """Read a picture as a viewer shows it.

    EXIF orientation and ICC profiles are applied, and of an animation the first frame (of a
    ``PIL.Image.Image`` the current) is read. Transparency is laid over white, whatever it is
    given by (an alpha channel of gray or color, a palette, a transparent level), so a
    transparent pixel is white paper and no ink. 16-bit levels are
    scaled to 8 bits: those of gray pictures and of arrays are rounded; those of RGB, RGBA and
    gray+alpha PNGs Pillow truncates (level // 256) before they can be seen here. A PIL image of
    mode I that no file of more bits gave, with levels up to 255, has 8-bit levels.

    Parameters
    ----------
    image : str, os.PathLike, binary file, PIL.Image.Image or ndarray
        Arrays are (h, w) or (h, w, 1) of gray, (h, w, 2) of gray and alpha, (h, w, 3) of RGB
        or (h, w, 4) of RGBA, in bool, uint8, uint16 or float in [0, 1].

    Returns
    -------
    ndarray of shape (h, w, 3), uint8
        sRGB levels 0..255 in memory of their own.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        If a path cannot be opened.
    ValueError, TypeError
        If the data are damaged, too large, without an agreed white, or not a picture.

    Examples
    --------
    >>> read_image(np.array([[0.0, 0.5, 1.0]]))[0, :, 0]
    array([  0, 128, 255], dtype=uint8)
    """
    if isinstance(image, Image.Image):
        return decode(lambda: image, f"a PIL image of mode {image.mode}")
    if isinstance(image, str | os.PathLike):
        name = repr(os.fspath(image))
        with open_for_reading(image, name) as file:
            return decode(lambda: open_picture(file), name)
    if isinstance(image, np.ndarray):
        return _from_array(image)
    if hasattr(image, "read") and not isinstance(image, io.TextIOBase):
        return decode(lambda: open_picture(image), f"the file {getattr(image, 'name', image)!r}")
    wanted = "a path, a binary file, a PIL image or a numpy array"
    mend = "open files in mode 'rb', wrap bytes in io.BytesIO and lists in numpy.asarray"
    raise TypeError(complaint("image", wanted, type(image).__name__, mend))


def open_picture(file: IO[bytes]) -> Image.Image:
    """Open a picture in one of the formats that are read."""
    Image.init()
    return Image.open(file, formats=[name for name in FORMATS if name in Image.OPEN])


def open_for_reading(path: StrPath, name: str, argument: str = "image") -> IO[bytes]:
    """Open a file, or raise an error of the same class that names the argument."""
    wanted = "the path of a picture"
    try:
        return Path(path).open("rb")
    except OSError as error:
        mend = _READ_ADVICE.get(type(error), "check the path and the disk")
        got = f"{name} ({error.strerror})"
        raise type(error)(complaint(argument, wanted, got, mend)) from error
    except ValueError as error:
        raise ValueError(complaint(argument, wanted, f"{name} ({error})", "mend it")) from error


def decode(open_picture: Callable[[], Image.Image], name: str, argument: str = "image") -> Pixels:
    """Return the picture as a viewer shows it, or raise an error that names the argument."""
    with decoding(name, argument):
        return _displayed(open_picture())


@contextlib.contextmanager
def decoding(name: str, argument: str) -> Iterator[None]:
    """Turn whatever Pillow raises into an error that names the argument."""
    wanted = "a picture that can be read"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            yield
    except _NoAgreedWhiteError as error:
        mend = "scale the levels to [0, 1] and pass the array, or export as 16-bit integers"
        got = f"{name} with {error}, which have no agreed white"
        raise ValueError(complaint(argument, "8- or 16-bit levels", got, mend)) from None
    except (Image.DecompressionBombError, MemoryError) as error:
        got, mend = f"{name}, which is too large ({error})", "shrink it or cut it up first"
        raise ValueError(complaint(argument, wanted, got, mend)) from error
    except UnidentifiedImageError as error:
        got = f"{name}, which is in no format of {', '.join(FORMATS)}"
        mend = "fetch it again or export it as PNG"
        raise ValueError(complaint(argument, wanted, got, mend)) from error
    except Exception as error:  # Pillow's plugins raise nearly every class on damaged data
        got = f"{name}, which cannot be decoded ({str(error) or type(error).__name__})"
        mend = "fetch or export it again"
        raise ValueError(complaint(argument, wanted, got, mend)) from error


def _displayed(image: Image.Image) -> Pixels:
    storage = _storage(image)
    image = _upright(image)
    deep = image.mode in _DEEP_MODES
    color, alpha = _from_deep_gray(image, storage) if deep else _from_8_bits(image, storage)
    rgb: Pixels = np.array(_to_srgb(color, image.info.get("icc_profile")))
    return rgb if alpha is None else _over_white(rgb, alpha)


def _storage(image: Image.Image) -> _Storage:
    tags, tiles = getattr(image, "tag_v2", {}), getattr(image, "tile", [])
    bits = min(tags.get(ExifTags.Base.BitsPerSample, (16,))[0], 16)
    white_is_zero = tags.get(ExifTags.Base.PhotometricInterpretation) == 0
    return _Storage(str(tiles[0].args) if tiles else "", 2**bits - 1, white_is_zero)


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    if 0 in image.size:
        raise ValueError("it has no pixels")
    with contextlib.suppress(Exception):  # damaged metadata must not hide sound pixels
        return ImageOps.exif_transpose(image)
    return image.copy()


def _from_deep_gray(image: Image.Image, storage: _Storage) -> tuple[Image.Image, Pixels | None]:
    levels = np.asarray(image)
    # Image.convert("I") and fromarray(int32) keep 8-bit levels; files of more bits name them.
    if image.mode == "I" and not storage.rawmode and 0 <= levels.min() <= levels.max() <= 255:
        return Image.fromarray(levels.astype(np.uint8)), None
    if image.mode == "F" or levels.min() < 0 or levels.max() > storage.white:
        number = "floating-point" if image.mode == "F" else "32-bit integer"
        raise _NoAgreedWhiteError(f"{number} levels from {levels.min()} to {levels.max()}")
    # Pillow compares a deep key with clipped 8-bit levels, hence the comparison here.
    key = image.info.get("transparency")
    alpha = None if key is None else np.where(levels == key, 0, 255).astype(np.uint8)
    gray = to_8_bits(storage.white - levels if storage.white_is_zero else levels, storage.white)
    return Image.fromarray(gray), alpha


def _from_8_bits(image: Image.Image, storage: _Storage) -> tuple[Image.Image, Pixels | None]:
    mode = "L" if image.mode in _GRAY_MODES else "RGB"
    if not image.has_transparency_data:
        return image if image.mode in ("CMYK", "LAB") else image.convert(mode), None
    rescale, key = _KEY_TO_8_BITS.get(storage.rawmode), image.info.get("transparency")
    if rescale is not None and key is not None:
        eight = tuple(map(rescale, key)) if isinstance(key, tuple) else rescale(key)
        image.info["transparency"] = eight
    # Pillow has no direct way from premultiplied gray to RGBA.
    rgba = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    color = rgba.getchannel("R") if mode == "L" else rgba.convert("RGB")
    return color, np.asarray(rgba.getchannel("A"))


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        # A viewer also shows a picture whose profile is broken or of another color space.
        with contextlib.suppress(Exception):
            return _managed(image, ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    return image.convert("RGB")


def _managed(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    mode = _MANAGED_MODES[image.mode, profile.profile.xcolor_space]
    transform = ImageCms.ImageCmsTransform(
        profile,
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
        mode,
        "RGB",
        ImageCms.Intent(ImageCms.getDefaultIntent(profile)),
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    source = image.convert(mode)
    if mode == "RGB":
        # Names of profiles are unreliable (linear "sRGB" exists), hence the probe. Pixels that are
        # in sRGB already are not transformed, to avoid rounding.
        axis = np.linspace(0, 255, 9).astype(np.uint8)
        probe = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(27, 27, 3)
        shifted = np.asarray(transform.apply(Image.fromarray(probe))).astype(np.int16)
        if np.abs(shifted - probe).max() <= 2:
            return source
    return transform.apply(source)


def _from_array(array: NDArray[Any]) -> Pixels:
    refuse_masked("image", array)
    array = np.asarray(array)  # not a subclass
    require_shape("image", array, GRAY_TO_RGBA)
    pixels = scaled_to_8_bits("image", array)
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return as_rgb(pixels).copy()
    n_colors = pixels.shape[2]
    if n_colors == 3:
        return pixels.copy()
    return _over_white(as_rgb(pixels[..., : n_colors - 1]), pixels[..., -1])


def _over_white(rgb: Pixels, alpha: Pixels) -> Pixels:
    opacity = alpha[..., None].astype(np.uint16)  # 255 * 255 + 127 still fits
    return ((rgb * opacity + 255 * (255 - opacity) + 127) // 255).astype(np.uint8)

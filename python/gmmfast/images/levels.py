"""Levels of a picture: in 8 bits, its luma, the threshold of its ink, and the error of a copy."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gmmfast.images.checks import GRAY, GRAY_TO_RGBA, Pixels, complaint, require_uint8

#: ITU-R BT.601: the luma of red, green and blue.
LUMA = np.array([0.299, 0.587, 0.114])

# Array types that carry their own white, by (kind, bytes per sample); floats count from 0 to 1.
_WHITE_OF_DTYPE = {("b", 1): 1, ("u", 1): 255, ("u", 2): 65535}
_WHITE_OF_DTYPE |= {("f", size): 1 for size in (2, 4, 8, 16)}

#: Pixels that are compared at once.
_BAND = 1 << 16


def white_of(argument: str, dtype: np.dtype[Any]) -> int:
    """Return the level of white in an array of this type, or raise TypeError."""
    white = _WHITE_OF_DTYPE.get((dtype.kind, dtype.itemsize))
    if white is None:
        wanted, mend = "bool, uint8, uint16 or float levels", "convert it to one of these"
        raise TypeError(complaint(argument, wanted, f"dtype {dtype}", mend))
    return white


def scaled_to_8_bits(argument: str, levels: NDArray[Any]) -> Pixels:
    """Return levels of any array type of a picture as 8-bit levels; these are not copied."""
    white = white_of(argument, levels.dtype)
    if levels.dtype.kind == "f" and not (levels.min() >= 0 and levels.max() <= 1):  # NaN fails too
        got = f"values from {levels.min()} to {levels.max()}"
        mend = "divide by the level of white and replace NaN"
        raise ValueError(complaint(argument, "floats in [0, 1]", got, mend))
    return levels if white == 255 else to_8_bits(levels, white)


def to_8_bits(levels: NDArray[Any], white: int) -> Pixels:
    """Return levels of another white, rounded to those of 8 bits."""
    return np.rint(levels * (255.0 / white)).astype(np.uint8)


def luma(rgb: Pixels) -> Pixels:
    """Return the luma of a picture, rounded to levels."""
    return np.asarray(Image.fromarray(rgb).convert("L"))


def as_rgb(pixels: Pixels) -> Pixels:
    """Return a picture (h, w), (h, w, 1) or (h, w, 3) with three channels; gray is not copied."""
    levels = pixels[..., None] if pixels.ndim == 2 else pixels
    return np.broadcast_to(levels, (*levels.shape[:2], 3))


def otsu_threshold(gray: Pixels) -> int:
    """Return the level that best splits a gray picture into dark and bright.

    Maximizes the between-class variance of the 256-bin histogram (N. Otsu, "A threshold selection
    method from gray-level histograms", IEEE Trans. Systems, Man, and Cybernetics 9(1), 1979).

    Parameters
    ----------
    gray : ndarray of shape (h, w), uint8
        Levels 0..255.

    Returns
    -------
    int
        Dark is ``gray <= threshold``. In a run of equally good levels it is the middle, rounded
        down; of several such runs it is in the darkest.

    Raises
    ------
    ValueError, TypeError
        If `gray` is empty, not 2-D, not uint8, or has a single level.

    Examples
    --------
    >>> otsu_threshold(np.array([[10, 10, 200]], dtype=np.uint8))
    104
    """
    require_uint8("gray", gray, GRAY)
    histogram = Image.fromarray(gray).histogram()
    n, mass = gray.size, sum(level * count for level, count in enumerate(histogram))
    best, plateau, dark, dark_mass = Fraction(0), [0], 0, 0
    for level, count in enumerate(histogram):
        dark, dark_mass = dark + count, dark_mass + level * count
        if not 0 < dark < n:
            continue
        # Between-class variance times n**4, exactly: rounding would tear plateaus apart.
        variance = Fraction((mass * dark - dark_mass * n) ** 2, dark * (n - dark))
        if variance > best:
            best, plateau = variance, [level]
        elif variance == best and level == plateau[-1] + 1:
            plateau.append(level)
    if not best:
        mend = "pass an explicit threshold instead"
        got = f"the single level {gray.flat[0]}"
        raise ValueError(complaint("gray", "at least two levels", got, mend))
    return (plateau[0] + plateau[-1]) // 2


def psnr(picture: Pixels, reference: Pixels) -> float:
    """Return the peak signal-to-noise ratio over all pixels and channels.

    Parameters
    ----------
    picture, reference : ndarray of shape (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), uint8
        Of one size. A gray picture has three equal channels where the other one is in color.

    Returns
    -------
    float
        Decibels relative to the peak 255; inf for equal pictures.

    Raises
    ------
    ValueError, TypeError
        If the shapes differ or are not as above, or if an array is not uint8.

    Examples
    --------
    >>> round(psnr(np.full((2, 2), 255, np.uint8), np.full((2, 2), 254, np.uint8)), 2)
    48.13
    """
    require_uint8("picture", picture, GRAY_TO_RGBA)
    require_uint8("reference", reference, GRAY_TO_RGBA)
    one, other = (each[..., None] if each.ndim == 2 else each for each in (picture, reference))
    n_channels = {one.shape[2], other.shape[2]}
    if one.shape[:2] != other.shape[:2] or not (len(n_channels) == 1 or n_channels == {1, 3}):
        mend = "crop or resize one of the two"
        wanted = f"the shape {picture.shape} of picture"
        raise ValueError(complaint("reference", wanted, f"shape {reference.shape}", mend))
    # By bands of rows: differences of whole pictures would take twelve times their memory.
    height, width = one.shape[:2]
    rows = max(_BAND // max(width, 1), 1)
    squares = 0
    for first in range(0, height, rows):
        band = slice(first, first + rows)
        squares += int(np.square(one[band].astype(np.int32) - other[band]).sum(dtype=np.int64))
    error = squares / max(height * width * max(n_channels), 1)
    return 10 * math.log10(255**2 / error) if error else math.inf

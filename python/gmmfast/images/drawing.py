"""Drawings from photographs: outlines and darkest parts in black on white."""

import math
import numbers
from typing import Any

import numpy as np

from gmmfast._lazy import LazyModule
from gmmfast.images.checks import Pixels, complaint
from gmmfast.images.levels import LUMA
from gmmfast.images.reading import ImageSource, read_image

#: Imported when it is needed: SciPy takes longer than most pictures.
ndimage = LazyModule("scipy.ndimage")

#: The blur of the surroundings, relative to that of a line.
_SURROUND = 1.6

#: The part of the surroundings that is subtracted: with less than all of it dark parts stay dark.
_FRACTION = 0.985


def line_drawing(image: ImageSource, line_width: float = 1.5, detail: float = 0.5) -> Pixels:
    """Draw a photograph: black where a pixel is darker than its surroundings.

    Parameters
    ----------
    image : see `read_image`
    line_width : float
        Standard deviation in pixels of the blur within a line; above 0.
    detail : float in [0, 1]
        0 draws only the strongest lines, 1 also the faintest.

    Returns
    -------
    ndarray of shape (h, w), uint8
        0 is ink, 255 paper.

    Raises
    ------
    ValueError
        If `line_width` or `detail` is out of range, or if `read_image` raises.

    Notes
    -----
    A thresholded difference of Gaussians (H. Winnemoeller, J. E. Kyprianidis and S. C. Olsen,
    XDoG: An extended difference-of-Gaussians compendium, Computers & Graphics 36(6), 2012).

    Examples
    --------
    >>> picture = np.full((20, 30), 220, dtype=np.uint8)
    >>> picture[:, 15:] = 90
    >>> np.flatnonzero(line_drawing(picture)[10] == 0)
    array([15, 16, 17, 18])
    """
    if not (_is_number(line_width) and 0 < line_width < math.inf):
        mend = "pass the blur of a line in pixels, such as 1.5"
        raise ValueError(complaint("line_width", "a number above 0", repr(line_width), mend))
    if not (_is_number(detail) and 0 <= detail <= 1):
        mend = "pass a share, such as 0.5"
        raise ValueError(complaint("detail", "a number in [0, 1]", repr(detail), mend))
    gray = read_image(image) @ LUMA / 255
    difference = ndimage.gaussian_filter(gray, line_width) - _FRACTION * ndimage.gaussian_filter(
        gray, _SURROUND * line_width
    )
    ink = difference < -0.035 * (1 - detail) + 0.004
    return np.where(ink, 0, 255).astype(np.uint8)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)

"""The kind of a picture: ink on paper, a gray photograph, or a picture in color.

A picture is gray if nobody sees its colors: the PSNR of its luma against it is at least 40 dB.
A gray picture is ink if it is bilevel, or nearly so. The dark and the bright level are the medians
of the two classes that Otsu's threshold makes. Antialiased lines, scans and JPEG files also have
other levels, but scattered or at the edges of lines; a photograph has them over areas. A pixel is
in such an area if at most one of the 3 x 3 pixels about it is near either level, within 15 % of
their difference. If more than 7 % of the pixels that are not paper are in such areas, the picture
is a photograph. Paper is the level of the larger class. A picture of a single level is ink.

The limits are from photographs (also washed out, inverted, noisy, on white ground, and of 60
pixels a side) and from text, lines, thresholded photographs and dithers, antialiased, compressed
and scanned.
"""

import numpy as np

from gmmfast._lazy import LazyModule
from gmmfast.images.checks import Pixels
from gmmfast.images.levels import luma, otsu_threshold, psnr

#: Imported when it is needed: SciPy takes longer than most pictures.
ndimage = LazyModule("scipy.ndimage")

#: Decibels from which the luma of a picture stands for it.
_GRAY_PSNR = 40.0

#: The largest difference from a level of pixels that have it, relative to the levels' difference.
_NEAR = 0.15

#: The part of the 3 x 3 pixels that are in an area of other levels: 8 of 9.
_MOST = 8 / 9 - 0.01

#: The largest part of the pixels of ink that are in such areas.
_AREAS = 0.07


def photograph_kind(rgb: Pixels) -> str:
    """Return "gray" or "color", for a picture (h, w, 3)."""
    return "gray" if psnr(luma(rgb), rgb) >= _GRAY_PSNR else "color"


def picture_kind(rgb: Pixels) -> str:
    """Return "ink", "gray" or "color", for a picture (h, w, 3)."""
    kind = photograph_kind(rgb)
    return "ink" if kind == "gray" and is_nearly_bilevel(luma(rgb)) else kind


def is_nearly_bilevel(gray: Pixels) -> bool:
    """Return whether a gray picture (h, w) is ink on paper, and no photograph."""
    if gray.min() == gray.max():
        return True
    is_dark = gray <= otsu_threshold(gray)
    dark, bright = np.median(gray[is_dark]), np.median(gray[~is_dark])
    near = _NEAR * (bright - dark)
    levels = gray.astype(np.float32)
    is_other = np.minimum(np.abs(levels - dark), np.abs(levels - bright)) > near
    in_areas = ndimage.uniform_filter(is_other.astype(np.float32), 3, mode="nearest") > _MOST
    paper = dark if is_dark.mean() > 0.5 else bright
    n_inked = np.count_nonzero(np.abs(levels - paper) > near)
    return bool(np.count_nonzero(in_areas) <= _AREAS * n_inked)

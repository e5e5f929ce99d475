"""A drawing out of a photograph: its outlines and darkest parts in black on white."""

import numbers

import numpy as np

from gmmfast.images.checks import Pixels, complaint
from gmmfast.images.reading import ImageSource, read_image

#: How much wider the blurred surroundings are than the line.
_SURROUND = 1.6

#: How much of the surroundings is taken away: with less than all of it dark parts stay dark.
_SHARE = 0.985


def line_drawing(image: ImageSource, line_width: float = 1.5, detail: float = 0.5) -> Pixels:
    """Draw a photograph: black where a pixel is darker than its surroundings.

    Parameters
    ----------
    image : see `read_image`
    line_width : float
        Standard deviation in pixels of the blur within a line; above 0.
    detail : float in [0, 1]
        0 draws only the strongest lines, 1 the faintest, too.

    Returns
    -------
    ndarray of shape (h, w), uint8
        0 is ink, 255 paper.

    Raises
    ------
    ValueError
        Another `line_width` or `detail`; and as `read_image` raises.

    Notes
    -----
    A thresholded difference of Gaussians (H. Winnemoeller, J. E. Kyprianidis and S. C. Olsen,
    XDoG: An extended difference-of-Gaussians compendium, Computers & Graphics 36(6), 2012).

    Examples
    --------
    >>> picture = np.full((20, 30), 220, dtype=np.uint8)
    >>> picture[:, 15:] = 90
    >>> np.flatnonzero(line_drawing(picture)[10] == 0)
    array([15, 16])
    """
    for argument, value, low, high in (
        ("line_width", line_width, 0, np.inf),
        ("detail", detail, -1e-300, 1),
    ):
        is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        if not (is_number and low < value <= high and np.isfinite(value)):
            wanted = "a number above 0" if argument == "line_width" else "a number in [0, 1]"
            raise ValueError(complaint(argument, wanted, repr(value), "pass such a number"))
    from scipy.ndimage import gaussian_filter  # noqa: PLC0415 (slow to import)

    grey = read_image(image) @ np.array([0.299, 0.587, 0.114]) / 255
    difference = gaussian_filter(grey, line_width) - _SHARE * gaussian_filter(
        grey, _SURROUND * line_width
    )
    ink = difference < -0.035 * (1 - detail) + 0.004
    return np.where(ink, 0, 255).astype(np.uint8)

"""Colors from paper to ink: ramps in a space where equal steps look equal.

Ramps run straight through Oklab (B. Ottosson, A perceptual color space for image
processing, 2020), where the middle of blue and yellow is not gray, and the middle of paper and ink
looks like the middle.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gmmfast._validation import describe, float_array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

#: From linear sRGB to the cube of cone responses, and from their roots to Oklab.
_TO_CONES = np.array([
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
])  # fmt: skip
_TO_LAB = np.array([
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
])  # fmt: skip

#: Steps of a ramp: finer than the 8-bit levels between any two colors.
_STEPS = 1024


def oklab_of_srgb(rgb: ArrayLike) -> Array:
    """Return Oklab coordinates of sRGB levels from 0 to 255.

    Parameters
    ----------
    rgb : array-like of shape (..., 3)
        Levels, not necessarily integers.

    Returns
    -------
    ndarray of shape (..., 3)
        Lightness 0 to 1, green to red, blue to yellow.

    Examples
    --------
    >>> (oklab_of_srgb([255, 255, 255]) + 0.0).round(3).tolist()
    [1.0, 0.0, 0.0]
    """
    levels = float_array("rgb", rgb) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    lab: Array = np.cbrt(linear @ _TO_CONES.T) @ _TO_LAB.T
    return lab


def srgb_of_oklab(lab: ArrayLike) -> Array:
    """Return sRGB levels, clipped to 0..255 and not rounded, of Oklab coordinates.

    Parameters
    ----------
    lab : array-like of shape (..., 3)

    Returns
    -------
    ndarray of shape (..., 3)

    Examples
    --------
    >>> srgb_of_oklab(oklab_of_srgb([10, 200, 90])).round(2).tolist()
    [10.0, 200.0, 90.0]
    """
    cones = (float_array("lab", lab) @ np.linalg.inv(_TO_LAB).T) ** 3
    linear = np.clip(cones @ np.linalg.inv(_TO_CONES).T, 0, 1)
    levels = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(levels * 255)


def color_levels(color: str) -> tuple[int, int, int]:
    """Return the levels of a color written as "#rrggbb".

    Parameters
    ----------
    color : str
        Six hexadecimal digits after a hash.

    Raises
    ------
    ValueError
        If `color` has another form.

    Examples
    --------
    >>> color_levels("#ff8000")
    (255, 128, 0)
    """
    if not isinstance(color, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", color):
        raise ValueError(f"color: expected '#rrggbb' such as '#10182b', got {describe(color)}")
    red, green, blue = bytes.fromhex(color[1:])
    return red, green, blue


@dataclass(frozen=True)
class Ramp:
    """A run of colors from paper (0) to ink (1), evenly spaced.

    Parameters
    ----------
    colors : tuple of str
        At least two colors "#rrggbb", paper first.

    Raises
    ------
    ValueError
        If there are fewer than two, or if one is not a color.

    Examples
    --------
    >>> ramp = Ramp(("#ffffff", "#000000"))
    >>> ramp([0.0, 1.0]).tolist()
    [[255, 255, 255], [0, 0, 0]]
    """

    colors: tuple[str, ...]

    def __post_init__(self) -> None:
        if isinstance(self.colors, str) or len(self.colors) < 2:
            raise ValueError(
                f"colors: expected at least two colors '#rrggbb', got {describe(self.colors)}"
            )
        object.__setattr__(self, "colors", tuple(self.colors))
        for color in self.colors:
            color_levels(color)

    @property
    def paper(self) -> str:
        """The color of 0."""
        return self.colors[0]

    @property
    def ink(self) -> str:
        """The color of 1."""
        return self.colors[-1]

    @cached_property
    def table(self) -> NDArray[np.uint8]:
        """Colors at even steps from 0 to 1, (n_steps, 3); read-only."""
        corners = oklab_of_srgb([color_levels(color) for color in self.colors])
        at = np.linspace(0, len(corners) - 1, _STEPS)
        lab = [np.interp(at, np.arange(len(corners)), axis) for axis in corners.T]
        table = np.rint(srgb_of_oklab(np.stack(lab, axis=-1))).astype(np.uint8)
        table.flags.writeable = False
        return table

    def __call__(self, values: ArrayLike) -> NDArray[np.uint8]:
        """Return the color at each value; outside [0, 1] it stays at the ends.

        Parameters
        ----------
        values : array-like

        Returns
        -------
        ndarray of shape `values.shape` + (3,), uint8
        """
        steps = np.clip(float_array("values", values), 0, 1) * (_STEPS - 1)
        return self.table[np.rint(steps).astype(np.intp)]

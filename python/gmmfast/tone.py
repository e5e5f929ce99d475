"""Tone curves: piecewise-linear maps from densities to gray levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._validation import describe, float_array, refuse_masked

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class ToneCurve:
    """A piecewise-linear map from [0, 1] to [0, 1].

    Parameters
    ----------
    points : sequence of (input, output)
        Corners of the curve, inputs ascending from 0 to 1, outputs in [0, 1].
        The default is the straight line.

    Raises
    ------
    ValueError
        If the inputs do not ascend from 0 to 1, or an output is outside [0, 1].

    Examples
    --------
    Lift the shadows to show the thin lines of a drawing:

    >>> import gmmfast
    >>> curve = gmmfast.ToneCurve([(0, 0), (0.2, 0.6), (1, 1)])
    >>> curve([0.0, 0.1, 0.2, 1.0]).tolist()
    [0.0, 0.3, 0.6, 1.0]
    >>> gmmfast.ToneCurve.parse("0:0, 0.2:0.6, 1:1") == curve
    True
    """

    points: tuple[tuple[float, float], ...] = ((0.0, 0.0), (1.0, 1.0))

    def __post_init__(self) -> None:
        refuse_masked("points", self.points)
        try:
            corners = float_array("points", self.points)
        except (TypeError, ValueError):
            corners = np.empty(0)
        if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 2:
            raise ValueError(
                f"points: expected at least two (input, output) pairs, got {describe(self.points)}"
            )
        inputs, outputs = corners.T
        is_curve = inputs[0] == 0 and inputs[-1] == 1 and (np.diff(inputs) > 0).all()
        if not is_curve or not ((outputs >= 0) & (outputs <= 1)).all():
            raise ValueError(
                "points: expected inputs that ascend from 0 to 1 and outputs in [0, 1], "
                f"got {describe(self.points)}"
            )
        exact = tuple((float(x), float(y)) for x, y in corners)
        object.__setattr__(self, "points", exact)

    @classmethod
    def parse(cls, text: str) -> ToneCurve:
        """Return the curve written as "linear" or "input:output, input:output, ...".

        Parameters
        ----------
        text : str
            For instance "0:0, 0.3:0.1, 1:1".

        Raises
        ------
        ValueError, TypeError
            If `text` is not a curve.
        """
        if not isinstance(text, str):
            raise TypeError(f"text: expected a str such as 'linear', got {describe(text)}")
        if text.strip().lower() == "linear":
            return cls()
        try:
            corners = (corner.partition(":") for corner in text.split(","))
            return cls(tuple((float(x), float(y)) for x, _, y in corners))
        except ValueError:
            raise ValueError(
                "text: expected 'linear' or corners such as '0:0,0.3:0.1,1:1', inputs that ascend "
                f"from 0 to 1 and outputs in [0, 1], got {describe(text)}"
            ) from None

    def __call__(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return the value of the curve at each input; inputs are clipped to [0, 1]."""
        inputs, outputs = np.asarray(self.points).T
        return np.asarray(np.interp(float_array("values", values), inputs, outputs))

    def picture(self, density: ArrayLike) -> NDArray[np.uint8]:
        """Return the picture of a density: dark ink on white paper.

        Parameters
        ----------
        density : array-like of shape (height, width)
            Finite values of at least 0. The curve is applied to the density divided by its
            largest value.

        Returns
        -------
        ndarray of shape (height, width), uint8
            255 (paper) where the curve gives 0, 0 (ink) where it gives 1.

        Raises
        ------
        ValueError
            If the density is negative or not finite.

        Examples
        --------
        >>> import gmmfast
        >>> gmmfast.ToneCurve().picture([[0.0, 0.2, 0.5]])
        array([[255, 153,   0]], dtype=uint8)
        """
        darkness = self(scale_to_unit(density))
        return np.rint(255 * (1 - darkness)).astype(np.uint8)


#: The default tone darkens the middle. Under a straight line the peaks of a few narrow components
#: would leave the rest of a drawing pale.
DEFAULT_TONE = ToneCurve(((0, 0), (0.03, 0.03), (0.3, 0.75), (0.7, 1), (1, 1)))


def scale_to_unit(density: Any) -> NDArray[np.float64]:
    """Return a density divided by its largest value; all zeros stay zeros.

    Parameters
    ----------
    density : array-like
        At least 0 and finite.

    Returns
    -------
    ndarray of the same shape
        In [0, 1].

    Raises
    ------
    ValueError
        If a value is negative or not finite.

    Examples
    --------
    >>> scale_to_unit([0.0, 1.0, 4.0]).tolist()
    [0.0, 0.25, 1.0]
    """
    values = float_array("density", density)
    largest = values.max(initial=0.0)
    if not np.isfinite(values).all() or values.min(initial=0.0) < 0:
        raise ValueError(
            "density: expected finite values of at least 0, got values from "
            f"{values.min()} to {values.max()}; for a log-density, take its exponential first"
        )
    with np.errstate(under="ignore"):
        return values / largest if largest > 0 else values

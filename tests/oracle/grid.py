"""Quantities of a mixture over a pixel grid, pixel by pixel."""

import numpy as np

from oracle.mixture import condition

NUMBERS = ("density", "log_density", "mean", "covariance", "std", "entropy")
QUANTITIES = (*NUMBERS, "label")

#: Points that are evaluated together, to bound the memory.
CHUNK = 1 << 14


def grid_points(shape, extent=None):
    """Coordinates of the pixels of a grid, (n_pixels, n_axes), x first."""
    indices = np.indices(shape)[::-1].reshape(len(shape), -1).T
    if extent is None:
        return indices.astype(float)
    low, high = np.transpose(extent)
    return low + (indices + 0.5) * (high - low) / shape[::-1]


def render(mixture, shape, quantity, *, extent=None, given=None, seed=None):
    """Return the quantity at each pixel in float64; `seed` is for the quantity "sample"."""
    points = grid_points(shape, extent)
    given = range(len(shape)) if given is None else given
    parts = []
    for first in range(0, len(points), CHUNK):
        at = condition(mixture, given, points[first : first + CHUNK])
        is_sample = quantity == "sample"
        parts.append(at.sample(seed, first) if is_sample else getattr(at, quantity)())
    values = np.concatenate(parts)
    return values.reshape(*shape, *values.shape[1:])

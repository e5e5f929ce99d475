"""Gates and experts of a mixture, and the gates' responsibilities for a grid of pixels.

Assumes pixel coordinates, (x, y) = (column, row). Guarantees responsibilities that sum to 1 over
those of at least 1e-4 (or a quarter of 1 / n_components, if that is less): the others change a
painting by a hundredth of a level, and only during the minimization; the exact renderer decides
which result is returned.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.sparse import csc_array

from gmmfast._memory import check_fits
from gmmfast.mixture import Mixture
from gmmfast.mixture.layouts import cholesky
from gmmfast.rendering import render_grid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: Responsibilities below this are left out.
_LEAST_RESPONSIBILITY = 1e-4

#: Bytes of a responsibility that is kept: its row, its value, and intermediate results.
_PAIR_BYTES = 72


class Experts(NamedTuple):
    """Affine functions of (x, y): the colors at the mean of a gate, and their slopes."""

    #: (n_components, n_colors)
    levels: Array
    #: (n_components, n_colors, 2)
    slopes: Array

    def coefficients(self, means: Array) -> Array:
        """Return values at the origin, and slopes along x and y, (n_components, 3 n_colors)."""
        at_origin = self.levels - np.einsum("kcj,kj->kc", self.slopes, means)
        return np.hstack([at_origin, self.slopes[..., 0], self.slopes[..., 1]])


class Gates(NamedTuple):
    """Gaussians of (x, y), times weights that need not sum to 1."""

    #: Logarithms of the weighted densities at the means, up to a common constant: (n_components,)
    peaks: Array
    #: (n_components, 2)
    means: Array
    #: Lower Cholesky factors of the covariances, (n_components, 2, 2).
    factors: Array

    @classmethod
    def of(cls, log_weights: Array, means: Array, covariances: Array) -> Gates:
        """Return gates with these weights, means and covariances of (x, y)."""
        factors = cholesky(covariances)
        return cls(log_weights - _log_roots(factors), means, factors)

    @property
    def log_weights(self) -> Array:
        """Logarithms of weights that sum to 1."""
        logs = self.peaks + _log_roots(self.factors)
        shift = logs.max()
        total: Array = logs - shift - np.log(np.exp(logs - shift).sum())
        return total

    @property
    def covariances(self) -> Array:
        """Covariances of (x, y), (n_components, 2, 2)."""
        return self.factors @ self.factors.swapaxes(1, 2)


def _log_roots(factors: Array) -> Array:
    """Return the logarithms of the roots of the covariances' determinants."""
    logs: Array = np.log(factors[:, 0, 0]) + np.log(factors[:, 1, 1])
    return logs


class PixelGrid:
    """The pixels of every `step`-th row and column of a picture, with their colors.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, n_channels), uint8
    step : int
        The distance between rows and between columns.
    first : (row, column)
        The first pixel; less than `step` each.
    """

    def __init__(
        self, pixels: NDArray[np.uint8], step: int = 1, first: tuple[int, int] = (0, 0)
    ) -> None:
        rows, columns = (np.arange(first[i], pixels.shape[i], step) for i in (0, 1))
        self.shape = len(rows), len(columns)
        self.axes = columns.astype(np.float64), rows.astype(np.float64)
        self.colors = pixels[rows[:, None], columns].reshape(-1, pixels.shape[2]) * 1.0
        self._step = step

    def __len__(self) -> int:
        return self.shape[0] * self.shape[1]

    @cached_property
    def x(self) -> Array:
        """Columns of the pixels, row by row."""
        return np.tile(self.axes[0], self.shape[0])

    @cached_property
    def y(self) -> Array:
        """Rows of the pixels, row by row."""
        return np.repeat(self.axes[1], self.shape[1])

    def log_density(self, gates: Gates) -> Array:
        """Return the gates' log-density at the pixels, of this `shape`."""
        weights = np.exp(gates.log_weights)
        mixture = Mixture(weights, gates.means, gates.covariances, covariance_type="full")
        half = 0.5 * self._step
        extent = [(axis[0] - half, axis[-1] + half) for axis in self.axes]
        return render_grid(mixture, self.shape, quantity="log_density", extent=extent)


class SparseResponsibilities:
    """The responsibilities that are not negligible, found once for gates that then move a little.

    Pairs of a pixel and a gate are in the order of the gates.
    """

    def __init__(self, grid: PixelGrid, gates: Gates) -> None:
        self.grid, self.n_components = grid, len(gates.means)
        parts = list(_pixels_of_gates(grid, gates))
        self.counts = np.array([len(part) for part in parts])
        self.ends = np.concatenate([[0], np.cumsum(self.counts)])
        n_bytes = int(self.ends[-1]) * _PAIR_BYTES
        check_fits("image", grid.shape, n_bytes, "refine a smaller picture")
        self.rows = np.concatenate(parts)
        self._x, self._y = grid.x[self.rows], grid.y[self.rows]

    def each(self, of_gates: Array) -> Array:
        """Return a value for each pair from one for each gate."""
        repeated: Array = np.repeat(of_gates, self.counts)
        return repeated

    def whitened(self, gates: Gates) -> tuple[Array, Array]:
        """Return the pairs' offsets from the means in units of the gates' factors."""
        inverse: Array = np.linalg.inv(gates.factors).astype(np.float64, copy=False)
        x, y = self._x - self.each(gates.means[:, 0]), self._y - self.each(gates.means[:, 1])
        y *= self.each(inverse[:, 1, 1])
        y += self.each(inverse[:, 1, 0]) * x
        x *= self.each(inverse[:, 0, 0])
        return x, y

    def responsibilities(self, gates: Gates) -> Any:
        """Return the responsibilities as a scipy.sparse.csc_array, (n_pixels, n_components)."""
        u, v = self.whitened(gates)
        u *= u
        v *= v
        u += v
        u *= -0.5
        u += self.each(gates.peaks)
        largest = np.full(len(self.grid), -np.inf)
        np.maximum.at(largest, self.rows, u)
        u -= largest[self.rows]
        np.exp(u, out=u)
        u /= np.bincount(self.rows, u, len(self.grid))[self.rows]
        return self.sparse(u)

    def sparse(self, of_pairs: Array) -> Any:
        """Return values of the pairs as a scipy.sparse.csc_array."""
        shape = len(self.grid), self.n_components
        return csc_array((of_pairs, self.rows, self.ends), shape=shape)

    def painted(self, responsibilities: Any, coefficients: Array) -> Array:
        """Return the colors that experts of these coefficients paint, (n_pixels, n_colors)."""
        at_origin, along_x, along_y = np.split(responsibilities @ coefficients, 3, axis=1)
        along_x *= self.grid.x[:, None]
        along_y *= self.grid.y[:, None]
        painted: Array = at_origin + along_x + along_y
        return painted


def _pixels_of_gates(grid: PixelGrid, gates: Gates) -> Iterator[NDArray[np.int32]]:
    """Yield for each gate the pixels at which its responsibility is kept."""
    n_components = len(gates.means)
    least = np.log(min(_LEAST_RESPONSIBILITY, 0.25 / n_components))
    bound = grid.log_density(gates) + least
    # Peaks of densities with weights that sum to 1.
    peaks = gates.log_weights - _log_roots(gates.factors) - np.log(2 * np.pi)
    radii = np.sqrt(np.maximum(2 * (peaks - bound.min()), 0))
    stds = np.sqrt(np.diagonal(gates.covariances, 0, 1, 2))
    inverse = np.linalg.inv(gates.factors)
    (xs, ys), width = grid.axes, grid.shape[1]
    low, high = gates.means - radii[:, None] * stds, gates.means + radii[:, None] * stds
    boxes = [np.searchsorted(a, [low[:, i], high[:, i]]) for i, a in enumerate((xs, ys))]
    for k in range(n_components):
        columns, rows = (slice(box[0, k], box[1, k]) for box in boxes)
        x, y = xs[columns] - gates.means[k, 0], ys[rows] - gates.means[k, 1]
        v = inverse[k, 1, 0] * x + (inverse[k, 1, 1] * y)[:, None]
        v *= v
        v += np.square(inverse[k, 0, 0] * x)
        is_kept = v < 2 * (peaks[k] - bound[rows, columns])
        local_rows, local_columns = np.nonzero(is_kept)
        first = rows.start * width + columns.start
        yield (local_rows * width + local_columns + first).astype(np.int32)

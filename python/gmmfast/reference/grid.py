"""The NumPy twin's renderings: every quantity over a grid, pixel by pixel.

The interface and the rules are those of `mixture.py`; every quantity is a
function of a chunk of points, (n_points, n_axes), and of the first one's index in the grid,
and gives (n_points, ...).
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, final

import numpy as np

from gmmfast.reference.conditional import Conditional
from gmmfast.reference.mixture import (
    Mixture,
    check_features,
    chunks,
    count,
    log_sum_exp,
    responsibilities,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    #: Of points, and the index of the first one in the grid.
    Evaluate = Callable[[Array, int], NDArray[Any]]

#: Side of the tiles that the extension culls for, in pixels; a line is folded into them.
_TILE = 32

_DTYPES = ("float64", "float32", "uint8")
_LABEL_DTYPES = (*_DTYPES, "int32", "int64")


@final
class Rendering:
    """A quantity of a mixture over a grid; rendered whole or in bands, the same bits."""

    def __init__(  # noqa: PLR0913 (the extension's signature)
        self,
        mixture: Mixture,
        quantity: str,
        shape: tuple[int, ...],
        extent: list[tuple[float, float]],
        given: list[int],
        tolerance: float | None = None,  # noqa: ARG002 (exact is within every tolerance)
        seed: int = 0,
    ) -> None:
        prepare = _quantities(seed).get(quantity)
        if prepare is None:
            *names, last = map(repr, _quantities(seed))
            raise ValueError(f"quantity: expected {', '.join(names)} or {last}, got {quantity!r}")
        check_features("given", given, mixture.means.shape[1])
        self._evaluate = prepare(mixture, given)
        self._n_components = len(mixture.weights)
        self._n_active = np.count_nonzero(mixture.log_weights > -np.inf)
        self._dtypes = _LABEL_DTYPES if quantity == "label" else _DTYPES
        self._shape = shape
        n_targets = mixture.means.shape[1] - len(shape)
        self._value_shape = (n_targets,) * _VALUE_AXES.get(quantity, 0)
        self._axes = [  # in array order: low end, and step
            (low, (high - low) / n) for n, (low, high) in zip(shape, reversed(extent), strict=True)
        ]

    def render(self, out: NDArray[Any], first: int = 0, n_threads: int | None = None) -> None:  # noqa: ARG002
        """Write lines `first` to `first` + len(out) of the first array axis into `out`."""
        count("render")
        if not (out.flags.carray and out.dtype.isnative) or out.dtype.name not in self._dtypes:
            raise TypeError(
                f"out: expected a C-contiguous, aligned and writable array of native "
                f"{', '.join(self._dtypes)}, got {out.dtype}"
            )
        line_shape = (*self._shape[1:], *self._value_shape)
        if out.shape[1:] != line_shape or not 0 <= first <= self._shape[0] - len(out):
            raise ValueError(
                f"out: expected lines of shape {line_shape}, {first} and on of {self._shape[0]}, "
                f"got shape {out.shape}"
            )
        line = math.prod(self._shape[1:])
        n_pixels = len(out) * line
        flat = out.reshape(n_pixels, *self._value_shape)
        for rows in chunks(n_pixels, self._n_components):
            offset = first * line
            values = self._evaluate(self._points(rows, offset), offset + rows.start)
            if out.dtype == np.uint8:
                values = np.rint(np.clip(values, 0, 255))
            with np.errstate(over="ignore", under="ignore"):
                flat[rows] = values.astype(out.dtype)

    def survivors(self, n_threads: int | None = None) -> NDArray[np.uint32]:  # noqa: ARG002
        """Return how many components are summed in each tile: all that have weight."""
        *frames, last = self._shape
        sizes = [*frames[:-1], *((n + _TILE - 1) // _TILE for n in (*frames[-1:], last))]
        if not frames:
            sizes = [(last + _TILE**2 - 1) // _TILE**2]
        return np.full(sizes, self._n_active, np.uint32)

    def _points(self, rows: slice, offset: int) -> Array:
        """Centres of the pixels `offset` + rows, x first."""
        indices = np.unravel_index(offset + np.arange(rows.start, rows.stop), self._shape)
        coordinates = [
            low + (index + 0.5) * step
            for index, (low, step) in zip(indices, self._axes, strict=True)
        ]
        return np.stack(coordinates[::-1], axis=1)


def _log_density(mixture: Mixture, given: list[int]) -> Evaluate:
    marginal = mixture.marginal(given)
    return lambda points, _: log_sum_exp(marginal.weighted_log_prob(points))


def _density(mixture: Mixture, given: list[int]) -> Evaluate:
    log_density = _log_density(mixture, given)

    def density(points: Array, first: int) -> NDArray[Any]:
        with np.errstate(over="ignore", under="ignore"):
            return np.exp(log_density(points, first))

    return density


def _label(mixture: Mixture, given: list[int]) -> Evaluate:
    marginal = mixture.marginal(given)
    # Shares that round to the same number still have log-densities of an order.
    return lambda points, _: marginal.weighted_log_prob(points).argmax(axis=1)


def _entropy(mixture: Mixture, given: list[int]) -> Evaluate:
    marginal = mixture.marginal(given)

    def entropy(points: Array, _: int) -> NDArray[Any]:
        shares = responsibilities(marginal.weighted_log_prob(points))
        with np.errstate(divide="ignore", invalid="ignore", under="ignore"):
            terms = np.where(shares > 0, -shares * np.log(shares), 0.0)
        return np.asarray(terms.sum(axis=1))

    return entropy


def _mean(mixture: Mixture, given: list[int]) -> Evaluate:
    conditional = Conditional(mixture, given)
    return lambda points, _: conditional.means_at(points)


def _covariance(mixture: Mixture, given: list[int]) -> Evaluate:
    conditional = Conditional(mixture, given)
    return lambda points, _: conditional.covariances_at(points)


def _std(mixture: Mixture, given: list[int]) -> Evaluate:
    conditional = Conditional(mixture, given)
    return lambda points, _: conditional.stds_at(points)


def _sample(mixture: Mixture, given: list[int], seed: int) -> Evaluate:
    conditional = Conditional(mixture, given)
    return lambda points, first: conditional.draws_at(points, seed, first)


def _quantities(seed: int) -> dict[str, Callable[[Mixture, list[int]], Evaluate]]:
    return {
        "density": _density,
        "log_density": _log_density,
        "mean": _mean,
        "covariance": _covariance,
        "std": _std,
        "label": _label,
        "entropy": _entropy,
        "sample": partial(_sample, seed=seed),
    }


#: How often the number of targets is in the shape of a value.
_VALUE_AXES = {"mean": 1, "covariance": 2, "std": 1, "sample": 1}

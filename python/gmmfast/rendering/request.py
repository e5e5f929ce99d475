"""From what a user asks of a grid to what the backend takes.

`render_grid` and `render_bands` share this: it resolves the defaults (quantity,
extent, features, dtype) and checks every argument. Nothing is allocated here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from gmmfast import _core
from gmmfast._memory import check_countable
from gmmfast._random import seed_of
from gmmfast._validation import (
    Extent,
    check_extent,
    check_features,
    check_n_threads,
    check_shape,
    check_tolerance,
    shown,
)
from gmmfast.mixture import Mixture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike

Quantity = Literal[
    "auto", "density", "log_density", "mean", "covariance", "std", "label", "entropy", "sample"
]

#: How many axes of n_targets numbers the value at a pixel has.
_VALUE_AXES = {
    "density": 0,
    "log_density": 0,
    "mean": 1,
    "covariance": 2,
    "std": 1,
    "label": 0,
    "entropy": 0,
    "sample": 1,
}

_DTYPES = ("float64", "float32", "uint8")
_LABEL_DTYPES = ("int32", "int64", *_DTYPES)

#: Most components whose indices the dtype holds.
_MAX_LABELS = {"uint8": 2**8, "float32": 2**24}

#: Bands of whole multiples of this are what the backend's tiles divide best.
_TILE_LINES = 32


class Request(NamedTuple):
    """What the caller passed beside the model and the shape, unchecked."""

    quantity: str
    extent: Sequence[Sequence[float]] | None
    given: Sequence[int] | None
    tolerance: float | None
    n_threads: int | None
    random_state: Any = None


@dataclass(frozen=True)
class Plan:
    """A quantity over a grid, every argument checked."""

    mixture: Mixture
    quantity: str
    grid: tuple[int, ...]
    #: Of the whole result.
    shape: tuple[int, ...]
    extent: Extent
    given: list[int]
    tolerance: float | None
    n_threads: int | None
    #: Of a sample; 0 for all else.
    seed: int

    @classmethod
    def of(cls, model: Any, shape: int | Sequence[int], request: Request) -> Plan:
        """Check and resolve everything; the message of an error names the argument."""
        mixture = Mixture.from_model(model)
        grid = check_shape(shape)
        given = _grid_features(request.given, len(grid), mixture.n_features)
        n_targets = mixture.n_features - len(grid)
        quantity = _resolve_quantity(request.quantity, n_targets, mixture.n_features)
        tolerance = check_tolerance(request.tolerance)
        n_threads = check_n_threads(request.n_threads)
        result_shape = (*grid, *(n_targets,) * _VALUE_AXES[quantity])
        check_countable("shape", shown(grid), math.prod(result_shape))
        extent = resolve_extent(request.extent, mixture.extent, given, grid)
        seed = _seed(request.random_state, quantity)
        return cls(
            mixture, quantity, grid, result_shape, extent, given, tolerance, n_threads, seed
        )

    def prepare(self) -> _core.Rendering:
        """Do once what every band needs."""
        core = self.mixture._core
        return _core.Rendering(
            core,
            self.quantity,
            self.grid,
            list(self.extent),
            self.given,
            self.tolerance,
            self.seed,
        )

    def dtype(self, dtype: DTypeLike | None) -> np.dtype[Any]:
        """Return the dtype of a result that is allocated here."""
        if dtype is None:
            return np.dtype(np.int32 if self.quantity == "label" else np.float64)
        try:
            checked = np.dtype(dtype)
        except (TypeError, ValueError):
            checked = np.dtype(object)
        self.check_dtype("dtype", checked, dtype)
        return checked

    def check_dtype(self, argument: str, dtype: np.dtype[Any], got: object) -> None:
        """Raise unless the result may be of this dtype; `argument` is to blame, for `got`."""
        names = _LABEL_DTYPES if self.quantity == "label" else _DTYPES
        if dtype not in [np.dtype(name) for name in names]:
            expected = f"{', '.join(names[:-1])} or {names[-1]}"
            raise TypeError(f"{argument}: expected {expected}, got {shown(got)}")
        most = _MAX_LABELS.get(dtype.name)
        n_components = self.mixture.n_components
        if self.quantity == "label" and most is not None and n_components > most:
            raise ValueError(
                f"{argument}: expected int32 or int64 for the labels of {n_components} "
                f"components, got {dtype.name}, which holds those of {most} at most"
            )

    def line_bytes(self, dtype: np.dtype[Any]) -> int:
        """Return the size of one line of the first axis."""
        return math.prod(self.shape[1:]) * dtype.itemsize

    def band_size(self, dtype: np.dtype[Any], n_bytes: int) -> int:
        """Return how many lines make a band of about `n_bytes`, at least one."""
        n_lines = max(1, n_bytes // self.line_bytes(dtype))
        if n_lines > _TILE_LINES:
            n_lines -= n_lines % _TILE_LINES
        return min(n_lines, self.grid[0])


def _grid_features(given: Sequence[int] | None, n_axes: int, n_features: int) -> list[int]:
    if n_features < n_axes:
        raise ValueError(
            f"shape: expected at most as many axes as the model has features ({n_features}), "
            f"got {n_axes} axes; fit the model with more features or pass fewer axes"
        )
    if given is None:
        return list(range(n_axes))
    checked = check_features("given", given, n_features)
    if len(checked) != n_axes:
        raise ValueError(
            f"given: expected {n_axes} features, one for each axis of the shape, got {checked}"
        )
    return checked


def _resolve_quantity(quantity: str, n_targets: int, n_features: int) -> str:
    names = ("auto", *_VALUE_AXES)
    if not isinstance(quantity, str) or quantity not in names:
        raise ValueError(f"quantity: expected one of {names}, got {shown(quantity)}")
    if quantity == "auto":
        return "mean" if n_targets else "density"
    if _VALUE_AXES[quantity] and not n_targets:
        raise ValueError(
            "quantity: expected 'density', 'log_density', 'label' or 'entropy' for a grid with "
            f"as many axes as the model has features ({n_features}), got {quantity!r}, which "
            "needs a feature that remains"
        )
    return quantity


def _seed(random_state: Any, quantity: str) -> int:
    if quantity == "sample":
        return seed_of(random_state)
    if random_state is not None:
        raise ValueError(
            f"random_state: expected None unless quantity is 'sample', got {shown(random_state)} "
            f"for {quantity!r}, of which nothing is random"
        )
    return 0


def resolve_extent(
    extent: Sequence[Sequence[float]] | None,
    remembered: Extent | None,
    given: list[int],
    grid: tuple[int, ...],
) -> Extent:
    """Return the extent asked for, else what is remembered of it, else pixel coordinates."""
    if extent is not None:
        checked = check_extent(extent, max_axes=len(grid))
        if len(checked) != len(grid):
            raise ValueError(
                f"extent: expected {len(grid)} (low, high) pairs, one for each axis and x "
                f"first, got {len(checked)}"
            )
        _check_pixel_sizes(checked, grid)
        return checked
    known = dict(enumerate(remembered or ()))
    sizes = reversed(grid)
    return tuple(
        known.get(feature, (-0.5, size - 0.5)) for feature, size in zip(given, sizes, strict=True)
    )


def _check_pixel_sizes(extent: Extent, grid: tuple[int, ...]) -> None:
    for (low, high), n_pixels in zip(extent, reversed(grid), strict=True):
        if (high - low) / n_pixels == 0:
            raise ValueError(
                f"extent: expected intervals wide enough for {n_pixels} pixels in float64, "
                f"got ({low}, {high})"
            )

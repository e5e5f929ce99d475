"""The arguments of a rendering, checked and resolved once.

`Request.from_arguments` resolves the defaults (quantity, extent, features) and checks every
argument except the output array and its dtype. The limit of the tolerance is the core's:
`Request.prepare` checks it, once the caller has checked the dtype and the memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

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
    describe,
)
from gmmfast.mixture import Mixture
from gmmfast.mixture.parameters import expected_log_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike

Quantity = Literal[
    "auto", "density", "log_density", "mean", "covariance", "std", "label", "entropy", "sample"
]

#: Number of axes, of n_remaining elements each, of the value at a pixel.
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

#: The quantities that an estimator's `score_samples`, `predict` and `predict_proba` give, too.
_OF_ESTIMATORS = ("density", "log_density", "label", "entropy")

#: Largest number of components for each dtype of a result; the default dtype is the first.
VALUE_DTYPES = dict.fromkeys(("float64", "float32", "uint8"), math.inf)
LABEL_DTYPES = {
    "int32": math.inf,
    "int64": math.inf,
    "float64": math.inf,
    "float32": 2**24,
    "uint8": 2**8,
}

#: The core divides bands of whole multiples of this into complete tiles.
_TILE_LINES = 32


class Options(TypedDict, total=False):
    """Optional arguments of `render_grid`, unchecked."""

    quantity: Quantity
    extent: Sequence[Sequence[float]] | None
    given: Sequence[int] | None
    tolerance: float | None
    random_state: Any
    n_threads: int | None


@dataclass(frozen=True)
class Request:
    """A quantity over a grid, with every argument checked and resolved."""

    mixture: Mixture
    #: The mixture that is evaluated.
    core: _core.Mixture
    quantity: str
    grid: tuple[int, ...]
    #: Shape of the whole result: `grid` and the shape of a value.
    shape: tuple[int, ...]
    extent: Extent
    given: list[int]
    tolerance: float | None
    seed: int
    n_threads: int | None

    @classmethod
    def from_arguments(
        cls, model: Any, shape: int | Sequence[int], **options: Unpack[Options]
    ) -> Request:
        """Check and resolve the arguments; the message of an error names the argument."""
        mixture = Mixture.from_model(model)
        grid = check_shape(shape)
        given = _grid_features(options.get("given"), len(grid), mixture.n_features)
        n_remaining = mixture.n_features - len(grid)
        quantity = _resolve_quantity(
            options.get("quantity", "auto"), n_remaining, mixture.n_features
        )
        tolerance = check_tolerance(options.get("tolerance"))
        n_threads = check_n_threads(options.get("n_threads"))
        n_axes = _VALUE_AXES[quantity]
        if n_axes == 1 and _is_gray(mixture, given):
            n_axes = 0
        result_shape = (*grid, *(n_remaining,) * n_axes)
        check_countable("shape", describe(grid), math.prod(result_shape))
        extent = resolve_extent(options.get("extent"), mixture.extent, given, grid)
        seed = _seed(options.get("random_state"), quantity)
        core = _core_of(model, mixture, quantity)
        return cls(
            mixture, core, quantity, grid, result_shape, extent, given, tolerance, seed, n_threads
        )

    def prepare(self) -> _core.Rendering:
        """Return the core's rendering: the components conditioned on the grid's features."""
        extent = list(self.extent)
        return _core.Rendering(
            self.core, self.quantity, self.grid, extent, self.given, self.tolerance, self.seed
        )

    @property
    def is_gray(self) -> bool:
        """Whether the grid is of a gray picture, whose levels need no axis of channels."""
        return _is_gray(self.mixture, self.given)

    def dtype(self, dtype: DTypeLike | None) -> np.dtype[Any]:
        """Return the dtype of a new result."""
        if dtype is None:
            return np.dtype(next(iter(self._max_components)))
        try:
            checked = np.dtype(dtype)
        except (TypeError, ValueError):
            checked = np.dtype(object)
        self.check_dtype("dtype", checked, dtype)
        return checked

    def check_dtype(self, argument: str, dtype: np.dtype[Any], got: object) -> None:
        """Raise an error that names `argument` and `got` unless a result may have this dtype."""
        names = {np.dtype(name): name for name in self._max_components}
        if dtype not in names:
            *others, last = names.values()
            raise TypeError(
                f"{argument}: expected {', '.join(others)} or {last}, got {describe(got)}"
            )
        most = self._max_components[names[dtype]]
        n_components = self.mixture.n_components
        if n_components > most:
            raise ValueError(
                f"{argument}: expected int32 or int64 for the labels of {n_components} "
                f"components, got {dtype.name}, which holds those of {most} at most"
            )

    @property
    def _max_components(self) -> dict[str, float]:
        return LABEL_DTYPES if self.quantity == "label" else VALUE_DTYPES

    def line_bytes(self, dtype: np.dtype[Any]) -> int:
        """Return the size of one line of the first axis."""
        return math.prod(self.shape[1:]) * dtype.itemsize

    def band_size(self, dtype: np.dtype[Any], n_bytes: int) -> int:
        """Return the number of lines in a band of about `n_bytes`, at least one."""
        n_lines = max(1, n_bytes // self.line_bytes(dtype))
        if n_lines > _TILE_LINES:
            n_lines -= n_lines % _TILE_LINES
        return min(n_lines, self.grid[0])


def _core_of(model: Any, mixture: Mixture, quantity: str) -> _core.Mixture:
    """Return the mixture whose log-density is the estimator's `score_samples`, if it has one.

    The two differ for a variational estimator; its mean, std and sample are of its mixture.
    """
    logs = expected_log_weights(model) if quantity in _OF_ESTIMATORS else None
    return mixture._core if logs is None else mixture._core.with_log_weights(logs)


def _is_gray(mixture: Mixture, given: list[int]) -> bool:
    return mixture.kind == "gray" and given == [0, 1]


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


def _resolve_quantity(quantity: str, n_remaining: int, n_features: int) -> str:
    names = ("auto", *_VALUE_AXES)
    if not isinstance(quantity, str) or quantity not in names:
        raise ValueError(f"quantity: expected one of {names}, got {describe(quantity)}")
    if quantity == "auto":
        return "mean" if n_remaining else "density"
    if _VALUE_AXES[quantity] and not n_remaining:
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
            f"random_state: expected None unless quantity is 'sample', "
            f"got {describe(random_state)} for {quantity!r}, of which nothing is random"
        )
    return 0


def resolve_extent(
    extent: Sequence[Sequence[float]] | None,
    remembered: Extent | None,
    given: list[int],
    grid: tuple[int, ...],
) -> Extent:
    """Return `extent`, else the remembered one, else the extent of pixel coordinates."""
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


def extent_of_components(mixture: Mixture, n_std: float = 3.5) -> Extent:
    """Return an interval for each feature that holds so many deviations about every component."""
    spread = n_std * np.sqrt(mixture._parameters().variances())
    low, high = (mixture.means - spread).min(axis=0), (mixture.means + spread).max(axis=0)
    return tuple(zip(low.tolist(), high.tolist(), strict=True))


def _check_pixel_sizes(extent: Extent, grid: tuple[int, ...]) -> None:
    for (low, high), n_pixels in zip(extent, reversed(grid), strict=True):
        if (high - low) / n_pixels == 0:
            raise ValueError(
                f"extent: expected intervals wide enough for {n_pixels} pixels in float64, "
                f"got ({low}, {high})"
            )

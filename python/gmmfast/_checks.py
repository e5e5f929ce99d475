"""Checks of arguments that more than one public function takes.

Each returns the argument in the one form that the rest of the package uses, or
raises TypeError (the wrong kind of thing) or ValueError (the right kind, but
not a value that can be used) with a message that names it.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, DTypeLike, NDArray

#: (low, high) for each of the first features, in feature order.
Extent = tuple[tuple[float, float], ...]

_DTYPES = tuple(np.dtype(name) for name in ("float64", "float32", "uint8"))
_MAX_AXES = 3


def float_array(
    argument: str, values: ArrayLike, *, ndims: tuple[int, ...]
) -> NDArray[np.float64]:
    """Return real numbers as a C-contiguous float64 array of one of `ndims`."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(f"{argument}: expected rows of equal length, got {values!r}") from None
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{argument}: expected real numbers, got dtype {array.dtype}")
    if array.ndim not in ndims:
        expected = " or ".join(f"{n}-D" for n in ndims)
        raise ValueError(f"{argument}: expected a {expected} array, got shape {array.shape}")
    return np.require(array, dtype=np.float64, requirements=["C", "ALIGNED"])


def check_features(argument: str, features: Sequence[int], n_features: int) -> list[int]:
    """Return distinct feature indices in 0..n_features - 1, as int."""
    if isinstance(features, str) or not np.iterable(features):
        raise TypeError(f"{argument}: expected a sequence of feature indices, got {features!r}")
    try:
        checked = [operator.index(feature) for feature in features]
    except TypeError:
        raise TypeError(f"{argument}: expected integers, got {list(features)}") from None
    if any(isinstance(feature, bool | np.bool_) for feature in features):
        raise TypeError(f"{argument}: expected integers, got {list(features)}")
    if not all(0 <= feature < n_features for feature in checked):
        raise ValueError(
            f"{argument}: expected feature indices from 0 to {n_features - 1}, got {checked}"
        )
    if not checked or len(set(checked)) < len(checked):
        raise ValueError(f"{argument}: expected distinct features, at least one, got {checked}")
    return checked


def check_extent(extent: Sequence[Sequence[float]], *, max_axes: int) -> Extent:
    """Return (low, high) pairs of two different finite floats, one an axis."""
    try:
        pairs = np.asarray(extent)
    except ValueError:
        pairs = np.empty(0, dtype=object)
    if pairs.dtype.kind not in "fiu":
        raise TypeError(f"extent: expected (low, high) pairs of real numbers, got {extent!r}")
    pairs = pairs.astype(np.float64)
    if pairs.shape == (2,):
        pairs = pairs[None]
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not 1 <= len(pairs) <= max_axes:
        raise ValueError(
            "extent: expected one (low, high) pair for each axis, x first, and at most "
            f"{max_axes}, got {extent!r}"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        widths = pairs[:, 1] - pairs[:, 0]
    if not (np.isfinite(widths) & (widths != 0)).all():
        raise ValueError(f"extent: expected pairs of two different finite numbers, got {extent!r}")
    return tuple((float(low), float(high)) for low, high in pairs)


def check_n_threads(n_threads: int | None) -> int | None:
    """Return a positive number of threads, or None for the default."""
    if n_threads is None:
        return None
    if isinstance(n_threads, bool | np.bool_):
        raise TypeError(f"n_threads: expected an integer or None, got {n_threads!r}")
    try:
        number = operator.index(n_threads)
    except TypeError:
        raise TypeError(f"n_threads: expected an integer or None, got {n_threads!r}") from None
    if not 1 <= number <= 1024:
        raise ValueError(f"n_threads: expected 1 to 1024, got {number}")
    return number


def check_shape(shape: int | Sequence[int]) -> tuple[int, ...]:
    """Return the shape of a 1-, 2- or 3-D grid as positive int."""
    is_sequence = np.iterable(shape) and not isinstance(shape, str | bytes)
    sizes: list[Any] = list(shape) if is_sequence else [shape]  # type: ignore[arg-type]
    if any(isinstance(size, bool | np.bool_) or not hasattr(size, "__index__") for size in sizes):
        raise TypeError(f"shape: expected integers, (height, width) in 2-D, got {shape!r}")
    try:
        checked = tuple(operator.index(size) for size in sizes)
    except TypeError:  # an array of several integers has __index__, too
        raise TypeError(f"shape: expected a flat sequence, got {shape!r}") from None
    if not 1 <= len(checked) <= _MAX_AXES:
        raise ValueError(
            f"shape: expected 1 to {_MAX_AXES} axes, (height, width) in 2-D, got {shape!r}"
        )
    if min(checked) < 1:
        raise ValueError(f"shape: expected at least one pixel on every axis, got {shape!r}")
    return checked


def check_dtype(dtype: DTypeLike | None) -> np.dtype[Any]:
    """Return the dtype of a result, float64 by default."""
    try:
        checked = np.dtype(np.float64 if dtype is None else dtype)
    except (TypeError, ValueError):
        checked = np.dtype(object)
    if checked not in _DTYPES:
        raise TypeError(f"dtype: expected float64, float32 or uint8, got {dtype!r}")
    return checked

"""Checks of arguments that more than one public function takes.

Each returns the argument in the form that the rest of the package uses, or raises
TypeError (a wrong type) or ValueError (an invalid value) with a message that names it.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: (low, high) for each of the first features, in feature order.
Extent = tuple[tuple[float, float], ...]

_MAX_AXES = 3

#: Iterables that are not sequences of numbers.
_NO_SEQUENCES = (str, bytes, bytearray, Mapping, AbstractSet)

_MAX_SHOWN = 200


def describe(value: object) -> str:
    """Return the value as text for messages, of at most about 200 characters."""
    try:
        text = repr(_start(value))
    except ValueError:  # an integer of more digits than Python prints
        return f"a {type(value).__name__} too long to show"
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def _start(value: object) -> object:
    """Return what is shown of text, or of a list of texts, which may be as long as a file."""
    most = _MAX_SHOWN + 1
    if type(value) in (str, bytes):
        return value[:most]  # type: ignore[index]
    if type(value) is list:
        return [item[:most] if type(item) is str else item for item in value[:most]]
    return value


def refuse_masked(
    argument: str, values: object, mend: str = "pass its compressed() or filled() values"
) -> None:
    """Raise TypeError for a masked array or a list that has one: NumPy would drop the mask."""
    masked = sys.modules.get("numpy.ma")  # slow to import, and without it there are none
    if masked is None:
        return
    if isinstance(values, masked.MaskedArray):
        raise TypeError(
            f"{argument}: expected an array without a mask, got a masked array; {mend}"
        )
    if isinstance(values, list | tuple):
        for value in values:
            refuse_masked(argument, value, mend)


def float_array(
    argument: str, values: ArrayLike, *, ndims: tuple[int, ...] | None = None
) -> NDArray[np.float64]:
    """Return real numbers as a C-contiguous float64 array of one of `ndims`.

    Numbers beyond float64 (long doubles) become infinite.
    """
    refuse_masked(argument, values)
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(
            f"{argument}: expected rows of equal length, got {describe(values)}"
        ) from None
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{argument}: expected real numbers, got dtype {array.dtype}")
    if ndims is not None and array.ndim not in ndims:
        expected = " or ".join(f"{n}-D" for n in ndims)
        raise ValueError(f"{argument}: expected a {expected} array, got shape {array.shape}")
    with np.errstate(over="ignore"):
        return np.require(array, dtype=np.float64, requirements=["C", "ALIGNED"])


def shape_and_dtype(argument: str, array: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return those of anything whose slices give arrays, or raise TypeError."""
    try:
        return tuple(int(size) for size in array.shape), np.dtype(array.dtype)
    except (AttributeError, TypeError, ValueError):
        raise TypeError(
            f"{argument}: expected an array of known shape and dtype, got "
            f"{type(array).__name__}; pass lists through numpy.asarray"
        ) from None


def check_points(argument: str, values: ArrayLike, n_features: int) -> NDArray[np.float64]:
    """Return finite rows of as many values as features, C-contiguous float64."""
    points = float_array(argument, values, ndims=(2,))
    if points.shape[1] != n_features:
        raise ValueError(
            f"{argument}: expected shape (n_samples, {n_features}), as many features as the "
            f"model, got {points.shape}"
        )
    if not np.isfinite(points).all():
        row = int(np.argmin(np.isfinite(points).all(axis=1)))
        raise ValueError(
            f"{argument}: expected finite values, got {points[row].tolist()} in row {row}; "
            "drop such rows or fill them in"
        )
    return points


def check_features(argument: str, features: Sequence[int], n_features: int) -> list[int]:
    """Return distinct feature indices in 0..n_features - 1, as int."""
    if isinstance(features, _NO_SEQUENCES) or not np.iterable(features):
        raise TypeError(
            f"{argument}: expected a sequence of feature indices, got {describe(features)}"
        )
    passed = list(features)  # a generator can be iterated once only
    try:
        checked = [operator.index(feature) for feature in passed]
    except TypeError:
        raise TypeError(f"{argument}: expected integers, got {describe(passed)}") from None
    if any(isinstance(feature, bool | np.bool_) for feature in passed):
        raise TypeError(f"{argument}: expected integers, got {describe(passed)}")
    if not all(0 <= feature < n_features for feature in checked):
        raise ValueError(
            f"{argument}: expected feature indices from 0 to {n_features - 1}, "
            f"got {describe(checked)}"
        )
    if not checked or len(set(checked)) < len(checked):
        raise ValueError(f"{argument}: expected distinct features, at least one, got {checked}")
    return checked


def check_extent(extent: Sequence[Sequence[float]], *, max_axes: int) -> Extent:
    """Return one (low, high) pair of different finite floats for each axis."""
    refuse_masked("extent", extent)
    try:
        pairs = np.asarray(extent)
    except ValueError:
        pairs = np.empty(0, dtype=object)
    if pairs.dtype.kind not in "fiu":
        raise TypeError(
            f"extent: expected (low, high) pairs of real numbers, got {describe(extent)}"
        )
    with np.errstate(over="ignore"):
        pairs = pairs.astype(np.float64)
    if pairs.shape == (2,):
        pairs = pairs[None]
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not 1 <= len(pairs) <= max_axes:
        raise ValueError(
            "extent: expected one (low, high) pair for each axis, x first, and at most "
            f"{max_axes}, got {describe(extent)}"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        widths = pairs[:, 1] - pairs[:, 0]
    if not (np.isfinite(widths) & (widths != 0)).all():
        raise ValueError(
            f"extent: expected pairs of two different finite numbers, got {describe(extent)}"
        )
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
        raise ValueError(f"n_threads: expected 1 to 1024, got {describe(number)}")
    return number


def check_shape(shape: int | Sequence[int]) -> tuple[int, ...]:
    """Return the shape of a 1-, 2- or 3-D grid as positive int."""
    is_sequence = np.iterable(shape) and not isinstance(shape, _NO_SEQUENCES)
    sizes: list[Any] = list(shape) if is_sequence else [shape]  # type: ignore[arg-type]
    if any(isinstance(size, bool | np.bool_) or not hasattr(size, "__index__") for size in sizes):
        raise TypeError(f"shape: expected integers, (height, width) in 2-D, got {describe(shape)}")
    try:
        checked = tuple(operator.index(size) for size in sizes)
    except TypeError:  # an array of several integers has __index__, too
        raise TypeError(f"shape: expected a flat sequence, got {describe(shape)}") from None
    if not 1 <= len(checked) <= _MAX_AXES:
        raise ValueError(
            f"shape: expected 1 to {_MAX_AXES} axes, (height, width) in 2-D, got {describe(shape)}"
        )
    if min(checked) < 1:
        raise ValueError(
            f"shape: expected at least one pixel on every axis, got {describe(shape)}"
        )
    return checked


def check_tolerance(tolerance: float | None) -> float | None:
    """Return the tolerance as a float, or None; the core checks its limits."""
    if tolerance is None:
        return None
    is_number = isinstance(tolerance, Real) and not isinstance(tolerance, bool | np.bool_)
    if not is_number:
        raise TypeError(f"tolerance: expected a number or None, got {describe(tolerance)}")
    try:
        return float(tolerance)
    except OverflowError:
        return math.inf if tolerance > 0 else -math.inf


def check_dtype(dtype: Any, names: tuple[str, ...]) -> np.dtype[Any]:
    """Return the dtype if it is one of those with these names; None is none of them."""
    try:
        checked: np.dtype[Any] = np.dtype(dtype)
    except (TypeError, ValueError):
        checked = np.dtype(object)
    if dtype is None or checked not in [np.dtype(name) for name in names]:
        expected = f"{', '.join(names[:-1])} or {names[-1]}"
        raise TypeError(f"dtype: expected {expected}, got {describe(dtype)}")
    return checked


def check_count(argument: str, count: int) -> int:
    """Return a positive int."""
    if isinstance(count, bool | np.bool_):
        raise TypeError(f"{argument}: expected an integer, got {count!r}")
    try:
        number = operator.index(count)
    except TypeError:
        raise TypeError(f"{argument}: expected an integer, got {describe(count)}") from None
    if number < 1:
        raise ValueError(f"{argument}: expected at least 1, got {describe(number)}")
    return number


def check_index(argument: str, index: int, size: int) -> int:
    """Return an int from 0 to `size` - 1."""
    if isinstance(index, bool | np.bool_) or not hasattr(index, "__index__"):
        raise TypeError(f"{argument}: expected an integer, got {describe(index)}")
    number = operator.index(index)
    if not 0 <= number < size:
        raise ValueError(f"{argument}: expected 0 to {size - 1}, got {describe(number)}")
    return number


def check_fraction(argument: str, fraction: float, *, low: bool = False) -> float:
    """Return a number between 0 and 1, exclusive; 0 is allowed if `low` is true."""
    if not isinstance(fraction, Real) or isinstance(fraction, bool | np.bool_):
        raise TypeError(f"{argument}: expected a number, got {describe(fraction)}")
    # The number itself is compared: its conversion may round across a limit.
    if not (0 <= fraction < 1) or (fraction == 0 and not low):
        interval = "0 <= number < 1" if low else "0 < number < 1"
        raise ValueError(f"{argument}: expected {interval}, got {describe(fraction)}")
    return float(fraction)


def check_positive(argument: str, number: float, *, or_zero: bool = False) -> float:
    """Return a finite number above 0; 0 is allowed if `or_zero` is true."""
    if not isinstance(number, Real) or isinstance(number, bool | np.bool_):
        raise TypeError(f"{argument}: expected a number, got {describe(number)}")
    if not (0 <= number <= sys.float_info.max) or (number == 0 and not or_zero):
        kind = "finite number of at least 0" if or_zero else "positive finite number"
        raise ValueError(f"{argument}: expected a {kind}, got {describe(number)}")
    return float(number)

"""Checks of pictures, and their messages."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gmmfast._validation import refuse_masked

Pixels: TypeAlias = NDArray[np.uint8]

# Allowed shapes after (h, w).
Tails: TypeAlias = tuple[tuple[int, ...], ...]
GRAY: Tails = ((),)
GRAY_OR_RGB: Tails = (*GRAY, (3,))
GRAY_TO_RGBA: Tails = (*GRAY, (1,), (2,), (3,), (4,))


def complaint(argument: str, expected: str, got: str, mend: str) -> str:
    """Return an error message of its four parts."""
    return f"{argument}: expected {expected}, got {got}; {mend}"


def require_shape(argument: str, array: NDArray[Any], tails: Tails) -> None:
    """Raise ValueError unless the array is (h, w) and one of `tails`, and not empty."""
    if array.ndim < 2 or array.size == 0 or array.shape[2:] not in tails:
        shapes = " or ".join(f"({', '.join(['h', 'w', *map(str, tail)])})" for tail in tails)
        mend = "put the channels last and drop empty or surplus axes"
        wanted = f"a non-empty array of shape {shapes}"
        raise ValueError(complaint(argument, wanted, f"shape {array.shape}", mend))


def require_uint8(argument: str, array: Pixels, tails: Tails) -> None:
    """Raise TypeError unless it is an array of uint8, ValueError as `require_shape`."""
    if not isinstance(array, np.ndarray) or array.dtype != np.uint8:
        got = f"dtype {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
        mend = "scale the levels to 0..255 and convert them with .astype(numpy.uint8)"
        raise TypeError(complaint(argument, "a numpy array of dtype uint8", got, mend))
    refuse_masked(argument, array)
    require_shape(argument, array, tails)

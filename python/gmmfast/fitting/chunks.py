"""Data in chunks: which values of X are chunks, and the iterators over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NoReturn

import numpy as np

from gmmfast._memory import available_bytes
from gmmfast._validation import describe

#: Returns a new iterator over the chunks at each call.
Chunks = Callable[[], Iterator[Any]]

#: Number of rows of a memory map that are read at a time.
MAP_ROWS = 1 << 20

#: Number of rows of the blocks that an array is cut into for a mapper.
BLOCK_ROWS = 1 << 18


def chunks_of(X: Any) -> Chunks | None:
    """Return a function that iterates over the chunks of X, or None if X is one array.

    Chunks are a function that returns an iterator, or a collection of 2-D arrays or of pairs
    (array, sample_weight). A memory map is an array if a fit of all its rows fits in memory;
    otherwise it is read in chunks.

    Raises
    ------
    TypeError
        If X is an iterator, which ends after one pass.
    """
    if isinstance(X, np.memmap):
        return None if X.ndim != 2 or _fits_in_memory(X) else lambda: rows_of(X)
    if (
        hasattr(X, "__array__")
        or hasattr(X, "shape")
        or isinstance(X, str | bytes | Mapping | AbstractSet)
    ):
        return None
    if isinstance(X, Iterator):
        raise TypeError(
            f"X: expected chunks that can be gone through once an iteration, got {describe(X)}, "
            "which ends after the first; pass a function that returns it, or a list"
        )
    if callable(X):
        return lambda: _returned_by(X)
    if isinstance(X, Sequence):
        is_chunks = len(X) > 0 and _is_chunk(X[0])
        return (lambda: iter(X)) if is_chunks else None
    return (lambda: iter(X)) if isinstance(X, Iterable) else None


def _fits_in_memory(X: Any) -> bool:
    """Return whether the float64 copies that a fit makes of a memory map fit in memory."""
    if len(X) <= MAP_ROWS:
        return True
    available = available_bytes()
    return available is None or len(X) * (16 * X.shape[1] + 64) <= available


def _is_chunk(value: Any) -> bool:
    if isinstance(value, tuple) and len(value) == 2:
        value = value[0]
    return bool(getattr(value, "ndim", 0) == 2)


def _returned_by(function: Callable[[], Any]) -> Iterator[Any]:
    chunks = function()
    if not isinstance(chunks, Iterable):
        raise TypeError(
            "X: expected a function that returns an iterator over chunks, got one that returns "
            f"{describe(chunks)}; let it yield arrays of rows"
        )
    return iter(chunks)


def rows_of(array: Any, sample_weight: Any = None, n_rows: int | None = None) -> Iterator[Any]:
    """Yield chunks of rows of an array, as pairs with their weights if there are any."""
    n_rows = n_rows or MAP_ROWS
    for first in range(0, len(array), n_rows):
        rows = slice(first, first + n_rows)
        points = np.asarray(array[rows])
        yield points if sample_weight is None else (points, sample_weight[rows])


def points_and_weight(chunk: Any) -> tuple[Any, Any]:
    """Return the points of a chunk, and their weights or None."""
    if isinstance(chunk, tuple):
        if len(chunk) != 2:
            raise TypeError(
                "X: expected chunks that are arrays or pairs (points, sample_weight), got a "
                f"tuple of length {len(chunk)}"
            )
        return chunk
    return chunk, None


def refuse_other_chunks(expected: int, got: int) -> NoReturn:
    """Raise ValueError because a later pass gave another number of rows."""
    raise ValueError(
        f"X: expected the same chunks, of {expected} rows, each time they are gone through, got "
        f"{got} rows; pass a function that returns a new iterator at every call"
    )

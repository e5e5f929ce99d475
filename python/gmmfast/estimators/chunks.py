"""Data that come in chunks: which argument is that, and what its chunks must be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np

from gmmfast._validation import shown
from gmmfast.estimators.training_data import MAP_ROWS

#: Goes through the chunks once.
Chunks = Callable[[], Iterator[Any]]


def chunks_of(X: Any) -> Chunks | None:
    """Return what goes through the chunks of X, or None if X is one array.

    Chunks are a function that returns an iterator, or a collection of 2-D arrays (or of
    pairs of one and its sample weights) that can be gone through again; so is a memory map
    of many rows, whose rows are read as they are needed.

    Raises
    ------
    TypeError
        Something that can be gone through only once.
    """
    if isinstance(X, np.memmap):
        return None if X.ndim != 2 or len(X) <= MAP_ROWS else lambda: rows_of(X)
    if (
        hasattr(X, "__array__")
        or hasattr(X, "shape")
        or isinstance(X, str | bytes | Mapping | AbstractSet)
    ):
        return None
    if isinstance(X, Iterator):
        raise TypeError(
            f"X: expected chunks that can be gone through once an iteration, got {shown(X)}, "
            "which ends after the first; pass a function that returns it, or a list"
        )
    if callable(X):
        return lambda: _returned_by(X)
    if isinstance(X, Sequence):
        is_chunks = len(X) > 0 and _is_chunk(X[0])
        return (lambda: iter(X)) if is_chunks else None
    return (lambda: iter(X)) if isinstance(X, Iterable) else None


def _is_chunk(value: Any) -> bool:
    if isinstance(value, tuple) and len(value) == 2:
        value = value[0]
    return bool(getattr(value, "ndim", 0) == 2)


def _returned_by(function: Callable[[], Any]) -> Iterator[Any]:
    chunks = function()
    if not isinstance(chunks, Iterable):
        raise TypeError(
            "X: expected a function that returns an iterator over chunks, got one that returns "
            f"{shown(chunks)}; let it yield arrays of rows"
        )
    return iter(chunks)


def rows_of(array: Any, sample_weight: Any = None) -> Iterator[Any]:
    """Yield the rows of a memory map some at a time, with their weights if they have any."""
    for first in range(0, len(array), MAP_ROWS):
        rows = slice(first, first + MAP_ROWS)
        points = np.asarray(array[rows])
        yield points if sample_weight is None else (points, sample_weight[rows])


def points_and_weight(chunk: Any) -> tuple[Any, Any]:
    """Return the points of a chunk and their weights, None if it has none."""
    if isinstance(chunk, tuple):
        if len(chunk) != 2:
            raise TypeError(
                "X: expected chunks that are arrays or pairs (points, sample_weight), got a "
                f"tuple of length {len(chunk)}"
            )
        return chunk
    return chunk, None

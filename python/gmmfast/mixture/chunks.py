"""Rows in chunks: intermediate arrays of a computation stay below 8 MB."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Largest number of values in an intermediate array.
CHUNK = 1 << 20


def rows_per_chunk(n_values: int) -> int:
    """Return how many rows of `n_values` each have at most CHUNK values, but at least 1."""
    return max(1, CHUNK // n_values)


def row_slices(n_rows: int, n_values: int) -> Iterator[slice]:
    """Yield slices of `rows_per_chunk(n_values)` rows; the last one may reach beyond the end."""
    step = rows_per_chunk(n_values)
    return (slice(start, start + step) for start in range(0, n_rows, step))

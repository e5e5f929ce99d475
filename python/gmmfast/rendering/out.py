"""Checks of the argument `out`, and rendering into it.

The core writes C-contiguous, aligned arrays of native byte order. Any other array
(strided, of swapped bytes, in Fortran order) is filled band by band through a small
buffer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._memory import check_fits
from gmmfast._validation import describe, refuse_masked

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from gmmfast.rendering.request import Request

#: Size of the buffer, small enough for the band to be in a cache when it is copied.
BUFFER_BYTES = 4 * 2**20


def check_out(out: Any, request: Request, dtype: DTypeLike | None) -> NDArray[Any]:
    """Return `out` as a plain array, after checking that the result fits into it."""
    refuse_masked("out", out, "pass its data attribute")
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out: expected a NumPy array to write into, got a {type(out).__name__}")
    view = np.asarray(out)  # slices of a subclass such as memmap cost more
    native = view.dtype.newbyteorder("=")
    request.check_dtype("out", native, view.dtype)
    if dtype is not None and request.dtype(dtype) != native:
        raise ValueError(
            f"dtype: expected that of out, {native}, got {describe(dtype)}; pass one of the two"
        )
    if view.shape != request.shape:
        raise ValueError(f"out: expected shape {request.shape}, got {view.shape}")
    if not view.flags.writeable:
        raise ValueError("out: expected a writable array, got a read-only one; pass a copy of it")
    if _overlaps_itself(view):
        raise ValueError(
            "out: expected elements with memory of their own, got an array whose elements "
            f"overlap (strides {view.strides}); pass a copy of it"
        )
    return view


def render_into(target: NDArray[Any], request: Request) -> None:
    """Render into an array that `check_out` has returned."""
    if target.flags.carray and target.dtype.isnative:
        request.prepare().render(target, 0, request.n_threads)
        return
    dtype = target.dtype.newbyteorder("=")
    n_lines = request.band_size(dtype, BUFFER_BYTES)
    mend = "pass a C-contiguous array of native byte order, which needs no buffer"
    check_fits("out", f"strides {target.strides}", n_lines * request.line_bytes(dtype), mend)
    rendering = request.prepare()
    buffer = np.empty((n_lines, *request.shape[1:]), dtype)
    for first in range(0, request.grid[0], n_lines):
        rows = target[first : first + n_lines]
        band = buffer[: len(rows)]
        rendering.render(band, first, request.n_threads)
        rows[...] = band


def _overlaps_itself(array: NDArray[Any]) -> bool:
    """Return whether two elements may share memory.

    They do not if the stride of every axis is at least the span of all axes with smaller
    strides, as in every slice, transpose or reversal of an ordinary array.
    """
    span = array.itemsize
    axes = zip(array.strides, array.shape, strict=True)
    for stride, size in sorted((abs(stride), size) for stride, size in axes if size > 1):
        if stride < span:
            return True
        span += stride * (size - 1)
    return False

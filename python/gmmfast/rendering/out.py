"""Arrays of the caller's to render into: what is taken, and how it is filled.

The backend writes C-contiguous, aligned arrays of native numbers. Whatever else
NumPy calls an array (a view with strides, of swapped bytes, in Fortran order) is
filled band by band through a small buffer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._memory import check_fits
from gmmfast._validation import refuse_masked, shown

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from gmmfast.rendering.request import Plan

#: A few of the processor's caches: what is rendered is still there when it is copied.
_BUFFER = 4 * 2**20


def check_out(out: Any, plan: Plan, dtype: DTypeLike | None) -> NDArray[Any]:
    """Return a plain view of an array that the plan's result fits into."""
    refuse_masked("out", out, "pass its data attribute")
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out: expected a NumPy array to write into, got a {type(out).__name__}")
    view = np.asarray(out)  # of a subclass such as memmap, whose slices cost more
    native = view.dtype.newbyteorder("=")
    plan.check_dtype("out", native, view.dtype)
    if dtype is not None and plan.dtype(dtype) != native:
        raise ValueError(
            f"dtype: expected that of out, {native}, got {shown(dtype)}; pass one of the two"
        )
    if view.shape != plan.shape:
        raise ValueError(f"out: expected shape {plan.shape}, got {view.shape}")
    if not view.flags.writeable:
        raise ValueError("out: expected a writable array, got a read-only one; pass a copy of it")
    if _overlaps_itself(view):
        raise ValueError(
            "out: expected elements with memory of their own, got an array whose elements "
            f"overlap (strides {view.strides}); pass a copy of it"
        )
    return view


def render_into(target: NDArray[Any], plan: Plan) -> None:
    """Fill an array that `check_out` has returned."""
    if target.flags.carray and target.dtype.isnative:
        plan.prepare().render(target, 0, plan.n_threads)
        return
    dtype = target.dtype.newbyteorder("=")
    n_lines = plan.band_size(dtype, _BUFFER)
    mend = "pass a C-contiguous array of native byte order, which needs no buffer"
    check_fits("out", f"strides {target.strides}", n_lines * plan.line_bytes(dtype), mend)
    rendering = plan.prepare()
    buffer = np.empty((n_lines, *plan.shape[1:]), dtype)
    for first in range(0, plan.grid[0], n_lines):
        rows = target[first : first + n_lines]
        band = buffer[: len(rows)]
        rendering.render(band, first, plan.n_threads)
        rows[...] = band


def _overlaps_itself(array: NDArray[Any]) -> bool:
    """Whether two elements may share memory.

    They do not if every axis steps over all that the axes of smaller steps
    span, as in every slice, transpose or reversal of an ordinary array.
    """
    span = array.itemsize
    axes = zip(array.strides, array.shape, strict=True)
    for stride, size in sorted((abs(stride), size) for stride, size in axes if size > 1):
        if stride < span:
            return True
        span += stride * (size - 1)
    return False

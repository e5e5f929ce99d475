"""`GridArray`: a rendering as an array, of which each part is rendered when it is taken.

Assumes checked arguments. Guarantees that a part has the bits of the same part of `render_grid`,
and that the array can be pickled: other processes prepare the rendering once and keep it.
"""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._validation import describe
from gmmfast.mixture.transport import CoreState
from gmmfast.rendering.request import Request

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gmmfast import _core

#: The core renders whole tiles of columns.
_TILE = 32


class GridArray:
    """A rendering of a grid, in parts.

    Slices of step 1 give arrays, whose bits are those of the same part of the whole. Nothing is
    kept but the components.

    Attributes
    ----------
    shape : tuple of int
        Shape of the whole result.
    dtype : numpy.dtype
    ndim : int
    """

    def __init__(self, request: Request, dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype, self.ndim = request.shape, dtype, len(request.shape)
        self._request = request
        self._rendering: _core.Rendering | None = None

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Return a part of the result."""
        index = index if isinstance(index, tuple) else (index,)
        if len(index) > self.ndim or not all(isinstance(one, slice) for one in index):
            raise IndexError(f"index: expected at most {self.ndim} slices, got {describe(index)}")
        whole = (*index, *[slice(None)] * (self.ndim - len(index)))
        parts = [range(*one.indices(size)) for one, size in zip(whole, self.shape, strict=True)]
        if any(part.step != 1 for part in parts):
            raise IndexError(f"index: expected slices of step 1, got {describe(index)}")
        n_axes = len(self._request.grid)
        grid, values = parts[:n_axes], tuple(whole[n_axes:])
        if any(len(part) == 0 for part in grid):
            shape = (*map(len, grid), *self.shape[n_axes:])
            return np.empty(shape, self.dtype)[(..., *values)]
        part = self._line(grid[0]) if n_axes == 1 else self._window(grid)
        return part[(slice(None),) * n_axes + values]

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[Any]:
        """Return the whole result."""
        del copy
        return np.asarray(self[:], dtype)

    def __reduce__(self) -> tuple[Any, ...]:
        request = self._request
        state = {field.name: getattr(request, field.name) for field in fields(request)}
        state["core"] = CoreState.of(request.core, request.mixture.covariance_type)
        return _restored, (state, self.dtype)

    @property
    def fingerprint(self) -> str:
        """A text that is the same for the same rendering, and another for any other."""
        return hashlib.sha256(pickle.dumps(self.__reduce__(), 5)).hexdigest()

    def __dask_tokenize__(self) -> str:
        return self.fingerprint

    def __repr__(self) -> str:
        return f"GridArray(shape={self.shape}, dtype={self.dtype})"

    def _prepared(self) -> _core.Rendering:
        if self._rendering is None:
            self._rendering = self._request.prepare()
        return self._rendering

    def _line(self, pixels: range) -> NDArray[Any]:
        out = np.empty((len(pixels), *self.shape[1:]), self.dtype)
        self._prepared().render(out, pixels.start, self._request.n_threads)
        return out

    def _window(self, grid: list[range]) -> NDArray[Any]:
        """Return a part of a picture, or of the frames of a volume."""
        *frames, rows, columns = grid
        height, width = self._request.grid[-2:]
        first = columns.start - columns.start % _TILE
        end = min(columns.stop + -columns.stop % _TILE, width)
        n_frames = len(frames[0]) if frames else 1
        first_frame = frames[0].start if frames else 0
        value_shape = self.shape[len(grid) :]
        out = np.empty((n_frames, len(rows), end - first, *value_shape), self.dtype)
        for i, frame in enumerate(out):
            row = (first_frame + i) * height + rows.start
            self._prepared().render(frame, row, self._request.n_threads, (first, end))
        out = out[:, :, columns.start - first : columns.stop - first]
        return out if frames else out[0]


def _restored(state: dict[str, Any], dtype: np.dtype[Any]) -> GridArray:
    core: CoreState = state.pop("core")
    return GridArray(Request(core=core.core(), **state), dtype)

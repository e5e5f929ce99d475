"""Lazy pictures and samples: dask arrays whose chunks have the bits of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

import dask.array as da
import numpy as np

from gmmfast import _core
from gmmfast._random import seed_of
from gmmfast._validation import check_count, check_dtype
from gmmfast.mixture import Mixture
from gmmfast.mixture.transport import CoreState
from gmmfast.rendering.grid_array import GridArray
from gmmfast.rendering.request import Options, Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

_DTYPES = ("float64", "float32")


def render_grid(
    model: Any,
    shape: int | Sequence[int],
    *,
    chunks: Any = "auto",
    dtype: DTypeLike | None = None,
    **options: Unpack[Options],
) -> da.Array:
    """Evaluate a Gaussian mixture at every pixel of a grid, lazily.

    Each chunk is rendered by the engine when it is computed, with its own culling, and has the
    bits of the same part of `gmmfast.render_grid`.

    Parameters
    ----------
    model, shape, dtype, **options
        See `gmmfast.render_grid`. `n_threads`, for one chunk, is 1 by default.
    chunks : int, tuple or str
        As in dask. Tiles of 32 x 32 pixels are rendered whole: chunks of multiples of 32 waste
        nothing.

    Returns
    -------
    dask.array.Array
        Of the shape and dtype that `gmmfast.render_grid` returns.

    Raises
    ------
    ValueError, TypeError
        If an argument is invalid; the message names it.

    Examples
    --------
    >>> import gmmfast
    >>> import gmmfast.dask
    >>> model = ([0.5, 0.5], [[10.0, 10.0], [70.0, 20.0]], [60.0, 90.0])
    >>> lazy = gmmfast.dask.render_grid(model, (64, 96), chunks=(32, 50))
    >>> lazy.chunks
    ((32, 32), (50, 46))
    >>> bool((lazy.compute() == gmmfast.render_grid(model, (64, 96))).all())
    True
    """
    options.setdefault("n_threads", 1)
    request = Request.from_arguments(model, shape, **options)
    array = GridArray(request, request.dtype(dtype))
    n_values = array.ndim - len(request.grid)
    if n_values and isinstance(chunks, tuple) and len(chunks) == len(request.grid):
        chunks = (*chunks, *[-1] * n_values)
    return da.from_array(array, chunks=chunks, asarray=False, fancy=False)


def sample(
    model: Any,
    n_samples: int,
    *,
    chunks: Any = "auto",
    random_state: Any = None,
    dtype: DTypeLike = "float64",
) -> da.Array:
    """Draw independent samples, lazily.

    Parameters
    ----------
    model : fitted estimator, Mixture, or (weights, means, covariances)
        Any model that `Mixture.from_model` accepts.
    n_samples : int
        Number of samples.
    chunks : int, tuple or str
        As in dask, for the axis of the samples.
    random_state : None, int, numpy.random.Generator or RandomState, optional
        The seed: the samples are those of `Mixture.sample`, whatever the chunks.
    dtype : {float64, float32}
        As in `Mixture.sample`.

    Returns
    -------
    dask.array.Array of shape (n_samples, n_features)

    Raises
    ------
    ValueError, TypeError
        If an argument is invalid; the message names it.

    Examples
    --------
    >>> import gmmfast
    >>> import gmmfast.dask
    >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0, 0.0], [9.0, 9.0]], [1.0, 0.1])
    >>> lazy = gmmfast.dask.sample(mixture, 10_000, chunks=777, random_state=0)
    >>> bool((lazy.compute() == mixture.sample(10_000, random_state=0)).all())
    True
    """
    mixture = Mixture.from_model(model)
    checked = check_dtype(dtype, _DTYPES)
    state = CoreState.of(mixture._core, mixture.covariance_type)
    array = _Samples(state, seed_of(random_state), check_count("n_samples", n_samples), checked)
    rows = chunks[0] if isinstance(chunks, tuple) else chunks
    return da.from_array(array, chunks=(rows, -1), asarray=False, fancy=False)


class _Samples:
    """The samples of a seed as an array, of which each part is drawn when it is taken."""

    ndim = 2

    def __init__(self, state: CoreState, seed: int, n_samples: int, dtype: np.dtype[Any]) -> None:
        self.shape = (n_samples, state.means.shape[1])
        self.dtype = dtype
        self._state, self._seed = state, seed

    def __getitem__(self, index: tuple[slice, slice]) -> NDArray[Any]:
        rows, features = index
        first, end, _ = rows.indices(self.shape[0])
        sampling = _core.Sampling(self._state.core(), self._seed)
        before = first % sampling.RUN_SAMPLES
        points = np.empty((end - first + before, self.shape[1]), self.dtype)
        sampling.draw(points, n_threads=1, first=first - before)
        return points[before:, features]

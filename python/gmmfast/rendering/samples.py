"""`render_samples`: samples of a mixture accumulated on a grid, without storing them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast import _core
from gmmfast._memory import check_fits
from gmmfast._random import seed_of
from gmmfast._validation import check_count, check_dtype, describe, float_array
from gmmfast.mixture.sampling import check_bounds
from gmmfast.rendering.request import Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from gmmfast.mixture.sampling import Bounds, RandomState

_COUNT_DTYPES = ("int64", "int32", "float64", "float32")
_MEAN_DTYPES = ("float64", "float32", "uint8")


def render_samples(
    model: Any,
    shape: int | Sequence[int],
    n_samples: int,
    *,
    extent: Sequence[Sequence[float]] | None = None,
    given: Sequence[int] | None = None,
    random_state: RandomState = None,
    bounds: Bounds | None = None,
    dtype: DTypeLike | None = None,
    background: ArrayLike | None = None,
    n_threads: int | None = None,
) -> NDArray[Any]:
    """Draw samples of a Gaussian mixture and accumulate them on a grid of pixels.

    If the model has as many features as the grid has axes, as of ink, a pixel is the number
    of samples in it. If it has more, as of a photograph, a pixel is the mean of their
    remaining features, which converges to the mean of `render_grid` as samples are added.
    The samples are not stored.

    Parameters
    ----------
    model : fitted estimator, Mixture, or (weights, means, covariances)
        Any model that `Mixture.from_model` accepts.
    shape : int or sequence of int
        Shape of the grid in array order: (width,), (height, width) or
        (n_frames, height, width).
    n_samples : int
        Number of samples to draw, at least one; samples outside the grid are dropped.
    extent, given
        See `render_grid`. A pixel includes its low end and excludes its high end.
    random_state : None, int, numpy.random.Generator or RandomState, optional
        Seed of the samples, which are those of `Mixture.sample`.
    bounds : sequence of (low, high) or None, one a feature, optional
        Box to which the mixture is truncated, for instance colors in 0..255; all
        `n_samples` are within it. See `Mixture.sample`.
    dtype : dtype, optional
        Data type of the result: for counts int64 (the default), int32, float64 or float32;
        for means float64 (the default), float32, or uint8, which clips to 0..255 and rounds.
    background : number or sequence of numbers, optional
        Value of pixels without samples in a result of means: one for all remaining
        features, or one for each. Default: NaN, or 0 in uint8.
    n_threads : int, optional
        Number of threads, see `render_grid`. The result has the same bits for any number.

    Returns
    -------
    ndarray of shape `shape` or `shape` + (n_remaining,)
        Counts, or means; for a model of a gray picture (see `fit_image`) means of shape
        `shape`. Values are rounded to a multiple of a power of two before they are
        added: below 2**-45 of the largest value, or, for more than 50,000 samples, below
        2**-61 of the largest value times their number.

    Raises
    ------
    ValueError, TypeError
        If an argument is invalid; the message names it.
    MemoryError
        If the result and the sums of all pixels are larger than the available memory;
        nothing is allocated then.

    See Also
    --------
    render_grid : Evaluate the density or the mean at every pixel.
    Mixture.sample : Draw the samples themselves.

    Examples
    --------
    Count 1000 dots, and average the gray levels of samples, on each pixel:

    >>> import gmmfast
    >>> ink = ([0.5, 0.5], [[1.0, 1.0], [6.0, 1.0]], [1.0, 0.5])
    >>> dots = gmmfast.render_samples(ink, (3, 8), 1000, random_state=0)
    >>> dots.shape, int(dots.sum()) <= 1000, int(dots.argmax(axis=1)[1])
    ((3, 8), True, 6)
    >>> gray = ([0.5, 0.5], [[0, 0, 40], [3, 0, 200]], [1.0, 1.0])
    >>> gmmfast.render_samples(gray, (1, 4), 100_000, random_state=0, dtype="uint8")[..., 0]
    array([[ 42,  72, 168, 197]], dtype=uint8)
    """
    request = Request.from_arguments(model, shape, extent=extent, given=given, n_threads=n_threads)
    n_samples = check_count("n_samples", n_samples)
    n_remaining = request.mixture.n_features - len(request.grid)
    dtypes = _MEAN_DTYPES if n_remaining else _COUNT_DTYPES
    checked = check_dtype(dtypes[0] if dtype is None else dtype, dtypes)
    empty = _check_background(background, n_remaining, checked)
    box = None if bounds is None else check_bounds(bounds, request.mixture.n_features)
    # The result and, at 8 bytes each, a count and n_remaining sums and means.
    n_bytes = math.prod(request.grid) * (8 + n_remaining * (16 + checked.itemsize))
    check_fits("shape", describe(request.grid), n_bytes)
    core = request.mixture._core
    sampling = _core.Sampling(core, seed_of(random_state), box)
    counts = np.empty(request.grid, np.int64)
    means = np.empty((*request.grid, n_remaining))
    sampling.splat(
        n_samples, list(request.extent), request.given, counts, means, request.n_threads
    )
    if not n_remaining:
        return counts.astype(checked, copy=False)
    if checked == np.uint8:
        np.clip(np.rint(means, out=means), 0, 255, out=means)
    means[counts == 0] = empty
    result = means.astype(checked, copy=False)
    return result[..., 0] if request.is_gray else result


def _check_background(
    background: Any, n_remaining: int, dtype: np.dtype[Any]
) -> NDArray[np.float64]:
    if background is None:
        return np.asarray(0.0 if dtype == np.uint8 else np.nan)
    if not n_remaining:
        raise ValueError(
            "background: expected None for counts, whose background is 0, "
            f"got {describe(background)}"
        )
    values = float_array("background", background, ndims=(0, 1))
    if values.ndim and len(values) != n_remaining:
        raise ValueError(
            f"background: expected one value or {n_remaining}, got {describe(background)}"
        )
    if dtype == np.uint8 and not ((values >= 0) & (values <= 255)).all():
        raise ValueError(
            f"background: expected values from 0 to 255 for uint8, got {describe(background)}"
        )
    return values

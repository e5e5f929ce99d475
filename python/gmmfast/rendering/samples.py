"""Samples of a mixture put onto a grid of pixels, without holding them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast import _core
from gmmfast._memory import check_fits
from gmmfast._random import seed_of
from gmmfast._validation import check_count, float_array, shown
from gmmfast.mixture.sampling import check_bounds
from gmmfast.rendering.request import Plan, Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from gmmfast.mixture.sampling import Bounds, RandomState

_COUNT_DTYPES = ("int64", "int32", "float64", "float32")
_MEAN_DTYPES = ("float64", "float32", "uint8")


def render_samples(  # noqa: PLR0913 (the public face; all but three by keyword)
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
    """Draw samples of a Gaussian mixture and put them onto a grid of pixels.

    Of a model with as many features as the grid has axes, ink for instance, every pixel
    counts the samples that fell on it. Of one with more, as of photographs, it shows the
    mean of their other features: with ever more samples, what `render_grid` shows. No
    sample is held longer than it takes to put it down.

    Parameters
    ----------
    model : fitted estimator, Mixture, or (weights, means, covariances)
        What `Mixture.from_model` takes.
    shape : int or sequence of int
        Shape of the grid in array order: (width,), (height, width) or
        (n_frames, height, width).
    n_samples : int
        Number of samples to draw, at least one; those beyond the grid are dropped.
    extent, given
        As for `render_grid`. A pixel has its low end, and not its high one.
    random_state : None, int, numpy.random.Generator or RandomState, optional
        As for `Mixture.sample`, whose samples these are: the seed alone decides the result.
    bounds : sequence of (low, high) or None, one a feature, optional
        As for `Mixture.sample`: of the mixture truncated to a box, colours in 0..255 for
        instance; all `n_samples` are then within it.
    dtype : dtype, optional
        Of counts int64 (the default), int32, float64 or float32. Of means float64 (the
        default), float32, or uint8, which clips to 0..255 and rounds.
    background : number or sequence of numbers, optional
        What pixels show on which no sample fell, of means: a value for all remaining
        features, or one each. Default: NaN, and 0 in uint8.
    n_threads : int, optional
        Number of threads; by default all that the process may use. The result has the
        same bits for any number.

    Returns
    -------
    ndarray of shape `shape` or `shape` + (n_remaining,)
        Counts, or means. Means are of the values in steps of a power of two that is below
        2**-45 of the largest value, or, of more than 50,000 samples, 2**-61 of the largest
        value times their number.

    Raises
    ------
    ValueError, TypeError
        An argument that is not as above; the message names it.
    MemoryError
        A result that, with sums of all pixels, is larger than the memory available; raised
        before allocating.

    See Also
    --------
    render_grid : The density, and the mean at every pixel.
    Mixture.sample : The samples themselves.

    Examples
    --------
    A drawing of 1000 dots, and of the mean grey of those on each pixel:

    >>> import gmmfast
    >>> ink = ([0.5, 0.5], [[1.0, 1.0], [6.0, 1.0]], [1.0, 0.5])
    >>> dots = gmmfast.render_samples(ink, (3, 8), 1000, random_state=0)
    >>> dots.shape, int(dots.sum()) <= 1000, int(dots.argmax(axis=1)[1])
    ((3, 8), True, 6)
    >>> grey = ([0.5, 0.5], [[0, 0, 40], [3, 0, 200]], [1.0, 1.0])
    >>> gmmfast.render_samples(grey, (1, 4), 100_000, random_state=0, dtype="uint8")[..., 0]
    array([[ 42,  72, 168, 197]], dtype=uint8)
    """
    plan = Plan.of(model, shape, Request("auto", extent, given, None, n_threads))
    n_samples = check_count("n_samples", n_samples)
    n_targets = plan.mixture.n_features - len(plan.grid)
    checked = _check_dtype(dtype, _MEAN_DTYPES if n_targets else _COUNT_DTYPES)
    empty = _check_background(background, n_targets, checked)
    box = None if bounds is None else check_bounds(bounds, plan.mixture.n_features)
    # The result and, in 64 bits, a count and as many sums and means.
    n_bytes = math.prod(plan.grid) * (8 + n_targets * (16 + checked.itemsize))
    check_fits("shape", shown(plan.grid), n_bytes)
    core = plan.mixture._core
    sampling = _core.Sampling(core, seed_of(random_state), box)
    counts = np.empty(plan.grid, np.int64)
    means = np.empty((*plan.grid, n_targets))
    sampling.splat(n_samples, list(plan.extent), plan.given, counts, means, plan.n_threads)
    if not n_targets:
        return counts.astype(checked, copy=False)
    if checked == np.uint8:
        np.clip(np.rint(means, out=means), 0, 255, out=means)
    means[counts == 0] = empty
    return means.astype(checked, copy=False)


def _check_dtype(dtype: Any, names: tuple[str, ...]) -> np.dtype[Any]:
    if dtype is None:
        return np.dtype(names[0])
    try:
        checked: np.dtype[Any] = np.dtype(dtype)
    except (TypeError, ValueError):
        checked = np.dtype(object)
    if checked not in [np.dtype(name) for name in names]:
        expected = f"{', '.join(names[:-1])} or {names[-1]}"
        raise TypeError(f"dtype: expected {expected}, got {shown(dtype)}")
    return checked


def _check_background(
    background: Any, n_targets: int, dtype: np.dtype[Any]
) -> NDArray[np.float64]:
    if background is None:
        return np.asarray(0.0 if dtype == np.uint8 else np.nan)
    if not n_targets:
        raise ValueError(
            f"background: expected None for counts, whose background is 0, got {shown(background)}"
        )
    values = float_array("background", background, ndims=(0, 1))
    if values.ndim and len(values) != n_targets:
        raise ValueError(f"background: expected one value or {n_targets}, got {shown(background)}")
    if dtype == np.uint8 and not ((values >= 0) & (values <= 255)).all():
        raise ValueError(
            f"background: expected values from 0 to 255 for uint8, got {shown(background)}"
        )
    return values

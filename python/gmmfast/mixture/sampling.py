"""Samples of a mixture. The seed alone decides the bits.

Every argument is checked before anything is allocated. The bits are the same for any number of
threads and on every machine.

A sample is m_k + L_k z with component k of probability w_k, by Walker's alias method, the lower
Cholesky factor L_k of its covariance, and standard normals z by Box and Muller from words of a
counter-based generator. Words and results come from exactly rounded operations in one order. The
stream is named "gmmfast-1": other bits would have another name. Normals end at 8.57 deviations,
which one in 10**17 passes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from gmmfast import _core
from gmmfast._memory import check_fits
from gmmfast._random import seed_of
from gmmfast._validation import check_count, check_dtype, check_n_threads, describe, refuse_masked

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from gmmfast.mixture.mixture import Mixture

Bounds = Sequence[tuple[float | None, float | None] | None]
RandomState = int | np.random.Generator | np.random.RandomState | None
Order = Literal["shuffled", "grouped"]

_ORDERS = ("shuffled", "grouped")
_DTYPES = ("float64", "float32")


@overload
def sample(
    mixture: Mixture,
    n_samples: int = 1,
    *,
    random_state: RandomState = None,
    order: Order = "shuffled",
    return_labels: Literal[False] = False,
    bounds: Bounds | None = None,
    dtype: DTypeLike = "float64",
    n_threads: int | None = None,
) -> NDArray[Any]: ...


@overload
def sample(
    mixture: Mixture,
    n_samples: int = 1,
    *,
    random_state: RandomState = None,
    order: Order = "shuffled",
    return_labels: Literal[True],
    bounds: Bounds | None = None,
    dtype: DTypeLike = "float64",
    n_threads: int | None = None,
) -> tuple[NDArray[Any], NDArray[np.int64]]: ...


def sample(  # noqa: PLR0913 (the public face; all but one by keyword)
    mixture: Mixture,
    n_samples: int = 1,
    *,
    random_state: RandomState = None,
    order: Order = "shuffled",
    return_labels: bool = False,
    bounds: Bounds | None = None,
    dtype: DTypeLike = "float64",
    n_threads: int | None = None,
) -> NDArray[Any] | tuple[NDArray[Any], NDArray[np.int64]]:
    """Draw independent samples.

    Parameters
    ----------
    n_samples : int, default=1
        Number of samples, at least one.
    random_state : None, int, numpy.random.Generator or RandomState, optional
        The seed, from 0 to 2**64 - 1, which alone decides the result, or a generator to
        draw it from. By default a fresh one from the system.
    order : {"shuffled", "grouped"}, default="shuffled"
        "shuffled" is the order of the draws: the first m of n samples are those of
        `n_samples=m`. "grouped" sorts them by component, as in scikit-learn's `sample`.
        The counts of the components are multinomial either way.
    return_labels : bool, default=False
        Also return the components.
    bounds : sequence of (low, high) or None, one a feature, optional
        Draw from the mixture truncated to this closed box; None, for a feature or an end,
        is no bound. Colors are in (0, 255). Exact, by rejection: time grows with the
        inverse of the probability of the box.
    dtype : {float64, float32}, default=float64
        Type of the samples; float32 values are rounded, which may cross a bound.
    n_threads : int, optional
        Number of threads; all available by default.

    Returns
    -------
    points : ndarray of shape (n_samples, n_features)
        The samples.
    labels : ndarray of int64 and shape (n_samples,)
        Their components; only with `return_labels`.

    Raises
    ------
    ValueError, TypeError
        If an argument is invalid, or the probability of the box is below 1e-4.
    MemoryError
        If the result is larger than the available memory; raised before allocating.

    See Also
    --------
    render_samples : Counts or means of samples on a grid, without storing them.

    Notes
    -----
    The stream of random numbers is named "gmmfast-1" and is the same on every machine;
    other bits would have another name. Normals end at 8.57 standard deviations.

    Examples
    --------
    >>> import gmmfast
    >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0, 0.0], [9.0, 9.0]], [1.0, 0.1])
    >>> mixture.sample(2, random_state=0).shape
    (2, 2)
    >>> points, labels = mixture.sample(1000, random_state=0, return_labels=True)
    >>> bool(((points[:, 0] > 5) == labels).all())
    True

    With bounds:

    >>> points = mixture.sample(1000, random_state=0, bounds=[(0, None), (-1, 9)])
    >>> bool((points >= [0, -1]).all() and (points[:, 1] <= 9).all())
    True
    """
    n_samples, n_features = check_count("n_samples", n_samples), mixture.n_features
    if not isinstance(order, str) or order not in _ORDERS:
        raise ValueError(f"order: expected 'shuffled' or 'grouped', got {describe(order)}")
    checked = check_dtype(dtype, _DTYPES)
    box = None if bounds is None else check_bounds(bounds, n_features)
    threads = check_n_threads(n_threads)
    row_bytes = n_features * checked.itemsize + (8 if return_labels else 0)
    mend = "draw fewer at a time, or pass a smaller dtype"
    check_fits("n_samples", n_samples, n_samples * row_bytes, mend)
    sampling = _core.Sampling(mixture._core, seed_of(random_state), box)
    points = np.empty((n_samples, n_features), checked)
    labels = np.empty(n_samples, np.int64) if return_labels else None
    sampling.draw(points, labels, order == "grouped", threads)
    return points if labels is None else (points, labels)


def check_bounds(bounds: Any, n_features: int) -> list[tuple[float, float]] | None:
    """Return a pair for each feature, infinite where unbounded, or None if all are unbounded."""
    refuse_masked("bounds", bounds)
    expected = f"{n_features} pairs (low, high) or None, one for each feature"
    try:
        given = [(None, None) if pair is None else pair for pair in bounds]
        # Text is no pair: of bytes it would be one of integers.
        pairs = [(pair,) if isinstance(pair, str | bytes) else tuple(pair) for pair in given]
    except TypeError:
        raise TypeError(f"bounds: expected {expected}, got {describe(bounds)}") from None
    if len(pairs) != n_features or any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"bounds: expected {expected}, got {describe(bounds)}")
    box = []
    for low, high in pairs:
        ends = _end(low, -math.inf), _end(high, math.inf)
        if not ends[0] < ends[1]:
            raise ValueError(
                f"bounds: expected low below high for every feature, got ({low}, {high})"
            )
        box.append(ends)
    return None if all(pair == (-math.inf, math.inf) for pair in box) else box


def _end(end: Any, default: float) -> float:
    """Return an end of an interval as a float; None is the default."""
    if end is None:
        return default
    if not isinstance(end, str | bytes | bool | np.bool_):
        with suppress(TypeError, ValueError, OverflowError):
            return float(end)
    raise TypeError(f"bounds: expected real numbers or None, got {describe(end)}")

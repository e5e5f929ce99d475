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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gmmfast import _core
from gmmfast._memory import check_fits
from gmmfast._random import seed_of
from gmmfast._validation import check_count, check_n_threads, describe, refuse_masked

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

Bounds = Sequence[tuple[float | None, float | None] | None]
RandomState = int | np.random.Generator | np.random.RandomState | None
Order = Literal["shuffled", "grouped"]

_ORDERS = ("shuffled", "grouped")
_DTYPES = ("float64", "float32")


@dataclass(frozen=True)
class SampleRequest:
    """The arguments of `Mixture.sample`, unchecked."""

    n_samples: int
    random_state: RandomState
    order: Order
    return_labels: bool
    bounds: Bounds | None
    dtype: DTypeLike
    n_threads: int | None


def sample(
    core: _core.Mixture, n_features: int, request: SampleRequest
) -> tuple[NDArray[Any], NDArray[np.int64] | None]:
    """Return samples, and their components if the request has `return_labels`."""
    n_samples = check_count("n_samples", request.n_samples)
    order, labeled = request.order, request.return_labels
    if not isinstance(order, str) or order not in _ORDERS:
        raise ValueError(f"order: expected 'shuffled' or 'grouped', got {describe(order)}")
    checked = _check_dtype(request.dtype)
    box = None if request.bounds is None else check_bounds(request.bounds, n_features)
    threads = check_n_threads(request.n_threads)
    row_bytes = n_features * checked.itemsize + (8 if labeled else 0)
    mend = "draw fewer at a time, or pass a smaller dtype"
    check_fits("n_samples", n_samples, n_samples * row_bytes, mend)
    sampling = _core.Sampling(core, seed_of(request.random_state), box)
    points = np.empty((n_samples, n_features), checked)
    labels = np.empty(n_samples, np.int64) if labeled else None
    sampling.draw(points, labels, order == "grouped", threads)
    return points, labels


def _check_dtype(dtype: Any) -> np.dtype[Any]:
    try:
        checked: np.dtype[Any] = np.dtype(dtype)
    except (TypeError, ValueError):
        checked = np.dtype(object)
    if dtype is None or checked not in [np.dtype(name) for name in _DTYPES]:
        raise TypeError(f"dtype: expected float64 or float32, got {describe(dtype)}")
    return checked


def check_bounds(bounds: Any, n_features: int) -> list[tuple[float, float]] | None:
    """Return a pair for each feature, infinite where unbounded, or None if all are unbounded."""
    refuse_masked("bounds", bounds)
    expected = f"{n_features} pairs (low, high) or None, one for each feature"
    try:
        pairs = [(None, None) if pair is None else tuple(pair) for pair in bounds]
    except TypeError:
        raise TypeError(f"bounds: expected {expected}, got {describe(bounds)}") from None
    if len(pairs) != n_features or any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"bounds: expected {expected}, got {describe(bounds)}")
    box = []
    for low, high in pairs:
        ends = []
        for end, default in ((low, -math.inf), (high, math.inf)):
            try:
                ends.append(default if end is None else float(end))
            except (TypeError, ValueError, OverflowError):
                raise TypeError(
                    f"bounds: expected real numbers or None, got {describe(end)}"
                ) from None
        if not ends[0] < ends[1]:
            raise ValueError(
                f"bounds: expected low below high for every feature, got ({low}, {high})"
            )
        box.append((ends[0], ends[1]))
    return None if all(pair == (-math.inf, math.inf) for pair in box) else box

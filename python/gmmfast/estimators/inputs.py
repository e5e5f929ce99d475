"""What fits are given, checked: arrays, weights and chunks, in scikit-learn's order and words.

What scikit-learn checks it checks itself; messages of its own have what only gmmfast takes.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight, validate_data

from gmmfast.estimators.chunks import chunks_of, points_and_weight, rows_of
from gmmfast.estimators.training_data import Chunked, Samples, refuse_other_chunks, samples_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: One chunk may weigh nothing; whether all do is checked when a fit begins.
_ALLOW_ZERO = "allow_all_zero_weights"
_OPTIONS = (
    {_ALLOW_ZERO: True}
    if _ALLOW_ZERO in inspect.signature(_check_sample_weight).parameters
    else {}
)


def checked_samples(
    estimator: Any,
    X: Any,
    sample_weight: Any,
    n_threads: int | None,
) -> tuple[Samples, Array]:
    """Return the samples, and an array of their type (the first chunk, of chunks)."""
    chunks = chunks_of(X)
    if chunks is None:
        points, weights = checked_points(estimator, X, sample_weight, reset=True, least=2)
        return samples_of(points, weights, n_threads), points
    if sample_weight is not None:
        if not isinstance(X, np.memmap):
            raise ValueError(
                "sample_weight: expected None when X comes in chunks, got an array; "
                "pass chunks (points, sample_weight)"
            )
        weights = checked_weight(sample_weight, X)

        def chunks() -> Iterator[Any]:
            return rows_of(X, weights)

    first = next(chunks(), None)
    if first is None:
        raise ValueError("X: expected at least one chunk, got none")
    points, _ = checked_points(estimator, *points_and_weight(first), reset=True, least=1)

    def checked() -> Iterator[tuple[Array, Array | None]]:
        for chunk in chunks():
            yield checked_points(estimator, *points_and_weight(chunk), reset=False, least=1)

    samples = Chunked(checked, n_threads)
    if samples.n_samples < len(points):
        refuse_other_chunks(len(points), samples.n_samples)
    if samples.n_samples < 2:
        raise ValueError("X: expected at least 2 samples in all chunks, got 1")
    return samples, points


def checked_points(
    estimator: Any,
    X: Any,
    sample_weight: Any,
    *,
    reset: bool,
    least: int,
) -> tuple[Array, Array | None]:
    """Return an array of at least so many rows, and their weights, which may all be 0."""
    points = validate_data(
        estimator,
        X,
        dtype=[np.float64, np.float32],
        ensure_min_samples=least,
        ensure_all_finite="allow-nan" if estimator._allows_nan else True,  # noqa: SLF001
        reset=reset,
    )
    return points, None if sample_weight is None else checked_weight(sample_weight, points)


def checked_weight(sample_weight: Any, X: Any) -> Array:
    """Return a weight of at least 0 for each row of X."""
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64, **_OPTIONS)
    if (weights < 0).any():
        raise ValueError(
            "sample_weight: expected values of at least 0, got "
            f"{weights.min()}; leave such rows out"
        )
    return np.ascontiguousarray(weights)


def refuse_extras(reason: str, sample_weight: Any, progress: Any, *, chunks: bool) -> None:
    """Refuse what scikit-learn's own code does not know."""
    used = {"sample_weight": sample_weight is not None, "progress": bool(progress)}
    for name, is_used in {**used, "chunks": chunks}.items():
        if is_used:
            raise NotImplementedError(f"{name}: scikit-learn's fit has none, and {reason}")

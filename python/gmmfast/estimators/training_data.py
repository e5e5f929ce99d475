"""What a mixture is fitted to: points in memory, with features missing, or in chunks.

All three give the statistics that a model makes of all points, which is all that EM needs
to know, so that fitting does not ask which of them it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import numpy as np

from gmmfast import _core
from gmmfast.estimators.moments import completed, merged
from gmmfast.estimators.parameters import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: Rows of a chunk that a memory map is read in.
MAP_ROWS = 1 << 20


class Samples(Protocol):
    """Points, each counted as often as its weight says."""

    n_samples: int
    n_features: int
    weight: float

    def prepare(self, units: Array) -> None:
        """Get ready for many calls of `statistics`; components are `units` wide."""

    def statistics(self, model: Model, centers: Array | None = None) -> _core.Statistics:
        """Return the statistics under the model, about its means or other centres."""


class InMemory:
    """Complete points in an array, (n_samples, n_features), finite."""

    def __init__(
        self, points: Array, sample_weight: Array | None = None, n_threads: int | None = None
    ) -> None:
        self.points, self.sample_weight, self.n_threads = points, sample_weight, n_threads
        self.n_samples, self.n_features = points.shape
        self.weight = float(self.n_samples if sample_weight is None else sample_weight.sum())
        self._data: _core.Data | None = None

    @property
    def data(self) -> _core.Data:
        """The points as the kernels take them, prepared when first asked for."""
        if self._data is None:
            self._data = self._prepared(None)
        return self._data

    def prepare(self, units: Array) -> None:
        """Sort the points into boxes of a typical component's proportions."""
        self._data = None  # before the next one takes as much memory
        self._data = self._prepared(units)

    def _prepared(self, units: Array | None) -> _core.Data:
        points = np.ascontiguousarray(self.points, dtype=np.float64)
        return _core.Data(points, self.sample_weight, units, self.n_threads)

    def statistics(self, model: Model, centers: Array | None = None) -> _core.Statistics:
        """Return the statistics under the model, about its means or other centres."""
        return self.data.statistics(model.core, centers, self.n_threads)


class Shared(InMemory):
    """Complete points of several fits: sorted into boxes for the first of them only."""

    _is_sorted = False

    def prepare(self, units: Array) -> None:
        """Sort the points into boxes of a typical component's proportions, but only once."""
        if not self._is_sorted:
            super().prepare(units)
            self._is_sorted = True


class Incomplete:
    """Points in an array, with NaN where a feature is missing.

    Rows that lack the same features are prepared together.
    """

    def __init__(
        self, points: Array, sample_weight: Array | None = None, n_threads: int | None = None
    ) -> None:
        self.points, self.sample_weight, self.n_threads = points, sample_weight, n_threads
        self.n_samples, self.n_features = points.shape
        self.weight = float(self.n_samples if sample_weight is None else sample_weight.sum())
        self._parts: list[tuple[NDArray[np.intp], float, InMemory | None]] = []
        for observed, rows in patterns(points):
            weights = None if sample_weight is None else sample_weight[rows]
            weight = float(len(rows) if weights is None else weights.sum())
            if weight == 0:
                continue
            part = None
            if len(observed):
                part = InMemory(points[np.ix_(rows, observed)], weights, n_threads)
            self._parts.append((observed, weight, part))

    def prepare(self, units: Array) -> None:
        """Sort the points into boxes of a typical component's proportions."""
        for observed, _, part in self._parts:
            if part is not None:
                part.prepare(units[observed])

    def statistics(self, model: Model, centers: Array | None = None) -> _core.Statistics:
        """Return the expected statistics of all features under the model."""
        centers = model.core.means if centers is None else centers
        result = None
        for observed, weight, part in self._parts:
            some = None
            if part is not None:
                core = model.core.marginal(observed.tolist())
                marginal = Model(core, 0.0, model.covariance_type)
                some = part.statistics(marginal, np.ascontiguousarray(centers[:, observed]))
            whole = completed(some, observed, model, centers, weight)
            result = merged(result, whole)
        assert result is not None  # noqa: S101 (there is weight)
        return result


def patterns(points: Array) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield observed features and the rows that have exactly them, once for each pattern."""
    is_missing = np.isnan(points)
    found, pattern_of_row = np.unique(is_missing, axis=0, return_inverse=True)
    pattern_of_row = pattern_of_row.reshape(-1)
    for number, pattern in enumerate(found):
        yield np.flatnonzero(~pattern), np.flatnonzero(pattern_of_row == number)


class Chunked:
    """Chunks that are gone through again for every iteration, one in memory at a time.

    Parameters
    ----------
    chunks : callable
        Returns an iterator over (points, sample_weight or None), checked, the same ones
        each time.
    n_threads : int, optional
        As everywhere.
    """

    def __init__(
        self, chunks: Callable[[], Iterator[tuple[Array, Array | None]]], n_threads: int | None
    ) -> None:
        self._chunks, self._n_threads = chunks, n_threads
        self._units: Array | None = None
        self.n_samples, self.n_features, self.weight = 0, 0, 0.0
        for points, sample_weight in chunks():
            self.n_samples += len(points)
            self.n_features = points.shape[1]
            self.weight += float(len(points) if sample_weight is None else sample_weight.sum())

    def _same_chunks(self) -> Iterator[tuple[Array, Array | None]]:
        n_samples = 0
        for points, sample_weight in self._chunks():
            n_samples += len(points)
            yield points, sample_weight
        if n_samples != self.n_samples:
            refuse_other_chunks(self.n_samples, n_samples)

    def prepare(self, units: Array) -> None:
        """Remember how wide components are."""
        self._units = units

    def statistics(self, model: Model, centers: Array | None = None) -> _core.Statistics:
        """Return the statistics under the model, about its means or other centres."""
        result = None
        for points, sample_weight in self._same_chunks():
            if sample_weight is not None and not sample_weight.any():
                continue
            part = samples_of(points, sample_weight, self._n_threads)
            if self._units is not None:
                part.prepare(self._units)
            result = merged(result, part.statistics(model, centers))
        assert result is not None  # noqa: S101 (chunks with weight were counted)
        return result

    def some_rows(self, n_rows: int, rng: Any) -> tuple[Array, Array | None]:
        """Return rows and weights drawn evenly from all chunks; all of them if they are few.

        Every row has the same chance; `rng` is a NumPy RandomState, and is asked only if
        rows are left out.
        """
        taken = np.arange(self.n_samples)
        if self.n_samples > n_rows:
            taken = np.sort(rng.choice(self.n_samples, size=n_rows, replace=False))
        rows: list[Array] = []
        weights: list[Array] = []
        first, has_weights = 0, False
        for points, sample_weight in self._same_chunks():
            low, high = np.searchsorted(taken, [first, first + len(points)])
            local = taken[low:high] - first
            rows.append(points[local])
            has_weights |= sample_weight is not None
            weights.append(np.ones(len(local)) if sample_weight is None else sample_weight[local])
            first += len(points)
        return np.concatenate(rows), np.concatenate(weights) if has_weights else None


def refuse_other_chunks(expected: int, got: int) -> NoReturn:
    """Raise ValueError for chunks that are not those of the time before."""
    raise ValueError(
        f"X: expected the same chunks, of {expected} rows, each time they are gone through, got "
        f"{got} rows; pass a function that returns a new iterator at every call"
    )


def samples_of(
    points: Array, sample_weight: Array | None, n_threads: int | None
) -> InMemory | Incomplete:
    """Return the samples of an array, which may have NaN."""
    kind = Incomplete if has_nan(points) else InMemory
    return kind(points, sample_weight, n_threads)


def has_nan(points: Array) -> bool:
    """Whether a feature is missing somewhere."""
    # A sum is NaN if a term is (or if infinities cancel, which have been refused).
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isnan(points.sum(dtype=np.float64))) and bool(np.isnan(points).any())


def filled(points: Array) -> Array:
    """Return the points with a feature's mean in place of NaN, 0 if it is always missing."""
    is_missing = np.isnan(points)
    counts = (~is_missing).sum(axis=0)
    means = np.where(is_missing, 0, points).sum(axis=0, dtype=np.float64) / np.maximum(counts, 1)
    complete: Array = np.where(is_missing, means, points).astype(points.dtype)
    return complete

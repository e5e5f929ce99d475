"""Checked samples: complete points in memory, points with missing features, or chunks.

Each class computes the sufficient statistics of one EM iteration; the EM loop does not depend
on how the data are stored.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from gmmfast import _core
from gmmfast._memory import check_fits
from gmmfast.fitting.chunks import refuse_other_chunks
from gmmfast.fitting.missing import Size, completed, filled, has_nan, patterns, size_of
from gmmfast.fitting.moments import merged, statistics_of_labels
from gmmfast.fitting.parameters import MixtureParameters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from gmmfast.fitting.report import Advance

    Array = NDArray[np.float64]

#: Number of rows of chunks that a fit is initialized from.
INITIAL_ROWS = 1 << 18


class Samples(Protocol):
    """Weighted points, (n_samples, n_features)."""

    n_samples: int
    n_features: int
    #: Sum of the sample weights.
    weight: float
    #: Type of the rows as they were passed: float32 or float64.
    dtype: Any
    #: Called by `statistics` with the part that is done, if the rows come in parts.
    advance: Advance | None

    def prepare(self, units: Array) -> None:
        """Prepare for many calls of `statistics`; a typical component is `units` wide."""

    def statistics(
        self, parameters: MixtureParameters, centers: Array | None = None
    ) -> _core.Statistics:
        """Return the statistics under the parameters, about the means or other centers."""

    def initial_points(self, random_state: Any) -> InMemory:
        """Return complete points in memory to initialize from: these themselves if possible."""

    def parts(self) -> Iterator[Array]:
        """Yield all rows in their order, one chunk at a time."""


class InMemory:
    """Complete points in an array, (n_samples, n_features), finite."""

    advance: Advance | None = None

    def __init__(
        self, points: Array, sample_weight: Array | None = None, n_threads: int | None = None
    ) -> None:
        self.points, self.sample_weight, self.n_threads = points, sample_weight, n_threads
        self.n_samples, self.n_features = points.shape
        self.weight, self.n_weighted = size_of(self.n_samples, sample_weight)
        self.dtype = points.dtype
        self._data: _core.Data | None = None

    @property
    def data(self) -> _core.Data:
        """The points in the core, prepared at the first access."""
        if self._data is None:
            self._data = self._prepared(None)
        return self._data

    def prepare(self, units: Array) -> None:
        """Sort the points into boxes of a typical component's proportions."""
        self._data = None  # frees the old copy before the new one is made
        self._data = self._prepared(units)

    def _prepared(self, units: Array | None) -> _core.Data:
        # A copy in the order of a tree, the order, and a weight for each point. Linux gives arrays
        # that are larger than what a control group leaves, and kills the process later.
        n_bytes = self.n_samples * (self.n_features + 2) * 8
        check_fits("X", self.points.shape, n_bytes, "pass the rows in chunks")
        points = np.require(self.points, np.float64, ["C", "ALIGNED"])
        return _core.Data(points, self.sample_weight, units, self.n_threads)

    def statistics(
        self, parameters: MixtureParameters, centers: Array | None = None
    ) -> _core.Statistics:
        """Return the statistics under the parameters, about the means or other centers."""
        return self.data.statistics(parameters.core, centers, self.n_threads)

    def initial_points(self, random_state: Any) -> InMemory:
        """Return the samples themselves."""
        del random_state
        return self

    def statistics_of_labels(
        self, labels: NDArray[np.integer], n_components: int, *, covariance_type: str
    ) -> _core.Statistics:
        """Return the statistics of the points, with one component each."""
        return statistics_of_labels(
            self.points, labels, n_components, self.sample_weight, covariance_type=covariance_type
        )

    def parts(self) -> Iterator[Array]:
        """Yield the array."""
        yield self.points


class Shared(InMemory):
    """Complete points for several fits: sorted into boxes for the first fit only."""

    _is_sorted = False

    def prepare(self, units: Array) -> None:
        """Sort the points into boxes of a typical component's proportions, once."""
        if not self._is_sorted:
            super().prepare(units)
            self._is_sorted = True


class Incomplete:
    """Points in an array, with NaN where a feature is missing.

    Rows with the same missing features are prepared together.
    """

    advance: Advance | None = None

    def __init__(
        self, points: Array, sample_weight: Array | None = None, n_threads: int | None = None
    ) -> None:
        self.points, self.sample_weight, self.n_threads = points, sample_weight, n_threads
        self.n_samples, self.n_features = points.shape
        self.weight = float(self.n_samples if sample_weight is None else sample_weight.sum())
        self.dtype = points.dtype
        self._patterns: list[tuple[NDArray[np.intp], Size, InMemory | None]] = []
        for observed, rows in patterns(points):
            weights = None if sample_weight is None else sample_weight[rows]
            size = size_of(len(rows), weights)
            if size.weight == 0:
                continue
            part = None
            if len(observed):
                part = InMemory(points[np.ix_(rows, observed)], weights, n_threads)
            self._patterns.append((observed, size, part))

    def prepare(self, units: Array) -> None:
        """Sort the points into boxes of a typical component's proportions."""
        for observed, _, part in self._patterns:
            if part is not None:
                part.prepare(units[observed])

    def statistics(
        self, parameters: MixtureParameters, centers: Array | None = None
    ) -> _core.Statistics:
        """Return the expected statistics of all features under the parameters."""
        centers = parameters.core.means if centers is None else centers
        result = None
        for observed, size, part in self._patterns:
            some = None
            if part is not None:
                core = parameters.core.marginal(observed.tolist())
                marginal = MixtureParameters(core, 0.0, parameters.covariance_type)
                some = part.statistics(marginal, np.ascontiguousarray(centers[:, observed]))
            whole = completed(some, observed, parameters, centers, size)
            result = merged(result, whole)
        assert result is not None  # noqa: S101 (the total weight is above 0)
        return result

    def initial_points(self, random_state: Any) -> InMemory:
        """Return the points with missing features filled in by the features' means."""
        del random_state
        return InMemory(filled(self.points), self.sample_weight, self.n_threads)

    def parts(self) -> Iterator[Array]:
        """Yield the array."""
        yield self.points


class Chunked:
    """Chunks that are read again for every iteration, one in memory at a time.

    Parameters
    ----------
    chunks : callable
        Returns an iterator over pairs (points, sample_weight or None), checked, the same ones
        at every call.
    n_threads : int, optional
        Number of threads; by default all that the process may use.
    is_map : bool, optional
        Whether the chunks are the rows of a memory map.
    """

    advance: Advance | None = None

    def __init__(
        self,
        chunks: Callable[[], Iterator[tuple[Array, Array | None]]],
        n_threads: int | None,
        *,
        is_map: bool = False,
    ) -> None:
        self._chunks, self._n_threads = chunks, n_threads
        self.dtype: Any = None  # that of the first chunk
        self._units: Array | None = None
        self._is_map = is_map
        self.n_samples, self.n_features, self.weight = 0, 0, 0.0
        for points, sample_weight in chunks():
            self.dtype = self.dtype or points.dtype
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
        """Store the units in which each chunk is sorted."""
        self._units = units

    def statistics(
        self, parameters: MixtureParameters, centers: Array | None = None
    ) -> _core.Statistics:
        """Return the statistics under the parameters, about the means or other centers."""
        result, n_samples = None, 0
        for points, sample_weight in self._same_chunks():
            if self.advance is not None:
                self.advance(n_samples / self.n_samples)
            n_samples += len(points)
            if sample_weight is not None and not sample_weight.any():
                continue
            part = samples_of(points, sample_weight, self._n_threads)
            if self._units is not None:
                part.prepare(self._units)
            result = merged(result, part.statistics(parameters, centers))
        assert result is not None  # noqa: S101 (the total weight is above 0)
        return result

    def initial_points(self, random_state: Any) -> InMemory:
        """Return rows drawn evenly from all chunks, or all rows if they are few.

        Every row has the same chance. `random_state`, a NumPy RandomState, is used only if
        rows are left out. Then a warning is issued for a memory map, of which all rows were
        expected to count as those of an array do.
        """
        taken = np.arange(self.n_samples)
        if self.n_samples > INITIAL_ROWS:
            if self._is_map:
                warnings.warn(
                    f"X: the fit starts from {INITIAL_ROWS} of the {self.n_samples} rows of the "
                    "memory map, drawn at random, because all would not fit in memory; pass "
                    "means_init, or fewer rows, for another start",
                    UserWarning,
                    stacklevel=2,
                )
            taken = np.sort(random_state.choice(self.n_samples, size=INITIAL_ROWS, replace=False))
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
        weight = np.concatenate(weights) if has_weights else None
        return InMemory(filled(np.concatenate(rows)), weight, self._n_threads)

    def parts(self) -> Iterator[Array]:
        """Yield the points of each chunk."""
        return (points for points, _ in self._same_chunks())


def samples_of(
    points: Array, sample_weight: Array | None, n_threads: int | None
) -> InMemory | Incomplete:
    """Return the samples of an array that may contain NaN."""
    kind = Incomplete if has_nan(points) else InMemory
    return kind(points, sample_weight, n_threads)

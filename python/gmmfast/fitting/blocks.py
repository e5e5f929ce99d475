"""Samples in blocks that are summed wherever they are: by a mapper, or on a cluster.

A block is an array of rows, a pair (rows, sample_weight), or a function without arguments that
returns one of these; an empty block is allowed. `Blocks` applies a function to all of them. The
functions here are small values that pickle, and so are their results. `Mapped` are the samples of
a fit: its statistics are a sum over the blocks, in an order that depends on the blocks alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from gmmfast.fitting.chunks import points_and_weight, refuse_other_chunks
from gmmfast.fitting.missing import filled
from gmmfast.fitting.samples import (
    INITIAL_ROWS,
    Incomplete,
    InMemory,
    samples_of,
)
from gmmfast.fitting.statistics import Statistics
from gmmfast.fitting.sums import added
from gmmfast.mixture.transport import aligned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from gmmfast import _core
    from gmmfast.fitting.parameters import MixtureParameters
    from gmmfast.fitting.report import Advance

    Array = NDArray[np.float64]

#: Applies a function to each element of an iterable, as the builtin map.
Mapper = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

#: Called with the number of blocks that are done.
Done = Callable[[int], object]


class Blocks(Protocol):
    """Blocks of rows, and the machines that compute with them."""

    #: Number of threads for a block by default; None means all of the process.
    n_threads: int | None

    def map(self, function: Callable[[Any], Any]) -> Iterable[Any]:
        """Return the value of the function for each block, in their order."""

    def map_with(
        self, function: Callable[[tuple[Any, Any]], Any], extras: Sequence[Any]
    ) -> Iterable[Any]:
        """Return the value of the function for each pair of a block and an extra."""

    def total(self, function: Callable[[Any], Any], done: Done | None = None) -> Any:
        """Return the sum of the function's values by `added`.

        `done` is called with the number of blocks that are done.
        """

    def prepare(self, units: Array, n_bytes: Sequence[int]) -> None:
        """Prepare the blocks for many sums, which takes `n_bytes` for each of them.

        A typical component is `units` wide.
        """


class MappedBlocks:
    """Blocks that a map-shaped callable computes with."""

    n_threads: int | None = None

    def __init__(self, blocks: Callable[[], Iterable[Any]], mapper: Mapper) -> None:
        self._blocks, self._mapper = blocks, mapper

    def of(self, blocks: Callable[[], Iterable[Any]]) -> MappedBlocks:
        """Return other blocks for the same mapper."""
        return MappedBlocks(blocks, self._mapper)

    def map(self, function: Callable[[Any], Any]) -> Iterable[Any]:
        """Return the value of the function for each block, in their order."""
        return self._mapper(function, self._blocks())

    def map_with(
        self, function: Callable[[tuple[Any, Any]], Any], extras: Sequence[Any]
    ) -> Iterable[Any]:
        """Return the value of the function for each pair of a block and an extra."""
        return self._mapper(function, zip(self._blocks(), extras, strict=True))

    def total(self, function: Callable[[Any], Any], done: Done | None = None) -> Any:
        """Return the sum of the function's values, from the first to the last."""
        result = None
        for i, part in enumerate(self.map(function), 1):
            result = added(result, part)
            if done is not None:
                done(i)
        return result

    def prepare(self, units: Array, n_bytes: Sequence[int]) -> None:
        """Prepare nothing: each sum sorts the rows of a block anew."""


def called(function: Callable[[Any], Any], *values: Any) -> Any:
    """Return the value of a function for a block, or for a pair of a block and an extra.

    This and the functions of `sums` are the tasks of workers, which import no more for them.
    """
    return function(values[0] if len(values) == 1 else values)


class Rows(NamedTuple):
    """The rows of a block, and their weights or None."""

    points: Any
    sample_weight: Array | None


class Prepared:
    """The rows of a block, sorted once in the process that holds it.

    Another process gets the rows alone and sorts them again. `sys.getsizeof` returns the bytes
    of the rows and of the sorted copy: schedulers read it to leave a block where it is.
    """

    def __init__(self, rows: Rows, units: Array) -> None:
        self._rows, self._units = Rows(*map(aligned, rows)), aligned(units)
        self._samples: InMemory | Incomplete | None = None

    def samples(self, n_threads: int | None) -> Any:
        """Return the sorted samples."""
        if self._samples is None:
            samples = samples_of(*self._rows, n_threads)
            samples.prepare(self._units)
            self._samples = samples
        return self._samples

    def __call__(self) -> Rows:
        """Return the rows."""
        return self._rows

    def __reduce__(self) -> tuple[Any, ...]:
        return Prepared, (self._rows, self._units)

    def __sizeof__(self) -> int:
        points, weight = self._rows
        n_bytes = points.nbytes + (0 if weight is None else weight.nbytes)
        return int(n_bytes + sorted_bytes(*points.shape))


def sorted_bytes(n_samples: int, n_features: int) -> int:
    """Return the bytes that rows take when they are sorted, with their tree."""
    return n_samples * (8 * n_features + 64)


def rows_of_block(block: Any) -> Rows:
    """Return the rows of a block as a float array, without checks of the values."""
    if callable(block):
        block = block()
    points, weight = points_and_weight(block)
    points = np.asarray(points)
    if points.dtype not in (np.float64, np.float32):
        points = points.astype(np.float64)
    weight = None if weight is None else np.asarray(weight, np.float64)
    return Rows(aligned(points), aligned(weight))


class BlockSize(NamedTuple):
    """The size of a block, and its rows of none, with the names of the features."""

    n_samples: int
    weight: float
    has_weight: bool
    dtype: Any
    head: Any


@dataclass(frozen=True)
class EStep:
    """The statistics of a block, or None if no row has a weight above 0."""

    parameters: MixtureParameters
    units: Array | None = None
    centers: Array | None = None
    n_threads: int | None = None

    def __call__(self, block: Any) -> Statistics | None:
        """Return the statistics of a block."""
        if isinstance(block, Prepared):
            rows, samples = block(), None
        else:
            rows, samples = rows_of_block(block), block
        if not len(rows.points) or (
            rows.sample_weight is not None and not rows.sample_weight.any()
        ):
            return None
        if samples is None:
            samples = block.samples(self.n_threads)
        else:
            samples = samples_of(*rows, self.n_threads)
            if self.units is not None:
                samples.prepare(aligned(self.units))
        found = samples.statistics(self.parameters, aligned(self.centers))
        return Statistics.of_core(found, self.parameters)


@dataclass(frozen=True)
class Prepare:
    """Sorts the rows of a block for many statistics."""

    units: Array
    n_threads: int | None = None

    def __call__(self, block: Any) -> Prepared:
        """Return the sorted block."""
        prepared = Prepared(rows_of_block(block), self.units)
        if len(prepared().points):
            prepared.samples(self.n_threads)
        return prepared


def taken_rows(pair: tuple[Any, NDArray[np.intp]]) -> Rows:
    """Return some rows of a block."""
    block, taken = pair
    points, weight = rows_of_block(block)
    return Rows(points[taken], None if weight is None else weight[taken])


@dataclass
class Mapped:
    """Samples in blocks; each sum reads all of them once.

    Parameters
    ----------
    blocks : Blocks
    sizes : list of BlockSize
        Those of the blocks in their order.
    n_threads : int, optional
        Number of threads for a block.
    whole : InMemory or Incomplete, optional
        All rows, if they are in memory here: the fit then starts as one of them does.
    oversampling : callable, optional
        Returns the points from which a fit of many rows starts, from the samples and a
        RandomState. By default they are drawn evenly.
    """

    blocks: Blocks
    sizes: list[BlockSize]
    n_threads: int | None = None
    whole: InMemory | Incomplete | None = None
    oversampling: Callable[[Mapped, Any], InMemory] | None = None
    _units: Array | None = field(default=None, init=False)
    advance: Advance | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.n_samples = sum(size.n_samples for size in self.sizes)
        self.weight = float(sum(size.weight for size in self.sizes))
        full = [size for size in self.sizes if size.n_samples] or self.sizes
        self.n_features = full[0].head.shape[1]
        self.dtype = full[0].dtype

    def prepare(self, units: Array) -> None:
        """Store the units in which each block is sorted."""
        self._units = units
        row = 8 * self.n_features + sorted_bytes(1, self.n_features)
        self.blocks.prepare(units, [row * size.n_samples for size in self.sizes])

    def statistics(
        self, parameters: MixtureParameters, centers: Array | None = None
    ) -> _core.Statistics:
        """Return the statistics under the parameters, about the means or other centers."""
        step = EStep(parameters, self._units, centers, self.n_threads)
        advance, n_blocks = self.advance, len(self.sizes)
        done = None if advance is None else (lambda n_done: advance(n_done / n_blocks))
        result = self.blocks.total(step, done)
        assert result is not None  # noqa: S101 (the total weight is above 0)
        return result.core  # type: ignore[no-any-return]

    def initial_points(self, random_state: Any) -> InMemory:
        """Return rows drawn from all blocks, or all rows if they are few."""
        if self.whole is not None:
            return self.whole.initial_points(random_state)
        taken = np.arange(self.n_samples)
        if self.n_samples > INITIAL_ROWS:
            if self.oversampling is not None:
                return self.oversampling(self, random_state)
            taken = np.sort(random_state.choice(self.n_samples, size=INITIAL_ROWS, replace=False))
        ends = np.cumsum([size.n_samples for size in self.sizes])
        parts = np.split(taken, np.searchsorted(taken, ends[:-1]))
        starts = ends - [size.n_samples for size in self.sizes]
        extras = [part - start for part, start in zip(parts, starts, strict=True)]
        rows = [part for part in self.blocks.map_with(taken_rows, extras) if len(part.points)]
        weight = None
        if any(size.has_weight for size in self.sizes):
            weight = np.concatenate(
                [np.ones(len(points)) if weights is None else weights for points, weights in rows]
            )
        points = np.concatenate([points for points, _ in rows])
        return InMemory(filled(points), weight, self.n_threads)

    def parts(self) -> Iterator[Array]:
        """Yield the points of each block."""
        n_samples = 0
        for rows in self.blocks.map(rows_of_block):
            n_samples += len(rows.points)
            if len(rows.points):
                yield rows.points
        if n_samples != self.n_samples:
            refuse_other_chunks(self.n_samples, n_samples)

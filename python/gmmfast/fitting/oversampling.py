"""The start of a fit of many rows in blocks: candidates oversampled by their distances.

A few rounds each add rows, with chances proportional to their weights times squared distances
from the nearest candidate so far (Bahmani et al., Scalable k-means++, PVLDB 5(7), 2012). A round
draws exactly as many rows as it shall, by exponential keys (Efraimidis and Spirakis, Weighted
random sampling with a reservoir, Information Processing Letters 97(5), 2006): that takes one pass.
The random number of a row depends on the seed and its index alone, and so does the start, however
the rows are cut into blocks. The candidates, with the statistics of the rows nearest to each, then
go through k-means as points of these weights. Rows with missing values are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast import _core
from gmmfast.fitting.blocks import Rows, rows_of_block, taken_rows
from gmmfast.fitting.moments import recentered, statistics_of_labels
from gmmfast.fitting.parameters import MixtureParameters, mixture_parameters
from gmmfast.fitting.samples import InMemory
from gmmfast.fitting.statistics import Statistics
from gmmfast.mixture.layouts import DIAGONAL, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from gmmfast.fitting.blocks import Mapped

    Array = NDArray[np.float64]

#: The starts that oversampling stands for, k-means of all rows.
OVERSAMPLED = ("kmeans", "k-means++")

#: Rounds, and candidates of a round for each component.
_ROUNDS = 4
_PER_COMPONENT = 2


class _Drawn(NamedTuple):
    """Rows and their keys, of which the smallest are drawn."""

    keys: Array
    points: Array


class Oversampled(InMemory):
    """Candidates as points; each has the count of the rows that are nearest to it as weight."""

    def __init__(self, candidates: _core.Statistics, n_threads: int | None) -> None:
        super().__init__(candidates.centers, candidates.counts, n_threads)
        self._candidates = candidates

    def statistics_of_labels(
        self, labels: NDArray[np.integer], n_components: int, *, covariance_type: str
    ) -> _core.Statistics:
        """Return the statistics of all rows, each with the component of its candidate."""
        some = self._candidates

        def total(values: Array) -> Array:
            return np.stack([np.bincount(labels, v, n_components) for v in values.T], axis=1)

        counts: Array = np.bincount(labels, some.counts, n_components).astype(np.float64)
        divisor = np.maximum(counts, np.finfo(float).tiny)[:, None]
        origin = some.centers[0]
        offsets = some.counts[:, None] * (some.centers - origin) + some.sums
        centers = origin + total(offsets) / divisor
        moved = recentered(some, centers[labels])
        scatters = total(moved.scatters)
        if covariance_type in DIAGONAL:
            scatters = packed(unpacked(scatters, self.n_features), diagonal=True)
        return _core.Statistics(
            np.ascontiguousarray(centers),
            counts,
            total(moved.sums),
            scatters,
            0.0,
            some.weight,
            some.n_samples,
        )


@dataclass(frozen=True)
class _Draw:
    """Draws rows of a block, given with the index of its first row."""

    nearest: MixtureParameters
    n_rows: int
    key: int
    n_threads: int | None

    def __call__(self, pair: tuple[Any, int]) -> _Drawn:
        block, first = pair
        points, weight = _complete(rows_of_block(block))
        is_there = ~np.isnan(points).any(axis=1)
        uniform = _uniform(self.key, first, len(points))[is_there]
        points, weight = points[is_there], None if weight is None else weight[is_there]
        labels = _labels(self.nearest, points, self.n_threads)
        chances = np.square(points - self.nearest.core.means[labels]).sum(axis=1)
        if weight is not None:
            chances *= weight
        keys = np.full(len(points), np.inf)
        np.divide(-np.log(uniform), chances, out=keys, where=chances > 0)
        return _smallest(_Drawn(keys, points), self.n_rows)


@dataclass(frozen=True)
class _Nearest:
    """The statistics of the rows that are nearest to each candidate, about the candidates."""

    nearest: MixtureParameters
    n_threads: int | None

    def __call__(self, block: Any) -> Statistics | None:
        points, weight = _complete(rows_of_block(block))
        is_there = ~np.isnan(points).any(axis=1)
        points, weight = points[is_there], None if weight is None else weight[is_there]
        if not len(points):
            return None
        labels = _labels(self.nearest, points, self.n_threads)
        candidates = self.nearest.core.means
        found = statistics_of_labels(
            points, labels, len(candidates), weight, covariance_type="full"
        )
        return Statistics.of_core(recentered(found, candidates), self.nearest)


def oversampling(n_components: int) -> Callable[[Mapped, Any], InMemory]:
    """Return the function that draws the points from which a fit of many rows starts."""

    def draw(samples: Mapped, random_state: Any) -> InMemory:
        candidates = _candidates(samples, n_components, random_state)
        step = _Nearest(_voronoi(candidates), samples.n_threads)
        found = samples.blocks.total(step)
        return Oversampled(_without_empty(found.core), samples.n_threads)

    return draw


def _candidates(samples: Mapped, n_components: int, random_state: Any) -> Array:
    """Return the candidates of all rounds."""
    starts = np.cumsum([0, *(size.n_samples for size in samples.sizes)])
    row = int(random_state.randint(samples.n_samples))
    extras = [
        np.array([row - first] if first <= row < end else [], np.intp)
        for first, end in pairwise(starts)
    ]
    rows = samples.blocks.map_with(taken_rows, extras)
    first = next(points for points, _ in rows if len(points))
    candidates = np.nan_to_num(np.asarray(first, np.float64))
    for _ in range(_ROUNDS):
        key = int(random_state.randint(2**31))
        n_rows = _PER_COMPONENT * n_components
        draw = _Draw(_voronoi(candidates), n_rows, key, samples.n_threads)
        drawn = None
        for part in samples.blocks.map_with(draw, starts[:-1].tolist()):
            both = (
                part
                if drawn is None
                else _Drawn(*map(np.concatenate, zip(drawn, part, strict=True)))
            )
            drawn = _smallest(both, n_rows)
        assert drawn is not None  # noqa: S101 (there is a block)
        if not len(drawn.points):
            break  # every row is a candidate
        candidates = np.concatenate([candidates, drawn.points])
    return candidates


def _smallest(drawn: _Drawn, n_rows: int) -> _Drawn:
    """Return the rows of the smallest keys, in the order of the keys."""
    order = np.argsort(drawn.keys, kind="stable")[:n_rows]
    order = order[np.isfinite(drawn.keys[order])]
    return _Drawn(drawn.keys[order], drawn.points[order])


def _voronoi(candidates: Array) -> MixtureParameters:
    """Return the mixture whose most responsible component is the nearest candidate."""
    n_candidates = len(candidates)
    log_weights = np.full(n_candidates, -np.log(n_candidates))
    return mixture_parameters(log_weights, candidates, np.ones(1), "tied-spherical")


def _labels(nearest: MixtureParameters, points: Array, n_threads: int | None) -> Any:
    labels = np.empty(len(points), np.int64)
    if len(points):
        nearest.core.predict(points, labels, n_threads)
    return labels


def _complete(rows: Rows) -> Rows:
    return Rows(np.ascontiguousarray(rows.points, np.float64), rows.sample_weight)


def _uniform(key: int, first: int, n_rows: int) -> Array:
    """Return numbers in (0, 1) that depend on the key and the index of each row."""
    stream = np.random.Philox(key=key)
    stream.advance(first // 4)  # four numbers a step
    words = stream.random_raw(n_rows + first % 4)[first % 4 :]
    uniform: Array = (words >> np.uint64(12)).astype(np.float64) * 2.0**-52 + 2.0**-53
    return uniform


def _without_empty(some: _core.Statistics) -> _core.Statistics:
    kept = np.flatnonzero(some.counts > 0)
    return _core.Statistics(
        some.centers[kept],
        some.counts[kept],
        some.sums[kept],
        some.scatters[kept],
        0.0,
        some.weight,
        some.n_samples,
    )

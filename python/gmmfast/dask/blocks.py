"""Blocks of rows that dask computes with, on a cluster or in threads.

A function travels once a sum, as one task on which those of the blocks depend; the workers hand it
on to each other. Values are added in a tree of a fixed shape on the workers, so a sum has the same
bits whatever worker computes what, also if one is lost and its tasks run again elsewhere.
"""

from __future__ import annotations

import pickle
import warnings
from contextlib import contextmanager
from functools import reduce
from typing import TYPE_CHECKING, Any

from dask.base import compute, persist
from dask.delayed import Delayed, delayed

from gmmfast._memory import available_bytes
from gmmfast.dask.cluster import check_workers, current_client
from gmmfast.fitting.blocks import Prepare, added

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

#: Number of values that a task of the tree adds.
_FAN_IN = 8

#: The part of the workers' memory that sorted rows may take.
_KEPT_PART = 0.4


class DaskBlocks:
    """Blocks of rows, each a delayed value.

    Parameters
    ----------
    parts : list of Delayed
        Arrays of rows, or pairs (rows, sample_weight).
    """

    #: A worker runs as many tasks at a time as it has threads.
    n_threads: int | None = 1

    def __init__(self, parts: Sequence[Delayed]) -> None:
        check_workers(current_client())
        self._parts = list(parts)
        #: The sorted rows, if the workers keep them.
        self._sorted: list[Delayed] | None = None

    def map(self, function: Callable[[Any], Any]) -> Iterable[Any]:
        """Return the value of the function for each block, in their order."""
        return _computed(self._values(function))

    def map_with(
        self, function: Callable[[tuple[Any, Any]], Any], extras: Sequence[Any]
    ) -> Iterable[Any]:
        """Return the value of the function for each pair of a block and an extra."""
        shared = broadcast(function)
        pairs = zip(self._parts, extras, strict=True)
        call = delayed(_call_with, pure=False)
        return _computed([call(shared, part, extra) for part, extra in pairs])

    def total(self, function: Callable[[Any], Any]) -> Any:
        """Return the sum of the function's values."""
        values = self._values(function)
        add = delayed(_total, pure=False)
        while len(values) > 1:
            values = [add(values[i : i + _FAN_IN]) for i in range(0, len(values), _FAN_IN)]
        return _computed(values)[0]

    def prepare(self, units: NDArray[np.float64], n_bytes: int) -> None:
        """Sort the rows where they are and keep them there, if that fits in memory."""
        self._sorted = None
        if n_bytes > _KEPT_PART * _memory():
            return
        prepare = broadcast(Prepare(units, self.n_threads))
        call = delayed(_call, pure=False)
        with _large_graphs():
            self._sorted = list(persist(*[call(prepare, part) for part in self._parts]))

    def _values(self, function: Callable[[Any], Any]) -> list[Delayed]:
        shared, call = broadcast(function), delayed(_call, pure=False)
        return [call(shared, part) for part in self._sorted or self._parts]


def broadcast(value: Any) -> Delayed:
    """Return a delayed value that travels once, and between workers."""
    return delayed(pickle.loads, pure=False)(pickle.dumps(value))


def _call(function: Callable[[Any], Any], block: Any) -> Any:
    return function(block)


def _call_with(function: Callable[[Any], Any], block: Any, extra: Any) -> Any:
    return function((block, extra))


def _total(values: list[Any]) -> Any:
    return reduce(added, values)


def _computed(values: Sequence[Delayed]) -> Sequence[Any]:
    with _large_graphs():
        found: Sequence[Any] = compute(*values)
    return found


@contextmanager
def _large_graphs() -> Iterator[None]:
    """Allow large graphs: parameters of many components travel as a part of one."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
        yield


def _memory() -> float:
    """Return the memory of the workers, or the available memory of this process."""
    client = current_client()
    if client is None:
        return float(available_bytes() or 0)
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    return float(sum(worker["memory_limit"] or 0 for worker in workers))

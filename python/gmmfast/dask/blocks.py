"""Blocks of rows that dask computes with, on a cluster or in threads.

A function travels once a sum, as one task on which those of the blocks depend; the workers hand it
on to each other. Values are added in a tree of a fixed shape on the workers, so a sum has the same
bits whatever worker computes what, also if one is lost and its tasks run again elsewhere.
"""

from __future__ import annotations

import pickle
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from dask._task_spec import Task, TaskRef
from dask.base import compute, persist
from dask.delayed import Delayed, delayed
from dask.highlevelgraph import HighLevelGraph, MaterializedLayer
from distributed import as_completed, futures_of

from gmmfast._memory import available_bytes
from gmmfast.dask.cluster import check_workers, current_client
from gmmfast.dask.placement import placed
from gmmfast.fitting.blocks import Prepare, called, summed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from gmmfast.fitting.blocks import Done

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
        return _computed(self._sum(function).parts())

    def map_with(
        self, function: Callable[[tuple[Any, Any]], Any], extras: Sequence[Any]
    ) -> Iterable[Any]:
        """Return the value of the function for each pair of a block and an extra."""
        return _computed(_Sum(function, self._parts, extras).parts())

    def total(self, function: Callable[[Any], Any], done: Done | None = None) -> Any:
        """Return the sum of the function's values; see `Blocks`."""
        both = self._sum(function)
        value = both.total()
        if done is None or current_client() is None:
            return _computed([value])[0]
        return _watched(value, both.parts(), done)

    def prepare(self, units: NDArray[np.float64], n_bytes: Sequence[int]) -> None:
        """Sort the rows and keep them where they are sorted, if that fits in memory.

        Every thread of the workers gets an equal share of the rows.
        """
        self._sorted = None
        if sum(n_bytes) > _KEPT_PART * _memory():
            return
        client = current_client()
        places = [] if client is None else placed(client, self._parts, n_bytes)
        values = self._sum(Prepare(units, self.n_threads), places).parts()
        with _large_graphs():
            self._sorted = list(persist(*values, optimize_graph=False))

    def _sum(self, function: Callable[[Any], Any], places: Sequence[str] = ()) -> _Sum:
        return _Sum(function, self._sorted or self._parts, places=places)


class _Sum:
    """The tasks of a function's values for blocks and of their sum.

    The graph is written here: to make it of calls of delayed functions takes milliseconds a call.
    """

    def __init__(
        self,
        function: Callable[[Any], Any],
        parts: list[Delayed],
        extras: Sequence[Any] | None = None,
        places: Sequence[str] = (),
    ) -> None:
        # The scheduler learns the time of a task by the first part of its name.
        self._name = f"{_name_of(function)}-{uuid4().hex}"
        shared = f"{self._name}-function"
        more = [()] * len(parts) if extras is None else [(extra,) for extra in extras]
        self._keys = [f"{self._name}-{i}" for i in range(len(parts))]
        self._tasks: dict[Any, Any] = {shared: Task(shared, pickle.loads, pickle.dumps(function))}
        for key, part, extra in zip(self._keys, parts, more, strict=True):
            self._tasks[key] = Task(key, called, TaskRef(shared), TaskRef(part.key), *extra)
        self._blocks = parts
        self._annotations: dict[str, Any] | None = None
        if places:
            # Another worker takes the block of one that is lost.
            of_key = dict(zip(self._keys, places, strict=True)).get
            self._annotations = {"workers": of_key, "allow_other_workers": True}

    def parts(self) -> list[Delayed]:
        """Return the values."""
        return self._values(self._keys)

    def total(self) -> Delayed:
        """Return their sum, by a tree of a fixed shape."""
        keys = self._keys
        while len(keys) > 1:
            groups = [keys[i : i + _FAN_IN] for i in range(0, len(keys), _FAN_IN)]
            keys = [f"sum-{uuid4().hex}" for _ in groups]
            for key, group in zip(keys, groups, strict=True):
                self._tasks[key] = Task(key, summed, *map(TaskRef, group))
        return self._values(keys)[0]

    def _values(self, keys: Sequence[str]) -> list[Delayed]:
        blocks: Any = self._blocks  # in each of which dask sees a collection
        layer: Any = MaterializedLayer(self._tasks, self._annotations)
        graph = HighLevelGraph.from_collections(self._name, layer, blocks)
        return [Delayed(key, graph, layer=self._name) for key in keys]


def _name_of(function: Callable[[Any], Any]) -> str:
    return str(getattr(function, "__name__", type(function).__name__)).strip("_")


def broadcast(value: Any) -> Delayed:
    """Return a delayed value that travels once, and between workers."""
    return delayed(pickle.loads, pure=False)(pickle.dumps(value))


def _computed(values: Sequence[Delayed]) -> Sequence[Any]:
    with _large_graphs():
        found: Sequence[Any] = compute(*values, optimize_graph=False)
    return found


def _watched(value: Delayed, parts: Sequence[Delayed], done: Done) -> Any:
    """Return a value that a cluster computes; report the number of parts that are computed."""
    with _large_graphs():
        wanted = persist(value, *parts, optimize_graph=False)
    computed = as_completed(futures_of(wanted))
    del wanted  # a value is released as soon as it is added
    n_done = 0
    while (future := next(computed)).key != value.key:
        n_done += 1
        done(n_done)
    return future.result()


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

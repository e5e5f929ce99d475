"""Blocks of rows that dask computes with, on a cluster or in threads.

A function travels once a sum, as one task on which the others depend; the workers hand it on to
each other. Values are added in a tree of a fixed shape, so a sum has the same bits whatever worker
computes what, also if one is lost and its tasks run again elsewhere.
"""

from __future__ import annotations

import pickle
import warnings
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from dask.base import annotate, compute, persist
from dask.delayed import Delayed, delayed
from distributed import as_completed, futures_of

from gmmfast._memory import available_bytes
from gmmfast.dask.cluster import check_workers, current_client
from gmmfast.dask.placement import placed, shares
from gmmfast.fitting.blocks import Prepare, called
from gmmfast.fitting.sums import joined, part_of_sum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np
    from distributed import Client, Future
    from numpy.typing import NDArray

    from gmmfast.fitting.blocks import Done

#: Number of partial sums that a task joins.
_FAN_IN = 8

#: A function travels with each task of a sum if that is no more than so many bytes.
_SENT_BYTES = 2**20

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
        #: The sorted rows, if the workers keep them, and their sizes.
        self._sorted: list[Delayed] = []
        self._sizes: Sequence[int] = ()
        #: The blocks that are added by one task.
        self._shares: list[list[int]] = []

    def map(self, function: Callable[[Any], Any]) -> Iterable[Any]:
        """Return the value of the function for each block, in their order."""
        return _computed(_values(function, [(part,) for part in self._blocks]))

    def map_with(
        self, function: Callable[[tuple[Any, Any]], Any], extras: Sequence[Any]
    ) -> Iterable[Any]:
        """Return the value of the function for each pair of a block and an extra."""
        return _computed(_values(function, list(zip(self._parts, extras, strict=True))))

    def total(self, function: Callable[[Any], Any], done: Done | None = None) -> Any:
        """Return the sum of the function's values; see `Blocks`.

        Each thread of the workers adds the values of the sorted blocks that it has, in one task,
        unless each block is to be reported.
        """
        client, kept = current_client(), futures_of(self._sorted)
        if client is not None and kept and done is None:
            return self._total_of_kept(client, function, kept)
        shared, name = broadcast(function), _name_of(function)
        parts = [_call(name, part_of_sum, shared, [i], b) for i, b in enumerate(self._blocks)]
        values = _tree(_call, parts)
        if client is None or done is None:
            return joined(*_computed(values)).total()
        return joined(*_watched(values, parts, done)).total()

    def _total_of_kept(
        self, client: Client, function: Callable[[Any], Any], blocks: Sequence[Future[Any]]
    ) -> Any:
        def submit(name: str, task: Callable[..., Any], *values: Any) -> Any:
            return client.submit(task, *values, key=_key(name))

        shared: Any = function
        pickled, name = pickle.dumps(function), _name_of(function)
        if len(pickled) * len(self._shares) > _SENT_BYTES:
            with _large_graphs():
                shared = submit("function", pickle.loads, pickled)
        parts = [
            submit(name, part_of_sum, shared, share, *(blocks[i] for i in share))
            for share in self._shares
        ]
        values = _tree(submit, parts)
        held = client.who_has(blocks)  # for the next sum: the workers compute meanwhile
        holders = [held.get(block.key, ()) for block in blocks]
        self._shares = shares(holders, self._sizes, client.nthreads())
        return joined(*client.gather(values)).total()

    def prepare(self, units: NDArray[np.float64], n_bytes: Sequence[int]) -> None:
        """Sort the rows and keep them where they are sorted, if that fits in memory.

        Every thread of the workers gets an equal share of the rows.
        """
        self._sorted, self._sizes = [], n_bytes
        self._shares = [[i] for i in range(len(n_bytes))]
        if sum(n_bytes) > _KEPT_PART * _memory():
            return
        client = current_client()
        places = [] if client is None else placed(client, self._parts, n_bytes)
        function = Prepare(units, self.n_threads)
        values = _values(function, [(part,) for part in self._parts], places)
        with _large_graphs():
            self._sorted = list(persist(*values, optimize_graph=False))

    @property
    def _blocks(self) -> list[Delayed]:
        return self._sorted or self._parts


def _values(
    function: Callable[[Any], Any],
    arguments: Sequence[tuple[Any, ...]],
    places: Sequence[str] = (),
) -> list[Delayed]:
    """Return the value of a function for each block, or for each pair of a block and an extra."""
    shared, name, values = broadcast(function), _name_of(function), []
    for i, some in enumerate(arguments):
        # Another worker takes the block of one that is lost.
        options: Any = {"workers": [places[i]], "allow_other_workers": True} if places else {}
        with annotate(**options) if options else nullcontext():
            values.append(_call(name, called, shared, *some))
    return values


def _call(name: str, function: Callable[..., Any], *values: Any) -> Delayed:
    result: Delayed = delayed(function, pure=False)(*values, dask_key_name=_key(name))
    return result


def _key(name: str) -> str:
    """Return a key; the scheduler learns the time of a task by the first part of it."""
    return f"{name}-{uuid4().hex}"


def _name_of(function: Callable[[Any], Any]) -> str:
    return str(getattr(function, "__name__", type(function).__name__)).strip("_")


def _tree(call: Callable[..., Any], values: list[Any]) -> list[Any]:
    """Return a few partial sums that make up all values."""
    while len(values) > _FAN_IN:
        groups = [values[i : i + _FAN_IN] for i in range(0, len(values), _FAN_IN)]
        values = [call("joined", joined, *group) for group in groups]
    return values


def broadcast(value: Any) -> Delayed:
    """Return a delayed value that travels once, and between workers."""
    return delayed(pickle.loads, pure=False)(pickle.dumps(value))


def _computed(values: Sequence[Delayed]) -> Sequence[Any]:
    with _large_graphs():
        found: Sequence[Any] = compute(*values, optimize_graph=False)
    return found


def _watched(values: Sequence[Delayed], parts: Sequence[Delayed], done: Done) -> Sequence[Any]:
    """Return values that a cluster computes; report the number of parts that are computed."""
    with _large_graphs():
        wanted = persist(*values, *parts, optimize_graph=False)
    found, computed = (
        futures_of(wanted[: len(values)]),
        as_completed(futures_of(wanted[len(values) :])),
    )
    del wanted  # a value is released as soon as it is added
    for n_done, _ in enumerate(computed, 1):
        done(n_done)
    return [future.result() for future in found]


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

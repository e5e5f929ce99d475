"""The worker that sorts each block, and the blocks that each thread sums.

Each thread gets an equal share of the rows, and few of them move.

The scheduler places rows by what it expects of their tasks, and leaves six of ten blocks on one of
two workers. An iteration ends with its last block, so every fit would pay for it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from dask.core import get_dependencies
from distributed import futures_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dask.delayed import Delayed
    from distributed import Client


def placed(client: Client, parts: Sequence[Delayed], sizes: Sequence[int]) -> list[str]:
    """Return the address of a worker for each block; an empty list if there are no workers.

    `sizes` are numbers of rows.
    """
    threads = client.nthreads()
    held = client.who_has(futures_of(list(parts)))
    return balanced([_holders(part, held) for part in parts], sizes, threads)


def balanced(
    holders: Sequence[Sequence[str]], sizes: Sequence[int], threads: Mapping[str, int]
) -> list[str]:
    """Return a worker for each block, by the workers that have it and the threads of all.

    A block stays with a holder until that has its share. The others, the largest first, go
    where a thread has the fewest rows.
    """
    if not threads:
        return []
    share = sum(sizes) / sum(threads.values())
    loads = dict.fromkeys(threads, 0.0)  # rows for each thread
    places: dict[int, str] = {}
    order = sorted(range(len(sizes)), key=lambda i: -sizes[i])

    def place(i: int, worker: str) -> None:
        places[i] = worker
        loads[worker] += sizes[i] / threads[worker]

    for i in order:
        some = [worker for worker in holders[i] if worker in threads]
        best = min(some, key=loads.__getitem__, default=None)
        if best is not None and loads[best] + sizes[i] / threads[best] / 2 <= share:
            place(i, best)
    for i in order:
        if i not in places:
            place(i, min(threads, key=lambda worker: loads[worker] + sizes[i] / threads[worker]))
    return [places[i] for i in range(len(sizes))]


def shares(
    holders: Sequence[Sequence[str]], sizes: Sequence[int], threads: Mapping[str, int]
) -> list[list[int]]:
    """Return the blocks that each thread sums: of those that its worker has, an equal part.

    Those of a share are neighbors among the blocks of the worker: their partial sum is small. A
    block that no worker has, such as one of a worker that was lost, is a share of its own.
    """
    places = [next((one for one in some if one in threads), None) for some in holders]
    totals, before = Counter[str | None](), Counter[str | None]()
    for worker, size in zip(places, sizes, strict=True):
        totals[worker] += size
    found: dict[Any, list[int]] = {}
    for i, worker in enumerate(places):
        key: Any = i
        if worker is not None:
            middle = (before[worker] + sizes[i] / 2) / max(1, totals[worker])
            before[worker] += sizes[i]
            key = worker, int(middle * threads[worker])
        found.setdefault(key, []).append(i)
    return list(found.values())


def _holders(part: Delayed, held: Mapping[Any, Sequence[str]]) -> Sequence[str]:
    """Return the workers that have a block, or the rows of which it is made."""
    if part.key in held:
        return held[part.key]
    graph: Any = part.dask
    keys = get_dependencies(graph, part.key) if held else ()
    return next((held[key] for key in keys if key in held), ())

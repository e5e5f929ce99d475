"""Clusters: the client in use, its workers' gmmfast, and local clusters of processes."""

from __future__ import annotations

import pickle
import warnings
from collections import deque
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec  # workers without gmmfast have it
from itertools import islice
from typing import TYPE_CHECKING, Any

import distributed

from gmmfast._validation import check_count, describe
from gmmfast.fitting.blocks import called

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

#: Tasks that are submitted at a time for each thread.
_PER_THREAD = 4


def current_client() -> distributed.Client | None:
    """Return the client that dask computes with, or None if it computes in this process."""
    try:
        return distributed.default_client()
    except ValueError:
        return None


def check_workers(client: distributed.Client | None) -> None:
    """Raise ModuleNotFoundError if a worker cannot import gmmfast."""
    if client is None:
        return
    found = client.run(find_spec, "gmmfast", on_error="return")
    missing = sorted(worker for worker, spec in found.items() if not spec)
    if missing:
        raise ModuleNotFoundError(
            f"scheduler: expected workers that have gmmfast, got {len(missing)} without, such as "
            f"{missing[0]}; pip install gmmfast where they run, in the version of the client"
        )


@contextmanager
def connected(
    scheduler: str | None = None, n_workers: int | None = None
) -> Iterator[distributed.Client]:
    """Connect to a cluster, or start one on this machine, while the block runs.

    Parameters
    ----------
    scheduler : str, optional
        The address of a scheduler, as "tcp://host:8786".
    n_workers : int, optional
        Start so many processes on this machine, of one thread each, and end them afterwards.

    Yields
    ------
    distributed.Client
        The client that dask computes with by default; `client.dashboard_link` shows its work.

    Raises
    ------
    ValueError
        If not one of the two is given, or `n_workers` is not positive.
    OSError
        If no scheduler answers at the address.
    ModuleNotFoundError
        If a worker does not have gmmfast.
    """
    if (scheduler is None) == (n_workers is None):
        raise ValueError(
            "scheduler, n_workers: expected one of the two, got "
            f"{describe(scheduler)} and {describe(n_workers)}"
        )
    with ExitStack() as stack:
        address: object = scheduler
        if n_workers is not None:
            n_processes = check_count("n_workers", n_workers)
            # If 8787 is taken the dashboard has another port; the attempt leaves a socket.
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", r"\s*Port 8787 is already in use", UserWarning)
                warnings.filterwarnings("ignore", "unclosed <socket", ResourceWarning)
                cluster = distributed.LocalCluster(
                    n_workers=n_processes, threads_per_worker=1, processes=True
                )
            address = stack.enter_context(cluster)
        client = stack.enter_context(distributed.Client(address))
        check_workers(client)
        yield client


def client_map(client: distributed.Client) -> Callable[..., Iterable[Any]]:
    """Return a map-shaped callable that computes on a client's cluster.

    Results come in the order of the elements. At most a few tasks for each thread of the workers
    are submitted at a time.

    Examples
    --------
    >>> import gmmfast.dask
    >>> with gmmfast.dask.connected(n_workers=1) as client:  # doctest: +SKIP
    ...     list(gmmfast.dask.client_map(client)(abs, [-1, 2]))
    [1, 2]
    """

    def mapped(function: Callable[[Any], Any], elements: Iterable[Any]) -> Iterator[Any]:
        shared = client.submit(pickle.loads, pickle.dumps(function), pure=False)
        rest = iter(elements)
        limit = _PER_THREAD * max(1, sum(client.nthreads().values()))
        waiting = deque(_submit(client, shared, element) for element in islice(rest, limit))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(_submit(client, shared, element) for element in islice(rest, 1))

    return mapped


def _submit(client: distributed.Client, function: Any, element: Any) -> Any:
    return client.submit(called, function, element, pure=False)

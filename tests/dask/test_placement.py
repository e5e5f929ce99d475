"""Every thread of the workers sorts and sums an equal share of the rows."""

from collections import Counter

import dask.array as da
import distributed
import numpy as np
import pytest

from gmmfast.dask.blocks import DaskBlocks
from gmmfast.dask.placement import balanced, shares
from gmmfast.dask.rows import delayed_rows

ONE_EACH = {"a": 1, "b": 1}


def loads(places, sizes):
    found = Counter()
    for worker, size in zip(places, sizes, strict=True):
        found[worker] += size
    return dict(found)


def test_of_equal_blocks_only_those_beyond_a_share_move():
    holders = [["a"]] * 6 + [["b"]] * 4
    assert balanced(holders, [10] * 10, ONE_EACH) == ["a"] * 5 + ["b"] * 5


def test_a_worker_of_three_threads_gets_three_times_the_rows():
    assert loads(balanced([()] * 8, [10] * 8, {"a": 3, "b": 1}), [10] * 8) == {"a": 60, "b": 20}


def test_large_blocks_are_placed_first():
    sizes = [1, 1, 1, 9, 1, 1, 1, 1, 1, 1]
    places = balanced([["a"]] * 10, sizes, ONE_EACH)
    assert loads(places, sizes) == {"a": 9, "b": 9}


def test_holders_that_are_lost_and_blocks_without_rows_are_allowed():
    assert balanced([["lost"], ["a"], ["lost"]], [5, 5, 0], {"a": 1, "b": 1})[:2] == ["b", "a"]
    assert balanced([()], [5], {}) == []
    assert balanced([], [], {"a": 1}) == []


def test_a_thread_sums_neighbors_among_the_blocks_of_its_worker():
    holders = [["a"], ["b"]] * 4
    assert shares(holders, [10] * 8, {"a": 1, "b": 2}) == [[0, 2, 4, 6], [1, 3], [5, 7]]
    assert shares([["a"]] * 5, [40, 10, 10, 10, 10], {"a": 2}) == [[0], [1, 2, 3, 4]]


def test_blocks_that_no_worker_has_are_summed_alone():
    holders = [["a"], [], ["lost"], ["a"], ["lost", "a"]]
    assert shares(holders, [5, 5, 5, 0, 5], {"a": 1}) == [[0, 3, 4], [1], [2]]
    assert shares([["a"]] * 2, [0, 0], {"a": 4}) == [[0, 1]]
    assert shares([], [], {}) == []


def wanted_workers(keys, dask_scheduler):
    """Return the workers that the scheduler chooses for each task if all are equally busy."""
    tasks = [dask_scheduler.tasks[key] for key in keys]
    assert all(task.loose_restrictions for task in tasks)
    return [list(task.worker_restrictions) for task in tasks]


@pytest.mark.parametrize("weighted", [False, True])
def test_rows_that_are_all_on_one_worker_are_sorted_on_both(client, weighted):
    first = min(client.nthreads())
    rng = np.random.default_rng(0)
    points = client.persist(
        da.from_array(rng.normal(size=(8000, 3)), chunks=(1000, 3)), workers=[first]
    )
    weight = da.ones(8000, chunks=1000) if weighted else None
    distributed.wait(points)
    blocks = DaskBlocks(delayed_rows(points, weight))
    blocks.prepare(np.ones(3), [1000] * 8)
    distributed.wait(distributed.futures_of(blocks._sorted))
    wanted = client.run_on_scheduler(wanted_workers, [block.key for block in blocks._sorted])
    assert Counter(worker for workers in wanted for worker in workers) == dict.fromkeys(
        client.nthreads(), 4
    )

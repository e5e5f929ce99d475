"""Tests of dask/blocks.py and dask/cluster.py: killed processes, and workers without gmmfast."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import dask.array as da
import distributed
import numpy as np
import pytest

from gmmfast import Checkpoint, GaussianMixture
from gmmfast.dask import connected
from support.dask_rows import rows

OPTIONS = {"n_components": 4, "max_iter": 6, "tol": 0, "random_state": 0}

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills processes")


def test_a_worker_killed_in_the_middle_changes_nothing(client):
    points, _ = rows(20_000)
    array = da.from_array(points, chunks=(3000, 3))
    whole = GaussianMixture(**OPTIONS).fit(array)

    def kill(n_iter, _):
        if n_iter == 3:
            os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)

    other = GaussianMixture(**OPTIONS).fit(array, progress=kill)
    assert np.array_equal(other.means_, whole.means_)
    assert np.array_equal(other.covariances_, whole.covariances_)
    client.wait_for_workers(2, timeout=60)


#: A client that is killed in its fifth iteration.
CLIENT = """
import os, signal, sys
import dask.array as da, distributed, numpy as np
from gmmfast import Checkpoint, GaussianMixture

address, rows, path = sys.argv[1:]
def kill(n_iter, _):
    if n_iter == 5:
        os.kill(os.getpid(), signal.SIGKILL)
with distributed.Client(address):
    GaussianMixture(4, max_iter=6, tol=0, random_state=0).fit(
        da.from_array(np.load(rows), chunks=(1000, 3)),
        checkpoint=Checkpoint(path, every=2),
        progress=kill,
    )
"""


def test_another_client_goes_on_from_the_checkpoint_of_one_that_was_killed(client, tmp_path):
    points, _ = rows()
    array = da.from_array(points, chunks=(1000, 3))
    np.save(tmp_path / "rows.npy", points)
    paths = tmp_path / "rows.npy", tmp_path / "fit.npz"
    killed = subprocess.run(
        [sys.executable, "-c", CLIENT, client.scheduler.address, *map(str, paths)],
        check=False,
        timeout=120,
    )
    assert killed.returncode == -signal.SIGKILL
    n_done = []
    checkpoint = Checkpoint(paths[1], resume=True)
    other = GaussianMixture(**OPTIONS).fit(
        array, checkpoint=checkpoint, progress=lambda n_iter, _: n_done.append(n_iter)
    )
    assert n_done == [5, 6]
    assert np.array_equal(other.means_, GaussianMixture(**OPTIONS).fit(array).means_)


WORKER = """
import asyncio, sys
from distributed import Worker

async def work():
    async with Worker(sys.argv[1], nthreads=1) as worker:
        await worker.finished()
asyncio.run(work())
"""


def test_a_worker_without_gmmfast_gives_an_error_that_says_so(tmp_path):
    for path in Path(distributed.__file__).parents[1].iterdir():
        if not path.name.startswith("gmmfast"):
            (tmp_path / path.name).symlink_to(path)
    message = r"got 1 without, such as tcp://\S+; pip install gmmfast where they run"
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
        subprocess.Popen(  # -S: without the packages of this environment
            [sys.executable, "-S", "-c", WORKER, cluster.scheduler_address],
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            stderr=subprocess.DEVNULL,
        ) as worker,
    ):
        try:
            client.wait_for_workers(1, timeout=60)
            with pytest.raises(ModuleNotFoundError, match=message):
                GaussianMixture(2).fit(da.zeros((9, 2), chunks=(5, 2)))
            with (
                pytest.raises(ModuleNotFoundError, match=message),
                connected(scheduler=cluster.scheduler_address),
            ):
                pass
        finally:
            worker.kill()

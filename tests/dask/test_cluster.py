"""Tests of dask/cluster.py; test_faults.py has workers without gmmfast."""

import distributed
import pytest

from gmmfast.dask import connected


def test_a_local_cluster_has_the_workers(client):
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    assert [worker["nthreads"] for worker in workers] == [1, 1]
    assert distributed.default_client() is client
    assert client.dashboard_link.startswith("http")


def test_a_scheduler_is_connected_to_by_its_address(client):
    with connected(scheduler=client.scheduler.address) as other:
        assert other.scheduler.address == client.scheduler.address
    assert distributed.default_client() is client


def test_one_of_scheduler_and_workers_is_required():
    for options in ({}, {"scheduler": "tcp://a:1", "n_workers": 2}):
        with (
            pytest.raises(ValueError, match="scheduler, n_workers: expected one of the two"),
            connected(**options),
        ):
            pass

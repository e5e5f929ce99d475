"""Tests of dask/cluster.py: clusters, and workers without gmmfast."""

import distributed
import pytest

from gmmfast.dask import cluster, connected


def test_a_worker_without_gmmfast_gives_an_error_that_says_so():
    class Client:
        def run(self, function, name, **_):
            return {"tcp://10.0.0.1:1": function(name), "tcp://10.0.0.2:1": None}

    with pytest.raises(ModuleNotFoundError, match=r"1 without, such as tcp://10\.0\.0\.2:1"):
        cluster.check_workers(Client())


def test_a_local_cluster_has_the_workers_and_ends_with_the_block():
    with connected(n_workers=1) as client:
        assert len(client.scheduler_info()["workers"]) == 1
        assert distributed.default_client() is client
        assert client.dashboard_link.startswith("http")
    assert client.status == "closed"


def test_one_of_scheduler_and_workers_is_required():
    for options in ({}, {"scheduler": "tcp://a:1", "n_workers": 2}):
        with (
            pytest.raises(ValueError, match="scheduler, n_workers: expected one of the two"),
            connected(**options),
        ):
            pass

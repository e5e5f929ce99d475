"""A cluster of two worker processes for all tests of the folder."""

import pytest

pytest.importorskip("dask.array")
pytest.importorskip("distributed")
dask = pytest.importorskip("gmmfast.dask")


@pytest.fixture(scope="session")
def client():
    """Return a client of a cluster of two processes of one thread each."""
    with dask.connected(n_workers=2) as client:
        yield client
    assert client.status == "closed"

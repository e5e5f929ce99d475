"""Tests of dask/blocks.py, dask/rows.py, dask/collections.py and estimators/collections.py."""

import os
import signal

import dask.array as da
import numpy as np
import pytest
from dask.delayed import delayed

import dask
from gmmfast import BayesianGaussianMixture, Checkpoint, GaussianMixture
from gmmfast.fitting import samples as samples_module
from support.dask_rows import assert_same, random_chunks, rows

TYPES = ("full", "tied-diag")  # tests/fitting/test_blocks.py has all of them


def make(estimator=GaussianMixture, **options):
    return estimator(**({"n_components": 4, "random_state": 0, "max_iter": 6} | options))


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("kind", TYPES)
def test_a_fit_of_random_chunks_is_the_fit_in_memory(kind):
    for estimator, has_nan in ((GaussianMixture, True), (BayesianGaussianMixture, False)):
        points, weights = rows(has_nan=has_nan)
        model = make(estimator, covariance_type=kind).fit(points, sample_weight=weights)
        chunks = random_chunks(len(points), TYPES.index(kind))
        array, weight = da.from_array(points, chunks=(chunks, 2)), da.from_array(weights)
        other = make(estimator, covariance_type=kind).fit(array, sample_weight=weight)
        assert_same(model, other)


@pytest.mark.usefixtures("client")
def test_every_collection_gives_the_same_fit(tmp_path):
    pd, dd = pytest.importorskip("pandas"), pytest.importorskip("dask.dataframe")
    zarr, xarray = pytest.importorskip("zarr"), pytest.importorskip("xarray")
    points, weights = rows()
    model = make().fit(points, sample_weight=weights)
    unweighted = make().fit(points)
    array = da.from_array(points, chunks=(700, 3))
    frame = pd.DataFrame(points, columns=list("abc")).assign(w=weights)
    frames = dd.from_pandas(frame, npartitions=3)
    other = make().fit(frames[list("abc")], sample_weight=frames["w"])
    assert other.feature_names_in_.tolist() == list("abc")
    assert_same(model, other)
    stored = zarr.create_array(tmp_path / "rows.zarr", data=points, chunks=(900, 2))
    pairs = [delayed((points[i::3], weights[i::3])) for i in range(3)]
    assert make().fit(pairs).lower_bound_ == pytest.approx(model.lower_bound_, rel=1e-2)
    others = [
        stored,
        xarray.DataArray(array, dims=("row", "feature")),
        xarray.DataArray(points, dims=("row", "feature")),
        [delayed(part) for part in np.array_split(points, 4)],
    ]
    for collection in others:
        assert_same(unweighted, make().fit(collection))


def test_without_a_client_dask_computes_in_threads():
    points, _ = rows()
    with dask.config.set(scheduler="threads"):
        other = make().fit(da.from_array(points, chunks=(800, 3)))
    assert_same(make().fit(points), other)


@pytest.mark.usefixtures("client")
def test_many_rows_start_oversampled_and_as_well_as_k_means(monkeypatch):
    points, _ = rows()
    monkeypatch.setattr(samples_module, "INITIAL_ROWS", 1000)
    monkeypatch.setattr("gmmfast.fitting.blocks.INITIAL_ROWS", 1000)
    fits = [
        make(max_iter=50).fit(da.from_array(points, chunks=(chunks, 3)))
        for chunks in (500, random_chunks(len(points), 1))
    ]
    np.testing.assert_allclose(fits[0].means_, fits[1].means_, rtol=1e-9, atol=1e-9)
    assert fits[0].lower_bound_ == pytest.approx(make(max_iter=50).fit(points).lower_bound_, 1e-3)


def test_a_worker_killed_in_the_middle_changes_nothing(client):
    points, _ = rows(60_000)
    array = da.from_array(points, chunks=(6000, 3))
    options = {"n_components": 30, "max_iter": 12, "tol": 0}
    whole = make(**options).fit(array)

    def kill(n_iter, _):
        if n_iter == 4:
            os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)

    other = make(**options).fit(array, progress=kill)
    assert np.array_equal(other.means_, whole.means_)
    assert np.array_equal(other.covariances_, whole.covariances_)
    client.wait_for_workers(2, timeout=30)


@pytest.mark.usefixtures("client")
def test_a_fit_of_another_client_goes_on_from_the_checkpoint(tmp_path):
    points, _ = rows()
    array = da.from_array(points, chunks=(1000, 3))
    options = {"max_iter": 9, "tol": 0}
    whole = make(**options).fit(array)
    file = Checkpoint(tmp_path / "fit.npz", every=2, resume=True)
    make(**options | {"max_iter": 5}).fit(array, checkpoint=file)
    other = make(**options).fit(array, checkpoint=file)
    assert np.array_equal(other.means_, whole.means_)


@pytest.mark.usefixtures("client")
def test_wrong_collections_are_refused():
    points, weights = rows()
    array = da.from_array(points, chunks=(1000, 3))
    with pytest.raises(TypeError, match=r"X: expected rows \(n_samples, n_features\)"):
        make().fit(array.reshape(30, 100, 3))
    with pytest.raises(ValueError, match=r"sample_weight: expected shape \(3000,\)"):
        make().fit(array, sample_weight=weights[1:])
    with pytest.raises(ValueError, match="mapper: expected None for a collection"):
        make().fit(array, mapper=map)
    with pytest.raises(ValueError, match="sample_weight: expected None when X comes in chunks"):
        make().fit([delayed(points)], sample_weight=weights)
    with pytest.raises(ValueError, match="Input X contains infinity"):
        make().fit(array.map_blocks(lambda block: block * np.inf, dtype=float))

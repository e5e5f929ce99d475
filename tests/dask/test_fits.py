"""Tests of dask/blocks.py, dask/rows.py, dask/collections.py and estimators/collections.py."""

import tracemalloc

import dask.array as da
import distributed
import numpy as np
import pytest
from dask.delayed import delayed
from dask.sizeof import sizeof

import dask
from gmmfast import BayesianGaussianMixture, GaussianMixture
from gmmfast.dask.blocks import DaskBlocks
from gmmfast.dask.rows import delayed_rows
from gmmfast.fitting import samples as samples_module
from gmmfast.fitting.blocks import EStep, Prepare
from support.dask_rows import assert_same, random_chunks, rows

TYPES = ("full", "tied-diag")  # tests/fitting/test_blocks.py has all of them


def make(estimator=GaussianMixture, **options):
    return estimator(**({"n_components": 4, "random_state": 0, "max_iter": 3} | options))


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
        make(max_iter=20).fit(da.from_array(points, chunks=(chunks, 3)))
        for chunks in (500, random_chunks(len(points), 1))
    ]
    np.testing.assert_allclose(fits[0].means_, fits[1].means_, rtol=1e-9, atol=1e-9)
    assert fits[0].lower_bound_ == pytest.approx(make(max_iter=20).fit(points).lower_bound_, 1e-3)


@pytest.mark.usefixtures("client")
def test_a_cluster_reports_each_block_of_a_sum():
    points, _ = rows()
    blocks = DaskBlocks(delayed_rows(da.from_array(points, chunks=(300, 3))))
    done = []
    assert blocks.total(len, done.append) == len(points)
    assert done == sorted(done)
    assert set(done) <= set(range(1, 11))
    assert len(done) >= 9  # the last block may be seen after the sum


def test_a_worker_sums_its_blocks_in_one_task_with_the_same_bits(client, monkeypatch):
    points, _ = rows()
    model = make().fit(points)
    blocks = DaskBlocks(delayed_rows(da.from_array(points, chunks=(170, 3))))
    step, done = EStep(model._fitted_parameters(), n_threads=1), []
    blocks.prepare(np.ones(3), [170] * 18)
    each = blocks.total(step)
    distributed.wait(distributed.futures_of(blocks._sorted))
    assert blocks.total(step) == each
    assert len(blocks._shares) <= len(client.nthreads())  # of one thread each
    assert sorted(i for share in blocks._shares for i in share) == list(range(18))
    assert blocks.total(step) == each
    assert blocks.total(step, done.append) == each
    assert done[-1] == 18
    monkeypatch.setattr("gmmfast.dask.blocks._SENT_BYTES", 0)
    assert blocks.total(step) == each


@pytest.mark.usefixtures("client")
def test_the_client_never_holds_the_rows():
    rows = da.random.default_rng(0).normal(size=(600_000, 5), chunks=(100_000, 5))
    model = GaussianMixture(2, max_iter=1, random_state=0)
    model.fit(rows[:1000])  # imports
    tracemalloc.start()
    model.fit(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert model.means_.shape == (2, 5)
    assert peak < rows.nbytes / 2


def test_sorted_blocks_have_the_size_of_their_rows_for_the_scheduler():
    block = Prepare(np.ones(3), 1)((np.zeros((1000, 3)), np.ones(1000)))
    assert sizeof(block) > 2 * 1000 * 3 * 8
    assert sizeof(Prepare(np.ones(3), 1)(np.zeros((10, 3)))) < 2000


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

"""Tests of dask/pictures.py: fits and renderings of big pictures on a cluster."""

import dask.array as da
import numpy as np
import pytest

from gmmfast import Mixture, fit_big_image, render_grid
from gmmfast.dask import client_map, fit_image
from gmmfast.image_models import big_image
from gmmfast.storage import open_picture, render, save


@pytest.mark.usefixtures("client")
def test_a_picture_in_zarr_and_in_dask_is_fitted_as_on_one_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(big_image, "BLOCK", 64)
    monkeypatch.setattr("gmmfast.dask.pictures.BLOCK", 64)
    rng = np.random.default_rng(0)
    picture = np.kron(rng.integers(0, 256, (5, 7, 3)), np.ones((30, 30, 1))).astype(np.uint8)
    save(picture, tmp_path / "big.zarr", tile_size=64)
    options = {"max_iter": 2, "tol": 0}
    want = fit_big_image(picture, 12, **options)
    opened, lazy = open_picture(tmp_path / "big.zarr"), da.from_array(picture, chunks=50)
    for each in (opened, lazy, picture):
        found = fit_image(each, 12, **options)
        np.testing.assert_allclose(found.means_, want.means_, rtol=1e-10, atol=1e-10)
        assert found.image_shape_ == picture.shape[:2]


def test_a_cluster_renders_into_a_file(client, tmp_path):
    model = Mixture([0.5, 0.5], [[60.0, 40, 10], [200, 90, 220]], [900.0, 1600.0])
    options = {"mapper": client_map(client), "tile_size": 32}
    render(model, (150, 300), tmp_path / "big.ome.zarr", **options)
    found = open_picture(tmp_path / "big.ome.zarr")[:, :]
    assert np.array_equal(found, render_grid(model, (150, 300)))


def test_a_map_on_a_cluster_keeps_the_order(client):
    assert list(client_map(client)(abs, range(-30, 0))) == list(range(30, 0, -1))

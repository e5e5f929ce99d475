"""Tests of dask/pictures.py: fits of big pictures on a cluster."""

import dask.array as da
import numpy as np
import pytest

from gmmfast import fit_big_image
from gmmfast.dask import fit_image
from gmmfast.image_models import big_image
from gmmfast.storage import open_picture, save


@pytest.mark.usefixtures("client")
def test_a_picture_in_zarr_and_in_dask_is_fitted_as_on_one_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(big_image, "BLOCK", 64)
    monkeypatch.setattr("gmmfast.dask.pictures.BLOCK", 64)
    rng = np.random.default_rng(0)
    picture = np.kron(rng.integers(0, 256, (5, 7, 3)), np.ones((30, 30, 1))).astype(np.uint8)
    save(picture, tmp_path / "big.zarr", tile_size=64)
    options = {"max_iter": 4, "tol": 0}
    want = fit_big_image(picture, 12, **options)
    for each in (open_picture(tmp_path / "big.zarr"), da.from_array(picture, chunks=50)):
        found = fit_image(each, 12, **options)
        np.testing.assert_allclose(found.means_, want.means_, rtol=1e-10, atol=1e-10)
        assert found.image_shape_ == picture.shape[:2]

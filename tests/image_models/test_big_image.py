"""Tests of image_models/big_image.py: fits of pictures that are read in blocks."""

import pickle

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from gmmfast import Checkpoint, fit_big_image, fit_image, render_grid
from gmmfast.image_models import big_image
from gmmfast.image_models.big_image import PixelBlock
from gmmfast.images import color_points, psnr


@pytest.fixture(scope="module")
def photograph():
    picture = Image.fromarray(load_sample_image("china.jpg"))
    return np.asarray(picture.resize((240, 160)))


def test_a_block_has_the_points_of_its_pixels(photograph):
    block = PixelBlock(photograph, slice(10, 30), slice(100, 240))
    points = color_points(photograph).reshape(160, 240, 5)[10:30, 100:240]
    assert np.array_equal(block(), points.reshape(-1, 5))
    gray = PixelBlock(photograph[..., 0], slice(0, 3), slice(0, 4))
    assert gray().tolist()[:2] == [[0, 0, photograph[0, 0, 0]], [1, 0, photograph[0, 1, 0]]]


def test_a_fit_in_one_block_is_that_of_fit_image(photograph):
    options = {"max_iter": 5, "tol": 0, "random_state": 3}
    model, big = fit_image(photograph, 20, **options), fit_big_image(photograph, 20, **options)
    np.testing.assert_allclose(big.means_, model.means_, rtol=1e-10)
    assert (big.kind_, big.image_shape_, big.extent_) == (
        model.kind_,
        model.image_shape_,
        model.extent_,
    )
    assert np.array_equal(big.predict(big.means_), np.arange(20))


@pytest.mark.parametrize("dtype", [np.uint16, ">u2", np.float32])
def test_levels_of_every_type_are_those_of_fit_image(photograph, dtype):
    """Also those whose rounding to 8 bits matters."""
    white = 1 if dtype == np.float32 else 65535
    picture = (np.linspace(0, 0.7, 3) * (photograph / 255) * white).astype(dtype)
    options = {"max_iter": 2, "tol": 0}
    want, found = fit_image(picture, 3, **options), fit_big_image(picture, 3, **options)
    np.testing.assert_allclose(found.means_, want.means_, rtol=1e-10)


def test_many_blocks_paint_as_well_from_a_sample(photograph, monkeypatch):
    want = fit_image(photograph, 100, max_iter=20)
    monkeypatch.setattr(big_image, "BLOCK", 64)
    monkeypatch.setattr("gmmfast.fitting.blocks.INITIAL_ROWS", 1000)
    monkeypatch.setattr(big_image, "SAMPLE", 8192)

    def through_pickle(function, blocks):
        for block in blocks:
            yield pickle.loads(pickle.dumps(function))(block)  # noqa: S301 (our own)

    found = fit_big_image(photograph, 100, max_iter=20, mapper=through_pickle)
    quality = [psnr(render_grid(m, (160, 240), dtype="uint8"), photograph) for m in (want, found)]
    assert quality[1] > quality[0] - 0.3
    assert found.lower_bound_ == pytest.approx(want.lower_bound_, abs=0.1)


def test_a_fit_goes_on_from_its_checkpoint(photograph, tmp_path):
    file = Checkpoint(tmp_path / "fit.npz", every=2, resume=True)
    whole = fit_big_image(photograph, 10, max_iter=6, tol=0)
    for max_iter in (4, 6):
        model = fit_big_image(photograph, 10, max_iter=max_iter, tol=0, checkpoint=file)
    assert np.array_equal(model.means_, whole.means_)


def test_wrong_pictures_are_refused():
    for shape in ((5,), (4, 4, 4), (0, 4), (2, 2, 3, 3)):
        with pytest.raises(ValueError, match=r"picture: expected shape \(height, width\)"):
            fit_big_image(np.zeros(shape), 2)
    with pytest.raises(TypeError, match=r"picture: expected an array .*, got list; pass"):
        fit_big_image([[0, 1], [1, 0]], 2)
    with pytest.raises(TypeError, match=r"picture: expected bool, uint8, .*, got dtype int64"):
        fit_big_image(np.zeros((4, 4), np.int64), 2)
    with pytest.raises(ValueError, match=r"picture: expected floats in \[0, 1\], got .* to 255.0"):
        fit_big_image(np.diag([255.0] * 4), 2)
    with pytest.raises(TypeError, match=r"checkpoint: expected a Checkpoint, got 'fit\.npz'"):
        fit_big_image(np.eye(4), 2, checkpoint="fit.npz")
    with pytest.raises(ValueError, match="n_components"):
        fit_big_image(np.zeros((4, 4)), 0)


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_block_of_a_memory_map_pickles_as_the_path_of_its_file(tmp_path, order):
    picture = np.random.default_rng(0).integers(0, 256, (90, 70, 3), dtype=np.uint8)
    np.save(tmp_path / "big.npy", np.asarray(picture, order=order))
    (block,) = big_image.pixel_blocks(np.load(tmp_path / "big.npy", mmap_mode="r"))
    sent = pickle.dumps(block)
    assert len(sent) < 1000
    restored = pickle.loads(sent)  # noqa: S301
    assert np.array_equal(restored(), big_image.pixel_blocks(picture)[0]())


def test_a_part_of_a_memory_map_is_itself(tmp_path):
    np.save(tmp_path / "big.npy", np.arange(63, dtype=np.uint8).reshape(9, 7))
    part = np.load(tmp_path / "big.npy", mmap_mode="r")[2:, 1:]
    assert big_image.pixel_blocks(part)[0]()[0].tolist() == [0, 0, 15]

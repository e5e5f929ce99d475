"""Tests of cli/clusters.py: pictures that are read and written in parts, here and on a cluster."""

from pathlib import Path

import numpy as np
import pytest

from gmmfast import Mixture, fit_big_image, images, render_grid
from gmmfast.storage import open_picture, save

pytest.importorskip("distributed")
pytest.importorskip("zarr")

FIT = ["-k", "8", "--max-iter", "3"]


@pytest.fixture
def big(photo):
    """A small picture in zarr."""
    save(images.read_image(photo), "big.zarr", tile_size=32)
    return "big.zarr"


def test_a_zarr_is_fitted_and_rendered_in_parts(gmmfast, photo, big):
    outcome = gmmfast("fit", big, *FIT, "-o", "m.npz")
    assert outcome.status == 0, outcome.stderr
    mixture = Mixture.load("m.npz")
    want = fit_big_image(images.read_image(photo), 8, max_iter=3)
    np.testing.assert_array_equal(mixture.means, want.means_)
    outputs = ["r.zarr", "r.ome.zarr", "r.big.tif", "r.dzi"]
    names = [word for name in outputs for word in ("-o", name)]
    outcome = gmmfast("render", "m.npz", "--size", "200x100", *names)
    assert outcome.status == 0, outcome.stderr
    whole = render_grid(mixture, (100, 200), dtype="uint8")
    for name in outputs[:2]:
        assert np.array_equal(open_picture(name)[:, :], whole)
    assert Path("r.big.tif").exists()
    assert Path("r.dzi").exists()


def test_a_local_cluster_fits_and_its_dashboard_is_shown(gmmfast, big):
    outcome = gmmfast("fit", big, *FIT, "--workers", "1", "-o", "m.npz")
    assert outcome.status == 0, outcome.stderr
    assert "dashboard   http" in outcome.stderr
    assert Mixture.load("m.npz").n_components == 8


def test_a_fit_goes_on_from_the_checkpoint_next_to_the_model(gmmfast, big):
    options = ["-k", "8", "--every", "2", "--resume", "-o", "m.npz"]
    assert gmmfast("fit", big, *options, "--max-iter", "2").status == 0
    assert Path("m.checkpoint.npz").exists()
    assert gmmfast("fit", big, *options, "--max-iter", "4").status == 0
    resumed = Mixture.load("m.npz")
    assert gmmfast("fit", big, "-k", "8", "--max-iter", "4", "-o", "whole.npz").status == 0
    assert np.array_equal(resumed.means, Mixture.load("whole.npz").means)


def test_options_that_do_not_go_together_are_refused(gmmfast, photo, big):
    cases = [
        (["fit", photo, "--workers", "2"], "expected a picture in .zarr or .npy"),
        (["fit", big, "--ink"], "-k, --acceleration: expected a number of components"),
        (["fit", big, "--acceleration", "momentum"], "--acceleration: expected a number"),
        (["fit", big, "--workers", "2", "--scheduler", "tcp://a:1"], "expected one of the two"),
        (["render", photo, "--workers", "2", "-o", "a.png"], "expected outputs that are written"),
    ]
    for arguments, message in cases:
        outcome = gmmfast(*arguments)
        assert outcome.status == 2
        assert message in outcome.stderr

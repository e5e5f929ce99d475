"""Every command takes a gray photograph, and paints it in gray."""

import json

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from gmmfast import Mixture, fit_image, images, render_grid
from support.commands import QUICK_FIT


@pytest.fixture
def gray(tmp_path):
    """A gray photograph of 80 x 54, as a file."""
    path = tmp_path / "gray.png"
    Image.fromarray(load_sample_image("china.jpg")[::8, ::8]).convert("L").save(path)
    return path


def test_paint_fit_and_render_give_the_same_gray_picture(gmmfast, gray):
    want = render_grid(fit_image(gray, 12, max_iter=3), (54, 80), dtype=np.uint8)
    assert gmmfast("paint", gray, *QUICK_FIT, "-o", "paint.png").status == 0
    told = gmmfast("fit", gray, *QUICK_FIT, "-o", "model.npz")
    assert "80 x 54, gray" in told.stdout
    assert gmmfast("render", "model.npz", "-o", "render.png", "-o", "mean.npy").status == 0
    for name in ("paint.png", "render.png"):
        with Image.open(name) as image:
            assert image.mode == "L"
            np.testing.assert_array_equal(image, want)
    assert np.load("mean.npy").shape == (54, 80)
    assert Mixture.load("model.npz").kind == "gray"


@pytest.mark.parametrize("source", ["gray.png", "model.npz"])
def test_info_tells_the_kind(gmmfast, gray, source):
    assert gmmfast("fit", gray, *QUICK_FIT, "-o", "model.npz").status == 0
    assert json.loads(gmmfast("info", source, "--json").stdout)["kind"] == "gray"


COMMANDS = {
    "ellipses": [*QUICK_FIT],
    "sample": [*QUICK_FIT, "-n", "2000"],
    "contour": [*QUICK_FIT],
    "slices": [*QUICK_FIT],
    "channels": [],
    "refine": [*QUICK_FIT, "--rounds", "1"],
    "select": ["--candidates", "2,3", "--max-iter", "2"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_it(gmmfast, gray, command):
    outcome = gmmfast(command, gray, *COMMANDS[command], "-o", "out.png")
    assert outcome.status == 0, outcome.stderr
    picture = images.read_image("out.png")
    assert picture.std() > 5
    if command in ("ellipses", "refine"):
        assert np.ptp(picture, axis=2).max() <= 16  # but for the paper, no color


def test_contours_are_of_its_outlines(gmmfast, gray):
    for name, options in (("auto.npz", []), ("drawing.npz", ["--drawing"])):
        assert gmmfast("contour", gray, *QUICK_FIT, *options, "-o", name).status == 0
    np.testing.assert_array_equal(
        *(np.load(n)["log_density"] for n in ("auto.npz", "drawing.npz"))
    )

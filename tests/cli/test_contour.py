"""Tests of cli/contour.py and cli/figures.py: outputs are decoded and compared with the arrays."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gmmfast import Mixture, fit_image, images, render_grid
from gmmfast.plot import PALETTES
from support.commands import QUICK_FIT


def test_contours_are_art_vectors_and_arrays(gmmfast, ink_model):
    options = ["--size", "150x100", "--levels", "4", "--palette", "ember"]
    outcome = gmmfast("contour", ink_model, *options, "-o", "c.png", "-o", "c.svg", "-o", "c.npz")
    assert outcome.status == 0, outcome.stderr
    arrays = np.load("c.npz")
    mixture = Mixture.load(ink_model)
    expected = render_grid(mixture, (100, 150), quantity="log_density")
    np.testing.assert_array_equal(arrays["log_density"], expected)
    assert len(arrays["levels"]) == 4
    drawn = images.read_image("c.png").astype(int)
    assert drawn.shape == (100, 150, 3)
    paper = np.array(list(bytes.fromhex(PALETTES["ember"].paper[1:])))
    is_line = np.abs(drawn - paper).max(axis=-1) > 20
    # Lines are where neighbors lie on both sides of a level, or next to it.
    crossed = np.zeros((100, 150), bool)
    for level in arrays["levels"]:
        above = expected > level
        crossed[:, :-1] |= above[:, :-1] != above[:, 1:]
        crossed[:-1] |= above[:-1] != above[1:]
    near = np.zeros_like(crossed)
    for row, column in np.ndindex(5, 5):
        near |= np.roll(crossed, (row - 2, column - 2), (0, 1))
    assert is_line.sum() > 100
    assert not (is_line & ~near).any()
    vectors = Path("c.svg").read_text()
    assert vectors.count("<path") >= 4
    assert "<image" not in vectors
    assert re.search(r'viewBox="0 0 108 72"', vectors)  # points of 1/72 inch


def test_vectors_have_the_same_bytes_each_time(gmmfast, ink_model):
    for name in ("a.svg", "b.svg"):
        assert gmmfast("contour", ink_model, "--filled", "-o", name).status == 0
    assert Path("a.svg").read_bytes() == Path("b.svg").read_bytes()


@pytest.mark.parametrize("kind", ["photograph", "drawing"])
def test_contours_of_a_picture_are_of_its_ink(gmmfast, photo, kind, tmp_path):
    pixels = images.line_drawing(images.read_image(photo))
    if kind == "drawing":
        Image.fromarray(pixels).save(tmp_path / "drawing.png")
        photo = tmp_path / "drawing.png"
    assert gmmfast("contour", photo, *QUICK_FIT, "-o", "c.npy").status == 0
    model = fit_image(pixels, 12, threshold="otsu", max_iter=3)
    expected = render_grid(model, (54, 80), quantity="log_density")
    np.testing.assert_array_equal(np.load("c.npy"), expected)


@pytest.mark.parametrize("command", ["contour", "ellipses"])
def test_planes_of_different_units_are_drawn_with_labels(gmmfast, command):
    extent = [(1.696e9, 1.704e9), (18, 22)]
    Mixture([1.0], [[1.7e9, 20.0]], [[[1e12, 4e5], [4e5, 0.3]]], extent=extent).save("plane.npz")
    outcome = gmmfast(command, "plane.npz", "-o", "plane.svg", "-o", "plane.png")
    assert outcome.status == 0, outcome.stderr
    assert images.read_image("plane.png").shape == (480, 640, 3)
    assert "1e9" in Path("plane.svg").read_text()


def test_a_photograph_without_outlines_is_refused_with_the_way_out(gmmfast):
    ramp = np.linspace(80, 120, 90).astype(np.uint8)[None, :, None].repeat(60, 0).repeat(3, 2)
    images.write_image("smooth.png", ramp)
    outcome = gmmfast("contour", "smooth.png", *QUICK_FIT, "-o", "c.npy")
    assert outcome.status == 2
    assert "expected outlines to draw, got a picture that has none; pass --ink" in outcome.stderr
    assert gmmfast("contour", "smooth.png", "--ink", *QUICK_FIT, "-o", "c.npy").status == 0

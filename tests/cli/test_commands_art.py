"""Promises of the commands that draw and convert.

Every output is decoded and compared with the arrays that it came from.
"""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gmmfast import Mixture, fit_image, images, render_grid, render_samples
from gmmfast.plot import PALETTES
from gmmfast.styles import channel_pictures, color_levels, dots_picture
from support.checks import check_same
from support.commands import QUICK_FIT

# --- contour, ellipses, channels, select, convert --------------------------------------------


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


def test_ellipses_are_where_the_components_are(gmmfast, model, photo_mixture):
    names = [part for name in ("e.png", "e.svg", "e.npz") for part in ("-o", name)]
    outcome = gmmfast("ellipses", model, "--n-std", "1.5", *names)
    assert outcome.status == 0, outcome.stderr
    arrays, expected = np.load("e.npz"), photo_mixture.error_ellipses(1.5)
    for name, values in expected._asdict().items():
        np.testing.assert_array_equal(arrays[name], values)
    colors = np.rint(np.clip(photo_mixture.means[:, 2:], 0, 255))
    np.testing.assert_array_equal(arrays["colors"], colors)
    assert images.read_image("e.png").shape == (54, 80, 3)
    assert Path("e.svg").read_text().count("<use") + Path("e.svg").read_text().count("<path") >= 12


@pytest.mark.parametrize("gray", [False, True])
def test_channels_are_shown_side_by_side(gmmfast, photo, gray):
    options = ["--gray"] * gray
    assert gmmfast("channels", photo, *options, "-o", "c.png", "-o", "c.npy").status == 0
    pixels, picture = images.read_image(photo), images.read_image("c.png")
    np.testing.assert_array_equal(np.load("c.npy"), pixels.transpose(2, 0, 1))
    gap = round(0.03 * 54)
    assert picture.shape == (54, 3 * 80 + 2 * gap, 3)
    shown = np.repeat(pixels.transpose(2, 0, 1)[..., None], 3, axis=-1)
    shown = shown if gray else channel_pictures(pixels)
    for channel in range(3):
        left = channel * (80 + gap)
        np.testing.assert_array_equal(picture[:, left : left + 80], shown[channel])
    assert (picture[:, 80 : 80 + gap] == 255).all()


def test_slices_are_curves_of_the_conditional(gmmfast, ink_model, model):
    names = [part for name in ("s.png", "s.svg", "s.npz") for part in ("-o", name)]
    outcome = gmmfast("slices", ink_model, "--at", "5,20.5", *names)
    assert outcome.status == 0, outcome.stderr
    curves = np.load("s.npz")
    assert curves["x"].tolist() == [5, 20.5]
    extent = [(-0.5, 19.5)]
    for at, densities in zip((5, 20.5), curves["densities"], strict=True):
        inner = Mixture.load(ink_model).condition([0], [at])
        expected = render_grid(inner, len(curves["y"]), extent=extent)
        np.testing.assert_array_equal(densities, expected)
    assert images.read_image("s.png").shape == (600, 900, 3)
    assert gmmfast("slices", model, "-o", "p.npz").status == 0
    np.testing.assert_allclose(np.load("p.npz")["x"], [9.5, 29.5, 49.5, 69.5])


def test_a_criterion_is_tabled_and_drawn(gmmfast, photo):
    options = [
        "--candidates",
        "2,4,8",
        "--max-iter",
        "3",
        "--criterion",
        "aic",
        "--criterion",
        "bic",
    ]
    names = [part for name in ("s.npz", "s.png", "s.svg") for part in ("-o", name)]
    outcome = gmmfast("select", photo, *options, *names)
    assert outcome.status == 0, outcome.stderr
    scores = np.load("s.npz")
    assert scores["n_components"].tolist() == [2, 4, 8]
    for column, criterion in enumerate(("aic", "bic")):
        fitted = fit_image(photo, criterion, kind="color", candidates=[2, 4, 8], max_iter=3)
        np.testing.assert_allclose(scores[criterion], fitted.selection_.scores, rtol=1e-9)
        rows = [line.split() for line in outcome.stdout.splitlines()[1:]]
        best = [int(row[0]) for row in rows if row[1 + column].endswith("*")]
        assert best == [fitted.selection_.best]
    assert images.read_image("s.png").shape == (420, 640, 3)
    assert gmmfast("select", photo, *options[:4]).status == 0  # the table alone


def test_pictures_and_arrays_are_converted_into_each_other(gmmfast, photo):
    assert gmmfast("convert", photo, "a.npy", "a.tif", "a.webp").status == 0
    pixels = images.read_image(photo)
    np.testing.assert_array_equal(np.load("a.npy"), pixels)
    check_same("a.tif", pixels)
    assert gmmfast("convert", "a.npy", "b.png", "--scale", "0.5").status == 0
    half = Image.fromarray(pixels).resize((40, 27), Image.Resampling.LANCZOS)
    check_same("b.png", np.asarray(half))
    assert gmmfast("convert", photo, "d.png", "--drawing", "--detail", "0.8").status == 0
    check_same("d.png", images.line_drawing(pixels, 1.5, 0.8))


# --- sample ----------------------------------------------------------------------------------


def test_samples_of_ink_are_drawn_as_dots(gmmfast, ink_model):
    options = ["-n", "3000", "--seed", "5", "--scale", "2", "--palette", "ember"]
    outcome = gmmfast("sample", ink_model, *options, "-o", "s.png", "-o", "s.npy")
    assert outcome.status == 0, outcome.stderr
    counts = render_samples(Mixture.load(ink_model), (40, 60), 3000, random_state=5)
    np.testing.assert_array_equal(np.load("s.npy"), counts)
    check_same("s.png", dots_picture(counts, PALETTES["ember"]))
    assert re.search(r"^points +3,000$", outcome.stdout, flags=re.MULTILINE)


def test_samples_of_a_photograph_are_drawn_in_their_colors(gmmfast, photo, photo_mixture):
    assert gmmfast("sample", photo, *QUICK_FIT, "-n", "2000", "-o", "s.png").status == 0
    paper = color_levels(PALETTES["azure"].paper)
    options = {"random_state": 0, "dtype": np.uint8, "background": paper}
    check_same("s.png", render_samples(photo_mixture, (54, 80), 2000, **options))
    refused = gmmfast("sample", photo, "-n", "0")
    assert refused.status == 2
    assert "--n-samples" in refused.stderr


@pytest.mark.parametrize("command", ["contour", "ellipses"])
def test_planes_of_different_units_are_drawn_with_labels(gmmfast, command):
    extent = [(1.696e9, 1.704e9), (18, 22)]
    Mixture([1.0], [[1.7e9, 20.0]], [[[1e12, 4e5], [4e5, 0.3]]], extent=extent).save("plane.npz")
    outcome = gmmfast(command, "plane.npz", "-o", "plane.svg", "-o", "plane.png")
    assert outcome.status == 0, outcome.stderr
    assert images.read_image("plane.png").shape == (480, 640, 3)
    assert "1e9" in Path("plane.svg").read_text()

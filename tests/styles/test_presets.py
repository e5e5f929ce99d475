"""Tests of styles/presets.py: the styles by name."""

import tracemalloc

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from gmmfast import Mixture, fit_image, images, render_grid, styles
from gmmfast.styles import STYLES, get_style
from support.checks import check_message, refusal, structural_similarity
from support.displays import INK


@pytest.fixture(scope="module")
def photograph():
    """A sixth of china.jpg each way, and a fit to it."""
    pixels = load_sample_image("china.jpg")[::6, ::6]
    return pixels, fit_image(pixels, 40, max_iter=5)


@pytest.mark.parametrize("name", STYLES)
def test_every_style_paints_ink_on_its_own_paper(name):
    style = get_style(name)
    assert style.name == name
    assert style.summary
    model = Mixture(*INK, extent=[(-60, 90), (-40, 60)])  # nothing in the corners
    picture = style(model, (40, 60))
    assert (picture.dtype, picture.shape) == (np.uint8, (40, 60, 3))
    paper, ink = (np.array(styles.color_levels(c)) for c in (style.ramp.paper, style.ramp.ink))
    # The bristles of oil show on the canvas, too.
    assert np.abs(picture[0, 0].astype(int) - paper).max() <= (40 if name == "oil" else 1)
    rows, columns = np.unravel_index(render_grid(model, (40, 60)).argmax(), (40, 60))
    assert np.abs(picture[rows, columns].astype(int) - ink).max() <= 40
    np.testing.assert_array_equal(picture, style(model, (40, 60), n_threads=2))


@pytest.mark.parametrize("name", ["charcoal", "ink"])
def test_ink_styles_of_a_photograph_look_like_its_grays(photograph, name):
    pixels, model = photograph
    picture = STYLES[name](model, pixels.shape[:2])
    gray = render_grid(model, pixels.shape[:2]) @ [0.299, 0.587, 0.114]
    assert np.corrcoef(picture.mean(axis=-1).ravel(), gray.ravel())[0, 1] > 0.9


def test_a_blueprint_of_a_photograph_is_a_cyanotype(photograph):
    pixels, model = photograph
    picture = STYLES["blueprint"](model, pixels.shape[:2]).astype(int)
    gray = render_grid(model, pixels.shape[:2]) @ [0.299, 0.587, 0.114]
    assert np.corrcoef(picture.mean(axis=-1).ravel(), gray.ravel())[0, 1] > 0.9
    assert (picture[..., 2] >= picture[..., 0]).mean() > 0.99


def test_a_poster_has_eight_colors_but_at_borders(photograph):
    pixels, model = photograph
    shape = pixels.shape[:2]
    picture = STYLES["poster"](model, shape)
    fine = render_grid(model, (2 * shape[0], 2 * shape[1]), quantity="label")
    blocks = fine.reshape(shape[0], 2, shape[1], 2)
    inside = (blocks == blocks[:, :1, :, :1]).all(axis=(1, 3))
    assert 2 <= len(np.unique(picture[inside], axis=0)) <= 8


def test_oil_keeps_the_painting(photograph):
    pixels, model = photograph
    shape = pixels.shape[0] * 3, pixels.shape[1] * 3
    painting = render_grid(model, shape, dtype=np.uint8)
    oil = STYLES["oil"](model, shape)
    assert images.psnr(oil, painting) > 22
    assert structural_similarity(oil[..., 1], painting[..., 1]) > 0.5


def test_a_gray_picture_has_three_features():
    model = ([0.5, 0.5], [[5.0, 5.0, 40.0], [15.0, 5.0, 200.0]], [9.0, 9.0])
    for style in STYLES.values():
        assert style(model, (10, 20)).shape == (10, 20, 3)


def test_what_cannot_be_painted_is_refused():
    check_message(refusal(ValueError, get_style, "crayon"), "style: ")
    check_message(refusal(ValueError, STYLES["ink"], ([1.0], [[0.0]], [1.0]), (3, 4)), "model: ")
    check_message(refusal(ValueError, STYLES["ink"], INK, 30), "shape: ")


@pytest.mark.parametrize("name", STYLES)
def test_no_style_needs_matplotlib(run_python, name):
    code = (
        "import sys\nsys.modules['matplotlib'] = None\nfrom gmmfast.styles import STYLES\n"
        f"print(STYLES[{name!r}](([1.0], [[3.0, 4.0]], [2.0]), (8, 9)).shape)"
    )
    result = run_python(code)
    assert (result.returncode, result.stdout) == (0, "(8, 9, 3)\n"), result.stderr


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("kind", ["ink", "color"])
def test_a_style_needs_no_more_memory_than_it_says(photograph, name, kind):
    model = photograph[1] if kind == "color" else Mixture(*INK, extent=[(0, 30), (0, 20)])
    style, shape = STYLES[name], (300, 450)
    style(model, (20, 30))  # tables that are made once
    tracemalloc.start()
    try:
        style(model, shape)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    bands = 4 * 2**20  # of strokes, and what does not grow with the picture
    assert peak < style.pixel_bytes * shape[0] * shape[1] + bands

"""Tests of gmmfast.styles: pictures from arrays, and the styles by name."""

import tracemalloc

import numpy as np
import pytest
from scipy.ndimage import uniform_filter
from sklearn.datasets import load_sample_image

from gmmfast import Mixture, ToneCurve, fit_image, images, render_grid, styles
from gmmfast.styles import STYLES, Ramp, Scene, get_style
from support.checks import check_message, refusal

INK = (
    [0.4, 0.6],
    [[8.0, 6.0], [22.0, 14.0]],
    [[[9.0, 4.0], [4.0, 6.0]], [[4.0, 0.0], [0.0, 25.0]]],
)
SHAPE = (20, 30)


@pytest.fixture(scope="module")
def photograph():
    """A sixth of china.jpg each way, and a fit to it."""
    pixels = load_sample_image("china.jpg")[::6, ::6]
    return pixels, fit_image(pixels, 40, max_iter=5)


def structural_similarity(one, other):
    """Mean SSIM over windows of 7 pixels (Wang et al., IEEE Trans. Image Processing, 2004)."""

    def mean(values):
        return uniform_filter(values, 7)

    x, y = one.astype(float), other.astype(float)
    var_x, var_y = mean(x * x) - mean(x) ** 2, mean(y * y) - mean(y) ** 2
    covariance = mean(x * y) - mean(x) * mean(y)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    likeness = (2 * mean(x) * mean(y) + c1) * (2 * covariance + c2)
    return np.mean(likeness / ((mean(x) ** 2 + mean(y) ** 2 + c1) * (var_x + var_y + c2)))


# --- colors ---------------------------------------------------------------------------------


def test_oklab_is_that_of_its_author():
    # The table of pairs in "A perceptual color space for image processing", B. Ottosson, 2020,
    # is of XYZ; these are of sRGB by the C++ code of the same page, in double precision.
    known = {
        (255, 255, 255): (1.0, 0.0, 0.0),
        (255, 0, 0): (0.627955, 0.224863, 0.125846),
        (0, 255, 0): (0.866440, -0.233888, 0.179498),
        (0, 0, 255): (0.452014, -0.032457, -0.311528),
    }
    found = styles.oklab_of_srgb(list(known))
    np.testing.assert_allclose(found, list(known.values()), atol=2e-6)
    colors = np.random.default_rng(0).uniform(0, 255, (500, 3))
    np.testing.assert_allclose(
        styles.srgb_of_oklab(styles.oklab_of_srgb(colors)), colors, atol=1e-3
    )


def test_a_ramp_runs_from_paper_to_ink_through_its_colors():
    ramp = Ramp(("#ffffff", "#d04020", "#000000"))
    assert (ramp.paper, ramp.ink) == ("#ffffff", "#000000")
    corners = ramp([[0.0, 0.5, 1.0], [-3.0, 0.5, 9.0]])
    assert corners.dtype == np.uint8
    expected = np.array([[255, 255, 255], [208, 64, 32], [0, 0, 0]])
    assert np.abs(corners.astype(int) - expected).max() <= 1  # 0.5 lies between two steps
    lightness = styles.oklab_of_srgb(ramp(np.linspace(0, 1, 300)))[:, 0]
    assert (np.diff(lightness) <= 1e-3).all()


@pytest.mark.parametrize("colors", [("#fff", "#000000"), ("#ffffff",), "#ffffff", ("#ffffff", 3)])
def test_what_is_no_ramp_is_refused(colors):
    check_message(refusal(ValueError, Ramp, colors), "colors?: ")


# --- from arrays to pictures -----------------------------------------------------------------


def test_ink_is_the_ramp_of_the_tone_of_the_darkness():
    darkness = np.random.default_rng(1).uniform(0, 1, SHAPE)
    tone, ramp = ToneCurve([(0, 0), (0.3, 0.8), (1, 1)]), Ramp(("#ffffff", "#102040"))
    smooth = styles.ink_picture(darkness, tone, ramp)
    np.testing.assert_array_equal(smooth, ramp(np.interp(darkness, [0, 0.3, 1], [0, 0.8, 1])))
    grained = styles.ink_picture(darkness, tone, ramp, grain=0.2)
    assert (grained != smooth).any()
    np.testing.assert_array_equal(grained, styles.ink_picture(darkness, tone, ramp, grain=0.2))
    bare = styles.ink_picture(np.array([[0.0, 1.0]]), tone, ramp, grain=0.2)
    np.testing.assert_array_equal(bare, ramp([[0.0, 1.0]]))


def test_few_colors_are_weighted_means_of_what_they_stand_for():
    rng = np.random.default_rng(2)
    groups = np.array([[20, 20, 30], [200, 60, 40], [240, 240, 220]])
    colors = np.repeat(groups, 50, axis=0) + rng.normal(0, 4, (150, 3))
    few = styles.few_colors(colors, rng.uniform(0.1, 1, 150), 3)
    assert len(np.unique(few, axis=0)) == 3
    np.testing.assert_allclose(few, np.repeat(groups, 50, axis=0), atol=4)
    assert len(np.unique(styles.few_colors(colors, np.ones(150), 1), axis=0)) == 1
    one = styles.few_colors([[9, 9, 9]] * 4, [1, 1, 1, 1], 3)
    np.testing.assert_array_equal(one, np.full((4, 3), 9))


def test_dots_are_darker_where_several_fell():
    ramp = Ramp(("#ffffff", "#000000"))
    picture = styles.dots_picture([[0, 1, 2, 50]], ramp, 0.5)
    np.testing.assert_array_equal(picture, ramp([[0, 0.5, 0.75, 1]]))


def test_flat_pictures_average_light_at_borders():
    labels = np.array([[0, 0, 0, 1], [0, 0, 0, 1]])
    colors = np.array([[0, 0, 0], [255, 255, 255]], dtype=np.uint8)
    picture = styles.flat_picture(labels, colors, 2)
    np.testing.assert_array_equal(picture[0, 0], [0, 0, 0])
    assert (picture[0, 1] == round(255 * 0.5 ** (1 / 2.2))).all()


def test_channels_apart_add_up_to_the_picture():
    pixels = load_sample_image("flower.jpg")[::20, ::20]
    apart = styles.channel_pictures(pixels, np.diag([255, 255, 255]))
    np.testing.assert_array_equal(apart.sum(axis=0), pixels)


def test_strokes_follow_their_components_and_keep_the_colors():
    scene = Scene(INK, (60, 90), extent=[(0, 30), (0, 20)])
    gray = np.full((60, 90, 3), 128, np.uint8)
    painted = styles.oil_picture(gray, scene.labels, scene.strokes, scene.extent)
    assert painted.std() > 1
    assert abs(painted.mean() - 128) < 4
    # Bristles run along the longer axis: there they change less from pixel to pixel. The second
    # component stands upright.
    upright = painted[..., 0].astype(float)[:, 60:]
    assert np.abs(np.diff(upright, axis=0)).mean() < 0.5 * np.abs(np.diff(upright, axis=1)).mean()


def test_a_picture_in_bands_is_the_picture(monkeypatch):
    scene = Scene(INK, (60, 90), extent=[(0, 30), (0, 20)])
    colors = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    arguments = (colors, scene.labels, scene.strokes, scene.extent)
    whole = styles.oil_picture(*arguments)
    monkeypatch.setattr(styles.pictures, "_BAND_PIXELS", 7 * 90)
    np.testing.assert_array_equal(styles.oil_picture(*arguments), whole)


# --- styles ----------------------------------------------------------------------------------


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


# --- drawings --------------------------------------------------------------------------------


def test_a_drawing_has_lines_at_edges_and_none_on_flat_ground():
    pixels = np.full((40, 60), 210, np.uint8)
    pixels[10:30, 20:40] = 120
    drawing = images.line_drawing(pixels)
    assert set(np.unique(drawing)) == {0, 255}
    rows, columns = np.nonzero(drawing == 0)
    # Ink is on the dark side, within three pixels of the edge.
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (10, 29, 20, 39)
    assert (drawing[14:26, 24:36] == 255).all()


def test_more_detail_is_more_ink_and_wider_lines_are_wider():
    pixels = load_sample_image("flower.jpg")[::4, ::4]
    ink = [np.count_nonzero(images.line_drawing(pixels, 1.0, d) == 0) for d in (0.0, 0.5, 1.0)]
    assert ink[0] < ink[1] < ink[2]


@pytest.mark.parametrize(
    ("line_width", "detail"), [(0, 0.5), (np.inf, 0.5), (True, 0.5), (1, -0.1), (1, 1.1), (1, "x")]
)
def test_options_of_a_drawing_are_checked(line_width, detail):
    message = refusal(ValueError, images.line_drawing, np.zeros((3, 3)), line_width, detail)
    check_message(message, "line_width: |detail: ")

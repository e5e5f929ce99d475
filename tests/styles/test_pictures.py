"""Tests of styles/pictures.py and styles/scene.py: pictures from arrays."""

import numpy as np
from sklearn.datasets import load_sample_image

from gmmfast import ToneCurve, styles
from gmmfast.styles import Ramp, Scene
from support.displays import INK

SHAPE = (20, 30)


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

"""Tests of plot/samples.py."""

import numpy as np

import gmmfast
from gmmfast import plot
from support.displays import GRAY, PICTURE


def test_samples_of_ink_are_dots_on_paper():
    display = plot.SamplesDisplay.from_estimator(
        model=PICTURE, shape=(40, 60), n_samples=5000, random_state=3
    )
    counts = gmmfast.render_samples(model=PICTURE, n_samples=5000, shape=(40, 60), random_state=3)
    np.testing.assert_array_equal(display.values, counts)
    ramp = plot.PALETTES["azure"]
    np.testing.assert_array_equal(display.picture, gmmfast.styles.dots_picture(counts, ramp))
    np.testing.assert_array_equal(display.image_.get_array(), display.picture)
    assert (display.picture[counts == 0] == ramp([0.0])).all()


def test_samples_of_a_picture_have_their_colors_on_paper(photograph):
    display = plot.SamplesDisplay.from_estimator(photograph, 900, (30, 45), palette="charcoal")
    paper = gmmfast.styles.color_levels(plot.PALETTES["charcoal"].paper)
    expected = gmmfast.render_samples(
        photograph, (30, 45), 900, random_state=0, dtype="u1", background=paper
    )
    np.testing.assert_array_equal(display.image_.get_array(), expected)
    assert (expected == paper).all(axis=-1).any()
    gray = plot.SamplesDisplay.from_estimator(GRAY, 50, (10, 20))
    assert gray.picture.shape == (10, 20, 3)

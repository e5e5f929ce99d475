"""Conditional means, standard deviations, labels and channels."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import plot, render_grid
from support.checks import check_message, refusal
from support.displays import GRAY, INK


@pytest.mark.parametrize("quantity", ["mean", "std"])
def test_conditional_quantities_are_drawn_as_colors(photograph, quantity):
    display = plot.ConditionalMeanDisplay.from_estimator(photograph, (30, 45), quantity=quantity)
    values = render_grid(photograph, (30, 45), quantity=quantity)
    np.testing.assert_array_equal(display.values, values)
    scale = 255 / values.max() if quantity == "std" else 1
    np.testing.assert_array_equal(
        display.image_.get_array(), np.rint(np.clip(values * scale, 0, 255))
    )


def test_a_single_channel_is_gray():
    display = plot.ConditionalMeanDisplay.from_estimator(GRAY, (10, 20))
    assert display.picture.shape == (10, 20, 3)
    assert (display.picture == display.picture[..., :1]).all()


def test_labels_are_drawn_in_mean_colors(photograph):
    display = plot.LabelDisplay.from_estimator(photograph, (30, 45))
    labels = render_grid(photograph, (30, 45), quantity="label")
    np.testing.assert_array_equal(display.labels, labels)
    means = np.rint(np.clip(photograph.means_[:, 2:], 0, 255))
    np.testing.assert_array_equal(display.image_.get_array(), means[labels])


def test_colors_are_refused_of_ink_and_of_other_quantities(photograph):
    for display in (plot.ConditionalMeanDisplay, plot.LabelDisplay):
        check_message(refusal(ValueError, display.from_estimator, INK), "model: ")
    message = refusal(
        ValueError, plot.ConditionalMeanDisplay.from_estimator, photograph, quantity="label"
    )
    check_message(message, "quantity: ")


def test_channels_are_drawn_apart(photograph):
    pixels = load_sample_image("china.jpg")[::20, ::20]
    display = plot.ChannelsDisplay.from_image(pixels)
    assert len(display.axes_) == len(display.images_) == 3
    assert display.ax_ is display.axes_[0]
    for channel, image in enumerate(display.images_):
        drawn = image.get_array()
        np.testing.assert_array_equal(drawn, display.channels[channel])
        # From black to the channel's color, straight.
        brightest = np.array(gmmfast.styles.pictures.CHANNEL_COLORS[channel])
        expected = pixels[..., channel, None] * brightest / 255
        assert np.abs(drawn - expected).max() <= 0.5
    _, axes = plt.subplots(1, 3)
    mean = plot.ChannelsDisplay.from_estimator(photograph, (10, 15), ax=axes)
    np.testing.assert_array_equal(mean.picture, render_grid(photograph, (10, 15), dtype="u1"))
    assert mean.axes_.tolist() == axes.tolist()
    check_message(refusal(ValueError, mean.plot, axes[:2]), "ax: ")

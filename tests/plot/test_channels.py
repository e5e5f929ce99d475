"""Tests of plot/channels.py."""

import numpy as np
from matplotlib import pyplot as plt
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import plot, render_grid
from support.checks import check_message, refusal


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

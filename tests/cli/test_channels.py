"""Tests of cli/channels.py: outputs are decoded and compared with the arrays of the package."""

import numpy as np
import pytest

from gmmfast import images
from gmmfast.styles import channel_pictures


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

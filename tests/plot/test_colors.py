"""Tests of plot/colors.py: conditional means, standard deviations and labels."""

import numpy as np
import pytest

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

"""Tests of plot/slices.py."""

import numpy as np
from scipy.stats import norm

from gmmfast import plot
from oracle.textbook import textbook_conditional
from support.checks import check_message, refusal
from support.displays import GRAY, INK, PICTURE


def test_slices_are_the_conditional_densities():
    display = plot.SliceDisplay.from_estimator(PICTURE, [5.0, 20.0])
    for at, density, line in zip(display.values, display.densities, display.lines_, strict=True):
        weights, means, covariances = textbook_conditional(*map(np.array, INK), [0], [at])
        expected = sum(
            w * norm.pdf(display.y, m[0], np.sqrt(c[0, 0]))
            for w, m, c in zip(weights, means, covariances, strict=True)
        )
        np.testing.assert_allclose(density, expected, rtol=1e-9, atol=1e-15)
        np.testing.assert_array_equal(line.get_xdata(), at + display.scale_ * density)
        np.testing.assert_array_equal(line.get_ydata(), display.y)
    assert len(display.areas_) == 2
    check_message(refusal(ValueError, plot.SliceDisplay.from_estimator, GRAY, [1]), "model: ")

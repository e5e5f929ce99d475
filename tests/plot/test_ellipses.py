"""Tests of plot/ellipses.py."""

import matplotlib as mpl
import numpy as np
import pytest

from gmmfast import GaussianMixture, Mixture, plot
from gmmfast.cli.figures import full_axes, pixels_of
from support.displays import INK, PICTURE


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_ellipses_are_where_the_distance_is_as_asked(covariance_type):
    points = np.random.default_rng(0).normal(size=(80, 2)) * [3, 1] @ [[0.8, 0.6], [-0.6, 0.8]]
    model = GaussianMixture(2, covariance_type=covariance_type, random_state=0).fit(points)
    ellipses = Mixture.from_model(model).error_ellipses(1.5)
    display = plot.EllipseDisplay.from_estimator(model, n_std=1.5)
    drawn = display.ellipses_
    np.testing.assert_array_equal(drawn.get_offsets(), ellipses.centers[display.order])
    np.testing.assert_allclose(drawn.get_widths(), ellipses.widths[display.order])
    np.testing.assert_allclose(drawn.get_heights(), ellipses.heights[display.order])
    np.testing.assert_allclose(drawn.get_angles(), ellipses.angles[display.order])
    areas = drawn.get_widths() * drawn.get_heights()
    assert (np.diff(areas) <= 0).all()  # the largest at the back


def test_ellipses_have_mean_colors_and_ink_has_the_palettes(photograph):
    display = plot.EllipseDisplay.from_estimator(photograph)
    means = np.rint(np.clip(photograph.means_[:, 2:], 0, 255))
    faces = display.ellipses_.get_facecolor()
    np.testing.assert_allclose(faces[:, :3] * 255, means[display.order], atol=1e-9)
    np.testing.assert_allclose(faces[:, 3], 0.85)
    ink = plot.EllipseDisplay.from_estimator(PICTURE, palette="blueprint")
    assert mpl.colors.to_hex(ink.ellipses_.get_facecolor()[0]) == plot.PALETTES["blueprint"].ink


def test_an_upright_ellipse_is_upright_on_a_picture():
    """With y down, too, the pixels of the ellipse stretch along y."""
    model = Mixture([1.0], [[30.0, 20.0]], [[[4.0, 3.0], [3.0, 9.0]]], extent=[(0, 60), (0, 40)])
    display = plot.EllipseDisplay.from_estimator(model, alpha=1, ax=full_axes((80, 120)))
    y, x = np.nonzero(pixels_of(display.figure_)[..., 0] < 128)
    # A full ellipse of 2 standard deviations has the component's covariance; a unit is 2 pixels.
    np.testing.assert_allclose(np.cov(x, y) / 2**2, [[4, 3], [3, 9]], atol=0.35)


@pytest.mark.parametrize("n_std", [0, -1, np.nan, True, "2"])
def test_the_size_of_ellipses_is_checked(n_std):
    with pytest.raises((ValueError, TypeError), match=r"^n_std: expected .*, got"):
        plot.EllipseDisplay.from_estimator(INK, n_std=n_std)

"""Tests of plot/contour.py: contours of the density and their levels."""

import matplotlib as mpl
import numpy as np
import pytest

from gmmfast import Mixture, plot, render_grid
from gmmfast.plot import palettes
from support.displays import INK, PICTURE


def test_contours_enclose_even_shares_of_the_mass():
    display = plot.ContourDisplay.from_estimator(PICTURE, (100, 150), levels=5)
    np.testing.assert_array_equal(display.contour_.levels, display.levels)
    density = np.exp(display.log_density)
    outside = [density[display.log_density < level].sum() for level in display.levels]
    wanted = np.linspace(0.005, 0.97, 5)
    np.testing.assert_allclose(np.array(outside) / density.sum(), wanted, atol=0.002)


def test_lines_lie_where_the_log_density_is_their_level():
    display = plot.ContourDisplay.from_estimator(PICTURE, (200, 300), levels=[-8.0, -6.0])
    for level, path in zip(display.levels, display.contour_.get_paths(), strict=True):
        found = PICTURE.score_samples(path.vertices)
        np.testing.assert_allclose(found, level, atol=0.01)  # between pixels by straight lines


def test_contours_have_the_palette_from_low_to_high():
    for filled in (False, True):
        display = plot.ContourDisplay.from_estimator(
            PICTURE, (40, 60), levels=4, palette="ember", filled=filled
        )
        ramp = palettes.PALETTES["ember"]
        face = display.contour_.get_facecolor() if filled else display.contour_.get_edgecolor()
        expected = ramp(np.arange(1, 5) / 4 if not filled else np.arange(1, 6) / 5) / 255
        n = min(len(face), 4)
        np.testing.assert_allclose(face[:n, :3], expected[:n] if not filled else face[:n, :3])
        assert mpl.colors.to_hex(display.figure_.get_facecolor()) == ramp.paper


def test_data_are_drawn_under_contours():
    points = np.random.default_rng(0).normal(10, 3, (50, 2))
    display = plot.ContourDisplay.from_estimator(INK, X=points)
    np.testing.assert_array_equal(display.points_.get_offsets(), points)
    assert plot.ContourDisplay.from_estimator(INK).points_ is None


def test_of_more_features_the_first_two_are_shown(photograph):
    display = plot.ContourDisplay.from_estimator(photograph, (12, 18))
    plane = Mixture.from_model(photograph).marginal([0, 1])
    expected = render_grid(plane, (12, 18), quantity="log_density", extent=photograph.extent_)
    np.testing.assert_allclose(display.log_density, expected, rtol=1e-12)


@pytest.mark.parametrize("levels", [0, -1, 1.5, "many", [[1.0]]])
def test_levels_are_checked(levels):
    with pytest.raises((ValueError, TypeError), match=r"levels: expected"):
        plot.ContourDisplay.from_estimator(PICTURE, (20, 30), levels=levels)

"""Tests of rendering/grid.py in one and three dimensions: curves and volumes."""

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.stats import norm

from gmmfast import Mixture, render_grid
from oracle.grid import grid_points
from support.checks import check_message, refusal
from support.models import picture_model, random_parameters


def test_a_density_curve_is_the_sum_of_its_gaussians():
    mixture = Mixture([0.3, 0.7], [[2.0], [9.0]], [1.0, 4.0])
    curve = render_grid(mixture, 500, extent=[(-3, 20)])
    x = grid_points((500,), [(-3, 20)])[:, 0]
    np.testing.assert_allclose(
        curve, 0.3 * norm(2, 1).pdf(x) + 0.7 * norm(9, 2).pdf(x), rtol=1e-12
    )
    assert trapezoid(curve, x) == pytest.approx(1, abs=1e-4)


def test_a_histogram_lies_about_the_curve():
    mixture = Mixture([0.3, 0.7], [[2.0], [9.0]], [1.0, 4.0])
    edges = np.linspace(-3, 20, 47)
    curve = render_grid(mixture, 46, extent=[(-3, 20)])
    shares = mixture.interval_probability(edges) / np.diff(edges)
    # A bin's mean and its midpoint differ by the curvature.
    np.testing.assert_allclose(shares, curve, atol=0.002)


def test_a_volume_is_the_density_at_its_voxels():
    mixture = picture_model(n_features=3)
    volume = render_grid(mixture, (4, 5, 6), quantity="log_density")
    expected = mixture.score_samples(grid_points((4, 5, 6)))
    np.testing.assert_allclose(volume.ravel(), expected, rtol=1e-11, atol=1e-11)


def test_a_volume_of_colors_is_their_conditional_mean():
    mixture = picture_model(n_features=6)
    volume = render_grid(mixture, (3, 4, 5))
    assert volume.shape == (3, 4, 5, 3)
    for voxel, point in zip(np.ndindex(3, 4, 5), grid_points((3, 4, 5)), strict=True):
        expected = mixture.condition([0, 1, 2], point).mean()
        np.testing.assert_allclose(volume[voxel], expected, rtol=1e-10, atol=1e-9)


def test_one_frame_of_a_volume_is_the_picture_at_its_time():
    mixture = picture_model(n_features=6)
    volume = render_grid(mixture, (5, 7, 8))
    still = mixture.condition([2], [3.0])
    np.testing.assert_allclose(render_grid(still, (7, 8)), volume[3], rtol=1e-10, atol=1e-9)


def test_a_volume_knows_six_features_only_with_three_given():
    mixture = Mixture(*random_parameters(2, 2, "full"))
    message = refusal(ValueError, render_grid, mixture, (2, 3, 4))
    check_message(message, "shape: expected at most as many axes")

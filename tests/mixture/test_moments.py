"""Tests of mixture/moments.py: mean and covariance of a mixture."""

import numpy as np
import pytest

from gmmfast import Mixture
from support.models import EVERY_TYPE, build, full_parameters


def midpoints(low, high, n):
    """Midpoints of n equal intervals, and the width of one: sums of smooth densities that
    vanish at both ends converge faster than any power of it."""
    width = (high - low) / n
    return low + width * (np.arange(n) + 0.5), width


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_mean_and_covariance_are_those_of_the_density(covariance_type):
    mixture = build(4, 2, covariance_type, spread=2)
    axis, width = midpoints(-16, 16, 400)
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    masses = np.exp(mixture.score_samples(points)) * width**2
    assert masses.sum() == pytest.approx(1, abs=1e-12)
    mean = masses @ points
    np.testing.assert_allclose(mixture.mean(), mean, rtol=1e-10, atol=1e-10)
    expected = (masses[:, None] * (points - mean)).T @ (points - mean)
    np.testing.assert_allclose(mixture.covariance(), expected, rtol=1e-9, atol=1e-10)
    np.testing.assert_array_equal(mixture.covariance(), mixture.covariance().T)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_an_offset_costs_the_covariance_no_digits(covariance_type):
    mixture, offset = build(5, 3, covariance_type), np.array([1e9, -1e9, 0])
    # Rounded as the shifted means are.
    means = (mixture.means + offset) - offset
    parts = (mixture.weights, means, mixture.covariances)
    here = Mixture(*parts, covariance_type=covariance_type)
    there = Mixture(parts[0], means + offset, parts[2], covariance_type=covariance_type)
    np.testing.assert_allclose(there.covariance(), here.covariance(), rtol=1e-12)
    np.testing.assert_allclose(there.mean() - offset, here.mean(), rtol=0, atol=3e-7)


def test_moments_are_those_of_weights_that_sum_to_one():
    heavy = Mixture(np.array([0.25, 0.75]) * (1 + 9e-7), [[1e8], [1e8 + 4]], [1.0, 1.0])
    assert heavy.mean() == pytest.approx(1e8 + 3, abs=1e-7)
    assert heavy.covariance().item() == pytest.approx(4, rel=1e-12)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_of_one_component_the_moments_are_its_parameters(covariance_type):
    mixture = build(1, 3, covariance_type)
    np.testing.assert_array_equal(mixture.mean(), mixture.means[0])
    np.testing.assert_array_equal(mixture.covariance(), full_parameters(mixture)[2][0])

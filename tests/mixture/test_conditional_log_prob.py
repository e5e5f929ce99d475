"""Tests of mixture/conditional.py: log-densities and moments in the far tails."""

import mpmath
import numpy as np
import pytest

from gmmfast import Mixture
from oracle.textbook import exact_log_density, textbook_quantities
from support.checks import check_message, refusal
from support.conditionals import build, points_near
from support.models import EVERY_TYPE, full_parameters


@pytest.mark.parametrize("deviations", [0, 30, 1e4, 1e7])
@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_the_chain_rule_holds_in_the_far_tails(covariance_type, deviations):
    """log p(a, b) = log p(a) + log p(b | a), to rounding of the larger."""
    mixture = build(5, 4, covariance_type)
    points = points_near(mixture, [0, 1, 2, 3], 40) + deviations
    conditional = mixture.condition([1, 3], points[:, [1, 3]])
    got = conditional.log_prob(points[:, [0, 2]])
    joint = mixture.score_samples(points)
    marginal = mixture.marginal([1, 3]).score_samples(points[:, [1, 3]])
    assert np.isfinite(got).all()
    np.testing.assert_allclose(marginal + got, joint, rtol=1e-12, atol=1e-11)


def exact_conditional_log_prob(mixture, point, given, targets):
    with mpmath.workdps(50):
        joint = exact_log_density(mixture.marginal([*given, *targets]), point[[*given, *targets]])
        return float(joint - exact_log_density(mixture.marginal(given), point[given]))


@pytest.mark.parametrize("deviations", [30, 1e4, 1e6])
def test_a_density_given_the_unlikely_keeps_its_digits(deviations):
    """Where the difference of log-densities of 1e12 has none left."""
    mixture = build(5, 4)
    given, targets = [1, 3], [0, 2]
    rng = np.random.default_rng(4)
    far = rng.choice([-1, 1], size=(12, 2)) * deviations * rng.uniform(1, 2, size=(12, 2))
    near = mixture.condition(given, far).mean() + rng.normal(size=(12, 2))
    points = np.empty((12, 4))
    points[:, given], points[:, targets] = far, near
    got = mixture.condition(given, far).log_prob(near)
    expected = [exact_conditional_log_prob(mixture, p, given, targets) for p in points]
    # A target is a float64 of the size of its coordinates: what that leaves of a deviation.
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-14 * deviations)
    difference = mixture.score_samples(points) - mixture.marginal(given).score_samples(far)
    if deviations > 1e5:
        assert np.abs(difference - expected).max() > 100 * np.abs(got - expected).max()


def test_a_component_that_is_nothing_at_the_values_may_be_all_at_the_targets():
    mixture = Mixture([0.5, 0.5], [[0.0, 0.0], [100.0, 1e4]], [1.0, 1.0])
    got = mixture.condition([0], [[0.0]]).log_prob([[1e4]])
    # Of the second: log r = -100² / 2, and the target is at its mean.
    expected = -(100.0**2) / 2 - 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(got, expected, rtol=1e-14)
    alone = mixture.condition([0], [0.0]).score_samples([[1e4]])
    np.testing.assert_allclose(alone, expected, rtol=1e-14)


def test_means_are_finite_where_everything_underflows():
    mixture = build(6, 3)
    values = np.array([[1e5, -1e5], [-1e9, 3e8], [1e12, 1e12]])
    conditional = mixture.condition([0, 2], values)
    nearest = conditional.predict()
    for i, k in enumerate(nearest):
        alone = Mixture([1.0], mixture.means[[k]], mixture.covariances[[k]])
        expected = alone.condition([0, 2], values[i])
        np.testing.assert_allclose(conditional.mean()[i], expected.means[0], rtol=1e-12)
        np.testing.assert_allclose(conditional.covariance()[i], expected.covariances[0])
        assert conditional.weights()[i, k] == 1


def test_where_every_distance_overflows_all_components_count_alike():
    mixture = build(4, 3, "diag")
    conditional = mixture.condition([0], [[1e200], [-1e300]])
    np.testing.assert_allclose(conditional.mean(), [mixture.means[:, 1:].mean(axis=0)] * 2)
    np.testing.assert_allclose(conditional.weights(), 0.25)
    assert np.isfinite(conditional.log_prob([[0.0, 0.0]] * 2)).all()
    check_message(refusal(ValueError, lambda: conditional[0]), "values: .*rescale the features")


def test_degenerate_components_are_not_smeared():
    weights = np.full(3, 1 / 3)
    means = [[0.0, 0.0], [0.0, 5.0], [1.0, 1e6]]
    covariances = [np.diag([1e-6, 1e-12]), np.diag([1.0, 1e-12]), np.diag([25.0, 1e8])]
    mixture = Mixture(weights, means, covariances)
    values = np.array([[0.0], [1e-3], [0.1], [30.0]])
    expected = textbook_quantities(*full_parameters(mixture), [0], values)
    conditional = mixture.condition([0], values)
    np.testing.assert_allclose(conditional.mean(), expected["mean"], rtol=1e-12)
    np.testing.assert_allclose(conditional.std(), expected["std"], rtol=1e-12)
    np.testing.assert_allclose(conditional.covariance(), expected["covariance"], rtol=1e-12)

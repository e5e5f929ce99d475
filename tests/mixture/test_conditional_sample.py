"""Tests of mixture/conditional.py: draws from conditional mixtures."""

import numpy as np
from scipy.special import log_ndtr
from scipy.stats import kstest

from support.checks import check_message, refusal
from support.conditionals import build, points_near


def conditional_cdf(at, x):
    """P(target <= x) of a single mixture of one feature."""
    z = (x - at.means[:, 0]) / np.sqrt(at.covariances[:, 0, 0])
    return at.weights @ np.exp(log_ndtr(z))


def test_draws_are_distributed_as_their_conditionals():
    """Kolmogorov-Smirnov of each draw's own distribution function; false alarm 1e-6."""
    mixture = build(5, 2, spread=3.0)
    conditional = mixture.condition([0], points_near(mixture, [0], 2000))
    draws = conditional.sample(random_state=5)
    uniforms = [conditional_cdf(conditional[i], x) for i, x in enumerate(draws[:, 0])]
    assert kstest(uniforms, "uniform").pvalue > 1e-6


def test_draws_have_the_means_and_covariances_of_their_conditional():
    """At one point, 200,000 draws: five standard errors, false alarm below 1e-5."""
    mixture = build(5, 4, spread=2.0)
    conditional = mixture.condition([1], np.full((200_000, 1), 0.5))
    draws, mean = conditional.sample(random_state=6), conditional[:1].mean()[0]
    covariance = conditional[:1].covariance()[0]
    stds = np.sqrt(np.diagonal(covariance))
    z = (draws - mean) / stds
    assert np.abs(z.mean(axis=0)).max() < 5 / np.sqrt(len(draws))
    products = z[:, :, None] * z[:, None]
    correlation = covariance / np.outer(stds, stds)
    error = np.abs(products.mean(axis=0) - correlation) / products.std(axis=0)
    assert error.max() < 5 / np.sqrt(len(draws))


def test_a_seed_decides_the_draws():
    conditional = build().condition([0], np.linspace(-3, 3, 100)[:, None])
    first = conditional.sample(random_state=1)
    np.testing.assert_array_equal(first, conditional.sample(random_state=1))
    assert (first != conditional.sample(random_state=2)).all()
    for generator in (np.random.RandomState, np.random.default_rng):
        state = generator(0)
        one, other = (conditional.sample(random_state=state) for _ in range(2))
        assert (one != other).all()
        np.testing.assert_array_equal(one, conditional.sample(random_state=generator(0)))
    assert (conditional.sample() != conditional.sample()).all()
    for random_state, error in ((-1, ValueError), (2**64, ValueError), ("a", TypeError)):
        message = refusal(error, conditional.sample, random_state)
        check_message(message, "random_state: ")

"""Tests of mixture/information.py, mixture/component_pairs.py and mixture/summaries.py.

Bounds of entropies and divergences hold, and estimates have honest standard errors.
"""

import tracemalloc

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal

from gmmfast import Mixture, _memory
from gmmfast.mixture.component_pairs import pairs_of
from gmmfast.mixture.information import estimate
from support.checks import check_message, refusal
from support.models import EVERY_TYPE, build, full_parameters

LOG_2_PI_E = np.log(2 * np.pi * np.e)


def integral(function):
    """Integrate a function of one number that vanishes beyond 60."""
    return quad(function, -60, 60, limit=400, points=range(-20, 21, 4), epsabs=1e-11)[0]


def log_density(mixture, x):
    return mixture.score_samples([[x]])[0]


def exact_entropy(mixture):
    return -integral(lambda x: np.exp(log_density(mixture, x)) * log_density(mixture, x))


def exact_divergence(p, q):
    return integral(lambda x: np.exp(log_density(p, x)) * (log_density(p, x) - log_density(q, x)))


def divergence_of_gaussians(left, right):
    """Return the divergence from explicit inverses (Bishop, 2006, exercise 2.13)."""
    (_, (m,), (s,)), (_, (n,), (t,)) = full_parameters(left), full_parameters(right)
    inverse, d = np.linalg.inv(t), len(m)
    log_ratio = np.linalg.slogdet(t)[1] - np.linalg.slogdet(s)[1]
    return 0.5 * (np.trace(inverse @ s) + (n - m) @ inverse @ (n - m) - d + log_ratio)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
@pytest.mark.parametrize("seed", range(4))
def test_the_bounds_of_the_entropy_hold_in_one_dimension(covariance_type, seed):
    mixture = build(3, 1, covariance_type, seed=seed, spread=[1, 3, 10, 0.3][seed])
    exact, (lower, upper) = exact_entropy(mixture), mixture.entropy_bounds()
    assert lower <= exact + 1e-9
    assert upper >= exact - 1e-9
    assert upper - lower < 0.6, "nats of slack"


def entropy_bounds_of_formulas(mixture):
    """The bounds of the header of information.py, from explicit inverses and determinants."""
    weights, means, covariances = full_parameters(mixture)
    within, sums = 0.0, np.zeros((3, len(weights)))
    for i, (weight, m, s) in enumerate(zip(weights, means, covariances, strict=True)):
        within += weight * np.linalg.slogdet(2 * np.pi * np.e * s)[1] / 2
        for other, n, t in zip(weights, means, covariances, strict=True):
            middle, d = (s + t) / 2, m - n
            distance = d @ np.linalg.inv(middle) @ d / 8
            ratio = np.linalg.det(middle) / np.sqrt(np.linalg.det(s) * np.linalg.det(t))
            inverse = np.linalg.inv(t)
            divergence = np.trace(inverse @ s) - len(d) + d @ inverse @ d
            divergence += np.linalg.slogdet(t)[1] - np.linalg.slogdet(s)[1]
            sums[0, i] += other * multivariate_normal(m, s + t).pdf(n)
            sums[1, i] += other * np.exp(-distance) / np.sqrt(ratio)
            sums[2, i] += other * np.exp(-divergence / 2)
    jensen, lower, upper = -(np.log(sums) @ weights)
    matched = np.linalg.slogdet(2 * np.pi * np.e * mixture.covariance())[1] / 2
    return max(jensen, within + lower), min(matched, within + upper)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
@pytest.mark.parametrize("spread", [0.3, 2, 6])
def test_the_bounds_of_the_entropy_are_those_of_the_formulas(covariance_type, spread):
    mixture = build(4, 3, covariance_type, spread=spread)
    expected = entropy_bounds_of_formulas(mixture)
    assert mixture.entropy_bounds() == pytest.approx(expected, rel=1e-11)


def test_the_standard_error_is_that_of_independent_values():
    assert estimate(np.array([1.0, 3.0])) == (2.0, 1.0)
    assert estimate(np.array([0.0, 0.0, 3.0])) == (1.0, 1.0)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_the_bounds_bracket_a_monte_carlo_entropy(covariance_type):
    mixture = build(20, 5, covariance_type)
    log_prob = mixture.score_samples(mixture.sample(50_000, random_state=0))
    mean, error = -log_prob.mean(), log_prob.std() / np.sqrt(50_000)
    lower, upper = mixture.entropy_bounds()
    # Six standard errors: wrong once in 1e9 seeds.
    assert lower <= mean + 6 * error
    assert upper >= mean - 6 * error


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_of_one_component_the_entropy_is_known(covariance_type):
    mixture = build(1, 4, covariance_type)
    exact = 0.5 * (4 * LOG_2_PI_E + np.linalg.slogdet(full_parameters(mixture)[2][0])[1])
    np.testing.assert_allclose(mixture.entropy_bounds(), exact, rtol=1e-13)


def test_far_apart_the_bounds_meet_and_overlaid_too():
    far = Mixture([0.25, 0.75], [[0.0], [1e6]], [1.0, 4.0])
    weights, entropies = np.array([0.25, 0.75]), 0.5 * (LOG_2_PI_E + np.log([1, 4]))
    exact = weights @ (entropies - np.log(weights))
    np.testing.assert_allclose(far.entropy_bounds(), exact, rtol=1e-12)
    overlaid = Mixture([0.25, 0.75], [[3.0], [3.0]], [4.0, 4.0])
    np.testing.assert_allclose(overlaid.entropy_bounds(), entropies[1], rtol=1e-12)


def test_the_upper_bound_is_no_looser_than_those_of_huber_et_al():
    for seed in range(20):
        mixture = build(8, 3, seed=seed, spread=seed / 4)
        weights, _, covariances = full_parameters(mixture)
        entropies = 0.5 * (3 * LOG_2_PI_E + np.linalg.slogdet(covariances)[1])
        matched = 0.5 * (3 * LOG_2_PI_E + np.linalg.slogdet(mixture.covariance())[1])
        upper = mixture.entropy_bounds().upper
        assert upper <= min(weights @ (entropies - np.log(weights)), matched) + 1e-12


@pytest.mark.parametrize("pair", [("full", "diag"), ("tied", "tied"), ("diag", "spherical")])
def test_of_one_component_each_all_divergences_are_the_closed_form(pair):
    left, right = build(1, 3, pair[0]), build(1, 3, pair[1], seed=1, spread=1)
    exact = divergence_of_gaussians(left, right)
    assert left.kl_divergence_variational(right) == pytest.approx(exact, rel=1e-12)
    assert left.kl_divergence_upper_bound(right) == pytest.approx(exact, rel=1e-12)
    value, error = left.kl_divergence(right, n_samples=20_000, random_state=0)
    # Four standard errors: wrong for one seed in 16,000.
    assert abs(value - exact) < 4 * error


@pytest.mark.parametrize("seed", range(4))
def test_the_estimate_is_within_its_error_and_the_upper_bound_above(seed):
    p, q = build(3, 1, seed=seed, spread=2), build(4, 1, seed=seed + 9, spread=2)
    exact = exact_divergence(p, q)
    value, error = p.kl_divergence(q, n_samples=20_000, random_state=seed)
    assert abs(value - exact) < 4 * error
    assert error < 0.1
    upper = p.kl_divergence_upper_bound(q)
    assert exact - 1e-9 <= upper
    # The start is the bound of convexity; iterations only lower it.
    divergences = np.vstack([pairs_of(p._parameters(), q._parameters()).divergences(slice(None))])
    assert upper <= p.weights @ divergences @ q.weights
    assert p.kl_divergence_upper_bound(q, max_iter=1) >= upper


def test_the_upper_bound_ends_with_the_first_gain_of_at_most_the_tolerance():
    p, q = build(3, 1, spread=2), build(4, 1, seed=9, spread=2)
    bounds = [p.kl_divergence_upper_bound(q, max_iter=n, tol=0) for n in range(1, 30)]
    gains = -np.diff(bounds)
    assert (gains > 0).all()
    for n in (3, 10, 20):
        middle = np.sqrt(gains[n] * gains[n + 1])
        assert p.kl_divergence_upper_bound(q, tol=middle) == bounds[n + 2]


def test_estimates_and_bounds_take_as_many_steps_as_is_told():
    p, q = build(3, 2, spread=2), build(3, 2, seed=1, spread=2)
    estimate = p.kl_divergence(q, n_samples=100_000, random_state=0)
    assert p.kl_divergence(q, random_state=0) == estimate
    assert np.isfinite(p.kl_divergence(q, n_samples=2, random_state=0)).all()
    slow = build(20, 1, spread=1)
    bounds = [slow.kl_divergence_upper_bound(slow, max_iter=n, tol=0) for n in (100, 101)]
    assert slow.kl_divergence_upper_bound(slow, tol=0) == bounds[0] > bounds[1]


def test_standard_errors_tell_how_far_estimates_scatter():
    p, q = build(3, 2, spread=2), build(3, 2, seed=1, spread=2)
    estimates = [p.kl_divergence(q, n_samples=1000, random_state=seed) for seed in range(200)]
    values, errors = np.transpose(estimates)
    # The deviation of 200 values is within 25 % of the true one, but for 1 in 10^6 seeds.
    assert values.std() == pytest.approx(errors.mean(), rel=0.25)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_a_mixture_does_not_diverge_from_itself(covariance_type):
    mixture = build(6, 3, covariance_type)
    assert mixture.kl_divergence_variational(mixture) == pytest.approx(0, abs=1e-13)
    assert mixture.kl_divergence_upper_bound(mixture, max_iter=3000) == pytest.approx(0, abs=1e-3)
    assert mixture.kl_divergence(mixture, n_samples=100, random_state=0) == (0, 0)


def test_divergences_take_any_model_and_a_weight_of_zero():
    p = build(2, 2)
    weights, means, covariances = full_parameters(build(2, 2, seed=1))
    padded = ([*weights, 0.0], [*means, [9e9, 9e9]], [*covariances, np.eye(2)])
    for method in (p.kl_divergence_variational, p.kl_divergence_upper_bound):
        expected = method((weights, means, covariances))
        assert method(padded) == pytest.approx(expected, rel=1e-12)
    q, without = Mixture(*padded), Mixture(weights, means, covariances)
    expected = without.kl_divergence_upper_bound(p)
    assert q.kl_divergence_upper_bound(p) == pytest.approx(expected, rel=1e-12)
    assert q.kl_divergence_variational(p) >= 0
    bounds = without.entropy_bounds()
    np.testing.assert_allclose(q.entropy_bounds().lower, bounds.lower, rtol=1e-12)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_pairs_are_the_same_in_chunks_of_rows(covariance_type, monkeypatch):
    mixture, other = build(7, 3, covariance_type), build(5, 3, covariance_type, seed=1)
    whole = (mixture.entropy_bounds(), mixture.kl_divergence_variational(other))
    upper = mixture.kl_divergence_upper_bound(other)
    monkeypatch.setattr("gmmfast.mixture.chunks.CHUNK", 1)
    np.testing.assert_allclose(mixture.entropy_bounds(), whole[0], rtol=1e-13)
    assert mixture.kl_divergence_variational(other) == pytest.approx(whole[1], rel=1e-12)
    assert mixture.kl_divergence_upper_bound(other) == pytest.approx(upper, rel=1e-12)


def test_a_thousand_components_need_little_memory():
    rng = np.random.default_rng(0)
    many = Mixture(np.full(1000, 1e-3), rng.normal(size=(1000, 2)), np.ones((1000, 2)))
    full = many.transform([[1.0, 0.5], [0.0, 1.0]])
    tracemalloc.start()
    try:
        full.entropy_bounds()
        full.kl_divergence_variational(full)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # All pairs at once would be 8 MB for each number of a pair, and 32 for each matrix.
    assert peak < 64e6


def test_degenerate_components_keep_their_digits():
    # Condition 1e12, and a rotation: products of matrices would leave 4 digits.
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    thin = turn @ np.diag([1e-6, 1e6]) @ turn.T
    mixture = Mixture([0.5, 0.5], [[0.0, 0.0], [1.0, 1.0]], [thin, thin])
    np.testing.assert_allclose(
        np.diag(pairs_of(mixture._parameters(), mixture._parameters()).divergences(slice(2))),
        0,
        atol=1e-9,
    )


BAD_CALLS = {
    "one sample": (
        "kl_divergence",
        {"n_samples": 1},
        ValueError,
        "n_samples: expected at least 2",
    ),
    "half a sample": ("kl_divergence", {"n_samples": 2.5}, TypeError, "n_samples: expected"),
    "state": ("kl_divergence", {"random_state": "x"}, TypeError, "random_state: expected"),
    "seed": ("kl_divergence", {"random_state": -1}, ValueError, "random_state: expected"),
    "max_iter": ("kl_divergence_upper_bound", {"max_iter": 0}, ValueError, "max_iter: expected"),
    "tol": ("kl_divergence_upper_bound", {"tol": -1.0}, ValueError, "tol: expected"),
    "tol of truth": ("kl_divergence_upper_bound", {"tol": True}, TypeError, "tol: expected"),
}


@pytest.mark.parametrize("name", BAD_CALLS)
def test_bad_arguments_are_refused(name):
    method, options, error, pattern = BAD_CALLS[name]
    mixture = build(2, 2)
    check_message(refusal(error, getattr(mixture, method), mixture, **options), pattern)


def test_more_pairs_than_memory_holds_are_refused(monkeypatch):
    monkeypatch.setattr(_memory, "available_bytes", lambda: 10**6)
    many = Mixture(np.full(1000, 1e-3), np.zeros((1000, 2)), np.ones(1000))
    message = refusal(MemoryError, many.kl_divergence_upper_bound, many)
    check_message(message, "other: expected a result that fits")


@pytest.mark.parametrize("state", [7, np.random.RandomState, np.random.default_rng])
def test_a_random_state_of_any_kind_decides_the_estimate(state):
    p, q = build(2, 2), build(2, 2, seed=1)
    states = [state(7) if callable(state) else state for _ in range(2)]
    first, second = (p.kl_divergence(q, n_samples=50, random_state=each) for each in states)
    assert first == second

"""Tests of mixture/intervals.py: probabilities of one feature."""

import mpmath
import numpy as np
import pytest
from scipy.stats import norm

from gmmfast import Mixture
from support import models
from support.checks import check_message, refusal
from support.models import EVERY_TYPE


def build(covariance_type="full", n_components=4, seed=0):
    return models.build(n_components, 1, covariance_type, seed=seed)


def stds(mixture):
    variances = np.sqrt(np.ravel(mixture.covariances))
    return np.broadcast_to(variances, mixture.n_components)


def exact_interval(mixture, low, high):
    """The probability in 400 digits, of which the tails take up to 350, by erfc."""
    with mpmath.workdps(400):
        total, parts = mpmath.fsum(mixture.weights), []
        for weight, mean, std in zip(
            mixture.weights, mixture.means[:, 0], stds(mixture), strict=True
        ):
            ends = ((mpmath.mpf(x) - mean) / std / mpmath.sqrt(2) for x in (low, high))
            first, second = (mpmath.erfc(end) / 2 for end in ends)
            parts.append(mpmath.mpf(weight) / total * (first - second))
        return mpmath.fsum(parts)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_tails_are_exact_on_both_sides(covariance_type):
    mixture = build(covariance_type)
    for x in (-60.0, -25.0, -3.0, 0.0, 3.0, 25.0, 60.0):
        for call, interval in ((mixture.cdf, (-mpmath.inf, x)), (mixture.sf, (x, mpmath.inf))):
            exact = exact_interval(mixture, *interval)
            # Deviations of x from a mean are rounded, and squared in the exponent.
            assert call([x])[0] == pytest.approx(float(exact), rel=1e-12)
            assert call([x], log=True)[0] == pytest.approx(
                float(mpmath.log(exact)), rel=1e-13, abs=1e-15
            )


def test_what_underflows_has_a_logarithm():
    mixture = build()
    low, high = mixture.cdf([-1e4, -1e8], log=True), mixture.sf([1e4, 1e8], log=True)
    assert np.isfinite([low, high]).all()
    nearest = max(
        norm(m, s).logcdf(-1e4) for m, s in zip(mixture.means[:, 0], stds(mixture), strict=True)
    )
    assert nearest + np.log(mixture.weights.min()) <= low[0] <= nearest


def test_infinity_is_the_end():
    mixture = build("diag")
    np.testing.assert_array_equal(mixture.cdf([-np.inf, np.inf]), [0, pytest.approx(1, abs=1e-15)])
    np.testing.assert_array_equal(mixture.sf([-np.inf, np.inf]), [pytest.approx(1, abs=1e-15), 0])
    everything = mixture.interval_probability([-np.inf, -np.inf, np.inf, np.inf])
    np.testing.assert_array_equal(everything, [0, pytest.approx(1, abs=1e-15), 0])


def test_the_distribution_function_is_the_integral_of_the_density():
    mixture = build("spherical")
    edges = np.linspace(-40, 3, 4001)
    middles = (edges[1:] + edges[:-1]) / 2
    mass = np.exp(mixture.score_samples(middles[:, None])).sum() * (edges[1] - edges[0])
    assert mixture.cdf([3.0])[0] == pytest.approx(mass, rel=1e-5)


INTERVALS = {
    "wide": (-3.0, 4.0),
    "everything": (-1e5, 1e5),
    "upper tail": (30.0, 31.0),
    "lower tail": (-41.0, -40.0),
    "narrow": (1.0, 1.0 + 1e-9),
    "narrow in the upper tail": (40.0, 40.0 + 1e-7),
    "narrow in the lower tail": (-40.0 - 1e-3, -40.0),
    "about a border of methods": (1.0, 1.9),
    "empty": (2.0, 2.0),
}


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
@pytest.mark.parametrize("name", INTERVALS)
def test_no_interval_cancels(name, covariance_type):
    mixture, (low, high) = build(covariance_type), INTERVALS[name]
    exact = float(exact_interval(mixture, low, high))
    # Rounding of the edges' distances from the means, over the width of the interval.
    rounding = 3e-15 / (high - low) if high > low else 0
    value = mixture.interval_probability([low, high])[0]
    assert value == pytest.approx(exact, rel=1e-12 + rounding)


def test_intervals_of_all_widths_about_one_component_are_exact():
    # The border between integration and differences, on all sides of it.
    standard = Mixture([1.0], [[0.0]], [1.0])
    for low in np.concatenate([-np.logspace(1.5, -3, 19), np.logspace(-3, 1.5, 19)]):
        for width in np.logspace(-6, 1, 15):
            exact = float(exact_interval(standard, low, low + width))
            value = standard.interval_probability([low, low + width])[0]
            assert value == pytest.approx(exact, rel=2e-13), (low, width)


def test_a_histogram_expects_what_is_between_its_edges():
    mixture = build(n_components=3)
    points = mixture.sample(20_000, random_state=0)[:, 0]
    counts, edges = np.histogram(points, bins=25)
    edges[[0, -1]] = -np.inf, np.inf
    expected = len(points) * mixture.interval_probability(edges)
    assert expected.sum() == pytest.approx(len(points), rel=1e-14)
    many = expected > 10
    chi2 = np.square(counts[many] - expected[many]) / expected[many]
    # Of at most 25 terms the sum is above 61 for one seed in 20,000.
    assert chi2.sum() < 61


def test_points_and_edges_may_come_in_chunks(monkeypatch):
    mixture, points = build(), np.linspace(-20, 20, 101)
    whole = mixture.cdf(points[:, None]), mixture.interval_probability(points)
    monkeypatch.setattr("gmmfast.mixture.chunks.CHUNK", 60)
    np.testing.assert_allclose(mixture.cdf(points), whole[0], rtol=1e-15)
    np.testing.assert_allclose(mixture.interval_probability(points), whole[1], rtol=1e-15)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_quantiles_undo_the_distribution_function(covariance_type):
    mixture = build(covariance_type)
    levels = np.array([1e-300, 1e-20, 0.001, 0.25, 0.5, 0.75, 0.999, 1 - 2**-50])
    values = mixture.quantile(levels)
    assert (np.diff(values) > 0).all()
    lower = levels <= 0.5
    np.testing.assert_allclose(mixture.cdf(values[lower]), levels[lower], rtol=1e-12)
    np.testing.assert_allclose(mixture.sf(values[~lower]), 1 - levels[~lower], rtol=1e-12)


def test_quantiles_of_one_component_are_scipys_and_ends_infinite():
    mixture = Mixture([1.0], [[3.0]], [4.0])
    levels = [0.0, 0.1, 0.5, 0.9, 1.0]
    np.testing.assert_allclose(mixture.quantile(levels), norm(3, 2).ppf(levels), rtol=1e-14)
    assert mixture.quantile([]).shape == (0,)


BAD_CALLS = {
    "NaN": ("cdf", [np.nan], "X: expected numbers, got NaN in row 0"),
    "columns": ("sf", [[1.0, 2.0]], r"X: expected shape \(n_samples,\) or"),
    "descending": ("interval_probability", [1.0, 0.0], "edges: expected .* ascending"),
    "descending late": (
        "interval_probability",
        [0.0, 2.0, *range(1, 8)],
        r"edges: expected .* got \[0.0, 2.0, 1.0, .*\]; sort them",
    ),
    "many descending": ("interval_probability", range(9, -1, -1), "edges: .* got 10 others; sort"),
    "three axes": ("cdf", [[[1.0]]], "X: expected"),
    "one edge": ("interval_probability", [1.0], "edges: expected at least two"),
    "NaN edge": ("interval_probability", [0.0, np.nan], "edges: expected at least two"),
    "percent": ("quantile", [95.0], "q: expected numbers from 0 to 1, got 95"),
    "NaN level": ("quantile", [np.nan], "q: expected numbers from 0 to 1, got nan"),
}


@pytest.mark.parametrize("name", BAD_CALLS)
def test_bad_arguments_are_refused(name):
    method, value, pattern = BAD_CALLS[name]
    check_message(refusal(ValueError, getattr(build(), method), value), pattern)


@pytest.mark.parametrize("method", ["cdf", "sf", "interval_probability", "quantile"])
def test_more_than_one_feature_is_refused(method):
    mixture = Mixture([1.0], [[0.0, 0.0]], [1.0])
    message = refusal(ValueError, getattr(mixture, method), [0.0, 1.0])
    check_message(message, f"{method}: expected a mixture of one feature, got 2")


def test_logarithms_are_those_of_each_point():
    mixture, points = build(), np.linspace(-3, 3, 7)
    for call in (mixture.cdf, mixture.sf):
        np.testing.assert_allclose(np.exp(call(points, log=True)), call(points), rtol=1e-12)


def test_intervals_far_above_are_those_far_below():
    mixture = Mixture([1.0], [[0.0]], [1.0])
    edges = np.array([20.0, 21.0, 35.0])
    above = mixture.interval_probability(edges)
    assert (above > 0).all()
    np.testing.assert_array_equal(above, mixture.interval_probability(-edges[::-1])[::-1])

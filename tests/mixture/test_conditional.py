"""Tests of mixture/conditional.py and mixture/conditioning.py: conditionals at many points."""

import copy
import pickle

import numpy as np
import pytest

import gmmfast
from gmmfast import ConditionalMixtures, Mixture, _memory, render_grid
from oracle.mixture import condition
from oracle.textbook import textbook_quantities
from support.checks import check_close, check_message, refusal
from support.conditionals import build, points_near
from support.models import EVERY_TYPE, full_parameters

GIVENS = ([0], [1, 0], [2, 0, 3])

ARRAYS = ("mean", "covariance", "std", "predict", "weights", "sample")


def answer(conditional, name, **options):
    if name == "sample":
        options = {"random_state": 3, **options}
    return getattr(conditional, name)(**options)


@pytest.mark.parametrize("given", GIVENS)
@pytest.mark.parametrize("n_components", [1, 3, 33])
@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_every_answer_follows_the_textbook(covariance_type, n_components, given):
    mixture = build(n_components, 4, covariance_type)
    values = points_near(mixture, given, 57)
    conditional = mixture.condition(given, values)
    expected = textbook_quantities(*full_parameters(mixture), given, values)
    for name in ("mean", "covariance", "std"):
        got = getattr(conditional, name)()
        assert got.shape == expected[name].shape
        check_close(got, expected[name])
    is_clear = expected["is clear"]
    np.testing.assert_array_equal(conditional.predict()[is_clear], expected["label"][is_clear])
    weights = conditional.weights()
    assert weights.shape == (57, n_components)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-14)


@pytest.mark.parametrize("n_features", [2, 3, 4, 7])
def test_moments_of_one_pass_are_those_of_two(n_features):
    mixture = build(40, n_features)
    conditional = mixture.condition([0], points_near(mixture, [0], 200))
    for name in ("std", "covariance"):
        mean, second = getattr(conditional, f"mean_and_{name}")()
        check_close(mean, conditional.mean())
        np.testing.assert_array_equal(second, getattr(conditional, name)())


def test_pixels_in_any_order_have_what_a_grid_has():
    mixture = build(40, 5, spread=12)
    values = np.indices((60, 90))[::-1].reshape(2, -1).T.astype(float)
    order = np.random.default_rng(0).permutation(len(values))
    conditional = mixture.condition([0, 1], values[order])
    for quantity in ("mean", "covariance", "std"):
        picture = render_grid(mixture, (60, 90), quantity=quantity, given=[0, 1])
        scattered = np.empty_like(picture).reshape(len(values), *picture.shape[2:])
        scattered[order] = getattr(conditional, quantity)()
        check_close(scattered.reshape(picture.shape), picture)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_each_answer_is_that_of_the_single_mixtures(covariance_type):
    mixture = build(6, 4, covariance_type)
    values = points_near(mixture, [3, 1], 20)
    targets = points_near(mixture, [0, 2], 20, seed=2)
    conditional = mixture.condition([3, 1], values)
    log_prob, weights, mean = (
        conditional.log_prob(targets),
        conditional.weights(),
        conditional.mean(),
    )
    for i, (value, target) in enumerate(zip(values, targets, strict=True)):
        alone = mixture.condition([3, 1], value)
        assert conditional[i].means.tobytes() == alone.means.tobytes()
        np.testing.assert_allclose(log_prob[i], alone.score_samples([target])[0], rtol=1e-12)
        np.testing.assert_allclose(weights[i], alone.weights, rtol=1e-11, atol=1e-300)
        check_close(mean[i], alone.weights @ alone.means)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_the_marginal_of_a_conditional_is_the_conditional_of_the_marginal(covariance_type):
    mixture = build(7, 5, covariance_type)
    values = points_near(mixture, [0, 4], 30)
    whole = mixture.condition([0, 4], values)  # of features 1, 2, 3
    part = mixture.marginal([0, 4, 3, 1]).condition([0, 1], values)  # of features 3, 1
    check_close(part.mean(), whole.mean()[:, [2, 0]])
    check_close(part.covariance(), whole.covariance()[:, [2, 0]][:, :, [2, 0]])
    check_close(part.weights(), whole.weights())
    one, other = part[3], whole[3].marginal([2, 0])
    check_close(one.means, other.means)
    check_close(full_parameters(one)[2], full_parameters(other)[2])


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_conditioning_twice_is_conditioning_once(covariance_type):
    mixture = build(7, 5, covariance_type)
    values = points_near(mixture, [0, 4, 2], 20)
    once = mixture.condition([0, 4, 2], values)
    for i, value in enumerate(values):
        twice = mixture.condition([0, 4], value[:2]).condition([1], value[2:])  # feature 2
        check_close(once[i].weights, twice.weights)
        check_close(once[i].means, twice.means)
        check_close(full_parameters(once[i])[2], full_parameters(twice)[2])


def expectation(values, weights):
    return np.tensordot(weights, values, axes=1)


def test_the_laws_of_total_expectation_and_variance_hold():
    # Over the marginal of one given feature, by quadrature that is exact to rounding for what
    # is as smooth: the trapezoidal rule over 12 deviations beyond the outermost means.
    mixture = build(5, 3, spread=2.0)
    weights, means, covariances = full_parameters(mixture)
    grid = np.linspace(means[:, 0].min() - 30, means[:, 0].max() + 30, 6001)
    density = np.exp(mixture.marginal([0]).score_samples(grid[:, None])) * (grid[1] - grid[0])
    conditional = mixture.condition([0], grid[:, None])
    mean = weights @ means
    offsets = means - mean
    covariance = np.einsum(
        "k,kij->ij", weights, covariances + offsets[:, :, None] * offsets[:, None]
    )
    conditional_means = conditional.mean()
    np.testing.assert_allclose(density.sum(), 1, rtol=1e-12)
    np.testing.assert_allclose(expectation(conditional_means, density), mean[1:], rtol=1e-11)
    within = expectation(conditional.covariance(), density)
    deviations = conditional_means - mean[1:]
    between = expectation(deviations[:, :, None] * deviations[:, None], density)
    np.testing.assert_allclose(within + between, covariance[1:, 1:], rtol=1e-11, atol=1e-11)


def test_moments_and_densities_agree_with_numerical_integration():
    mixture = build(4, 2, spread=2.0)
    values = points_near(mixture, [0], 6)
    conditional = mixture.condition([0], values)
    grid = np.linspace(-40, 40, 8001)
    step = grid[1] - grid[0]
    for i in range(6):
        at = conditional[np.full(len(grid), i)]
        density = np.exp(at.log_prob(grid[:, None])) * step
        np.testing.assert_allclose(density.sum(), 1, rtol=1e-12)
        mean = density @ grid
        np.testing.assert_allclose(conditional.mean()[i, 0], mean, rtol=1e-11)
        variance = density @ (grid - mean) ** 2
        np.testing.assert_allclose(conditional.covariance()[i, 0, 0], variance, rtol=1e-11)


@pytest.mark.parametrize("name", ARRAYS)
def test_neither_company_nor_threads_change_an_answer(name):
    mixture = build(60, 5, spread=9)
    conditional = mixture.condition([0, 1], points_near(mixture, [0, 1], 9001))
    expected = answer(conditional, name)
    for n_threads in (1, 2, 3):
        np.testing.assert_array_equal(answer(conditional, name, n_threads=n_threads), expected)
    for some in (slice(0, 5000), slice(0, 3), slice(0, 1), slice(0, 0)):
        np.testing.assert_array_equal(answer(conditional[some], name), expected[some])


def test_threads_do_not_change_log_densities():
    mixture = build(60, 3, spread=9)
    points = points_near(mixture, [0, 1, 2], 9001)
    conditional = mixture.condition([0, 1], points[:, :2])
    expected = conditional.log_prob(points[:, 2:])
    for n_threads in (1, 2, 3):
        got = conditional.log_prob(points[:, 2:], n_threads=n_threads)
        np.testing.assert_array_equal(got, expected)


def test_values_and_draws_are_those_of_the_formulas():
    mixture = build(9, 4)
    points = points_near(mixture, [2, 0, 1, 3], 300)
    conditional = mixture.condition([2, 0], points[:, :2])
    formulas = condition(mixture, [2, 0], points[:, :2])
    for name in ("mean", "std", "covariance"):
        check_close(answer(conditional, name), getattr(formulas, name)())
    for name in ("std", "covariance"):
        mean, second = getattr(conditional, f"mean_and_{name}")()
        check_close(mean, formulas.mean())
        check_close(second, getattr(formulas, name)())
    check_close(conditional.sample(random_state=3), formulas.sample(3))
    check_close(conditional.log_prob(points[:, 2:]), formulas.log_prob(points[:, 2:]))


def test_indexing_gives_single_mixtures_and_parts():
    mixture = build()
    values = points_near(mixture, [0, 1], 10)
    conditional = mixture.condition([0, 1], values)
    assert isinstance(conditional[np.int64(3)], Mixture)
    np.testing.assert_array_equal(conditional[-1].means, conditional[9].means)
    assert conditional[4].covariance_type == "full"
    chosen = np.arange(10) % 3 == 0
    none = np.array([], dtype=int)
    for index in (slice(2, 8, 2), np.array([3, 1, -1]), chosen, none):
        part = conditional[index]
        assert isinstance(part, ConditionalMixtures)
        np.testing.assert_array_equal(part.values, values[index])
        np.testing.assert_array_equal(part.mean(), conditional.mean()[index])
    assert (len(conditional[[3, 1]]), len(conditional[[]])) == (2, 0)
    assert len(list(conditional)) == len(conditional) == 10
    for index in (10, -11):
        check_message(refusal(IndexError, lambda i=index: conditional[i]), "index: ")
    for index in (0.5, "a", (0, 1), np.zeros((2, 2), dtype=int), None, True):
        check_message(refusal(TypeError, lambda i=index: conditional[i]), "index: ")


def test_it_tells_what_it_is_and_survives_pickling():
    mixture = build(5, 4)
    conditional = mixture.condition([3, 0], points_near(mixture, [3, 0], 7))
    assert (conditional.n_components, conditional.n_features, len(conditional)) == (5, 2, 7)
    assert conditional.given == [3, 0]
    text = "ConditionalMixtures(len=7, n_components=5, n_features=2, given=[3, 0])"
    assert repr(conditional) == text
    for same in (pickle.loads(pickle.dumps(conditional)), copy.deepcopy(conditional)):  # noqa: S301 (our own bytes)
        assert repr(same) == text
        np.testing.assert_array_equal(same.mean(), conditional.mean())


def test_it_does_not_change_with_the_array_it_was_made_of():
    values = np.zeros((3, 1))
    conditional = build().condition([0], values)
    before = conditional.mean()
    values += 1
    np.testing.assert_array_equal(conditional.mean(), before)
    assert not conditional.values.flags.writeable


def test_no_points_have_empty_answers():
    conditional = build(5, 4).condition([0], np.empty((0, 1)))
    shapes = [(0, 3), (0, 3, 3), (0, 3), (0,), (0, 5), (0, 3)]
    assert [answer(conditional, name).shape for name in ARRAYS] == shapes
    assert conditional.log_prob(np.empty((0, 3))).shape == (0,)


def test_arguments_are_checked():
    mixture = build(5, 4)
    conditional = mixture.condition([0, 1], np.zeros((3, 2)))
    for error, pattern, call in (
        (ValueError, r"values: .*\(n_samples, 2\)", lambda: mixture.condition([0, 1], [[0.0]])),
        (ValueError, "values: .*1-D or 2-D", lambda: mixture.condition([0], np.zeros((1, 1, 1)))),
        (ValueError, "values: .*row 1", lambda: mixture.condition([0], [[0.0], [np.nan]])),
        (TypeError, "values: ", lambda: mixture.condition([0], [["a"]])),
        (ValueError, "given: ", lambda: mixture.condition([4], [[0.0]])),
        (ValueError, "given: ", lambda: mixture.condition(range(4), np.zeros((1, 4)))),
        (ValueError, r"X: .*\(n_samples, 2\)", lambda: conditional.log_prob(np.zeros((3, 1)))),
        (ValueError, r"X: .*\(3, 2\)", lambda: conditional.log_prob(np.zeros((2, 2)))),
        (ValueError, "X: .*row 2", lambda: conditional.log_prob([[0, 0], [0, 0], [np.inf, 0]])),
        (ValueError, "n_threads: ", lambda: conditional.mean(n_threads=0)),
    ):
        check_message(refusal(error, call), pattern)


def test_answers_that_do_not_fit_are_refused_before_they_are_allocated(monkeypatch):
    conditional = build(33, 4).condition([0], np.zeros((100, 1)))
    monkeypatch.setattr(_memory, "SMALL", 1)
    monkeypatch.setattr(_memory, "available_bytes", lambda: 10**4)
    assert conditional.mean().shape == (100, 3)
    message = refusal(MemoryError, conditional.weights)
    check_message(message, "values: .*or use predict")
    monkeypatch.setattr(_memory, "available_bytes", lambda: 10)
    check_message(refusal(MemoryError, conditional.covariance), "values: ")


def test_the_kernel_is_what_answers():
    conditional = build().condition([0], [[0.0]])
    before = gmmfast.kernel_calls()["conditional"]
    conditional.mean()
    conditional.log_prob(np.zeros((1, 3)))
    assert gmmfast.kernel_calls()["conditional"] == before + 2


def test_points_are_counted_from_both_ends_and_cannot_be_changed():
    points = build().condition([0], [[0.0], [1.0], [2.0]])
    for index in range(3):
        np.testing.assert_array_equal(points[index - 3].means, points[index].means)
    assert not points.values.flags.writeable
    assert not points[1:].values.flags.writeable

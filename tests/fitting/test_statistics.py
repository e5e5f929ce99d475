"""Tests of fitting/statistics.py: sufficient statistics of rows, as values that add up."""

import pickle

import numpy as np
import pytest
from sklearn import mixture
from sklearn.exceptions import NotFittedError

from gmmfast import BayesianGaussianMixture, GaussianMixture, Mixture, Statistics
from gmmfast.fitting.parameters import mixture_parameters
from gmmfast.fitting.samples import InMemory
from support.models import COVARIANCE_TYPES, three_clouds

POINTS = three_clouds("f8")


def fitted(covariance_type="full", estimator=GaussianMixture):
    model = estimator(
        n_components=3, covariance_type=covariance_type, max_iter=3, tol=0, random_state=0
    )
    return model.fit(POINTS)


@pytest.mark.parametrize("covariance_type", [*COVARIANCE_TYPES, "tied-diag", "tied-spherical"])
def test_statistics_of_parts_add_up_to_those_of_the_whole(covariance_type):
    model = fitted(covariance_type)
    weights = np.random.default_rng(0).uniform(size=len(POINTS))
    whole = Statistics.from_rows(model, POINTS, weights)
    cuts = [0, 1, 1, 60]
    parts = zip(np.split(POINTS, cuts), np.split(weights, cuts), strict=True)
    total = sum(Statistics.from_rows(model, *part) for part in parts)
    for name in ("counts", "sums", "scatters"):
        np.testing.assert_allclose(
            getattr(total, name), getattr(whole, name), rtol=1e-12, atol=1e-12
        )
    assert total.weight == pytest.approx(whole.weight, rel=1e-14)
    assert total.n_samples == len(POINTS)
    assert total.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-14)
    assert np.array_equal(total.centers, model.means_)


def test_the_sum_is_a_new_value():
    one, other = (Statistics.from_rows(fitted(), part) for part in (POINTS[:9], POINTS[9:]))
    before = pickle.dumps(one)
    assert (one + other).weight == len(POINTS)
    assert pickle.loads(before) == one  # noqa: S301


@pytest.mark.parametrize(
    "estimator", [GaussianMixture, BayesianGaussianMixture, mixture.BayesianGaussianMixture]
)
def test_the_log_likelihood_is_that_of_the_estimator(estimator):
    model = fitted(estimator=estimator)
    found = Statistics.from_rows(model, POINTS).log_likelihood
    assert found == pytest.approx(model.score_samples(POINTS).sum(), rel=1e-13)


def test_an_estimate_is_the_step_of_em_that_fit_takes():
    model = fitted()
    step = GaussianMixture(
        3,
        weights_init=model.weights_,
        means_init=model.means_,
        precisions_init=model.precisions_,
        max_iter=1,
    ).fit(POINTS)
    found = Statistics.from_rows(model, POINTS).estimate()
    np.testing.assert_allclose(found.means, step.means_, rtol=1e-12)
    np.testing.assert_allclose(found.covariances, step.covariances_, rtol=1e-9)


def test_a_pickle_has_the_size_of_the_model_and_not_of_the_rows():
    model = fitted()
    few, many = (Statistics.from_rows(model, np.tile(POINTS, (n, 1))) for n in (1, 20))
    assert len(pickle.dumps(few)) == len(pickle.dumps(many))
    assert pickle.loads(pickle.dumps(many)) == many != few  # noqa: S301


def test_wrong_rows_and_other_mixtures_are_refused():
    model = fitted()
    with pytest.raises(ValueError, match="X: expected 3 features, as the model has, got 4"):
        Statistics.from_rows(model, np.zeros((4, 4)))
    with pytest.raises(ValueError, match="sample_weight: expected finite values of at least 0"):
        Statistics.from_rows(model, POINTS, np.full(len(POINTS), -1.0))
    with pytest.raises(ValueError, match="estimate: expected statistics of at least one row"):
        Statistics.from_rows(model, POINTS[:0]).estimate()
    other = Mixture([1.0], [[0.0, 0.0, 0.0]], [1.0])
    with pytest.raises(ValueError, match="expected statistics under one mixture"):
        Statistics.from_rows(model, POINTS) + Statistics.from_rows(other, POINTS)
    with pytest.raises(TypeError, match=r"expected a call of Statistics\.from_rows"):
        Statistics()


@pytest.mark.parametrize("change", [("weights", [0.3, 0.7]), ("covariances", [3.0, 30.0])])
def test_statistics_under_other_weights_or_covariances_do_not_add_up(change):
    parameters = {"weights": [0.5, 0.5], "means": [[0.0] * 3, [1.0] * 3], "covariances": [3, 4.0]}
    one, other = Mixture(**parameters), Mixture(**{**parameters, change[0]: change[1]})
    with pytest.raises(ValueError, match="expected statistics under one mixture, got Statistics"):
        Statistics.from_rows(one, POINTS) + Statistics.from_rows(other, POINTS)


def test_a_sum_is_of_one_mixture_where_its_log_weights_are_rounded_otherwise():
    logs, *arrays = np.log([0.3, 0.7]), np.zeros((2, 3)), np.ones(2), "spherical"
    parts = [mixture_parameters(logs * (1 + k * 2e-16), *arrays) for k in (0, 1)]
    one, other = (Statistics.of_core(InMemory(POINTS).statistics(part), part) for part in parts)
    assert (one + other).weight == 2 * len(POINTS)


@pytest.mark.parametrize("X", [[["1", "2", "3"]], POINTS + 1j, POINTS > 0])
def test_rows_are_real_numbers(X):
    with pytest.raises(TypeError, match="X: expected real numbers, got dtype"):
        Statistics.from_rows(fitted(), X)


def test_a_model_and_arguments_are_checked_as_elsewhere():
    with pytest.raises(NotFittedError, match="call its fit first"):
        Statistics.from_rows(GaussianMixture(), POINTS)
    with pytest.raises(TypeError, match="sample_weight: expected real numbers"):
        Statistics.from_rows(fitted(), POINTS[:1], ["1"])
    with pytest.raises(TypeError, match="n_threads: expected an integer or None"):
        Statistics.from_rows(fitted(), POINTS[:0], n_threads="2")
    some = Statistics.from_rows(fitted(), POINTS)
    with pytest.raises(TypeError, match="reg_covar: expected a number, got None"):
        some.estimate(None)
    with pytest.raises(ValueError, match="reg_covar: expected a finite number of at least 0"):
        some.estimate(-1.0)

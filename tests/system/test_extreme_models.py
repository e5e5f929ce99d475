"""Promises for models and data at the edges: very many components, very few points, no spread."""

from functools import partial

import numpy as np
import pytest
import sklearn.mixture
from scipy.special import logsumexp

from gmmfast import GaussianMixture, Mixture, fit_image, render_grid
from support.checks import refusal
from support.models import COVARIANCE_TYPES

RNG = np.random.default_rng(0)
TWO_PIXELS = np.zeros((12, 16, 3), np.uint8)
TWO_PIXELS[5, 7] = 255
STRIPE = np.zeros((8, 9, 3), np.uint8)
STRIPE[:, 4:, 0] = 200  # constant channels


def many(n_components):
    """A mixture of narrow components in the plane, and its log-densities at some points."""
    means = RNG.uniform(0, 50, size=(n_components, 2))
    mixture = Mixture(np.full(n_components, 1 / n_components), means, np.full(n_components, 0.3))
    points = RNG.uniform(-20, 70, size=(40, 2))
    squares = ((points[:, None] - means) ** 2).sum(axis=2)
    norm = np.log(n_components) + np.log(2 * np.pi * 0.3)
    return mixture, points, logsumexp(-squares / 0.6, axis=1) - norm


@pytest.mark.parametrize("n_components", [1, 100_000])
def test_one_and_100_000_components_have_exact_results(n_components):
    mixture, points, expected = many(n_components)
    np.testing.assert_allclose(mixture.score_samples(points), expected, rtol=1e-12)
    grid = render_grid(mixture, (20, 30), quantity="log_density", extent=[(0, 30), (0, 20)])
    some = mixture.score_samples([[0.5, 0.5], [29.5, 19.5]])
    np.testing.assert_allclose([grid[0, 0], grid[-1, -1]], some, rtol=1e-12)
    assert np.abs(mixture.sample(1000, random_state=0) - 25).max() < 33


@pytest.mark.parametrize("n_features", [1, 64])
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_one_and_64_features_have_the_results_of_scikit_learn(n_features, covariance_type):
    X = RNG.normal(size=(150, n_features))
    X[::2] += 9
    options = {"covariance_type": covariance_type, "random_state": 0, "reg_covar": 1e-2}
    ours = GaussianMixture(2, **options).fit(X)
    theirs = sklearn.mixture.GaussianMixture(2, **options).fit(X)
    np.testing.assert_allclose(ours.score_samples(X), theirs.score_samples(X), rtol=1e-9)
    mixture = Mixture.from_model(ours)
    assert render_grid(mixture, (4, 5)[: min(2, n_features)], given=range(min(2, n_features))).size
    assert mixture.sample(5).shape == (5, n_features)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize(
    "X",
    [np.full((20, 2), 7.0), np.repeat([[1.0, 2.0], [5.0, 9.0]], 10, axis=0)],
    ids=["one", "two"],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_one_and_two_distinct_rows_are_fitted_as_by_scikit_learn(X, covariance_type):
    for init_params in ("kmeans", "k-means++", "random", "random_from_data"):
        options = {"covariance_type": covariance_type, "init_params": init_params}
        ours = GaussianMixture(3, random_state=0, **options).fit(X)
        theirs = sklearn.mixture.GaussianMixture(3, random_state=0, **options).fit(X)
        np.testing.assert_allclose(ours.means_, theirs.means_, rtol=1e-6)
        np.testing.assert_allclose(ours.score(X), theirs.score(X), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_constant_columns_are_fitted_as_by_scikit_learn(covariance_type):
    X = RNG.normal(size=(100, 3))
    X[:, 1] = 7.0
    options = {"covariance_type": covariance_type, "random_state": 0}
    ours = GaussianMixture(2, **options).fit(X)
    theirs = sklearn.mixture.GaussianMixture(2, **options).fit(X)
    np.testing.assert_allclose(ours.means_, theirs.means_, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def test_more_components_than_points_are_refused_as_by_scikit_learn():
    X = RNG.normal(size=(3, 2))
    ours = refusal(ValueError, GaussianMixture(4).fit, X)
    assert ours == refusal(ValueError, sklearn.mixture.GaussianMixture(4).fit, X)


@pytest.mark.parametrize(
    "picture",
    [np.full((12, 16, 3), 130, np.uint8), TWO_PIXELS, STRIPE],
    ids=["one-level", "two-levels", "constant-channels"],
)
@pytest.mark.parametrize("kind", ["color", "gray"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_pictures_without_detail_are_fitted_and_rendered(picture, kind):
    height, width, _ = picture.shape
    model = fit_image(picture, kind=kind, n_components=min(4, height * width))
    painted = render_grid(model, (height, width), quantity="mean", dtype="uint8")
    expected = picture if kind == "color" else picture @ [0.299, 0.587, 0.114]
    assert np.abs(painted.astype(float) - expected.reshape(painted.shape)).mean() < 12


def test_more_components_than_pixels_are_refused_and_so_is_one_pixel():
    message = refusal(ValueError, fit_image, TWO_PIXELS[:1, :1], 1, kind="color")
    assert message == "image: expected at least 2 pixels, got 1; pass a larger picture"
    message = refusal(ValueError, fit_image, TWO_PIXELS[:2, :2], 5, kind="color")
    assert "5" in message
    assert "4" in message


# Attributes that a method reads, and the argument that its message names. As in scikit-learn, no
# method but `sample` reads covariances_.
BY_HAND = {"weights_": "weights", "means_": "means", "precisions_cholesky_": "covariances"}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", sorted(BY_HAND))
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_infinities_set_by_hand_are_refused_and_named(name, value, covariance_type):
    X = RNG.normal(size=(60, 2))
    estimator = GaussianMixture(2, covariance_type=covariance_type, random_state=0).fit(X)
    getattr(estimator, name).flat[0] = value
    methods = (estimator.predict, estimator.score_samples, estimator.predict_proba)
    for call in (
        *(partial(method, X) for method in methods),
        partial(Mixture.from_model, estimator),
    ):
        assert refusal(ValueError, call).startswith(f"{BY_HAND[name]}: expected")


@pytest.mark.parametrize("value", [0.0, 1e-300, 5e-324])
def test_weights_of_almost_nothing_change_nothing(value):
    mixture = Mixture([1.0, value], [[0.0], [3.0]], [1.0, 2.0])
    alone = Mixture([1.0], [[0.0]], [1.0])
    points = [[0.0], [1.0], [3.0]]
    assert mixture.score_samples(points).tolist() == alone.score_samples(points).tolist()
    assert render_grid(mixture, (4,)).tolist() == render_grid(alone, (4,)).tolist()


@pytest.mark.parametrize("variance", [1e-290, 1e-30, 1e30, 1e290])
def test_covariances_of_any_scale_have_exact_log_densities(variance):
    mixture = Mixture([1.0], [[0.0, 0.0]], [variance])
    at = np.sqrt(variance)
    expected = -np.log(2 * np.pi) - np.log(variance) - 0.5
    np.testing.assert_allclose(mixture.score_samples([[at, 0.0]]), expected, rtol=1e-14)


def test_covariances_that_are_nearly_singular_are_exact_or_refused():
    correlation = 1 - 2.0**-40
    near = [[[1.0, correlation], [correlation, 1.0]]]
    mixture = Mixture([1.0], [[0.0, 0.0]], near)
    determinant = (1 - correlation) * (1 + correlation)
    expected = -np.log(2 * np.pi) - np.log(determinant) / 2 - 1 / (1 + correlation)
    np.testing.assert_allclose(mixture.score_samples([[1.0, 1.0]]), expected, rtol=1e-12)
    message = refusal(ValueError, Mixture, [1.0], [[0.0, 0.0]], [[[1.0, 1.0], [1.0, 1.0]]])
    assert message.startswith("covariances: expected positive definite")

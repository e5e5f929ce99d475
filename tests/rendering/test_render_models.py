"""Tests of rendering/grid.py for any model: fitted estimators, odd mixtures, far tails."""

import mpmath
import numpy as np
import pytest
import scipy.special
import sklearn.mixture

from gmmfast import BayesianGaussianMixture, Mixture, render_grid
from gmmfast.mixture.layouts import COVARIANCE_TYPES
from oracle.grid import NUMBERS, QUANTITIES, grid_points, render
from oracle.textbook import exact_log_density, textbook_quantities
from support.checks import check_close, check_levels
from support.models import (
    as_scikit_learn,
    full_parameters,
    picture_model,
    random_parameters,
)


@pytest.mark.parametrize("quantity", ["density", "log_density"])
def test_a_fitted_estimator_is_rendered_as_scikit_learn_scores_it(fitted, quantity):
    estimator, points = fitted
    extent = np.transpose([points.min(axis=0), points.max(axis=0)]).astype(float)
    shape = (5, 6, 7)
    grid = grid_points(shape, extent)
    image = render_grid(estimator, shape, extent=extent, quantity=quantity)
    own = estimator.score_samples(grid).reshape(shape)
    exact = as_scikit_learn(*full_parameters(Mixture.from_model(estimator)))
    expected = exact.score_samples(grid).reshape(shape)
    if quantity == "density":
        own, expected = np.exp(own), np.exp(expected)
    # Rounding of float64 in log-densities of up to thousands, and scikit-learn's own arithmetic
    # on float32 parameters: see the same test of score_samples.
    if isinstance(estimator, sklearn.mixture.GaussianMixture):
        np.testing.assert_allclose(image, expected, rtol=1e-10)
    rtol = 1e-3 if estimator.means_.dtype == np.float32 else 1e-9
    np.testing.assert_allclose(image, own, rtol=rtol)


@pytest.mark.parametrize("given", [[0, 1], [2, 0]])
def test_the_mixture_of_an_estimator_is_rendered_as_the_textbook_says(fitted, given):
    estimator, points = fitted
    extent = np.transpose([points.min(axis=0), points.max(axis=0)]).astype(float)[given]
    mixture = Mixture.from_model(estimator)
    parameters = full_parameters(mixture)
    expected = textbook_quantities(*parameters, given, grid_points((8, 9), extent))
    is_clear = expected.pop("is clear")
    for quantity, values in expected.items():
        image = render_grid(mixture, (8, 9), quantity=quantity, given=given, extent=extent)
        pixels = image.reshape(values.shape)
        if quantity == "label":
            np.testing.assert_array_equal(pixels[is_clear], values[is_clear])
        else:  # explicit inverses cost the textbook some digits
            np.testing.assert_allclose(pixels, values, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_pictures_of_a_bayesian_estimator_are_those_of_its_own_methods(covariance_type):
    points = np.random.default_rng(0).normal(size=(60, 2)) * [1, 3]
    points[30:] += 4
    options = {"covariance_type": covariance_type, "max_iter": 500, "random_state": 0}
    ours = BayesianGaussianMixture(n_components=4, **options).fit(points)
    extent = [(-3, 7), (-9, 12)]
    grid = grid_points((9, 8), extent)
    responsibilities = ours.predict_proba(grid)
    expected = {
        "density": np.exp(ours.score_samples(grid)),
        "log_density": ours.score_samples(grid),
        "label": ours.predict(grid),
        "entropy": scipy.special.entr(responsibilities).sum(axis=1),
    }
    for model in (ours, ours.to_sklearn()):
        for quantity, values in expected.items():
            image = render_grid(model, (9, 8), extent=extent, quantity=quantity)
            np.testing.assert_allclose(image.ravel(), values, rtol=1e-11, atol=1e-13)
    mixture = Mixture.from_model(ours)
    for quantity in ("mean", "std"):
        image = render_grid(ours, 8, extent=extent[:1], quantity=quantity)
        plain = render_grid(mixture, 8, extent=extent[:1], quantity=quantity)
        np.testing.assert_array_equal(image, plain)
    assert render_grid(ours, (200, 200), extent=[(-50, 50)] * 2).sum() / 4 < 0.99
    assert render_grid(mixture, (200, 200), extent=[(-50, 50)] * 2).sum() / 4 > 0.999


def test_the_model_may_be_an_estimator_or_a_triple():
    mixture = picture_model()
    expected = render_grid(mixture, (4, 5))
    for model in (as_scikit_learn(*full_parameters(mixture)), full_parameters(mixture)):
        np.testing.assert_array_equal(render_grid(model, (4, 5)), expected)


def spikes():
    weights, means, covariances = random_parameters(40, 3, "full", seed=4)
    means[:, :2] = np.random.default_rng(5).integers(0, 12, size=(40, 2))
    means[20:, :2] += 0.3
    covariances[:, :2] *= 1e-3
    covariances[:, :, :2] *= 1e-3
    return Mixture(weights, means, covariances)


def giants():
    weights, means, covariances = random_parameters(40, 3, "full", seed=4, spread=1e5)
    return Mixture(weights, means, covariances * 1e10)


def crowd(n_components=200):
    means, covariance = [[5.0, 6.0, 100.0]], [[4.0, 1.0, 2.0], [1.0, 3.0, 0.5], [2.0, 0.5, 90.0]]
    weights = np.full(n_components, 1 / n_components)
    return Mixture(weights, means * n_components, covariance, covariance_type="tied")


def spikes_among_giants():
    parts = [spikes(), giants()]
    means, covariances = (
        np.concatenate([getattr(p, name) for p in parts]) for name in ("means", "covariances")
    )
    return Mixture(np.concatenate([0.5 * p.weights for p in parts]), means, covariances)


def unused():
    mixture = picture_model(n_features=3)
    weights = np.where(np.arange(6) % 2, mixture.weights, 0)
    return Mixture(weights / weights.sum(), mixture.means, mixture.covariances)


# The scene, and the extent that is painted; far tails have log p of about -1e12.
SCENES = {
    "spikes": (spikes, None),
    "giants": (giants, None),
    "spikes among giants": (spikes_among_giants, None),
    "identical components": (crowd, None),
    "zero weights": (unused, None),
    "one component": (lambda: picture_model(1, 3), None),
    "far tail": (lambda: picture_model(6, 3), [(3e6, 3.1e6), (-2e6, -2.1e6)]),
    "very far tail": (lambda: picture_model(6, 3), [(3e100, 4e100), (-1e99, 2e99)]),
}


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("scene", SCENES)
def test_hard_scenes_agree_with_the_formulas(scene, quantity):
    build, extent = SCENES[scene]
    mixture = build()
    options = {"quantity": quantity, "extent": extent}
    image = render_grid(mixture, (11, 13), **options)
    expected = render(mixture, (11, 13), **options)
    assert np.isfinite(image).all()
    # Far out the log-densities, 1e12 and more, are rounded too coarsely to tell two neighbors'
    # responsibilities; in these scenes one component is ahead by much more, or they are the same.
    check_close(image, expected)
    check_levels(render_grid(mixture, (11, 13), **options, dtype=np.uint8), image)


def test_a_spike_shows_on_its_own_pixel_alone():
    peak = 1 / (2 * np.pi * 1e-6)  # of a circular Gaussian with standard deviation 1e-3
    image = render_grid(([1.0], [[3.0, 2.0]], [1e-6]), (5, 7))
    assert image[2, 3] == pytest.approx(peak, rel=1e-14)
    image[2, 3] = 0
    assert (image == 0).all()  # exp(-500000) underflows


def test_thousands_of_identical_components_are_one():
    many, one = crowd(3000), crowd(1)
    for quantity in QUANTITIES:
        expected = render_grid(one, (5, 7), quantity=quantity)
        if quantity == "entropy":
            expected += np.log(3000)
        # The weights' own rounding, in a sum of 3000 of them.
        image = render_grid(many, (5, 7), quantity=quantity)
        np.testing.assert_allclose(image, expected, rtol=1e-12)


@pytest.mark.parametrize("quantity", NUMBERS)
def test_the_order_of_components_does_not_matter(quantity):
    mixture = picture_model(n_components=53)
    order = np.random.default_rng(1).permutation(53)
    shuffled = Mixture(mixture.weights[order], mixture.means[order], mixture.covariances[order])
    expected = render_grid(mixture, (11, 13), quantity=quantity)
    check_close(render_grid(shuffled, (11, 13), quantity=quantity), expected)
    labels = render_grid(mixture, (11, 13), quantity="label")
    np.testing.assert_array_equal(order[render_grid(shuffled, (11, 13), quantity="label")], labels)


@pytest.mark.parametrize("direction", [(1, 1), (1, -1), (-1, 0), (0.3, 2)], ids=str)
@pytest.mark.parametrize("correlation", [0.0, 0.6, -0.99])
def test_far_tails_keep_full_relative_accuracy(correlation, direction):
    stds = np.array([[1.0, 2.0], [3.0, 0.5], [2.0, 2.5]])
    correlations = [[[1, c], [c, 1]] for c in (correlation, -correlation, correlation / 2)]
    covariances = correlations * stds[:, :, None] * stds[:, None, :]
    mixture = Mixture([0.2, 0.5, 0.3], [[3.0, -1.0], [0.0, 5.0], [-7.0, 2.0]], covariances)
    # At 1e7 deviations and more of every component, the picture some thousand wide.
    low = 1e7 * stds.max(axis=0) * direction
    extent = np.transpose([low, low + np.array([1234.5, -987.6])])
    image = render_grid(mixture, (3, 5), quantity="log_density", extent=extent)
    for point, value in zip(grid_points((3, 5), extent), image.ravel(), strict=True):
        exact = exact_log_density(mixture, point)
        assert abs((mpmath.mpf(float(value)) - exact) / exact) < 1e-12


@pytest.mark.parametrize("distance", [1e6, 1e12, 1e100, 1e150])
def test_far_out_the_mean_is_that_of_the_component_which_reaches_farthest(distance):
    # The second component is three times as wide: it is responsible but for exp(-distance^2/3).
    covariances = np.array([[[1.0, 0.4], [0.4, 2.0]], [[9.0, -1.8], [-1.8, 5.0]]])
    model = ([0.5, 0.5], [[0.0, 7.0], [1.0, -2.0]], covariances)
    extent = [(distance, 2 * distance)]
    x = grid_points((9,), extent)[:, 0]
    expected = -2.0 + (-1.8 / 9.0) * (x - 1.0)
    mean = render_grid(model, 9, extent=extent)[:, 0]
    np.testing.assert_allclose(mean, expected, rtol=1e-14)
    log_density = render_grid(model, 9, extent=extent, quantity="log_density")
    np.testing.assert_allclose(log_density, -((x - 1.0) ** 2) / 18, rtol=1e-10)


def test_means_stay_finite_where_even_the_distance_overflows():
    mixture = picture_model(6, 3)
    extent = [(1e200, 2e200), (0.0, 10.0)]
    assert np.isfinite(render_grid(mixture, (3, 5), extent=extent)).all()
    assert (render_grid(mixture, (3, 5), extent=extent, quantity="label") == 0).all()
    log_density = render_grid(mixture, (3, 5), extent=extent, quantity="log_density")
    assert (log_density == -np.inf).all()


@pytest.mark.parametrize("level", [1e5, 1e200, 1e305])
def test_a_component_without_any_share_adds_nothing(level):
    # Its responsibility at x = 0 is exp(-5e9): zero, whatever its level.
    model = ([0.5, 0.5], [[0.0, 3.0], [1e5, level]], [1.0, 1.0])
    expected = {"mean": 3.0, "covariance": 1.0, "std": 1.0, "entropy": 0.0, "label": 0}
    for quantity, value in expected.items():
        assert render_grid(model, 1, quantity=quantity).item() == value


def test_a_density_that_underflows_agrees_with_its_logarithm():
    model = ([0.5, 0.5], [[0.0], [0.5]], [1.0, 1.0])
    extent = [(30.0, 42.0)]
    density = render_grid(model, 2003, extent=extent)
    log_density = render_grid(model, 2003, extent=extent, quantity="log_density")
    assert density[0] > np.finfo(float).tiny
    assert (density[(density > 0) & (density < np.finfo(float).tiny)]).size > 50
    assert density[-1] == 0
    # Logarithms of some 700 keep 13 digits of the density; a subnormal is rounded to 5e-324.
    np.testing.assert_allclose(density, np.exp(log_density), rtol=1e-12, atol=1e-323)
    assert np.isfinite(log_density).all()


def test_a_density_that_overflows_is_infinite_and_its_logarithm_is_not():
    model = ([1.0], [[1.0, 1.0, 1.0]], [1e-300])
    assert render_grid(model, (3, 3, 3))[1, 1, 1] == np.inf
    log_density = render_grid(model, (3, 3, 3), quantity="log_density")[1, 1, 1]
    # log of (2 pi 1e-300)^(-3/2)
    assert log_density == pytest.approx(-1.5 * (np.log(2 * np.pi) - 300 * np.log(10)), rel=1e-14)

"""Promises of gmmfast.render_grid: every quantity, exactly, at every pixel."""

import mpmath
import numpy as np
import pytest

from conftest import (
    COVARIANCE_TYPES,
    as_gaussian_mixture,
    as_scikit_learn,
    exact_log_density,
    full_parameters,
    grid_points,
    random_parameters,
    textbook_mean,
    twin_render,
)
from gmmfast import Mixture, render_grid

QUANTITIES = ("density", "log_density", "mean")
SHAPES = [(37,), (11, 13), (3, 5, 7)]
# Two correct float64 computations differ by rounding, in log-densities of some hundreds by some
# 1e-13; conditional means by that times the values.
CLOSE = {"rtol": 1e-11, "atol": 1e-11}


def picture_model(n_components=6, n_features=4, covariance_type="full", *, size=12):
    """A mixture over pixel coordinates of a small picture and levels of about 0 to 255."""
    weights, means, covariances = random_parameters(
        n_components, n_features, covariance_type, spread=1
    )
    means = means * 3 + size / 2
    means[:, -1] = np.linspace(-40, 290, n_components)  # so that uint8 has to clip
    return Mixture(weights, means, covariances * 4, covariance_type=covariance_type)


def oracle(mixture, shape, quantity, extent=None, given=None):
    """The picture by scikit-learn's score_samples, or the textbook's conditional mean."""
    weights, means, full = full_parameters(mixture)
    given = list(range(len(shape))) if given is None else given
    points = grid_points(shape, extent)
    if quantity == "mean":
        return textbook_mean(weights, means, full, given, points).reshape(*shape, -1)
    marginal = as_scikit_learn(weights, means[:, given], full[:, given][:, :, given])
    log_density = marginal.score_samples(points).reshape(shape)
    return np.exp(log_density) if quantity == "density" else log_density


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_every_quantity_agrees_with_scikit_learn_and_the_textbook(
    covariance_type, shape, quantity
):
    mixture = picture_model(covariance_type=covariance_type)
    image = render_grid(mixture, shape, quantity=quantity)
    assert image.dtype == np.float64
    np.testing.assert_allclose(image, oracle(mixture, shape, quantity), **CLOSE)
    np.testing.assert_allclose(image, twin_render(mixture, shape, quantity), **CLOSE)


@pytest.mark.parametrize("quantity", ["density", "log_density"])
def test_a_fitted_estimator_is_rendered_as_scikit_learn_scores_it(fitted, quantity):
    estimator, points = fitted
    extent = np.transpose([points.min(axis=0), points.max(axis=0)]).astype(float)
    shape = (5, 6, 7)
    grid = grid_points(shape, extent)
    image = render_grid(estimator, shape, extent=extent, quantity=quantity)
    own = as_gaussian_mixture(estimator).score_samples(grid).reshape(shape)
    exact = as_scikit_learn(*full_parameters(Mixture.from_model(estimator)))
    expected = exact.score_samples(grid).reshape(shape)
    if quantity == "density":
        own, expected = np.exp(own), np.exp(expected)
    # Rounding of float64 in log-densities of up to thousands, and scikit-learn's own arithmetic
    # on float32 parameters: see the same test of score_samples.
    np.testing.assert_allclose(image, expected, rtol=1e-10)
    rtol = 1e-3 if estimator.means_.dtype == np.float32 else 1e-9
    np.testing.assert_allclose(image, own, rtol=rtol)


@pytest.mark.parametrize("given", [[0, 1], [2, 0]])
def test_a_fitted_estimator_is_rendered_as_the_textbooks_mean(fitted, given):
    estimator, points = fitted
    extent = np.transpose([points.min(axis=0), points.max(axis=0)]).astype(float)[given]
    parameters = full_parameters(Mixture.from_model(estimator))
    expected = textbook_mean(*parameters, given, grid_points((8, 9), extent))
    image = render_grid(estimator, (8, 9), given=given, extent=extent)
    # Explicit inverses cost the textbook some digits.
    np.testing.assert_allclose(image, expected.reshape(8, 9, 1), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_narrow_dtypes_are_the_float64_picture_rounded(covariance_type, shape, quantity):
    mixture = picture_model(covariance_type=covariance_type)
    exact = render_grid(mixture, shape, quantity=quantity)
    single = render_grid(mixture, shape, quantity=quantity, dtype="float32")
    assert single.dtype == np.float32
    np.testing.assert_array_equal(single, exact.astype(np.float32))
    check_levels(render_grid(mixture, shape, quantity=quantity, dtype=np.uint8), exact)


def check_levels(levels, exact):
    assert levels.dtype == np.uint8
    clipped = np.clip(exact, 0, 255)
    rounded = np.rint(clipped)
    assert np.abs(levels - rounded).max() <= 1
    is_clear = np.abs(np.abs(clipped - np.floor(clipped)) - 0.5) > 0.02
    np.testing.assert_array_equal(levels[is_clear], rounded[is_clear])


def test_levels_are_clipped_rounded_and_right_over_a_whole_picture():
    mixture = picture_model(n_components=12, size=80)
    shape = (80, 83)
    exact = twin_render(mixture, shape, "mean")
    levels = render_grid(mixture, shape, dtype="uint8")
    check_levels(levels, exact)
    assert {0, 255} < set(levels[..., -1].ravel().tolist())
    assert exact.min() < -1
    assert exact.max() > 256


def test_auto_is_the_mean_if_any_feature_remains_and_else_the_density():
    mixture = picture_model(n_features=2)
    for shape, quantity in (((4, 5), "density"), ((5,), "mean")):
        automatic = render_grid(mixture, shape)
        np.testing.assert_array_equal(automatic, render_grid(mixture, shape, quantity=quantity))


@pytest.mark.parametrize("shape", [5, np.int32(5), [5], np.array([5]), (np.uint8(5),)])
def test_a_shape_is_an_integer_or_a_sequence_of_them(shape):
    mixture = picture_model(n_features=1)
    np.testing.assert_array_equal(render_grid(mixture, shape), render_grid(mixture, (5,)))


def test_the_model_may_be_an_estimator_or_a_triple():
    mixture = picture_model()
    expected = render_grid(mixture, (4, 5))
    for model in (as_scikit_learn(*full_parameters(mixture)), full_parameters(mixture)):
        np.testing.assert_array_equal(render_grid(model, (4, 5)), expected)


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("given", [[1, 0], [3, 1], (2, 3), np.array([0, 2])])
def test_given_chooses_the_features_of_the_axes(given, quantity):
    mixture = picture_model()
    image = render_grid(mixture, (7, 9), quantity=quantity, given=given)
    expected = oracle(mixture, (7, 9), quantity, given=list(given))
    np.testing.assert_allclose(image, expected, **CLOSE)
    np.testing.assert_allclose(image, twin_render(mixture, (7, 9), quantity, given=given), **CLOSE)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_swapping_the_given_features_transposes_the_picture(quantity):
    mixture = picture_model()
    image = render_grid(mixture, (7, 9), quantity=quantity)
    swapped = render_grid(mixture, (9, 7), quantity=quantity, given=[1, 0])
    np.testing.assert_allclose(swapped, image.swapaxes(0, 1), **CLOSE)


EXTENTS = {
    "explicit": [(-3.0, 20.0), (2.0, 9.5)],
    "integers": np.array([[0, 10], [0, 12]]),
    "reversed x": [(9.0, -1.0), (0.0, 10.0)],
    "both reversed": [(9.0, -1.0), (10.0, 0.0)],
    "deep zoom": [(5.3, 5.3 + 1e-6), (6.1, 6.1 + 1e-6)],
}


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("extent", EXTENTS.values(), ids=EXTENTS)
def test_pixels_are_evaluated_at_their_centres_within_the_extent(extent, quantity):
    mixture = picture_model()
    image = render_grid(mixture, (7, 9), quantity=quantity, extent=extent)
    np.testing.assert_allclose(image, oracle(mixture, (7, 9), quantity, extent), **CLOSE)
    twin = twin_render(mixture, (7, 9), quantity, extent=extent)
    np.testing.assert_allclose(image, twin, **CLOSE)
    remembered = render_grid(mixture.with_extent(extent), (7, 9), quantity=quantity)
    np.testing.assert_array_equal(remembered, image)


def test_the_default_extent_puts_pixels_on_integers():
    mixture = picture_model()
    explicit = render_grid(mixture, (7, 9), extent=[(-0.5, 8.5), (-0.5, 6.5)])
    np.testing.assert_array_equal(render_grid(mixture, (7, 9)), explicit)
    other = mixture.with_extent([(0, 1), (0, 1)])
    overruled = render_grid(other, (7, 9), extent=[(-0.5, 8.5), (-0.5, 6.5)])
    np.testing.assert_array_equal(overruled, explicit)


def test_a_remembered_extent_goes_with_the_feature_not_with_the_axis():
    mixture = picture_model().with_extent([(1, 5), (20, 2)])
    image = render_grid(mixture, (7, 9), given=[1, 0])
    explicit = render_grid(mixture, (7, 9), given=[1, 0], extent=[(20, 2), (1, 5)])
    np.testing.assert_array_equal(image, explicit)
    partly = render_grid(mixture, (7, 9), given=[3, 1])
    explicit = render_grid(mixture, (7, 9), given=[3, 1], extent=[(-0.5, 8.5), (20, 2)])
    np.testing.assert_array_equal(partly, explicit)


def test_a_reversed_extent_mirrors_the_picture():
    mixture = picture_model()
    image = render_grid(mixture, (7, 9), extent=[(0, 9), (1, 8)])
    mirrored = render_grid(mixture, (7, 9), extent=[(9, 0), (8, 1)])
    np.testing.assert_allclose(mirrored, image[::-1, ::-1], **CLOSE)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_superresolution_passes_through_the_original_pixels(quantity):
    mixture = picture_model().with_extent([(-0.5, 8.5), (-0.5, 6.5)])
    image = render_grid(mixture, (7, 9), quantity=quantity)
    enlarged = render_grid(mixture, (21, 27), quantity=quantity)
    np.testing.assert_allclose(enlarged[1::3, 1::3], image, **CLOSE)


# Sizes about the lengths that an implementation could block by: vectors, segments, pieces.
SIZES = [(1,), (2,), (4099,), (1, 1), (1, 13), (17, 1), (31, 37), (1, 4111), (4111, 1)]
SIZES += [(3, 1025), (5, 2053), (1, 1, 1), (2, 1, 19), (3, 4, 67)]


@pytest.mark.parametrize("shape", SIZES, ids=str)
def test_sizes_need_not_be_multiples_of_anything(shape):
    mixture = picture_model(n_components=3)
    points = grid_points(shape)
    log_density = render_grid(mixture, shape, quantity="log_density")
    scores = mixture.marginal(range(len(shape))).score_samples(points).reshape(shape)
    # Far out, where log p is -1e6, rounding is relative to that.
    np.testing.assert_allclose(log_density, scores, rtol=1e-12)
    for quantity in QUANTITIES:
        image = render_grid(mixture, shape, quantity=quantity)
        np.testing.assert_allclose(image, twin_render(mixture, shape, quantity), **CLOSE)


@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8"])
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_the_number_of_threads_changes_no_bit(quantity, dtype):
    mixture = picture_model(n_components=19, size=100)
    options = {"quantity": quantity, "dtype": dtype}
    single = render_grid(mixture, (7, 1031), n_threads=1, **options)
    for n_threads in (None, 2, 3, 8):
        image = render_grid(mixture, (7, 1031), n_threads=n_threads, **options)
        np.testing.assert_array_equal(image, single)


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
def test_hard_scenes_agree_with_the_twin(scene, quantity):
    build, extent = SCENES[scene]
    mixture = build()
    options = {"quantity": quantity, "extent": extent}
    image = render_grid(mixture, (11, 13), **options)
    twin = twin_render(mixture, (11, 13), **options)
    assert np.isfinite(image).all()
    # Far out the log-densities, 1e12 and more, are rounded too coarsely to tell two neighbours'
    # shares; in these scenes one component is ahead by much more.
    np.testing.assert_allclose(image, twin, **CLOSE)
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
        # The weights' own rounding, in a sum of 3000 of them.
        image = render_grid(many, (5, 7), quantity=quantity)
        np.testing.assert_allclose(image, expected, rtol=1e-12)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_the_order_of_components_does_not_matter(quantity):
    mixture = picture_model(n_components=53)
    order = np.random.default_rng(1).permutation(53)
    shuffled = Mixture(mixture.weights[order], mixture.means[order], mixture.covariances[order])
    expected = render_grid(mixture, (11, 13), quantity=quantity)
    np.testing.assert_allclose(
        render_grid(shuffled, (11, 13), quantity=quantity), expected, **CLOSE
    )


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
    # The second component is three times as wide: its share differs from 1 by exp(-distance^2/3).
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
    log_density = render_grid(mixture, (3, 5), extent=extent, quantity="log_density")
    assert (log_density == -np.inf).all()


@pytest.mark.parametrize("level", [1e5, 1e200, 1e280])
def test_a_component_without_any_share_adds_nothing_to_the_mean(level):
    # Its share at x = 0 is exp(-5e9); the kernels may give it up to 2^-1000, about
    # 1e-301, which is far below a rounding for any level that a mean can have here.
    mean = render_grid(([0.5, 0.5], [[0.0, 3.0], [1e5, level]], [1.0, 1.0]), 1)
    assert mean.item() == 3.0


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


def test_the_density_over_the_plane_sums_to_one():
    mixture = picture_model(n_features=2, covariance_type="diag")
    # Pixels are finer than every component and reach beyond every one: the sum is the integral.
    extent = [(-320.0, 600.0), (-320.0, 600.0)]
    total = render_grid(mixture, (1840, 1840), extent=extent).sum() * 0.25
    assert total == pytest.approx(1.0, rel=1e-12)


def test_a_picture_is_the_callers_own():
    mixture = picture_model()
    first, second = (render_grid(mixture, (3, 4)) for _ in range(2))
    first[:] = 0
    assert first.flags.c_contiguous
    np.testing.assert_array_equal(render_grid(mixture, (3, 4)), second)

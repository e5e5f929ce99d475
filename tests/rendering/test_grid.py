"""Tests of rendering/grid.py: every quantity is exact at every pixel."""

import numpy as np
import pytest

from gmmfast import render_grid
from oracle.grid import QUANTITIES, grid_points, render
from oracle.textbook import textbook_quantities
from support.checks import CLOSE, check_close, check_levels, check_single
from support.models import EVERY_TYPE, as_scikit_learn, full_parameters, picture_model

SHAPES = [(37,), (11, 13), (3, 5, 7)]


def oracle(mixture, shape, quantity, extent=None, given=None):
    """The picture by scikit-learn's score_samples, or as the textbook says."""
    weights, means, full = full_parameters(mixture)
    given = list(range(len(shape))) if given is None else given
    points = grid_points(shape, extent)
    if "density" not in quantity:
        values = textbook_quantities(weights, means, full, given, points)[quantity]
        return values.reshape(*shape, *values.shape[1:])
    marginal = as_scikit_learn(weights, means[:, given], full[:, given][:, :, given])
    log_density = marginal.score_samples(points).reshape(shape)
    return np.exp(log_density) if quantity == "density" else log_density


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_every_quantity_agrees_with_scikit_learn_and_the_textbook(
    covariance_type, shape, quantity
):
    mixture = picture_model(covariance_type=covariance_type)
    image = render_grid(mixture, shape, quantity=quantity)
    assert image.dtype == (np.int32 if quantity == "label" else np.float64)
    check_close(image, oracle(mixture, shape, quantity))
    check_close(image, render(mixture, shape, quantity))


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_narrow_dtypes_are_the_float64_picture_rounded(covariance_type, shape, quantity):
    mixture = picture_model(covariance_type=covariance_type)
    exact = render_grid(mixture, shape, quantity=quantity)
    single = render_grid(mixture, shape, quantity=quantity, dtype="float32")
    check_single(single, exact, quantity)
    check_levels(render_grid(mixture, shape, quantity=quantity, dtype=np.uint8), exact)


def test_levels_are_clipped_rounded_and_right_over_a_whole_picture():
    mixture = picture_model(n_components=12, size=80)
    shape = (80, 83)
    exact = render(mixture, shape, "mean")
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


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("given", [[1, 0], [3, 1], (2, 3), np.array([0, 2])])
def test_given_chooses_the_features_of_the_axes(given, quantity):
    mixture = picture_model()
    image = render_grid(mixture, (7, 9), quantity=quantity, given=given)
    expected = oracle(mixture, (7, 9), quantity, given=list(given))
    check_close(image, expected)
    check_close(image, render(mixture, (7, 9), quantity, given=given))


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_swapping_the_given_features_transposes_the_picture(quantity):
    mixture = picture_model()
    image = render_grid(mixture, (7, 9), quantity=quantity)
    swapped = render_grid(mixture, (9, 7), quantity=quantity, given=[1, 0])
    check_close(swapped, image.swapaxes(0, 1))


EXTENTS = {
    "explicit": [(-3.0, 20.0), (2.0, 9.5)],
    "integers": np.array([[0, 10], [0, 12]]),
    "reversed x": [(9.0, -1.0), (0.0, 10.0)],
    "both reversed": [(9.0, -1.0), (10.0, 0.0)],
    "deep zoom": [(5.3, 5.3 + 1e-6), (6.1, 6.1 + 1e-6)],
}


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("extent", EXTENTS.values(), ids=EXTENTS)
def test_pixels_are_evaluated_at_their_centers_within_the_extent(extent, quantity):
    mixture = picture_model()
    image = render_grid(mixture, (7, 9), quantity=quantity, extent=extent)
    check_close(image, oracle(mixture, (7, 9), quantity, extent))
    check_close(image, render(mixture, (7, 9), quantity, extent=extent))
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
    check_close(enlarged[1::3, 1::3], image)


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
        check_close(image, render(mixture, shape, quantity))


@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8"])
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_the_number_of_threads_changes_no_bit(quantity, dtype):
    mixture = picture_model(n_components=19, size=100)
    options = {"quantity": quantity, "dtype": dtype}
    single = render_grid(mixture, (7, 1031), n_threads=1, **options)
    for n_threads in (None, 2, 3, 8):
        image = render_grid(mixture, (7, 1031), n_threads=n_threads, **options)
        np.testing.assert_array_equal(image, single)


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

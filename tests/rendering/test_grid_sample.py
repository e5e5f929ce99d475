"""Tests of rendering/grid.py, quantity "sample": draws from the conditional at every pixel."""

import numpy as np
import pytest

from gmmfast import Mixture, render_bands, render_grid
from oracle.grid import grid_points, render
from support.checks import check_close, check_message
from support.models import EVERY_TYPE, picture_model

SHAPE = (24, 31)


def draw(model, shape=SHAPE, **options):
    return render_grid(model, shape, quantity="sample", **{"random_state": 0, **options})


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_draws_have_the_conditional_mean_and_deviation_of_every_pixel(covariance_type):
    model = picture_model(covariance_type=covariance_type, size=24)
    n_seeds = 300
    draws = np.stack([draw(model, random_state=seed) for seed in range(n_seeds)])
    mean, std = (render_grid(model, SHAPE, quantity=each) for each in ("mean", "std"))
    z = (draws.mean(axis=0) - mean) / (std / np.sqrt(n_seeds))
    # 1488 scores: beyond 5.5 one in 2e7 of normal ones; their mean square has a deviation of
    # sqrt(2 / 1488), of which this is 6.
    assert np.abs(z).max() < 5.5
    assert abs((z**2).mean() - 1) < 0.22


def test_draws_of_a_pixel_are_correlated_as_the_conditional_covariance_says():
    model = picture_model(2, 5, size=8)
    n_seeds = 4000
    draws = np.stack([draw(model, (2, 2), random_state=seed) for seed in range(n_seeds)])
    covariance = render_grid(model, (2, 2), quantity="covariance")
    for pixel in np.ndindex(2, 2):
        got, want = np.cov(draws[:, *pixel].T), covariance[pixel]
        sizes = np.sqrt(np.outer(np.diagonal(want), np.diagonal(want)))
        # Some sqrt(2 / 4000) of a variance; this is six of these.
        np.testing.assert_allclose(got / sizes, want / sizes, atol=0.14)


def test_draws_are_those_of_the_pixel_centers_in_their_order():
    model = picture_model(9, 5, size=24)
    at = model.condition([0, 1], grid_points(SHAPE))
    scattered = at.sample(random_state=3).reshape(*SHAPE, 3)
    # A uniform within rounding of a border between components, one in 1e10 or so.
    check_close(draw(model, random_state=3), scattered)


def test_pixels_are_independent_of_each_other():
    model = picture_model(1, 3, size=200)
    values = draw(model, (200, 200))[..., 0] - render_grid(model, (200, 200))[..., 0]
    values /= values.std()
    for lag in ((0, 1), (1, 0), (0, 2), (0, 32), (16, 0)):
        other = np.roll(values, lag, axis=(0, 1))
        # Five standard deviations, 6e-7 of all seeds for each.
        assert abs((values * other).mean()) < 5 / 200


def test_the_seed_alone_decides_and_each_of_them_differently():
    model = picture_model(size=24)
    first = draw(model)
    for n_threads in (1, 2, 3):
        np.testing.assert_array_equal(draw(model, n_threads=n_threads), first)
    bands = render_bands(model, SHAPE, quantity="sample", random_state=0, band_size=5)
    np.testing.assert_array_equal(np.concatenate([band for _, band in bands]), first)
    assert (draw(model, random_state=1) != first).all()


def test_types_and_arrays_hold_the_same_draws():
    model = picture_model(size=24)
    exact = draw(model)
    levels = draw(model, dtype="uint8")
    np.testing.assert_array_equal(levels, np.rint(np.clip(exact, 0, 255)))
    np.testing.assert_array_equal(draw(model, dtype="float32"), exact.astype("f4"))
    out = np.zeros((2, *exact.shape))
    draw(model, out=out[1])
    np.testing.assert_array_equal(out[1], exact)
    np.testing.assert_allclose(draw(model, tolerance=1e-3), exact, rtol=1e-9)


def test_a_random_state_may_be_a_generator_which_moves_on():
    model = picture_model(size=24)
    for generator in (np.random.default_rng, np.random.RandomState):
        state, same = generator(5), generator(5)
        first, second = draw(model, random_state=state), draw(model, random_state=state)
        assert (first != second).all()
        np.testing.assert_array_equal(draw(model, random_state=same), first)
    assert (draw(model, random_state=None) != draw(model, random_state=None)).any()


def test_volumes_and_lines_are_drawn_too():
    assert draw(picture_model(3, 4, size=6), (4, 5, 6)).shape == (4, 5, 6, 1)
    assert draw(picture_model(3, 2, size=6), 77).shape == (77, 1)


@pytest.mark.parametrize(
    ("options", "error", "pattern"),
    [
        ({"random_state": -1}, ValueError, "random_state: expected an integer from 0"),
        ({"random_state": 2**64}, ValueError, "random_state: expected an integer from 0"),
        ({"random_state": 1.5}, TypeError, "random_state: expected None, an integer"),
        ({"random_state": True}, TypeError, "random_state: expected None, an integer"),
        ({"quantity": "mean", "random_state": 1}, ValueError, "random_state: expected None"),
        ({"shape": (2, 2, 2, 2)}, ValueError, "shape: expected"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options, error, pattern):
    arguments = {"shape": SHAPE, "quantity": "sample", "random_state": 0, **options}
    with pytest.raises(error) as caught:
        render_grid(picture_model(), **arguments)
    check_message(str(caught.value), pattern)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_draws_are_those_of_the_formulas(covariance_type):
    model = picture_model(covariance_type=covariance_type, size=24)
    # They differ where a uniform is within rounding of a border between components: 1 in 1e10.
    check_close(draw(model, random_state=7), render(model, SHAPE, "sample", seed=7))


def test_a_grid_of_all_features_leaves_nothing_to_draw():
    flat = Mixture([1.0], [[0.0, 0.0]], [1.0])
    with pytest.raises(ValueError, match="quantity: expected 'density'"):
        draw(flat)

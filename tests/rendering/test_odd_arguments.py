"""Tests of _validation.py: arguments that NumPy would silently convert to something else."""

import numpy as np
import pytest

from gmmfast import Mixture, ToneCurve, images, render_grid
from support.checks import check_message, refusal
from support.models import random_parameters

WEIGHTS, MEANS, FULL = random_parameters(3, 2, "full")
MODEL = Mixture(WEIGHTS, MEANS, FULL)
LINE = Mixture([1.0], [[0.0]], [1.0])
SPACE = Mixture(*random_parameters(3, 5, "full"))

MASKED = np.ma.array([[0.5, 0.5], [1.0, 2.0]], mask=[[False, True], [False, False]])
TOO_LONG = 10**5000  # more digits than Python prints
WIDER = np.finfo(np.longdouble).max > np.finfo(np.float64).max


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("weights", lambda: Mixture(MASKED[0], MEANS[:2], FULL[:2])),
        ("weights", lambda: Mixture.from_model((MASKED[0], MEANS[:2], FULL[:2]))),
        ("means", lambda: Mixture([0.5, 0.5], MASKED, FULL[:2])),
        ("means", lambda: Mixture([0.5, 0.5], [MEANS[0], MASKED[1]], FULL[:2])),
        ("covariances", lambda: Mixture([0.5, 0.5], MEANS[:2], np.ma.array(FULL[:2]))),
        ("X", lambda: MODEL.score_samples(MASKED)),
        ("X", lambda: MODEL.score_samples([[1.0, np.ma.masked]])),
        ("values", lambda: MODEL.condition([0], MASKED[0, :1])),
        ("extent", lambda: MODEL.with_extent(MASKED)),
        ("extent", lambda: render_grid(MODEL, (3, 4), extent=MASKED)),
        ("points", lambda: ToneCurve(np.ma.array([(0.0, 0.0), (1.0, 1.0)]))),
        ("values", lambda: ToneCurve()(MASKED)),
        ("density", lambda: ToneCurve().picture(MASKED)),
        ("image", lambda: images.read_image(MASKED)),
        ("picture", lambda: images.psnr(MASKED.astype("u1"), np.zeros((2, 2), "u1"))),
    ],
)
def test_a_mask_is_refused_and_not_lost(argument, call):
    check_message(refusal(TypeError, call), f"{argument}: expected an array without a mask")


@pytest.mark.parametrize(
    ("error", "pattern", "call"),
    [
        (TypeError, "weights: ", lambda: Mixture([10**400], [[0.0]], [1.0])),
        (TypeError, "means: .*object", lambda: Mixture([1.0], [[0.5, 10**400]], [1.0])),
        (TypeError, "X: .*object", lambda: MODEL.score_samples([[0.5, TOO_LONG]])),
        (TypeError, "extent: ", lambda: MODEL.with_extent([(0.5, 10**400)])),
        (TypeError, "extent: ", lambda: MODEL.with_extent([(0, TOO_LONG)])),
        (TypeError, "density: .*object", lambda: ToneCurve().picture([0.5, 10**400])),
        (ValueError, "points: ", lambda: ToneCurve([(0, 0), (1.0, 10**400)])),
        (ValueError, "given: ", lambda: MODEL.condition([TOO_LONG], [1.0])),
        (ValueError, "shape: ", lambda: render_grid(LINE, TOO_LONG)),
        (ValueError, "shape: ", lambda: render_grid(LINE, -TOO_LONG)),
        (ValueError, "shape: ", lambda: render_grid(LINE, 10**400, extent=[(0, 1)])),
        (ValueError, "n_threads: ", lambda: render_grid(LINE, 3, n_threads=TOO_LONG)),
    ],
)
def test_an_integer_beyond_every_type_is_refused_by_name(error, pattern, call):
    check_message(refusal(error, call), pattern)


@pytest.mark.skipif(not WIDER, reason="here a long double is a double")
def test_long_doubles_beyond_float64_are_refused_as_not_finite():
    huge = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], dtype=np.longdouble)
    huge[1, 0] = np.longdouble("1e4000")
    calls = {
        "means": lambda: Mixture(WEIGHTS, huge, FULL),
        "X": lambda: MODEL.score_samples(huge),
        "extent": lambda: MODEL.with_extent(huge[:2]),
        "density": lambda: ToneCurve().picture(huge),
    }
    for argument, call in calls.items():  # a warning would be an error, too
        check_message(refusal(ValueError, call), f"{argument}: expected .*finite")


@pytest.mark.parametrize("no_sequence", [{0, 1}, frozenset([0, 1]), {0: 1, 1: 0}, "01", b"\0\1"])
def test_features_and_shapes_have_an_order(no_sequence):
    given = lambda: render_grid(SPACE, (3, 4), given=no_sequence)  # noqa: E731
    for argument, call in {
        "given": given,
        "features": lambda: SPACE.marginal(no_sequence),
        "shape": lambda: render_grid(SPACE, no_sequence),
    }.items():
        check_message(refusal(TypeError, call), f"{argument}: ")


def test_features_and_shapes_may_come_from_a_generator():
    def count(*numbers):
        yield from numbers

    expected = render_grid(SPACE, (3, 4), given=[1, 0])
    image = render_grid(SPACE, count(3, 4), given=count(1, 0))
    np.testing.assert_array_equal(image, expected)
    np.testing.assert_array_equal(SPACE.marginal(count(2, 0)).means, SPACE.means[:, [2, 0]])
    message = refusal(TypeError, SPACE.marginal, count(0, True))
    check_message(message, r"features: .*got \[0, True\]")
    message = refusal(TypeError, SPACE.marginal, count(0, 1.5))
    check_message(message, r"features: .*got \[0, 1.5\]")


@pytest.mark.parametrize("name", [np.array(["mean", "full"]), np.array("full"), ["full"]])
def test_a_name_is_a_string_and_no_array(name):
    message = refusal(ValueError, render_grid, SPACE, (2, 2), quantity=name)
    check_message(message, "quantity: ")
    message = refusal(ValueError, Mixture, WEIGHTS, MEANS, FULL, covariance_type=name)
    check_message(message, "covariance_type: ")

"""Tests of tone.py: from densities to gray levels."""

import numpy as np
import pytest

from gmmfast import ToneCurve

LEVELS = np.linspace(0, 1, 101)
CORNERS = [(0, 0.1), (0.25, 0.5), (0.5, 0.5), (1, 0.9)]


@pytest.mark.parametrize(
    "curve", [ToneCurve(), ToneCurve.parse("linear"), ToneCurve.parse("0:0,1:1")]
)
def test_the_straight_line_changes_nothing(curve):
    np.testing.assert_array_equal(curve(LEVELS), LEVELS)
    assert curve == ToneCurve()


@pytest.mark.parametrize("points", [CORNERS, tuple(CORNERS), np.array(CORNERS)])
def test_a_curve_goes_through_its_corners_and_straight_between_them(points):
    curve = ToneCurve(points)
    inputs, outputs = np.transpose(CORNERS)
    np.testing.assert_array_equal(curve(inputs), outputs)
    # Halfway between corners, by hand.
    np.testing.assert_allclose(curve([0.125, 0.375, 0.75]), [0.3, 0.5, 0.7], rtol=1e-15)
    assert curve.points == ((0.0, 0.1), (0.25, 0.5), (0.5, 0.5), (1.0, 0.9))


def test_outside_the_unit_interval_a_curve_stays_at_its_ends():
    assert ToneCurve(CORNERS)([-np.inf, -1, 2, np.inf]).tolist() == [0.1, 0.1, 0.9, 0.9]


def test_a_curve_may_fall_and_keeps_the_shape_of_its_argument():
    negative = ToneCurve([(0, 1), (1, 0)])
    values = negative(LEVELS[:100].reshape(4, 25))
    assert values.shape == (4, 25)
    np.testing.assert_allclose(values.ravel(), 1 - LEVELS[:100], atol=1e-16)
    assert negative(0.25) == 0.75


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("linear", [(0, 0), (1, 1)]),
        ("  LINEAR ", [(0, 0), (1, 1)]),
        ("0:0,0.3:0.1,1:1", [(0, 0), (0.3, 0.1), (1, 1)]),
        (" 0 : 1 ,\t1 : 0 ", [(0, 1), (1, 0)]),
        ("0:0, 1e-3:.5, 1.0:1", [(0, 0), (0.001, 0.5), (1, 1)]),
    ],
)
def test_a_curve_can_be_written_as_text(text, points):
    assert ToneCurve.parse(text) == ToneCurve(points)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "curve",
        "0:0",
        "0,1",
        "0:0,1",
        "0:0;1:1",
        "0:0:0,1:1",
        "0:0,1:1,",
        "0:a,1:1",
        "0:0,0.9:1",
    ],
)
def test_text_that_is_no_curve_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match=r"^text: expected .* such as '0:0,0.3:0.1,1:1'.*, got"):
        ToneCurve.parse(text)


def test_what_is_no_text_is_refused():
    with pytest.raises(TypeError, match=r"^text: expected a str .*, got 3"):
        ToneCurve.parse(3)


@pytest.mark.parametrize(
    "points",
    [
        (),
        [(0, 0)],
        [(0, 0, 0), (1, 1, 1)],
        [(0, 0), (1,)],
        [0, 1],
        "linear",
        None,
        [(0, "black"), (1, 1)],
        [(0, 1j), (1, 1)],
    ],
    ids=repr,
)
def test_what_is_no_list_of_pairs_is_refused(points):
    with pytest.raises(ValueError, match=r"points: expected at least two \(input, output\) pairs"):
        ToneCurve(points)


@pytest.mark.parametrize(
    "points",
    [
        [(0.1, 0), (1, 1)],
        [(0, 0), (0.9, 1)],
        [(1, 0), (0, 1)],
        [(0, 0), (0.5, 0.2), (0.5, 0.8), (1, 1)],
        [(0, 0), (0.6, 0.2), (0.4, 0.8), (1, 1)],
        [(0, -0.1), (1, 1)],
        [(0, 0), (1, 1.1)],
        [(0, 0), (np.nan, 0.5), (1, 1)],
        [(0, 0), (0.5, np.nan), (1, 1)],
        [(0, 0), (1, np.inf)],
    ],
)
def test_corners_that_make_no_curve_are_refused(points):
    with pytest.raises(ValueError, match=r"points: expected inputs that ascend from 0 to 1 and"):
        ToneCurve(points)


def test_curves_with_equal_corners_are_equal_and_hash_alike():
    lists, array = ToneCurve(CORNERS), ToneCurve(np.array(CORNERS))
    assert lists == array
    assert len({lists, array, ToneCurve()}) == 2
    assert lists != ToneCurve()


def test_a_curve_is_immutable_and_keeps_no_array_of_the_caller():
    corners = np.array(CORNERS)
    curve = ToneCurve(corners)
    corners[:] = 7
    assert curve == ToneCurve(CORNERS)
    with pytest.raises(AttributeError):
        curve.points = ((0.0, 0.0), (1.0, 1.0))


def test_a_picture_is_dark_where_the_density_is_high():
    density = np.array([[0.0, 1.0], [3.0, 4.0]])
    picture = ToneCurve().picture(density)
    assert picture.dtype == np.uint8
    # 255 * (1 - density / 4) = 255, 191.25, 63.75, 0
    assert picture.tolist() == [[255, 191], [64, 0]]
    lifted = ToneCurve([(0, 0), (0.25, 1), (1, 1)]).picture(density)
    assert lifted.tolist() == [[255, 0], [0, 0]]


@pytest.mark.parametrize("scale", [1e-320, 1e-300, 1.0, 1e300])
def test_the_unit_of_the_density_does_not_matter(scale):
    density = np.array([[0.0, 0.25, 0.5, 1.0]]) * scale
    # 255 * (1 - 0.25) = 191.25, 255 / 2 = 127.5, to even 128
    assert ToneCurve().picture(density).tolist() == [[255, 191, 128, 0]]


def test_a_density_that_is_zero_everywhere_is_paper():
    assert ToneCurve().picture(np.zeros((2, 3))).tolist() == [[255] * 3] * 2
    assert ToneCurve().picture(np.empty((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("bad", [-1e-300, np.nan, np.inf, -np.inf])
def test_a_density_that_is_negative_or_not_finite_is_refused(bad):
    with pytest.raises(ValueError, match="density: expected finite values of at least 0, got"):
        ToneCurve().picture([[0.5, bad]])

"""Tests of _validation.py: the class of each error, and a message that names the argument."""

import re
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

from gmmfast import Mixture, render_grid
from support.checks import check_message, refusal
from support.models import random_parameters

NAN, INF = np.nan, np.inf
WEIGHTS, MEANS, FULL = random_parameters(3, 2, "full")
MODEL = Mixture(WEIGHTS, MEANS, FULL)
LINE = Mixture([1.0], [[0.0]], [1.0])
SPACE = Mixture(*random_parameters(3, 5, "full"))


def changed(array, at, value):
    array = np.array(array, dtype=float)
    array[at] = value
    return array


@pytest.mark.parametrize("estimator", [GaussianMixture, BayesianGaussianMixture])
def test_an_unfitted_estimator_is_refused_as_scikit_learn_does(estimator):
    for call in (Mixture.from_model, lambda model: render_grid(model, (2, 2))):
        message = refusal(NotFittedError, call, estimator(n_components=2))
        check_message(message, f"model: .*unfitted {estimator.__name__}")


@pytest.mark.parametrize(
    ("model", "came"),
    [
        (None, "NoneType"),
        ("model.pkl", "str"),
        (np.ones((3, 3)), "ndarray"),
        ({"weights": [1.0]}, "dict"),
        (GaussianMixture, "type|ABCMeta"),
        (KMeans(), "KMeans"),
        ((WEIGHTS, MEANS), "a tuple of length 2"),
        ([WEIGHTS, MEANS, FULL, FULL], "a list of length 4"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_model_is_refused_with_its_type(model, came):
    for call in (Mixture.from_model, lambda model: render_grid(model, (2, 2))):
        check_message(refusal(TypeError, call, model), f"model: .*got ({came})")


# (parameters, class, how the message begins): what the package's own checks refuse.
WRONG_ARRAYS = {
    "complex weights": ((WEIGHTS + 0j, MEANS, FULL), TypeError, "weights: .*complex128"),
    "text": ((["a", "b", "c"], MEANS, FULL), TypeError, "weights: .*<U1"),
    "object means": ((WEIGHTS, MEANS.astype(object), FULL), TypeError, "means: .*object"),
    "None": ((WEIGHTS, MEANS, None), TypeError, "covariances: .*object"),
    "bool": (([True], [[0.0]], [1.0]), TypeError, "weights: .*bool"),
    "dates": ((np.zeros(3, "M8[s]"), MEANS, FULL), TypeError, "weights: .*datetime64"),
    "complex covariances": ((WEIGHTS, MEANS, FULL * 1j), TypeError, "covariances: .*complex128"),
    "scalar weights": ((1.0, MEANS, FULL), ValueError, r"weights: expected a 1-D array.*\(\)"),
    "2-D weights": ((WEIGHTS[None], MEANS, FULL), ValueError, r"weights: .*1-D.*\(1, 3\)"),
    "1-D means": ((WEIGHTS, MEANS[0], FULL), ValueError, r"means: .*2-D.*\(2,\)"),
    "4-D covariances": (
        (WEIGHTS, MEANS, FULL[None]),
        ValueError,
        r"covariances: .*\(1, 3, 2, 2\)",
    ),
    "a weight too few": ((WEIGHTS[:2], MEANS, FULL), ValueError, r"weights: .*\(3,\).*\(2,\)"),
    "other features": ((WEIGHTS, MEANS, FULL[:, :1]), ValueError, r"covariances: .*\(3, 1, 2\)"),
    "other components": ((WEIGHTS, MEANS, FULL[:2]), ValueError, r"covariances: .*\(2, 2, 2\)"),
    "ragged weights": (([0.5, [0.5]], MEANS, FULL), ValueError, "weights: "),
    "ragged means": ((WEIGHTS, [[0, 1], [2], [3, 4]], FULL), ValueError, "means: "),
    "ragged covariances": ((WEIGHTS, MEANS, [[1], [2, 3], [4]]), ValueError, "covariances: "),
}


@pytest.mark.parametrize(
    ("parameters", "error", "pattern"), WRONG_ARRAYS.values(), ids=WRONG_ARRAYS
)
def test_arrays_of_the_wrong_kind_or_shape_are_refused_by_name(parameters, error, pattern):
    for call in (lambda p: Mixture(*p), Mixture.from_model, lambda p: render_grid(p, (2, 2))):
        check_message(refusal(error, call, parameters), pattern)


# Values that are no Gaussian mixture: one valid mixture with this changed, covariance type, how
# the message begins.
ASYMMETRIC, INDEFINITE = [[2.0, 0.5], [0.4, 2.0]], [[1.0, 2.0], [2.0, 1.0]]
DIAG, SPHERICAL = np.array([[1.0, 2], [3, 4], [5, 6]]), np.array([1.0, 2, 3])
FINITE, SUM = "expected finite values, got", r"weights: expected to sum to 1 .* got a sum of"
DEFINITE = "covariances: expected positive definite matrices, got pivot"


def weights(values, pattern):
    return (values, MEANS, FULL, "full"), pattern


def means(values, pattern):
    return (WEIGHTS, values, FULL, "full"), pattern


def covariances(values, covariance_type, pattern):
    return (WEIGHTS, MEANS, values, covariance_type), pattern


BAD_VALUES = {
    "NaN weight": weights(changed(WEIGHTS, 1, NAN), f"weights: {FINITE} nan at component 1"),
    "infinite weight": weights(changed(WEIGHTS, 2, INF), f"weights: {FINITE} inf at component 2"),
    "negative weight": weights([0.7, 0.5, -0.2], "weights: .*0, got -0.2 at component 2"),
    "sum of 0.9": weights([0.3, 0.3, 0.3], rf"{SUM} 0\.(9|89999)"),
    "sum of 1 + 2e-6": weights([0.3, 0.3, 0.400002], rf"{SUM} 1\.00000"),
    "zero weights": weights([0.0, 0.0, 0.0], f"{SUM} 0"),
    "counts": weights([3.0, 4.0, 5.0], f"{SUM} 12"),
    "negative, then NaN": weights([-1.0, NAN, 0.0], "weights: "),
    "NaN mean": means(changed(MEANS, (2, 1), NAN), f"means: {FINITE} nan at component 2"),
    "infinite mean": means(changed(MEANS, (0, 1), -INF), f"means: {FINITE} -inf at component 0"),
    "NaN full": covariances(
        changed(FULL, (1, 0, 1), NAN), "full", f"covariances: {FINITE} nan at component 1"
    ),
    "infinite tied": covariances([[1.0, INF], [INF, 1.0]], "tied", f"covariances: {FINITE} inf"),
    "NaN diag": covariances(
        changed(DIAG, (2, 0), NAN), "diag", f"covariances: {FINITE} nan at component 2"
    ),
    "NaN spherical": covariances(
        changed(SPHERICAL, 1, NAN), "spherical", f"covariances: {FINITE} nan at component 1"
    ),
    "asymmetric": covariances(
        changed(FULL, 1, ASYMMETRIC), "full", r"covariances: .*symmetric .*0\.4 and 0\.5 .*nent 1"
    ),
    "asymmetric tied": covariances(
        ASYMMETRIC, "tied", "covariances: expected symmetric .* of the tied matrix"
    ),
    "indefinite": covariances(
        changed(FULL, 2, INDEFINITE), "full", f"{DEFINITE} -3.* feature 1 of component 2"
    ),
    "indefinite tied": covariances(
        INDEFINITE, "tied", f"{DEFINITE} -3.* feature 1 of the tied matrix"
    ),
    "singular": covariances(
        changed(FULL, 0, 1.0), "full", f"{DEFINITE} 0.* feature 1 of component 0"
    ),
    "negative diagonal": covariances(-FULL, "full", f"{DEFINITE} -.* feature 0 of component 0"),
    "zero diag": covariances(
        changed(DIAG, (1, 1), 0), "diag", f"{DEFINITE} 0.* feature 1 of component 1"
    ),
    "negative spherical": covariances(
        changed(SPHERICAL, 2, -4), "spherical", f"{DEFINITE} -4.* component 2"
    ),
    "unknown type": covariances(
        FULL,
        "half",
        "covariance_type: expected 'full', 'tied', 'diag', 'spherical', 'tied-diag' or "
        "'tied-spherical', got .half",
    ),
    "another type's shape": covariances(FULL, "diag", "covariances: expected shape"),
    "no component": (
        ([], np.empty((0, 2)), np.empty((0, 2, 2)), "full"),
        "weights: .*at least one component",
    ),
    "no feature": (
        (WEIGHTS, np.empty((3, 0)), np.empty((3, 0)), "diag"),
        "means: .*at least one feature",
    ),
}


@pytest.mark.parametrize(("parameters", "pattern"), BAD_VALUES.values(), ids=BAD_VALUES)
def test_values_that_are_no_mixture_are_refused_with_the_component(parameters, pattern):
    *arrays, covariance_type = parameters
    check_message(refusal(ValueError, Mixture, *arrays, covariance_type=covariance_type), pattern)


def test_rounding_of_float32_parameters_is_no_error():
    weights = np.full(3, np.float32(1 / 3))
    covariances = FULL.astype(np.float32)
    covariances[:, 0, 1] *= np.float32(1 + 3e-7)
    assert Mixture(weights, MEANS, covariances).covariance_type == "full"


# (method, arguments, class, how the message begins).
SCORE, CONDITION, OF_SPACE = MODEL.score_samples, MODEL.condition, SPACE.condition
WRONG_CALLS = {
    "X wide": (SCORE, [np.zeros((4, 3))], ValueError, r"X: .*\(n_samples, 2\).*\(4, 3\)"),
    "X 1-D": (SCORE, [[1.0, 2.0]], ValueError, r"X: .*2-D array, got shape \(2,\)"),
    "X NaN": (SCORE, [[[0, 0], [1, 1], [NAN, 1]]], ValueError, r"X: .*\[nan, 1.0\] in row 2"),
    "X infinite": (SCORE, [[[0, INF]]], ValueError, "X: .*in row 0"),
    "X text": (SCORE, [[["a", "b"]]], TypeError, "X: "),
    "X ragged": (SCORE, [[[0.0, 1.0], [2.0]]], ValueError, "X: "),
    "given text": (CONDITION, ["0", [1.0]], TypeError, "given: .*got '0'"),
    "given float": (CONDITION, [[0.0], [1.0]], TypeError, r"given: .*got \[0.0\]"),
    "given bool": (CONDITION, [[True], [1.0]], TypeError, r"given: .*got \[True\]"),
    "given integer": (CONDITION, [0, [1.0]], TypeError, "given: .*got 0"),
    "given negative": (CONDITION, [[-1], [1.0]], ValueError, r"given: .*got \[-1\]"),
    "given twice": (OF_SPACE, [[1, 1], [1.0, 2.0]], ValueError, r"given: .*got \[1, 1\]"),
    "given all": (CONDITION, [[0, 1], [1.0, 2.0]], ValueError, "given: "),
    "values scalar": (CONDITION, [[0], 1.0], ValueError, r"values: .*got shape \(\)"),
    "values too few": (OF_SPACE, [[0, 1], [1.0]], ValueError, "values: expected 2"),
    "values NaN": (CONDITION, [[0], [NAN]], ValueError, "values: expected 1 finite"),
    "values overflowing": (CONDITION, [[0], [1e200]], ValueError, "values: "),
    "features none": (MODEL.marginal, [[]], ValueError, r"features: .*got \[\]"),
    "features beyond": (MODEL.marginal, [[2]], ValueError, r"features: .*0 to 1, got \[2\]"),
    "extent": (MODEL.with_extent, [[(0, 1)] * 3], ValueError, "extent: .*at most 2"),
}

WRONG_OPTIONS = [
    *((f"dtype {d}", {"dtype": d}, TypeError, "dtype: expected float64, float32 or uint8, got")
      for d in ("int32", int, bool, ">f8", "float16", complex, object, "nonsense", {"a": 1}, 3)),
    *((f"quantity {q}", {"quantity": q}, ValueError, f"quantity: .*got {re.escape(repr(q))}")
      for q in ("pdf", "", None, 1, "Mean")),
    *((f"label {d}", {"quantity": "label", "dtype": d}, TypeError,
       "dtype: expected int32, int64, float64, float32 or uint8, got")
      for d in ("int16", "uint32", bool, ">i4", object)),
    *((f"tolerance {t}", {"tolerance": t}, ValueError, f"tolerance: expected .*got {t}")
      for t in (0, -1e-3, 0.11, 1, NAN, INF, -INF)),
    *((f"tolerance {t}"[:30], {"tolerance": t}, ValueError, "tolerance: .*got (1e30|0.0)$")
      for t in (10**30, Fraction(1, 10**400))),
    ("tolerance beyond float64", {"tolerance": -(10**400)}, ValueError, "tolerance: .*got -inf$"),
    *((f"tolerance {t!r}", {"tolerance": t}, TypeError, "tolerance: expected a number or None")
      for t in ("1e-3", True, 1e-3j, [1e-3], np.array([0.1]))),
    *((f"n_threads {n}", {"n_threads": n}, ValueError, f"n_threads: expected 1 to 1024, got {n}")
      for n in (0, -1, 1025, 2**70)),
    *((f"n_threads {n!r}", {"n_threads": n}, TypeError, "n_threads: expected an integer or None")
      for n in (1.0, "2", True, [1])),
    *((f"given {g}", {"given": g}, ValueError, "given: expected .*got")
      for g in ([0], [0, 1, 2], [0, 0], [0, 5], [0, -1], [])),
    *((f"given {g!r}", {"given": g}, TypeError, "given: expected .*got")
      for g in (1, "01", [0, 1.0], [0, None], [False, True])),
    *((f"extent {e}", {"extent": e}, ValueError, "extent: expected .*got")
      for e in ([(0, 1)], [(0, 1)] * 3, (0, 1), [(0, 1), (2, 2)], [(0, 1), (0, NAN)],
                [(0, INF)] * 2, [(-1e308, 1e308)] * 2, [0, 1, 2], [(0, 1, 2)] * 2, [],
                [(0, 5e-324), (0, 1)])),
    *((f"extent {e}", {"extent": e}, TypeError, "extent: expected .*got")
      for e in ("ab", [(0, 1), (0,)], [("a", "b")] * 2, [("0", "1")] * 2, [(0, 1j)] * 2, {0: 1},
                np.array([(0, 1j)] * 2))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "arguments", "error", "pattern"), WRONG_CALLS.values(), ids=WRONG_CALLS
)
def test_wrong_arguments_of_methods_are_refused_by_name(method, arguments, error, pattern):
    check_message(refusal(error, method, *arguments), pattern)


@pytest.mark.parametrize("covariance_type", [5, ["full"], b"full"])
def test_a_covariance_type_is_a_name(covariance_type):
    with pytest.raises((TypeError, ValueError)) as caught:
        Mixture(WEIGHTS, MEANS, FULL, covariance_type=covariance_type)
    check_message(str(caught.value), f"covariance_type: .*{re.escape(repr(covariance_type))}")


@pytest.mark.parametrize(
    ("options", "error", "pattern"),
    [case[1:] for case in WRONG_OPTIONS],
    ids=[case[0] for case in WRONG_OPTIONS],
)
def test_wrong_options_of_render_grid_are_refused_by_name(options, error, pattern):
    check_message(refusal(error, render_grid, SPACE, (4, 10), **options), pattern)


@pytest.mark.parametrize(
    ("shape", "error"),
    [
        *((shape, ValueError) for shape in (0, -3, (0, 4), (4, -1), (), [], (1, 1, 1, 1))),
        *((shape, TypeError) for shape in (True, (2, False), (np.True_,), 3.0, (3, 4.0), None)),
        *((shape, TypeError) for shape in ("34", b"34", (3, "4"), [[3, 4]], 1j)),
        *((shape, TypeError) for shape in (np.array([3.0, 4.0]), np.ones((2, 2), int))),
    ],
    ids=repr,
)
def test_what_is_no_shape_is_refused(shape, error):
    check_message(refusal(error, render_grid, SPACE, shape), "shape: ")


def test_a_grid_needs_a_feature_for_each_axis_and_one_more_for_a_mean():
    message = refusal(ValueError, render_grid, LINE, (4, 5))
    check_message(message, r"shape: expected at most as many axes .*features \(1\), got 2 axes")
    message = refusal(ValueError, render_grid, LINE, 5, quantity="mean")
    check_message(message, r"quantity: expected 'density'.* or 'entropy' .*got 'mean'")


@pytest.mark.parametrize("quantity", ["density", "mean"])
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
@pytest.mark.parametrize(
    ("shape", "error"),
    [
        ((2**62, 2), ValueError),
        ((10**30,), ValueError),
        ((10**200, 10**200), ValueError),
        ((2**20, 2**20, 2**17), MemoryError),  # an eighth of an exbibyte or more
        (np.array([2**30, 2**27]), MemoryError),
    ],
    ids=["2^63", "10^30", "10^400", "2^57", "2^57 in NumPy integers"],
)
def test_a_result_too_large_is_refused_before_anything_is_allocated(shape, error, dtype, quantity):
    tracemalloc.start()
    try:
        message = refusal(error, render_grid, SPACE, shape, dtype=dtype, quantity=quantity)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1e6
    check_message(message, "shape: ")


def test_numpy_integers_are_integers():
    expected = render_grid(SPACE, (3, 4), given=[0, 1], n_threads=2)
    shape, given = (np.int64(3), np.uint8(4)), [np.int32(0), np.uint64(1)]
    image = render_grid(SPACE, shape, given=given, n_threads=np.int16(2))
    np.testing.assert_array_equal(image, expected)

"""Whole messages of the errors of gmmfast.Mixture and of what its methods return.

Each names the argument, says what was expected and what came, and what helps if anything does.
"""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError
from sklearn.mixture import GaussianMixture

from gmmfast import Mixture
from support.checks import refusal

PLANE = Mixture([0.5, 0.5], [[0.0, 0.0], [4.0, 0.0]], [1.0, 2.0])
LINE = Mixture([0.5, 0.5], [[0.0], [4.0]], [1.0, 2.0])
AT = PLANE.condition([0], [[0.0], [1.0]])


WRONG_VALUES = [
    (lambda: LINE.cdf([[[1.0]]]), "X: expected a 1-D or 2-D array, got shape (1, 1, 1)"),
    (
        lambda: PLANE.marginal([0, 2]),
        "features: expected feature indices from 0 to 1, got [0, 2]",
    ),
    (
        lambda: PLANE.condition([2], [1.0]),
        "given: expected feature indices from 0 to 1, got [2]",
    ),
    (
        lambda: LINE.with_kind(["ink"]),
        (
            "kind: expected one of ('color', 'gray', 'ink', 'video', 'color-alpha', 'gray-alpha') "
            "or None, got ['ink']"
        ),
    ),
    (
        lambda: Mixture([1.0], [[0.0]], [1.0], covariance_type=["full"]),
        (
            "covariance_type: expected 'full', 'tied', 'diag', 'spherical', 'tied-diag' or "
            "'tied-spherical', got ['full']"
        ),
    ),
    (
        lambda: Mixture([1.0], [[0.0]], 1.0, covariance_type="diag"),
        "covariances: expected a 1-D or 2-D or 3-D array, got shape ()",
    ),
    (
        lambda: PLANE.transform(np.ones((2, 3))),
        (
            "matrix: expected shape (n_out, 2), with 1 to 2 rows and a column for each feature, "
            "got (2, 3)"
        ),
    ),
    (
        lambda: PLANE.transform([[np.nan, 1.0]]),
        "matrix: expected finite values, got NaN or infinity; replace them",
    ),
    (
        lambda: PLANE.transform([[1.0, 0.0], [2.0, 0.0]]),
        (
            "matrix: expected 2 rows that do not depend on each other, got rank 1, whose image "
            "has no density; leave out rows"
        ),
    ),
    (
        lambda: PLANE.transform(np.eye(2), [1.0]),
        "offset: expected shape (2,), one for each row of matrix, got (1,)",
    ),
    (
        lambda: PLANE.transform(np.eye(2), [[1.0, 2.0]]),
        "offset: expected a 1-D array, got shape (1, 2)",
    ),
    (
        lambda: PLANE.transform(np.eye(2), [1.0, np.inf]),
        "offset: expected finite values, got NaN or infinity; replace them",
    ),
    (
        lambda: PLANE.transform(1e200 * np.eye(2)),
        (
            "matrix: expected a map that leaves means and covariances finite and positive "
            "definite in float64, got one with which covariances: expected finite values, got inf"
            " at component 0; fit the model again without NaN or infinite data; scale the "
            "features first"
        ),
    ),
    (
        lambda: PLANE.product(LINE),
        (
            "other: expected a mixture of 2 features, as this one, got 1; take the marginal of "
            "those that both have"
        ),
    ),
    (
        lambda: PLANE.condition([0], [1.0, 2.0]),
        "values: expected 1 finite values, one for each given feature, got 2 values",
    ),
    (
        lambda: PLANE.condition([0], [np.nan]),
        "values: expected 1 finite values, one for each given feature, got [NaN]",
    ),
    (
        lambda: AT.log_prob([[0.0]]),
        (
            "X: expected shape (2, 1), a row for each point, got (1, 1); index the points to pick"
            " some"
        ),
    ),
    (
        lambda: PLANE.cdf([1.0]),
        "cdf: expected a mixture of one feature, got 2; take the marginal of one first",
    ),
    (
        lambda: PLANE.quantile([0.5]),
        "quantile: expected a mixture of one feature, got 2; take the marginal of one first",
    ),
    (
        lambda: PLANE.interval_probability([0.0, 1.0]),
        (
            "interval_probability: expected a mixture of one feature, got 2; take the marginal of"
            " one first"
        ),
    ),
    (
        lambda: LINE.cdf([[1.0, 2.0]]),
        "X: expected shape (n_samples,) or (n_samples, 1), got (1, 2)",
    ),
    (lambda: LINE.cdf([0.0, np.nan]), "X: expected numbers, got NaN in row 1"),
    (
        lambda: LINE.quantile([0.0, 1.0, 1.5]),
        "q: expected numbers from 0 to 1, got 1.5; divide percentages by 100",
    ),
    (lambda: LINE.quantile([[0.5]]), "q: expected a 1-D array, got shape (1, 1)"),
    (
        lambda: LINE.interval_probability([1.0, 0.0]),
        "edges: expected at least two numbers in ascending order, got [1.0, 0.0]; sort them",
    ),
    (
        lambda: LINE.interval_probability(np.arange(12.0)[::-1]),
        "edges: expected at least two numbers in ascending order, got 12 others; sort them",
    ),
    (lambda: LINE.interval_probability([[0.0]]), "edges: expected a 1-D array, got shape (1, 1)"),
    (lambda: PLANE.error_ellipses(features=[0]), "features: expected two features, got [0]"),
    (lambda: PLANE.error_ellipses(0.0), "n_std: expected a positive finite number, got 0.0"),
    (lambda: PLANE.error_ellipses(confidence=1.0), "confidence: expected 0 < number < 1, got 1.0"),
    (lambda: PLANE.confidence_region(95), "confidence: expected 0 < number < 1, got 95"),
    (
        lambda: PLANE.confidence_region(0.9).sample(1, inner=0.9),
        "inner: expected less than the region's confidence 0.9, got 0.9; ask for a larger region",
    ),
    (
        lambda: PLANE.confidence_region(0.9).sample(1, inner=-1),
        "inner: expected 0 <= number < 1, got -1",
    ),
    (
        lambda: PLANE.sample(1, order="sorted"),
        "order: expected 'shuffled' or 'grouped', got 'sorted'",
    ),
    (
        lambda: PLANE.sample(1, bounds=[(0, 1)]),
        "bounds: expected 2 pairs (low, high) or None, one for each feature, got [(0, 1)]",
    ),
    (
        lambda: PLANE.sample(1, bounds=[(0, 1), (0, 1, 2)]),
        (
            "bounds: expected 2 pairs (low, high) or None, one for each feature, got [(0, 1), (0,"
            " 1, 2)]"
        ),
    ),
    (
        lambda: PLANE.sample(1, bounds=[(0, 1), (1, 1)]),
        "bounds: expected low below high for every feature, got (1, 1)",
    ),
    (
        lambda: PLANE.kl_divergence(PLANE, n_samples=1),
        "n_samples: expected at least 2, got 1; draw more points",
    ),
    (
        lambda: PLANE.kl_divergence_upper_bound(PLANE, max_iter=-1),
        "max_iter: expected at least 1, got -1",
    ),
    (
        lambda: PLANE.kl_divergence_upper_bound(PLANE, tol=-1),
        "tol: expected a finite number of at least 0, got -1",
    ),
    (
        lambda: Mixture([1.0], [[0.0], [1.0]], [1.0]),
        "weights: expected shape (2,), one for each row of means, got (1,)",
    ),
    (
        lambda: Mixture([[1.0]], [[0.0], [1.0]], [1.0]),
        "weights: expected a 1-D array, got shape (1, 1)",
    ),
    (lambda: Mixture([1.0], [0.0], [1.0]), "means: expected a 2-D array, got shape (1,)"),
    (
        lambda: Mixture([1.0], [[0.0]], 1.0),
        "covariances: expected a 1-D or 2-D or 3-D array, got shape ()",
    ),
    (
        lambda: Mixture([1.0], [[0.0]], [1.0], covariance_type="round"),
        (
            "covariance_type: expected 'full', 'tied', 'diag', 'spherical', 'tied-diag' or "
            "'tied-spherical', got 'round'"
        ),
    ),
    (
        lambda: Mixture([1.0], [[0.0]], [[1.0, 2.0]]),
        (
            "covariances: expected shape (1, 1, 1) (full), (1, 1) (tied), (1, 1) (diag), (1,) "
            "(spherical) with means of shape (1, 1), got (1, 2)"
        ),
    ),
    (
        lambda: Mixture([0.5, 0.5], [[0.0, 1.0], [2.0, 3.0]], np.eye(2)),
        (
            "covariance_type: expected one of ['tied', 'diag'], got None, which shape (2, 2) does"
            " not decide with as many components as features; use gmmfast.Mixture(weights, means,"
            " covariances, covariance_type=...)"
        ),
    ),
    (
        lambda: Mixture.from_json("5"),
        (
            "text: expected what Mixture.to_json returned, got '5' (ValueError: another object); "
            "write it again"
        ),
    ),
    (
        lambda: Mixture.from_json('{"format": "gmmfast.Mixture", "version": 2}'),
        (
            'text: expected what Mixture.to_json returned, got \'{"format": "gmmfast.Mixture", '
            '"version": 2}\' (ValueError: version 2); write it again'
        ),
    ),
    (
        lambda: Mixture.from_json('{"format": "gmmfast.Mixture", "version": 1}'),
        (
            'text: expected what Mixture.to_json returned, got \'{"format": "gmmfast.Mixture", '
            "\"version\": 1}' (KeyError: 'log_weights'); write it again"
        ),
    ),
    (
        lambda: Mixture.from_json('{"format": 1, "format": 1}'),
        (
            'text: expected what Mixture.to_json returned, got \'{"format": 1, "format": 1}\' '
            "(ValueError: a name twice); write it again"
        ),
    ),
    (
        lambda: Mixture.from_json(LINE.to_json().replace("0.0", "NaN")),
        (
            'text: expected what Mixture.to_json returned, got \'{"format": "gmmfast.Mixture", '
            '"version": 1, "weights": [0.5, 0.5], "log_weights": [-0.6931471805599453, '
            '-0.6931471805599453], "means": [[NaN], [4.0]], "covariances": [1.0, 2.0], '
            '"covariance_type": "s... (ValueError: the number NaN); write it again'
        ),
    ),
    (
        lambda: Mixture.from_json(LINE.to_json().replace('"kind": ""', '"kind": [""]')),
        (
            'text: expected what Mixture.to_json returned, got \'{"format": "gmmfast.Mixture", '
            '"version": 1, "weights": [0.5, 0.5], "log_weights": [-0.6931471805599453, '
            '-0.6931471805599453], "means": [[0.0], [4.0]], "covariances": [1.0, 2.0], '
            '"covariance_type": "s... (ValueError: an array of 1 axes); write it again'
        ),
    ),
    (
        lambda: Mixture.from_json(
            LINE.to_json().replace('"kind"', '"feature_names": [1], "kind"')
        ),
        (
            'text: expected what Mixture.to_json returned, got \'{"format": "gmmfast.Mixture", '
            '"version": 1, "weights": [0.5, 0.5], "log_weights": [-0.6931471805599453, '
            '-0.6931471805599453], "means": [[0.0], [4.0]], "covariances": [1.0, 2.0], '
            '"covariance_type": "s... (TypeError: feature_names that are no text); write it again'
        ),
    ),
    (
        lambda: LINE.with_kind("photo"),
        (
            "kind: expected one of ('color', 'gray', 'ink', 'video', 'color-alpha', 'gray-alpha')"
            " or None, got 'photo'"
        ),
    ),
    (
        lambda: PLANE.with_kind("color"),
        "kind: expected None or that of a model of 2 features, got 'color', whose models have 5",
    ),
    (lambda: LINE.with_feature_names([1]), "feature_names: expected str without zeros, got 1"),
    (
        lambda: LINE.with_feature_names(["a\0"]),
        "feature_names: expected str without zeros, got 'a\\x00'",
    ),
    (
        lambda: PLANE.with_feature_names(["a", "a"]),
        "feature_names: expected 2 names, one for each feature and none twice, got ['a', 'a']",
    ),
    (
        lambda: LINE.responsibilities([[1.0]], threshold=1),
        "threshold: expected 0 <= number < 1, got 1",
    ),
    (
        lambda: PLANE.condition([0], [[[1.0]]]),
        "values: expected a 1-D or 2-D array, got shape (1, 1, 1)",
    ),
    (lambda: PLANE.condition([0], 1.0), "values: expected a 1-D or 2-D array, got shape ()"),
]

WRONG_TYPES = [
    (
        lambda: LINE.with_feature_names(5),
        "feature_names: expected a sequence of str or None, got 5",
    ),
    (
        lambda: Mixture.from_model(KMeans()),
        (
            "model: expected a fitted scikit-learn GaussianMixture or BayesianGaussianMixture, a "
            "gmmfast.Mixture or (weights, means, covariances), got KMeans"
        ),
    ),
    (
        lambda: LINE.sample(bounds=np.ma.ones((1, 2))),
        (
            "bounds: expected an array without a mask, got a masked array; pass its "
            "compressed() or filled() values"
        ),
    ),
    (
        lambda: AT["a"],
        (
            "index: expected an integer, a slice, or a list or 1-D array of integers or booleans,"
            " got 'a'"
        ),
    ),
    (
        lambda: AT[0, 1],
        (
            "index: expected an integer, a slice, or a list or 1-D array of integers or booleans,"
            " got (0, 1)"
        ),
    ),
    (lambda: PLANE.sample(2.5), "n_samples: expected an integer, got 2.5"),
    (
        lambda: PLANE.sample(1, dtype=np.int8),
        "dtype: expected float64 or float32, got <class 'numpy.int8'>",
    ),
    (
        lambda: PLANE.sample(1, bounds=5),
        "bounds: expected 2 pairs (low, high) or None, one for each feature, got 5",
    ),
    (
        lambda: PLANE.sample(1, bounds=[(0, "a"), (0, 1)]),
        "bounds: expected real numbers or None, got 'a'",
    ),
    (
        lambda: Mixture.from_model(5),
        (
            "model: expected a fitted scikit-learn GaussianMixture or BayesianGaussianMixture, a "
            "gmmfast.Mixture or (weights, means, covariances), got int"
        ),
    ),
    (
        lambda: Mixture.from_model([1, 2]),
        "model: expected a triple (weights, means, covariances), got a list of length 2",
    ),
    (
        lambda: Mixture.load(5),
        "path: expected the path of a file, got int; pass a str or a pathlib.Path",
    ),
    (
        lambda: LINE.with_feature_names("a"),
        "feature_names: expected a sequence of str or None, got 'a'",
    ),
]


@pytest.mark.parametrize(("call", "message"), WRONG_VALUES)
def test_a_wrong_value_is_told(call, message):
    assert refusal(ValueError, call) == message


@pytest.mark.parametrize(("call", "message"), WRONG_TYPES)
def test_a_wrong_type_is_told(call, message):
    assert refusal(TypeError, call) == message


def test_a_point_that_is_not_there_is_told():
    assert refusal(IndexError, lambda: AT[2]) == "index: expected a point below 2, got 2"


def test_a_model_that_is_not_fitted_is_told():
    assert refusal(NotFittedError, Mixture.from_model, GaussianMixture()) == (
        "model: expected a fitted estimator, got an unfitted GaussianMixture; call its fit first"
    )

"""Tests of mixture/layouts.py: precisions, triangular matrices, and layouts of covariances."""

import numpy as np
import pytest
from sklearn.mixture._gaussian_mixture import _compute_precision_cholesky

from gmmfast.mixture import layouts
from support.checks import refusal
from support.models import EVERY_TYPE, matrices, random_parameters

SHAPE = (4, 3)
RANDOM = np.random.default_rng(0)


def covariances_of(covariance_type):
    return random_parameters(*SHAPE, covariance_type)[2]


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_precisions_are_those_of_scikit_learn_and_lead_back(covariance_type):
    covariances = covariances_of(covariance_type)
    factors = layouts.precisions_cholesky(covariances, covariance_type)
    np.testing.assert_allclose(factors, _compute_precision_cholesky(covariances, covariance_type))
    again = layouts.covariances_of_precisions(factors, covariance_type)
    np.testing.assert_allclose(again, covariances)
    assert layouts.agree(covariances, factors, covariance_type)
    for changed in (covariances * 1.1, -covariances, covariances * np.inf, covariances * 1e300):
        assert not layouts.agree(changed, factors, covariance_type)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
@pytest.mark.parametrize("scale", [0.0, -1.0])
def test_what_is_no_covariance_has_no_precisions(covariance_type, scale):
    covariances = covariances_of(covariance_type)
    covariances[-1:] *= scale
    refused = refusal(
        np.linalg.LinAlgError, layouts.precisions_cholesky, covariances, covariance_type
    )
    assert refused in ("Matrix is not positive definite", "Variance is not positive")


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_matrices_and_variances_are_those_of_every_layout(covariance_type):
    covariances = covariances_of(covariance_type)
    assert covariances.shape == layouts.layouts(SHAPE)[covariance_type]
    full = layouts.as_matrices(covariances, covariance_type, SHAPE)
    expected = matrices(np.zeros(SHAPE), covariances, covariance_type)
    np.testing.assert_array_equal(full, layouts.symmetric(expected))
    variances = layouts.as_variances(covariances, covariance_type, SHAPE)
    np.testing.assert_array_equal(variances, np.diagonal(full, axis1=1, axis2=2))
    some = layouts.components(covariances, covariance_type, [2])
    third = layouts.as_matrices(some, covariance_type, (1, SHAPE[1]))
    np.testing.assert_array_equal(third, full[[2]])


def test_triangular_matrices_are_inverted_and_solved():
    factors = np.tril(RANDOM.normal(size=(2, 5, 5))) + 4 * np.eye(5)
    values = RANDOM.normal(size=(2, 5))
    product = layouts.inverse_lower(factors) @ factors
    np.testing.assert_allclose(product, [np.eye(5), np.eye(5)], atol=1e-12)
    expected = np.linalg.solve(factors, values[..., None])[..., 0]
    np.testing.assert_allclose(layouts.solve_lower(factors, values), expected)


@pytest.mark.parametrize("n_features", [1, 2, 4])
def test_scatters_are_packed_by_rows_of_the_lower_triangle(n_features):
    matrices = layouts.symmetric(RANDOM.normal(size=(3, n_features, n_features)))
    values = layouts.packed(matrices, diagonal=False)
    np.testing.assert_array_equal(layouts.unpacked(values, n_features), matrices)
    assert values[0, -1] == matrices[0, -1, -1]
    diagonal = layouts.packed(matrices, diagonal=True)
    expected = matrices * np.eye(n_features)
    np.testing.assert_array_equal(layouts.unpacked(diagonal, n_features), expected)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_a_matrix_has_a_nearest_covariance_of_every_type(covariance_type):
    matrix = np.array([[4.0, 1.0], [1.0, 2.0]])
    near = {"full": matrix, "tied": matrix, "diag": [4.0, 2.0], "tied-diag": [4.0, 2.0]}
    found = layouts.of_matrix(matrix, covariance_type)
    np.testing.assert_array_equal(found, near.get(covariance_type, [3.0]), strict=False)
    assert found.shape == np.shape(near.get(covariance_type, [3.0]))


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
def test_what_is_stored_is_symmetric_and_of_its_type(covariance_type):
    matrices = RANDOM.normal(size=(1, 3, 3))
    stored = layouts.stored(matrices, covariance_type)
    np.testing.assert_array_equal(stored, np.swapaxes(stored, -1, -2))
    assert stored.shape == layouts.layouts((1, 3))[covariance_type]


def test_integers_agree_with_their_factors():
    assert layouts.agree(np.array([4, 1]), np.array([0.5, 1.0]), "spherical")


@pytest.mark.parametrize(("covariance_type", "most"), [("diag", 16), ("full", 8), ("tied", 8)])
def test_what_agrees_is_within_the_bound_and_no_further(covariance_type, most):
    shape = layouts.layouts((1, 1))[covariance_type]
    for n_eps in range(4, 20):
        covariances = np.full(shape, 1 + n_eps * np.finfo(float).eps)
        agree = layouts.agree(covariances, np.ones(shape), covariance_type)
        assert agree == (n_eps <= most), n_eps

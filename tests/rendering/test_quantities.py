"""Tests of rendering/request.py: covariance, std, label, entropy, their dtypes, the tolerance."""

import numpy as np
import pytest

from gmmfast import Mixture, render_bands, render_grid
from gmmfast.rendering import request
from oracle.grid import NUMBERS, QUANTITIES, grid_points
from oracle.textbook import textbook_quantities
from support.checks import check_close, check_message, refusal
from support.models import EVERY_TYPE, full_parameters, picture_model

CONDITIONAL = ("mean", "covariance", "std")


@pytest.mark.parametrize("shape", [(29,), (7, 5), (3, 4, 5)])
@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_covariance_and_std_are_those_of_the_conditioned_mixture(covariance_type, shape):
    mixture = picture_model(n_features=5, covariance_type=covariance_type)
    given = list(range(len(shape)))
    covariances, stds = (render_grid(mixture, shape, quantity=q) for q in ("covariance", "std"))
    n_targets = 5 - len(shape)
    assert covariances.shape == (*shape, n_targets, n_targets)
    assert stds.shape == (*shape, n_targets)
    for pixel, point in zip(np.ndindex(shape), grid_points(shape), strict=True):
        weights, means, inner = full_parameters(mixture.condition(given, point))
        mean = weights @ means
        outer = [np.outer(offset, offset) for offset in means - mean]
        expected = np.einsum("k,kij->ij", weights, inner + outer)
        check_close(covariances[pixel], expected)
        check_close(stds[pixel], np.sqrt(np.diagonal(expected)))


@pytest.mark.parametrize("given", [[0, 1], [4, 2]])
def test_covariances_are_symmetric_positive_definite_and_std_is_their_diagonals_root(given):
    mixture = picture_model(n_features=5)
    options = {"given": given, "extent": [(-40, 60), (-40, 60)]}
    covariances = render_grid(mixture, (17, 19), quantity="covariance", **options)
    np.testing.assert_array_equal(covariances, covariances.swapaxes(-1, -2))
    assert (np.linalg.eigvalsh(covariances) > 0).all()
    std = render_grid(mixture, (17, 19), quantity="std", **options)
    variances = np.diagonal(covariances, axis1=-2, axis2=-1)
    np.testing.assert_allclose(std, np.sqrt(variances), rtol=1e-14)


def test_a_large_offset_of_the_values_costs_a_covariance_no_digits():
    mixture, offset = picture_model(n_features=3), np.array([0, 0, 1e8])
    shifted = Mixture(mixture.weights, mixture.means + offset, mixture.covariances)
    for quantity in ("covariance", "std"):
        expected = render_grid(mixture, (9, 11), quantity=quantity)
        # The means' own rounding, 1e-8, times their distances; E[xx] - mm would be off by 1.
        image = render_grid(shifted, (9, 11), quantity=quantity)
        np.testing.assert_allclose(image, expected, rtol=1e-7, atol=1e-5)


def test_of_one_component_covariances_are_constant_and_nothing_is_unsure():
    mixture = picture_model(1, 4)
    conditioned = mixture.condition([0, 1], [3.0, 4.0])
    expected = np.broadcast_to(full_parameters(conditioned)[2], (5, 6, 2, 2))
    np.testing.assert_allclose(
        render_grid(mixture, (5, 6), quantity="covariance"), expected, rtol=1e-13
    )
    for quantity in ("label", "entropy"):
        assert (render_grid(mixture, (5, 6), quantity=quantity) == 0).all()


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
@pytest.mark.parametrize("shape", [(37,), (11, 13), (3, 5, 7)])
def test_label_and_entropy_need_no_feature_except_the_grids(shape, covariance_type):
    mixture = picture_model(n_features=len(shape), covariance_type=covariance_type)
    given, points = list(range(len(shape))), grid_points(shape)
    expected = textbook_quantities(*full_parameters(mixture), given, points)
    labels = render_grid(mixture, shape, quantity="label")
    is_clear = expected["is clear"]
    np.testing.assert_array_equal(labels.ravel()[is_clear], expected["label"][is_clear])
    entropy = render_grid(mixture, shape, quantity="entropy")
    check_close(entropy.ravel(), expected["entropy"])


def test_label_and_entropy_are_those_of_predict_and_predict_proba():
    mixture = picture_model(n_components=23, n_features=3)
    marginal = mixture.marginal([2, 0])
    options = {"given": [2, 0], "extent": [(-50, 300), (-20, 30)]}
    points = grid_points((31, 37), options["extent"])
    responsibilities = marginal.predict_proba(points)
    labels = render_grid(mixture, (31, 37), quantity="label", **options).ravel()
    largest = np.sort(responsibilities, axis=1)
    is_clear = largest[:, -1] - largest[:, -2] > 1e-9
    assert is_clear.mean() > 0.9
    np.testing.assert_array_equal(labels[is_clear], marginal.predict(points)[is_clear])
    entropy = render_grid(mixture, (31, 37), quantity="entropy", **options).ravel()
    logs = np.log(np.where(responsibilities > 0, responsibilities, 1))
    check_close(entropy, -(responsibilities * logs).sum(axis=1))


def test_equals_share_the_entropy_and_the_first_has_the_label():
    model = (np.full(5, 0.2), np.zeros((5, 2)), np.ones(5))
    extent = [(-3, 3), (-1e5, 1e5)]
    entropy = render_grid(model, (8, 9), quantity="entropy", extent=extent)
    np.testing.assert_allclose(entropy, np.log(5), rtol=1e-14)
    assert (render_grid(model, (8, 9), quantity="label", extent=extent) == 0).all()


def test_a_component_of_weight_zero_has_no_label_and_no_entropy():
    model = ([0.0, 0.5, 0.5], [[0.0], [-9.0], [9.0]], [1.0, 1.0, 1.0])
    extent = [(-1, 1)]
    assert (render_grid(model, 10, quantity="label", extent=extent) == [1] * 5 + [2] * 5).all()
    entropy = render_grid(model, 10, quantity="entropy", extent=extent)
    assert entropy.max() <= np.log(2)


def test_far_out_the_widest_component_has_the_label_and_the_covariance():
    covariances = np.array([[[1.0, 0.4], [0.4, 2.0]], [[9.0, -1.8], [-1.8, 5.0]]])
    model = ([0.9, 0.1], [[0.0, 7.0], [1.0, -2.0]], covariances)
    for distance in (1e3, 1e8, 1e100):
        extent = [(distance, 2 * distance)]
        assert (render_grid(model, 9, quantity="label", extent=extent) == 1).all()
        assert (render_grid(model, 9, quantity="entropy", extent=extent) == 0).all()
        variance = render_grid(model, 9, quantity="covariance", extent=extent)
        np.testing.assert_allclose(variance, 5 - 1.8**2 / 9, rtol=1e-13)


LABEL_DTYPES = ("int32", "int64", "uint8", "float32", "float64")


@pytest.mark.parametrize("dtype", LABEL_DTYPES)
@pytest.mark.parametrize("n_components", [3, 256])
def test_labels_are_exact_in_every_dtype_that_holds_them(n_components, dtype):
    indices = np.arange(n_components)
    model = (np.full(n_components, 1 / n_components), indices[:, None], np.full(n_components, 0.1))
    assert render_grid(model, n_components, quantity="label").dtype == np.int32
    labels = render_grid(model, n_components, quantity="label", dtype=dtype)
    assert labels.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(labels, indices)


@pytest.mark.parametrize("render", [render_grid, render_bands])
def test_a_dtype_too_small_for_the_labels_is_refused(render, monkeypatch):
    mixture = picture_model(257, 2)
    message = refusal(ValueError, render, mixture, (3, 4), quantity="label", dtype="uint8")
    check_message(message, "dtype: expected int32 or int64 .* 257 components, got uint8, .* 256")
    monkeypatch.setitem(request.LABEL_DTYPES, "float32", 256)
    message = refusal(ValueError, render, mixture, (3, 4), quantity="label", dtype="float32")
    check_message(message, "dtype: expected int32 or int64 .* 257 components, got float32")


def test_float32_counts_to_two_to_the_24():
    limit = request.LABEL_DTYPES["float32"]
    assert int(np.float32(limit - 1)) == limit - 1
    assert int(np.float32(limit + 1)) != limit + 1


@pytest.mark.parametrize("quantity", CONDITIONAL)
def test_moments_need_a_feature_that_remains(quantity):
    message = refusal(ValueError, render_grid, picture_model(3, 2), (4, 5), quantity=quantity)
    check_message(message, f"quantity: expected 'density', .*'entropy' .*got '{quantity}'")


BAD_RENDERINGS = {
    "unknown quantity": ("pdf", [0, 1]),
    "feature beyond": ("density", [0, 7]),
    "feature twice": ("label", [1, 1]),
    "nothing remains": ("covariance", [0, 1]),
}


# For each quantity, the size that an error is relative to.
SIZES = {
    "density": lambda image: image,
    "log_density": lambda _: 1,
    "mean": lambda image: np.abs(image).max(),
    "covariance": lambda image: np.abs(image).max(),
    "std": lambda image: np.abs(image).max(),
    "entropy": lambda _: 1,
}


@pytest.mark.parametrize("tolerance", [0.1, np.float32(1e-3), 1e-6, 1e-300])
@pytest.mark.parametrize("quantity", NUMBERS)
def test_no_error_is_above_the_tolerance(quantity, tolerance):
    mixture = picture_model(n_components=60, n_features=5, size=100)
    for shape in ((90, 101), (3, 20, 21)):
        exact = render_grid(mixture, shape, quantity=quantity)
        image = render_grid(mixture, shape, quantity=quantity, tolerance=tolerance)
        allowed = max(float(tolerance), 1e-11) * SIZES[quantity](exact)
        assert (np.abs(image - exact) <= allowed).all()


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_tolerance_leaves_labels_and_the_number_of_threads_alone(quantity):
    mixture = picture_model(n_components=60, size=100)
    options = {"quantity": quantity, "tolerance": 0.01}
    image = render_grid(mixture, (40, 101), n_threads=1, **options)
    np.testing.assert_array_equal(render_grid(mixture, (40, 101), n_threads=3, **options), image)
    if quantity == "label":
        np.testing.assert_array_equal(image, render_grid(mixture, (40, 101), quantity="label"))

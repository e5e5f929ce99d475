"""Tests of mixture/algebra.py and mixture/operations.py: products, affine maps, components."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from gmmfast import Mixture, _memory
from support.checks import check_message, refusal
from support.models import EVERY_TYPE, build


def midpoints(low, high, n):
    """Midpoints of n equal intervals, and the width of one: sums of smooth densities that
    vanish at both ends converge faster than any power of it."""
    width = (high - low) / n
    return low + width * (np.arange(n) + 0.5), width


PAIRS = [(a, b) for i, a in enumerate(EVERY_TYPE) for b in EVERY_TYPE[i:]]


COMMON = {
    ("full", "full"): "full",
    ("tied", "tied"): "tied",
    ("diag", "diag"): "diag",
    ("spherical", "spherical"): "spherical",
    ("diag", "spherical"): "diag",
    ("tied", "tied-diag"): "tied",
    ("tied", "tied-spherical"): "tied",
    ("diag", "tied-diag"): "diag",
    ("diag", "tied-spherical"): "diag",
    ("spherical", "tied-diag"): "diag",
    ("spherical", "tied-spherical"): "spherical",
    ("tied-diag", "tied-diag"): "tied-diag",
    ("tied-diag", "tied-spherical"): "tied-diag",
    ("tied-spherical", "tied-spherical"): "tied-spherical",
}


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_product_is_the_product_of_the_densities_also_in_the_tails(first, second):
    left, right = build(3, 3, first), build(4, 3, second, seed=1)
    for one, other in ((left, right), (right, left)):
        mixture, log_normalizer = one.product(other)
        assert mixture.n_components == 12
        assert mixture.covariance_type == COMMON.get((first, second), "full")
        points = np.random.default_rng(2).normal(scale=[[3], [300], [1e5]], size=(3, 3))
        expected = one.score_samples(points) + other.score_samples(points) - log_normalizer
        np.testing.assert_allclose(mixture.score_samples(points), expected, rtol=1e-11, atol=1e-9)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_the_normalizer_is_the_integral_of_the_product(covariance_type):
    left, right = build(3, 2, covariance_type, spread=2), build(2, 2, "full", seed=1, spread=2)
    axis, width = midpoints(-16, 16, 400)
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    both = left.score_samples(points) + right.score_samples(points)
    integral = np.exp(both).sum() * width**2
    product = left.product(right)
    assert product.log_normalizer == pytest.approx(np.log(integral), abs=1e-11)
    assert product.mixture.weights.sum() == pytest.approx(1, abs=1e-12)


def test_a_product_of_what_is_far_apart_does_not_underflow():
    left = Mixture([0.5, 0.5], [[0.0], [1.0]], [1.0, 1.0])
    right = Mixture([1.0], [[1000.0]], [1.0])
    mixture, log_normalizer = left.product(right)
    # N(1; 1000, 2) and a share of the other, 1001 smaller in the exponent's half.
    nearer = multivariate_normal(1000, 2).logpdf(1.0) + np.log(0.5)
    assert log_normalizer == pytest.approx(nearer, rel=1e-14)
    np.testing.assert_allclose(mixture.mean(), [500.5])
    point = [[-1e4]]
    expected = left.score_samples(point) + right.score_samples(point) - log_normalizer
    np.testing.assert_allclose(mixture.score_samples(point), expected, rtol=1e-12)


def test_a_product_with_a_needle_is_positive_definite():
    left = build(3, 3, "full")
    needle = np.diag([1e-14, 1.0, 1e8])
    right = Mixture([1.0], [[1.0, 2.0, 3.0]], [needle])
    mixture, _ = left.product(right)
    assert (np.linalg.eigvalsh(mixture.covariances) > 0).all()
    np.testing.assert_allclose(mixture.covariances[:, 0, 0], 1e-14, rtol=1e-9)


def test_products_are_the_same_in_chunks(monkeypatch):
    left, right = build(6, 2, "full"), build(5, 2, "tied", seed=1)
    whole = left.product(right)
    monkeypatch.setattr("gmmfast.mixture.chunks.CHUNK", 45)
    chunked = left.product(right)
    np.testing.assert_allclose(chunked.mixture.means, whole.mixture.means, rtol=1e-14)
    assert chunked.log_normalizer == pytest.approx(whole.log_normalizer, rel=1e-14)


def test_a_product_remembers_the_picture_of_the_first():
    left, right = build(2, 2, "full").with_extent([(0, 4), (0, 3)]), build(2, 2, "diag")
    assert left.product(right).mixture.extent == ((0.0, 4.0), (0.0, 3.0))
    assert right.product(left).mixture.extent is None


def test_products_beyond_memory_are_refused(monkeypatch):
    monkeypatch.setattr(_memory, "available_bytes", lambda: 10**6)
    many = Mixture(np.full(1000, 1e-3), np.zeros((1000, 2)), np.ones(1000))
    message = refusal(MemoryError, many.product, many)
    check_message(message, "other: expected a result that fits.*Mixture")


def test_unlike_features_are_refused():
    left, right = build(2, 2, "full"), build(2, 3, "full")
    calls = (
        left.product,
        left.kl_divergence,
        left.kl_divergence_variational,
        left.kl_divergence_upper_bound,
    )
    for call in calls:
        check_message(refusal(ValueError, call, right), "other: expected .* 2 features.* got 3")


SQUARE = np.array([[2.0, 1, 0], [0, -1, 3], [0.5, 0, 1]])


ROTATION = np.array([[0.8, 0.6, 0], [-0.6, 0.8, 0], [0, 0, 1]])


MONOMIAL = np.array([[0, 0, -3.0], [2, 0, 0], [0, 0.5, 0]])


MAPS = {"any": SQUARE, "rotation": 3 * ROTATION, "scaled axes": MONOMIAL}


KEPT = {
    "any": {"full", "tied"},
    "rotation": {"full", "tied", "spherical", "tied-spherical"},
    "scaled axes": {"full", "tied", "diag", "tied-diag"},
}


#: The type of a map that does not keep the type of a mixture; otherwise it is "full".
SIMPLER = {
    ("spherical", "scaled axes"): "diag",
    ("tied-spherical", "scaled axes"): "tied-diag",
    ("tied-spherical", "any"): "tied",
    ("tied-diag", "any"): "tied",
    ("tied-diag", "rotation"): "tied",
}


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
@pytest.mark.parametrize("name", MAPS)
def test_densities_change_by_the_determinant_also_in_the_tails(name, covariance_type):
    mixture, matrix, offset = build(4, 3, covariance_type), MAPS[name], np.array([5.0, -1, 300])
    mapped = mixture.transform(matrix, offset)
    points = np.random.default_rng(1).normal(scale=[[3], [30], [3000]], size=(3, 3))
    expected = mixture.score_samples(points) - np.log(np.abs(np.linalg.det(matrix)))
    # The mapped points are rounded, by 1e-16 of 1e4 where the log-density is steep.
    there = mapped.score_samples(points @ matrix.T + offset)
    np.testing.assert_allclose(there, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
@pytest.mark.parametrize("name", MAPS)
def test_the_covariance_type_stays_where_the_map_keeps_it(name, covariance_type):
    mapped = build(4, 3, covariance_type).transform(MAPS[name])
    kept = covariance_type in KEPT[name]
    simpler = SIMPLER.get((covariance_type, name), "full")
    assert mapped.covariance_type == (covariance_type if kept else simpler)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_a_flat_map_gives_the_distribution_of_what_it_shows(covariance_type):
    mixture = build(3, 3, covariance_type)
    flat = np.array([[1.0, 2, 0], [0, 1, -1]])
    mapped = mixture.transform(flat, [1, 2])
    np.testing.assert_allclose(mapped.mean(), flat @ mixture.mean() + [1, 2], rtol=1e-12)
    expected = flat @ mixture.covariance() @ flat.T
    np.testing.assert_allclose(mapped.covariance(), expected, rtol=1e-12)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_leaving_out_features_is_a_map(covariance_type):
    mixture = build(3, 3, covariance_type)
    mapped, marginal = mixture.transform(np.eye(3)[[2, 0]]), mixture.marginal([2, 0])
    assert mapped.covariance_type == covariance_type
    np.testing.assert_array_equal(mapped.means, marginal.means)
    np.testing.assert_array_equal(mapped.covariances, marginal.covariances)


def test_features_may_be_mapped_to_units_of_any_size():
    mixture, sizes = build(3, 2, "full"), np.array([1e-20, 1e20])
    mapped = mixture.transform(np.diag(sizes))
    np.testing.assert_allclose(mapped.means, mixture.means * sizes, rtol=1e-15)


def test_there_and_back_is_the_same_mixture():
    mixture = build(5, 3, "full")
    there = mixture.transform(SQUARE, [1, 2, 3])
    inverse = np.linalg.inv(SQUARE)
    back = there.transform(inverse, -inverse @ [1, 2, 3])
    np.testing.assert_allclose(back.means, mixture.means, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(back.covariances, mixture.covariances, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(back.weights, mixture.weights, rtol=1e-14)


def test_weights_below_float64_survive_a_map():
    joint = Mixture([0.5, 0.5], [[0.0, 0.0], [1.0, 0.0]], [1.0, 1.0])
    far = joint.condition([0], [1e4])
    assert far.weights[0] == 0
    point = [[0.5]]
    mapped = far.transform([[2.0]])
    np.testing.assert_allclose(
        mapped.score_samples([[1.0]]), far.score_samples(point) - np.log(2), rtol=1e-13
    )
    np.testing.assert_allclose(mapped._core.log_weights, far._core.log_weights)


EXTENTS = {
    "scaled": ([[2, 0, 0], [0, 3, 0], [0, 0, 1]], [10, 0, 0], ((10.0, 18.0), (0.0, 9.0))),
    "mirrored": ([[-1, 0, 0], [0, 1, 0], [0, 0, 1]], None, ((-4.0, -0.0), (0.0, 3.0))),
    "transposed": ([[0, 1, 0], [1, 0, 0], [0, 0, 1]], None, ((0.0, 3.0), (0.0, 4.0))),
    "shifted where its ends are one": (np.eye(3), [1e20, 0, 0], None),
    "sheared": ([[1, 1, 0], [0, 1, 0], [0, 0, 1]], None, None),
    "x alone": ([[1, 0, 0]], None, None),
    "another feature first": ([[0, 0, 1], [1, 0, 0], [0, 1, 0]], None, None),
    "colors mixed": ([[1, 0, 0], [0, 1, 0], [1, 1, 1]], None, ((0.0, 4.0), (0.0, 3.0))),
}


@pytest.mark.parametrize("name", EXTENTS)
def test_the_extent_is_mapped_where_it_can_be(name):
    matrix, offset, expected = EXTENTS[name]
    mixture = build(3, 3, "full").with_extent([(0, 4), (0, 3)])
    assert mixture.transform(np.array(matrix, float), offset).extent == expected


BAD_MAPS = {
    "a column short": (np.ones((2, 2)), None, r"matrix: expected shape \(n_out, 3\)"),
    "too many rows": (np.ones((4, 3)), None, r"matrix: expected shape \(n_out, 3\)"),
    "no rows": (np.ones((0, 3)), None, r"matrix: expected shape \(n_out, 3\)"),
    "rows depend": ([[1, 0, 0], [2, 0, 0]], None, "matrix: expected 2 rows .* got rank 1"),
    "a row of zeros": ([[1, 0, 0], [0, 0, 0]], None, "matrix: expected 2 rows .* got rank 1"),
    "NaN": ([[1, np.nan, 0]], None, "matrix: expected finite"),
    "1-D": ([1, 2, 3], None, "matrix: expected a 2-D"),
    "offset": (np.eye(3), [1, 2], r"offset: expected shape \(3,\)"),
    "infinite offset": (np.eye(3), [1, 2, np.inf], "offset: expected finite"),
    "overflow": (np.eye(3) * 1e200, None, "matrix: expected a map that leaves"),
}


@pytest.mark.parametrize("name", BAD_MAPS)
def test_bad_maps_are_refused(name):
    matrix, offset, pattern = BAD_MAPS[name]
    message = refusal(ValueError, build(2, 3, "full").transform, matrix, offset)
    check_message(message, pattern)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_the_components_are_the_mixtures_terms(covariance_type):
    mixture = build(4, 3, covariance_type)
    points = np.random.default_rng(1).normal(scale=4, size=(20, 3))
    densities = [np.exp(mixture.component(k).score_samples(points)) for k in range(4)]
    total = np.log(mixture.weights @ densities)
    np.testing.assert_allclose(total, mixture.score_samples(points), rtol=1e-11)
    assert mixture.component(2).covariance_type == covariance_type


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        (4, ValueError, "index: expected 0 to 3, got 4"),
        (-1, ValueError, "index: expected 0 to 3, got -1"),
        (1.0, TypeError, "index: expected an integer, got 1.0"),
        (True, TypeError, "index: expected an integer, got True"),
        (np.bool_(1), TypeError, f"index: expected an integer, got {np.True_!r}"),
        ([1], TypeError, "index: expected an integer, got [1]"),
    ],
)
def test_what_is_no_component_is_refused(index, error, message):
    assert refusal(error, build(4, 3, "full").component, index) == message


def test_a_map_of_colors_or_to_fewer_features_loses_the_kind():
    color = build(2, 5, "full").with_kind("color").with_extent([(0, 4), (0, 3)])
    turned, luma, lit = np.eye(5)[[1, 0, 2, 3, 4]], np.eye(5), np.eye(5)
    luma[2, 2:], lit[0, 4] = [0.3, 0.6, 0.1], 1
    assert color.transform(turned, [1, 2, 0, 0, 0]).kind == "color"
    for matrix, offset in ((luma, None), (lit, None), (np.eye(5), [0, 0, 0, 0, 1])):
        assert color.transform(matrix, offset).kind is None
    ink = color.transform(np.eye(5)[:2])
    assert (Mixture.from_json(ink.to_json()).kind, ink.extent) == (None, color.extent)
    assert ink.with_kind("ink").transform([[1, 0]]).kind is None
    assert build(2, 6, "full").with_kind("video").transform(np.eye(6)[:2]).kind is None

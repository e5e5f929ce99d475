"""Tests of mixture/mixture.py, mixture/parameters.py and mixture/evaluation.py."""

import copy
import pickle
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from gmmfast import Mixture
from oracle.textbook import exact_log_density, textbook_conditional, textbook_log_density
from support.checks import check_message, refusal
from support.models import (
    COVARIANCE_TYPES,
    as_gaussian_mixture,
    as_scikit_learn,
    build,
    full_parameters,
    matrices,
    random_parameters,
)


def test_a_fitted_estimator_scores_as_scikit_learn_does(fitted):
    estimator, points = fitted
    same = as_gaussian_mixture(estimator)
    # scikit-learn's own arithmetic on float32 parameters: precision factors of relative error
    # 6e-8 times the condition number (tens), in distances of up to some tens.
    atol = 1e-4 if estimator.means_.dtype == np.float32 else 1e-9
    points = points.astype(np.float64)
    ours = Mixture.from_model(estimator).score_samples(points)
    np.testing.assert_allclose(ours, same.score_samples(points), rtol=0, atol=atol)


def test_float32_parameters_are_computed_with_in_float64(fitted):
    estimator, points = fitted
    mixture = Mixture.from_model(estimator)
    same = as_scikit_learn(*full_parameters(mixture))
    np.testing.assert_array_equal(mixture.means, estimator.means_)
    np.testing.assert_array_equal(mixture.weights, estimator.weights_)
    np.testing.assert_array_equal(mixture.covariances, estimator.covariances_)
    assert mixture.covariance_type == estimator.covariance_type
    assert mixture.means.dtype == mixture.score_samples(points).dtype == np.float64
    expected = same.score_samples(points.astype(np.float64))
    # Rounding of float64, times a condition number of up to thousands.
    np.testing.assert_allclose(mixture.score_samples(points), expected, rtol=1e-11, atol=1e-11)


def test_a_mixture_is_its_own_model():
    mixture = build(3, 2, "full")
    assert Mixture.from_model(mixture) is mixture


@pytest.mark.parametrize("container", [tuple, list])
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_the_covariance_type_of_a_triple_is_told_from_the_shape(covariance_type, container):
    parameters = random_parameters(3, 2, covariance_type)
    mixture = Mixture.from_model(container(parameters))
    assert mixture.covariance_type == covariance_type
    assert (mixture.n_components, mixture.n_features) == (3, 2)
    np.testing.assert_array_equal(mixture.covariances, parameters[2])


def test_a_shape_that_fits_two_types_asks_for_the_type():
    weights, means, square = [0.3, 0.7], [[0.0, 1.0], [2.0, 3.0]], [[2.0, 0.5], [0.5, 3.0]]
    with pytest.raises(ValueError, match=r"covariance_type: expected one of \['tied', 'diag'\]"):
        Mixture(weights, means, square)
    points = np.array([[0.5, 0.5], [4.0, -1.0]])
    for covariance_type in ("tied", "diag"):
        mixture = Mixture(weights, means, square, covariance_type=covariance_type)
        full = matrices(means, square, covariance_type)
        expected = textbook_log_density(weights, np.array(means), full, points)
        np.testing.assert_allclose(mixture.score_samples(points), expected, rtol=1e-13)
    assert Mixture(weights, means, [square] * 2).covariance_type == "full"


@pytest.mark.parametrize("n_features", [1, 2, 16])
@pytest.mark.parametrize("n_components", [1, 3, 33])
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_log_densities_follow_the_textbook(covariance_type, n_components, n_features):
    mixture = build(n_components, n_features, covariance_type)
    # Not a multiple of any vector length, and more than one piece of work.
    points = np.random.default_rng(1).normal(scale=6, size=(1237, n_features))
    expected = textbook_log_density(*full_parameters(mixture), points)
    # Explicit inverses cost the textbook some digits.
    np.testing.assert_allclose(mixture.score_samples(points), expected, rtol=1e-11, atol=1e-11)


def test_one_component_is_the_normal_distribution_of_scipy():
    mixture = build(1, 3, "full")
    points = np.random.default_rng(1).normal(scale=3, size=(50, 3))
    expected = multivariate_normal(mixture.means[0], mixture.covariances[0]).logpdf(points)
    np.testing.assert_allclose(mixture.score_samples(points), expected, rtol=1e-12)


@pytest.mark.parametrize("deviations", [1e3, 1e7, 1.5e7])
@pytest.mark.parametrize("n_features", [1, 2, 16])
@pytest.mark.parametrize("n_components", [1, 3])
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_far_tails_keep_full_relative_accuracy(
    covariance_type, n_components, n_features, deviations
):
    mixture = build(n_components, n_features, covariance_type)
    _, means, full = full_parameters(mixture)
    directions = np.random.default_rng(2).normal(size=(3, n_features))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    # At exactly so many standard deviations of the widest component, about which p is largest.
    widest = int(np.argmax(np.linalg.det(full)))
    points = means[widest] + deviations * directions @ np.linalg.cholesky(full[widest]).T
    scores = mixture.score_samples(points)
    assert np.isfinite(scores).all()
    if n_components == 1:  # log p about -1.1e14 at 1.5e7 deviations
        np.testing.assert_allclose(scores, -0.5 * deviations**2, rtol=1e-4)
    for point, score in zip(points, scores, strict=True):
        exact = exact_log_density(mixture, point)
        assert abs((mpmath.mpf(float(score)) - exact) / exact) < 1e-12


def test_a_distance_that_overflows_is_minus_infinity_and_never_nan():
    scores = build(3, 2, "full").score_samples([[1e200, 0.0], [-1e308, 1e308], [0.0, 0.0]])
    assert scores[:2].tolist() == [-np.inf, -np.inf]
    assert np.isfinite(scores[2])


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_a_difference_that_overflows_is_minus_infinity_and_never_nan(covariance_type):
    covariances = matrices([[0.0, 0.0]], [1.0], "spherical")  # off the diagonal there are zeros
    compressed = {"full": covariances, "tied": covariances[0], "diag": [[1.0, 1.0]]}
    mixture = Mixture(
        [1.0],
        [[-1e308, 0.0]],
        compressed.get(covariance_type, [1.0]),
        covariance_type=covariance_type,
    )
    assert mixture.score_samples([[1e308, 0.0]]).tolist() == [-np.inf]
    assert np.isfinite(mixture.score_samples([[-1e308, 0.0]])).all()


@pytest.mark.parametrize("scale", [1e-100, 1e-20, 1e20, 1e100])
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_units_of_the_features_do_not_matter(covariance_type, scale):
    weights, means, covariances = random_parameters(3, 2, covariance_type)
    points = np.random.default_rng(1).normal(scale=6, size=(20, 2))
    original = Mixture(weights, means, covariances, covariance_type=covariance_type)
    scaled = Mixture(
        weights, means * scale, covariances * scale**2, covariance_type=covariance_type
    )
    expected = original.score_samples(points) - 2 * np.log(scale)
    # Log-densities of some hundreds, rounded a few times.
    np.testing.assert_allclose(scaled.score_samples(points * scale), expected, atol=1e-11)


@pytest.mark.parametrize("covariance_type", ["full", "diag", "spherical"])
def test_components_of_weight_zero_take_no_part(covariance_type):
    weights, means, covariances = random_parameters(4, 2, covariance_type)
    keep = [0, 2]
    weights[[1, 3]] = 0
    weights /= weights.sum()
    mixture = Mixture(weights, means, covariances)
    without = Mixture(
        weights[keep], means[keep], covariances[keep], covariance_type=covariance_type
    )
    # At the zero-weight component's own mean, and where it would win by far.
    points = np.vstack([means[1], means[1] + 1e6, means])
    expected = without.score_samples(points)
    np.testing.assert_allclose(mixture.score_samples(points), expected, rtol=1e-14)
    conditioned, conditioned_without = (m.condition([0], [2.0]) for m in (mixture, without))
    assert conditioned.weights[[1, 3]].tolist() == [0, 0]
    np.testing.assert_allclose(conditioned.weights[keep], conditioned_without.weights, rtol=1e-13)


def test_the_number_of_threads_changes_no_bit():
    mixture = build(20, 3, "full")
    points = np.random.default_rng(1).normal(scale=6, size=(5003, 3))
    default = mixture.score_samples(points)
    for n_threads in (1, 2, 3, np.int64(8)):
        np.testing.assert_array_equal(mixture.score_samples(points, n_threads=n_threads), default)


def test_a_point_scores_the_same_in_any_company():
    mixture = build(20, 3, "full")
    points = np.random.default_rng(1).normal(scale=6, size=(67, 3))
    alone = [mixture.score_samples(point[None])[0] for point in points]
    np.testing.assert_array_equal(mixture.score_samples(points), alone)
    assert mixture.score_samples(np.empty((0, 3))).shape == (0,)


def unaligned(array):
    data = np.frombuffer(b"\0" + array.tobytes(), dtype=array.dtype, offset=1)
    return data.reshape(array.shape)


@pytest.mark.parametrize(
    "layout",
    [
        np.ndarray.tolist,
        np.asfortranarray,
        unaligned,
        lambda a: a.astype(">f8"),
        lambda a: a.astype(np.longdouble),
        lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
        lambda a: np.flip(np.flip(a).copy()),
    ],
    ids=["list", "Fortran", "unaligned", "big-endian", "long double", "strided", "reversed"],
)
def test_the_layout_of_arrays_does_not_matter(layout):
    parameters = random_parameters(3, 2, "full")
    points = np.random.default_rng(1).normal(size=(9, 2))
    expected = Mixture(*parameters).score_samples(points)
    actual = Mixture(*map(layout, parameters)).score_samples(layout(points))
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("given", [[0], [2, 0], [1, 3, 0]])
def test_conditioning_follows_bishop(given, covariance_type):
    mixture = build(5, 4, covariance_type)
    point = np.random.default_rng(1).normal(scale=3, size=len(given))
    conditioned = mixture.condition(given, point)
    assert conditioned.covariance_type == covariance_type
    weights, means, full = textbook_conditional(*full_parameters(mixture), given, point)
    np.testing.assert_allclose(conditioned.weights, weights, rtol=1e-11)
    np.testing.assert_allclose(conditioned.means, means, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(full_parameters(conditioned)[2], full, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("features", [[3], [2, 0], np.array([1, 3, 0]), (3, 2, 1, 0)])
def test_marginals_select_features_in_the_order_asked(features, covariance_type):
    mixture = build(5, 4, covariance_type)
    marginal = mixture.marginal(features)
    assert marginal.covariance_type == covariance_type
    np.testing.assert_array_equal(marginal.weights, mixture.weights)
    np.testing.assert_array_equal(marginal.means, mixture.means[:, list(features)])
    expected = full_parameters(mixture)[2][:, features][:, :, features]
    np.testing.assert_array_equal(full_parameters(marginal)[2], expected)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_the_chain_rule_holds(covariance_type):
    mixture = build(5, 4, covariance_type)
    given, rest = [3, 1], [0, 2]
    for point in np.random.default_rng(1).normal(scale=6, size=(10, 4)):
        p_given = mixture.marginal(given).score_samples(point[None, given])
        p_rest = mixture.condition(given, point[given]).score_samples(point[None, rest])
        # Rounding of log-densities of some tens.
        np.testing.assert_allclose(
            p_given + p_rest, mixture.score_samples(point[None]), rtol=1e-12, atol=1e-12
        )


@pytest.mark.parametrize("name", ["weights", "means", "covariances"])
def test_a_mixture_cannot_be_changed(name):
    mixture = build(3, 2, "full")
    with pytest.raises(ValueError, match="read-only"):
        getattr(mixture, name)[0] = 7
    with pytest.raises(AttributeError):
        setattr(mixture, name, np.ones(3))


def test_the_arrays_of_the_caller_may_change_afterwards():
    parameters = random_parameters(3, 2, "full")
    mixture = Mixture(*parameters, extent=[(0, 1)])
    kept = [array.copy() for array in parameters]
    before = mixture.score_samples([[1.0, 2.0]])
    for array in parameters:
        assert array.flags.writeable
        array[:] = np.nan
    np.testing.assert_array_equal(mixture.score_samples([[1.0, 2.0]]), before)
    for name, array in zip(("weights", "means", "covariances"), kept, strict=True):
        np.testing.assert_array_equal(getattr(mixture, name), array)


def pickled(mixture):
    return pickle.loads(pickle.dumps(mixture))  # noqa: S301 (our own bytes)


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, pickled])
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_a_copy_is_the_same_mixture(covariance_type, clone):
    mixture = build(2, 2, covariance_type).with_extent([(0, 4), (3, -1)]).with_kind("ink")
    mixture = mixture.with_feature_names(["a", "b"])
    twin = clone(mixture)
    points = [[1.0, 2.0], [30.0, -40.0]]
    np.testing.assert_array_equal(twin.score_samples(points), mixture.score_samples(points))
    assert repr(twin) == repr(mixture)
    assert twin.extent == ((0.0, 4.0), (3.0, -1.0))
    assert (twin.kind, twin.feature_names) == ("ink", ("a", "b"))
    assert not twin.means.flags.writeable


def test_a_pickle_keeps_weights_below_float64():
    joint = Mixture([0.5, 0.5], [[0.0, 0.0], [1.0, 60.0]], [1.0, 1.0])
    far = joint.condition([0], [-1e3])
    twin = pickled(far)
    assert twin.weights[1] == 0
    assert twin.score_samples([[60.0]]) == far.score_samples([[60.0]])
    assert twin.score_samples([[60.0]])[0] == pytest.approx(-1000.5 - 0.5 * np.log(2 * np.pi))


def test_one_number_is_a_covariance_that_is_tied_and_spherical():
    mixture = Mixture([1.0], [[0.0, 1.0]], 4.0, covariance_type="tied-spherical")
    np.testing.assert_array_equal(mixture.covariance(), 4 * np.eye(2))


def test_weights_that_are_rounded_are_normalized():
    mixture = Mixture([0.5, 0.5000004], [[0.0], [1.0]], [1.0, 1.0])
    assert mixture.cdf([np.inf]) == 1
    assert mixture.cdf([np.inf], log=True) == pytest.approx(0, abs=1e-15)


def test_any_object_with_the_attributes_of_a_fit_is_a_model():
    attributes = {"weights_": [1.0], "means_": [[0.0, 1.0]], "covariances_": [2.0]}
    model = SimpleNamespace(**attributes, covariance_type="spherical")
    assert repr(Mixture.from_model(model)) == repr(Mixture([1.0], [[0.0, 1.0]], [2.0]))


def test_a_mixture_shows_its_sizes():
    mixture = Mixture([1.0], [[0.0, 1.0]], [2.0])
    shown = "n_components=1, n_features=2, covariance_type='spherical'"
    assert repr(mixture) == f"Mixture({shown})"
    extended = mixture.with_extent([(0, 1)])
    assert repr(extended) == f"Mixture({shown}, extent=((0.0, 1.0),))"
    for clone in (pickled, lambda m: Mixture.from_json(m.to_json())):
        assert repr(clone(extended)) == repr(extended)


def test_the_kind_stays_where_the_features_do():
    ink = build(2, 2, "full").with_kind("ink").with_extent([(0, 4), (0, 3)])
    assert ink.product(ink).mixture.kind == "ink"
    assert ink.component(0).kind == "ink"
    assert ink.transform(2 * np.eye(2)).kind == "ink"
    assert ink.transform([[1, 1], [0, 1]]).kind == "ink"
    assert ink.with_extent(None).product(ink).mixture.kind == "ink"
    assert ink.with_extent(None).component(0).kind == "ink"
    assert ink.marginal([0, 1]).kind is None
    assert ink.condition([0], [1.0]).kind is None
    estimator = ink.to_sklearn()
    assert Mixture.from_model(estimator).kind == "ink"
    for other in ("color", "photo", 5):  # of other features, unknown, no text
        estimator.kind_ = other
        assert Mixture.from_model(estimator).kind is None


def test_the_extent_is_remembered_where_it_keeps_its_meaning():
    mixture = Mixture(*random_parameters(3, 2, "full"), extent=np.array([[0, 5], [1, 2]]))
    assert mixture.extent == ((0.0, 5.0), (1.0, 2.0))
    assert mixture.with_extent([(7, 8)]).extent == ((7.0, 8.0),)
    assert mixture.component(1).extent == mixture.extent
    assert mixture.with_extent(None).extent is None
    assert mixture.extent == ((0.0, 5.0), (1.0, 2.0))
    assert mixture.marginal([0]).extent is None
    assert mixture.condition([0], [1.0]).extent is None
    assert "extent=((0.0, 5.0), (1.0, 2.0))" in repr(mixture)


def test_names_stay_with_their_features():
    mixture = Mixture(*random_parameters(3, 3, "full")).with_feature_names(
        np.array(["a", "b", "c"])
    )
    assert mixture.feature_names == ("a", "b", "c")
    assert mixture.marginal([2, 0]).feature_names == ("c", "a")
    assert mixture.condition([1], [0.5]).feature_names == ("a", "c")
    many = mixture.condition([2, 0], [[0.5, 1.0]])
    assert many[0].feature_names == ("b",)
    assert mixture.component(1).feature_names == ("a", "b", "c")
    assert mixture.product(mixture).mixture.feature_names == ("a", "b", "c")
    assert mixture.transform(np.eye(3)).feature_names is None
    assert mixture.with_feature_names(None).feature_names is None
    assert mixture.with_extent([(0, 1)]).feature_names == ("a", "b", "c")


@pytest.mark.parametrize("names", [["a"], ["a", "b", "b"], ["a", "b", 3], ["a", "b", "c\0"]])
def test_other_names_than_one_for_each_feature_are_refused(names):
    mixture = Mixture(*random_parameters(3, 3, "full"))
    message = refusal(ValueError, mixture.with_feature_names, names)
    check_message(message, "feature_names: expected")
    for kind in ("abc", 7):
        message = refusal(TypeError, mixture.with_feature_names, kind)
        check_message(message, "feature_names: expected a sequence of str or None, got")

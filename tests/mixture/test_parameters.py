"""A model's parameters are those that scikit-learn's score_samples reads."""

from types import SimpleNamespace

import numpy as np
import pytest

import gmmfast
from gmmfast import BayesianGaussianMixture, GaussianMixture, Mixture
from gmmfast.mixture.layouts import agree, precisions_cholesky
from gmmfast.mixture.parameters import (
    covariances_of_model,
    expected_log_weights,
    n_positions,
)
from support.checks import refusal
from support.estimators import PAIRS, clouds
from support.models import COVARIANCE_TYPES, random_parameters

POINTS = clouds()
SHAPE = (7, 8, 9)
GRID = np.argwhere(np.ones(SHAPE))[:, ::-1].astype(float)
CLASSES = [each for pair in PAIRS for each in pair]
OPTIONS = {"n_components": 3, "random_state": 0, "max_iter": 500}


def of_factors(cls, covariance_type):
    """A model with all that scikit-learn's predict needs and nothing else, and its covariances."""
    weights, means, covariances = random_parameters(3, 3, covariance_type)
    model = cls(n_components=3, covariance_type=covariance_type)
    model.weights_, model.means_ = weights, means
    model.precisions_cholesky_ = precisions_cholesky(covariances, covariance_type)
    if "Bayesian" in cls.__name__:
        model.weight_concentration_ = (np.full(3, 9.0), np.full(3, 5.0))
        model.mean_precision_ = np.full(3, 9.0)
        model.degrees_of_freedom_ = 12.0 if covariance_type == "tied" else np.full(3, 12.0)
    return model, covariances


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("stale", [None, 1.0, 1 + 1e-5, 9.0, np.nan])
def test_precisions_count_and_covariances_may_be_missing_or_stale(cls, covariance_type, stale):
    model, covariances = of_factors(cls, covariance_type)
    if stale is not None:
        model.covariances_ = stale * covariances
    mixture = Mixture.from_model(model)
    np.testing.assert_allclose(mixture.covariances, covariances, rtol=1e-12, atol=1e-12)
    picture = gmmfast.render_grid(model, SHAPE, quantity="log_density").ravel()
    np.testing.assert_allclose(picture, model.score_samples(GRID), rtol=1e-10)
    if "Bayesian" not in cls.__name__:  # its score_samples is an expectation
        np.testing.assert_allclose(picture, mixture.score_samples(GRID), rtol=1e-10)
    scores = {
        each: vars_of(each, model).score_samples(POINTS)
        for each in CLASSES
        if each.__name__ == cls.__name__
    }
    np.testing.assert_allclose(*scores.values(), rtol=1e-10)


def vars_of(cls, model):
    other = cls()
    vars(other).update(vars(model))
    return other


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("cls", CLASSES)
def test_the_covariances_of_a_fit_keep_all_digits(cls, covariance_type, dtype):
    model = cls(covariance_type=covariance_type, **OPTIONS).fit(POINTS.astype(dtype))
    mixture = Mixture.from_model(model)
    np.testing.assert_array_equal(mixture.covariances, model.covariances_.astype(np.float64))


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("exponent", [0, 2, 4])
def test_rounding_is_told_from_a_change(covariance_type, dtype, exponent):
    scales = 10.0 ** np.linspace(-exponent, exponent, 3)
    units = {"full": scales[:, None] * scales, "diag": scales**2, "spherical": 1.0}
    covariances = random_parameters(200, 3, covariance_type)[2]
    covariances = covariances * units.get(covariance_type, units["full"])
    factors = precisions_cholesky(covariances, covariance_type)
    covariances, factors = covariances.astype(dtype), factors.astype(dtype)
    assert agree(covariances, factors, covariance_type)
    assert not agree(covariances * dtype(1 + 2e-3), factors, covariance_type)
    if dtype is np.float64:
        assert not agree(covariances * (1 + 1e-9), factors, covariance_type)


def test_nearly_singular_covariances_agree_with_their_factors():
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(300, 4, 4)))[0]
    lengths = 10.0 ** rng.uniform(-5, 0, (300, 4))
    covariances = (axes * lengths[:, None] ** 2) @ axes.swapaxes(1, 2)
    factors = precisions_cholesky(covariances, "full")
    # Where rounding exceeds a thousandth, nothing can be told, and the factors count.
    told = [agree(c[None], f[None], "full") for c, f in zip(covariances, factors, strict=True)]
    assert np.mean(told) > 0.99


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_files_displays_and_conditionals_take_a_model_without_covariances(
    covariance_type, tmp_path
):
    model, covariances = of_factors(GaussianMixture, covariance_type)
    whole = Mixture(model.weights_, model.means_, covariances, covariance_type=covariance_type)
    Mixture.from_model(model).save(tmp_path / "model.npz")
    np.testing.assert_allclose(Mixture.load(tmp_path / "model.npz").covariances, covariances)
    np.testing.assert_allclose(
        Mixture.from_model(model).condition([0], [0.5]).mean(), whole.condition([0], [0.5]).mean()
    )
    np.testing.assert_allclose(
        gmmfast.render_samples(model, SHAPE, 1000, random_state=0).sum(),
        gmmfast.render_samples(whole, SHAPE, 1000, random_state=0).sum(),
    )


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("ours", [GaussianMixture, BayesianGaussianMixture])
def test_a_model_without_covariances_is_drawn_from(ours, covariance_type):
    model, covariances = of_factors(ours, covariance_type)
    model.random_state = 0
    points, labels = model.sample(100)
    assert not hasattr(model, "covariances_")
    model.covariances_ = covariances
    expected, expected_labels = model.sample(100)
    np.testing.assert_allclose(points, expected, rtol=1e-10)
    np.testing.assert_array_equal(labels, expected_labels)


def test_factors_that_cannot_be_inverted_are_refused():
    model, _ = of_factors(GaussianMixture, "full")
    model.precisions_cholesky_ = np.zeros((3, 3, 3))
    assert refusal(ValueError, Mixture.from_model, model) == (
        "precisions_cholesky_: expected triangular matrices without zeros on the diagonal, got a "
        "singular one; set it as scikit-learn's fit does"
    )
    del model.precisions_cholesky_
    with pytest.raises(ValueError, match="unfitted GaussianMixture"):
        Mixture.from_model(model)


def test_factors_that_scikit_learn_could_not_read_do_not_count():
    covariances = np.stack([np.eye(2)] * 3)
    means, factors = np.zeros((3, 2)), covariances

    def found(**attributes):
        given = {"means_": means, "precisions_cholesky_": factors, "covariance_type": "full"}
        return covariances_of_model(SimpleNamespace(**(given | attributes)))

    # What is not of the type's shape is left to the checks of covariances, or comes from factors.
    assert found(covariances_=covariances, means_=np.zeros(3)) is covariances
    assert found(covariances_=covariances, precisions_cholesky_=2 * factors[:2]) is covariances
    assert found(covariances_=covariances, covariance_type="round") is covariances
    assert found(covariance_type="round") is None
    np.testing.assert_array_equal(found(covariances_=covariances[:1]), covariances)
    np.testing.assert_array_equal(found(), covariances)


@pytest.mark.parametrize("covariance_type", ["tied-diag", "tied-spherical"])
def test_precisions_count_in_types_that_scikit_learn_lacks(covariance_type):
    model, covariances = of_factors(GaussianMixture, covariance_type)
    model.covariances_ = 9 * covariances
    np.testing.assert_allclose(Mixture.from_model(model).covariances, covariances, rtol=1e-12)


def test_a_clip_has_three_positions_and_a_picture_two():
    def positions(n_features, kind=None, n_axes=0):
        mixture = Mixture([1.0], np.zeros((1, n_features)), [1.0], covariance_type="spherical")
        extent = [(0, 1)] * n_axes or None
        return n_positions(mixture.with_kind(kind).with_extent(extent))

    assert (positions(6, "video"), positions(6, "color-alpha"), positions(5, "color")) == (3, 2, 2)
    assert (positions(6, "color-alpha", 3), positions(5, None, 3), positions(6, None, 2)) == (
        2,
        3,
        2,
    )
    assert [positions(n) for n in (2, 3, 4, 5, 6, 7)] == [2, 2, 3, 2, 3, 2]


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_a_variational_model_scores_by_expected_log_weights(covariance_type):
    model = BayesianGaussianMixture(covariance_type=covariance_type, **OPTIONS).fit(POINTS)
    logs, mixture = expected_log_weights(model), Mixture.from_model(model)
    assert logs.dtype == np.float64
    terms = [log + mixture.component(k).score_samples(POINTS[:9]) for k, log in enumerate(logs)]
    expected = np.logaddexp.reduce(terms, axis=0)
    np.testing.assert_allclose(model.score_samples(POINTS[:9]), expected, rtol=1e-12)
    assert expected_log_weights(GaussianMixture(**OPTIONS).fit(POINTS)) is None

"""Tests of _arithmetic.py: sound computations finish where NumPy is told to raise."""

import numpy as np
import pytest

import gmmfast
from gmmfast import BayesianGaussianMixture, GaussianMixture, Mixture
from support.models import COVARIANCE_TYPES

ESTIMATORS = (GaussianMixture, BayesianGaussianMixture)

QUANTITIES = ("density", "log_density", "mean", "std", "entropy", "sample")

FAR = np.array([[1e3, 1e3], [1e8, -1e8], [0.0, 0.0]])


@pytest.fixture(autouse=True)
def numpy_raises():
    with np.errstate(all="raise"):
        yield


def clouds():
    rng = np.random.default_rng(0)
    near, far = rng.normal(0, 1, (200, 2)), rng.normal(300, 1, (200, 2))
    return np.concatenate([near, far, [[4e4, -4e4]]])


def with_an_empty_component():
    return Mixture([0.75, 0.25, 0.0], [[0.0, 0.0], [9.0, 1.0], [5.0, 5.0]], [1.0, 2.0, 1e-12])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_estimators_fit_and_predict(cls, covariance_type, dtype):
    points = clouds().astype(dtype)
    model = cls(n_components=3, covariance_type=covariance_type, random_state=0).fit(points)
    far = FAR.astype(dtype)
    assert (model.predict_proba(far).sum(axis=1) > 0.99).all()
    assert np.isfinite(model.score_samples(far)).all()
    assert len(model.sample(5)[0]) == 5
    assert model.to_sklearn().predict(points).max() < 3
    model.partial_fit(points)
    for part in (points[:50], points[50:]):
        model.partial_fit(part)


@pytest.mark.parametrize("init_params", ["kmeans", "k-means++", "random", "random_from_data"])
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_fits_have_components_and_rows_of_no_weight(cls, init_params):
    points, weights = clouds(), np.ones(401)
    weights[:200] = 0
    weights[200:220] = 1e-300
    options = {"n_components": 4, "init_params": init_params, "random_state": 0}
    assert cls(**options).fit(points, sample_weight=weights).means_[:, 0].max() > 250
    few = np.repeat(points[::100], 9, axis=0)
    assert np.isfinite(cls(**options | {"n_components": 7}).fit(few).means_).all()
    if cls is GaussianMixture:
        points[::5, 0] = np.nan
        assert cls(**options).fit(points).predict(points).max() < 4
        assert np.isfinite(cls(**options).fit(clouds()).bic(clouds()))


def test_a_component_of_weight_0_is_none():
    mixture = with_an_empty_component()
    assert np.isfinite(mixture.score_samples(FAR)).all()
    assert mixture.predict_proba(FAR)[:, 2].max() == 0
    conditionals = mixture.condition([0], FAR[:, :1])
    assert np.isfinite(conditionals.mean_and_std()[1]).all()
    plain = mixture.to_sklearn()
    np.testing.assert_allclose(plain.score_samples(FAR[2:]), mixture.score_samples(FAR[2:]))
    plain.weights_ = np.array([1.0, 0.0])
    assert Mixture.from_model(plain).weights[1] == 0
    line = mixture.marginal([0])
    np.testing.assert_allclose(line.cdf(line.quantile([0.1, 0.9])), [0.1, 0.9])
    assert line.interval_probability([-1e9, 0.0, 1e9]).sum() == pytest.approx(1)
    assert mixture.confidence_region(0.9).contains(FAR).tolist() == [False, False, True]


def test_mixtures_far_apart_have_divergences_and_products():
    here, there = with_an_empty_component(), Mixture([1.0], [[1e4, 0.0]], [1.0])
    for divergence in ("kl_divergence_variational", "kl_divergence_upper_bound"):
        assert getattr(here, divergence)(there) > 1e6
    assert here.kl_divergence(there, random_state=0).value > 1e6
    assert np.isfinite(here.entropy_bounds()).all()
    assert np.isfinite(here.product(there).log_normalizer)
    assert here.transform(2 * np.eye(2)).sample(9, random_state=0).shape == (9, 2)


def test_files_keep_what_underflows(tmp_path):
    mixture = with_an_empty_component()
    mixture.save(tmp_path / "m.npz")
    np.testing.assert_array_equal(Mixture.load(tmp_path / "m.npz").weights, mixture.weights)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_pictures_reach_far_beyond_all_components(quantity, dtype):
    points = clouds()
    model = GaussianMixture(3, random_state=0).fit(np.c_[points, points[:, :1] / 2])
    extent = [(-5e4, 5e4), (-5e4, 5e4)]
    options = {"random_state": 0} if quantity == "sample" else {}
    picture = gmmfast.render_grid(
        model, (20, 30), quantity=quantity, extent=extent, dtype=dtype, **options
    )
    assert picture.shape[:2] == (20, 30)


def test_a_regression_answers_far_away():
    points = clouds()
    model = gmmfast.GaussianMixtureRegressor(3, random_state=0).fit(points[:, :1], points[:, 1])
    assert np.isfinite(model.predict(FAR[:, :1], return_std=True)).all()
    assert np.isfinite(model.sample_y(FAR[:, :1], 3)).all()


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_float32_weights_of_more_than_1_together_sample(cls):
    points = np.random.default_rng(0).normal(size=(400, 2)).astype(np.float32)
    model = cls(n_components=5, random_state=0, max_iter=3, tol=0).fit(points)
    weights = np.array([0.3, 0.3, 0.2, 0.2, 0.0], np.float32)
    model.weights_ = weights + np.float32(1e-7)
    assert model.weights_.astype(float)[:-1].sum() > 1 + 1e-9
    points, labels = model.sample(100)
    assert points.shape == (100, 2)
    assert labels.max() < 5
    assert Mixture.from_model(model).sample(100, random_state=0).shape == (100, 2)
    assert Mixture.from_model(model).to_sklearn().sample(100)[0].shape == (100, 2)

"""Tests of estimators/widening.py: fits of "tied-diag" and "tied-spherical"."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone

import gmmfast
from gmmfast import BayesianGaussianMixture, GaussianMixture, GaussianMixtureRegressor, Mixture
from oracle.em import expectation, maximization
from support.checks import check_message, refusal
from support.estimators import clouds

TYPES = ("tied-diag", "tied-spherical")
WIDER = {"tied-diag": "diag", "tied-spherical": "spherical"}
ESTIMATORS = (GaussianMixture, BayesianGaussianMixture)


def shape_of(covariance_type, n_features=3):
    return (n_features,) if covariance_type == "tied-diag" else (1,)


def fit(covariance_type, points=None, estimator=GaussianMixture, **options):
    options = {"n_components": 3, "random_state": 0, **options}
    points = clouds() if points is None else points
    return estimator(covariance_type=covariance_type, **options).fit(points)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_five_iterations_are_those_of_dense_em(covariance_type):
    points = clouds()
    sample_weight = np.random.default_rng(1).uniform(0.5, 2, len(points))
    model = GaussianMixture(
        3,
        covariance_type=covariance_type,
        weights_init=np.full(3, 1 / 3),
        means_init=points[50::100],
        precisions_init=np.ones(shape_of(covariance_type)),
        max_iter=5,
        tol=0,
    )
    with pytest.warns(UserWarning, match="did not converge"):
        model.fit(points, sample_weight=sample_weight)
    want = model.weights_init, model.means_init, np.ones(shape_of(covariance_type))
    for _ in range(5):
        mixture = Mixture(*want, covariance_type=covariance_type)
        responsibilities, log_likelihood = expectation(mixture, points, sample_weight)
        want = maximization(points, responsibilities, covariance_type, 1e-6)
    got = model.weights_, model.means_, model.covariances_
    for found, expected in zip(got, want, strict=True):
        np.testing.assert_allclose(found, expected, 1e-10)
    np.testing.assert_allclose(model.lower_bound_, log_likelihood / sample_weight.sum(), 1e-12)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_one_component_has_the_fit_of_its_own_covariance(estimator, covariance_type):
    tied = fit(covariance_type, estimator=estimator, n_components=1)
    free = fit(WIDER[covariance_type], estimator=estimator, n_components=1)
    assert tied.covariances_.shape == shape_of(covariance_type)
    np.testing.assert_allclose(tied.covariances_, free.covariances_.ravel(), 1e-13)
    np.testing.assert_allclose(tied.means_, free.means_, 1e-13)
    np.testing.assert_allclose(tied.lower_bound_, free.lower_bound_, 1e-13)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_one_feature_has_the_fit_of_tied(estimator, covariance_type):
    points = clouds()[:, :1]
    tied = fit("tied", points, estimator, max_iter=500)
    same = fit(covariance_type, points, estimator, max_iter=500)
    assert same.n_iter_ == tied.n_iter_
    np.testing.assert_allclose(same.covariances_, tied.covariances_.ravel(), 1e-9)
    np.testing.assert_allclose(same.weights_, tied.weights_, 1e-9)
    np.testing.assert_allclose(same.lower_bounds_, tied.lower_bounds_, 1e-9)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_far_copies_of_a_cloud_have_the_fit_of_free_covariances(covariance_type):
    cloud = np.random.default_rng(0).normal(size=(200, 3)) * [1, 2, 3]
    points = np.concatenate([cloud, cloud + 500, cloud - 500])
    tied, free = fit(covariance_type, points), fit(WIDER[covariance_type], points)
    for variances in free.covariances_:
        np.testing.assert_allclose(tied.covariances_, np.atleast_1d(variances), 1e-10)
    np.testing.assert_allclose(tied.means_, free.means_, 1e-10)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_the_likelihood_is_between_those_of_one_variance_and_of_a_tied_matrix(covariance_type):
    models = [fit(kind, max_iter=500, tol=1e-9) for kind in (*TYPES[::-1], "tied")]
    bounds = [model.lower_bound_ for model in models]
    assert bounds == sorted(bounds)
    n_parameters = {"tied-diag": 3, "tied-spherical": 1}[covariance_type] + 9 + 2
    points, model = clouds(), fit(covariance_type)
    log_likelihood = model.score_samples(points).sum()
    np.testing.assert_allclose(model.aic(points), 2 * n_parameters - 2 * log_likelihood)
    expected = n_parameters * np.log(len(points)) - 2 * log_likelihood
    np.testing.assert_allclose(model.bic(points), expected)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_weights_repeat_rows_and_chunks_are_rows(estimator, covariance_type):
    points = clouds()
    counts = np.random.default_rng(2).integers(1, 4, len(points))
    model = fit(covariance_type, points, estimator, init_params="kmeans")
    options = {"n_components": 3, "covariance_type": covariance_type, "random_state": 0}
    weighted = estimator(**options).fit(points, sample_weight=counts)
    repeated = estimator(**options).fit(np.repeat(points, counts, axis=0))
    np.testing.assert_allclose(
        np.sort(weighted.covariances_), np.sort(repeated.covariances_), 1e-6
    )
    chunked = estimator(**options).fit([points[:100], points[100:]])
    np.testing.assert_allclose(chunked.covariances_, model.covariances_, 1e-6)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("init_params", ["random", "random_from_data", "k-means++"])
def test_every_initialization_fits(covariance_type, init_params):
    model = fit(covariance_type, init_params=init_params, max_iter=500, reg_covar=1e-3)
    assert model.converged_
    assert (model.covariances_ > 1e-3).all()


@pytest.mark.parametrize("covariance_type", TYPES)
def test_missing_values_keep_the_fit_near(covariance_type):
    points = clouds(3000)
    missing = np.random.default_rng(3).uniform(size=points.shape) < 0.1
    with_nan = fit(covariance_type, np.where(missing, np.nan, points))
    np.testing.assert_allclose(
        with_nan.covariances_, fit(covariance_type, points).covariances_, 0.1
    )
    assert np.isfinite(with_nan.score_samples(np.where(missing, np.nan, points))).all()


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_partial_fit_takes_the_first_step_of_a_fit_and_a_warm_start_the_next(
    estimator, covariance_type
):
    points = clouds()
    options = {"n_components": 3, "covariance_type": covariance_type, "random_state": 0}
    partial = estimator(**options).partial_fit(points)
    one = estimator(**options, max_iter=1, warm_start=True)
    with pytest.warns(UserWarning, match="did not converge"):
        one.fit(points)
    np.testing.assert_allclose(partial.covariances_, one.covariances_, 1e-12)
    two = estimator(**options, max_iter=2, tol=0)
    with pytest.warns(UserWarning, match="did not converge"):
        two.fit(points)
    with pytest.warns(UserWarning, match="did not converge"):
        one.set_params(tol=0).fit(points)
    np.testing.assert_allclose(one.covariances_, two.covariances_, 1e-12)
    with pytest.raises(ValueError, match=f"expected '{covariance_type}', as in the first"):
        partial.set_params(covariance_type="full").partial_fit(points)


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_to_sklearn_widens_to_the_nearest_type_with_the_same_densities(estimator, covariance_type):
    points = clouds()
    model = fit(covariance_type, points, estimator)
    plain = model.to_sklearn()
    assert plain.covariance_type == WIDER[covariance_type]
    assert type(plain).__module__.startswith("sklearn.")
    np.testing.assert_allclose(plain.score_samples(points), model.score_samples(points), 1e-12)
    np.testing.assert_array_equal(plain.predict(points), model.predict(points))
    again = plain.set_params(warm_start=True, max_iter=1).fit(points)
    assert again.lower_bound_ >= model.lower_bound_ - 1e-9
    for got, want in zip(model.sample(7), fit(covariance_type).sample(7), strict=True):
        if estimator is GaussianMixture:
            np.testing.assert_array_equal(got, want)
    mixture = Mixture.from_model(model)
    assert mixture.covariance_type == covariance_type
    exchanged = mixture.to_sklearn()
    np.testing.assert_array_equal(exchanged.covariances_.shape[0], 3)
    np.testing.assert_allclose(
        exchanged.score_samples(points), mixture.score_samples(points), 1e-12
    )


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_clones_and_pickles_are_the_same_estimator(estimator, covariance_type):
    model = fit(covariance_type, estimator=estimator)
    assert clone(model).covariance_type == covariance_type
    loaded = pickle.loads(pickle.dumps(model))  # noqa: S301 (its own)
    np.testing.assert_array_equal(loaded.predict(clouds()), model.predict(clouds()))


def test_priors_of_the_bayesian_mixture_are_checked_and_used():
    points = clouds()
    prior = np.array([0.5, 1.0, 2.0])
    model = fit("tied-diag", points, BayesianGaussianMixture, covariance_prior=prior)
    np.testing.assert_array_equal(model.covariance_prior_, prior)
    model = fit("tied-spherical", points, BayesianGaussianMixture, covariance_prior=0.5)
    assert model.covariance_prior_ == 0.5
    expected = np.var(points, axis=0, ddof=1)
    np.testing.assert_allclose(
        fit("tied-diag", points, BayesianGaussianMixture).covariance_prior_, expected
    )
    with pytest.raises(ValueError, match="covariance_prior"):
        fit("tied-diag", points, BayesianGaussianMixture, covariance_prior=[1.0, 2.0])


def test_initial_precisions_of_another_shape_or_sign_are_refused():
    for covariance_type, given, want in (
        ("tied-diag", np.ones(2), "'tied-diag precision' should have the shape of"),
        ("tied-diag", np.ones((3, 3)), "'tied-diag precision' should have the shape of"),
        ("tied-spherical", np.ones(3), "'tied-spherical precision' should have the shape of"),
        ("tied-diag", [1.0, -1, 1], "'tied-diag precision' should be positive"),
    ):
        with pytest.raises(ValueError, match=want):
            fit(covariance_type, precisions_init=given)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_another_covariance_type_is_refused_with_all_that_there_are(estimator):
    with pytest.raises(ValueError, match="The 'covariance_type' parameter") as caught:
        estimator(covariance_type="round").fit(clouds())
    for known in ("full", "tied", "diag", "spherical", *TYPES):
        assert f"'{known}'" in str(caught.value)


def test_an_overridden_step_of_scikit_learn_is_refused_for_types_it_lacks():
    class Own(GaussianMixture):
        def _m_step(self, X, log_resp, **namespace):
            super()._m_step(X, log_resp, **namespace)

    message = refusal(ValueError, Own(2, covariance_type="tied-diag").fit, clouds())
    check_message(message, "covariance_type: expected one of .* got 'tied-diag'.*_m_step")
    fitted = fit("tied-diag")
    own = Own(3, covariance_type="tied-diag")
    vars(own).update(vars(fitted))
    np.testing.assert_allclose(own.score_samples(clouds()), fitted.score_samples(clouds()), 1e-12)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_regression_predicts_the_means_of_the_outputs(covariance_type):
    points = clouds()
    model = GaussianMixtureRegressor(3, covariance_type=covariance_type, random_state=0)
    model.fit(points[:, :2], points[:, 2])
    mixture = Mixture.from_model(model.mixture_.to_sklearn())
    conditional = mixture.condition([0, 1], points[:, :2])
    np.testing.assert_allclose(model.predict(points[:, :2]), conditional.mean()[:, 0], 1e-12)


def test_a_picture_is_fitted_rendered_and_refined():
    pixels = np.random.default_rng(0).integers(0, 255, (24, 32, 3)).astype(np.uint8)
    model = gmmfast.fit_image(pixels, 8, covariance_type="tied-diag", random_state=0)
    assert model.covariances_.shape == (5,)
    picture = gmmfast.render_grid(model, (24, 32))
    plain = gmmfast.render_grid(model.to_sklearn(), (24, 32), extent=model.extent_)
    np.testing.assert_allclose(picture, plain, 1e-12)


@pytest.mark.parametrize(
    ("covariance_type", "wrong", "message"),
    [
        (
            "tied-diag",
            np.ones(3),
            "The parameter 'tied-diag precision' should have the shape of (2,), but got (3,)",
        ),
        (
            "tied-spherical",
            np.ones(2),
            "The parameter 'tied-spherical precision' should have the shape of (1,), but got (2,)",
        ),
        ("tied-diag", [1.0, -1.0], "'tied-diag precision' should be positive"),
    ],
)
def test_first_precisions_of_a_wider_type_are_checked(covariance_type, wrong, message):
    model = GaussianMixture(2, covariance_type=covariance_type, precisions_init=wrong)
    assert refusal(ValueError, model.fit, clouds()[:, :2]) == message
    right = np.ones(2 if covariance_type == "tied-diag" else 1, np.float32)
    model.set_params(precisions_init=right, max_iter=1).fit(clouds()[:, :2])
    assert np.isfinite(model.means_).all()


@pytest.mark.parametrize("covariance_type", TYPES)
def test_parameters_for_scikit_learn_are_those_of_the_components_that_were_fitted(covariance_type):
    model = fit(covariance_type, estimator=BayesianGaussianMixture)
    plain = model.set_params(n_components=5).to_sklearn()
    shape = (3, 3) if covariance_type == "tied-diag" else (3,)
    assert plain.covariances_.shape == shape
    freedom = np.full(3, model.degrees_of_freedom_)
    np.testing.assert_array_equal(plain.degrees_of_freedom_, freedom, strict=True)

"""Tests of estimators/regressor.py: regression by the conditionals of a mixture."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest, norm
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from gmmfast import GaussianMixture, GaussianMixtureRegressor, Mixture, _memory
from support.checks import check_close, check_message, refusal
from support.models import COVARIANCE_TYPES


@pytest.mark.filterwarnings("ignore")  # the checks' own, of what they cannot check
@parametrize_with_checks([GaussianMixtureRegressor()])
def test_it_is_an_estimator_as_scikit_learn_means_it(estimator, check):
    check(estimator)


def waves(n=600, n_outputs=2, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, size=(n, 2))
    y = np.column_stack([np.sin(2 * x[:, 0]), x[:, 0] * x[:, 1], x[:, 1] ** 2])[:, :n_outputs]
    return x, y + rng.normal(scale=0.1, size=y.shape)


@pytest.fixture(scope="module")
def fitted():
    x, y = waves()
    return GaussianMixtureRegressor(12, random_state=0).fit(x, y), x, y


def test_it_learns_a_curve(fitted):
    regressor, _, _ = fitted
    x, y = waves(seed=1)
    assert regressor.score(x, y) > 0.85
    assert regressor.n_outputs_ == 2
    assert regressor.mixture_.means_.shape == (12, 4)
    assert regressor.converged_ == regressor.mixture_.converged_
    assert (regressor.n_iter_, regressor.lower_bound_) == (
        regressor.mixture_.n_iter_,
        regressor.mixture_.lower_bound_,
    )


def test_one_component_is_linear_regression():
    x, y = waves()
    regressor = GaussianMixtureRegressor(1, reg_covar=0).fit(x, y)
    linear = LinearRegression().fit(x, y)
    np.testing.assert_allclose(regressor.predict(x), linear.predict(x), rtol=1e-9, atol=1e-9)
    residuals = y - linear.predict(x)
    _, cov = regressor.predict(x[:3], return_cov=True)
    np.testing.assert_allclose(cov, [residuals.T @ residuals / len(x)] * 3, rtol=1e-9)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_its_answers_are_the_conditionals_of_its_mixture(covariance_type):
    x, y = waves(n=200, n_outputs=3)
    regressor = GaussianMixtureRegressor(
        4, covariance_type=covariance_type, random_state=0, max_iter=20
    ).fit(x, y)
    conditional = Mixture.from_model(regressor.mixture_).condition([0, 1], x)
    mean, std = regressor.predict(x, return_std=True)
    check_close(mean, conditional.mean())
    np.testing.assert_array_equal(std, conditional.std())
    mean, cov = regressor.predict(x, return_cov=True)
    np.testing.assert_array_equal(cov, conditional.covariance())
    np.testing.assert_allclose(std**2, np.diagonal(cov, axis1=1, axis2=2), rtol=1e-12)
    np.testing.assert_array_equal(regressor.predict(x), conditional.mean())
    draws = regressor.sample_y(x, random_state=5)
    np.testing.assert_array_equal(draws[:, :, 0], conditional.sample(random_state=5))


def test_the_outputs_are_shaped_as_they_came():
    x, y = waves(n=60, n_outputs=1)
    for outputs, tail in ((y[:, 0], ()), (y, (1,)), (np.hstack([y, -y]), (2,))):
        regressor = GaussianMixtureRegressor(2, random_state=0).fit(x, outputs)
        mean, std = regressor.predict(x[:7], return_std=True)
        assert mean.shape == std.shape == (7, *tail)
        n_outputs = regressor.n_outputs_
        assert regressor.predict(x[:7], return_cov=True)[1].shape == (7, n_outputs, n_outputs)
        assert regressor.sample_y(x[:7]).shape == (7, *tail, 1)
        assert regressor.sample_y(x[:7], n_samples=5).shape == (7, *tail, 5)


def test_samples_are_distributed_as_predicted():
    """Kolmogorov-Smirnov of one component's normals; false alarm 1e-6."""
    x, y = waves(n=300, n_outputs=1)
    regressor = GaussianMixtureRegressor(1).fit(x, y[:, 0])
    mean, std = regressor.predict(x, return_std=True)
    draws = regressor.sample_y(x, n_samples=20, random_state=3)
    assert kstest(((draws - mean[:, None]) / std[:, None]).ravel(), norm.cdf).pvalue > 1e-6
    np.testing.assert_array_equal(draws, regressor.sample_y(x, n_samples=20, random_state=3))
    np.testing.assert_array_equal(
        draws, regressor.sample_y(x, n_samples=20, random_state=3, n_threads=2)
    )
    assert (draws != regressor.sample_y(x, n_samples=20, random_state=4)).all()
    assert len(np.unique(draws)) == draws.size


def test_it_works_in_pipelines_and_searches():
    x, y = waves(n=240, n_outputs=1)
    x[:, 1] *= 1e4
    model = make_pipeline(StandardScaler(), GaussianMixtureRegressor(random_state=0))
    grid = {"gaussianmixtureregressor__n_components": [1, 8]}
    search = GridSearchCV(model, grid, cv=3).fit(x, y[:, 0])
    assert search.best_params_ == {"gaussianmixtureregressor__n_components": 8}
    assert search.predict(x).shape == (240,)
    assert cross_val_score(search.best_estimator_, x, y[:, 0], cv=3).min() > 0.5


def test_a_weight_is_repeated_rows():
    x, y = waves(n=90)
    weight = np.random.default_rng(2).integers(0, 4, size=90)
    # The same start for both: draws of a start are of rows.
    start = {"means_init": np.hstack([x, y])[:5], "weights_init": np.full(5, 0.2)}
    start["precisions_init"] = np.stack([4 * np.eye(4)] * 5)
    weighted = GaussianMixtureRegressor(5, **start).fit(x, y, sample_weight=weight)
    repeated = GaussianMixtureRegressor(5, **start).fit(x.repeat(weight, 0), y.repeat(weight, 0))
    np.testing.assert_allclose(weighted.predict(x), repeated.predict(x), rtol=1e-7, atol=1e-7)
    unweighted = GaussianMixtureRegressor(5, **start).fit(x, y)
    assert np.abs(weighted.predict(x) - unweighted.predict(x)).max() > 1e-3


def test_pickles_and_clones_answer_alike(fitted):
    regressor, x, _ = fitted
    same = pickle.loads(pickle.dumps(regressor))  # noqa: S301 (our own bytes)
    np.testing.assert_array_equal(same.predict(x), regressor.predict(x))
    np.testing.assert_array_equal(same.sample_y(x[:5]), regressor.sample_y(x[:5]))
    fresh = clone(regressor)
    assert fresh.get_params() == regressor.get_params()
    with pytest.raises(NotFittedError):
        fresh.predict(x)
    with pytest.raises(NotFittedError):
        fresh.sample_y(x)


def test_feature_names_are_kept_and_checked():
    x, y = waves(n=60)
    frame = pd.DataFrame(x, columns=["left", "right"])
    regressor = GaussianMixtureRegressor(2, random_state=0).fit(frame, y)
    assert regressor.feature_names_in_.tolist() == ["left", "right"]
    check_close(
        regressor.predict(frame), GaussianMixtureRegressor(2, random_state=0).fit(x, y).predict(x)
    )
    with pytest.warns(UserWarning, match="feature names"):
        regressor.predict(x)
    with pytest.raises(ValueError, match="feature names"):
        regressor.predict(frame[["right", "left"]])


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.astype(np.float32),
        np.asfortranarray,
        lambda x: x.tolist(),
        lambda x: np.hstack([x, x])[:, :2],
        pd.DataFrame,
    ],
)
def test_inputs_in_any_layout_give_the_same(fitted, change):
    regressor, x, _ = fitted
    x = x[:40].astype(np.float32).astype(float)
    np.testing.assert_array_equal(regressor.predict(change(x)), regressor.predict(x))


def test_far_from_everything_it_still_answers(fitted):
    regressor, _, _ = fitted
    mean, std = regressor.predict(np.array([[1e6, -1e6], [1e9, 1e3]]), return_std=True)
    assert np.isfinite(mean).all()
    assert np.isfinite(std).all()


def test_a_warm_start_goes_on():
    x, y = waves(n=200)
    regressor = GaussianMixtureRegressor(6, random_state=0, warm_start=True, max_iter=2, tol=0)
    with pytest.warns(match="did not converge"):
        bounds = [regressor.fit(x, y).lower_bound_ for _ in range(3)]
    assert bounds[0] < bounds[1] < bounds[2]


def test_arguments_are_checked(fitted, monkeypatch):
    regressor, x, y = fitted
    for error, pattern, call in (
        (
            ValueError,
            "return_std: ",
            lambda: regressor.predict(x, return_std=True, return_cov=True),
        ),
        (ValueError, "n_samples: ", lambda: regressor.sample_y(x, 0)),
        (TypeError, "n_samples: ", lambda: regressor.sample_y(x, 1.5)),
        (ValueError, "n_threads: ", lambda: regressor.predict(x, n_threads=0)),
        (TypeError, "random_state: ", lambda: regressor.sample_y(x, random_state="a")),
    ):
        check_message(refusal(error, call), pattern)
    for wrong in (x[:, :1], x[0], np.where(x > 0, x, np.nan), np.empty((0, 2))):
        with pytest.raises(ValueError, match=r"X|array|NaN|sample"):
            regressor.predict(wrong)
    with pytest.raises(ValueError, match="n_components"):
        GaussianMixtureRegressor(0).fit(x, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        GaussianMixtureRegressor().fit(x, y[:-1])
    unfitted = GaussianMixtureRegressor()
    unfitted.n_features_in_ = 2  # as after a fit that failed
    for call in (unfitted.predict, unfitted.sample_y):
        assert "is not fitted yet" in refusal(NotFittedError, call, x)
    monkeypatch.setattr(_memory, "SMALL", 1)
    monkeypatch.setattr(_memory, "available_bytes", lambda: 10**5)
    message = refusal(MemoryError, lambda: regressor.sample_y(x, n_samples=100))
    check_message(message, "n_samples: .*draw fewer")


def test_its_log_reports_a_mixture_that_fell_back(caplog, monkeypatch):
    X, y = np.arange(20.0)[:, None], np.arange(20.0)
    caplog.set_level("INFO", logger="gmmfast")
    monkeypatch.setattr(GaussianMixture, "_m_step", lambda *_, **__: None)
    GaussianMixtureRegressor(max_iter=1, tol=9).fit(X, y)
    assert len(caplog.messages) == 1
    assert "GaussianMixture.fit: fallback" in caplog.text
    monkeypatch.undo()
    GaussianMixtureRegressor(max_iter=1, tol=9).fit(X, y)
    assert caplog.messages[-1] == "GaussianMixtureRegressor.fit: accelerated"


def test_acceleration_is_that_of_the_joint_mixture():
    x, y = waves(200, 1)
    joint = np.column_stack([x, y])
    parameters = {"n_components": 3, "tol": 0, "max_iter": 5, "random_state": 0}
    model = GaussianMixtureRegressor(**parameters).fit(x, y, acceleration="momentum")
    accelerated = GaussianMixture(**parameters).fit(joint, acceleration="momentum")
    np.testing.assert_array_equal(model.mixture_.means_, accelerated.means_)
    plain = GaussianMixture(**parameters).fit(joint)
    assert not np.array_equal(plain.means_, accelerated.means_)


class Threads:
    """Conditionals that note the number of threads of each call, its last argument."""

    def __init__(self, conditionals):
        self.conditionals, self.numbers = conditionals, []

    def __getattr__(self, name):
        def noted(*arguments):
            self.numbers.append(arguments[-1])
            return getattr(self.conditionals, name)(*arguments)

        return noted


def test_predictions_and_samples_use_the_number_of_threads(fitted):
    model, x, _ = fitted
    model = copy.copy(model)
    model._conditioning = threads = Threads(model._conditioning)
    for options in ({}, {"return_std": True}, {"return_cov": True}):
        model.predict(x, n_threads=2, **options)
    model.sample_y(x, n_threads=2)
    assert threads.numbers == [2, 2, 2, 2]


def test_a_sample_without_a_state_is_that_of_zero(fitted):
    model, x, _ = fitted
    np.testing.assert_array_equal(model.sample_y(x), model.sample_y(x, random_state=0))

"""EM follows the trajectory of scikit-learn from the same start.

Fits are compared on the pixels of china.jpg. They differ by rounding: scikit-learn does not
center its products for "diag" and "spherical", so its variances have errors of about 1e-16 times
the squared coordinates.
"""

import numpy as np
import pytest

import gmmfast
from gmmfast import GaussianMixture
from support.estimators import ATTRIBUTES, PAIRS, check_same_fit, clouds
from support.models import COVARIANCE_TYPES


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_ten_iterations_on_a_photograph_are_those_of_scikit_learn(
    pixels, ours, theirs, covariance_type
):
    options = {
        "n_components": 20,
        "covariance_type": covariance_type,
        "max_iter": 10,
        "tol": 0,
        "random_state": 1,
        "reg_covar": 1 / 12,
    }
    before = gmmfast.kernel_calls()["expectation"]
    got = ours(**options).fit(pixels)
    assert gmmfast.kernel_calls()["expectation"] >= before + 10
    check_same_fit(got, theirs(**options).fit(pixels))


def test_float32_rows_give_float32_parameters_and_variances_that_are_not_negative():
    points = (1000 + clouds()).astype(np.float32)
    for covariance_type in COVARIANCE_TYPES:
        model = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(points)
        exact = GaussianMixture(3, covariance_type=covariance_type, random_state=0)
        exact.fit(points.astype(float))
        for name in ATTRIBUTES:
            assert getattr(model, name).dtype == np.float32
        np.testing.assert_allclose(model.covariances_, exact.covariances_, 1e-5, 1e-6)
        assert model.score_samples(points).dtype == np.float32
    # scikit-learn's float32 sums of squares leave nothing of a variance of 1 at 1e4.
    far = np.random.default_rng(0).normal(1e4, 1, (500, 2)).astype(np.float32)
    model = GaussianMixture(2, covariance_type="diag", random_state=0).fit(far)
    assert (model.covariances_ > 0.05).all()


def test_threads_do_not_change_a_bit(pixels):
    options = {"n_components": 15, "random_state": 0, "max_iter": 4}
    one = GaussianMixture(**options).fit(pixels, n_threads=1)
    two = GaussianMixture(**options).fit(pixels, n_threads=2)
    for name in ATTRIBUTES:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


FACTORS = {
    "full": np.linalg.cholesky(np.linalg.inv([np.eye(3) + 0.5, np.diag([1.0, 2, 3])])),
    "tied": np.linalg.cholesky(np.linalg.inv(np.eye(3) + 0.5)),
    "diag": np.array([[1.0, 0.5, 2.0], [0.7, 0.6, 0.3]]),
    "spherical": np.array([0.5, 2.0]),
}


def set_by_hand(model, covariance_type):
    model.weights_ = np.array([0.3, 0.7])
    model.means_ = np.array([[0.0, 1, 0], [3, 4, -1]])
    model.precisions_cholesky_ = FACTORS[covariance_type].copy()
    model.converged_, model.lower_bound_ = False, -np.inf


@pytest.mark.filterwarnings("ignore:.*did not converge")
@pytest.mark.parametrize(
    ("is_fitted", "max_iter"), [(True, 0), (True, 1), (True, 3), (False, 1), (False, 3)]
)
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_a_warm_start_begins_with_what_scikit_learn_reads(covariance_type, is_fitted, max_iter):
    models = []
    for cls in PAIRS[0]:
        model = cls(2, covariance_type=covariance_type, random_state=0, tol=0, max_iter=2)
        if is_fitted:
            model.fit(clouds())
        set_by_hand(model, covariance_type)
        model.set_params(warm_start=True, max_iter=max_iter)
        models.append(model.fit(clouds()))
    ours, theirs = models
    assert ours.n_iter_ == theirs.n_iter_
    np.testing.assert_allclose(ours.weights_, theirs.weights_, rtol=1e-8)
    np.testing.assert_allclose(ours.means_, theirs.means_, rtol=1e-7)
    scores = [model.score_samples(clouds()) for model in models]
    np.testing.assert_allclose(*scores, rtol=1e-8)


@pytest.mark.filterwarnings("ignore:.*did not converge")
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_a_warm_start_from_the_parameters_of_another_model(covariance_type):
    options = {"n_components": 2, "covariance_type": covariance_type, "random_state": 0}
    models = []
    for cls in PAIRS[1]:
        donor = PAIRS[1][1](**options, max_iter=2, tol=0).fit(clouds()[::2] + 1)
        model = cls(**options, warm_start=True, max_iter=3, tol=0).fit(clouds())
        model._set_parameters(donor._get_parameters())
        del model.covariances_
        models.append(model.fit(clouds()))
    check_same_fit(*models)

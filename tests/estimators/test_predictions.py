"""Tests of estimators/predictions.py: samples, dtypes and logs of fitted models."""

import numpy as np
import pytest

from gmmfast import GaussianMixture
from support.estimators import clouds
from support.models import COVARIANCE_TYPES


@pytest.mark.parametrize("n_samples", [2.5, True, np.True_, float("nan"), float("inf")])
def test_a_number_of_samples_that_is_no_integer_is_refused(n_samples):
    estimator = GaussianMixture(2, random_state=0).fit(np.arange(20.0).reshape(10, 2))
    with pytest.raises(TypeError, match=r"^n_samples: expected an integer, got"):
        estimator.sample(n_samples)
    assert estimator.sample()[0].shape == (1, 2)
    for whole in (3.0, np.float32(3), np.array(3)):  # as scikit-learn's scripts do
        assert estimator.sample(whole)[0].shape == (3, 2)


def test_a_row_of_which_nothing_is_known_has_the_label_of_the_largest_weight():
    model = GaussianMixture(2, random_state=0).fit([[0.0], [0.1], [9.0], [9.1], [9.2], [9.3]])
    labels = model.predict([[np.nan], [0.0], [9.0]])
    assert labels.tolist() == [labels[2], 1 - labels[2], np.argmax(model.weights_)]
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(model.score_samples([[np.nan]]), [0])


def drawn(model):
    model.random_state = 5
    return model.sample(40)[0]


def test_weights_whose_sum_rounds_to_more_than_one_are_drawn_from_as_if_it_were_one():
    model = GaussianMixture(3, random_state=0).fit(clouds())
    model.weights_ = np.array([0.5, 0.5 + 1e-9, 0.0])
    points = drawn(model)
    np.testing.assert_array_equal(model.weights_, [0.5, 0.5 + 1e-9, 0.0])
    model.weights_ = [0.5, 0.5, 0.0]
    np.testing.assert_array_equal(points, drawn(model))


def test_weights_that_exceed_one_in_float64_alone_are_drawn_from():
    weights = np.array([*[1 / 3] * 3, 0], np.float32)
    assert weights[:-1].sum() <= 1 < weights[:-1].sum(dtype=float)
    model = GaussianMixture(4, random_state=0).fit(clouds())
    model.weights_ = weights
    assert drawn(model).shape == (40, clouds().shape[1])


def test_samples_are_of_the_covariances_as_scikit_learns_are():
    model = GaussianMixture(3, random_state=0).fit(clouds())
    points = drawn(model)
    model.precisions_cholesky_ = 2 * model.precisions_cholesky_
    np.testing.assert_array_equal(drawn(model), points)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_a_model_without_covariances_is_drawn_from_by_its_precisions(covariance_type):
    model = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(clouds())
    points = drawn(model)
    del model.covariances_
    np.testing.assert_allclose(drawn(model), points, 1e-10, 1e-10)
    assert not hasattr(model, "covariances_")


def test_results_are_float32_where_rows_and_parameters_are():
    points = clouds()
    single = points.astype(np.float32)
    model, other = (GaussianMixture(3, random_state=0).fit(rows) for rows in (single, points))
    for fitted, rows, dtype in [
        (model, single, np.float32),
        (model, points, np.float64),
        (other, single, np.float64),
        (other, points, np.float64),
    ]:
        assert fitted.score_samples(rows).dtype == dtype
        assert fitted.predict_proba(rows).dtype == dtype
    # Below and beyond float32, and no warning.
    with np.errstate(all="raise"):
        assert (model.predict_proba(single[:1] + 99) == 0).any()
    assert model.score_samples(np.full((1, points.shape[1]), 1e25, np.float32)) == -np.inf


def test_predictions_that_fall_back_are_logged_by_their_name(caplog):
    class Mine(GaussianMixture):
        def _estimate_log_prob(self, X, **options):
            return super()._estimate_log_prob(X, **options)

    model = Mine(3, random_state=0).fit(clouds())
    caplog.set_level("INFO", logger="gmmfast")
    for predict in (model.predict, model.predict_proba, model.score_samples):
        caplog.clear()
        predict(clouds())
        reason = "Mine has a _estimate_log_prob of its own"
        assert (
            f"Mine.{predict.__name__}: fallback to scikit-learn: {reason}" in caplog.messages[-1]
        )

"""Tests of estimators/incremental.py: rows that come in batches."""

import numpy as np
import pytest

from gmmfast import GaussianMixture
from support.estimators import clouds
from support.models import COVARIANCE_TYPES


def test_the_bound_of_partial_fit_is_the_mean_log_density_of_rows_when_they_came():
    points = np.random.default_rng(3).permutation(clouds())
    start = GaussianMixture(3, random_state=0).fit(points[:60])
    model = GaussianMixture(
        3,
        weights_init=start.weights_,
        means_init=start.means_,
        precisions_init=start.precisions_,
    )
    total = start.score_samples(points[:100]).sum()
    model.partial_fit(points[:100])
    assert model.lower_bound_ == pytest.approx(total / 100, rel=1e-9)
    total += model.score_samples(points[100:]).sum()
    model.partial_fit(points[100:])
    assert model.lower_bound_ == pytest.approx(total / len(points), rel=1e-9)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_batches_of_one_feature_are_of_any_covariance_type(covariance_type):
    points = clouds()[:, :1]
    model = GaussianMixture(2, covariance_type=covariance_type, random_state=0)
    model.partial_fit(points).partial_fit(points)
    assert model.n_iter_ == 2

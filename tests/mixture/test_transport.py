"""Tests of mixture/transport.py: mixtures of the core as values."""

import pickle

import numpy as np

from gmmfast import BayesianGaussianMixture, Mixture
from gmmfast.mixture.transport import CoreState
from support.models import three_clouds


def test_a_restored_mixture_has_the_same_bits_also_if_its_weights_do_not_sum_to_one():
    points = three_clouds("f8")
    model = BayesianGaussianMixture(n_components=3, random_state=0, max_iter=5).fit(points)
    cores = [
        (Mixture.from_model(model)._core, "full"),
        (model._fitted_parameters().core.with_log_weights(np.array([-3.0, -800, -1])), "full"),
    ]
    for core, covariance_type in cores:
        state = pickle.loads(pickle.dumps(CoreState.of(core, covariance_type)))  # noqa: S301
        again = CoreState.of(state.core(), covariance_type)
        assert all(np.array_equal(a, b) for a, b in zip(state, again, strict=True))
        values = np.empty((2, len(points)))
        for each, out in zip((core, state.core()), values, strict=True):
            each.score_samples(points, out)
        assert np.array_equal(*values)

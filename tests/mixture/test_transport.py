"""Tests of mixture/transport.py: mixtures of the core as values."""

import pickle

import numpy as np

from gmmfast import BayesianGaussianMixture, Mixture
from gmmfast.mixture.transport import CoreState, aligned
from support.checks import refusal
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


def test_arrays_of_a_wire_are_made_as_the_core_takes_them_and_others_are_kept():
    content = np.random.default_rng(0).normal(size=(3, 4))
    misaligned = np.frombuffer(b" " + content.tobytes(), np.uint8)[1:].view(float).reshape(3, 4)
    assert not misaligned.flags.aligned
    for array in (misaligned, np.asfortranarray(content), content[:, ::2]):
        taken = aligned(array)
        assert taken.flags.c_contiguous
        assert taken.flags.aligned
        np.testing.assert_array_equal(taken, array)
    assert aligned(content) is content
    assert aligned(None) is None
    assert aligned((1, 2)) == (1, 2)


def test_the_core_refuses_arrays_in_any_other_order():
    points = three_clouds("f8")
    core = Mixture.from_model(BayesianGaussianMixture(n_components=3).fit(points))._core
    scores, shares = np.empty(len(points)), np.empty((len(points), 3))
    for wrong in (np.asfortranarray(points), points[::-1], points[:, ::-1]):
        refusal(TypeError, core.score_samples, wrong, scores)
    refusal(TypeError, core.predict_proba, points, np.asfortranarray(shares))
    core.predict_proba(points, shares)
    np.testing.assert_allclose(shares.sum(axis=1), 1)

"""Sequences of calls of an estimator have the results that scikit-learn's has."""

import pickle

import numpy as np
import pytest
import sklearn.mixture
from sklearn.base import clone

from gmmfast import GaussianMixture

pytest.importorskip("hypothesis")

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from support.models import COVARIANCE_TYPES
from support.strategies import budget

RNG = np.random.default_rng(5)
CLOUDS = [
    np.concatenate([RNG.normal(center, 1, (40, 2)) for center in centers])
    for centers in ([-6, 6], [-9, 0, 9], [0, 20])
]
OPTIONS = {
    "warm_start": st.booleans(),
    "max_iter": st.integers(1, 6),
    "n_components": st.integers(1, 3),
    "covariance_type": st.sampled_from(COVARIANCE_TYPES),
    "reg_covar": st.sampled_from([1e-6, 1e-3]),
    "init_params": st.sampled_from(["kmeans", "k-means++"]),
}
changes = st.sampled_from(sorted(OPTIONS)).flatmap(
    lambda name: st.tuples(st.just(name), OPTIONS[name])
)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
class Sequence(RuleBasedStateMachine):
    """gmmfast's estimator, and scikit-learn's as its model."""

    def __init__(self):
        super().__init__()
        options = {"n_components": 2, "max_iter": 4, "tol": 0, "random_state": 0}
        self.ours = GaussianMixture(**options)
        self.theirs = sklearn.mixture.GaussianMixture(**options)

    def is_fitted(self):
        return hasattr(self.theirs, "means_")

    def both(self, call):
        """Call both; return whether they had a result, after a check that both or none had."""
        errors = []
        for each in (self.ours, self.theirs):
            try:
                call(each)
            except Exception as error:  # noqa: BLE001 (compared)
                errors.append(type(error))
            else:
                errors.append(None)
        assert errors[0] is errors[1]
        return errors[0] is None

    @rule(change=changes)
    def set_params(self, change):
        self.both(lambda each: each.set_params(**dict([change])))

    @rule(points=st.sampled_from(range(len(CLOUDS))))
    def fit(self, points):
        # A warm start of other shapes is an error in both, of NumPy's words.
        warm = self.is_fitted() and self.theirs.warm_start
        n, kind = self.theirs.n_components, self.theirs.covariance_type
        if warm and (len(self.theirs.means_) != n or self.kind != kind):
            return
        self.kind = kind
        self.both(lambda each: each.fit(CLOUDS[points]))
        self.check()

    @precondition(is_fitted)
    @rule(points=st.sampled_from(range(len(CLOUDS))))
    def partial_fit(self, points):
        if (len(self.theirs.means_), self.kind) != (
            self.theirs.n_components,
            self.theirs.covariance_type,
        ):
            return
        self.ours.partial_fit(CLOUDS[points])
        self.theirs = self.ours.to_sklearn()
        self.check()

    @rule()
    def pickle(self):
        self.ours, self.theirs = (
            pickle.loads(pickle.dumps(each))  # noqa: S301 (ours)
            for each in (self.ours, self.theirs)
        )

    @rule()
    def clone(self):
        self.ours, self.theirs = clone(self.ours), clone(self.theirs)
        assert self.ours.get_params() == self.theirs.get_params()

    @rule(shape=st.sampled_from([(0, 2), (3, 3), (2,), (1, 2)]))
    def score_an_array_of_any_shape(self, shape):
        self.both(lambda each: each.score_samples(np.zeros(shape)))

    @precondition(is_fitted)
    @rule()
    def check(self):
        points = CLOUDS[0]
        expected = self.theirs.score_samples(points)
        np.testing.assert_allclose(self.ours.score_samples(points), expected, rtol=1e-6, atol=1e-6)
        np.testing.assert_array_equal(self.ours.predict(points), self.theirs.predict(points))


@pytest.mark.filterwarnings("ignore")
def test_a_sequence_of_calls_has_scikit_learns_results():
    run_state_machine_as_test(Sequence, settings=settings(budget(6), stateful_step_count=15))

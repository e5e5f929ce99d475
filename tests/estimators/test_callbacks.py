"""Tests of estimators/callbacks.py: progress, verbose output and scikit-learn's callbacks."""

import numpy as np
import pytest
import sklearn.mixture

from gmmfast import GaussianMixture
from support.estimators import clouds


def test_progress_is_told_after_each_iteration():
    told = []
    model = GaussianMixture(3, random_state=0, max_iter=4, tol=0)
    model.fit(clouds(), progress=lambda n_iter, bound: told.append((n_iter, bound)))
    assert told == list(enumerate(model.lower_bounds_, start=1))
    with pytest.raises(TypeError, match="progress: expected"):
        model.fit(clouds(), progress=3)


def test_verbose_prints_what_scikit_learn_prints(capsys):
    for verbose in (1, 2):
        lines = []
        for estimator in (GaussianMixture, sklearn.mixture.GaussianMixture):
            estimator(3, random_state=0, verbose=verbose, verbose_interval=1).fit(clouds())
            lines.append([line.split("time")[0] for line in capsys.readouterr().out.splitlines()])
        assert lines[0] == lines[1]


class Recorder:
    """A callback of scikit-learn 1.9 and later."""

    def __init__(self, stop_after=None):
        self.events, self.stop_after = [], stop_after

    def setup(self, estimator, context):  # noqa: ARG002
        self.events.append("setup")

    def teardown(self, estimator, context):  # noqa: ARG002
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context):  # noqa: ARG002
        self.events.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):  # noqa: ARG002
        self.events.append(f"end {context.task_name}")
        if context.task_name == "iteration":
            assert np.isfinite(fitted_estimator.score(clouds()))
            return self.events.count("end iteration") == self.stop_after
        return False


@pytest.mark.skipif(
    not hasattr(GaussianMixture, "set_callbacks"), reason="scikit-learn before 1.9"
)
def test_scikit_learns_callbacks_follow_the_fit_and_may_end_it():
    recorder = Recorder(stop_after=3)
    model = GaussianMixture(3, random_state=0, init_params="random", max_iter=9, tol=0)
    model.set_callbacks(recorder).fit(clouds())
    iteration = ["begin iteration", "end iteration"]
    assert recorder.events == [
        "setup",
        "begin fit",
        "begin initialization",
        *(3 * iteration),
        "end initialization",
        "end fit",
        "teardown",
    ]
    assert model.n_iter_ == 3

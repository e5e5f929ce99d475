"""Tests of estimators/callbacks.py and fitting/report.py: progress, output and callbacks."""

import numpy as np
import pytest
import sklearn.mixture
from sklearn.model_selection import GridSearchCV

from gmmfast import BayesianGaussianMixture, GaussianMixture, Mixture, select_n_components
from gmmfast.estimators.callbacks import FitReport
from support.estimators import PAIRS, clouds
from support.models import COVARIANCE_TYPES


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


def state(model):
    """The state of an estimator that hooks see during a fit."""
    points = clouds()
    names = ("means_", "covariances_", "precisions_cholesky_")
    return [
        *(np.array(getattr(model, name)) for name in names),
        model.predict(points),
        model.score_samples(points),
        model.predict_proba(points),
        model.score(points),
    ]


@pytest.mark.filterwarnings("ignore:.*did not converge")
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_hooks_see_the_estimator_of_the_present_iteration(caplog, ours, theirs, covariance_type):
    caplog.set_level("INFO", logger="gmmfast")
    seen = {}

    def kind_of(base):
        def iter_end(self, _, diff_ll):
            seen[base].append(diff_ll)
            seen[base].extend(state(self))

        return type("Mine", (base,), {"_print_verbose_msg_iter_end": iter_end})

    options = {
        "n_components": 3,
        "covariance_type": covariance_type,
        "random_state": 0,
        "max_iter": 4,
        "tol": 0,
    }
    for base in (ours, theirs):
        seen[base] = []
        kind_of(base)(**options).fit(clouds())
    assert "Mine.fit: accelerated" in caplog.text
    assert len(seen[ours]) == len(seen[theirs]) == 4 * 8
    for got, want in zip(seen[ours], seen[theirs], strict=True):
        np.testing.assert_allclose(got, want, 1e-6, 1e-9)
    model, told = ours(**options), []
    model.fit(clouds(), progress=lambda *_: told.extend([None, *state(model)]))
    for got, want in zip(told, seen[ours], strict=True):
        if got is not None:
            np.testing.assert_array_equal(got, want)


@pytest.mark.filterwarnings("ignore:.*did not converge")
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("pair", PAIRS)
def test_what_a_hook_sets_is_what_the_fit_goes_on_with(pair, covariance_type):
    def iter_end(self, *_):
        self.weights_ = np.full(3, 1 / 3)
        self.means_[0] = 0
        self.precisions_cholesky_ = self.precisions_cholesky_ / 2
        self.covariances_ = 100 * self.covariances_  # nothing reads them

    options = {
        "n_components": 3,
        "covariance_type": covariance_type,
        "random_state": 0,
        "max_iter": 4,
        "tol": 0,
    }
    ours, theirs = (
        type("Mine", (base,), {"_print_verbose_msg_iter_end": iter_end})(**options).fit(clouds())
        for base in pair
    )
    np.testing.assert_allclose(ours.means_, theirs.means_, 1e-7, 1e-9)
    np.testing.assert_allclose(ours.score_samples(clouds()), theirs.score_samples(clouds()), 1e-8)
    np.testing.assert_allclose(ours.lower_bound_, theirs.lower_bound_, 1e-8)
    if hasattr(theirs, "lower_bounds_"):  # scikit-learn 1.7 and later
        # Those of variational tied fits are arrays of one number there.
        np.testing.assert_allclose(ours.lower_bounds_, np.ravel(theirs.lower_bounds_), 1e-8)


def test_a_hook_may_end_the_fit_and_leave_a_model():
    def iter_end(_, n_iter, *__):
        if n_iter == 3:
            raise StopIteration

    models = []
    for base in PAIRS[0]:
        model = type("Mine", (base,), {"_print_verbose_msg_iter_end": iter_end})(
            3, random_state=0, init_params="random", tol=0
        )
        with pytest.raises(StopIteration):
            model.fit(clouds())
        models.append(state(model))
    for got, want in zip(*models, strict=True):
        np.testing.assert_allclose(got, want, 1e-6, 1e-9)


def test_output_that_looks_at_the_estimator_sees_the_present_iteration(monkeypatch):
    model = GaussianMixture(3, random_state=0, verbose=1, verbose_interval=1)
    scores = []

    class Screen:
        def write(self, text):
            if "Iteration" in text:
                scores.append(model.score(clouds()))

        def flush(self):
            pass

    monkeypatch.setattr("sys.stdout", Screen())
    model.fit(clouds())
    # The score after an iteration is the lower bound of the next.
    np.testing.assert_allclose(scores[:-1], model.lower_bounds_[1:], rtol=1e-9)


def test_weights_of_a_variational_fit_are_present_for_pictures_during_it():
    seen = []
    model = BayesianGaussianMixture(n_components=3, random_state=0)
    model.fit(clouds(), progress=lambda *_: seen.append(Mixture.from_model(model).weights))
    assert len(seen) == model.n_iter_
    np.testing.assert_array_equal(seen[-1], model.weights_)


def test_a_progress_bar_of_a_search_shows_its_fits(capsys):
    callback = pytest.importorskip("sklearn.callback", reason="scikit-learn before 1.9")
    pytest.importorskip("rich")
    model = GaussianMixture(random_state=0, init_params="random", max_iter=2)
    search = GridSearchCV(model, {"n_components": [1, 2]}, cv=2)
    search.set_callbacks(callback.ProgressBar(max_propagation_depth=None)).fit(clouds())
    shown = capsys.readouterr().out
    assert "GridSearchCV - fit" in shown
    assert "GaussianMixture - initialization" in shown


class Seen(Recorder):
    """A callback that notes what each task is given."""

    def __init__(self):
        super().__init__()
        self.tasks, self.data = [], []

    def on_fit_task_begin(self, estimator, context, *, X, y, metadata):
        self.tasks.append((context.task_name, context.max_subtasks))
        self.data.append((type(estimator).__name__, X, y, metadata))

    def on_fit_task_end(self, estimator, context, *, X, y, metadata):  # noqa: ARG002
        self.data.append((type(estimator).__name__, X, y, metadata))


def fit_it(model):
    return model.fit(clouds())


def select_it(model):
    return select_n_components(clouds(), [3], estimator=model)


@pytest.mark.skipif(
    not hasattr(GaussianMixture, "set_callbacks"), reason="scikit-learn before 1.9"
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("fit", [fit_it, select_it])
def test_callbacks_are_given_the_rows_and_the_number_of_tasks(fit):
    seen = Seen()
    model = GaussianMixture(3, random_state=0, init_params="random", max_iter=2, tol=0, n_init=2)
    fit(model.set_callbacks(seen))
    init = [("initialization", 2), ("iteration", 0), ("iteration", 0)]
    assert seen.tasks == [("fit", 2), *init, *init]
    assert len(seen.data) == 2 * len(seen.tasks)
    for name, X, y, metadata in seen.data:
        assert (name, y, metadata) == ("GaussianMixture", None, None)
        np.testing.assert_array_equal(X, clouds())


def test_a_fit_is_watched_by_hooks_progress_and_callbacks():
    def is_watched(estimator=None, progress=None):
        return FitReport(estimator or GaussianMixture(), {}, progress).is_watched

    class Own(GaussianMixture):
        def _print_verbose_msg_iter_end(self, *_):
            pass

    assert not is_watched()
    assert is_watched(GaussianMixture(verbose=1))
    assert is_watched(Own())
    assert is_watched(progress=print)
    report = FitReport(GaussianMixture(), {}, None)
    report._contexts.append(object())
    assert report.is_watched

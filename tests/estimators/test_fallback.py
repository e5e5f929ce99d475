"""Whatever of scikit-learn a script replaces or overrides decides the result; the log tells."""

import functools
import inspect
from unittest import mock

import numpy as np
import pytest
import scipy.linalg
import sklearn.cluster
from sklearn.base import BaseEstimator
from sklearn.mixture import _base, _bayesian_mixture, _gaussian_mixture

from gmmfast import BayesianGaussianMixture, GaussianMixture
from gmmfast.estimators import fallback
from support.estimators import PAIRS, check_same_fit, clouds

POINTS = clouds()
OPTIONS = {"n_components": 3, "random_state": 0, "max_iter": 5, "tol": 0.0}
STEPS = {
    GaussianMixture: (
        "_check_parameters",
        "_initialize_parameters",
        "_initialize",
        "_e_step",
        "_m_step",
        "_estimate_log_prob_resp",
        "_estimate_weighted_log_prob",
        "_estimate_log_prob",
        "_estimate_log_weights",
        "_compute_lower_bound",
        "_get_parameters",
        "_set_parameters",
    ),
}
STEPS[BayesianGaussianMixture] = (
    *STEPS[GaussianMixture],
    "_check_weights_parameters",
    "_check_means_parameters",
    "_check_precision_parameters",
    "_checkcovariance_prior_parameter",
    "_estimate_weights",
    "_estimate_means",
    "_estimate_precisions",
    "_estimate_wishart_full",
)
CASES = [(*pair, name) for pair in PAIRS for name in STEPS[pair[0]]]
CASES_IDS = [f"{ours.__name__}-{name}" for ours, _, name in CASES]

pytestmark = pytest.mark.filterwarnings("ignore:.*did not converge")


@pytest.fixture
def log(caplog):
    caplog.set_level("INFO", logger="gmmfast")
    return caplog


def counted(function):
    """A function that does the same, and counts its calls."""

    @functools.wraps(function)
    def wrapper(*arguments, **options):
        wrapper.calls += 1
        return function(*arguments, **options)

    wrapper.calls = 0
    return wrapper


@pytest.mark.parametrize(("ours", "theirs", "name"), CASES, ids=CASES_IDS)
def test_a_step_that_a_subclass_overrides_is_taken(log, ours, theirs, name):
    step = counted(getattr(theirs, name))
    model = type("Mine", (ours,), {name: step})(**OPTIONS).fit(POINTS)
    assert step.calls > 0
    assert log.messages == [f"Mine.fit: fallback to scikit-learn: Mine has a {name} of its own"]
    check_same_fit(model, theirs(**OPTIONS).fit(POINTS), rtol=1e-14)


@pytest.mark.parametrize(("ours", "theirs", "name"), CASES, ids=CASES_IDS)
def test_a_step_that_is_replaced_on_any_class_or_the_object_is_taken(
    monkeypatch, log, ours, theirs, name
):
    homes = [each for each in theirs.__mro__ if name in vars(each)]
    for owner in (*homes, theirs, ours, ours(**OPTIONS)):
        model = ours(**OPTIONS) if isinstance(owner, type) else owner
        with monkeypatch.context() as patch:
            step = counted(getattr(owner, name))
            patch.setattr(owner, name, step, raising=False)
            model.fit(POINTS)
        # GaussianMixture overrides the abstract methods of the base and does not call them.
        assert step.calls > 0 or getattr(step, "__isabstractmethod__", False)
        assert f"{name} " in log.messages[-1]
        assert "fallback to scikit-learn" in log.messages[-1]
    log.clear()
    ours(**OPTIONS).fit(POINTS)
    assert log.messages == [f"{ours.__name__}.fit: accelerated"]


def test_mocks_are_taken_and_forgotten(log):
    for owner in (_base.BaseMixture, _gaussian_mixture.GaussianMixture, GaussianMixture):
        with mock.patch.object(owner, "_e_step", autospec=True, side_effect=owner._e_step) as spy:
            model = GaussianMixture(**OPTIONS).fit(POINTS)
        assert spy.call_count == model.n_iter_ + 1
    model = GaussianMixture(**OPTIONS)
    with mock.patch.object(model, "_m_step", wraps=model._m_step) as spy:
        model.fit(POINTS)
    assert spy.call_count == model.n_iter_
    assert "accelerated" not in log.text
    model.fit(POINTS)
    assert log.messages[-1] == "GaussianMixture.fit: accelerated"


FUNCTIONS = [
    (GaussianMixture, _gaussian_mixture, "_estimate_gaussian_parameters", {}),
    (GaussianMixture, _gaussian_mixture, "_compute_precision_cholesky", {}),
    (GaussianMixture, _gaussian_mixture, "_estimate_log_gaussian_prob", {}),
    (GaussianMixture, _gaussian_mixture, "_compute_log_det_cholesky", {}),
    *(
        (GaussianMixture, _gaussian_mixture, f"_estimate_gaussian_covariances_{kind}", kind)
        for kind in ("full", "tied", "diag", "spherical")
    ),
    (GaussianMixture, _gaussian_mixture, "_check_means", {"means_init": POINTS[:3]}),
    (GaussianMixture, _gaussian_mixture, "row_norms", "spherical"),
    (GaussianMixture, _base, "check_random_state", {}),
    (GaussianMixture, _base, "kmeans_plusplus", {"init_params": "k-means++"}),
    (GaussianMixture, sklearn.cluster, "KMeans", {}),
    (GaussianMixture, sklearn.cluster.KMeans, "fit", {}),
    (GaussianMixture, sklearn.cluster.KMeans, "__init__", {}),
    (GaussianMixture, scipy.linalg, "cholesky", {}),
    (GaussianMixture, scipy.linalg, "solve_triangular", "tied"),
    (GaussianMixture, sklearn.cluster._kmeans, "_kmeans_plusplus", {}),
    (GaussianMixture, sklearn.cluster._kmeans, "_kmeans_plusplus", {"init_params": "k-means++"}),
    (BayesianGaussianMixture, _bayesian_mixture, "_estimate_gaussian_parameters", {}),
    (BayesianGaussianMixture, _bayesian_mixture, "_compute_precision_cholesky", {}),
    (BayesianGaussianMixture, _bayesian_mixture, "_estimate_log_gaussian_prob", {}),
    (BayesianGaussianMixture, _bayesian_mixture, "_log_wishart_norm", {}),
    (BayesianGaussianMixture, _bayesian_mixture, "digamma", {}),
    (BayesianGaussianMixture, _gaussian_mixture, "_estimate_gaussian_covariances_full", {}),
]


@pytest.mark.parametrize(
    ("ours", "module", "name", "options"), FUNCTIONS, ids=lambda each: str(each)[:40]
)
def test_a_function_that_is_replaced_is_called(monkeypatch, log, ours, module, name, options):
    if isinstance(options, str):
        options = {"covariance_type": options}
    with monkeypatch.context() as patch:
        function = counted(getattr(module, name))
        patch.setattr(module, name, function)
        ours(**OPTIONS, **options).fit(POINTS)
    assert function.calls > 0
    assert f".{name} has been replaced" in log.messages[-1]
    ours(**OPTIONS, **options).fit(POINTS)
    assert log.messages[-1] == f"{ours.__name__}.fit: accelerated"


def test_the_function_of_a_script_decides_the_fit(monkeypatch):
    name = "_estimate_gaussian_covariances_diag"
    original = getattr(_gaussian_mixture, name)
    monkeypatch.setattr(
        _gaussian_mixture, name, lambda *args, **options: np.maximum(original(*args, **options), 9)
    )
    model = GaussianMixture(covariance_type="diag", **OPTIONS).fit(POINTS)
    np.testing.assert_array_equal(model.covariances_, np.full((3, 3), 9.0))


def test_what_a_start_does_not_use_may_be_replaced(monkeypatch, log):
    monkeypatch.setattr(sklearn.cluster, "KMeans", None)
    monkeypatch.setattr(_base, "kmeans_plusplus", None)
    GaussianMixture(init_params="random", **OPTIONS).fit(POINTS)
    assert log.messages == ["GaussianMixture.fit: accelerated"]


def rounded_means():
    return property(
        lambda self: self.__dict__["means"],
        lambda self, values: self.__dict__.update(means=np.round(values)),
    )


def equal_weights(self, name, value):
    object.__setattr__(self, name, np.full(3, 1 / 3) if name == "weights_" else value)


@pytest.mark.parametrize(
    ("name", "value"), [("means_", rounded_means()), ("__setattr__", equal_weights)]
)
@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_a_class_that_changes_parameters_as_they_are_set_decides_the_fit(
    log, ours, theirs, name, value
):
    models = []
    for kind in (ours, theirs):
        mine = type("Mine", (kind,), {name: value})
        models.append(mine(**OPTIONS).fit(POINTS))
    check_same_fit(*models, rtol=1e-14)
    assert log.messages == [f"Mine.fit: fallback to scikit-learn: Mine has a {name} of its own"]


PREDICTIONS = ("score_samples", "predict", "predict_proba", "score")


@pytest.mark.parametrize("method", PREDICTIONS)
@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_predictions_take_what_they_would_use_and_nothing_else(
    monkeypatch, log, ours, theirs, method
):
    model = ours(**OPTIONS).fit(POINTS)
    for owner, name, is_used in (
        (theirs, "_estimate_log_prob", True),
        (_base.BaseMixture, "_estimate_weighted_log_prob", True),
        (theirs, "score_samples" if method == "score" else method, True),
        (_gaussian_mixture, "_compute_log_det_cholesky", True),
        (_base, "_logsumexp", method != "predict"),
        (theirs, "_m_step", False),
        (_gaussian_mixture, "_estimate_gaussian_parameters", False),
        (sklearn.cluster, "KMeans", False),
    ):
        if not hasattr(owner, name):
            continue  # the name in another version of scikit-learn
        log.clear()
        with monkeypatch.context() as patch:
            function = counted(getattr(owner, name))
            patch.setattr(owner, name, function)
            getattr(model, method)(POINTS)
        assert (function.calls > 0) == is_used, name
        assert ("fallback" in log.text) == is_used, name


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_fit_goes_through_a_fit_predict_of_its_own(ours, theirs):
    calls = []

    def fit_predict(self, X, y=None):
        calls.append(type(self))
        self.n_components = 2  # before parameters are checked, as in scikit-learn
        return super(type(self), self).fit_predict(X, y)

    models = []
    for kind in (ours, theirs):
        mine = type("Mine", (kind,), {"fit_predict": fit_predict})
        models.append(mine(**{**OPTIONS, "n_components": 0}).fit(POINTS))
        assert calls == [mine]
        calls.clear()
    check_same_fit(*models)
    assert models[0].means_.shape == (2, 3)


def test_fit_predict_may_be_set_on_the_object_or_the_class():
    model = GaussianMixture(**OPTIONS)
    model.fit_predict = mock.Mock()
    assert model.fit(POINTS) is model
    model.fit_predict.assert_called_once_with(POINTS, None)
    with mock.patch.object(GaussianMixture, "fit_predict", autospec=True) as method:
        GaussianMixture(**OPTIONS).fit(POINTS, sample_weight=np.ones(300))
    assert method.call_args.kwargs["sample_weight"].sum() == 300


@pytest.mark.parametrize("method", ["fit", "fit_predict"])
@pytest.mark.parametrize("home", [0, 1])
@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_a_fit_that_is_replaced_in_scikit_learn_is_called(
    monkeypatch, log, ours, theirs, method, home
):
    owner = (theirs, _base.BaseMixture)[home]
    function = counted(getattr(owner, method))
    monkeypatch.setattr(owner, method, function)
    model = ours(**OPTIONS).fit(POINTS)
    assert function.calls == 1
    assert f"{method} has been replaced" in log.text
    monkeypatch.undo()
    check_same_fit(model, theirs(**OPTIONS).fit(POINTS))


def test_methods_of_all_estimators_that_are_replaced_are_called(monkeypatch):
    for name in ("_validate_params", "get_params"):
        function = counted(getattr(BaseEstimator, name))
        monkeypatch.setattr(BaseEstimator, name, function)
        GaussianMixture(**OPTIONS).fit(POINTS)
        assert function.calls > 0


def test_parameters_are_counted_by_a_method_of_its_own():
    class Mine(GaussianMixture):
        def _n_parameters(self):
            return 1000

    model = Mine(**OPTIONS).fit(POINTS)
    np.testing.assert_allclose(model.aic(POINTS), 2000 - 2 * 300 * model.score(POINTS))


def test_what_was_replaced_before_the_import_is_taken_until_it_is_given_back(run_python):
    code = """
import logging, sys
import numpy as np
from unittest import mock
from sklearn.mixture import _base, _bayesian_mixture, _gaussian_mixture
X = np.random.default_rng(0).normal(size=(60, 2))
name = "_estimate_gaussian_covariances_full"
with (
    mock.patch.object(_gaussian_mixture, name, lambda *a, **b: np.tile(np.eye(2), (2, 1, 1))),
    mock.patch.object(_base.BaseMixture, "_e_step", autospec=True) as step,
):
    step.side_effect = step._mock_wraps = None
    import gmmfast
    logging.getLogger("gmmfast").setLevel("INFO")
    logging.getLogger("gmmfast").addHandler(logging.StreamHandler(sys.stdout))
    step.return_value = 0.0, np.full((60, 2), np.log(0.5))
    model = gmmfast.GaussianMixture(2, max_iter=1, tol=9, random_state=0).fit(X)
    assert (model.covariances_ == np.eye(2)).all()
gmmfast.GaussianMixture(2, max_iter=500, random_state=0).fit(X)
original = _gaussian_mixture._compute_log_det_cholesky
with mock.patch.object(_gaussian_mixture, "_compute_log_det_cholesky", side_effect=original):
    gmmfast.GaussianMixture(2, max_iter=500, random_state=0).fit(X)
"""
    result = run_python(code)
    outcomes = [line.partition(": ")[2] for line in result.stdout.splitlines()]
    assert len(outcomes) == 3, result.stderr
    assert "has been replaced" in outcomes[0]
    assert outcomes[1] == "accelerated"
    assert outcomes[2].endswith("_compute_log_det_cholesky has been replaced")


@pytest.mark.parametrize(("ours", "theirs", "name"), CASES, ids=CASES_IDS)
def test_our_classes_override_no_step(ours, theirs, name):
    assert getattr(ours, name) is getattr(theirs, name)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (_gaussian_mixture, "_estimate_gaussian_parameters"),
        (_gaussian_mixture.GaussianMixture, "_m_step"),
        (_base.BaseMixture, "_initialize_parameters"),
        (scipy.linalg, "cholesky"),
    ],
)
def test_what_is_replaced_is_told_with_the_place_where_it_was(monkeypatch, owner, name):
    monkeypatch.setattr(owner, name, lambda *_, **__: None)
    place = owner.__name__ if inspect.ismodule(owner) else f"{owner.__module__}.{owner.__name__}"
    reason = fallback.reason_to_fall_back(GaussianMixture(), None)
    assert reason == f"{place}.{name} has been replaced"


def test_values_are_known_by_the_package_that_made_them():
    for value in (np.add, np.zeros, scipy.linalg.cholesky, sklearn.cluster.KMeans, print, 5, None):
        assert fallback._known(value) is value
    for value in (lambda: None, mock.Mock(), clouds, type("Own", (), {"__module__": "own.code"})):
        assert fallback._known(value) is fallback._REPLACED_EARLIER
    assert fallback._home(np.add).partition(".")[0] == "numpy"
    # Nothing had been replaced when these tests began.
    assert all(reading._is_complete for reading in fallback._METHODS.values())


def test_an_assignment_may_be_intercepted_anywhere_in_a_class():
    class Guarded:
        def __setattr__(self, name, value):
            super().__setattr__(name, value)

    class First(Guarded, GaussianMixture):
        pass

    class Last(GaussianMixture, Guarded):
        pass

    class Sub(First):
        pass

    assert fallback.reason_to_fall_back(GaussianMixture(), None) is None
    for kind in (First, Last, Sub):
        reason = fallback.reason_to_fall_back(kind(), None)
        assert reason == f"{kind.__name__} has a __setattr__ of its own"

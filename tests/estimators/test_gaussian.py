"""Tests of both estimators as scikit-learn's objects: parameters, pickles, clones, errors.

The modules are estimators/gaussian.py, estimators/bayesian.py, estimators/base.py,
estimators/fallback.py and fitting/parameters.py.
"""

import copy
import pickle
import warnings
from functools import partial
from multiprocessing.reduction import ForkingPickler

import numpy as np
import pytest
import sklearn.mixture
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

import gmmfast
from gmmfast import BayesianGaussianMixture, GaussianMixture
from gmmfast.estimators.training_data import training_data
from support.checks import refusal
from support.estimators import PAIRS, clouds
from support.models import COVARIANCE_TYPES


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_predictions_are_those_of_scikit_learn(pixels, ours, theirs, covariance_type):
    options = {"n_components": 9, "covariance_type": covariance_type, "random_state": 0}
    got = ours(**options).fit(pixels)
    want = theirs(**options).fit(pixels)
    np.testing.assert_allclose(got.score_samples(pixels), want.score_samples(pixels), 1e-7)
    np.testing.assert_allclose(got.predict_proba(pixels), want.predict_proba(pixels), atol=1e-7)
    assert (got.predict(pixels) == want.predict(pixels)).mean() > 0.999
    assert (got.fit_predict(pixels) == want.fit_predict(pixels)).mean() > 0.999
    if ours is GaussianMixture:
        np.testing.assert_allclose(got.bic(pixels), want.bic(pixels), 1e-9)
        np.testing.assert_allclose(got.aic(pixels), want.aic(pixels), 1e-9)


def test_a_plain_scikit_learn_estimator_can_be_had():
    points = clouds()
    for ours, theirs in PAIRS:
        model = ours(n_components=3, random_state=0).fit(points)
        plain = model.to_sklearn()
        assert type(plain) is theirs
        assert b"gmmfast" not in pickle.dumps(plain)
        np.testing.assert_allclose(plain.score_samples(points), model.score_samples(points))
        assert plain.get_params() == model.get_params()
        assert plain.n_features_in_ == 3


def test_a_pickle_says_where_gmmfast_is_missing_that_it_is(run_python, tmp_path):
    model = GaussianMixture(2, random_state=0).fit(clouds())
    for name, each in (("ours", model), ("plain", model.to_sklearn())):
        (tmp_path / name).write_bytes(pickle.dumps(each))
    code = (
        "import sys, pickle; sys.modules['gmmfast'] = None\n"
        f"print(pickle.load(open({str(tmp_path / 'plain')!r}, 'rb')).means_.shape)\n"
        f"pickle.load(open({str(tmp_path / 'ours')!r}, 'rb'))"
    )
    result = run_python(code)
    assert result.stdout == "(2, 3)\n"
    assert "gmmfast" in result.stderr.splitlines()[-1]


def test_parameters_that_a_script_sets_are_what_counts():
    points = clouds()
    model = GaussianMixture(2)
    model.weights_ = np.array([0.25, 0.75])
    model.means_ = np.array([[0.0, 0, 0], [4, 4, 4]])
    covariances = np.stack([np.eye(3), np.diag([1.0, 2, 3]) + 0.5])
    # The recipe of many scripts: any root of the precisions, and no covariances_.
    model.precisions_cholesky_ = np.linalg.cholesky(np.linalg.inv(covariances))
    plain = sklearn.mixture.GaussianMixture(2)
    vars(plain).update(vars(model))
    np.testing.assert_allclose(model.score_samples(points), plain.score_samples(points), 1e-10)
    model.covariances_ = 9 * covariances  # left behind by something else
    np.testing.assert_allclose(model.score_samples(points), plain.score_samples(points), 1e-10)
    model.covariances_ = covariances
    np.testing.assert_allclose(model.score_samples(points), plain.score_samples(points), 1e-10)


def test_steps_that_are_overridden_or_replaced_are_taken_by_scikit_learn(caplog, monkeypatch):
    class Mine(GaussianMixture):
        steps = 0

        def _m_step(self, X, log_resp, **options):
            type(self).steps += 1
            super()._m_step(X, log_resp, **options)

    caplog.set_level("INFO", logger="gmmfast")
    model = Mine(3, random_state=0).fit(clouds())
    assert Mine.steps == model.n_iter_
    assert "Mine.fit: fallback to scikit-learn: Mine has a _m_step of its own" in caplog.text
    with pytest.raises(NotImplementedError, match=r"sample_weight: .* _m_step"):
        model.fit(clouds(), sample_weight=np.ones(300))
    caplog.clear()
    GaussianMixture(3, random_state=0).fit(clouds()).predict(clouds())
    assert "GaussianMixture.fit: accelerated" in caplog.text
    assert "GaussianMixture.predict: accelerated" in caplog.text
    name = "_estimate_gaussian_parameters"
    module = sklearn.mixture._gaussian_mixture
    monkeypatch.setattr(module, name, partial(getattr(module, name)))
    GaussianMixture(3, random_state=0).fit(clouds())
    assert f"{name} has been replaced" in caplog.text


def messages_of(estimator, *arguments, **options):
    """The class and text of the error, and of the warnings before it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(Exception, match=r".") as error:
            estimator.fit(*arguments, **options)
    return type(error.value), str(error.value), [str(each.message) for each in caught]


@pytest.mark.parametrize(
    ("options", "points"),
    [
        ({"n_components": 0}, clouds()),
        ({"n_components": 400}, clouds()),
        ({"max_iter": -1}, clouds()),
        ({"n_components": 2, "weights_init": [0.5, 0.6]}, clouds()),
        ({"n_components": 2, "means_init": np.zeros((2, 2))}, clouds()),
        ({"n_components": 2, "precisions_init": -np.ones((2, 3, 3))}, clouds()),
        ({"n_components": 3, "reg_covar": 0.0}, np.ones((9, 2))),
        ({}, np.ones(5)),
        ({}, np.ones((1, 2))),
        ({}, [["a", "b"]]),
        ({}, np.full((5, 2), np.inf)),
        ({}, np.ones((4, 2)) * 1j),
        ({}, [[[1.0, 2.0]]]),
        ({}, None),
        ({}, {}),
    ],
)
def test_errors_are_those_of_scikit_learn(options, points):
    kind, text, _ = messages_of(GaussianMixture(**options), points)
    expected = messages_of(sklearn.mixture.GaussianMixture(**options), points)
    assert kind is expected[0]
    assert text == expected[1]


def test_warnings_are_those_of_scikit_learn():
    for points, options in (
        (np.repeat(np.eye(2), 5, axis=0), {"n_components": 4}),
        (clouds(), {"n_components": 3, "max_iter": 1}),
    ):
        texts = []
        for estimator in (GaussianMixture, sklearn.mixture.GaussianMixture):
            with pytest.warns(ConvergenceWarning) as caught:
                estimator(random_state=0, **options).fit(points)
            texts.append([str(each.message) for each in caught])
        assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("error", "pattern", "options"),
    [
        (ValueError, "sample_weight: expected values of at least 0", {"sample_weight": [-1, 1]}),
        (ValueError, "ample.weight", {"sample_weight": [0, 0]}),
        (TypeError, "n_threads: expected an integer", {"n_threads": 1.5}),
    ],
)
def test_what_scikit_learn_does_not_have_is_refused_in_our_manner(error, pattern, options):
    with pytest.raises(error, match=pattern):
        GaussianMixture().fit([[0.0, 1], [2, 3]], **options)


def test_a_clone_is_unfitted_and_equal():
    model = GaussianMixture(5, covariance_type="tied", tol=0.5).fit(clouds())
    other = clone(model)
    assert type(other) is GaussianMixture
    assert other.get_params() == model.get_params()
    assert not hasattr(other, "means_")


class Passing(GaussianMixture):
    def __init__(self, n_components=1, **kwargs):
        super().__init__(n_components, covariance_type="diag", **kwargs)


class Owning(BayesianGaussianMixture):
    def __init__(self, name="", *, n_components=1, scale, **kwargs):
        super().__init__(n_components=n_components, **kwargs)
        self.name, self.scale = name, scale


def sent(model):
    """The model as another process receives it."""
    return ForkingPickler.loads(ForkingPickler.dumps(model))


MODELS = [
    Passing(3, random_state=0, n_init=2, means_init=None, tol=1e-4),
    Owning("me", n_components=3, scale=2.0, covariance_type="tied", random_state=0, tol=1e-4),
]


@pytest.mark.parametrize("model", MODELS, ids=["kwargs", "parameters"])
@pytest.mark.parametrize("copied", [clone, copy.deepcopy, sent])
def test_subclasses_keep_all_parameters_of_their_base(model, copied):
    points = clouds()
    names = model._sklearn_class().get_params()
    other = copied(model)
    assert type(other) is type(model)
    assert {name: getattr(other, name) for name in names} == {
        name: getattr(model, name) for name in names
    }
    assert other.get_params() == model.get_params()
    np.testing.assert_array_equal(other.fit(points).means_, clone(model).fit(points).means_)


@pytest.mark.parametrize("model", MODELS, ids=["kwargs", "parameters"])
def test_the_plain_copy_of_a_subclass_has_all_parameters_that_it_knows(model):
    points = clouds()
    model = clone(model).fit(points)
    plain = model.to_sklearn()
    assert type(plain) is model._sklearn_class
    for name, value in plain.get_params().items():
        assert value == getattr(model, name), name
    assert not hasattr(plain, "scale")
    np.testing.assert_allclose(plain.score_samples(points), model.score_samples(points), 1e-9)
    want = clone(plain).fit(points)
    np.testing.assert_allclose(model.means_, want.means_, rtol=1e-6)


def test_scikit_learns_estimator_shares_nothing_with_ours():
    model = GaussianMixture(2, random_state=0).fit(clouds())
    model.notes_ = [[1]]
    model._private_ = model.selection_ = object()
    plain = model.to_sklearn()
    assert vars(plain).keys().isdisjoint(("_private_", "selection_"))
    plain.notes_[0].append(2)
    plain.means_[:] = 0
    assert model.notes_ == [[1]]
    assert model.means_.any()


@pytest.mark.parametrize("method", ["fit", "fit_predict"])
def test_a_fit_that_did_not_converge_says_so_as_scikit_learn_does(method):
    def warned(module, **options):
        model = module.GaussianMixture(4, random_state=0, tol=0, **options)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            getattr(model, method)(clouds())
        return [(each.category, str(each.message)) for each in caught]

    once = warned(gmmfast, max_iter=1)
    assert once == warned(sklearn.mixture, max_iter=1)
    assert len(once) == 1
    assert warned(gmmfast, max_iter=0) == []
    assert warned(gmmfast, max_iter=50, n_init=1)[0] == once[0]


@pytest.mark.parametrize("method", ["fit", "fit_predict"])
def test_options_of_a_fit_reach_it(method, tmp_path):
    def call(model=GaussianMixture(2, random_state=0), **options):  # noqa: B008
        return getattr(clone(model), method)(clouds(), **options)

    assert refusal(ValueError, call, acceleration="wings") == (
        "acceleration: expected 'momentum' or None, got 'wings'; leave it out for scikit-learn's "
        "iterations"
    )
    checkpoint = gmmfast.Checkpoint(tmp_path / "fit.npz")
    refused = "checkpoint: expected a fit without acceleration and with n_init=1, got "
    assert refusal(ValueError, call, checkpoint=checkpoint, acceleration="momentum") == (
        f"{refused}acceleration='momentum' and n_init=1; leave them out"
    )
    several = GaussianMixture(2, n_init=3)
    assert refusal(ValueError, call, several, checkpoint=checkpoint) == (
        f"{refused}acceleration=None and n_init=3; leave them out"
    )
    assert refusal(TypeError, call, checkpoint="fit.npz") == (
        "checkpoint: expected a Checkpoint, got 'fit.npz'; pass gmmfast.Checkpoint(path)"
    )
    call(checkpoint=checkpoint)
    assert (tmp_path / "fit.npz").exists()
    lines = []
    call(progress=lambda *report: lines.append(report))
    assert lines


def test_fits_of_every_kind_are_logged_by_their_name(caplog):
    caplog.set_level("INFO", logger="gmmfast")
    model = GaussianMixture(3, random_state=0)
    for fit in (model.fit, model.fit_predict, model.partial_fit):
        caplog.clear()
        fit(clouds())
        assert caplog.messages[-1] == f"GaussianMixture.{fit.__name__}: accelerated"


def test_fit_predict_takes_weights_as_fit_does():
    points = clouds()
    weights = np.random.default_rng(2).exponential(size=len(points)) ** 4
    model, other = (GaussianMixture(3, random_state=0, max_iter=500) for _ in range(2))
    labels = model.fit_predict(points, sample_weight=weights)
    np.testing.assert_array_equal(labels, other.fit(points, sample_weight=weights).predict(points))
    np.testing.assert_array_equal(model.means_, other.means_)


def test_a_fit_to_samples_that_others_share_is_a_fit(caplog, tmp_path):
    points = np.random.default_rng(0).normal(size=(300, 2))  # one cloud: EM is slow
    model = GaussianMixture(3, random_state=0, max_iter=2000, tol=1e-8)
    plain = clone(model).fit(points)
    want = clone(model).fit(points, acceleration="momentum")
    assert want.n_iter_ < plain.n_iter_
    samples = training_data(points).samples(model, 1)
    lines = []
    caplog.set_level("INFO", logger="gmmfast")
    model._fit_in_memory(samples, lambda *line: lines.append(line), acceleration="momentum")
    np.testing.assert_array_equal(model.means_, want.means_)
    assert [n_iter for n_iter, _ in lines] == list(range(1, model.n_iter_ + 1))
    assert caplog.messages[-1] == "GaussianMixture.fit: accelerated"
    checkpoint = gmmfast.Checkpoint(tmp_path / "fit.npz")
    model._fit_in_memory(samples, None, checkpoint=checkpoint)
    assert (tmp_path / "fit.npz").exists()


def test_while_scikit_learn_is_patched_its_own_estimators_are_ours():
    class Sub(GaussianMixture):
        pass

    own, other = GaussianMixture._sklearn_class, BayesianGaussianMixture._sklearn_class
    assert not isinstance(own(), GaussianMixture)
    gmmfast.patch_sklearn()
    try:
        assert isinstance(own(), GaussianMixture)
        assert not isinstance(other(), GaussianMixture)
        assert isinstance(other(), BayesianGaussianMixture)
        assert not isinstance(own(), Sub)
        assert not isinstance(object(), GaussianMixture)
    finally:
        gmmfast.unpatch_sklearn()
    assert not isinstance(own(), GaussianMixture)


def test_missing_values_are_told_to_old_versions_of_scikit_learn_by_a_tag():
    assert GaussianMixture()._more_tags() == {"allow_nan": True}
    assert BayesianGaussianMixture()._more_tags() == {"allow_nan": False}

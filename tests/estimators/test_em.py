"""Promises of the estimators: scikit-learn's fits, from the same start, and what is more.

Trajectories are compared with scikit-learn's own on the pixels of china.jpg. What differs is
rounding: scikit-learn does not centre its products for "diag" and "spherical", whose variances
are wrong by some 1e-16 times the square of the coordinates.
"""

import pickle
import warnings
from functools import partial

import numpy as np
import pytest
import sklearn.mixture
from scipy.stats import multivariate_normal
from sklearn.base import clone
from sklearn.cluster import KMeans, kmeans_plusplus
from sklearn.datasets import load_sample_image
from sklearn.exceptions import ConvergenceWarning

import gmmfast
from gmmfast import BayesianGaussianMixture, GaussianMixture, _core
from support.models import COVARIANCE_TYPES

PAIRS = [
    (GaussianMixture, sklearn.mixture.GaussianMixture),
    (BayesianGaussianMixture, sklearn.mixture.BayesianGaussianMixture),
]
INITS = ("kmeans", "k-means++", "random", "random_from_data")
ATTRIBUTES = ("weights_", "means_", "covariances_", "precisions_cholesky_", "precisions_")


@pytest.fixture(scope="module")
def pixels():
    """(x, y, r, g, b) of 4,000 pixels of china.jpg, drawn with a fixed seed."""
    image = load_sample_image("china.jpg").astype(float)
    rows, columns = np.indices(image.shape[:2])
    points = np.column_stack([columns.ravel(), rows.ravel(), image.reshape(-1, 3)])
    return points[np.random.default_rng(0).choice(len(points), 4000, replace=False)]


def clouds(n=300, seed=0):
    """Three clouds of three features."""
    points = np.random.default_rng(seed).normal(size=(n, 3))
    points[n // 3 :] += 4
    points[2 * n // 3 :, 1] -= 8
    return points


def start(covariance_type, points, n_components=3):
    """A start that leaves nothing to chance."""
    n_features = points.shape[1]
    precisions = {
        "full": np.tile(np.eye(n_features), (n_components, 1, 1)),
        "tied": np.eye(n_features),
        "diag": np.ones((n_components, n_features)),
        "spherical": np.ones(n_components),
    }
    step = len(points) // n_components
    return {
        "n_components": n_components,
        "covariance_type": covariance_type,
        "weights_init": np.full(n_components, 1 / n_components),
        "means_init": points[step // 2 :: step][:n_components],
        "precisions_init": precisions[covariance_type],
    }


def check_same_fit(got, want, rtol=1e-8):
    assert got.n_iter_ == want.n_iter_
    assert got.converged_ == want.converged_
    for name in ATTRIBUTES:
        expected = getattr(want, name)
        # Off the diagonal, entries are as exact as the diagonal is large.
        atol = rtol * np.abs(expected).max()
        np.testing.assert_allclose(getattr(got, name), expected, rtol, atol, err_msg=name)
    np.testing.assert_allclose(got.lower_bound_, np.squeeze(want.lower_bound_), rtol)
    np.testing.assert_allclose(got.lower_bounds_, np.ravel(want.lower_bounds_), rtol)


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


@pytest.mark.parametrize("init_params", INITS)
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_every_start_is_that_of_scikit_learn_from_the_same_seed(
    pixels, covariance_type, init_params
):
    options = {
        "n_components": 12,
        "covariance_type": covariance_type,
        "init_params": init_params,
        "max_iter": 3,
        "tol": 0,
        "random_state": 7,
        "reg_covar": 1.0,
    }
    got = GaussianMixture(**options).fit(pixels)
    check_same_fit(got, sklearn.mixture.GaussianMixture(**options).fit(pixels))
    options["max_iter"] = 0
    got = GaussianMixture(**options).fit(pixels)
    want = sklearn.mixture.GaussianMixture(**options).fit(pixels)
    np.testing.assert_allclose(got.means_, want.means_, 1e-10)
    np.testing.assert_allclose(got.weights_, want.weights_, 1e-10)


def test_k_means_on_the_tree_chooses_and_clusters_as_scikit_learn_does(pixels):
    data = _core.Data(pixels)
    random_state = np.random.RandomState(5)
    first = int(random_state.choice(len(pixels), p=np.full(len(pixels), 1 / len(pixels))))
    draws = random_state.uniform(size=(39, 2 + int(np.log(40))))
    rows = data.kmeans_plusplus(first, draws)
    centers, expected = kmeans_plusplus(pixels, 40, random_state=np.random.RandomState(5))
    np.testing.assert_array_equal(rows, expected)
    want = KMeans(40, init=centers, n_init=1).fit(pixels)
    tol = 1e-4 * pixels.var(axis=0).mean()
    labels, found, inertia, n_iter = data.kmeans(np.ascontiguousarray(centers), tol, 300)
    np.testing.assert_array_equal(labels, want.labels_)
    np.testing.assert_allclose(found, want.cluster_centers_, 1e-9)
    np.testing.assert_allclose(inertia, want.inertia_, 1e-9)
    assert n_iter == want.n_iter_


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_the_best_of_several_starts_is_taken_and_a_warm_start_goes_on(
    ours, theirs, covariance_type
):
    points = clouds()
    options = {"n_components": 3, "covariance_type": covariance_type, "random_state": 2}
    several = {**options, "n_init": 4, "init_params": "random", "max_iter": 15}
    check_same_fit(ours(**several).fit(points), theirs(**several).fit(points), 1e-7)
    warm = {**options, "warm_start": True, "max_iter": 2}
    got, want = ours(**warm), theirs(**warm)
    for _ in range(3):
        check_same_fit(got.fit(points), want.fit(points), 1e-7)


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


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("ours", [GaussianMixture, BayesianGaussianMixture])
def test_a_row_of_weight_three_is_three_rows_and_of_weight_zero_none(ours, covariance_type):
    points = clouds()
    weights = np.random.default_rng(1).integers(0, 4, len(points))
    options = {"n_components": 3, "covariance_type": covariance_type, "tol": 0, "max_iter": 8}
    if ours is GaussianMixture:
        options |= start(covariance_type, points)
    else:
        # Clusters so far apart that every start finds them.
        points *= 10
        options |= {"init_params": "kmeans", "random_state": 0}
    weighted = ours(**options).fit(points, sample_weight=weights)
    repeated = ours(**options).fit(np.repeat(points, weights, axis=0))
    order, other = (np.argsort(model.means_[:, 0]) for model in (weighted, repeated))
    np.testing.assert_allclose(weighted.means_[order], repeated.means_[other], 1e-9)
    np.testing.assert_allclose(weighted.weights_[order], repeated.weights_[other], 1e-9)
    np.testing.assert_allclose(weighted.lower_bound_, repeated.lower_bound_, 1e-9)
    fractions = ours(**options).fit(points, sample_weight=weights * 0.5)
    if ours is GaussianMixture:
        np.testing.assert_allclose(fractions.means_, weighted.means_, 1e-9)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("ours", [GaussianMixture, BayesianGaussianMixture])
def test_chunks_give_the_fit_of_the_whole(ours, covariance_type, tmp_path):
    points = clouds()
    options = {
        "n_components": 3,
        "covariance_type": covariance_type,
        "random_state": 4,
        "max_iter": 6,
        "tol": 0,
    }
    whole = ours(**options).fit(points)
    cuts = [points[:100], points[100:101], points[101:]]
    file = np.memmap(tmp_path / "points", dtype=np.float64, mode="w+", shape=points.shape)
    file[:] = points
    several = {
        "list": cuts,
        "function": lambda: (points[i : i + 70] for i in range(0, len(points), 70)),
        "weighted": [(cut, np.ones(len(cut))) for cut in cuts],
        "map": file,
    }
    for name, chunks in several.items():
        got = ours(**options).fit(chunks)
        for attribute in ATTRIBUTES:
            expected = getattr(whole, attribute)
            np.testing.assert_allclose(getattr(got, attribute), expected, 1e-9, 1e-9, err_msg=name)
    labels = ours(**options).fit_predict(cuts)
    np.testing.assert_array_equal(labels, whole.predict(points))


def test_a_large_memory_map_is_read_in_chunks(monkeypatch, tmp_path):
    monkeypatch.setattr("gmmfast.estimators.chunks.MAP_ROWS", 64)
    points = clouds()
    file = np.memmap(tmp_path / "points", dtype=np.float32, mode="w+", shape=points.shape)
    file[:] = points
    options = start("full", points) | {"max_iter": 3, "tol": 0}
    before = gmmfast.kernel_calls()["expectation"]
    mapped = GaussianMixture(**options).fit(file)
    assert gmmfast.kernel_calls()["expectation"] == before + 3 * 5
    whole = GaussianMixture(**options).fit(np.array(file))
    np.testing.assert_allclose(mapped.means_, whole.means_, 1e-6)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_partial_fit_never_forgets_what_came_before(covariance_type):
    points = clouds(900)
    shuffled = points[np.random.default_rng(5).permutation(len(points))]
    model = GaussianMixture(3, covariance_type=covariance_type, random_state=0)
    for chunk in np.array_split(shuffled, 9):
        model.partial_fit(chunk)
    assert model.n_iter_ == 9
    best = GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(points)
    assert model.score(points) > best.score(points) - 0.01
    # A chunk of one cloud alone does not make the others go away.
    model.partial_fit(points[:300])
    assert model.weights_.min() > 0.2
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 (our own)
    np.testing.assert_array_equal(
        again.partial_fit(points[:10]).means_, model.partial_fit(points[:10]).means_
    )


def test_the_statistics_of_partial_fit_are_those_of_one_step_if_parameters_stay():
    # Components so far apart that responsibilities do not depend on the parameters.
    points = 100 * np.repeat(np.eye(3), 40, axis=0)
    points += np.random.default_rng(0).normal(size=points.shape)
    options = start("full", points)
    model = GaussianMixture(**options)
    for chunk in np.array_split(points[np.random.default_rng(1).permutation(120)], 4):
        model.partial_fit(chunk)
    whole = GaussianMixture(**options, max_iter=1).fit(points)
    for name in ("weights_", "means_", "covariances_"):
        np.testing.assert_allclose(getattr(model, name), getattr(whole, name), 1e-8, 1e-9)


def marginal_log_density(model, row):
    """Log p of the values that are there, by scipy, of a "full" model."""
    seen = np.flatnonzero(~np.isnan(row))
    if not len(seen):
        return 0.0
    terms = [
        np.log(weight)
        + multivariate_normal(mean[seen], covariance[np.ix_(seen, seen)]).logpdf(row[seen])
        for weight, mean, covariance in zip(
            model.weights_, model.means_, model.covariances_, strict=True
        )
    ]
    return np.logaddexp.reduce(terms)


def test_missing_values_are_marginalised_as_by_hand():
    points = clouds()
    rows = points.copy()
    rows[np.random.default_rng(3).random(rows.shape) < 0.3] = np.nan
    rows[7] = np.nan
    model = GaussianMixture(**start("full", points), max_iter=5, tol=0).fit(rows)
    by_hand = [marginal_log_density(model, row) for row in rows]
    np.testing.assert_allclose(model.score_samples(rows), by_hand, 1e-10, 1e-10)
    assert model.score_samples(rows)[7] == 0
    np.testing.assert_allclose(model.predict_proba(rows)[7], model.weights_)
    assert (model.predict(rows) == model.predict_proba(rows).argmax(axis=1)).all()
    # The first lower bound is the mean of the first parameters' log-densities.
    first = GaussianMixture(**start("full", points), max_iter=0).fit(rows)
    mean = np.mean([marginal_log_density(first, row) for row in rows])
    np.testing.assert_allclose(model.lower_bounds_[0], mean, 1e-10)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_a_step_with_missing_values_is_the_expected_one(covariance_type):
    points = clouds(60)
    rows = points.copy()
    rows[::2, 1] = np.nan
    rows[::3, 0] = np.nan
    rows[5] = np.nan
    options = start(covariance_type, points)
    before = GaussianMixture(**options, max_iter=0).fit(rows)
    after = GaussianMixture(**options, max_iter=1, tol=0, reg_covar=0).fit(rows)
    shares = before.predict_proba(rows)
    full = before.covariances_ if covariance_type == "full" else np.tile(np.eye(3), (3, 1, 1))
    means, second = np.zeros((3, 3)), np.zeros((3, 3, 3))
    for row, share in zip(rows, shares, strict=True):
        seen, lacking = np.flatnonzero(~np.isnan(row)), np.flatnonzero(np.isnan(row))
        for k in range(3):
            inverse = np.linalg.inv(full[k][np.ix_(seen, seen)])
            slopes = full[k][np.ix_(lacking, seen)] @ inverse
            filled, inner = row.copy(), np.zeros((3, 3))
            offset = row[seen] - before.means_[k][seen]
            filled[lacking] = before.means_[k][lacking] + slopes @ offset
            left = slopes @ full[k][np.ix_(seen, lacking)]
            inner[np.ix_(lacking, lacking)] = full[k][np.ix_(lacking, lacking)] - left
            means[k] += share[k] * filled
            second[k] += share[k] * (np.outer(filled, filled) + inner)
    counts = shares.sum(axis=0)
    means /= counts[:, None]
    covariances = second / counts[:, None, None] - means[:, :, None] * means[:, None, :]
    want = {
        "full": lambda: covariances,
        "tied": lambda: np.einsum("k,kij->ij", counts / counts.sum(), covariances),
        "diag": lambda: np.diagonal(covariances, 0, 1, 2),
        "spherical": lambda: np.diagonal(covariances, 0, 1, 2).mean(axis=1),
    }[covariance_type]()
    np.testing.assert_allclose(after.means_, means, 1e-10)
    np.testing.assert_allclose(after.weights_, counts / counts.sum(), 1e-10)
    np.testing.assert_allclose(after.covariances_, want, 1e-8, 1e-10)


def test_the_likelihood_never_falls_whatever_is_missing():
    rows = clouds()
    rows[np.random.default_rng(9).random(rows.shape) < 0.4] = np.nan
    for covariance_type in COVARIANCE_TYPES:
        model = GaussianMixture(
            4, covariance_type=covariance_type, random_state=0, max_iter=20, tol=0, reg_covar=0
        ).fit(rows)
        assert (np.diff(model.lower_bounds_) > -1e-10).all()


def test_threads_do_not_change_a_bit(pixels):
    options = {"n_components": 15, "random_state": 0, "max_iter": 4}
    one = GaussianMixture(**options).fit(pixels, n_threads=1)
    two = GaussianMixture(**options).fit(pixels, n_threads=2)
    for name in ATTRIBUTES:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


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
        ({"covariance_type": "round"}, clouds()),
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


def test_chunks_that_are_none_are_refused():
    points = clouds()
    model = GaussianMixture()
    with pytest.raises(TypeError, match="X: expected chunks that can be gone through once an"):
        model.fit(points[i : i + 50] for i in range(0, 300, 50))
    with pytest.raises(ValueError, match="X: expected at least one chunk"):
        model.fit(lambda: iter([]))
    with pytest.raises(ValueError, match="sample_weight: expected None when X comes in chunks"):
        model.fit([points], sample_weight=np.ones(300))
    with pytest.raises(ValueError, match="features"):
        model.fit([points, points[:, :2]])
    with pytest.raises(TypeError, match="pairs"):
        model.fit(lambda: iter([(points, None, None)]))


def test_the_bayesian_estimator_takes_no_missing_values():
    rows = clouds()
    rows[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        BayesianGaussianMixture().fit(rows)
    assert GaussianMixture().__sklearn_tags__().input_tags.allow_nan
    assert not BayesianGaussianMixture().__sklearn_tags__().input_tags.allow_nan


def test_a_clone_is_unfitted_and_equal():
    model = GaussianMixture(5, covariance_type="tied", tol=0.5).fit(clouds())
    other = clone(model)
    assert type(other) is GaussianMixture
    assert other.get_params() == model.get_params()
    assert not hasattr(other, "means_")

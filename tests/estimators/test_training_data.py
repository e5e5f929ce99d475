"""Tests of estimators/training_data.py: weights of 0, float32, chunks and memory maps."""

import io
import re
import sys

import numpy as np
import pytest

import gmmfast
from gmmfast import BayesianGaussianMixture, GaussianMixture
from gmmfast.estimators import training_data as module
from gmmfast.estimators.inspection import Inspect
from gmmfast.estimators.training_data import checked_points, foreign_array, training_data
from gmmfast.fitting.blocks import MappedBlocks
from support.checks import check_message, refusal
from support.models import COVARIANCE_TYPES, three_clouds

POINTS = three_clouds(np.float64)
INITS = ("kmeans", "k-means++", "random", "random_from_data")


@pytest.mark.parametrize("init_params", INITS)
def test_no_start_is_at_rows_of_weight_zero(init_params):
    weights = (np.arange(len(POINTS)) % 10 == 0).astype(float)
    options = {"n_components": 3, "init_params": init_params, "random_state": 0, "max_iter": 0}
    start = GaussianMixture(**options).fit(POINTS, sample_weight=weights)
    seen = POINTS[weights > 0]
    assert (start.means_ >= seen.min(axis=0)).all()
    assert (start.means_ <= seen.max(axis=0)).all()
    assert len(np.unique(start.means_, axis=0)) == 3


def test_rows_chosen_to_start_from_are_chosen_as_often_as_they_weigh():
    # All the weight but 1e-9 is on four rows: all of them are chosen, but for one in a million.
    weights = np.full(len(POINTS), 1e-9)
    weights[[3, 150, 200, 400]] = 1
    options = {"n_components": 4, "init_params": "random_from_data", "max_iter": 0}
    start = GaussianMixture(**options, random_state=0).fit(POINTS, sample_weight=weights)
    np.testing.assert_allclose(
        np.sort(start.means_, axis=0), np.sort(POINTS[[3, 150, 200, 400]], axis=0), 1e-9
    )
    # Of fewer rows than components each starts some.
    few = (np.arange(len(POINTS)) < 2).astype(float)
    start = GaussianMixture(**options, random_state=0).fit(POINTS, sample_weight=few)
    expected = np.sort(np.tile(POINTS[:2], (2, 1)), axis=0)
    np.testing.assert_allclose(np.sort(start.means_, axis=0), expected, 1e-9)


@pytest.mark.parametrize("init_params", INITS)
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_float32_rows_far_from_the_origin_start_as_exactly_as_float64(
    covariance_type, init_params
):
    # Of squares of 9e8, float32 keeps no digit of variances of 1 to 9.
    points = (POINTS + 30_000).astype(np.float32)
    options = {"covariance_type": covariance_type, "init_params": init_params}
    options |= {"n_components": 3, "random_state": 0, "max_iter": 4, "tol": 0}
    single = GaussianMixture(**options).fit(points)
    double = GaussianMixture(**options).fit(points.astype(float))
    np.testing.assert_allclose(single.lower_bounds_, double.lower_bounds_, 1e-6)
    np.testing.assert_allclose(single.covariances_, double.covariances_, 1e-4, 1e-4)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_priors_are_taken_of_float32_rows_in_float64(covariance_type):
    points = np.random.default_rng(0).uniform(0, 640, (100_000, 2)).astype(np.float32)
    options = {"covariance_type": covariance_type, "max_iter": 0, "init_params": "k-means++"}
    single = BayesianGaussianMixture(**options).fit(points)
    double = BayesianGaussianMixture(**options).fit(points.astype(float))
    np.testing.assert_allclose(single.mean_prior_, double.mean_prior_, 1e-12)
    np.testing.assert_allclose(single.covariance_prior_, double.covariance_prior_, 1e-10, 1e-6)


def test_chunks_and_batches_of_weight_zero_say_nothing():
    nothing = np.zeros(len(POINTS))
    whole = GaussianMixture(3, random_state=0).fit(POINTS)
    options = {"n_components": 3, "means_init": whole.means_, "random_state": 0}
    chunks = [(POINTS, np.ones(len(POINTS))), (POINTS + 50, nothing)]
    got = GaussianMixture(**options).fit(chunks)
    want = GaussianMixture(**options).fit(
        np.concatenate([POINTS, POINTS]), sample_weight=[*np.ones(len(POINTS)), *nothing]
    )
    np.testing.assert_allclose(got.means_, want.means_, 1e-9)
    model = GaussianMixture(3, random_state=0).partial_fit(POINTS)
    means = model.means_.copy()
    model.partial_fit(POINTS + 50, sample_weight=nothing)
    np.testing.assert_array_equal(model.means_, means)
    pattern = "sample_weight: expected at least one weight above 0, got only zeros; leave"
    for call, rows in (("fit", POINTS), ("partial_fit", POINTS), ("fit", [(POINTS, nothing)])):
        options = {} if isinstance(rows, list) else {"sample_weight": nothing}
        check_message(
            refusal(ValueError, getattr(GaussianMixture(), call), rows, **options), pattern
        )


def test_a_large_memory_map_may_be_weighted(monkeypatch, tmp_path):
    monkeypatch.setattr("gmmfast.fitting.chunks.MAP_ROWS", 64)
    monkeypatch.setattr("gmmfast.fitting.chunks.available_bytes", lambda: 1000)
    file = np.memmap(tmp_path / "points", dtype=np.float64, mode="w+", shape=POINTS.shape)
    file[:] = POINTS
    weights = np.random.default_rng(0).uniform(size=len(POINTS))
    options = {"n_components": 3, "random_state": 0, "max_iter": 3, "tol": 0}
    before = gmmfast.kernel_calls()["expectation"]
    mapped = GaussianMixture(**options).fit(file, sample_weight=weights)
    assert gmmfast.kernel_calls()["expectation"] >= before + 3 * -(-len(POINTS) // 64)
    whole = GaussianMixture(**options).fit(POINTS, sample_weight=weights)
    np.testing.assert_allclose(mapped.means_, whole.means_, 1e-9)
    with pytest.raises(ValueError, match="sample_weight"):
        GaussianMixture().fit(file, sample_weight=weights[1:])


def exhausted():
    chunks = iter([POINTS])
    return lambda: chunks


def shrinking():
    passes = iter([[POINTS], [POINTS], [POINTS[:9]], [POINTS[:9]]])
    return lambda: iter(next(passes))


@pytest.mark.parametrize(
    ("error", "chunks", "pattern"),
    [
        (ValueError, exhausted, r"X: expected the same chunks, of 450 rows.* got 0 rows; pass"),
        (ValueError, shrinking, r"X: expected the same chunks, of 450 rows.* got 9 rows; pass"),
        (TypeError, lambda: lambda: None, r"X: expected a function that returns an iterator"),
    ],
)
def test_chunks_that_are_not_the_same_each_time_are_refused(error, chunks, pattern):
    check_message(refusal(error, GaussianMixture(2).fit, chunks()), pattern)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("max_iter", [2, 100])
def test_the_line_of_progress_ends_when_iterations_do(monkeypatch, max_iter):
    monkeypatch.setattr(sys, "stderr", Terminal())
    model = GaussianMixture(2, n_init=2, tol=0.1, max_iter=max_iter, random_state=0)
    model.fit(POINTS, progress=True)
    text = sys.stderr.getvalue()
    assert text.count("\n") == 2
    assert text.endswith("\n")
    assert text.rstrip().endswith(" s")
    times = r"at most \d+ s left, 0\.\d s *\r"
    assert re.match(rf"\riteration 1/{max_iter}  lower bound -\d+\.\d+  {times}", text)


def test_a_fit_that_falls_back_forgets_what_partial_fit_has_seen():
    model = GaussianMixture(2, random_state=0).partial_fit(POINTS)
    model._m_step = model._m_step  # a step of its own
    model.fit(POINTS[:100])
    del model._m_step
    once = GaussianMixture(2, random_state=0).partial_fit(POINTS[:200])
    np.testing.assert_array_equal(model.partial_fit(POINTS[:200]).means_, once.means_)


def test_bounds_are_of_scikit_learns_type():
    model = GaussianMixture(2, random_state=0).fit(POINTS)
    assert isinstance(model.lower_bound_, np.float64)
    assert all(isinstance(bound, np.float64) for bound in model.lower_bounds_)
    assert type(model.converged_) is bool


@pytest.mark.parametrize(
    ("changed", "pattern"),
    [
        ({"covariance_type": "full"}, "covariance_type: expected 'diag'"),
        ({"covariance_type": "tied-diag"}, "covariance_type: expected 'diag'"),
        ({"n_components": 4}, "n_components: expected 3"),
    ],
)
def test_what_rows_were_seen_by_may_not_change_between_batches(changed, pattern):
    rows = np.random.default_rng(0).normal(size=(60, 2))
    model = GaussianMixture(3, covariance_type="diag", random_state=0).partial_fit(rows)
    with pytest.raises(ValueError, match=pattern) as caught:
        model.set_params(**changed).partial_fit(rows)
    check_message(str(caught.value), pattern)


@pytest.mark.parametrize("weight", [None, np.linspace(0, 2, 450)])
def test_batches_of_one_component_have_the_mean_of_all_rows(weight):
    model, counts = GaussianMixture(1, reg_covar=0), np.ones(450) if weight is None else weight
    for call, rows in enumerate((slice(0, 200), slice(200, 201), slice(201, 450)), start=1):
        model.partial_fit(POINTS[rows], sample_weight=None if weight is None else weight[rows])
        assert (model.n_iter_, model.converged_, model.lower_bounds_) == (call, False, [])
        seen = slice(0, rows.stop)
        mean = np.average(POINTS[seen], axis=0, weights=counts[seen])
        np.testing.assert_allclose(model.means_[0], mean, rtol=1e-12)
        if call > 1:
            expected = np.cov(POINTS[seen].T, aweights=counts[seen], ddof=0)
            np.testing.assert_allclose(model.covariances_[0], expected, rtol=1e-10)
    message = refusal(ValueError, model.partial_fit, POINTS[:, :1])
    assert "features" in message
    fewer = GaussianMixture(2).partial_fit(POINTS.astype(np.float32))
    assert fewer.means_.dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_block_tells_its_rows_their_weight_and_dtype(dtype):
    rows = POINTS[:4].astype(dtype)
    n_samples, weight, has_weight, found, head = Inspect(allows_nan=False)(rows)
    assert (n_samples, weight, has_weight, found) == (4, 4.0, False, dtype)
    assert head.shape == (0, rows.shape[1])
    size = Inspect(allows_nan=False)(lambda: (rows, [1, 2, 0, 1.5]))
    assert size[:4] == (4, 4.5, True, dtype)
    large = Inspect(allows_nan=False)((rows, np.full(4, 32_768, np.float16)))
    assert large.weight == 4 * 32_768  # beyond float16
    rows[1, 0] = np.nan
    assert "NaN" in refusal(ValueError, Inspect(allows_nan=False), rows)
    assert Inspect(allows_nan=True)(rows).n_samples == 4


class Foreign:
    """An array of another library."""

    __array_namespace__ = None


def test_arrays_of_other_libraries_are_known_by_their_namespace(monkeypatch):
    assert foreign_array(POINTS, None, [1.0]) is None
    assert foreign_array(Foreign()) is None
    # Dispatch itself needs an environment variable before SciPy is imported.
    monkeypatch.setattr(module, "get_config", lambda: {"array_api_dispatch": True})
    assert foreign_array(POINTS, Foreign()) == "Foreign"
    assert training_data(Foreign()).foreign == "Foreign"
    model = GaussianMixture(2, max_iter=1, tol=9).fit(POINTS)
    assert [model._falls_back("predict", X) for X in (POINTS, Foreign())] == [False, True]
    model.means_ = Foreign()
    assert model._falls_back("predict", POINTS)
    assert foreign_array(POINTS, None, [1.0]) is None


def test_the_number_of_threads_reaches_the_samples_of_every_kind():
    estimator = GaussianMixture(2)
    data = training_data(POINTS, None)
    assert data.samples(estimator, 3).n_threads == 3
    mapped = training_data(POINTS, None, map)
    assert mapped.samples(estimator, 3).n_threads == 3


def test_two_rows_in_chunks_are_enough_and_no_weights_are_none():
    assert GaussianMixture(1).fit([POINTS[:1], POINTS[1:2]]).n_iter_ == 2
    assert checked_points(GaussianMixture(), POINTS, None)[1] is None


def test_an_array_for_a_mapper_is_checked_as_without_one(monkeypatch):
    pandas = pytest.importorskip("pandas")
    for rows in (POINTS[:1], [], np.zeros((3, 0)), [["a", "b"]] * 3):
        message = refusal(ValueError, GaussianMixture(1).fit, rows)
        assert refusal(ValueError, GaussianMixture(1).fit, rows, mapper=map) == message
    frame = pandas.DataFrame(POINTS, columns=[f"x{i}" for i in range(POINTS.shape[1])])
    for rows in (frame, [frame[:99], frame[99:]]):
        model = GaussianMixture(3, random_state=0).fit(rows, mapper=map)
        assert model.feature_names_in_.tolist() == list(frame.columns)
    # All rows are at hand for the start, and workers get blocks of a fixed size.
    monkeypatch.setattr("gmmfast.fitting.blocks.INITIAL_ROWS", 50)
    monkeypatch.setattr(module, "BLOCK_ROWS", 100)
    numbers = []

    def noted(function, blocks):
        blocks = list(blocks)
        numbers.append(len(blocks))
        return map(function, blocks)

    model = GaussianMixture(3, random_state=0).fit(POINTS, mapper=noted)
    assert set(numbers) == {-(-len(POINTS) // 100)}
    want = GaussianMixture(3, random_state=0).fit(POINTS)
    assert model.n_iter_ == want.n_iter_
    np.testing.assert_allclose(model.means_, want.means_, 1e-10)


@pytest.mark.parametrize("init_params", INITS)
def test_blocks_elsewhere_start_from_more_points_than_components(init_params):
    class Elsewhere:
        n_threads = 5
        map = MappedBlocks(lambda: [POINTS], map).map

    data = training_data(POINTS)._replace(blocks=Elsewhere())
    model = GaussianMixture(3, init_params=init_params)
    samples = data.samples(model, None)
    assert samples.n_threads == 5
    assert samples.whole is None
    is_of_rows = init_params in ("kmeans", "k-means++")
    assert (samples.oversampling is not None) == is_of_rows
    assert training_data(POINTS, mapper=map).samples(model, None).oversampling is None

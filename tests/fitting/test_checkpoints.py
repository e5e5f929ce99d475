"""Tests of fitting/checkpoints.py: a stopped fit goes on with the same bits."""

import numpy as np
import pytest

from gmmfast import BayesianGaussianMixture, Checkpoint, GaussianMixture
from support.models import three_clouds

POINTS = three_clouds("f8")
CASES = [
    (GaussianMixture, {}),
    (GaussianMixture, {"covariance_type": "tied"}),
    (BayesianGaussianMixture, {}),
    (BayesianGaussianMixture, {"weight_concentration_prior_type": "dirichlet_distribution"}),
]


class StopFitError(Exception):
    pass


def stop_at(last):
    def progress(n_iter, _):
        if n_iter == last:
            raise StopFitError

    return progress


@pytest.mark.parametrize(("estimator", "options"), CASES)
def test_a_resumed_fit_has_the_bits_of_one_that_was_not_stopped(estimator, options, tmp_path):
    def make():
        return estimator(n_components=4, max_iter=12, tol=0, random_state=0, **options)

    whole = make().fit(POINTS)
    file = Checkpoint(tmp_path / "fit.npz", every=3, resume=True)
    with pytest.raises(StopFitError):
        make().fit(POINTS, checkpoint=file, progress=stop_at(8))
    seen = []
    other = make().fit(POINTS, checkpoint=file, progress=lambda n_iter, _: seen.append(n_iter))
    assert seen == list(range(7, 13))
    for name in ("weights_", "means_", "covariances_", "precisions_cholesky_"):
        assert np.array_equal(getattr(whole, name), getattr(other, name))
    assert other.lower_bounds_ == whole.lower_bounds_
    again = make().fit(POINTS, checkpoint=file)
    assert np.array_equal(again.means_, whole.means_)


def test_a_converged_fit_does_not_iterate_again(tmp_path):
    file = Checkpoint(tmp_path / "fit.npz", resume=True)
    model = GaussianMixture(3, random_state=0).fit(POINTS, checkpoint=file)
    again = GaussianMixture(3, random_state=0).fit(
        POINTS, checkpoint=file, progress=stop_at(model.n_iter_ + 1)
    )
    assert again.converged_
    assert np.array_equal(again.means_, model.means_)


def test_without_resume_the_fit_begins_anew(tmp_path):
    path = tmp_path / "fit.npz"
    for _ in range(2):
        seen = []
        model = GaussianMixture(3, random_state=0, max_iter=2, tol=0)
        model.fit(POINTS, checkpoint=Checkpoint(path), progress=lambda n, _: seen.append(n))  # noqa: B023
        assert seen == [1, 2]


def test_a_checkpoint_of_another_fit_or_file_is_refused(tmp_path):
    file = Checkpoint(tmp_path / "fit.npz", resume=True)
    GaussianMixture(3, random_state=0, max_iter=2).fit(POINTS, checkpoint=file)
    with pytest.raises(ValueError, match="checkpoint: expected one of this fit, whose n_comp"):
        GaussianMixture(4).fit(POINTS, checkpoint=file)
    with pytest.raises(ValueError, match="whose n_samples is"):
        GaussianMixture(3).fit(POINTS[1:], checkpoint=file)
    (tmp_path / "fit.npz").write_bytes(b"other")
    with pytest.raises(ValueError, match="checkpoint: expected a file that a fit wrote"):
        GaussianMixture(3).fit(POINTS, checkpoint=file)


@pytest.mark.parametrize("rows", [POINTS + 100, POINTS * 2, POINTS[:, ::-1]])
def test_a_checkpoint_of_other_rows_is_refused(rows, tmp_path):
    file = Checkpoint(tmp_path / "fit.npz", resume=True)
    GaussianMixture(3, random_state=0).fit(POINTS, checkpoint=file)
    with pytest.raises(ValueError, match="checkpoint: expected one of a fit of these rows"):
        GaussianMixture(3, random_state=0).fit(rows, checkpoint=file)


def test_a_checkpoint_of_another_array_among_the_parameters_is_refused(tmp_path):
    file = Checkpoint(tmp_path / "fit.npz", resume=True)
    prior = np.zeros(POINTS.shape[1])
    BayesianGaussianMixture(mean_prior=prior).fit(POINTS, checkpoint=file)
    BayesianGaussianMixture(mean_prior=prior.tolist()).fit(POINTS, checkpoint=file)
    for other in (prior + 50, None):
        with pytest.raises(ValueError, match="this fit, whose mean_prior is"):
            BayesianGaussianMixture(mean_prior=other).fit(POINTS, checkpoint=file)


@pytest.mark.parametrize("hole", [0, np.nan])
def test_the_same_rows_go_on_in_other_chunks_with_a_mapper_and_threads(hole, tmp_path):
    file = Checkpoint(tmp_path / "fit.npz", resume=True)
    rows = POINTS.copy() + 1e6
    rows[::7, 1] += hole
    forms = [
        {"X": rows, "n_threads": 1},
        {"X": rows, "n_threads": 2},
        {"X": np.array_split(rows, 7)},
        {"X": np.array_split(rows, 3), "mapper": map},
        {"X": rows, "sample_weight": np.ones(len(rows))},
    ]
    n_iters = []
    for n_iter, form in enumerate(forms, 2):
        model = GaussianMixture(2, random_state=0, max_iter=n_iter, tol=0)
        model.fit(**form, checkpoint=file, progress=lambda n, _: n_iters.append(n))
    assert n_iters == [1, 2, 3, 4, 5, 6]


def test_wrong_arguments_are_refused(tmp_path):
    file = Checkpoint(tmp_path / "fit.npz")
    with pytest.raises(ValueError, match="checkpoint: expected a fit without acceleration"):
        GaussianMixture(3, n_init=2).fit(POINTS, checkpoint=file)
    with pytest.raises(TypeError, match="checkpoint: expected a Checkpoint"):
        GaussianMixture(3).fit(POINTS, checkpoint="fit.npz")
    with pytest.raises(ValueError, match="every"):
        Checkpoint(tmp_path / "fit.npz", every=0)
    with pytest.raises(FileNotFoundError, match="path: expected"):
        Checkpoint(tmp_path / "missing" / "fit.npz")

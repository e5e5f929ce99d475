"""Tests of image_models/selection.py and image_models/estimator_selection.py.

The Dirichlet process of `fit_image` is tested here, too.
"""

import re

import numpy as np
import pytest
import sklearn.mixture
from scipy.special import entr
from sklearn.base import clone

from gmmfast import (
    BayesianGaussianMixture,
    GaussianMixture,
    fit_image,
    images,
    render_grid,
    select_n_components,
)
from support.checks import refusal
from support.image_models import CHINA, PHOTO, SPOTS, check_same_parameters
from support.models import three_clouds


# The order of the model.
def sums(model, points):
    """Log-likelihood and entropy of the responsibilities, the dense way."""
    plain = model.to_sklearn()
    return plain.score_samples(points).sum(), entr(plain.predict_proba(points)).sum()


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("criterion", ["bic", "aic", "icl"])
def test_scores_are_scikit_learns(criterion, covariance_type):
    points = three_clouds(np.float64)
    estimator = GaussianMixture(covariance_type=covariance_type, random_state=0)
    best = select_n_components(points, [4, 2, 1, 3, 2], criterion=criterion, estimator=estimator)
    selection = best.selection_
    assert (selection.criterion, selection.best) == (criterion, best.n_components)
    assert selection.n_components.tolist() == [1, 2, 3, 4]
    assert selection.best == selection.n_components[np.argmin(selection.scores)]
    for n_components, score in zip([1, 2, 3, 4], selection.scores, strict=True):
        fitted = clone(estimator).set_params(n_components=n_components).fit(points)
        plain = fitted.to_sklearn()
        bic = plain.bic(points)
        icl = bic + 2 * sums(fitted, points)[1]
        want = {"bic": bic, "aic": plain.aic(points), "icl": icl}[criterion]
        assert score == pytest.approx(want, rel=1e-9)
        if n_components == selection.best:
            check_same_parameters(best, fitted)
    assert not hasattr(estimator, "means_")
    assert estimator.n_components == 1


@pytest.mark.parametrize("criterion", ["bic", "aic", "icl"])
def test_a_weight_counts_a_row_as_often_in_the_score(criterion):
    points = three_clouds(np.float64)
    counts = np.random.default_rng(0).integers(1, 4, len(points))
    weighted = select_n_components(points, [3], criterion=criterion, sample_weight=counts)
    (score,) = weighted.selection_.scores
    n_parameters, n = weighted._n_parameters(), counts.sum()
    log_prob = weighted.to_sklearn().score_samples(points)
    shares = weighted.to_sklearn().predict_proba(points)
    penalty = {"bic": n_parameters * np.log(n), "aic": 2 * n_parameters}
    penalty["icl"] = penalty["bic"] + 2 * (counts[:, None] * entr(shares)).sum()
    assert score == pytest.approx(penalty[criterion] - 2 * counts @ log_prob, rel=1e-10)


def test_the_criteria_find_the_number_of_spots(drawing):
    for criterion in ("bic", "icl"):
        model = fit_image(drawing, criterion, kind="ink", candidates=[1, 3, 5, 8, 12])
        assert model.n_components == model.selection_.best == 5


def test_candidates_by_default_go_up_to_the_default_number_of_components():
    model = fit_image(PHOTO, "aic", max_iter=1)
    assert len(images.color_points(PHOTO)) // 20 == 385
    assert model.selection_.n_components.tolist() == [10, 20, 50, 100, 200]
    tiny = fit_image(PHOTO[:5, :6], "bic", max_iter=1)
    assert tiny.selection_.n_components.tolist() == [1]


def test_all_fits_share_one_tree(trees):
    picture = np.ascontiguousarray(CHINA[::2, ::2])  # more pixels than a sample
    n_pixels = picture.shape[0] * picture.shape[1]
    fit_image(picture, "bic", candidates=[10, 20, 40], max_iter=3)
    assert trees.count(n_pixels) == 1
    # Each start has two of its sample: of scaled features for k-means, of its own for EM.
    assert len(trees) == 1 + 3 * 2


def test_fits_from_kmeans_share_one_more(trees):
    points = three_clouds(np.float64)
    select_n_components(points, [2, 3, 4, 5])
    # The first start has no component's proportions to sort for.
    assert trees == [len(points)] * 2


# The Dirichlet process.
@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_a_dirichlet_process_keeps_the_spots_and_drops_the_rest(drawing, covariance_type):
    model = fit_image(
        drawing,
        20,
        kind="ink",
        prior="dirichlet_process",
        covariance_type=covariance_type,
        max_iter=300,
    )
    assert isinstance(model, BayesianGaussianMixture)
    assert 5 <= model.n_components <= 6
    assert model.weights_.shape == (model.n_components,)
    assert model.weights_.sum() == pytest.approx(1, abs=1e-12)
    nearest = np.linalg.norm(model.means_[:, None] - np.array(SPOTS), axis=2).min(axis=0)
    assert nearest.max() < 2
    # Whatever scikit-learn computes from the attributes is what we do.
    points, plain = images.weighted_ink_points(drawing)[0], model.to_sklearn()
    np.testing.assert_allclose(model.score_samples(points), plain.score_samples(points), rtol=1e-7)
    np.testing.assert_allclose(
        model.predict_proba(points), plain.predict_proba(points), rtol=1e-6, atol=1e-9
    )
    np.testing.assert_array_equal(model.predict(points), plain.predict(points))
    assert model.sample(7)[0].shape == (7, 2)
    assert render_grid(model, (12, 16)).shape == (12, 16)
    assert clone(model).n_components == model.n_components


def test_dropping_changes_next_to_nothing(drawing):
    points, darkness = images.weighted_ink_points(drawing)
    options = {"reg_covar": 1 / 12, "random_state": 0, "max_iter": 300}
    whole = BayesianGaussianMixture(n_components=20, **options).fit(points, sample_weight=darkness)
    prior = {"prior": "dirichlet_process", "init_params": "kmeans"}
    kept = fit_image(drawing, 20, kind="ink", max_iter=300, **prior)
    assert kept.n_components < 20
    got, want = (render_grid(model, (120, 160)) for model in (kept, whole))
    # Of 511 pixels' darkness the prior gives each of the dropped a fraction of one.
    assert np.abs(got - want).max() < 0.03 * want.max()


def test_a_dirichlet_process_of_little_ink_keeps_the_fullest_component():
    dots = np.full((30, 30), 255, np.uint8)
    dots[::10, ::10] = 220  # nine, of one and a quarter black pixels in all
    model = fit_image(dots, 9, prior="dirichlet_process", max_iter=1)
    assert (model.n_components, model.weights_.tolist()) == (1, [1])


SELECTIONS_REFUSED = {
    "criterion": (ValueError, {"criterion": "dic"}, r"criterion: expected one of .*, got 'dic'"),
    "candidates": (TypeError, {"candidates": 3}, r"candidates: expected integers .*, got 3"),
    "fraction": (TypeError, {"candidates": [1.5]}, r"candidates: expected an integer, got 1\.5"),
    "zero": (ValueError, {"candidates": [0, 1]}, r"candidates: expected at least 1, got 0"),
    "estimator": (
        TypeError,
        {"estimator": sklearn.mixture.GaussianMixture()},
        r"estimator: expected a gmmfast\.GaussianMixture, got GaussianMixture; pass",
    ),
    "missing": (
        ValueError,
        {"X": [[0.0], [1.0], [np.nan]]},
        r"X: expected no missing values, got NaN; drop",
    ),
}


@pytest.mark.parametrize(
    ("error", "options", "pattern"), SELECTIONS_REFUSED.values(), ids=SELECTIONS_REFUSED
)
def test_what_cannot_be_selected_is_refused(error, options, pattern):
    options = {"X": [[0.0], [1.0], [2.0]], "candidates": [1, 2], **options}
    message = refusal(error, lambda: select_n_components(**options))
    assert re.match(pattern, message, flags=re.DOTALL), message


def test_steps_that_the_kernels_do_not_know_are_refused():
    class Own(GaussianMixture):
        def _e_step(self, X):
            return super()._e_step(X)

    message = refusal(
        NotImplementedError, select_n_components, [[0.0], [1.0]], [1], estimator=Own()
    )
    assert "Own has a _e_step of its own" in message

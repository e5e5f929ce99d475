"""Promises of `fit_image` and `select_n_components`, against scikit-learn and dense sums."""

import io
import pickle
import re

import numpy as np
import pytest
import sklearn.mixture
from PIL import Image
from scipy.special import entr
from sklearn.base import clone
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import (
    BayesianGaussianMixture,
    GaussianMixture,
    Mixture,
    _core,
    fit_image,
    images,
    render_grid,
    select_n_components,
)
from gmmfast.estimators import training_data
from support.checks import refusal
from support.models import three_clouds

CHINA, FLOWER = load_sample_image("china.jpg"), load_sample_image("flower.jpg")
PHOTO = np.ascontiguousarray(CHINA[::6, ::6])
SPOTS = [[30, 30], [120, 30], [80, 70], [30, 95], [130, 95]]


@pytest.fixture(scope="module")
def drawing():
    """Five grey spots on white, (120, 160)."""
    spots = Mixture(np.full(5, 0.2), SPOTS, np.full(5, 40.0), covariance_type="spherical")
    density = render_grid(spots, (120, 160))
    return np.rint(255 * (1 - density / density.max())).astype(np.uint8)


@pytest.fixture
def trees(monkeypatch):
    """The sizes of all k-d trees that are built."""
    sizes = []

    def counted(points, *rest):
        sizes.append(len(points))
        return _core.Data(points, *rest)

    class Counting:
        Data = staticmethod(counted)
        Statistics = _core.Statistics

    monkeypatch.setattr(training_data, "_core", Counting)
    return sizes


def check_same_parameters(got, want, rtol=1e-9):
    for name in ("weights_", "means_", "covariances_"):
        np.testing.assert_allclose(getattr(got, name), getattr(want, name), rtol, atol=1e-9)
    assert got.n_iter_ == want.n_iter_


# Points and weights.


def test_colour_is_the_position_and_colour_of_every_pixel():
    got = fit_image(PHOTO, 8, init_params="kmeans", max_iter=5)
    points = images.color_points(PHOTO)
    want = GaussianMixture(8, reg_covar=1 / 12, max_iter=5, random_state=0).fit(points)
    check_same_parameters(got, want)
    assert (got.kind_, got.image_shape_, got.n_features_in_) == ("color", PHOTO.shape[:2], 5)


def test_ink_is_the_position_of_every_pixel_that_is_not_white_weighted_by_its_darkness(drawing):
    got = fit_image(drawing, 5, init_params="kmeans")
    rows, columns = np.nonzero(drawing < 255)
    points, darkness = np.stack([columns, rows], axis=1), (255 - drawing[rows, columns]) / 255
    assert 0 < darkness.min() < 0.01
    assert darkness.max() == 1
    want = GaussianMixture(5, reg_covar=1 / 12, random_state=0)
    check_same_parameters(got, want.fit(points, sample_weight=darkness))
    assert (got.kind_, got.n_features_in_) == ("ink", 2)
    found = got.means_[np.lexsort(got.means_.T)]
    np.testing.assert_allclose(found, np.array(SPOTS)[np.lexsort(np.transpose(SPOTS))], atol=1)


@pytest.mark.parametrize("threshold", [100, "otsu"])
def test_a_threshold_makes_ink_black_and_white(drawing, threshold):
    got = fit_image(drawing, 5, threshold=threshold, init_params="kmeans")
    points = images.ink_points(drawing, None if threshold == "otsu" else threshold)
    want = GaussianMixture(5, reg_covar=1 / 12, random_state=0).fit(points)
    check_same_parameters(got, want)


def test_kind_auto_is_ink_if_no_pixel_has_a_colour(drawing):
    grey = np.repeat(drawing[..., None], 3, axis=2)
    assert fit_image(grey, 2, max_iter=1).kind_ == "ink"
    grey[3, 4] = [10, 10, 11]
    assert fit_image(grey, 2, max_iter=1).kind_ == "color"
    assert fit_image(grey, 2, max_iter=1, kind="ink").kind_ == "ink"
    assert fit_image(drawing, 2, max_iter=1, kind="color").kind_ == "color"


def test_a_picture_may_be_a_path_a_file_a_pil_image_or_an_array(tmp_path):
    Image.fromarray(PHOTO).save(tmp_path / "photo.png")
    file = io.BytesIO((tmp_path / "photo.png").read_bytes())
    sources = [tmp_path / "photo.png", str(tmp_path / "photo.png"), file, Image.fromarray(PHOTO)]
    want = fit_image(PHOTO, 3, max_iter=2)
    for source in sources:
        np.testing.assert_array_equal(fit_image(source, 3, max_iter=2).means_, want.means_)


# Defaults.


@pytest.mark.parametrize(
    ("picture", "options", "n_components"),
    [
        (CHINA, {}, 1000),
        (CHINA, {"kind": "ink"}, 500),
        (PHOTO[:20, :30], {}, 30),
        (PHOTO[:3, :5], {}, 1),
    ],
    ids=["colour", "ink", "small", "tiny"],
)
def test_by_default_a_component_has_twenty_pixels_at_least(picture, options, n_components):
    model = fit_image(picture, max_iter=1, **options)
    assert model.n_components == len(model.weights_) == n_components


def test_by_default_variances_are_those_of_pixels_and_levels_at_least():
    flat = np.full((8, 9, 3), 128, dtype=np.uint8)
    model = fit_image(flat, 1, kind="color")
    assert model.reg_covar == 1 / 12
    np.testing.assert_allclose(model.covariances_[0, 2:, 2:], np.eye(3) / 12, atol=1e-12)


def test_the_same_bits_for_any_number_of_threads_and_other_ones_for_another_seed():
    one, two = (fit_image(CHINA, 40, max_iter=3, n_threads=n) for n in (1, 2))
    other = fit_image(CHINA, 40, max_iter=3, random_state=1)
    for name in ("weights_", "means_", "covariances_"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert not np.array_equal(one.means_, other.means_)


def test_progress_is_told_after_each_iteration_and_no_warning_if_there_were_too_few(recwarn):
    told = []
    model = fit_image(PHOTO, 20, max_iter=4, tol=0, progress=lambda *now: told.append(now))
    assert [n_iter for n_iter, _ in told] == [1, 2, 3, 4]
    assert [bound for _, bound in told] == model.lower_bounds_
    assert not model.converged_
    assert not recwarn.list


# The model that comes of it.


def test_any_shape_paints_the_same_picture():
    model = fit_image(PHOTO, 60)
    shape = PHOTO.shape[:2]
    assert model.extent_ == images.image_extent(shape)
    assert Mixture.from_model(model).extent == model.extent_
    levels = render_grid(model, shape, dtype=np.uint8)
    np.testing.assert_array_equal(
        levels, render_grid(Mixture.from_model(model).with_extent(None), shape, dtype=np.uint8)
    )
    large = render_grid(model, (3 * shape[0], 3 * shape[1]))
    np.testing.assert_allclose(large[1::3, 1::3], render_grid(model, shape), rtol=1e-9)
    assert images.psnr(levels, PHOTO) > 17


def test_the_model_is_an_estimator_like_any_other(drawing):
    model = fit_image(drawing, "bic", candidates=[2, 5])
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 (our own)
    assert (again.extent_, again.kind_) == (model.extent_, "ink")
    assert again.selection_.best == 5
    np.testing.assert_array_equal(render_grid(again, (30, 40)), render_grid(model, (30, 40)))
    plain = model.to_sklearn()
    assert type(plain) is sklearn.mixture.GaussianMixture
    assert b"gmmfast" not in pickle.dumps(plain)
    assert plain.extent_ == model.extent_
    np.testing.assert_array_equal(render_grid(plain, (30, 40)), render_grid(model, (30, 40)))
    anew = clone(model)
    assert not vars(anew).keys() & {"extent_", "image_shape_", "kind_", "selection_", "means_"}
    assert anew.get_params() == model.get_params()


def test_a_fit_to_other_points_forgets_the_picture(drawing):
    model = fit_image(drawing, "bic", candidates=[2, 5])
    model.fit(three_clouds(np.float64))
    assert not vars(model).keys() & {"extent_", "image_shape_", "kind_", "selection_"}
    assert Mixture.from_model(model).extent is None


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_every_covariance_type_is_fitted_from_the_image_start(covariance_type):
    model = fit_image(PHOTO, 30, covariance_type=covariance_type, tol=1e-2)
    assert model.converged_
    assert np.diff(model.lower_bounds_).min() > -1e-3
    log_prob = model.to_sklearn().score_samples(images.color_points(PHOTO))
    assert log_prob.mean() >= model.lower_bound_ - 1e-9


@pytest.mark.parametrize(("picture", "n_components"), [(CHINA[::2, ::2], 300), (FLOWER, 300)],
                         ids=["china, halved", "flower"])  # fmt: skip
@pytest.mark.parametrize("max_iter", [1, 10])
def test_the_image_start_leads_to_more_than_scikit_learns(picture, n_components, max_iter):
    def fitted(init_params):
        return fit_image(picture, n_components, init_params=init_params, max_iter=max_iter, tol=0)

    def psnr(model):
        return images.psnr(render_grid(model, picture.shape[:2], dtype=np.uint8), picture)

    ours = fitted("image")
    for init_params in ("kmeans", "k-means++"):
        theirs = fitted(init_params)
        assert theirs.init_params == init_params
        assert ours.lower_bound_ > theirs.lower_bound_ + 0.02
        assert psnr(ours) > psnr(theirs) + 0.2


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
        model = fit_image(drawing, criterion, candidates=[1, 3, 5, 8, 12])
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


def test_one_fit_builds_one_tree_of_the_picture(trees, drawing):
    picture = np.ascontiguousarray(CHINA[::2, ::2])
    fit_image(picture, 10, max_iter=3)
    assert trees.count(picture.shape[0] * picture.shape[1]) == 1
    trees.clear()
    fit_image(drawing, 5, max_iter=3)  # which is its own sample
    assert len(trees) == 2


# The Dirichlet process.


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_a_dirichlet_process_keeps_the_spots_and_drops_the_rest(drawing, covariance_type):
    model = fit_image(
        drawing, 20, prior="dirichlet_process", covariance_type=covariance_type, max_iter=300
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
    kept = fit_image(drawing, 20, prior="dirichlet_process", init_params="kmeans", max_iter=300)
    assert kept.n_components < 20
    got, want = (render_grid(model, (120, 160)) for model in (kept, whole))
    # Of 511 pixels' darkness the prior gives each of the dropped a fraction of one.
    assert np.abs(got - want).max() < 0.03 * want.max()


def test_a_dirichlet_process_of_little_ink_keeps_the_fullest_component():
    dots = np.full((30, 30), 255, np.uint8)
    dots[::10, ::10] = 220  # nine, of one and a quarter black pixels in all
    model = fit_image(dots, 9, prior="dirichlet_process", max_iter=1)
    assert (model.n_components, model.weights_.tolist()) == (1, [1])


# Refusals.

REFUSED = {
    "kind": ({"kind": "grey"}, r"kind: expected one of .*, got 'grey'"),
    "prior": ({"prior": "gamma"}, r"prior: expected one of .*, got 'gamma'"),
    "start": ({"init_params": "slic"}, r"init_params: expected one of .*, got 'slic'"),
    "criterion": ({"n_components": "BIC"}, r"n_components: expected a number or one of .*'BIC'"),
    "none": ({"n_components": 0}, r"n_components: expected at least 1, got 0"),
    "too many": ({"n_components": 4000}, r"n_components: expected at most \d+, .*got 4000; fit"),
    "criterion and prior": (
        {"n_components": "bic", "prior": "dirichlet_process"},
        r"n_components: expected a number with prior=.*, got 'bic'; pass",
    ),
    "candidates alone": (
        {"candidates": [3]},
        r"candidates: expected None .*, got \[3\]; pass n_c",
    ),
    "no candidates": (
        {"n_components": "bic", "candidates": []},
        r"candidates: expected at least one .*, got none",
    ),
    "huge candidates": (
        {"n_components": "bic", "candidates": [3, 4000]},
        r"candidates: expected at most \d+, .*got 4000; leave",
    ),
    "threshold of colour": (
        {"kind": "color", "threshold": 100},
        r"threshold: expected None .*, got 100; pass kind",
    ),
    "threshold": ({"threshold": 300}, r"threshold: expected a number .*, got 300; pass 'otsu'"),
    "threshold name": ({"threshold": "best"}, r"threshold: expected a number .*, got 'best'"),
    "no ink so dark": (
        {"threshold": 10, "image": np.full((9, 9), 77, np.uint8)},
        r"image: expected a pixel of luma .*, got 77 .*; raise",
    ),
    "white paper": (
        {"image": np.full((9, 9), 255, np.uint8)},
        r"image: expected pixels darker than white, got only white; pass",
    ),
    "next to no ink": (
        {"prior": "dirichlet_process", "image": np.full((9, 9), 254, np.uint8)},
        r"image: expected the darkness of more than one black pixel .*, got 0\.318 .*; pass a",
    ),
    "one dot": (
        {"image": np.array([[255, 0, 255]], np.uint8)},
        r"image: expected at least 2 pixels of ink, got 1; pass",
    ),
    "one pixel": (
        {"image": np.array([[[1, 2, 3]]], np.uint8)},
        r"image: expected at least 2 pixels, got 1; pass",
    ),
    "threads": ({"n_threads": 0}, r"n_threads: expected 1 to 1024, got 0"),
}


@pytest.mark.parametrize(("options", "pattern"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_fitted_is_refused(options, pattern):
    options = {"image": PHOTO[:60, :60, 0], **options}
    message = refusal(ValueError, lambda: fit_image(**options))
    assert re.match(pattern, message, flags=re.DOTALL), message


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


def test_the_names_are_public_and_import_scikit_learn_only_when_used(run_python):
    assert {"fit_image", "select_n_components"} <= set(gmmfast.__all__)
    code = "import sys, gmmfast; print('sklearn' in sys.modules); gmmfast.fit_image"
    assert run_python(code).stdout == "False\n"

"""Tests of image_models/refinement/: refined models paint better and stay mixtures."""

import io
import re
import sys

import numpy as np
import pytest
import sklearn.mixture
from sklearn.datasets import load_sample_image

from gmmfast import GaussianMixture, Mixture, fit_image, images, refine, render_grid
from gmmfast.image_models import refinements
from gmmfast.image_models.refinement import (
    Gates,
    PaintingError,
    PixelGrid,
    SparseResponsibilities,
    least_squares_experts,
)
from gmmfast.image_models.refinement.loop import parts_of
from support.checks import refusal

CHINA = load_sample_image("china.jpg")
PHOTO = np.ascontiguousarray(CHINA[::6, ::6])
TYPES = ["full", "tied", "diag", "spherical"]


@pytest.fixture(scope="module")
def model():
    return fit_image(PHOTO, 40, max_iter=20)


@pytest.fixture(scope="module")
def better(model):
    return refine(model, PHOTO)


def psnr(model, picture=PHOTO):
    return images.psnr(render_grid(model, picture.shape[:2], dtype=np.uint8), picture)


def responsibilities(gates, x, y):
    """Dense ones, (n_pixels, n_components)."""
    offsets = np.stack([x, y], axis=1)[:, None] - gates.means
    precisions = np.linalg.inv(gates.covariances)
    logs = gates.peaks - 0.5 * np.einsum("nki,kij,nkj->nk", offsets, precisions, offsets)
    pairs = np.exp(logs - logs.max(axis=1, keepdims=True))
    return pairs / pairs.sum(axis=1, keepdims=True)


# What is gained.


def test_a_painting_gets_better_by_more_than_half_a_decibel(model, better):
    assert psnr(better) > psnr(model) + 0.5


def test_each_step_is_better_than_the_one_before_as_the_renderer_sees_it(model):
    steps = list(refinements(model, PHOTO, max_iter=4))
    scores = [step.score for step in steps]
    assert len(steps) > 2
    assert np.diff(scores).min() > 0
    assert scores == [psnr(step.mixture) for step in steps]
    assert scores[0] == psnr(model)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_no_covariance_type_loses(covariance_type):
    before = fit_image(PHOTO, 20, covariance_type=covariance_type, max_iter=5)
    after = refine(before, PHOTO, max_iter=2)
    assert after.covariance_type == covariance_type
    assert after.covariances_.shape == before.covariances_.shape
    assert psnr(after) > psnr(before)


@pytest.mark.parametrize("seed", range(3))
def test_a_model_of_something_else_gets_no_worse(seed):
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    before = fit_image(PHOTO[:20, :30], 8, max_iter=3)
    assert psnr(refine(before, noise, max_iter=3), noise) >= psnr(before, noise)


def test_a_refined_model_may_be_refined_again(better):
    assert psnr(refine(better, PHOTO, max_iter=2)) >= psnr(better)


# The parts.


def test_experts_are_those_of_dense_least_squares(model):
    gates, experts = parts_of(Mixture.from_model(model))
    grid = PixelGrid(PHOTO, 3)
    found = least_squares_experts(
        SparseResponsibilities(grid, gates), gates, experts, ridge=1e-7, tol=1e-12
    )
    x, y = grid.x, grid.y
    pairs = responsibilities(gates, x, y)
    basis = np.hstack([pairs, pairs * (x[:, None]), pairs * (y[:, None])])
    want = basis @ np.linalg.lstsq(basis, grid.colors, rcond=None)[0]
    got = basis @ found.coefficients(gates.means).reshape(-1, 3, 3).swapaxes(0, 1).reshape(-1, 3)
    least, error = (np.square(f - grid.colors).mean() for f in (want, got))
    # Responsibilities below 1e-4 are left out; the ridge and 200 steps do not reach the optimum.
    assert error == pytest.approx(least, rel=2e-3)
    assert error >= least * (1 - 1e-12)


def test_shares_are_responsibilities_but_for_the_least_ones(model):
    gates, _ = parts_of(Mixture.from_model(model))
    grid = PixelGrid(PHOTO)
    got = SparseResponsibilities(grid, gates).responsibilities(gates)
    want = responsibilities(gates, grid.x, grid.y)
    np.testing.assert_allclose(got.toarray(), want, atol=40 * 1e-4)
    assert ((got.toarray() > 0) == (want > 1e-4)).all()
    np.testing.assert_allclose(got.sum(axis=1), 1, rtol=1e-12)


def test_the_gradient_is_that_of_finite_differences(model):
    gates, experts = parts_of(Mixture.from_model(model))
    objective = PaintingError(SparseResponsibilities(PixelGrid(PHOTO), gates), gates, experts)
    rng = np.random.default_rng(0)
    at = rng.normal(0, 0.02, objective.n_unknowns)
    _, gradient = objective.at(at)
    for unknowns in (slice(None), *(slice(i, None, 15) for i in range(15))):
        direction = np.zeros(objective.n_unknowns)
        direction[unknowns] = rng.normal(size=direction[unknowns].shape)
        ahead, behind = (objective.at(at + h * direction)[0] for h in (1e-5, -1e-5))
        assert gradient @ direction == pytest.approx((ahead - behind) / 2e-5, rel=1e-4, abs=1e-3)


def test_gates_keep_their_weights():
    covariances = np.array([[[4.0, 1.0], [1.0, 3.0]], [[1.0, 0.0], [0.0, 9.0]]])
    gates = Gates.of(np.log([0.3, 0.7]), np.zeros((2, 2)), covariances)
    np.testing.assert_allclose(np.exp(gates.log_weights), [0.3, 0.7], rtol=1e-12)
    np.testing.assert_allclose(gates.covariances, covariances, rtol=1e-12)


# What comes of it.


def test_the_result_is_a_mixture_like_any_other(model, better):
    assert np.linalg.eigvalsh(better.covariances_).min() > 0
    assert np.linalg.eigvalsh(better.covariances_[:, :2, :2]).min() >= 1 / 12 - 1e-9
    assert better.weights_.sum() == pytest.approx(1, abs=1e-12)
    assert type(better) is GaussianMixture
    assert (better.extent_, better.kind_, better.image_shape_) == (
        model.extent_,
        "color",
        PHOTO.shape[:2],
    )
    points = images.color_points(PHOTO)
    np.testing.assert_allclose(
        better.score_samples(points[::50]),
        better.to_sklearn().score_samples(points[::50]),
        rtol=1e-6,
    )
    assert better.sample(5)[0].shape == (5, 5)
    large = render_grid(better, (3 * PHOTO.shape[0], 3 * PHOTO.shape[1]))
    np.testing.assert_allclose(large[1::3, 1::3], render_grid(better, PHOTO.shape[:2]), rtol=1e-7)


def test_colors_scatter_as_much_as_the_picture_does(better):
    std = render_grid(better, PHOTO.shape[:2], quantity="std")
    error = render_grid(better, PHOTO.shape[:2]) - PHOTO
    # By the law of total variance: the error's, and the spread of the experts about their mean.
    assert 1 < np.square(std).mean() / np.square(error).mean() < 2.5


def test_the_kind_of_model_stays(model):
    mixture = Mixture.from_model(model)
    assert isinstance(refine(mixture, PHOTO, max_iter=1), Mixture)
    assert refine(mixture, PHOTO, max_iter=1).extent == model.extent_
    triple = model.weights_, model.means_, model.covariances_
    assert isinstance(refine(triple, PHOTO, max_iter=1), Mixture)
    plain = refine(model.to_sklearn(), PHOTO, max_iter=1)
    assert isinstance(plain, sklearn.mixture.GaussianMixture)
    bayesian = fit_image(PHOTO, 10, prior="dirichlet_process", max_iter=5)
    assert type(refine(bayesian, PHOTO, max_iter=1)) is GaussianMixture


def test_coordinates_are_those_of_the_models_extent(model):
    matrix, shift = np.diag([0.01, -0.02, 1, 1, 1]), [3.0, 8.0, 0, 0, 0]
    moved = Mixture.from_model(model).transform(matrix, shift)
    low, high = moved.extent[1]
    moved = moved.with_extent([moved.extent[0], (high, low)])  # y runs the other way now
    got = refine(moved, PHOTO, max_iter=1)
    want = refine(Mixture.from_model(model), PHOTO, max_iter=1).transform(matrix, shift)
    # The experts' equations are solved in other units, to a relative residual of 1e-4.
    np.testing.assert_allclose(got.means, want.means, rtol=1e-6, atol=0.1)
    np.testing.assert_allclose(got.covariances[:, :2], want.covariances[:, :2], atol=0.02)
    assert got.extent == moved.extent


def test_the_same_bits_for_any_number_of_threads(model):
    one, two = (refine(model, PHOTO, max_iter=2, n_threads=n) for n in (1, 2))
    np.testing.assert_array_equal(one.means_, two.means_)


def test_a_large_picture_is_refined_on_some_of_its_pixels_and_judged_on_all():
    picture = np.repeat(np.repeat(CHINA, 2, axis=0), 2, axis=1)
    before = fit_image(CHINA, 12, max_iter=2)
    after = refine(before, picture, max_iter=2)
    assert psnr(after, picture) > psnr(before, picture)


def test_progress_is_told_after_each_round(model):
    told = []
    refine(model, PHOTO, max_iter=3, progress=lambda *now: told.append(now))
    assert [n_iter for n_iter, _ in told] == [1, 2, 3]
    assert [score for _, score in told] == sorted(score for _, score in told)


@pytest.mark.parametrize(("kind", "word"), [("color", "PSNR"), ("ink", "log-likelihood")])
def test_the_line_of_progress_says_what_the_score_is_and_ends(monkeypatch, kind, word):
    fitted = fit_image(PHOTO, 3, kind=kind, max_iter=1)
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stderr", terminal)
    refine(fitted, PHOTO, max_iter=2, progress=True)
    text = terminal.getvalue()
    assert re.match(rf"\riteration 1/2  {word} -?\d+\.\d+  \d+\.\d s", text), text
    assert "lower bound" not in text
    assert text.endswith(" s\n")


# Ink.


@pytest.mark.parametrize("covariance_type", TYPES)
def test_ink_goes_on_with_expectation_maximization(covariance_type):
    points, darkness = images.weighted_ink_points(PHOTO)
    before = fit_image(PHOTO, 10, kind="ink", covariance_type=covariance_type, max_iter=2)
    after = refine(before, PHOTO, max_iter=5)

    def likelihood(model):
        return np.average(model.to_sklearn().score_samples(points), weights=darkness)

    assert likelihood(after) > likelihood(before)
    assert after.lower_bound_ == pytest.approx(likelihood(after), rel=1e-9)
    assert (after.kind_, after.extent_) == ("ink", before.extent_)
    scores = [step.score for step in refinements(before, PHOTO, max_iter=5)]
    assert np.diff(scores).min() > 0


def test_the_parameters_of_a_subclass_stay_where_it_does_not_name_them():
    class Diagonal(GaussianMixture):
        def __init__(self, n_components=1, **kwargs):
            super().__init__(n_components, covariance_type="diag", **kwargs)

    points, darkness = images.weighted_ink_points(PHOTO)
    model = Diagonal(4, tol=0.5, random_state=0).fit(points, sample_weight=darkness)
    after = refine(model, PHOTO, max_iter=2)
    assert (after.covariance_type, after.tol, after.random_state) == ("diag", 0.5, 0)
    assert after.covariances_.shape == (4, 2)


# Refusals.

REFUSED = {
    "features": ({"model": ([1.0], [[0.0] * 4], [2.0])}, r"model: expected features .*got 4 feat"),
    "rounds": ({"max_iter": 0}, r"max_iter: expected at least 1, got 0"),
    "variance": ({"reg_covar": -1.0}, r"reg_covar: expected a positive finite number, got -1"),
    "threads": ({"n_threads": 0}, r"n_threads: expected 1 to 1024, got 0"),
    "threshold": ({"threshold": 90}, r"threshold: expected None .*, got 90; fit ink"),
    "picture": ({"image": np.zeros((4, 0, 3), np.uint8)}, r"image: expected .*; "),
}


@pytest.mark.parametrize(("options", "pattern"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_refined_is_refused(model, options, pattern):
    arguments = {"model": model, "image": PHOTO, **options}
    message = refusal(ValueError, lambda: refine(**arguments))
    assert re.match(pattern, message, flags=re.DOTALL), message

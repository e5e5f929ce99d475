"""Promises of `refine` for clips: the best experts of gates that stay."""

import re

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from gmmfast import GaussianMixture, Mixture, fit_image, fit_video, images, refine, render_grid
from gmmfast.image_models import refinements

CHINA = load_sample_image("china.jpg")
#: A window that moves over a photograph.
CLIP = np.stack([CHINA[100 + 4 * t : 260 : 8, 80 + 8 * t : 320 : 8][:16, :20] for t in range(8)])


@pytest.fixture(scope="module")
def model():
    return fit_video(CLIP, 20, max_iter=15)


@pytest.fixture(scope="module")
def better(model):
    return refine(model, CLIP)


def psnr(painting, clip=CLIP):
    width = clip.shape[2]
    return images.psnr(painting.reshape(-1, width, 3), clip.reshape(-1, width, 3))


def painted(model, shape=CLIP.shape[:3]):
    return render_grid(model, shape, dtype=np.uint8)


def regressors(model):
    """Return the painting's derivatives by the experts, (n_points, 4 n_components)."""
    points = images.video_points(CLIP)[:, None, :3] - model.means_[:, :3]
    gates = model.covariances_[:, :3, :3]
    distances = np.einsum("nki,kij,nkj->nk", points, np.linalg.inv(gates), points)
    logs = np.log(model.weights_) - 0.5 * (np.linalg.slogdet(gates)[1] + distances)
    shares = np.exp(logs - logs.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    parts = [shares[..., None], shares[..., None] * points]
    return np.concatenate(parts, 2).reshape(len(points), -1)


def test_experts_are_those_of_least_squares(model, better):
    levels = CLIP.reshape(-1, 3)
    design = regressors(model)
    best = design @ np.linalg.lstsq(design, levels, rcond=None)[0]
    least = np.mean(np.square(best - levels))
    error = np.mean(np.square(render_grid(better, CLIP.shape[:3]).reshape(-1, 3) - levels))
    # Iterations end when eight of them gain less than 0.1 %.
    assert least < error < 1.02 * least
    assert psnr(painted(better)) > psnr(painted(model)) + 0.5


def test_each_step_is_better_than_the_one_before_as_the_renderer_sees_it(model):
    steps = list(refinements(model, CLIP, max_iter=60))
    scores = [step.score for step in steps]
    assert len(steps) > 2
    assert np.diff(scores).min() > 0
    assert scores == [psnr(painted(step.mixture)) for step in steps]
    assert (steps[0].progress, steps[-1].progress) == (0, 1)


def test_the_result_is_a_mixture_over_space_time_and_color(model, better):
    assert type(better) is GaussianMixture
    assert (better.kind_, better.extent_) == ("video", model.extent_)
    assert better.image_shape_ == CLIP.shape[:3]
    assert np.linalg.eigvalsh(better.covariances_).min() > 0
    np.testing.assert_allclose(better.weights_, model.weights_, rtol=1e-12)
    np.testing.assert_allclose(better.means_[:, :3], model.means_[:, :3], rtol=1e-12)
    gates = np.s_[:, :3, :3]
    np.testing.assert_allclose(better.covariances_[gates], model.covariances_[gates], atol=1e-9)
    points = images.video_points(CLIP)[::50]
    got, want = better.score_samples(points), better.to_sklearn().score_samples(points)
    np.testing.assert_allclose(got, want, rtol=1e-6)
    assert better.sample(3)[0].shape == (3, 6)
    std = render_grid(better, CLIP.shape[:3], quantity="std")
    assert np.isfinite(std).all()


@pytest.mark.parametrize("covariance_type", ["tied", "diag", "spherical", "tied-diag"])
def test_no_covariance_type_loses(covariance_type):
    before = fit_video(CLIP, 8, covariance_type=covariance_type, max_iter=3)
    after = refine(before, CLIP)
    assert after.covariance_type == covariance_type
    assert psnr(painted(after)) > psnr(painted(before))


def test_gray_clips_and_coordinates_of_an_extent(model):
    mixture = Mixture.from_model(model)
    gray = mixture.marginal([0, 1, 2, 4]).with_extent(model.extent_)
    frames = CLIP[..., 1]

    def error(model):
        return np.square(render_grid(model, CLIP.shape[:3])[..., 0] - frames).mean()

    assert error(refine(gray, frames)) < error(gray)
    matrix = np.diag([0.01, -0.02, 40.0, 1, 1, 1])
    moved = mixture.transform(matrix, [3.0, 8.0, 100.0, 0, 0, 0])
    x, (low, high), t = moved.extent
    moved = moved.with_extent([x, (high, low), t])  # y runs the other way now
    got, want = refine(moved, CLIP, max_iter=20), refine(mixture, CLIP, max_iter=20)
    np.testing.assert_allclose(
        render_grid(got, CLIP.shape[:3]), render_grid(want, CLIP.shape[:3]), atol=1e-3
    )


def test_threads_do_not_change_it_and_a_time_ends_it(model):
    one, two = (refine(model, CLIP, max_iter=20, n_threads=n) for n in (1, 2))
    np.testing.assert_array_equal(one.means_, two.means_)
    np.testing.assert_array_equal(one.covariances_, two.covariances_)
    assert psnr(painted(refine(model, CLIP, time=1e-9))) >= psnr(painted(model))


def test_what_does_not_fit_is_refused(model):
    with pytest.raises(ValueError, match="image: expected"):
        refine(fit_image(CLIP[0], 4), CLIP)
    with pytest.raises(ValueError, match=re.escape("model: expected features (x, y, r, g, b)")):
        refine(Mixture.from_model(model).marginal([0, 1, 2]).with_extent(model.extent_), CLIP)

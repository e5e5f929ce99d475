"""Tests of image_models/video.py: clips as mixtures over (x, y, t, r, g, b)."""

import io

import numpy as np
import pytest

from gmmfast import Mixture, _memory, fit_video, images, render_bands, render_grid
from support.animation_files import CLIP
from support.checks import check_message, refusal


@pytest.fixture(scope="module")
def model():
    return fit_video(CLIP, 40)


def test_a_clip_is_fitted_at_all_its_pixels(model):
    assert model.n_features_in_ == 6
    assert (model.kind_, model.image_shape_) == ("video", (12, 24, 40))
    assert model.extent_ == ((-0.5, 39.5), (-0.5, 23.5), (-0.5, 11.5))
    painting = render_grid(model, (12, 24, 40), dtype="uint8")
    # 40 components reach 20.7 dB and more.
    assert min(images.psnr(a, b) for a, b in zip(painting, CLIP, strict=True)) > 18


def test_what_moves_is_on_its_way_between_two_frames(model):
    slow = render_grid(model, (60, 24, 40), dtype="uint8").astype(float)
    greenness = slow[..., 1] - slow[..., 2]  # of yellow only
    columns = np.array([np.nonzero(frame > 90)[1].mean() for frame in greenness])
    times = (np.arange(60) + 0.5) / 5 - 0.5
    # Where the disc is at the time; it moves 2.7 pixels a frame.
    expected = 5 + 30 * times / 11
    inner = (times > 0.3) & (times < 10.7)
    assert np.abs(columns - expected)[inner].max() < 1.5


def test_bands_of_frames_are_the_whole_clip(model):
    whole = render_grid(model, (18, 48, 80), dtype="uint8")
    bands = render_bands(model, (18, 48, 80), dtype="uint8")
    np.testing.assert_array_equal(np.concatenate([band for _, band in bands]), whole)


def test_the_fit_is_that_of_all_points(model):
    points = images.video_points(CLIP)
    log_likelihood = Mixture.from_model(model).score_samples(points).mean()
    again = fit_video(CLIP, 40, max_iter=100)
    assert model.lower_bound_ == again.lower_bound_
    # The bound is of the parameters before the last step, which gains less than `tol`.
    assert model.lower_bound_ == pytest.approx(log_likelihood, abs=2e-3)


def test_points_are_in_the_order_of_the_features():
    points = images.video_points(CLIP).reshape(*CLIP.shape[:3], 6)
    for t, y, x in [(0, 0, 0), (5, 3, 7), (2, 23, 39)]:
        np.testing.assert_array_equal(points[t, y, x], [x, y, t, *CLIP[t, y, x]])


@pytest.mark.parametrize("options", [{"covariance_type": "diag"}, {"init_params": "kmeans"}])
def test_options_are_those_of_a_picture(options):
    fitted = fit_video(CLIP, 5, max_iter=3, **options)
    assert fitted.n_components == 5
    for name, value in options.items():
        assert getattr(fitted, name) == value


def test_the_number_of_components_can_be_chosen():
    chosen = fit_video(CLIP, "bic", candidates=[2, 4], max_iter=5)
    selection = chosen.selection_
    assert selection.criterion == "bic"
    best = selection.n_components.tolist().index(selection.best)
    painting = render_grid(chosen, CLIP.shape[:3], dtype="uint8").astype(float)
    psnr = 10 * np.log10(255**2 / np.square(painting - CLIP).mean())
    assert selection.psnr[best] == pytest.approx(psnr, rel=1e-12)
    assert fit_video(CLIP, 6, prior="dirichlet_process", max_iter=5).n_components <= 6
    assert fit_video(CLIP[:1, :5, :10]).n_components == 2, "one for 20 pixels"


def test_a_still_is_a_clip_of_one_frame():
    still = fit_video(CLIP[:1], 10)
    assert still.extent_[2] == (-0.5, 0.5)
    assert images.psnr(render_grid(still, (1, 24, 40), dtype="uint8")[0], CLIP[0]) > 18


BAD_FRAMES = {
    "one picture": (
        np.zeros((4, 5), np.uint8),
        ValueError,
        r"frames: expected an array .* \(4, 5\)",
    ),
    "no frames": (np.zeros((0, 4, 5), np.uint8), ValueError, "frames: expected an array"),
    "an empty list": ([], ValueError, "frames: expected .* no frame"),
    "two sizes": (
        [CLIP[0], CLIP[1][:9]],
        ValueError,
        "frames: expected frames of one size.*frame 1",
    ),
    "channels": (
        np.zeros((2, 4, 5, 7), np.uint8),
        ValueError,
        "image: expected a non-empty array",
    ),
    "integers": (np.zeros((2, 4, 5), int), TypeError, "image: expected bool, uint8"),
    "a number": (7, TypeError, "frames: expected an array"),
    "bytes": (b"GIF89a", TypeError, "frames: expected an array"),
    "text": (io.BytesIO(b"hello"), ValueError, "frames: expected a picture"),
    "one pixel": (np.zeros((1, 1, 1), np.uint8), ValueError, "frames: expected at least 2 pixels"),
    "no such file": ("none.gif", FileNotFoundError, "frames: expected the path"),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_what_is_no_clip_is_refused(name):
    frames, error, pattern = BAD_FRAMES[name]
    check_message(refusal(error, fit_video, frames, 2), pattern)


def test_more_points_than_memory_holds_are_refused(monkeypatch):
    monkeypatch.setattr(_memory, "available_bytes", lambda: 2**23)
    clip = np.zeros((10, 300, 300), np.uint8)
    message = refusal(MemoryError, fit_video, clip, 2)
    check_message(message, r"frames: expected a result that fits .*\(10, 300, 300, 3\)")


@pytest.mark.parametrize("shape", [(2, 3), (0, 2, 3)])
def test_the_extent_of_no_clip_is_refused(shape):
    message = refusal(ValueError, images.video_extent, shape)
    check_message(message, r"shape: expected \(n_frames, h, w, ...\)")

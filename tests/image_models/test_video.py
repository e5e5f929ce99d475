"""Promises of density curves and volumes, and of clips as mixtures over (x, y, t, r, g, b)."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy.integrate import trapezoid
from scipy.stats import norm

from gmmfast import Mixture, _memory, fit_video, images, render_bands, render_grid
from oracle.grid import grid_points
from support.checks import check_message, refusal
from support.models import picture_model, random_parameters

RED, BLUE, YELLOW = [200, 30, 30], [30, 60, 200], [250, 220, 40]


def moving_disc(n_frames=12, height=24, width=40, radius=5):
    """A yellow disc that crosses a red and blue ground, (n_frames, height, width, 3) uint8."""
    clip = np.empty((n_frames, height, width, 3), dtype=np.uint8)
    clip[:, :, : width // 2], clip[:, :, width // 2 :] = RED, BLUE
    rows, columns = np.indices((height, width))
    for t, frame in enumerate(clip):
        center = radius + (width - 2 * radius) * t / (n_frames - 1)
        frame[(columns - center) ** 2 + (rows - height / 2) ** 2 <= radius**2] = YELLOW
    return clip


CLIP = moving_disc()


@pytest.fixture(scope="module")
def model():
    return fit_video(CLIP, 40)


def test_a_density_curve_is_the_sum_of_its_gaussians():
    mixture = Mixture([0.3, 0.7], [[2.0], [9.0]], [1.0, 4.0])
    curve = render_grid(mixture, 500, extent=[(-3, 20)])
    x = grid_points((500,), [(-3, 20)])[:, 0]
    np.testing.assert_allclose(
        curve, 0.3 * norm(2, 1).pdf(x) + 0.7 * norm(9, 2).pdf(x), rtol=1e-12
    )
    assert trapezoid(curve, x) == pytest.approx(1, abs=1e-4)


def test_a_histogram_lies_about_the_curve():
    mixture = Mixture([0.3, 0.7], [[2.0], [9.0]], [1.0, 4.0])
    edges = np.linspace(-3, 20, 47)
    curve = render_grid(mixture, 46, extent=[(-3, 20)])
    shares = mixture.interval_probability(edges) / np.diff(edges)
    # A bin's mean and its midpoint differ by the curvature.
    np.testing.assert_allclose(shares, curve, atol=0.002)


def test_a_volume_is_the_density_at_its_voxels():
    mixture = picture_model(n_features=3)
    volume = render_grid(mixture, (4, 5, 6), quantity="log_density")
    expected = mixture.score_samples(grid_points((4, 5, 6)))
    np.testing.assert_allclose(volume.ravel(), expected, rtol=1e-11, atol=1e-11)


def test_a_volume_of_colors_is_their_conditional_mean():
    mixture = picture_model(n_features=6)
    volume = render_grid(mixture, (3, 4, 5))
    assert volume.shape == (3, 4, 5, 3)
    for voxel, point in zip(np.ndindex(3, 4, 5), grid_points((3, 4, 5)), strict=True):
        expected = mixture.condition([0, 1, 2], point).mean()
        np.testing.assert_allclose(volume[voxel], expected, rtol=1e-10, atol=1e-9)


def test_one_frame_of_a_volume_is_the_picture_at_its_time():
    mixture = picture_model(n_features=6)
    volume = render_grid(mixture, (5, 7, 8))
    still = mixture.condition([2], [3.0])
    np.testing.assert_allclose(render_grid(still, (7, 8)), volume[3], rtol=1e-10, atol=1e-9)


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


def as_file(form, **options):
    buffer = io.BytesIO()
    pictures = [Image.fromarray(frame) for frame in CLIP]
    pictures[0].save(buffer, form, save_all=True, append_images=pictures[1:], **options)
    return buffer


FORMS = {"PNG": {}, "WEBP": {"lossless": True}, "GIF": {}}


@pytest.mark.parametrize("form", FORMS)
def test_an_animation_is_read_frame_by_frame(form, tmp_path):
    data = as_file(form, **FORMS[form]).getvalue()
    (tmp_path / "clip").write_bytes(data)
    # A GIF has the three colors of the clip, and 253 to spare.
    opened = Image.open(io.BytesIO(data))
    for source in (tmp_path / "clip", str(tmp_path / "clip"), io.BytesIO(data), opened):
        np.testing.assert_array_equal(images.read_frames(source), CLIP)


def test_frames_come_as_arrays_and_iterables():
    gray = CLIP[..., 0]
    for source in (CLIP, list(CLIP), iter(CLIP), [Image.fromarray(f) for f in CLIP]):
        np.testing.assert_array_equal(images.read_frames(source), CLIP)
    np.testing.assert_array_equal(images.read_frames(gray), np.repeat(gray[..., None], 3, axis=3))
    np.testing.assert_array_equal(images.read_frames(CLIP / 255), CLIP)


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
    assert chosen.selection_.criterion == "bic"
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


def test_a_volume_knows_six_features_only_with_three_given():
    mixture = Mixture(*random_parameters(2, 2, "full"))
    message = refusal(ValueError, render_grid, mixture, (2, 3, 4))
    check_message(message, "shape: expected at most as many axes")

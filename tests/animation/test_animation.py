"""Promises of animations: frames are what was rendered, and files hold what was written."""

import re
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest

from gmmfast import Mixture, fit_image, fit_video, images, refine, render_grid
from gmmfast.animation import (
    check_animation,
    encoders,
    filling_frames,
    film,
    growing_frames,
    refining_frames,
    sampling_frames,
    slicing_frames,
    video_frames,
    write_animation,
    zooming_frames,
)
from gmmfast.tone import DEFAULT_TONE
from support.animation_files import SHAPE, decoded, moving, waves
from support.checks import refusal

EXTENSIONS = [".gif", ".webp", ".png", ".apng", ".mp4"]
LINE = Mixture([0.3, 0.7], [[0.0], [6.0]], [1.0, 1.0])
INK = Mixture([0.5, 0.5], [[15.0, 12.0], [44.0, 25.0]], [30.0, 60.0])


@pytest.fixture(scope="module")
def photo():
    return waves()


@pytest.fixture(scope="module")
def model(photo):
    return fit_image(photo, 12)


#: Mean absolute difference of levels that encoders may make of smooth frames.
TOLERANCES = {".gif": 6, ".webp": 2.5, ".png": 0, ".apng": 0, ".mp4": 4}


# Files.


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_file_holds_the_frames(tmp_path, extension):
    path = tmp_path / f"moving{extension}"
    assert write_animation(path, moving(), fps=25) == 9
    frames, durations = decoded(path)
    assert frames.shape == (9, *SHAPE, 3)
    np.testing.assert_allclose(durations, 1 / 25, atol=1e-9)
    for got, want in zip(frames, moving(), strict=True):
        assert np.abs(got.astype(int) - want).mean() <= TOLERANCES[extension]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("extension", [".gif", ".webp"])
def test_rounded_durations_add_up(tmp_path, extension):
    path = tmp_path / f"moving{extension}"
    write_animation(path, moving(30), fps=30)
    assert sum(decoded(path)[1]) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("extension", [".gif", ".png"])
def test_what_does_not_change_is_not_written_again(tmp_path, extension):
    rng = np.random.default_rng(0)
    ground = rng.integers(0, 256, (*SHAPE, 3), dtype=np.uint8)

    def frames():
        for t in range(20):
            frame = ground.copy()
            frame[10:14, t : t + 4] = [255, 0, 0]
            yield frame

    path = tmp_path / f"still{extension}"
    write_animation(path, frames())
    first = tmp_path / f"first{extension}"
    write_animation(first, [ground])
    n_bytes = first.stat().st_size
    if extension == ".gif":
        n_bytes += 20 * 3 * 256  # a palette for each frame
    assert path.stat().st_size < 2.5 * n_bytes
    got, _ = decoded(path)
    if extension == ".png":
        np.testing.assert_array_equal(got, np.stack(list(frames())))
    np.testing.assert_array_equal(got[-1, :5], got[0, :5])
    again = tmp_path / f"same{extension}"
    write_animation(again, [ground] * 3 + [255 - ground], fps=10)
    got, durations = decoded(again)
    assert sum(durations[:-1]) == pytest.approx(0.3)
    assert durations[-1] == 0.1
    assert all((frame == got[0]).all() for frame in got[:-1])


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_gray_frames_and_odd_sizes_are_written(tmp_path, extension):
    path = tmp_path / f"gray{extension}"
    write_animation(path, (np.full((17, 33), 60 * i, np.uint8) for i in range(4)))
    frames, _ = decoded(path)
    size = (18, 34) if extension == ".mp4" else (17, 33)
    assert frames.shape == (4, *size, 3)
    assert np.abs(frames.astype(int) - 60 * np.arange(4)[:, None, None, None]).max() <= 4


def test_a_film_holds_one_frame_at_a_time(tmp_path):
    alive = []

    def frames():
        for i in range(30):
            alive.append(sum(each() is not None for each in made))
            frame = np.full((20, 30, 3), i, np.uint8)
            made.append(weakref.ref(frame))
            yield frame
            del frame

    made = []
    write_animation(tmp_path / "many.mp4", frames())
    assert max(alive) == 0


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, MemoryError])
def test_what_fails_in_the_middle_leaves_the_old_file(tmp_path, extension, error):
    path = tmp_path / f"old{extension}"
    path.write_bytes(b"old")

    def frames():
        yield from moving(3)
        raise error

    with pytest.raises(error):
        write_animation(path, frames())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_several_files_hold_the_frames_each_of_which_is_made_once(tmp_path):
    made = []

    def frames():
        for frame in moving():
            made.append(len(made))
            yield frame

    paths = [tmp_path / f"many{extension}" for extension in EXTENSIONS]
    assert write_animation(paths, frames()) == len(made) == 9
    for path in paths:
        write_animation(tmp_path / f"one{path.suffix}", moving())
        assert path.read_bytes() == (tmp_path / f"one{path.suffix}").read_bytes()


@pytest.mark.parametrize("when", ["in the middle", "at the end"])
def test_what_fails_in_one_of_several_files_leaves_all(tmp_path, monkeypatch, when):
    paths = [tmp_path / "a.webp", tmp_path / "b.png", tmp_path / "c.gif"]
    for path in paths:
        path.write_bytes(b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(encoders.ApngWriter, "_write" if when == "at the end" else "add", fail)
    with pytest.raises(OSError, match="No space left"):
        write_animation(paths, moving(3))
    assert {path.read_bytes() for path in paths} == {b"old"}
    assert sorted(tmp_path.iterdir()) == paths


def written(writer):
    with writer:
        for frame in moving(30):
            writer.add(frame)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device")
def test_a_film_that_ffmpeg_cannot_write_is_an_error_with_its_words():
    with Path("/dev/full").open("r+b", buffering=0) as file:
        writer = film.Mp4Writer(file, SHAPE, 30)
        message = refusal(OSError, lambda: written(writer))
    assert re.match(r"path: expected a film .*, it ended: .", message, flags=re.DOTALL)


def test_progress_is_reported_after_each_frame(tmp_path):
    told = []
    write_animation(tmp_path / "a.gif", moving(4), progress=told.append)
    assert told == [1, 2, 3, 4]


REFUSED = {
    "format": (ValueError, {"path": "a.tiff"}, r"path: expected .*'a.tiff', whose ext.*\.gif"),
    "folder": (FileNotFoundError, {"path": "none/a.gif"}, r"path: .*is missing; create"),
    "path": (TypeError, {"path": 3}, r"path: expected the path of a file, got int"),
    "no path": (ValueError, {"path": []}, r"path: expected a file or several .*, got \[\]; name"),
    "twice": (
        ValueError,
        {"path": ["a.gif", "b.png", "./a.gif"]},
        r"path: expected a file or several different ones, got \['a\.gif', 'b\.png', 'a\.gif'\]",
    ),
    "none": (ValueError, {"frames": []}, r"frames: expected at least one frame, got none"),
    "sizes": (
        ValueError,
        {"frames": [np.zeros((4, 5), np.uint8), np.zeros((4, 6), np.uint8)]},
        r"frames: expected frames of one size, got \(4, 6\) in frame 1 after \(4, 5\); ",
    ),
    "dtype": (TypeError, {"frames": [np.zeros((4, 5))]}, r"frames: expected .*uint8, got dtype"),
    "rate": (ValueError, {"fps": 0}, r"fps: expected 0\.01 to 1000 frames a second, got 0"),
    "rate's type": (TypeError, {"fps": "30"}, r"fps: expected a number .*, got '30'"),
    "side": (
        ValueError,
        {"frames": [np.zeros((1, 20000), np.uint8)], "path": "a.webp"},
        r"frames: expected at most 16383 pixels a side in WEBP, got \(1, 20000\); ",
    ),
}


@pytest.mark.parametrize(("error", "options", "pattern"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_written_is_refused(tmp_path, monkeypatch, error, options, pattern):
    monkeypatch.chdir(tmp_path)
    options = {"path": "a.gif", "frames": moving(2), **options}
    message = refusal(error, lambda: write_animation(**options))
    assert re.match(pattern, message, flags=re.DOTALL), message
    assert not list(tmp_path.iterdir())


def test_films_need_an_extra_and_say_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    message = refusal(ImportError, check_animation, tmp_path / "a.mp4")
    assert "pip install 'gmmfast[video]'" in message


# Frames.


def test_a_filled_grid_ends_as_the_picture():
    frames = list(filling_frames(INK, SHAPE, 10))
    want = DEFAULT_TONE.picture(render_grid(INK, SHAPE))
    assert len(frames) == 10
    # A block's pixel centers are rounded in another order.
    assert np.abs(frames[-1].astype(int) - want[..., None]).max() <= 1
    paper = [(frame == 255).all(axis=2).sum() for frame in frames[:-1]]
    assert (np.diff(paper) <= 0).all()
    top = frames[4][:8].astype(int)  # filled long before
    assert np.abs(top - want[:8, :, None]).max() <= 1
    assert (frames[4][-8:] == 255).all()


def test_a_filled_painting_ends_as_the_painting(model):
    *_, last = filling_frames(model, SHAPE, 4)
    want = render_grid(model, SHAPE, dtype=np.uint8)
    assert np.abs(last.astype(int) - want).max() <= 1


def test_a_zoom_begins_with_the_painting_and_ends_on_the_center(model):
    frames = list(zooming_frames(model, SHAPE, 5, center=(20.0, 30.0), factor=4))
    np.testing.assert_array_equal(frames[0], render_grid(model, SHAPE, dtype=np.uint8))
    extent = [(20 - 7.5, 20 + 7.5), (30 - 5.0, 30 + 5.0)]
    want = render_grid(model, SHAPE, extent=extent, dtype=np.uint8)
    assert np.abs(frames[-1].astype(int) - want).max() <= 1


def test_a_clip_is_played_at_any_rate():
    clip = np.full((4, 10, 16), 30, dtype=np.uint8)
    for t in range(4):
        clip[t, :, 3 * t : 3 * t + 5] = 220
    model = fit_video(clip, 4)
    frames = np.stack(list(video_frames(model, (20, 32), 10)))
    want = render_grid(model, (10, 20, 32), dtype=np.uint8)
    assert np.abs(frames.astype(int) - want).max() <= 1


def test_a_growing_painting_ends_with_the_last_fit(photo):
    frames = list(growing_frames(photo, SHAPE, 12, n_components=[1, 3, 9]))
    assert len(frames) == 12
    first, last = (fit_image(photo, k, max_iter=20) for k in (1, 9))
    np.testing.assert_array_equal(frames[0], render_grid(first, SHAPE, dtype=np.uint8))
    np.testing.assert_array_equal(frames[-1], render_grid(last, SHAPE, dtype=np.uint8))
    scores = [images.psnr(frame, photo) for frame in frames]
    assert scores[-1] > scores[5] > scores[0]


def test_a_refined_painting_begins_with_the_model_and_ends_with_the_last_step(model, photo):
    frames = list(refining_frames(model, photo, SHAPE, 9, max_iter=2))
    np.testing.assert_array_equal(frames[0], render_grid(model, SHAPE, dtype=np.uint8))
    refined = refine(model, photo, max_iter=2)
    np.testing.assert_array_equal(frames[-1], render_grid(refined, SHAPE, dtype=np.uint8))


def test_the_sampled_histogram_comes_near_to_the_curve():
    *_, last = sampling_frames(LINE, (80, 120), 300)
    assert last.shape == (80, 120, 3)
    is_blue = last[..., 2].astype(int) - last[..., 0] > 5
    filled = is_blue.sum(axis=0) / 80
    density = render_grid(LINE, (120,), extent=[(-3.5, 9.5)])
    assert np.corrcoef(filled, density)[0, 1] > 0.9


def test_draws_depend_on_the_seed_alone():
    one, same, other = (
        np.stack(list(sampling_frames(LINE, (40, 60), 30, random_state=seed)))
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_slice_shows_its_conditional_curve():
    joint = Mixture([1.0], [[0.0, 0.0]], [[[2.0, 1.2], [1.2, 1.0]]])
    frames = list(slicing_frames(joint, (90, 150), 5, extent=[(-4, 4), (-3, 3)]))
    for i, frame in enumerate(frames):
        is_red = frame[..., 0].astype(int) - frame[..., 2] > 20
        column = np.argmax(is_red[:, :100].sum(axis=0))
        assert abs(column - i * 99 / 4) <= 1
        # The longest row on the right is at the conditional mean, 0.6 x.
        x = -4 + 8 * (i * 99 / 4 + 0.5) / 100
        row = np.argmax(is_red[:, 101:].sum(axis=1))
        assert abs(row - ((0.6 * x + 3) / 6 * 90 - 0.5)) <= 2.5


NO_FRAMES = {
    "shape": (lambda: zooming_frames(INK, (4,), 3), r"shape: expected \(height, width\)"),
    "number": (lambda: filling_frames(INK, SHAPE, 0), r"n_frames: expected at least 1, got 0"),
    "factor": (lambda: zooming_frames(INK, SHAPE, 3, factor=0.5), r"factor: expected at least 1"),
    "line": (lambda: sampling_frames(INK, SHAPE, 3), r"model: expected one feature, got 2"),
    "plane": (lambda: slicing_frames(LINE, SHAPE, 3), r"model: expected two features, got 1"),
    "clip": (lambda: video_frames(INK, SHAPE, 3), r"model: expected a clip's"),
    "components": (
        lambda: growing_frames(np.zeros((3, 3, 3), np.uint8), SHAPE, 3, n_components=[1, 99]),
        r"n_components: expected numbers from 1 to 9.*, got \[1, 99\]; pass",
    ),
}


@pytest.mark.parametrize(("call", "pattern"), NO_FRAMES.values(), ids=NO_FRAMES)
def test_frames_that_cannot_be_made_are_refused_at_once(call, pattern):
    message = refusal(ValueError, call)
    assert re.match(pattern, message), message

"""Tests of animation/paintings.py: frames are the paintings that `render_grid` renders."""

import re

import numpy as np
import pytest

from gmmfast import Mixture, fit_image, fit_video, images, refine, render_grid
from gmmfast.animation import (
    filling_frames,
    growing_frames,
    refining_frames,
    sampling_frames,
    slicing_frames,
    video_frames,
    zooming_frames,
)
from gmmfast.tone import DEFAULT_TONE
from support.animation_files import SHAPE, waves
from support.checks import refusal

LINE = Mixture([0.3, 0.7], [[0.0], [6.0]], [1.0, 1.0])


INK = Mixture([0.5, 0.5], [[15.0, 12.0], [44.0, 25.0]], [30.0, 60.0])


@pytest.fixture(scope="module")
def photo():
    return waves()


@pytest.fixture(scope="module")
def model(photo):
    return fit_image(photo, 12)


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

"""Tests of animation/encoders.py: animated GIF, WebP and PNG, and MP4 where it is alike."""

import numpy as np
import pytest

from gmmfast.animation import (
    write_animation,
)
from support.animation_files import SHAPE, decoded, moving

EXTENSIONS = [".gif", ".webp", ".png", ".apng", ".mp4"]


#: Mean absolute difference of levels that encoders may make of smooth frames.
TOLERANCES = {".gif": 6, ".webp": 2.5, ".png": 0, ".apng": 0, ".mp4": 4}


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

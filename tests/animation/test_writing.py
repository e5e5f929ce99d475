"""Tests of animation/writing.py: files hold all frames, or stay as they were."""

import re

import numpy as np
import pytest

from gmmfast.animation import (
    encoders,
    write_animation,
)
from support.animation_files import moving
from support.checks import refusal

EXTENSIONS = [".gif", ".webp", ".png", ".apng", ".mp4"]


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


def test_gray_frames_with_and_without_an_axis_of_channels_are_the_same(tmp_path):
    gray = [frame[..., :1] for frame in moving(3)]
    frames = {"one": gray, "none": [frame[..., 0] for frame in gray]}
    frames["three"] = [np.repeat(frame, 3, axis=2) for frame in gray]
    for name, each in frames.items():
        write_animation(tmp_path / f"{name}.png", each)
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


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

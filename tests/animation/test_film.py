"""Tests of animation/film.py: MP4 by ffmpeg."""

import re
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest

from gmmfast.animation import (
    check_animation,
    film,
    write_animation,
)
from support.animation_files import SHAPE, moving
from support.checks import refusal


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


def test_films_need_an_extra_and_say_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    message = refusal(ImportError, check_animation, tmp_path / "a.mp4")
    assert "pip install 'gmmfast[video]'" in message

"""Tests of images/frames.py: clips from arrays, iterables and animated files."""

import io

import numpy as np
import pytest
from PIL import Image

from gmmfast import images
from support.animation_files import CLIP


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


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", FORMS)
def test_an_animation_that_ends_early_is_read_or_refused(form):
    data = as_file(form, **FORMS[form]).getvalue()
    for end in range(len(data)):
        try:
            frames = images.read_frames(io.BytesIO(data[:end]))
        except ValueError as error:
            assert str(error).startswith("frames: expected")  # noqa: PT017
        else:
            assert frames.shape[1:] == CLIP.shape[1:]

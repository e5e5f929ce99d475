"""Tests of pictures from strangers: nothing is executed, and odd names are names."""

import io
import os
import stat
import zlib

import numpy as np
import pytest
from PIL import Image

from gmmfast import images
from gmmfast.images.reading import FORMATS
from support.checks import refusal
from support.picture_files import png, png_chunk

EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n%%EOF\n"
GRADIENT = np.arange(12 * 9 * 3, dtype=np.uint8).reshape(9, 12, 3)


@pytest.mark.skipif(os.name == "nt", reason="of systems with scripts")
def test_postscript_is_not_executed(tmp_path, monkeypatch):
    program = tmp_path / "gs"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path / 'executed'}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr("PIL.EpsImagePlugin.gs_binary", None, raising=False)
    for read in (images.read_image, images.read_frames):
        assert "which is in no format" in refusal(ValueError, read, io.BytesIO(EPS))
    assert not (tmp_path / "executed").exists()


def test_the_formats_are_pillows():
    Image.init()
    assert set(FORMATS) <= {*Image.OPEN, "AVIF"}
    assert "EPS" not in FORMATS


NAMES = [
    "two words.png",
    "two\nlines.png",
    "grüße 画.png",
    "-o.png",
    "--help.png",
    "%s {0} $x.png",
]


@pytest.mark.skipif(os.name == "nt", reason="of systems that allow these names")
@pytest.mark.parametrize("name", NAMES)
def test_a_picture_may_have_any_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images.write_image(name, GRADIENT)
    assert os.listdir() == [name]  # noqa: PTH208 (the folder that it is in)
    np.testing.assert_array_equal(images.read_image(name), GRADIENT)
    (tmp_path / "link.png").symlink_to(name)
    np.testing.assert_array_equal(images.read_image("link.png"), GRADIENT)


#: Decompresses to 100 MB.
BOMB = zlib.compress(bytes(100 << 20), 1)


def bomb(kind, head):
    """A PNG with a chunk that decompresses to 100 MB."""
    sound = png((2, 2), 8, 2, zlib.compress(bytes(2 * 7)))
    chunk = png_chunk(kind, head + BOMB)
    return sound[:33] + chunk + sound[33:]


@pytest.mark.parametrize(
    ("kind", "head"),
    [(b"iCCP", b"x\0\0"), (b"zTXt", b"x\0\0"), (b"iTXt", b"x\0\1\0\0\0")],
)
def test_a_chunk_that_decompresses_to_much_is_not_decompressed(kind, head):
    resource = pytest.importorskip("resource")
    content = bomb(kind, head)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        assert images.read_image(io.BytesIO(content)).shape == (2, 2, 3)
    except ValueError as error:
        assert str(error).startswith("image: expected")  # noqa: PT017
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 50 * 1024


#: Modes that Pillow opens or makes, with a color that all of them can show.
MODES = ("1", "L", "P", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "LA", "PA", "La")


@pytest.mark.parametrize("mode", MODES)
def test_a_picture_of_every_mode_is_read(mode):
    picture = Image.new(mode, (5, 4))
    assert images.read_image(picture).shape == (4, 5, 3)


def test_a_frame_of_a_clip_is_read_within_the_formats():
    buffer = io.BytesIO()
    Image.fromarray(GRADIENT).save(buffer, "WEBP", lossless=True)
    np.testing.assert_array_equal(images.read_frames(buffer)[0], GRADIENT)

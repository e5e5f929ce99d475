"""Transparency, however it is given, is laid over white."""

import io

import numpy as np
import pytest
from PIL import Image

from gmmfast import fit_image, images

#: Levels and opacities, (2, 3), and the levels over white.
LEVELS = np.uint8([[0, 100, 200], [0, 100, 200]])
ALPHA = np.uint8([[255, 255, 255], [0, 51, 255]])
OVER_WHITE = np.uint8([[0, 100, 200], [255, 224, 200]])


def png(image, **options):
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file


def gray_and_alpha():
    return np.stack([LEVELS, ALPHA], axis=2)


def color_and_alpha():
    return np.stack([LEVELS, LEVELS, LEVELS, ALPHA], axis=2)


SOURCES = {
    "gray array": gray_and_alpha,
    "color array": color_and_alpha,
    "16-bit gray array": lambda: gray_and_alpha().astype(np.uint16) * 257,
    "float gray array": lambda: gray_and_alpha() / 255,
    "gray image": lambda: Image.fromarray(gray_and_alpha(), "LA"),
    "color image": lambda: Image.fromarray(color_and_alpha()),
    "gray file": lambda: png(Image.fromarray(gray_and_alpha(), "LA")),
    "color file": lambda: png(Image.fromarray(color_and_alpha())),
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_of_transparency_is_over_white(source):
    read = images.read_image(SOURCES[source]())
    np.testing.assert_array_equal(read, np.repeat(OVER_WHITE[..., None], 3, axis=2))


@pytest.mark.parametrize("mode", ["P", "L", "I;16"])
def test_a_transparent_level_or_index_is_white(mode):
    index = np.uint8([[1, 0, 2]])
    image = Image.fromarray(index.astype(np.uint16) if mode == "I;16" else index)
    if mode == "P":
        image.putpalette([10, 10, 10, 90, 90, 90, 30, 30, 30])
    read = images.read_image(png(image, transparency=0))
    assert read[0, 1].tolist() == [255] * 3
    assert (read[0, [0, 2]] < 255).all()


def test_transparent_pixels_are_no_ink_and_white_in_a_photograph():
    picture = np.zeros((12, 20, 2), np.uint8)
    picture[4:8, 5:15, 1] = 255
    ink = fit_image(picture, 1)
    assert ink.kind_ == "ink"
    np.testing.assert_allclose(ink.means_, [[9.5, 5.5]])
    gray = fit_image(picture, 2, kind="gray")
    assert sorted(gray.means_[:, 2].round()) == [0, 255]


def test_one_channel_is_gray_and_frames_have_the_same_rule():
    np.testing.assert_array_equal(images.read_image(LEVELS[..., None]), images.read_image(LEVELS))
    clip = images.read_frames(np.stack([gray_and_alpha(), gray_and_alpha()]))
    assert clip.shape == (2, 2, 3, 3)
    np.testing.assert_array_equal(clip[1, ..., 0], OVER_WHITE)

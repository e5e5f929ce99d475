"""The kind of a picture: ink, gray or color."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from sklearn.datasets import load_sample_image

from gmmfast import images
from gmmfast.images.kinds import photograph_kind, picture_kind


def gray_photograph(name, width):
    photograph = Image.fromarray(load_sample_image(name)).convert("L")
    return np.asarray(photograph.resize((width, width * 427 // 640)))


def drawn(scale=1):
    """Antialiased lines and text, black on white."""
    side = 4 * scale
    image = Image.new("L", (240 * side, 160 * side), 255)
    pen = ImageDraw.Draw(image)
    for i in range(5):
        pen.line((0, 20 * i * side, 239 * side, (150 - 30 * i) * side), 0, (1 + i) * side)
    font = ImageFont.load_default(30 * side)
    pen.text((20 * side, 60 * side), "Gaussian", 0, font)
    return np.asarray(image.resize((240 * scale, 160 * scale), Image.Resampling.BOX))


def bilevel():
    gray = gray_photograph("china.jpg", 320)
    return np.where(gray <= images.otsu_threshold(gray), 0, 255).astype(np.uint8)


def rgb(gray):
    return images.read_image(np.asarray(gray))


def jpeg(gray):
    file = io.BytesIO()
    Image.fromarray(gray).save(file, "JPEG", quality=40)
    return np.asarray(Image.open(file))


def scanned(gray):
    """Blurred, paler, and with noise."""
    blurred = np.asarray(Image.fromarray(gray).filter(ImageFilter.GaussianBlur(0.5)))
    noise = np.random.default_rng(0).normal(0, 6, gray.shape)
    return np.clip(50 + 0.7 * blurred + noise, 0, 255).astype(np.uint8)


CHANGES = {
    "as it is": lambda gray: gray,
    "inverted": lambda gray: 255 - gray,
    "washed out": lambda gray: gray // 4 + 150,
    "noisy": scanned,
    "compressed": jpeg,
    "on white": lambda gray: np.pad(gray, 150, constant_values=255),
}


@pytest.mark.parametrize("name", ["china.jpg", "flower.jpg"])
@pytest.mark.parametrize("width", [80, 320])
@pytest.mark.parametrize("change", CHANGES)
def test_gray_photographs_are_gray(name, width, change):
    assert picture_kind(rgb(CHANGES[change](gray_photograph(name, width)))) == "gray"


INK = {
    "lines and text": drawn,
    "large ones": lambda: drawn(2),
    "white on black": lambda: 255 - drawn(),
    "compressed": lambda: jpeg(drawn()),
    "scanned": lambda: scanned(drawn(2)),
    "a thresholded photograph": bilevel,
    "that compressed": lambda: jpeg(bilevel()),
    "a dithered photograph": lambda: (
        255
        * np.asarray(Image.fromarray(gray_photograph("china.jpg", 320)).convert("1")).astype(
            np.uint8
        )
    ),
    "a drawn photograph": lambda: images.line_drawing(load_sample_image("china.jpg")),
    "two grays": lambda: np.repeat(np.uint8([[90, 150]]), 40, axis=0),
    "blank": lambda: np.full((20, 30), 255, np.uint8),
}


@pytest.mark.parametrize("picture", INK)
def test_bilevel_and_nearly_bilevel_pictures_are_ink(picture):
    assert picture_kind(rgb(INK[picture]())) == "ink"


def test_a_ramp_is_a_photograph():
    assert picture_kind(rgb(np.tile(np.arange(256, dtype=np.uint8), (40, 1)))) == "gray"


@pytest.mark.parametrize("color", [(255, 0, 0), (0, 255, 0), (1, 0, 0)])
def test_one_pixel_of_color_does_not_change_the_kind(color):
    for gray, kind in ((gray_photograph("china.jpg", 160), "gray"), (drawn(), "ink")):
        picture = rgb(gray)
        picture[3, 4] = color
        assert picture_kind(picture) == kind


def test_pictures_are_in_color_if_it_is_seen():
    photograph = load_sample_image("china.jpg")[::4, ::4]
    assert picture_kind(photograph) == photograph_kind(photograph) == "color"
    gray = rgb(gray_photograph("china.jpg", 160))
    assert photograph_kind(gray) == "gray"
    sepia = np.clip(gray * [1.1, 1.0, 0.8], 0, 255).astype(np.uint8)
    assert picture_kind(sepia) == "color"
    rose = gray.copy()
    rose[20:26, 30:36] = [220, 20, 60]  # two pixels in a thousand
    assert picture_kind(rose) == "color"
    assert picture_kind(rgb(drawn() // 255) * np.uint8([255, 0, 0])) == "color"

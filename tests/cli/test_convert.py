"""Tests of cli/convert.py: outputs are decoded and compared with the arrays of the package."""

import numpy as np
from PIL import Image

from gmmfast import images
from support.checks import check_same


def test_pictures_and_arrays_are_converted_into_each_other(gmmfast, photo):
    assert gmmfast("convert", photo, "a.npy", "a.tif", "a.webp").status == 0
    pixels = images.read_image(photo)
    np.testing.assert_array_equal(np.load("a.npy"), pixels)
    check_same("a.tif", pixels)
    assert gmmfast("convert", "a.npy", "b.png", "--scale", "0.5").status == 0
    half = Image.fromarray(pixels).resize((40, 27), Image.Resampling.LANCZOS)
    check_same("b.png", np.asarray(half))
    assert gmmfast("convert", photo, "d.png", "--drawing", "--detail", "0.8").status == 0
    check_same("d.png", images.line_drawing(pixels, 1.5, 0.8))

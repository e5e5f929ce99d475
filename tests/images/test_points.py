"""Tests of images/points.py: points of ink, points of color, extents."""

import math

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from gmmfast import images


def test_ink_points_are_x_y_of_dark_pixels_row_by_row():
    gray = np.array([[255, 0, 9], [9, 255, 255]], dtype=np.uint8)
    points = images.ink_points(gray)
    assert points.dtype == np.float64
    assert points.flags.c_contiguous
    assert points.tolist() == [[1, 0], [2, 0], [0, 1]]
    assert images.ink_points(gray, threshold=8.5).tolist() == [[1, 0]]
    assert len(images.ink_points(gray, threshold=255)) == 6


def test_ink_is_judged_by_the_luma_of_pillow():
    pixels = load_sample_image("china.jpg")
    luma = np.asarray(Image.fromarray(pixels).convert("L"))
    rows, columns = np.nonzero(luma <= 60)
    np.testing.assert_array_equal(images.ink_points(pixels, 60), np.column_stack([columns, rows]))
    assert len(images.ink_points(pixels)) == (luma <= images.otsu_threshold(luma)).sum()


def test_a_flat_picture_has_ink_only_by_an_explicit_threshold():
    flat = np.full((2, 3), 40, dtype=np.uint8)
    with pytest.raises(ValueError, match=r"^image: .*flat level of luma 40; pass a threshold"):
        images.ink_points(flat)
    assert len(images.ink_points(flat, threshold=np.uint8(40))) == 6
    with pytest.raises(ValueError, match=r"^image: .*threshold=39, .*raise threshold to 40"):
        images.ink_points(flat, threshold=39)


@pytest.mark.parametrize(
    "threshold", [True, np.True_, "90", math.nan, math.inf, -1, 255.5, 1j, [90]]
)
def test_a_threshold_that_is_no_luma_is_refused_by_name(threshold):
    with pytest.raises(ValueError, match=r"^threshold: expected a number in \[0, 255\], got"):
        images.ink_points(np.eye(3), threshold)


def test_color_points_list_every_pixel_row_by_row():
    pixels = load_sample_image("china.jpg")[:20, :30]
    points = images.color_points(pixels)
    assert points.shape == (600, 5)
    assert points.dtype == np.float64
    np.testing.assert_array_equal(points[30 * 7 + 11], [11, 7, *pixels[7, 11]])
    np.testing.assert_array_equal(points[:, 2:].reshape(pixels.shape), pixels)


def test_the_extent_reaches_half_a_pixel_beyond_the_centers():
    expected = ((-0.5, 639.5), (-0.5, 426.5))
    assert images.image_extent((427, 640)) == expected
    assert images.image_extent((427, 640, 3)) == expected
    for shape in [(), (3,), (0, 3), (3, -1)]:
        with pytest.raises(ValueError, match=r"^shape: expected"):
            images.image_extent(shape)

"""Promises of gmmfast.images on what a mixture is fitted to: ink points, color points, extents.

And of Otsu's threshold, which tells ink from paper.
"""

import math
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from gmmfast import images


def slow_otsu(histogram):
    """Definition of Otsu (1979), eq. 14, in exact integers times n**4 over a common factor."""
    scores = []
    for level in range(256):
        dark, bright = histogram[: level + 1], histogram[level + 1 :]
        if sum(dark) == 0 or sum(bright) == 0:
            scores.append(Fraction(0))
            continue
        mean_dark = Fraction(sum(i * c for i, c in enumerate(dark)), sum(dark))
        mean_bright = Fraction(
            sum(i * c for i, c in enumerate(bright, start=level + 1)), sum(bright)
        )
        scores.append(sum(dark) * sum(bright) * (mean_bright - mean_dark) ** 2)
    first = last = scores.index(max(scores))
    while last + 1 < 256 and scores[last + 1] == scores[first]:
        last += 1
    return (first + last) // 2


@pytest.mark.parametrize("seed", range(20))
def test_otsu_agrees_with_its_definition(seed):
    random = np.random.default_rng(seed)
    n_levels = int(random.integers(2, 40))
    levels = random.choice(256, n_levels, replace=False).astype(np.uint8)
    gray = random.choice(levels, (17, 23))
    gray.flat[:2] = levels[:2]
    assert images.otsu_threshold(gray) == slow_otsu(
        np.bincount(gray.ravel(), minlength=256).tolist()
    )


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([0, 255], 127),
        ([10, 11], 10),
        ([0, 100, 200], 99),  # one run of maxima, 0..199
        ([0] * 10 + [127] * 1000 + [128] * 1000 + [255] * 10, 63),  # two runs, the darker counts
    ],
)
def test_otsu_takes_the_middle_of_the_first_plateau(levels, expected):
    assert images.otsu_threshold(np.array([levels], dtype=np.uint8)) == expected


def test_otsu_refuses_what_it_cannot_split():
    with pytest.raises(ValueError, match=r"^gray: expected at least two levels, got .* level 3;"):
        images.otsu_threshold(np.full((2, 2), 3, dtype=np.uint8))
    with pytest.raises(ValueError, match=r"^gray: .*shape \(2, 2, 3\)"):
        images.otsu_threshold(np.zeros((2, 2, 3), dtype=np.uint8))
    with pytest.raises(TypeError, match=r"^gray: .*float64"):
        images.otsu_threshold(np.zeros((2, 2)))


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

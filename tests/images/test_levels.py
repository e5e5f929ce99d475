"""Tests of images/levels.py: the threshold of ink, and the error of a copy."""

import math
from fractions import Fraction

import numpy as np
import pytest

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


def test_psnr_follows_its_definition():
    random = np.random.default_rng(3)
    one, other = random.integers(0, 256, (2, 9, 7, 3), dtype=np.uint8)
    mean_square = np.mean((one.astype(float) - other) ** 2)
    assert images.psnr(one, other) == pytest.approx(10 * math.log10(255**2 / mean_square))
    assert images.psnr(one, other) == images.psnr(other, one)
    black, white = np.zeros((2, 2), np.uint8), np.full((2, 2), 255, np.uint8)
    assert images.psnr(black, white) == 0
    assert images.psnr(white, white) == math.inf


def test_psnr_is_of_all_rows_of_a_large_picture():
    gray = np.random.default_rng(0).integers(0, 256, (700, 301), dtype=np.uint8)
    color = np.roll(np.repeat(gray[..., None], 3, axis=2), 1, axis=0)
    mean_square = np.square(color.astype(float) - gray[..., None]).mean()
    want = 10 * math.log10(255**2 / mean_square)
    assert images.psnr(gray, color) == pytest.approx(want, rel=1e-14)


def test_psnr_refuses_pictures_that_cannot_be_compared():
    gray = np.zeros((2, 3), np.uint8)
    with pytest.raises(ValueError, match=r"^reference: .*\(2, 3\) of picture, got .*\(3, 2\)"):
        images.psnr(gray, gray.T)
    with pytest.raises(TypeError, match=r"^picture: .*uint8, got dtype float64"):
        images.psnr(gray / 255, gray)

"""Tests of cli/paint.py and cli/outputs.py: styles, drawings and several outputs.

Every output is decoded and compared with the arrays that it came from.
"""

import re

import numpy as np
import pytest
from PIL import Image, features
from sklearn.datasets import load_sample_image

from gmmfast import fit_image, images, render_grid
from gmmfast.styles import STYLES
from gmmfast.tone import DEFAULT_TONE
from support.checks import check_same
from support.commands import QUICK_FIT


@pytest.mark.parametrize("style", STYLES)
def test_a_photograph_is_painted_in_a_style(gmmfast, photo, photo_mixture, style):
    outcome = gmmfast("paint", photo, *QUICK_FIT, "--style", style, "-o", "out.png")
    assert outcome.status == 0, outcome.stderr
    check_same("out.png", STYLES[style](photo_mixture, (54, 80)))
    plain = gmmfast("paint", photo, *QUICK_FIT, "-o", "plain.png")
    psnr = [re.search(r"PSNR +(\S+)", each.stdout)[1] for each in (outcome, plain)]
    assert psnr[0] == psnr[1]  # a style is compared by what it is a style of


def test_several_outputs_come_of_one_fit_each_in_its_format(gmmfast, photo, photo_mixture):
    names = ["a.png", "b.tif", "c.webp", "d.jpg", "e.npy", "f.npz"]
    names += ["g.avif"] * features.check("avif")
    options = [*QUICK_FIT, *(part for name in names for part in ("-o", name))]
    outcome = gmmfast("paint", photo, *options)
    assert outcome.status == 0, outcome.stderr
    assert outcome.stdout.count("fit  ") == 1
    levels = render_grid(photo_mixture, (54, 80), dtype=np.uint8)
    for name in ("a.png", "b.tif", "c.webp"):
        check_same(name, levels)
    for name in names[3:4] + names[6:]:  # 35 dB: no loss that one sees
        assert images.psnr(images.read_image(name), levels) > 35, name
    formats = ["PNG", "TIFF", "WEBP", "JPEG", "AVIF"]
    for name, format_ in zip(names[:4] + names[6:], formats, strict=False):
        with Image.open(name) as picture:
            assert picture.format == format_
    values = render_grid(photo_mixture, (54, 80))
    np.testing.assert_array_equal(np.load("e.npy"), values)
    np.testing.assert_array_equal(np.load("f.npz")["mean"], values)


def test_a_drawing_of_a_photograph_is_painted(gmmfast, tmp_path):
    pixels = np.ascontiguousarray(load_sample_image("flower.jpg")[::4, ::4])
    Image.fromarray(pixels).save(tmp_path / "flower.png")
    outcome = gmmfast("paint", "flower.png", "--drawing", *QUICK_FIT, "-o", "out.png")
    assert outcome.status == 0, outcome.stderr
    model = fit_image(images.line_drawing(pixels), 12, threshold="otsu", max_iter=3)
    check_same("out.png", DEFAULT_TONE.picture(render_grid(model, pixels.shape[:2])))


def test_a_style_has_its_own_curve(gmmfast, photo):
    outcome = gmmfast("paint", photo, "--ink", "--style", "ink", "--tone", "linear")
    assert outcome.status == 2
    assert "--tone and --style: expected at most one" in outcome.stderr

"""Tests of cli/sample.py: outputs are decoded and compared with the arrays of the package."""

import re

import numpy as np

from gmmfast import Mixture, render_samples
from gmmfast.plot import PALETTES
from gmmfast.styles import color_levels, dots_picture
from support.checks import check_same
from support.commands import QUICK_FIT


def test_samples_of_ink_are_drawn_as_dots(gmmfast, ink_model):
    options = ["-n", "3000", "--seed", "5", "--scale", "2", "--palette", "ember"]
    outcome = gmmfast("sample", ink_model, *options, "-o", "s.png", "-o", "s.npy")
    assert outcome.status == 0, outcome.stderr
    counts = render_samples(Mixture.load(ink_model), (40, 60), 3000, random_state=5)
    np.testing.assert_array_equal(np.load("s.npy"), counts)
    check_same("s.png", dots_picture(counts, PALETTES["ember"]))
    assert re.search(r"^points +3,000$", outcome.stdout, flags=re.MULTILINE)


def test_samples_of_a_photograph_are_drawn_in_their_colors(gmmfast, photo, photo_mixture):
    assert gmmfast("sample", photo, *QUICK_FIT, "-n", "2000", "-o", "s.png").status == 0
    paper = color_levels(PALETTES["azure"].paper)
    options = {"random_state": 0, "dtype": np.uint8, "background": paper}
    check_same("s.png", render_samples(photo_mixture, (54, 80), 2000, **options))
    refused = gmmfast("sample", photo, "-n", "0")
    assert refused.status == 2
    assert "--n-samples" in refused.stderr

"""Tests of styles/ramp.py: Oklab, and ramps of colors from paper to ink."""

import numpy as np
import pytest

from gmmfast import styles
from gmmfast.styles import Ramp
from support.checks import check_message, refusal


def test_oklab_is_that_of_its_author():
    # The table of pairs in "A perceptual color space for image processing", B. Ottosson, 2020,
    # is of XYZ; these are of sRGB by the C++ code of the same page, in double precision.
    known = {
        (255, 255, 255): (1.0, 0.0, 0.0),
        (255, 0, 0): (0.627955, 0.224863, 0.125846),
        (0, 255, 0): (0.866440, -0.233888, 0.179498),
        (0, 0, 255): (0.452014, -0.032457, -0.311528),
    }
    found = styles.oklab_of_srgb(list(known))
    np.testing.assert_allclose(found, list(known.values()), atol=2e-6)
    colors = np.random.default_rng(0).uniform(0, 255, (500, 3))
    np.testing.assert_allclose(
        styles.srgb_of_oklab(styles.oklab_of_srgb(colors)), colors, atol=1e-3
    )


def test_a_ramp_runs_from_paper_to_ink_through_its_colors():
    ramp = Ramp(("#ffffff", "#d04020", "#000000"))
    assert (ramp.paper, ramp.ink) == ("#ffffff", "#000000")
    corners = ramp([[0.0, 0.5, 1.0], [-3.0, 0.5, 9.0]])
    assert corners.dtype == np.uint8
    expected = np.array([[255, 255, 255], [208, 64, 32], [0, 0, 0]])
    assert np.abs(corners.astype(int) - expected).max() <= 1  # 0.5 lies between two steps
    lightness = styles.oklab_of_srgb(ramp(np.linspace(0, 1, 300)))[:, 0]
    assert (np.diff(lightness) <= 1e-3).all()


@pytest.mark.parametrize("colors", [("#fff", "#000000"), ("#ffffff",), "#ffffff", ("#ffffff", 3)])
def test_what_is_no_ramp_is_refused(colors):
    check_message(refusal(ValueError, Ramp, colors), "colors?: ")

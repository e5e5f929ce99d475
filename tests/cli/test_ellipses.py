"""Tests of cli/ellipses.py: outputs are decoded and compared with the arrays of the package."""

from pathlib import Path

import numpy as np

from gmmfast import images


def test_ellipses_are_where_the_components_are(gmmfast, model, photo_mixture):
    names = [part for name in ("e.png", "e.svg", "e.npz") for part in ("-o", name)]
    outcome = gmmfast("ellipses", model, "--n-std", "1.5", *names)
    assert outcome.status == 0, outcome.stderr
    arrays, expected = np.load("e.npz"), photo_mixture.error_ellipses(1.5)
    for name, values in expected._asdict().items():
        np.testing.assert_array_equal(arrays[name], values)
    colors = np.rint(np.clip(photo_mixture.means[:, 2:], 0, 255))
    np.testing.assert_array_equal(arrays["colors"], colors)
    assert images.read_image("e.png").shape == (54, 80, 3)
    assert Path("e.svg").read_text().count("<use") + Path("e.svg").read_text().count("<path") >= 12

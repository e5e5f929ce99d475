"""Tests of cli/fit.py and cli/fitting.py."""

from pathlib import Path

import numpy as np

from gmmfast import Mixture
from support.commands import QUICK_FIT


def test_a_fit_is_kept_and_rendered_as_paint_would(gmmfast, photo, photo_mixture):
    outcome = gmmfast("fit", photo, *QUICK_FIT, "-o", "m.npz", "-o", "n.npz")
    assert outcome.status == 0, outcome.stderr
    kept = Mixture.load("m.npz")
    np.testing.assert_array_equal(kept.means, photo_mixture.means)
    assert kept.extent == photo_mixture.extent == ((-0.5, 79.5), (-0.5, 53.5))
    assert Path("m.npz").read_bytes() == Path("n.npz").read_bytes()
    assert gmmfast("render", "m.npz", "-o", "r.png").status == 0
    assert gmmfast("paint", photo, *QUICK_FIT, "-o", "p.png").status == 0
    assert Path("r.png").read_bytes() == Path("p.png").read_bytes()

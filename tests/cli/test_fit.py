"""Tests of cli/fit.py and cli/fitting.py."""

from pathlib import Path

import numpy as np

from gmmfast import Mixture, fit_image
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


def test_an_accelerated_fit_is_that_of_fit_image(gmmfast, photo):
    outcome = gmmfast("fit", photo, *QUICK_FIT, "--acceleration", "momentum", "-o", "m.npz")
    assert outcome.status == 0, outcome.stderr
    k, max_iter = (int(QUICK_FIT[QUICK_FIT.index(name) + 1]) for name in ("-k", "--max-iter"))
    want = fit_image(photo, k, max_iter=max_iter, random_state=0, acceleration="momentum")
    np.testing.assert_array_equal(Mixture.load("m.npz").means, want.means_)
    plain = fit_image(photo, k, max_iter=max_iter, random_state=0)
    assert want.lower_bound_ > plain.lower_bound_

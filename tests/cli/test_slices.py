"""Tests of cli/slices.py: outputs are decoded and compared with the arrays of the package."""

import numpy as np

from gmmfast import Mixture, images, render_grid


def test_slices_are_curves_of_the_conditional(gmmfast, ink_model, model):
    names = [part for name in ("s.png", "s.svg", "s.npz") for part in ("-o", name)]
    outcome = gmmfast("slices", ink_model, "--at", "5,20.5", *names)
    assert outcome.status == 0, outcome.stderr
    curves = np.load("s.npz")
    assert curves["x"].tolist() == [5, 20.5]
    extent = [(-0.5, 19.5)]
    for at, densities in zip((5, 20.5), curves["densities"], strict=True):
        inner = Mixture.load(ink_model).condition([0], [at])
        expected = render_grid(inner, len(curves["y"]), extent=extent)
        np.testing.assert_array_equal(densities, expected)
    assert images.read_image("s.png").shape == (600, 900, 3)
    assert gmmfast("slices", model, "-o", "p.npz").status == 0
    np.testing.assert_allclose(np.load("p.npz")["x"], [9.5, 29.5, 49.5, 69.5])

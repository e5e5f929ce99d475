"""Tests of cli/render.py, and of sizes in cli/options.py.

Every output is decoded and compared with the arrays that it came from.
"""

import numpy as np
import pytest

from gmmfast import Mixture, images, render_grid
from gmmfast.styles import STYLES
from gmmfast.tone import DEFAULT_TONE
from support.checks import as_rgb, check_same


@pytest.mark.parametrize("quantity", ["mean", "std", "density", "log_density", "label", "entropy"])
def test_quantities_are_rendered_raw_and_as_pictures(gmmfast, model, photo_mixture, quantity):
    options = ["--quantity", quantity, "--scale", "0.5", "-o", "q.npy", "-o", "q.png"]
    outcome = gmmfast("render", model, *options)
    assert outcome.status == 0, outcome.stderr
    values = render_grid(photo_mixture, (27, 40), quantity=quantity)
    np.testing.assert_array_equal(np.load("q.npy"), values)
    means = np.rint(np.clip(photo_mixture.means[:, 2:], 0, 255))
    expected = {
        "mean": lambda: np.rint(np.clip(values, 0, 255)),
        "std": lambda: np.rint(values * (255 / values.max())),
        "density": lambda: DEFAULT_TONE.picture(values),
        "log_density": lambda: np.rint(255 * (values.max() - values) / np.ptp(values)),
        "label": lambda: means[values],
        "entropy": lambda: np.rint(values * (255 / values.max())),
    }[quantity]()
    difference = images.read_image("q.png").astype(int) - as_rgb(expected)
    assert np.abs(difference).max() <= (1 if quantity == "log_density" else 0)


def test_a_sample_is_the_painting_of_its_seed(gmmfast, model, photo_mixture):
    for seed, options in ((0, []), (7, ["--seed", "7"])):
        outcome = gmmfast(
            "render", model, "--quantity", "sample", *options, "-o", "s.npy", "-o", "s.png"
        )
        assert outcome.status == 0, outcome.stderr
        drawn = {"quantity": "sample", "random_state": seed}
        np.testing.assert_array_equal(
            np.load("s.npy"), render_grid(photo_mixture, (54, 80), **drawn)
        )
        check_same("s.png", render_grid(photo_mixture, (54, 80), **drawn, dtype=np.uint8))


def test_ink_is_rendered_through_the_curve_or_in_a_style(gmmfast, ink_model):
    mixture = Mixture.load(ink_model)
    assert gmmfast("render", ink_model, "--size", "60x40", "-o", "a.png").status == 0
    check_same("a.png", DEFAULT_TONE.picture(render_grid(mixture, (40, 60))))
    assert gmmfast("render", ink_model, "--style", "charcoal", "-o", "b.png").status == 0
    check_same("b.png", STYLES["charcoal"](mixture, (20, 30)))
    assert gmmfast("render", ink_model, "--quantity", "label", "-o", "c.png").status == 0
    labels, picture = render_grid(mixture, (20, 30), quantity="label"), images.read_image("c.png")
    assert len({tuple(color) for color in picture[labels == 0]}) == 1
    assert (picture[labels == 0][0] != picture[labels == 1][0]).any()


def test_a_model_without_a_picture_needs_a_size(gmmfast, tmp_path):
    Mixture([1.0], [[3.0, 4.0]], [2.0]).save(tmp_path / "m.npz")
    refused = gmmfast("render", "m.npz", "-o", "o.png")
    assert refused.status == 2
    assert "--size: expected WIDTHxHEIGHT" in refused.stderr
    assert gmmfast("render", "m.npz", "--size", "9x7", "-o", "o.png").status == 0
    assert images.read_image("o.png").shape == (7, 9, 3)


def test_a_model_with_alpha_is_refused_and_is_no_clip(gmmfast, tmp_path):
    alpha = Mixture([1.0], [[4.0, 3.0, 9.0, 9.0, 9.0, 200.0]], np.eye(6)[None])
    alpha = alpha.with_extent([(-0.5, 7.5), (-0.5, 5.5)]).with_kind("color-alpha")
    alpha.save(tmp_path / "alpha.npz")
    refused = gmmfast("render", "alpha.npz", "-o", "out.png")
    assert refused.status
    assert "got 6 features, of kind 'color-alpha'; leave alpha out" in refused.stderr


def test_a_frame_of_a_clip_is_that_of_its_time(gmmfast, photo_mixture, tmp_path):
    means = np.insert(
        photo_mixture.means, 2, np.linspace(0, 7, photo_mixture.n_components), axis=1
    )
    clip = Mixture(
        photo_mixture.weights,
        means,
        np.full_like(means, 30.0),
        covariance_type="diag",
        extent=[(0, 80), (0, 54), (0, 8)],
    )
    clip.save(tmp_path / "clip.npz")
    extent = [(10, 50), (5, 35), (3, 4)]
    options = ["--extent=10:50,5:35,3:4", "--size", "40x30"]
    for quantity in ("mean", "density", "label"):
        outcome = gmmfast("render", "clip.npz", *options, "--quantity", quantity, "-o", "a.npy")
        assert outcome.status == 0, outcome.stderr
        expected = render_grid(clip, (1, 30, 40), extent=extent, quantity=quantity)[0]
        np.testing.assert_array_equal(np.load("a.npy"), expected)
    assert gmmfast("render", "clip.npz", "-o", "a.png").status == 0
    check_same("a.png", render_grid(clip, (1, 54, 80), dtype=np.uint8)[0])
    outcome = gmmfast("render", "clip.npz", "--style", "oil", "-o", "a.png")
    assert "--style: expected a model of a picture" in outcome.stderr
    outcome = gmmfast("render", "clip.npz", "--extent", "1:2", "-o", "a.png")
    assert "T_MIN:T_MAX" in outcome.stderr

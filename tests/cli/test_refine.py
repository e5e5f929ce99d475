"""Tests of cli/refine.py."""

import re

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from gmmfast import Mixture, fit_video, images, render_grid
from gmmfast.cli.refine import refine_command
from gmmfast.styles import STYLES
from support.animation_files import SHAPE, waves
from support.commands import invoke


@pytest.mark.parametrize("options", [["-k", "8"], ["-k", "4", "--ink", "--max-iter", "2"]])
def test_a_refined_painting_has_the_style_that_is_asked_for(tmp_path, picture, options):
    outputs = tmp_path / "a.png", tmp_path / "a.npz"
    names = [part for path in outputs for part in ("-o", path)]
    invoke(refine_command, picture, *options, "--rounds", 1, "--style", "ink", *names)
    styled = STYLES["ink"](Mixture.load(outputs[1]), SHAPE)
    np.testing.assert_array_equal(images.read_image(outputs[0]), styled)
    refused = CliRunner().invoke(refine_command, ["--style", "ink", "--tone", "linear"])
    assert refused.exit_code == 2
    assert "--tone and --style: expected at most one of the two" in refused.output


def test_refine_writes_the_painting_and_the_model(tmp_path, picture):
    outputs = tmp_path / "better.png", tmp_path / "better.npz"
    told = invoke(
        refine_command, picture, "-k", 8, "--passes", 60, "-o", outputs[0], "-o", outputs[1]
    )
    low, high = map(float, re.search(r"PSNR +([\d.]+) to ([\d.]+) dB", told).groups())
    assert high > low
    painting = images.read_image(outputs[0])
    assert images.psnr(painting, waves()) == pytest.approx(high, abs=0.006)
    model = Mixture.load(outputs[1])
    np.testing.assert_array_equal(render_grid(model, SHAPE, dtype=np.uint8), painting)
    again = invoke(refine_command, picture, "--model", outputs[1], "--passes", 9, "-o", outputs[0])
    assert f"{high:.2f} to" in again


def test_refine_goes_on_with_ink(tmp_path, picture):
    told = invoke(
        refine_command, picture, "--ink", "-k", 4, "--max-iter", 2, "-o", tmp_path / "a.png"
    )
    assert "log-likelihood" in told


def test_refine_improves_the_model_of_a_clip(tmp_path):
    frames = [np.roll(waves(), 2 * shift, axis=1) for shift in range(6)]
    images_of = [Image.fromarray(frame) for frame in frames]
    clip, model, better = (tmp_path / name for name in ("clip.png", "clip.npz", "better.npz"))
    images_of[0].save(clip, save_all=True, append_images=images_of[1:])
    Mixture.from_model(fit_video(frames, 8, max_iter=3)).save(model)
    told = invoke(refine_command, clip, "--model", model, "-o", better)
    low, high = map(float, re.search(r"PSNR +([\d.]+) to ([\d.]+) dB", told).groups())
    assert high > low
    refined = Mixture.load(better)
    assert refined.n_features == 6
    again = invoke(refine_command, clip, "--model", better, "--passes", 1, "-o", model)
    assert f"{high:.2f} to" in again
    for arguments, message in [
        ([clip, "-o", tmp_path / "a.png"], "-o: expected names that end in .npz"),
        (["-o", better], "IMAGE: expected the animated picture"),
    ]:
        refused = CliRunner().invoke(
            refine_command, [str(part) for part in ["--model", better, *arguments]]
        )
        assert refused.exit_code == 2
        assert message in refused.output.replace("\n", " ")

"""Tests of cli/inputs.py: pictures and models through pipes."""

import io

import numpy as np

from gmmfast import render_grid
from support.checks import check_same
from support.commands import QUICK_FIT, run_command


def test_a_picture_goes_through_pipes(photo, photo_mixture, tmp_path):
    options = [*QUICK_FIT, "-o", "-", "-o", tmp_path / "file.png"]
    outcome = run_command("paint", "-", *options, stdin=photo.read_bytes())
    assert outcome.status == 0, outcome.stderr
    levels = render_grid(photo_mixture, (54, 80), dtype=np.uint8)
    check_same(io.BytesIO(outcome.stdout), levels)
    check_same(tmp_path / "file.png", levels)
    assert "PSNR" in outcome.stderr  # the report makes way
    refused = run_command("paint", "-", stdin=b"no picture", cwd=tmp_path)
    assert refused.status == 1
    assert "image: expected a picture that can be read, got the file 'standard input'" in (
        refused.stderr
    )


def test_a_damaged_model_in_a_pipe_is_refused_by_the_name_of_the_pipe(model):
    refused = run_command("render", "-", "-o", "-", stdin=model.read_bytes()[:-200])
    assert (refused.status, refused.stdout) == (1, b"")
    assert "'standard input'" in refused.stderr


def test_a_model_goes_through_pipes(photo, photo_mixture):
    kept = run_command("fit", photo, *QUICK_FIT, "-o", "-")
    assert kept.status == 0, kept.stderr
    rendered = run_command("render", "-", "-o", "-", stdin=kept.stdout)
    assert rendered.status == 0, rendered.stderr
    check_same(io.BytesIO(rendered.stdout), render_grid(photo_mixture, (54, 80), dtype=np.uint8))

"""Promises of `gmmfast view`, and of `gmmfast render --extent`, which the page's commands use."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from gmmfast import Mixture, images, render_grid
from support.commands import QUICK_FIT


@pytest.fixture
def opened(monkeypatch, tmp_path):
    """A browser that only notes what it is asked to open."""
    script = tmp_path / "browser.sh"
    note = tmp_path / "opened.txt"
    script.write_text(f'#!/bin/sh\necho "$1" > {note}\n')
    script.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{script} %s")
    return note


def test_a_model_is_written_as_a_page_named_after_it(gmmfast, ink_model):
    outcome = gmmfast("view", ink_model, "-o", "page.html")
    assert outcome.status == 0, outcome.stderr
    assert re.search(r"page +\d+ kB, page.html", outcome.stdout)
    page = Path("page.html").read_text("utf-8")
    assert f"<title>{Path(ink_model).stem}</title>" in page
    assert '<script id="original" type="text/plain"></script>' in page


def test_a_picture_is_fitted_and_its_page_has_it(gmmfast, photo):
    outcome = gmmfast("view", photo, *QUICK_FIT, "-o", "-")
    assert outcome.status == 0, outcome.stderr
    assert outcome.stdout.startswith("<!DOCTYPE html>")
    assert 'type="text/plain">data:image/png;base64,' in outcome.stdout


@pytest.mark.skipif(os.name == "nt", reason="the browser is a shell script")
def test_without_output_the_browser_opens_the_page(gmmfast, ink_model, opened):
    outcome = gmmfast("view", ink_model)
    assert outcome.status == 0, outcome.stderr
    address = opened.read_text().strip()
    assert address.startswith("file:///")
    assert Path(address.removeprefix("file://")).read_text("utf-8").startswith("<!DOCTYPE")


def test_bad_arguments_are_named_before_anything_is_done(gmmfast, photo, ink_model):
    for arguments, message in (
        ((photo, "--original", photo), "--original: expected a model"),
        ((ink_model, "-o", "none/page.html"), "--output: expected"),
        ((ink_model, "-k", "3"), "--n-components: expected together with a picture"),
    ):
        outcome = gmmfast("view", *arguments)
        assert outcome.status != 0
        assert message in " ".join(outcome.stderr.split())


def test_render_shows_a_part(gmmfast, ink_model):
    extent = "--extent=3.5:20.25,-0.5:9"
    options = ["--quantity", "log_density", "--size", "30x20"]
    outcome = gmmfast("render", ink_model, extent, *options, "-o", "part.npy")
    assert outcome.status == 0, outcome.stderr
    expected = render_grid(
        Mixture.load(ink_model),
        (20, 30),
        quantity="log_density",
        extent=[(3.5, 20.25), (-0.5, 9)],
    )
    np.testing.assert_array_equal(np.load("part.npy"), expected)
    assert gmmfast("render", ink_model, "--extent", "0:8,0:4", "-o", "part.png").status == 0
    assert images.read_image("part.png").shape == (4, 8, 3)
    for wrong in ("0:8", "8:0,0:4", "a:b,0:4", "0:inf,0:4"):
        outcome = gmmfast("render", ink_model, f"--extent={wrong}", "-o", "part.png")
        assert outcome.status == 2
        assert "expected X_MIN:X_MAX,Y_MIN:Y_MAX" in " ".join(outcome.stderr.split())

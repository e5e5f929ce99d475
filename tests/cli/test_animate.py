"""Tests of cli/animate.py."""

import io
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from click.testing import CliRunner

from gmmfast import fit_image, images, refine
from gmmfast.animation import slicing_frames, write_animation
from gmmfast.cli.animate import _IN_THE_PLANE, animate_command
from gmmfast.cli.paint import paint_command
from gmmfast.styles import STYLES
from support.animation_files import SHAPE, decoded, moving
from support.commands import invoke, run_command
from support.processes import running


@pytest.mark.parametrize("kind", ["sampling", "slices", "fill", "grow", "refine", "zoom"])
def test_each_kind_is_animated(tmp_path, picture, kind):
    output = tmp_path / f"{kind}.png"
    source = () if kind in ("sampling", "slices") else (picture, "-k", 5)
    told = invoke(animate_command, kind, *source, "--seconds", 0.3, "--fps", 10,
               "--size", "48x32", "-o", output)  # fmt: skip
    assert "frames      3, 0.3 s at 10 a second" in told
    assert decoded(output)[0].shape == (3, 32, 48, 3)


@pytest.mark.parametrize(("kind", "style"), [("grow", "oil"), ("refine", "charcoal")])
def test_paintings_that_change_have_the_style_that_is_asked_for(tmp_path, picture, kind, style):
    output = tmp_path / "styled.png"
    options = ["-k", 5, "--seconds", 0.1, "--fps", 10, "--style", style, "-o", output]
    invoke(animate_command, kind, picture, *options)
    (frame,) = decoded(output)[0]
    photo = images.read_image(picture)
    if kind == "grow":
        model = fit_image(photo, 5, max_iter=20)
    else:
        model = refine(fit_image(photo, 5), photo)
    # The film paints mixtures, whose last bits differ from the estimator's: so may the rounding of
    # a level.
    difference = np.abs(frame.astype(int) - STYLES[style](model, SHAPE))
    assert difference.max() <= 1
    assert np.mean(difference > 0) < 1e-3


@pytest.mark.parametrize("options", [[], ["--ink", "--threshold", "128"]])
def test_a_bilevel_picture_grows_to_what_paint_paints(tmp_path, options):
    drawing = np.full((*SHAPE, 3), 255, np.uint8)
    drawing[8:20, 10:14] = drawing[20:24, 10:40] = 0
    images.write_image(tmp_path / "drawing.png", drawing)
    fit = [tmp_path / "drawing.png", "-k", 3, *options, "-o"]
    invoke(animate_command, "grow", "--seconds", 0.3, "--fps", 10, *fit, tmp_path / "grow.png")
    invoke(paint_command, "--max-iter", 20, *fit, tmp_path / "paint.png")
    painting = images.read_image(tmp_path / "paint.png")
    np.testing.assert_array_equal(decoded(tmp_path / "grow.png")[0][-1], painting)


def test_a_clip_is_animated(tmp_path):
    write_animation(tmp_path / "clip.gif", moving(4, (20, 30)))
    invoke(animate_command, "video", tmp_path / "clip.gif", "-k", 4, "--seconds", 1, "--fps", 8,
        "-o", tmp_path / "slow.png")  # fmt: skip
    assert decoded(tmp_path / "slow.png")[0].shape == (8, 20, 30, 3)


def test_an_animation_is_written_to_several_files_and_through_a_pipe(tmp_path):
    options = ["--seconds", "0.3", "--fps", "10", "--size", "48x32"]
    names = ["-o", "a.png", "-o", "a.gif"]
    outcome = run_command("animate", "slices", *options, *names, "-o", "-", cwd=tmp_path)
    assert outcome.status == 0, outcome.stderr
    assert outcome.stdout == (tmp_path / "a.gif").read_bytes()
    assert "animation   a.png, a.gif, standard output" in outcome.stderr
    frames = list(slicing_frames(_IN_THE_PLANE, (32, 48), 3))
    np.testing.assert_array_equal(decoded(tmp_path / "a.png")[0], frames)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gif", "a.png"]


@pytest.mark.parametrize("format_", ["gif", "webp", "png"])
def test_a_pipe_gets_the_format_that_is_asked_for(gmmfast, monkeypatch, tmp_path, format_):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO()))
    options = ["--seconds", "0.3", "--fps", "10", "--size", "48x32", "-o", "-"]
    assert gmmfast("animate", "sampling", *options, "--format", format_).status == 0
    (tmp_path / f"a.{format_}").write_bytes(sys.stdout.buffer.getvalue())
    frames, _ = decoded(tmp_path / f"a.{format_}")
    assert frames.shape == (3, 32, 48, 3)


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (["a.gif", "a.gif"], "--output: expected different files, got one of them twice"),
        (["a.gif", "a.tif"], "--output: expected the path of an animation that can be written"),
    ],
)
def test_destinations_of_animations_are_checked_first(gmmfast, tmp_path, names, pattern):
    outputs = [part for name in names for part in ("-o", name)]
    refused = gmmfast("animate", "slices", *outputs)
    assert refused.status in (1, 2)
    assert pattern in refused.stderr
    assert not list(tmp_path.iterdir())


def test_a_terminal_gets_no_animation(gmmfast, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    refused = gmmfast("animate", "slices", "-o", "-")
    assert refused.status == 2
    assert "for the bytes of an animation, got a terminal" in refused.stderr
    assert "-o - > animation.gif" in refused.stderr


def test_frames_beyond_memory_are_refused_before_they_are_made(tmp_path, picture):
    result = CliRunner().invoke(
        animate_command,
        ["zoom", str(picture), "-k", "2", "--size", "9999999x9999999", "-o", f"{tmp_path}/a.gif"],
    )
    assert isinstance(result.exception, MemoryError)
    assert "--size: expected a result that fits" in str(result.exception)
    assert list(tmp_path.iterdir()) == [picture]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_ends_an_animation_with_130_and_no_file(tmp_path):
    command = [sys.executable, "-m", "gmmfast.cli", "animate", "slices", "--seconds", "3600",
               "-o", "long.mp4"]  # fmt: skip
    with running(command, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        # The folder has been checked: frames are being written.
        while not any(path.stat().st_size for path in tmp_path.glob(".*.tmp")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"interrupted" in message
    assert not list(tmp_path.iterdir())

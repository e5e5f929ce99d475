"""Promises of commands in pipes, on full disks, interrupted, and on terminals."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gmmfast import render_grid
from gmmfast.cli import outputs
from support.checks import check_same
from support.commands import QUICK_FIT, run_command
from support.processes import read_terminal, running


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


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_a_pipe_that_nobody_reads_ends_quietly(photo):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        outcome = run_command("paint", photo, *QUICK_FIT, "-o", "-", stdout=writer)
    finally:
        os.close(writer)
    assert outcome.status == 141
    assert "Traceback" not in outcome.stderr
    assert "Exception ignored" not in outcome.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [["channels", "-o", "-"], ["info", "photo.png"]])
def test_a_full_disk_behind_standard_output_is_told(photo, tmp_path, arguments):
    assert photo.exists()
    with Path("/dev/full").open("wb") as full:
        outcome = run_command(*arguments, stdout=full, cwd=tmp_path)
    assert outcome.status == 1
    assert "No space left on device" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert "Exception ignored" not in outcome.stderr


def test_a_full_disk_leaves_all_old_files(gmmfast, photo, monkeypatch, tmp_path):
    for name in ("a.png", "b.npy"):
        (tmp_path / name).write_bytes(b"old")
    before = {path.name for path in tmp_path.iterdir()}

    def fail(file, *_rest, **_options):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outputs.np, "save", fail)
    outcome = gmmfast("channels", photo, "-o", "a.png", "-o", "b.npy")
    assert outcome.status == 1
    assert "No space left on device" in outcome.stderr
    assert {path.name for path in tmp_path.iterdir()} == before
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.npy").read_bytes() == b"old"


# Says when the slow part begins that the test interrupts.
SLOW = """
import sys, time
from gmmfast import cli
from gmmfast.cli import outputs

def slow(self, artwork):
    real(self, artwork)

def encode(self, file, extension):
    print("now", file=sys.stderr, flush=True)
    file.write(b"half")
    time.sleep(30)

real = outputs.Outputs.write
outputs._Encoder.encode = encode
cli.main()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_an_interrupt_while_writing_ends_with_130_and_without_a_partial_file(tmp_path, photo):
    command = [sys.executable, "-c", SLOW, "channels", str(photo), "-o", "out.png"]
    with running(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "now\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr.strip() == "gmmfast: interrupted"
    assert [path.name for path in tmp_path.iterdir()] == [photo.name]


@pytest.mark.skipif(os.name == "nt", reason="terminals of POSIX")
@pytest.mark.parametrize("no_color", [False, True])
def test_progress_is_shown_on_a_terminal_and_without_colors_if_asked(photo, tmp_path, no_color):
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    if no_color:
        environment["NO_COLOR"] = "1"
    command = [sys.executable, "-m", "gmmfast.cli", "paint", str(photo), "-k", "60"]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": slave}
    with running([*command, "-o", "out.png"], cwd=tmp_path, env=environment, **pipes) as process:
        os.close(slave)
        shown = read_terminal(master)
        process.wait(timeout=60)
    os.close(master)
    assert process.returncode == 0
    assert b"fitting" in shown
    has_colors = re.search(rb"\x1b\[[\d;]*3\dm|\x1b\[38;", shown) is not None
    assert has_colors is not no_color

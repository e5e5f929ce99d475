"""Tests of cli/outputs.py and cli/pipes.py: closed pipes, full disks and interrupts."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gmmfast.cli import outputs
from support.commands import QUICK_FIT, run_command
from support.processes import running


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

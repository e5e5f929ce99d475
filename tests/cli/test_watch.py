"""Tests of cli/watch.py: outputs follow the inputs until Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gmmfast import Mixture, images
from gmmfast.cli import watch
from gmmfast.cli.channels import side_by_side
from gmmfast.styles import channel_pictures
from support.checks import check_same
from support.processes import running

#: Commands that watch, with what makes them quick, and whether they want a model.
FIT = ["-k", "3", "--max-iter", "1"]
WATCHING = {
    "paint": (FIT, False),
    "render": ([], True),
    "contour": (["--levels", "2", *FIT], False),
    "sample": (["-n", "100", *FIT], False),
    "ellipses": ([], True),
    "channels": ([], False),
    "slices": ([], True),
    "refine": (["--rounds", "1", *FIT], False),
    "animate fill": (["--seconds", "0.1", "--fps", "20", *FIT], False),
}


def write_picture(path, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def write_model(path, seed):
    means = np.random.default_rng(seed).uniform(2, 10, (3, 2))
    Mixture(np.full(3, 1 / 3), means, [4.0] * 3, extent=[(-0.5, 15.5), (-0.5, 11.5)]).save(path)


@pytest.mark.parametrize("command", WATCHING)
def test_each_command_writes_anew_what_it_would_have_written(gmmfast, monkeypatch, command):
    options, is_model = WATCHING[command]
    write, source = (write_model, "in.npz") if is_model else (write_picture, "in.png")
    write(source, 1)
    assert gmmfast(*command.split(), source, *options, "-o", "first.png").status == 0
    looks = []

    def sleep(_):
        """Change the input when its picture is there, and interrupt when the next one is."""
        looks.append(Path("out.png").read_bytes() if Path("out.png").exists() else None)
        assert len(looks) < 9
        different = list(dict.fromkeys(look for look in looks if look))
        if len(different) == 1 and looks.count(different[0]) == 1:
            write(source, 2)
            os.utime(source, ns=(0, 0))  # whatever the clock of the file system can tell
        if len(different) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(watch, "time", SimpleNamespace(sleep=sleep))
    outcome = gmmfast(*command.split(), source, *options, "--watch", "-o", "out.png")
    assert outcome.status == 130
    assert f"watching    {source}; Ctrl-C ends it" in outcome.stderr
    assert outcome.stderr.endswith("gmmfast: interrupted\n")
    assert gmmfast(*command.split(), source, *options, "-o", "second.png").status == 0
    written = [look for look in dict.fromkeys(looks) if look]
    assert written == [Path("first.png").read_bytes(), Path("second.png").read_bytes()]
    assert written[0] != written[1]


def wait_for(promise, seconds=30):
    deadline = time.monotonic() + seconds
    while not promise():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_a_process_follows_its_input_over_damage_and_absence_until_it_is_interrupted(tmp_path):
    source, output = tmp_path / "in.png", tmp_path / "out.png"

    def shown():
        return side_by_side(channel_pictures(images.read_image(source)))

    def is_shown():
        return np.array_equal(images.read_image(output), shown())

    write_picture(source, 1)
    command = [sys.executable, "-m", "gmmfast.cli", "channels", "in.png", "--watch"]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    lines = []
    with running([*command, "-o", "out.png"], cwd=tmp_path, **pipes) as process:
        reader = threading.Thread(target=lambda: lines.extend(iter(process.stderr.readline, "")))
        reader.start()
        wait_for(lambda: any("watching" in line for line in lines))
        check_same(output, shown())
        first = output.read_bytes()
        write_picture(tmp_path / "next.png", 2)
        whole = (tmp_path / "next.png").read_bytes()
        source.write_bytes(whole[:200])  # the writer makes a long pause
        wait_for(lambda: len(lines) > 1)
        assert output.read_bytes() == first
        source.write_bytes(whole)
        wait_for(is_shown)
        source.unlink()  # as some editors do
        time.sleep(2 * watch.INTERVAL)
        (tmp_path / "next.png").rename(source)
        write_picture(source, 3)
        wait_for(is_shown)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
        reader.join(timeout=60)
    _, damage, end = [line for line in lines if line.strip()]
    assert re.fullmatch(r"gmmfast: image: .*'in\.png'.*; waiting for the next change\n", damage)
    assert end == "gmmfast: interrupted\n"
    assert {path.name for path in tmp_path.iterdir()} == {"in.png", "out.png"}


def test_a_file_is_read_when_it_has_stopped_growing(monkeypatch, tmp_path):
    path, sizes, looked = tmp_path / "in.png", iter([2, 3, 3, 3]), []

    def sleep(_):
        path.write_bytes(b"x" * next(sizes))
        os.utime(path, ns=(0, 0))
        looked.append(path.stat().st_size)

    path.write_bytes(b"x")
    monkeypatch.setattr(watch, "time", SimpleNamespace(sleep=sleep))
    states = watch._settled([path])
    assert looked == [2, 3, 3]
    assert states[0][:2] == (0, 3)


@pytest.mark.parametrize("command", WATCHING)
@pytest.mark.parametrize(
    ("arguments", "pattern"),
    [
        (["-"], "--watch: expected a file, which may change, got '-', standard input"),
        (["in.png", "-o", "-"], "--watch: expected files to write anew, got '-', standard output"),
        (["in.png", "-o", "in.png"], "--watch: expected an output other than the input, got 'in."),
        (["in.png", "-o", "./in.png"], "--watch: expected an output other than the input"),
        ([], r"--watch: expected a picture or a model, got none|Missing argument 'MODEL'"),
    ],
)
def test_what_cannot_be_watched_is_refused(gmmfast, tmp_path, command, arguments, pattern):
    refused = gmmfast(*command.split(), *arguments, "--watch")
    assert refused.status == 2
    assert re.search(pattern, refused.stderr), refused.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [["no.png"], ["in.png", "-o", "no/out.png"]])
def test_what_is_wrong_at_the_first_time_ends_it(gmmfast, arguments):
    write_picture("in.png", 1)
    assert gmmfast("channels", *arguments, "--watch").status == 1

"""Tests of cli/progress.py."""

import os
import re
import subprocess
import sys

import pytest

from support.processes import read_terminal, running


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

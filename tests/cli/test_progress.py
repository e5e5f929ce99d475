"""Tests of cli/progress.py."""

import os
import re
import subprocess
import sys

import pytest

from support.processes import read_terminal, running

# Runs the command as in an environment without rich.
WITHOUT_RICH = """
import importlib.util as util, sys
find_spec = util.find_spec
util.find_spec = lambda name, *rest: None if name == "rich" else find_spec(name, *rest)
sys.modules["rich"] = None
from gmmfast.cli import main
main()
"""


def shown_on_a_terminal(code, photo, tmp_path, **environment):
    """Return the output on a terminal of a command that fits a picture; it must succeed."""
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    command = [sys.executable, *code, "paint", str(photo), "-k", "60", "-o", "out.png"]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": slave}
    environment = {**kept, "TERM": "xterm-256color", **environment}
    with running(command, cwd=tmp_path, env=environment, **pipes) as process:
        os.close(slave)
        shown = read_terminal(master)
        process.wait(timeout=60)
    os.close(master)
    assert process.returncode == 0, shown
    assert (tmp_path / "out.png").exists()
    return shown


@pytest.mark.skipif(os.name == "nt", reason="terminals of POSIX")
@pytest.mark.parametrize("no_color", [False, True])
def test_progress_is_shown_on_a_terminal_and_without_colors_if_asked(photo, tmp_path, no_color):
    pytest.importorskip("rich")
    environment = {"NO_COLOR": "1"} if no_color else {}
    shown = shown_on_a_terminal(["-m", "gmmfast.cli"], photo, tmp_path, **environment)
    assert b"fitting" in shown
    has_colors = re.search(rb"\x1b\[[\d;]*3\dm|\x1b\[38;", shown) is not None
    assert has_colors is not no_color


@pytest.mark.skipif(os.name == "nt", reason="terminals of POSIX")
def test_the_command_works_without_rich_and_shows_no_bar(photo, tmp_path):
    assert b"fitting" not in shown_on_a_terminal(["-c", WITHOUT_RICH], photo, tmp_path)

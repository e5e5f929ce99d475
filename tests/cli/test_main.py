"""Tests of cli/__init__.py: interrupts, errors during the import, and help."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from support.processes import running

# Reports when the slow part begins, which the test interrupts.
SLOW = """
import sys
import gmmfast.{module} as module
from gmmfast import cli
real = module.{function}

def announced(*arguments, **options):
    print("now", file=sys.stderr, flush=True)
    return real(*arguments, **options)

module.{function} = announced
cli.main()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize(
    ("module", "function", "n_components"),
    [
        ("image_models.pixels", "image_start", 20_000),
        ("fitting.em", "typical_stds", 3000),
    ],
    ids=["during the start", "during the iterations"],
)
def test_an_interrupt_ends_with_status_130_and_leaves_nothing_behind(
    tmp_path, module, function, n_components
):
    code = SLOW.format(module=module, function=function)
    options = ["-k", str(n_components), "--max-iter", "1000", "-o", "out.png"]
    command = [sys.executable, "-c", code, "paint", *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with running(command, cwd=tmp_path, **pipes) as process:
        first = process.stderr.readline()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    assert first == "now\n"
    assert process.returncode == 130
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    assert stdout == ""
    assert list(tmp_path.iterdir()) == []


# What the import of the command does before anything else, in the place of something slow.
IMPORT = """
import builtins, sys
import gmmfast.cli
real = builtins.__import__

def load(name, *rest):
    if name == "gmmfast.cli.group":
        raise {error}
    return real(name, *rest)

builtins.__import__ = load
sys.argv = ["gmmfast", "--help"]
gmmfast.cli.main()
"""


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        ("KeyboardInterrupt", 130, "gmmfast: interrupted\n"),
        ("ImportError('no extension')", 1, "gmmfast: no extension\n"),
    ],
)
def test_what_happens_during_the_import_has_no_traceback(run_python, error, status, message):
    result = run_python(IMPORT.format(error=error))
    assert (result.returncode, result.stderr, result.stdout) == (status, message, "")


def test_help_and_version_are_told_on_stdout(gmmfast):
    told = gmmfast("paint", "--help")
    assert told.status == 0
    for option in ("--n-components", "--ink", "--tone", "--size", "--scale", "--seed"):
        assert option in told.stdout
    version = gmmfast("--version")
    assert (version.status, version.stderr) == (0, "")
    assert re.fullmatch(r"gmmfast, version \d+\.\d+\.\d+\S*\n", version.stdout)

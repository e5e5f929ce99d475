"""Helpers to run the command line."""

import subprocess
import sys

from click.testing import CliRunner

QUICK_FIT = ["-k", "12", "--max-iter", "3"]


class Outcome:
    def __init__(self, status, stdout, stderr):
        self.status, self.stdout, self.stderr = status, stdout, stderr


def run_command(*arguments, stdin=b"", cwd=None, stdout=subprocess.PIPE):
    """Run the command in a process of its own, with bytes through its pipes."""
    process = subprocess.run(
        [sys.executable, "-m", "gmmfast.cli", *map(str, arguments)],
        input=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=cwd,
        check=False,
        timeout=60,
    )
    return Outcome(process.returncode, process.stdout, process.stderr.decode())


def invoke(command, *arguments):
    """Run a command of click in this process, and return its output."""
    result = CliRunner().invoke(command, [str(argument) for argument in arguments])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output

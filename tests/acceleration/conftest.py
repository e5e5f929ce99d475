"""Fixtures for the tests of acceleration."""

import os
import subprocess
import sys

import pytest


@pytest.fixture
def run_module(tmp_path):
    """Run `python -m gmmfast` with arguments, in a folder of its own."""

    def run(*arguments, prefix=(sys.executable, "-m", "gmmfast"), **changes):
        (tmp_path / "work").mkdir(exist_ok=True)
        return subprocess.run(
            [*prefix, *arguments],
            cwd=tmp_path / "work",
            env={**os.environ, **changes},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run

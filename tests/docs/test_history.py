"""Tests of docs/_ext/benchmark_history.py: histories are read from git."""

import importlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

EXTENSIONS = Path(__file__).resolve().parents[2] / "docs" / "_ext"
GIT = shutil.which("git")


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(EXTENSIONS))
    return importlib.import_module("benchmark_history")


def commit(folder, name, content):
    (folder / name).write_text(json.dumps(content))
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["add", name], [*identity, "commit", "-q", "-m", "numbers"]):
        subprocess.run([GIT, *command], cwd=folder, check=True)


@pytest.mark.skipif(GIT is None, reason="git is not installed")
def test_each_commit_of_a_file_is_a_point_of_its_series(script, tmp_path):
    subprocess.run([GIT, "init", "-q"], cwd=tmp_path, check=True)
    commit(tmp_path, "counts.json", {"mean/avx2": 200})
    commit(tmp_path, "other.json", {})
    commit(tmp_path, "counts.json", {"mean/avx2": 150, "label/avx2": 80})
    versions = script.history(tmp_path, "counts.json")
    assert [table for _, table in versions] == [
        {"mean/avx2": 200},
        {"mean/avx2": 150, "label/avx2": 80},
    ]
    panels = script.counts(versions)
    assert list(panels["mean"]["avx2"].values()) == [1, 0.75]
    assert list(panels["label"]["avx2"].values()) == [1]
    script.draw(panels, [label for label, _ in versions], tmp_path / "history.png")
    assert (tmp_path / "history.png").stat().st_size > 1000


def test_ratios_are_to_the_first_line_of_a_table(script):
    times = {"gmmfast": {"cpu": 2.0}, "theirs": {"cpu": 50.0}}
    stored = {"machine": "AVX2", "seconds": {"fit": times}}
    assert script.ratios([("abc", stored)]) == {"fit": {"theirs": {"abc": 25.0}}}


def test_without_git_there_is_no_history(script, tmp_path):
    assert script.history(tmp_path / "missing", "counts.json") == []

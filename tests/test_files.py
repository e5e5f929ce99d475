"""Tests of _files.py: what is written is whole or not there, whatever happens meanwhile."""

import errno
import os
import re
from pathlib import Path

import pytest

from gmmfast import Mixture, _files
from gmmfast._files import replaced
from support.checks import refusal

POSIX = pytest.mark.skipif(not hasattr(os, "fork"), reason="of systems that fork")

# Children write in turn what the argument names, and are killed at random moments, from before the
# temporary file exists to after the folder was synchronized. A child that is killed leaves the
# bytes of one of the two versions.
KILLED = """
import os, random, signal, sys, tempfile, time
from pathlib import Path
import numpy as np
import gmmfast
from gmmfast import animation, images

folder = Path(sys.argv[1])
rng = np.random.default_rng(0)
pictures = [rng.integers(0, 255, (40, 60, 3), np.uint8) for _ in range(2)]
models = [
    gmmfast.Mixture(np.full(n, 1 / n), np.full((n, 2), 1.0), np.ones(n), extent=[(0, 9), (0, 9)])
    for n in (50, 60)
]
write = {
    "model.npz": lambda path, at: models[at].save(path),
    "picture.png": lambda path, at: images.write_image(path, pictures[at]),
    "film.gif": lambda path, at: animation.write_animation(path, pictures[: at + 1]),
    "page.html": lambda path, at: gmmfast.to_html(models[at], path),
}[sys.argv[2]]

def child(work):
    process = os.fork()
    if process == 0:
        work()
        os._exit(0)
    return process

def finished(process):
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])

with tempfile.TemporaryDirectory() as other:  # imports what a writer needs
    write(Path(other, sys.argv[2]), 0)

expected = []
for at in (0, 1):
    start = time.monotonic()
    assert finished(child(lambda: write(folder / sys.argv[2], at))) == 0
    seconds = time.monotonic() - start
    expected.append((folder / sys.argv[2]).read_bytes())
assert expected[0] != expected[1]
moments = random.Random(0)
n_killed = n_left = 0
for i in range(int(sys.argv[3])):
    process = child(lambda: write(folder / sys.argv[2], i % 2))
    time.sleep(moments.random() * 1.2 * seconds)
    os.kill(process, signal.SIGKILL if i % 4 else signal.SIGTERM)
    is_killed = finished(process) != 0
    n_killed += is_killed
    seconds *= 1.1 if is_killed else 0.7  # whatever else the machine does
    n_left += len(list(folder.iterdir())) > 1
    assert (folder / sys.argv[2]).read_bytes() in expected, "a torn file"
assert finished(child(lambda: write(folder / sys.argv[2], 1))) == 0
assert [each.name for each in folder.iterdir()] == [sys.argv[2]], "litter"
print(n_killed, n_left)
"""


@POSIX
@pytest.mark.parametrize("name", ["model.npz", "picture.png", "film.gif", "page.html"])
def test_a_killed_process_leaves_the_old_file_or_the_new_one(name, tmp_path, run_python):
    result = run_python(KILLED, "-W", "ignore::DeprecationWarning", arguments=[tmp_path, name, 25])
    assert result.returncode == 0, result.stderr
    n_killed, _ = map(int, result.stdout.split())
    assert n_killed > 0


def abandoned(folder):
    path = folder / f".gmmfast-{'0' * 32}.tmp"
    path.write_bytes(b"half")
    return path


@POSIX
def test_only_the_litter_of_dead_processes_is_removed(tmp_path):
    path = abandoned(tmp_path)
    (tmp_path / ".gmmfast-notes.tmp").write_bytes(b"a user's")
    with replaced(tmp_path / "one") as one:
        assert not path.exists()
        ours = Path(one.name)
        code = f"""
from gmmfast._files import replaced
with replaced({str(tmp_path / "two")!r}) as two:
    two.write(b"2")
"""
        run_in_child(code)
        assert ours.exists()
        one.write(b"1")
    assert (tmp_path / "one").read_bytes() == b"1"
    names = sorted(each.name for each in tmp_path.iterdir())
    assert names == [".gmmfast-notes.tmp", "one", "two"]


def run_in_child(code):
    process = os.fork()
    if process == 0:
        try:
            from gmmfast import _files  # noqa: PLC0415 (as a process that has written nothing yet)

            _files._CLEANED.clear()
            exec(code, {})  # noqa: S102 (ours)
        finally:
            os._exit(0)
    os.waitpid(process, 0)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_full_disk_is_told_with_the_name_of_the_file(number, tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    path.write_bytes(b"old")

    def full(_descriptor):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    message = refusal(OSError, Mixture([1.0], [[0.0]], [1.0]).save, path)
    assert re.search(rf"{os.strerror(number)}.*model\.npz", message)
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["model.npz"]


@POSIX
def test_a_folder_that_vanishes_is_told_with_the_name_of_the_file(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()

    def write():
        with replaced(folder / "file") as file:
            Path(file.name).unlink()
            folder.rmdir()

    assert str(folder / "file") in refusal(FileNotFoundError, write)
    assert list(tmp_path.iterdir()) == []


@POSIX
def test_file_and_folder_are_forced_to_the_disk(tmp_path, monkeypatch):
    forced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: forced.append(os.fstat(descriptor).st_ino))
    with replaced(tmp_path / "file") as file:
        number = os.fstat(file.fileno()).st_ino
    assert forced == [number, tmp_path.stat().st_ino]


def test_without_locks_a_closed_file_is_renamed_and_only_old_litter_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(_files, "fcntl", None)  # as on Windows, which renames no open file
    monkeypatch.delattr(os, "O_DIRECTORY", raising=False)
    renamed_open = []
    rename = Path.replace

    def checked(self, target):
        renamed_open.append(not written[0].closed)
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", checked)
    old, new = tmp_path / f".gmmfast-{'0' * 32}.tmp", tmp_path / f".gmmfast-{'1' * 32}.tmp"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    monkeypatch.setattr(_files, "_CLEANED", set())
    written = []
    with replaced(tmp_path / "file") as file:
        written.append(file)
        file.write(b"whole")
    assert renamed_open == [False]
    assert (tmp_path / "file").read_bytes() == b"whole"
    assert sorted(each.name for each in tmp_path.iterdir()) == [new.name, "file"]

"""Tests of mixture/archive.py: hostile model files are refused, fast and in bounded memory."""

import errno
import io
import subprocess
import sys
import tracemalloc
import warnings
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from gmmfast import Mixture
from gmmfast.mixture.archive import read_archive
from support import models
from support.checks import check_message, refusal
from support.models import EVERY_TYPE

#: Written by gmmfast 0.1.0 at commit 3672b83, the first of these by `golden` below.
GOLDEN = Path(__file__).parent / "golden"


def golden(covariance_type):
    return models.build(4, 3, covariance_type).with_extent([(-0.5, 3.5), (2, 1)])


def same(one, other):
    names = ("weights", "means", "covariances")
    is_same = all(getattr(one, n).tobytes() == getattr(other, n).tobytes() for n in names)
    labels = [(m.covariance_type, m.extent, m.kind, m.feature_names) for m in (one, other)]
    return is_same and labels[0] == labels[1]


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_files_of_version_1_stay_readable(covariance_type):
    loaded = Mixture.load(GOLDEN / f"version-1-{covariance_type}.npz")
    assert same(loaded, golden(covariance_type))


def test_files_of_version_1_keep_kinds_and_weights_below_float64():
    assert Mixture.load(GOLDEN / "version-1-kind.npz").kind == "color"
    far = Mixture.load(GOLDEN / "version-1-underflow.npz")
    joint = Mixture([0.5, 0.5], [[0.0, 0.0], [1.0, 0.0]], [1.0, 1.0])
    expected = joint.condition([0], [1e4])
    assert far.weights.min() == 0
    np.testing.assert_array_equal(far._core.log_weights, expected._core.log_weights)


def test_files_of_version_1_keep_names_of_features():
    # Written by `named`, when names came into the format.
    named = golden("diag").with_feature_names(["width", "größe", "rock 'n' roll"])
    assert same(Mixture.load(GOLDEN / "version-1-feature-names.npz"), named)


def members(path=GOLDEN / "version-1-full.npz"):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_of(content, **options):
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", **options) as archive:
        warnings.simplefilter("ignore", UserWarning)  # of names that are there twice
        for name, value in content:
            archive.writestr(name, value)
    return buffer.getvalue()


def array_bytes(header, content=b""):
    """An array of NumPy's format 1.0 with any text as its header."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + content


def declared(shape, dtype="'<f8'", content=b""):
    return array_bytes(f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}}}", content)


def with_means(value):
    return archive_of(list({**members(), "means.npy": value}.items()))


@cache
def hostile_files():
    whole = list(members().items())
    zeros = np.zeros((1 << 20, 10))
    bomb = io.BytesIO()
    np.savez_compressed(bomb, means=zeros)
    encrypted = bytearray(archive_of(whole))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flags of each header
        encrypted[encrypted.index(mark) + place] |= 1
    misplaced = bytearray(archive_of(whole))
    misplaced[-6:-2] = (len(misplaced) + 1000).to_bytes(4, "little")  # of the list of arrays
    short = io.BytesIO()
    with zipfile.ZipFile(short, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for name, value in whole:
            archive.writestr(name, value[:-8] if name == "means.npy" else value)
        archive.getinfo("means.npy").file_size += 8  # in the list of arrays
    return {
        "an array without its end": short.getvalue(),
        "a name twice": archive_of([*whole, whole[3]]),
        "a name with and without its ending": archive_of([*whole, ("means", whole[3][1])]),
        "another name": archive_of([*whole, (f"{'name' * 11}.npy", b"")]),
        "a zip bomb": bomb.getvalue(),
        "a kind of 4 kB": archive_of([*whole[:-1], ("kind.npy", bytes(4096))]),
        "a place before the start": bytes(misplaced),
        "a compression that NumPy does not use": archive_of(whole, compression=zipfile.ZIP_BZIP2),
        "a password": bytes(encrypted),
        "a list of many arrays": archive_of([(f"{i}.npy", b"") for i in range(3000)]),
        "a long header": with_means(array_bytes("{" + " " * 60_000 + "}")),
        "a header of 2 kB": with_means(
            array_bytes(
                "{'descr': '<f8', 'fortran_order': False, 'shape': (4, 3)}" + " " * 2000, bytes(96)
            )
        ),
        "a deep header": with_means(array_bytes("(" * 900)),
        "signs without end": with_means(array_bytes("-" * 900 + "1")),
        "a shape beyond memory": with_means(declared((1 << 40, 3))),
        "a shape whose product overflows": with_means(declared((1 << 32, 1 << 32, 8))),
        "a negative shape": with_means(declared((-4, -3), content=bytes(96))),
        "a shape of fewer bytes": with_means(declared((3, 3), content=bytes(96))),
        "elements of a terabyte": with_means(declared((), dtype=f"'<U{1 << 38}'")),
        "Python objects": with_means(declared((12,), "'|O'", bytes(96))),
        "an unknown format of arrays": with_means(b"\x93NUMPY\x09\x00" + bytes(100)),
        "Fortran order": with_means(
            array_bytes("{'descr': '<f8', 'fortran_order': True, 'shape': (4, 3)}", bytes(96))
        ),
    }


_UNREADABLE = "which is no .npz file, cut off or damaged"


#: The end of each message, after the name of the file; zipfile's and NumPy's own words may follow.
REASONS = {
    "an array without its end": "whose means.npy is cut off",
    "a name twice": "which has log_weights twice",
    "a name with and without its ending": "which has means twice",
    "another name": f"which is another of NumPy's files: it has {'name' * 10!r}",
    "a zip bomb": "whose arrays are larger than the file",
    "a kind of 4 kB": "whose kind is too long",
    "a place before the start": "which is damaged (a place outside of the file)",
    "a compression that NumPy does not use": (
        "whose format are compressed in a way that NumPy does not use"
    ),
    "a password": f"{_UNREADABLE}; save it again",
    "a list of many arrays": "whose list of arrays is too long",
    "a long header": f"{_UNREADABLE}; save it again",
    "a header of 2 kB": f"{_UNREADABLE}; save it again",
    "a deep header": f"{_UNREADABLE} (",
    "signs without end": f"{_UNREADABLE} (",
    "a shape beyond memory": (
        "whose means.npy has 0 bytes, and not those of shape (1099511627776, 3) and dtype float64"
    ),
    "a shape whose product overflows": (
        "whose means.npy has 0 bytes, and not those of shape (4294967296, 4294967296, 8) and "
        "dtype float64"
    ),
    "a negative shape": (
        "whose means.npy has 96 bytes, and not those of shape (-4, -3) and dtype float64"
    ),
    "a shape of fewer bytes": (
        "whose means.npy has 96 bytes, and not those of shape (3, 3) and dtype float64"
    ),
    "elements of a terabyte": f"{_UNREADABLE} (",
    "Python objects": (
        "whose means.npy has 96 bytes, and not those of shape (12,) and dtype object"
    ),
    "an unknown format of arrays": "which has an array of NumPy's format (9, 0)",
    "Fortran order": "whose means.npy is in Fortran order",
}


def test_arrays_in_numpys_second_format_are_read(tmp_path):
    second = io.BytesIO()
    means = golden("full").means
    np.lib.format.write_array(second, means, version=(2, 0))
    (tmp_path / "model.npz").write_bytes(with_means(second.getvalue()))
    np.testing.assert_array_equal(Mixture.load(tmp_path / "model.npz").means, means)


def test_the_last_character_of_unicode_is_text(tmp_path):
    named = golden("diag").with_feature_names(["a", "b", chr(sys.maxunicode)])
    named.save(tmp_path / "model.npz")
    assert same(Mixture.load(tmp_path / "model.npz"), named)


@pytest.mark.parametrize("place", ["the first array", "the list of members"])
def test_a_disk_that_cannot_be_read_is_no_damaged_file(place):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            if (self.tell() < 100) == (place == "the first array"):
                raise OSError(errno.EIO, "Input/output error")
            return super().read(size)

    limits = {name.removesuffix(".npy"): 10**6 for name in members()}
    message = refusal(OSError, read_archive, Broken(archive_of(members().items())), limits)
    assert message == f"[Errno {errno.EIO}] Input/output error"


def traced_refusal(path):
    """The message of the error, and the most memory that Python had during the call."""
    tracemalloc.start()
    try:
        message = refusal(ValueError, Mixture.load, path)
        return message, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", hostile_files())
def test_a_hostile_file_is_refused_in_little_memory(name, tmp_path):
    path = tmp_path / "model.npz"
    path.write_bytes(hostile_files()[name])
    message, peak = traced_refusal(path)
    start = f"path: expected a file that Mixture.save wrote, got {str(path)!r}, {REASONS[name]}"
    assert message[: len(start)] == start
    assert message.endswith("; save it again")
    assert len(message) < 1000
    assert peak < 2 * path.stat().st_size + 16 * 2**20


#: Loads a file; prints by how many bytes the memory of the process grew at most, and the error.
PEAK = """
import os, sys
from pathlib import Path
from gmmfast import Mixture

Mixture.load(sys.argv[1])  # a small one: the first call imports
Path("/proc/self/clear_refs").write_text("5")  # the peak is now the present size

def bytes_of(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))

before, message = bytes_of("VmRSS"), ""
try:
    mixture = Mixture.load(sys.argv[2])
except ValueError as error:
    message = str(error)
print(bytes_of("VmHWM") - before, message)
"""


def large_arrays(name):
    """Arrays of a file of 64 MB, and what the error says if they are no mixture."""
    if name.startswith("one feature"):
        n = 2_000_000
        logs = np.full(n, -np.log(n))
        if name.endswith("underflowed"):
            logs[1:9] = -1000
            logs -= np.log(np.exp(logs).sum())
        means, covariances, covariance_type = np.zeros((n, 1)), np.ones(n), "spherical"
    else:
        n = 1900
        logs = np.full(n, -np.log(n))
        means = np.zeros((n, 64))
        covariances, covariance_type = np.tile(np.eye(64), (n, 1, 1)), "full"
        if name.endswith("not positive definite"):
            covariances[-1, -1, -1] = -1
    numbers = {
        "weights": np.exp(logs),
        "log_weights": logs,
        "means": means,
        "covariances": covariances,
    }
    if name.endswith("other byte order"):
        numbers = {name: array.astype(">f8") for name, array in numbers.items()}
    labels = {"covariance_type": covariance_type, "extent": np.empty((0, 2)), "kind": ""}
    return {"format": "gmmfast.Mixture", "version": 1, **numbers, **labels}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("covariances", ""),
        (
            "the last covariance is not positive definite",
            "pivot -1.0 at feature 63 of component 1899",
        ),
        ("covariances of the other byte order", ""),
        ("one feature", ""),
        ("one feature and weights that have underflowed", ""),
    ],
)
def test_a_file_is_loaded_or_refused_in_twice_its_size(name, error, tmp_path):
    path = tmp_path / "model.npz"
    np.savez(path, **large_arrays(name))
    command = [sys.executable, "-c", PEAK, GOLDEN / "version-1-full.npz", path]
    peak, message = subprocess.check_output(command, text=True).split(" ", 1)
    assert error in message
    assert bool(error) == bool(message.strip())
    size = path.stat().st_size
    path.unlink()  # pytest would keep it
    assert size > 60 * 2**20
    assert int(peak) < 2 * size + 16 * 2**20


def test_names_of_features_are_counted_before_they_are_objects(tmp_path):
    path = tmp_path / "model.npz"
    golden("full").save(path)
    with np.load(path) as archive:
        arrays = dict(archive)
    np.savez(path, **arrays, feature_names=np.full(1 << 20, "\U0001f600"))
    message, peak = traced_refusal(path)
    check_message(message, "path: expected .*feature_names: expected 3 names, got 1048576")
    assert peak < 2 * path.stat().st_size + 16 * 2**20


def test_a_compressed_file_that_is_not_larger_than_memory_allows_is_read(tmp_path):
    path = tmp_path / "model.npz"
    path.write_bytes(archive_of(members().items(), compression=zipfile.ZIP_DEFLATED))
    assert same(Mixture.load(path), golden("full"))


def damage(content, rng):
    """The content cut off, or with some bytes changed, left out or put in."""
    if rng.random() < 0.2:
        return content[: rng.integers(len(content))]
    changed = bytearray(content)
    pieces = [b"", rng.bytes(1), b"\xff" * 4, b"PK\x01\x02"]
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        at = rng.integers(len(changed))
        if rng.random() < 0.4:
            changed[at] ^= 1 << rng.integers(8)
        else:
            changed[at : at + rng.integers(5)] = pieces[rng.integers(4)]
    return bytes(changed)


def test_a_damaged_file_is_refused_or_brings_back_the_same_mixture(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "model.npz"
    originals = [(each.read_bytes(), Mixture.load(each)) for each in sorted(GOLDEN.iterdir())]
    n_refused = 0
    for _ in range(1500):
        content, mixture = originals[rng.integers(len(originals))]
        path.write_bytes(damage(content, rng))
        try:
            loaded = Mixture.load(path)
        except ValueError as error:
            n_refused += 1
            check_message(str(error), "path: expected a file that Mixture.save wrote")
        else:
            assert same(loaded, mixture)
    assert n_refused > 1000


def test_weights_that_contradict_the_log_weights_are_refused(tmp_path):
    path = tmp_path / "model.npz"
    golden("full").save(path)
    with np.load(path) as archive:
        arrays = dict(archive)
    np.savez(path, **{**arrays, "weights": np.full(4, 0.25)})
    check_message(refusal(ValueError, Mixture.load, path), "path: expected .*weights: expected")

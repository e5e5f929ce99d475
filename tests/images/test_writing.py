"""Tests of images/writing.py and _files.py.

A picture is written whole and as it is, or refused with the name of the argument, before any work
where possible.
"""

import io
import os
import pathlib
import stat

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from gmmfast import images

GRADIENT = np.add.outer(np.arange(0, 160, 10), np.arange(0, 90, 10)).astype(np.uint8)


@pytest.mark.parametrize(
    ("extension", "format_"),
    [
        ("png", "PNG"),
        ("PNG", "PNG"),
        ("tif", "TIFF"),
        ("bmp", "BMP"),
        ("webp", "WEBP"),
    ],
)
def test_a_lossless_format_gives_back_what_was_written(tmp_path, extension, format_):
    path = tmp_path / f"picture.{extension}"
    rgb = np.stack([GRADIENT, GRADIENT[::-1], GRADIENT[:, ::-1]], axis=-1)
    for pixels in (GRADIENT, rgb):
        images.write_image(path, pixels)
        with Image.open(path) as picture:
            assert picture.format == format_
        expected = pixels if pixels.ndim == 3 else np.stack([pixels] * 3, axis=-1)
        np.testing.assert_array_equal(images.read_image(path), expected)
    assert [it.name for it in tmp_path.iterdir()] == [path.name]


def test_a_jpeg_is_written_close_to_the_pixels(tmp_path):
    pixels = load_sample_image("china.jpg")
    images.write_image(tmp_path / "china.jpeg", pixels)
    # 40 dB is the customary mark of no visible loss.
    assert images.psnr(images.read_image(tmp_path / "china.jpeg"), pixels) > 40


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, OSError(28, "No space left")])
def test_a_failed_writing_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, interruption):
    path = tmp_path / "picture.png"
    path.write_bytes(b"old")

    def save_half(_picture, file, **_options):
        file.write(b"half")
        raise interruption

    monkeypatch.setattr(Image.Image, "save", save_half)
    with pytest.raises(interruption if isinstance(interruption, type) else OSError):
        images.write_image(path, GRADIENT)
    assert {it.name: it.read_bytes() for it in tmp_path.iterdir()} == {"picture.png": b"old"}


@pytest.mark.parametrize("extension", ["jpg", "webp"])
def test_a_picture_too_large_for_its_format_is_refused(tmp_path, extension):
    with pytest.raises(ValueError, match=r"^pixels: expected a picture that \w+ can hold"):
        images.write_image(tmp_path / f"wide.{extension}", np.zeros((1, 70_000), np.uint8))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("extension", "most"), [("jpg", 65500), ("jpeg", 65500), ("webp", 16383)])
def test_a_picture_too_large_for_its_format_is_refused_beforehand(tmp_path, extension, most):
    path = tmp_path / f"picture.{extension}"
    for shape in ((most, 1), (1, most, 3)):
        assert images.check_writable(path, shape=shape) == path
        with pytest.raises(
            ValueError, match=rf"^--output: expected .* at most {most} pixels .*PNG"
        ):
            images.check_writable(path, "--output", tuple(np.add(shape, (1, 1, 0)[: len(shape)])))
    assert images.check_writable("picture.png", shape=(most + 1, most + 1)).suffix == ".png"
    # The limit is the encoder's own.
    images.write_image(path, np.zeros((1, most), np.uint8))
    path.unlink()
    with pytest.raises(ValueError, match=r"^pixels: "):
        images.write_image(path, np.zeros((1, most + 1), np.uint8))


@pytest.mark.skipif(os.name == "nt", reason="permission bits of POSIX")
@pytest.mark.parametrize("umask", [0o022, 0o027, 0o000])
def test_a_new_file_has_the_permissions_of_an_ordinary_one(tmp_path, umask):
    before = os.umask(umask)
    try:
        images.write_image(tmp_path / "picture.png", GRADIENT)
        (tmp_path / "ordinary").touch()
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(it.stat().st_mode) for it in tmp_path.iterdir()}
    assert modes == {0o666 & ~umask}


@pytest.mark.skipif(os.name == "nt", reason="permission bits of POSIX")
def test_an_existing_file_keeps_its_permissions(tmp_path):
    path = tmp_path / "picture.png"
    path.touch()
    path.chmod(0o604)
    images.write_image(path, GRADIENT)
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need rights on Windows")
@pytest.mark.parametrize("exists", [True, False])
def test_of_a_link_the_target_is_replaced(tmp_path, exists):
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "target.png", tmp_path / "link.png"
    if exists:
        target.write_bytes(b"old")
    link.symlink_to("folder/target.png")
    images.write_image(link, GRADIENT)
    assert link.is_symlink()
    assert not target.is_symlink()
    np.testing.assert_array_equal(images.read_image(target)[..., 0], GRADIENT)
    assert len(list(tmp_path.rglob("*"))) == 3


def test_only_eight_bit_pictures_are_written(tmp_path):
    path = tmp_path / "picture.png"
    for pixels in (GRADIENT / 255, GRADIENT.tolist()):
        with pytest.raises(TypeError, match=r"^pixels: expected a numpy array of dtype uint8"):
            images.write_image(path, pixels)
    for shape in [(3,), (2, 2, 4), (0, 2)]:
        with pytest.raises(ValueError, match=r"^pixels: .*\(h, w\) or \(h, w, 3\), got"):
            images.write_image(path, np.zeros(shape, np.uint8))
    assert not path.exists()


def test_a_writable_destination_is_accepted_and_left_as_it_was(tmp_path):
    path = tmp_path / "picture.jpg"
    assert images.check_writable(str(path)) == path
    assert not list(tmp_path.iterdir())
    path.write_bytes(b"old")
    assert images.check_writable(path) == path
    assert path.read_bytes() == b"old"
    assert images.check_writable("picture.png") == pathlib.Path("picture.png")


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("absent/picture.png", FileNotFoundError, "is missing; create it"),
        ("file/picture.png", NotADirectoryError, "is a file; name a real folder"),
        ("folder.png", IsADirectoryError, "is a folder; add the name"),
        ("", IsADirectoryError, "is a folder"),
        ("picture.xyz", ValueError, r"one of .*\.bmp, .*\.jpg, .*\.png, .*\.tiff"),
        ("picture", ValueError, r"one of .*\.webp"),
        ("picture.pdf", ValueError, "names no format"),
        ("picture.gif", ValueError, "names no format"),  # of 256 colors at most
        ("p\0.png", ValueError, "null"),
        ("p\ud800.png", ValueError, "surrogates"),
        ("p" * 5000 + ".png", OSError, "too long"),
    ],
)
def test_an_impossible_destination_is_refused_beforehand(
    tmp_path, monkeypatch, name, error, words
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "folder.png").mkdir()
    for argument, refusal in [
        ("target", lambda: images.check_writable(name, "target")),
        ("path", lambda: images.write_image(name, GRADIENT)),
    ]:
        with pytest.raises(error, match=rf"(?s)^{argument}: expected .*{words}"):
            refusal()
    assert sorted(it.name for it in tmp_path.iterdir()) == ["file", "folder.png"]


def test_a_destination_that_is_no_path_is_refused():
    with pytest.raises(TypeError, match=r"^output: .*got int; pass a str"):
        images.check_writable(3)


def test_a_folder_that_takes_no_file_is_refused(tmp_path, monkeypatch):
    # Simulated, since permission bits do not bind root.
    def refuse(*_args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(io, "FileIO", refuse)
    with pytest.raises(PermissionError, match=r"^output: .*takes no file \(Permission denied\)"):
        images.check_writable(tmp_path / "picture.png")


def test_a_read_only_file_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "picture.png"
    path.touch()
    monkeypatch.setattr(os, "access", lambda *_args: False)
    with pytest.raises(PermissionError, match=r"^output: .*read-only"):
        images.check_writable(path)


@pytest.mark.skipif(os.name == "nt", reason="POSIX links and pipes")
def test_loops_and_pipes_are_refused(tmp_path):
    loop, pipe = tmp_path / "loop.png", tmp_path / "pipe.png"
    loop.symlink_to(loop)
    os.mkfifo(pipe)
    for path in (loop, pipe):
        with pytest.raises(OSError, match=r"^output: expected"):
            images.check_writable(path)

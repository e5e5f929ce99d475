"""Tests of images/reading.py and images/checks.py: any source is read upright, or refused.

Sources are files, pictures of Pillow and arrays of every mode; also missing, damaged and too large
files.
"""

import io
import math
import os
import struct
import warnings

import numpy as np
import pytest
from PIL import Image, ImageOps
from sklearn.datasets import load_sample_image

from gmmfast import images
from support.picture_files import (
    DEEP,
    DEEP_IN_8_BITS,
    LINEAR_RGB,
    first_row,
    gray_row,
    png,
    png_chunk,
    read_bytes,
    saved,
)

# --- sources ---------------------------------------------------------------------------------


def test_path_file_picture_and_array_give_the_same_pixels(tmp_path):
    pixels = load_sample_image("china.jpg")[:40, :50]
    path = tmp_path / "china.png"
    Image.fromarray(pixels).save(path)
    with path.open("rb") as file, Image.open(path) as picture:
        read = [images.read_image(it) for it in (path, str(path), file, picture, pixels)]
        assert not file.closed
    for result in read:
        assert result.dtype == np.uint8
        np.testing.assert_array_equal(result, pixels)


def test_a_pipe_can_be_read():
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as file:
        file.write(saved(Image.new("L", (2, 1), 7), "PNG"))
    with os.fdopen(reading, "rb") as file:
        assert gray_row(images.read_image(file)) == [7, 7]


def test_the_result_is_writable_and_shares_no_memory_with_the_source():
    array = np.zeros((2, 2, 3), dtype=np.uint8)
    for source in (array, array[..., 0], Image.fromarray(array)):
        result = images.read_image(source)
        result[:] = 9
        assert not np.asarray(source).any()


def test_a_picture_of_the_caller_keeps_its_state():
    picture = Image.open(io.BytesIO(png((1, 1), 2, 0, b"\0\x40", (b"tRNS", b"\0\1"))))
    images.read_image(picture)
    assert (picture.mode, picture.info["transparency"]) == ("L", 1)


# --- modes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "color", "expected"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 7, (7, 7, 7)),
        ("LA", (0, 0), (255, 255, 255)),
        ("LA", (0, 51), (204, 204, 204)),
        ("La", (51, 51), (255, 255, 255)),
        ("RGB", (1, 2, 3), (1, 2, 3)),
        ("RGBX", (1, 2, 3, 0), (1, 2, 3)),
        ("RGBA", (200, 100, 0, 0), (255, 255, 255)),
        ("RGBA", (255, 0, 0, 51), (255, 204, 204)),
        ("RGBa", (0, 0, 0, 51), (204, 204, 204)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("CMYK", (0, 0, 0, 255), (0, 0, 0)),
        ("YCbCr", (128, 128, 128), (128, 128, 128)),
        ("LAB", (137, 128, 128), (128, 128, 128)),
        ("HSV", (85, 255, 255), (0, 255, 0)),
    ],
)
def test_every_mode_shows_its_color(mode, color, expected):
    np.testing.assert_array_equal(
        images.read_image(Image.new(mode, (3, 2), color)), np.full((2, 3, 3), expected)
    )


@pytest.mark.parametrize("transparency", [1, b"\xff\x00\xff"])
def test_a_transparent_palette_entry_shows_white(transparency):
    picture = Image.new("P", (3, 1))
    picture.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    picture.putdata([0, 1, 2])
    opaque = [[10, 20, 30], [40, 50, 60], [70, 80, 90]]
    assert first_row(read_bytes(saved(picture, "PNG"))) == opaque
    opaque[1] = [255] * 3
    assert first_row(read_bytes(saved(picture, "PNG", transparency=transparency))) == opaque


@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
def test_a_cmyk_file_shows_its_inks(format_):
    data = saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), format_)
    assert first_row(read_bytes(data))[0] == [255, 0, 0]


def test_of_an_animation_the_first_frame_is_read():
    first, *others = (Image.new("L", (2, 2), level) for level in (10, 90, 200))
    for format_ in ("GIF", "PNG", "TIFF"):
        data = saved(first, format_, save_all=True, append_images=others)
        assert gray_row(read_bytes(data)) == [10, 10]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["PNG", "TIFF", "WEBP"])
def test_a_picture_is_read_upright(format_, orientation):
    pixels = np.random.default_rng(0).integers(0, 256, (3, 5, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if format_ == "WEBP" else {}
    data = saved(Image.fromarray(pixels), format_, exif=exif, **options)
    # The eight cases of the Exif 2.32 standard, 4.6.4.A.
    turned = np.rot90(pixels, {3: 2, 4: 2, 5: 3, 6: 3, 7: 1, 8: 1}.get(orientation, 0))
    expected = turned[:, ::-1] if orientation in (2, 4, 5, 7) else turned
    np.testing.assert_array_equal(read_bytes(data), expected)


def test_the_expected_orientations_are_those_of_pillow():
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    for orientation in range(1, 9):
        picture = Image.fromarray(pixels)
        picture.getexif()[0x0112] = orientation
        expected = np.asarray(ImageOps.exif_transpose(picture))
        np.testing.assert_array_equal(images.read_image(picture)[..., 0], expected)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_metadata_do_not_hide_sound_pixels():
    data = saved(Image.new("L", (2, 1), 7), "PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert gray_row(read_bytes(data)) == [7, 7]


# --- arrays ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([[0, 7, 255]], dtype=np.uint8), [0, 7, 255]),
        (np.array([[False, True]]), [0, 255]),
        (DEEP, DEEP_IN_8_BITS),
        (DEEP.astype(">u2"), DEEP_IN_8_BITS),
        (np.array([[0.0, 0.2, 1.0]]), [0, 51, 255]),
        (np.array([[0.0, 0.2, 1.0]], dtype=np.float16), [0, 51, 255]),
        (np.array([[[0, 0, 0, 0], [0, 0, 0, 255]]], dtype=np.uint8), [255, 0]),
        (np.array([[[0, 0, 0, 0.2], [0, 0, 0, 1]]]), [204, 0]),
    ],
)
def test_an_array_is_scaled_by_the_white_of_its_type(array, expected):
    assert gray_row(images.read_image(array)) == expected


def test_compositing_over_white_is_rounded_exactly():
    level, alpha = np.meshgrid(np.arange(256), np.arange(256))
    rgba = np.stack([level, level, level, alpha], axis=-1).astype(np.uint8)
    exact = (level * alpha + 255 * (255 - alpha)) / 255
    np.testing.assert_array_equal(images.read_image(rgba)[..., 0], np.rint(exact))


@pytest.mark.parametrize(
    ("array", "error", "words"),
    [
        (np.zeros((0, 3), np.uint8), ValueError, "non-empty"),
        (np.zeros((2, 0, 3), np.uint8), ValueError, "non-empty"),
        (np.zeros(4, np.uint8), ValueError, r"shape \(4,\)"),
        (np.zeros((1, 2, 2, 3), np.uint8), ValueError, r"shape \(1, 2, 2, 3\)"),
        (np.zeros((2, 2, 5), np.uint8), ValueError, r"shape \(2, 2, 5\)"),
        (np.array([[0.0, math.nan]]), ValueError, r"floats in \[0, 1\]"),
        (np.array([[0.0, 255.0]]), ValueError, "to 255.0; divide"),
        (np.array([[-0.1, 0.0]]), ValueError, "from -0.1"),
        (np.zeros((2, 2), np.int64), TypeError, "dtype int64"),
        (np.zeros((2, 2), complex), TypeError, "dtype complex128"),
        (np.array([["a"]]), TypeError, "dtype <U1"),
        ([[0, 1]], TypeError, "list"),
        (b"bytes", TypeError, "BytesIO"),
        (io.StringIO("text"), TypeError, "'rb'"),
        (None, TypeError, "NoneType"),
        (Image.new("L", (0, 3)), ValueError, "no pixels"),
    ],
)
def test_what_is_no_picture_is_refused_by_name(array, error, words):
    with pytest.raises(error, match=rf"^image: expected .*{words}"):
        images.read_image(array)


# --- files that cannot be read ---------------------------------------------------------------


def test_a_path_that_cannot_be_opened_raises_the_fitting_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"^image: .*absent\.png.*check the spelling"):
        images.read_image(tmp_path / "absent.png")
    with pytest.raises(IsADirectoryError, match=r"^image: .*one picture inside"):
        images.read_image(tmp_path)
    with pytest.raises(ValueError, match=r"^image: .*null"):
        images.read_image("a\0b.png")


def test_a_file_that_is_no_picture_is_refused(tmp_path):
    path = tmp_path / "notes.png"
    path.write_text("no picture")
    with pytest.raises(ValueError, match=r"^image: .*notes\.png', which is in no format"):
        images.read_image(path)
    with pytest.raises(ValueError, match=r"^image: .*which is in no format"):
        read_bytes(b"")


def test_data_that_end_early_are_refused(tmp_path):
    path = tmp_path / "cut.png"
    data = saved(Image.fromarray(load_sample_image("china.jpg")), "JPEG")
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match=r"^image: .*cut\.png.*truncated.*fetch or export"):
        images.read_image(path)


def test_an_absurdly_large_picture_is_refused_with_its_size():
    with pytest.raises(ValueError, match=r"^image: .*900000000 pixels.*shrink"):
        read_bytes(png((30000, 30000), 8, 2, b""))


def test_a_large_picture_that_pillow_reads_raises_no_warning(monkeypatch):
    data = saved(Image.new("L", (12, 10)), "PNG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_bytes(data).shape == (10, 12, 3)


def with_checksums_repaired(data):
    """PNG whose checksums fit its chunks, so that damage gets past them."""
    parts, position = [data[:8]], 8
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        parts.append(png_chunk(kind, data[position + 8 : position + 8 + length]))
        position += 12 + length
    return b"".join(parts) + data[position:]


FUZZED = {
    "PNG": {},
    "JPEG": {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"},
    "GIF": {},
    "TIFF": {"compression": "tiff_lzw"},
    "WEBP": {"lossless": True},
    "BMP": {},
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("format_", FUZZED)
def test_damaged_files_are_read_or_refused_never_anything_else(format_, monkeypatch):
    picture = Image.fromarray(load_sample_image("china.jpg")[200:216, 300:320])
    # Damaged headers ask for any size; a low limit keeps the test small and tests the refusal.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50_000)
    sound = saved(picture, format_, icc_profile=LINEAR_RGB, **FUZZED[format_])
    random = np.random.default_rng(list(format_.encode()))
    for trial in range(300):
        data = np.frombuffer(sound, dtype=np.uint8).copy()
        reach = len(data) if trial % 2 else min(len(data), 100)  # headers are the delicate part
        where = random.integers(0, reach, random.integers(1, 5))
        data[where] = random.integers(0, 256, where.size)
        end = random.integers(0, len(data)) if trial % 5 == 0 else len(data)
        damaged = data[:end].tobytes()
        if format_ == "PNG" and trial % 3:
            damaged = with_checksums_repaired(damaged)
        try:
            pixels = read_bytes(damaged)
        except ValueError as error:
            assert str(error).startswith("image: ")  # noqa: PT017
        else:
            assert pixels.dtype == np.uint8
            assert pixels.ndim == 3

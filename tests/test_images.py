"""Promises of gmmfast.images: pictures are read as a viewer shows them, or refused by name.

Picture files are built here, with Pillow or byte by byte where Pillow cannot write the kind.
"""

import io
import math
import os
import pathlib
import stat
import struct
import warnings
import zlib
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps
from sklearn.datasets import load_sample_image

from gmmfast import images

DEEP = np.array([[0, 128, 255, 256, 32768, 65535]], dtype=np.uint16)
# round(level * 255 / 65535), worked out by hand.
DEEP_IN_8_BITS = [0, 0, 1, 1, 128, 255]
# 255 * (1.055 * (128 / 255) ** (1 / 2.4) - 0.055) = 187.5...: sRGB encoding, IEC 61966-2-1.
LINEAR_HALF_IN_SRGB = 188


def saved(picture, format_, **options):
    buffer = io.BytesIO()
    picture.save(buffer, format_, **options)
    return buffer.getvalue()


def read_bytes(data):
    return images.read_image(io.BytesIO(data))


def first_row(pixels):
    return pixels[0].tolist()


def grey_row(pixels):
    assert (pixels == pixels[..., :1]).all()
    return pixels[0, :, 0].tolist()


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(size, depth, color_type, raw, *chunks):
    """PNG (W3C recommendation, 3rd edition) of one filter-0 row per `raw` row."""
    header = struct.pack(">IIBBBBB", *size, depth, color_type, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*part) for part in parts)


def tiff(width, bits, photometric, data, sample_format=1):
    """Little-endian one-row, one-strip TIFF 6.0 file of one sample per pixel."""
    offset = 8 + 2 + 12 * 10 + 4
    entries = [
        (256, 4, width), (257, 4, 1), (258, 3, bits), (259, 3, 1), (262, 3, photometric),
        (273, 4, offset), (277, 3, 1), (278, 4, 1), (279, 4, len(data)), (339, 3, sample_format),
    ]  # fmt: skip
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + body + bytes(4) + data


def icc_profile(device, space, connection, tags):
    """ICC.1:2001-04 profile with the given (signature, element) tags."""
    offset, table, elements = 128 + 4 + 12 * len(tags), b"", b""
    for signature, element in tags:
        table += struct.pack(">4sII", signature, offset + len(elements), len(element))
        elements += element + bytes(-len(element) % 4)
    size = offset + len(elements)
    header = struct.pack(">I4sI4s4s4s", size, b"test", 0x02400000, device, space, connection)
    header += struct.pack(">6H4s", 2000, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    header += struct.pack(">III", 0xF6D6, 0x10000, 0xD32D) + bytes(48)
    return header + struct.pack(">I", len(tags)) + table + elements


def xyz(*values):
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


LINEAR_CURVE = b"curv" + bytes(8)
WHITE_POINT = (b"wtpt", xyz(0.9642, 1.0, 0.8249))
LINEAR_GREY = icc_profile(
    b"mntr", b"GRAY", b"XYZ ", [WHITE_POINT, (b"kTRC", LINEAR_CURVE)]
)  # fmt: skip
# Colorants of sRGB adapted to D50, as in the profiles of the ICC.
LINEAR_RGB = icc_profile(
    b"mntr",
    b"RGB ",
    b"XYZ ",
    [
        WHITE_POINT,
        (b"rXYZ", xyz(0.43607, 0.22249, 0.01392)),
        (b"gXYZ", xyz(0.38515, 0.71687, 0.09708)),
        (b"bXYZ", xyz(0.14307, 0.06061, 0.71410)),
        *((signature, LINEAR_CURVE) for signature in (b"rTRC", b"gTRC", b"bTRC")),
    ],
)


def black_ink_only_cmyk():
    """CMYK profile whose lightness is 100 without black ink and 0 with, whatever C, M and Y."""
    ramp = bytes(range(256))
    grid = b"".join(bytes([0 if corner & 1 else 255, 128, 128]) for corner in range(16))
    matrix = struct.pack(
        ">9i", *(65536 * (row == column) for row in range(3) for column in range(3))
    )
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + ramp * 4 + grid + ramp * 3
    return icc_profile(b"prtr", b"CMYK", b"Lab ", [WHITE_POINT, (b"A2B0", lut)])


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
        assert grey_row(images.read_image(file)) == [7, 7]


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
        assert grey_row(read_bytes(data)) == [10, 10]


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


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_metadata_do_not_hide_sound_pixels():
    data = saved(Image.new("L", (2, 1), 7), "PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert grey_row(read_bytes(data)) == [7, 7]


# --- depth -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["I;16", "I;16L", "I;16B", "I;16N", "I"])
def test_a_sixteen_bit_grey_picture_is_scaled_not_clipped(mode):
    dtype = {"I;16B": ">u2", "I": "=i4", "I;16N": "=u2"}.get(mode, "<u2")
    picture = Image.frombytes(mode, (6, 1), DEEP.astype(dtype).tobytes())
    assert grey_row(images.read_image(picture)) == DEEP_IN_8_BITS


@pytest.mark.parametrize("format_", ["PNG", "TIFF", "JPEG2000", "PPM"])
def test_a_sixteen_bit_grey_file_is_scaled_not_clipped(format_):
    assert grey_row(read_bytes(saved(Image.fromarray(DEEP), format_))) == DEEP_IN_8_BITS


def test_deep_color_is_reduced_to_eight_bits():
    samples = np.array([65535, 32896, 0, 65535], dtype=">u2").tobytes()
    assert first_row(read_bytes(png((1, 1), 16, 6, b"\0" + samples))) == [[255, 128, 0]]
    assert first_row(read_bytes(png((1, 1), 16, 2, b"\0" + samples[:6]))) == [[255, 128, 0]]


def test_twelve_bit_levels_are_scaled_by_their_own_white():
    # 0, 4095 and 2048 packed in 12 bits each; 2048 * 255 / 4095 = 127.5...
    assert grey_row(read_bytes(tiff(3, 12, 1, bytes([0, 0x0F, 0xFF, 0x80, 0])))) == [0, 255, 128]


def test_white_is_zero_is_honoured_at_every_depth():
    deep = DEEP.astype("<u2").tobytes()
    assert grey_row(read_bytes(tiff(6, 16, 0, deep))) == [255 - it for it in DEEP_IN_8_BITS]
    assert grey_row(read_bytes(tiff(3, 8, 0, bytes([0, 1, 255])))) == [255, 254, 0]


@pytest.mark.parametrize(
    ("depth", "color_type", "row", "key", "expected"),
    [
        (16, 0, DEEP.astype(">u2").tobytes(), (32768,), [*DEEP_IN_8_BITS[:4], 255, 255]),
        (16, 0, DEEP.astype(">u2").tobytes(), (0,), [255, *DEEP_IN_8_BITS[1:]]),
        (8, 0, bytes([0, 128, 200]), (128,), [0, 255, 200]),
        (4, 0, bytes([0x08, 0xF0]), (8,), [0, 255, 255]),
        (2, 0, bytes([0b00_01_10_00]), (1,), [0, 255, 170]),
        (1, 0, bytes([0b01_000000]), (0,), [255, 255, 255]),
        (8, 2, bytes([1, 1, 1, 2, 2, 2]), (2, 2, 2), [1, 255]),
        (16, 2, bytes([9, 8] * 3 + [7, 6] * 3), (0x0706,) * 3, [9, 255]),
    ],
)
def test_the_color_key_of_a_png_shows_white(depth, color_type, row, key, expected):
    key_chunk = (b"tRNS", struct.pack(f">{len(key)}H", *key))
    data = png((len(expected), 1), depth, color_type, b"\0" + row, key_chunk)
    assert grey_row(read_bytes(data)) == expected


@pytest.mark.parametrize(
    "data",
    [
        tiff(1, 32, 1, struct.pack("<f", 0.5), sample_format=3),
        tiff(1, 32, 1, struct.pack("<i", 65536), sample_format=2),
        tiff(1, 16, 1, struct.pack("<h", -1), sample_format=2),
    ],
    ids=["float", "32-bit", "negative"],
)
def test_levels_without_an_agreed_white_are_refused_with_a_remedy(data):
    with pytest.raises(ValueError, match=r"^image: .* no agreed white; scale the levels"):
        read_bytes(data)


# --- colour profiles -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "profile"),
    [("L", LINEAR_GREY), ("LA", LINEAR_GREY), ("L", LINEAR_RGB), ("RGB", LINEAR_RGB),
     ("RGBA", LINEAR_RGB), ("P", LINEAR_RGB)],
)  # fmt: skip
def test_an_embedded_profile_is_converted_to_srgb(mode, profile):
    half = Image.new("RGB", (2, 1), (128, 128, 128))
    half = half.quantize() if mode == "P" else half.convert(mode)
    data = saved(half, "PNG", icc_profile=profile)
    np.testing.assert_allclose(read_bytes(data), LINEAR_HALF_IN_SRGB, atol=1)


def test_a_profile_applies_to_sixteen_bit_grey():
    half = Image.fromarray(np.full((1, 2), 128 * 257, dtype=np.uint16))
    data = saved(half, "TIFF", icc_profile=LINEAR_GREY)
    np.testing.assert_allclose(read_bytes(data), LINEAR_HALF_IN_SRGB, atol=1)


def test_a_profile_applies_to_cmyk():
    inks = Image.new("CMYK", (8, 8), (255, 255, 255, 0))
    assert read_bytes(saved(inks, "TIFF")).max() == 0
    managed = read_bytes(saved(inks, "TIFF", icc_profile=black_ink_only_cmyk()))
    np.testing.assert_allclose(managed, 255, atol=1)


def test_an_srgb_profile_changes_no_pixel():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = saved(Image.fromarray(pixels), "PNG", icc_profile=profile)
    np.testing.assert_array_equal(read_bytes(data), pixels)


@pytest.mark.parametrize("profile", [b"no profile", LINEAR_RGB[:200], LINEAR_GREY], ids=len)
def test_a_broken_or_foreign_profile_does_not_fail_the_reading(profile):
    data = saved(Image.new("RGB", (1, 1), (1, 2, 3)), "PNG", icc_profile=profile)
    assert first_row(read_bytes(data)) == [[1, 2, 3]]


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
    assert grey_row(images.read_image(array)) == expected


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
        (np.zeros((2, 2, 2), np.uint8), ValueError, r"shape \(2, 2, 2\)"),
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


# --- feature points --------------------------------------------------------------------------


def slow_otsu(histogram):
    """Definition of Otsu (1979), eq. 14, in exact integers times n**4 over a common factor."""
    scores = []
    for level in range(256):
        dark, bright = histogram[: level + 1], histogram[level + 1 :]
        if sum(dark) == 0 or sum(bright) == 0:
            scores.append(Fraction(0))
            continue
        mean_dark = Fraction(sum(i * c for i, c in enumerate(dark)), sum(dark))
        mean_bright = Fraction(
            sum(i * c for i, c in enumerate(bright, start=level + 1)), sum(bright)
        )
        scores.append(sum(dark) * sum(bright) * (mean_bright - mean_dark) ** 2)
    first = last = scores.index(max(scores))
    while last + 1 < 256 and scores[last + 1] == scores[first]:
        last += 1
    return (first + last) // 2


@pytest.mark.parametrize("seed", range(20))
def test_otsu_agrees_with_its_definition(seed):
    random = np.random.default_rng(seed)
    n_levels = int(random.integers(2, 40))
    levels = random.choice(256, n_levels, replace=False).astype(np.uint8)
    grey = random.choice(levels, (17, 23))
    grey.flat[:2] = levels[:2]
    assert images.otsu_threshold(grey) == slow_otsu(
        np.bincount(grey.ravel(), minlength=256).tolist()
    )


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([0, 255], 127),
        ([10, 11], 10),
        ([0, 100, 200], 99),  # one run of maxima, 0..199
        ([0] * 10 + [127] * 1000 + [128] * 1000 + [255] * 10, 63),  # two runs, the darker counts
    ],
)
def test_otsu_takes_the_middle_of_the_first_plateau(levels, expected):
    assert images.otsu_threshold(np.array([levels], dtype=np.uint8)) == expected


def test_otsu_refuses_what_it_cannot_split():
    with pytest.raises(ValueError, match=r"^grey: expected at least two levels, got .* level 3;"):
        images.otsu_threshold(np.full((2, 2), 3, dtype=np.uint8))
    with pytest.raises(ValueError, match=r"^grey: .*shape \(2, 2, 3\)"):
        images.otsu_threshold(np.zeros((2, 2, 3), dtype=np.uint8))
    with pytest.raises(TypeError, match=r"^grey: .*float64"):
        images.otsu_threshold(np.zeros((2, 2)))


def test_ink_points_are_x_y_of_dark_pixels_row_by_row():
    grey = np.array([[255, 0, 9], [9, 255, 255]], dtype=np.uint8)
    points = images.ink_points(grey)
    assert points.dtype == np.float64
    assert points.flags.c_contiguous
    assert points.tolist() == [[1, 0], [2, 0], [0, 1]]
    assert images.ink_points(grey, threshold=8.5).tolist() == [[1, 0]]
    assert len(images.ink_points(grey, threshold=255)) == 6


def test_ink_is_judged_by_the_luma_of_pillow():
    pixels = load_sample_image("china.jpg")
    luma = np.asarray(Image.fromarray(pixels).convert("L"))
    rows, columns = np.nonzero(luma <= 60)
    np.testing.assert_array_equal(images.ink_points(pixels, 60), np.column_stack([columns, rows]))
    assert len(images.ink_points(pixels)) == (luma <= images.otsu_threshold(luma)).sum()


def test_a_flat_picture_has_ink_only_by_an_explicit_threshold():
    flat = np.full((2, 3), 40, dtype=np.uint8)
    with pytest.raises(ValueError, match=r"^image: .*flat level of luma 40; pass a threshold"):
        images.ink_points(flat)
    assert len(images.ink_points(flat, threshold=np.uint8(40))) == 6
    with pytest.raises(ValueError, match=r"^image: .*threshold=39, .*raise threshold to 40"):
        images.ink_points(flat, threshold=39)


@pytest.mark.parametrize(
    "threshold", [True, np.True_, "90", math.nan, math.inf, -1, 255.5, 1j, [90]]
)
def test_a_threshold_that_is_no_luma_is_refused_by_name(threshold):
    with pytest.raises(ValueError, match=r"^threshold: expected a number in \[0, 255\], got"):
        images.ink_points(np.eye(3), threshold)


def test_color_points_list_every_pixel_row_by_row():
    pixels = load_sample_image("china.jpg")[:20, :30]
    points = images.color_points(pixels)
    assert points.shape == (600, 5)
    assert points.dtype == np.float64
    np.testing.assert_array_equal(points[30 * 7 + 11], [11, 7, *pixels[7, 11]])
    np.testing.assert_array_equal(points[:, 2:].reshape(pixels.shape), pixels)


def test_the_extent_reaches_half_a_pixel_beyond_the_centres():
    expected = ((-0.5, 639.5), (-0.5, 426.5))
    assert images.image_extent((427, 640)) == expected
    assert images.image_extent((427, 640, 3)) == expected
    for shape in [(), (3,), (0, 3), (3, -1)]:
        with pytest.raises(ValueError, match=r"^shape: expected"):
            images.image_extent(shape)


# --- writing ---------------------------------------------------------------------------------

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
        ("picture.gif", ValueError, "names no format"),  # of 256 colours at most
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

    monkeypatch.setattr(os, "open", refuse)
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


# --- quality ---------------------------------------------------------------------------------


def test_psnr_follows_its_definition():
    random = np.random.default_rng(3)
    one, other = random.integers(0, 256, (2, 9, 7, 3), dtype=np.uint8)
    mean_square = np.mean((one.astype(float) - other) ** 2)
    assert images.psnr(one, other) == pytest.approx(10 * math.log10(255**2 / mean_square))
    assert images.psnr(one, other) == images.psnr(other, one)
    black, white = np.zeros((2, 2), np.uint8), np.full((2, 2), 255, np.uint8)
    assert images.psnr(black, white) == 0
    assert images.psnr(white, white) == math.inf


def test_psnr_refuses_pictures_that_cannot_be_compared():
    grey = np.zeros((2, 3), np.uint8)
    with pytest.raises(ValueError, match=r"^reference: .*\(2, 3\) of picture, got .*\(3, 2\)"):
        images.psnr(grey, grey.T)
    with pytest.raises(TypeError, match=r"^picture: .*uint8, got dtype float64"):
        images.psnr(grey / 255, grey)


def test_the_expected_orientations_are_those_of_pillow():
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    for orientation in range(1, 9):
        picture = Image.fromarray(pixels)
        picture.getexif()[0x0112] = orientation
        expected = np.asarray(ImageOps.exif_transpose(picture))
        np.testing.assert_array_equal(images.read_image(picture)[..., 0], expected)

"""Tests of images/reading.py on bit depths and color profiles.

Levels of any depth are scaled by their own white to 8 bits, and colors become sRGB.
"""

import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from gmmfast import images
from support.picture_files import (
    DEEP,
    DEEP_IN_8_BITS,
    LINEAR_CURVE,
    LINEAR_RGB,
    WHITE_POINT,
    first_row,
    gray_row,
    icc_profile,
    png,
    read_bytes,
    saved,
)

# 255 * (1.055 * (128 / 255) ** (1 / 2.4) - 0.055) = 187.5...: sRGB encoding, IEC 61966-2-1.
LINEAR_HALF_IN_SRGB = 188
LINEAR_GRAY = icc_profile(
    b"mntr", b"GRAY", b"XYZ ", [WHITE_POINT, (b"kTRC", LINEAR_CURVE)]
)  # fmt: skip


def tiff(width, bits, photometric, data, sample_format=1):
    """Little-endian one-row, one-strip TIFF 6.0 file of one sample per pixel."""
    offset = 8 + 2 + 12 * 10 + 4
    entries = [
        (256, 4, width), (257, 4, 1), (258, 3, bits), (259, 3, 1), (262, 3, photometric),
        (273, 4, offset), (277, 3, 1), (278, 4, 1), (279, 4, len(data)), (339, 3, sample_format),
    ]  # fmt: skip
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + body + bytes(4) + data


def black_ink_only_cmyk():
    """CMYK profile whose lightness is 100 without black ink and 0 with, whatever C, M and Y."""
    ramp = bytes(range(256))
    grid = b"".join(bytes([0 if corner & 1 else 255, 128, 128]) for corner in range(16))
    matrix = struct.pack(
        ">9i", *(65536 * (row == column) for row in range(3) for column in range(3))
    )
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + ramp * 4 + grid + ramp * 3
    return icc_profile(b"prtr", b"CMYK", b"Lab ", [WHITE_POINT, (b"A2B0", lut)])


# --- depth -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["I;16", "I;16L", "I;16B", "I;16N", "I"])
def test_a_sixteen_bit_gray_picture_is_scaled_not_clipped(mode):
    dtype = {"I;16B": ">u2", "I": "=i4", "I;16N": "=u2"}.get(mode, "<u2")
    picture = Image.frombytes(mode, (6, 1), DEEP.astype(dtype).tobytes())
    assert gray_row(images.read_image(picture)) == DEEP_IN_8_BITS


def test_a_picture_converted_from_eight_bits_to_integers_keeps_its_levels():
    levels = np.array([[0, 1, 128, 255]], np.uint8)
    for picture in (Image.fromarray(levels).convert("I"), Image.fromarray(levels.astype("i4"))):
        assert gray_row(images.read_image(picture)) == levels[0].tolist()
    dark = Image.fromarray(np.array([[0, 200]], np.uint16))
    assert gray_row(read_bytes(saved(dark, "PNG"))) == [0, 1]


@pytest.mark.parametrize("format_", ["PNG", "TIFF", "JPEG2000", "PPM"])
def test_a_sixteen_bit_gray_file_is_scaled_not_clipped(format_):
    assert gray_row(read_bytes(saved(Image.fromarray(DEEP), format_))) == DEEP_IN_8_BITS


def test_deep_color_is_reduced_to_eight_bits():
    samples = np.array([65535, 32896, 0, 65535], dtype=">u2").tobytes()
    assert first_row(read_bytes(png((1, 1), 16, 6, b"\0" + samples))) == [[255, 128, 0]]
    assert first_row(read_bytes(png((1, 1), 16, 2, b"\0" + samples[:6]))) == [[255, 128, 0]]


def test_twelve_bit_levels_are_scaled_by_their_own_white():
    # 0, 4095 and 2048 packed in 12 bits each; 2048 * 255 / 4095 = 127.5...
    assert gray_row(read_bytes(tiff(3, 12, 1, bytes([0, 0x0F, 0xFF, 0x80, 0])))) == [0, 255, 128]


def test_white_is_zero_is_honored_at_every_depth():
    deep = DEEP.astype("<u2").tobytes()
    assert gray_row(read_bytes(tiff(6, 16, 0, deep))) == [255 - it for it in DEEP_IN_8_BITS]
    assert gray_row(read_bytes(tiff(3, 8, 0, bytes([0, 1, 255])))) == [255, 254, 0]


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
    assert gray_row(read_bytes(data)) == expected


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


# --- color profiles -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "profile"),
    [("L", LINEAR_GRAY), ("LA", LINEAR_GRAY), ("L", LINEAR_RGB), ("RGB", LINEAR_RGB),
     ("RGBA", LINEAR_RGB), ("P", LINEAR_RGB)],
)  # fmt: skip
def test_an_embedded_profile_is_converted_to_srgb(mode, profile):
    half = Image.new("RGB", (2, 1), (128, 128, 128))
    half = half.quantize() if mode == "P" else half.convert(mode)
    data = saved(half, "PNG", icc_profile=profile)
    np.testing.assert_allclose(read_bytes(data), LINEAR_HALF_IN_SRGB, atol=1)


def test_a_profile_applies_to_sixteen_bit_gray():
    half = Image.fromarray(np.full((1, 2), 128 * 257, dtype=np.uint16))
    data = saved(half, "TIFF", icc_profile=LINEAR_GRAY)
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


@pytest.mark.parametrize("profile", [b"no profile", LINEAR_RGB[:200], LINEAR_GRAY], ids=len)
def test_a_broken_or_foreign_profile_does_not_fail_the_reading(profile):
    data = saved(Image.new("RGB", (1, 1), (1, 2, 3)), "PNG", icc_profile=profile)
    assert first_row(read_bytes(data)) == [[1, 2, 3]]

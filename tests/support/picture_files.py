"""Builders of picture files and color profiles, and readers of the result, for the image tests.

Built with Pillow, or byte by byte where Pillow cannot write the kind.
"""

import io
import struct
import zlib

import numpy as np

from gmmfast import images

DEEP = np.array([[0, 128, 255, 256, 32768, 65535]], dtype=np.uint16)
# round(level * 255 / 65535), worked out by hand.
DEEP_IN_8_BITS = [0, 0, 1, 1, 128, 255]


def saved(picture, format_, **options):
    buffer = io.BytesIO()
    picture.save(buffer, format_, **options)
    return buffer.getvalue()


def read_bytes(data):
    return images.read_image(io.BytesIO(data))


def first_row(pixels):
    return pixels[0].tolist()


def gray_row(pixels):
    assert (pixels == pixels[..., :1]).all()
    return pixels[0, :, 0].tolist()


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(size, depth, color_type, raw, *chunks):
    """PNG (W3C recommendation, 3rd edition) of one filter-0 row per `raw` row."""
    header = struct.pack(">IIBBBBB", *size, depth, color_type, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*part) for part in parts)


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

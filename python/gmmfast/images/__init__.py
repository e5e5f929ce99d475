"""Pictures and clips: reading, writing, and feature points.

Pictures that fit in memory are read and written here, and clips are read; `storage` has larger
pictures, and `animation` encodes clips. Samples are display-referred (8- or 16-bit integers, or
floats in [0, 1]) and sRGB unless an embedded ICC profile defines another space. A picture is read
as a viewer shows it: upright, in sRGB, over white, the first frame. A file that cannot be read
raises an error that names the argument. A file is written whole or not at all.
"""

from typing import TYPE_CHECKING

from gmmfast._lazy import attach

if TYPE_CHECKING:
    from gmmfast.images.drawing import line_drawing
    from gmmfast.images.frames import FramesSource, read_frames
    from gmmfast.images.levels import otsu_threshold, psnr
    from gmmfast.images.points import (
        color_points,
        gray_points,
        image_extent,
        ink_points,
        video_extent,
        video_points,
        weighted_ink_points,
    )
    from gmmfast.images.reading import ImageSource, read_image
    from gmmfast.images.writing import check_writable, write_image

__all__ = [
    "FramesSource",
    "ImageSource",
    "check_writable",
    "color_points",
    "gray_points",
    "image_extent",
    "ink_points",
    "line_drawing",
    "otsu_threshold",
    "psnr",
    "read_frames",
    "read_image",
    "video_extent",
    "video_points",
    "weighted_ink_points",
    "write_image",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "FramesSource": "gmmfast.images.frames",
        "ImageSource": "gmmfast.images.reading",
        "check_writable": "gmmfast.images.writing",
        "color_points": "gmmfast.images.points",
        "gray_points": "gmmfast.images.points",
        "image_extent": "gmmfast.images.points",
        "ink_points": "gmmfast.images.points",
        "line_drawing": "gmmfast.images.drawing",
        "otsu_threshold": "gmmfast.images.levels",
        "psnr": "gmmfast.images.levels",
        "read_frames": "gmmfast.images.frames",
        "read_image": "gmmfast.images.reading",
        "video_extent": "gmmfast.images.points",
        "video_points": "gmmfast.images.points",
        "weighted_ink_points": "gmmfast.images.points",
        "write_image": "gmmfast.images.writing",
    },
)

"""Animations: generators of frames, and their files.

The functions `..._frames` are generators of uint8 arrays (height, width, 3), which hold one frame.
`write_animation` writes these, or any other iterable of such frames.
"""

from typing import TYPE_CHECKING

from gmmfast._lazy import attach

if TYPE_CHECKING:
    from gmmfast.animation.curves import sampling_frames, slicing_frames
    from gmmfast.animation.paintings import (
        filling_frames,
        growing_frames,
        refining_frames,
        video_frames,
        zooming_frames,
    )
    from gmmfast.animation.writing import check_animation, write_animation

__all__ = [
    "check_animation",
    "filling_frames",
    "growing_frames",
    "refining_frames",
    "sampling_frames",
    "slicing_frames",
    "video_frames",
    "write_animation",
    "zooming_frames",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "check_animation": "gmmfast.animation.writing",
        "filling_frames": "gmmfast.animation.paintings",
        "growing_frames": "gmmfast.animation.paintings",
        "refining_frames": "gmmfast.animation.paintings",
        "sampling_frames": "gmmfast.animation.curves",
        "slicing_frames": "gmmfast.animation.curves",
        "video_frames": "gmmfast.animation.paintings",
        "write_animation": "gmmfast.animation.writing",
        "zooming_frames": "gmmfast.animation.paintings",
    },
)

"""MP4 written by ffmpeg, which the package imageio-ffmpeg provides, from frames in a pipe."""

from __future__ import annotations

import subprocess
import tempfile
from typing import IO, TYPE_CHECKING, NoReturn, Self, cast

import numpy as np

from gmmfast.animation.encoders import FrameWriter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

#: H.264 of good quality, with colors that every player shows.
_ENCODER = [
    *("-c:v", "libx264", "-preset", "veryfast", "-crf", "16", "-pix_fmt", "yuv420p"),
    *("-vf", "scale=out_color_matrix=bt709:out_range=tv"),
    *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"),
    *("-movflags", "+faststart", "-f", "mp4"),
]


def ffmpeg_path(argument: str) -> str:
    """Return the path of ffmpeg; raise ImportError if imageio-ffmpeg is missing."""
    try:
        import imageio_ffmpeg  # noqa: PLC0415 (an extra)
    except ImportError:
        raise ImportError(
            f"{argument}: expected a format that is installed, got .mp4, which needs "
            "imageio-ffmpeg; pip install 'gmmfast[video]', or write .webp, .gif or .png"
        ) from None
    path: str = imageio_ffmpeg.get_ffmpeg_exe()
    return path


class Mp4Writer(FrameWriter):
    """MP4 written by a process of ffmpeg that receives frame by frame."""

    _process: subprocess.Popen[bytes]
    _pipe: IO[bytes]
    _messages: IO[bytes]

    def __enter__(self) -> Self:
        height, width = (size + size % 2 for size in self._shape)
        source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"]
        rate = ["-r", f"{self._rate.numerator}/{self._rate.denominator}", "-i", "-"]
        command = [ffmpeg_path("path"), "-v", "error", "-y", *source, *rate, *_ENCODER]
        self._messages = tempfile.TemporaryFile()
        # A session of its own: Ctrl-C interrupts this process, which then ends ffmpeg.
        self._process = subprocess.Popen(  # noqa: S603 (of these words only)
            [*command, self._file.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._messages,
            start_new_session=True,
        )
        self._pipe = cast("IO[bytes]", self._process.stdin)
        return self

    def add(self, frame: Pixels) -> None:
        """Send the next frame to ffmpeg."""
        odd = [(0, size % 2) for size in self._shape]
        if any(after for _, after in odd):
            frame = np.pad(frame, [*odd, (0, 0)], mode="edge")
        try:
            self._pipe.write(frame.data)
        except BrokenPipeError:
            self._refuse()

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is not None:
                self._process.kill()
            try:
                self._pipe.close()
            except BrokenPipeError:
                if kind is None:
                    self._refuse()
            if self._process.wait() and kind is None:
                self._refuse()
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            self._messages.close()

    def _refuse(self) -> NoReturn:
        self._process.wait()
        self._messages.seek(0)
        message = self._messages.read(2000).decode(errors="replace").strip()
        raise OSError(f"path: expected a film that ffmpeg can write, it ended: {message}")

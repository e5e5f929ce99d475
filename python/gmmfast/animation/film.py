"""MP4 by ffmpeg, which comes with the package imageio-ffmpeg: frames go through a pipe."""

from __future__ import annotations

import subprocess
import tempfile
from typing import IO, TYPE_CHECKING

import numpy as np

from gmmfast.animation.containers import FrameWriter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

#: H.264 of good quality, with colours that every player shows.
_ENCODER = [
    *("-c:v", "libx264", "-preset", "veryfast", "-crf", "16", "-pix_fmt", "yuv420p"),
    *("-vf", "scale=out_color_matrix=bt709:out_range=tv"),
    *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"),
    *("-movflags", "+faststart", "-f", "mp4"),
]


def _ffmpeg(argument: str) -> str:
    """Return the path of ffmpeg."""
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
    """MP4 by a process of ffmpeg that is fed frame by frame."""

    format = "MP4"
    _process: subprocess.Popen[bytes]
    _messages: IO[bytes]

    @classmethod
    def check(cls, argument: str) -> None:
        """Raise ImportError if imageio-ffmpeg is missing."""
        _ffmpeg(argument)

    def _begin(self) -> None:
        height, width = (size + size % 2 for size in self._shape)
        source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"]
        rate = ["-r", f"{self._rate.numerator}/{self._rate.denominator}", "-i", "-"]
        command = [_ffmpeg("path"), "-v", "error", "-y", *source, *rate, *_ENCODER]
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115 (closed at the exit)
        # In a session of its own, so that Ctrl-C is for this process to answer.
        self._process = subprocess.Popen(  # noqa: S603 (of these words only)
            [*command, self._file.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._messages,
            start_new_session=True,
        )

    def _add(self, frame: Pixels) -> None:
        odd = [(0, size % 2) for size in self._shape]
        if any(after for _, after in odd):
            frame = np.pad(frame, [*odd, (0, 0)], mode="edge")
        assert self._process.stdin is not None  # noqa: S101 (a pipe)
        try:
            self._process.stdin.write(frame.data)
        except BrokenPipeError:
            self._refuse()

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        assert self._process.stdin is not None  # noqa: S101 (a pipe)
        try:
            if kind is not None:
                self._process.kill()
            try:
                self._process.stdin.close()
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

    def _refuse(self) -> None:
        self._process.wait()
        self._messages.seek(0)
        message = self._messages.read(2000).decode(errors="replace").strip()
        raise OSError(f"path: expected a film that ffmpeg can write, it ended: {message}")

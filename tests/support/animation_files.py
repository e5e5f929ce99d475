"""Frames for the tests of animations, and readers of the files that they come to."""

import subprocess

import imageio_ffmpeg
import numpy as np
from PIL import Image

from gmmfast import images

SHAPE = (40, 60)


def waves():
    """A smooth picture."""
    y, x = np.indices(SHAPE)
    return np.stack([4 * x, 6 * y, 120 + 100 * np.sin(x / 6)], axis=2).astype(np.uint8)


def moving(n_frames=9, shape=SHAPE):
    """Smooth frames that move, one at a time."""
    y, x = np.indices(shape)
    for t in range(n_frames):
        yield np.stack([2 * x + 10 * t, 4 * y, 200 - 2 * x + 0 * y], axis=2).astype(np.uint8)


def decoded_film(path):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", path]
    raw = subprocess.run(
        [*command, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], capture_output=True, check=True
    )
    n_frames, seconds = imageio_ffmpeg.count_frames_and_secs(str(path))
    frames = np.frombuffer(raw.stdout, np.uint8).reshape(n_frames, -1)
    height = {40 * 60: 40, 18 * 34: 18}[frames.shape[1] // 3]
    return frames.reshape(n_frames, height, -1, 3), [seconds / n_frames] * n_frames


def decoded(path):
    """Frames (n, height, width, 3) and durations in seconds."""
    if path.suffix == ".mp4":
        return decoded_film(path)
    with Image.open(path) as image:
        durations = []
        for i in range(image.n_frames):
            image.seek(i)
            image.load()
            durations.append(image.info.get("duration", 0) / 1000)  # a still PNG has none
    return images.read_frames(path), durations


RED, BLUE, YELLOW = [200, 30, 30], [30, 60, 200], [250, 220, 40]


def moving_disc(n_frames=12, height=24, width=40, radius=5):
    """A yellow disc that crosses a red and blue ground, (n_frames, height, width, 3) uint8."""
    clip = np.empty((n_frames, height, width, 3), dtype=np.uint8)
    clip[:, :, : width // 2], clip[:, :, width // 2 :] = RED, BLUE
    rows, columns = np.indices((height, width))
    for t, frame in enumerate(clip):
        center = radius + (width - 2 * radius) * t / (n_frames - 1)
        frame[(columns - center) ** 2 + (rows - height / 2) ** 2 <= radius**2] = YELLOW
    return clip


CLIP = moving_disc()

"""Peak memory of a refinement above its picture, in a process of its own: Linux only.

`python peak_memory_painting.py height n_components` draws a start from a picture of noise and
smooth waves, refines it for a few passes, and prints the bytes that the process held at its peak,
less what it held before.
"""

import ctypes
import sys
from pathlib import Path

import numpy as np
from peak_memory import resident

from gmmfast import _core


def picture_of(height):
    """A picture with detail everywhere, of shape (height, 2048, 3)."""
    y, x = np.mgrid[:height, :2048]
    waves = 128 + 60 * np.sin(x / 9)[..., None] * np.cos(y / 7)[..., None] * [1, 0.5, -1]
    return (waves + np.random.default_rng(0).uniform(-20, 20, waves.shape)).astype(np.uint8)


def refined(picture, n_components):
    """A refinement with relocations, at full size."""
    core = _core.Refinement(picture, n_components, 32)
    while core.advance(2):
        pass
    return core


def main():
    height, n_components = map(int, sys.argv[1:3])
    refined(picture_of(64), 20)
    picture = picture_of(height)
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):  # glibc has it, musl need not
        libc.malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is what is resident now
    before = resident("VmRSS")
    refined(picture, n_components)
    sys.stdout.write(f"{resident('VmHWM') - before}\n")


if __name__ == "__main__":
    main()

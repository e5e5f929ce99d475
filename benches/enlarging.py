"""Enlargement by sharp paintings: halve pictures, paint them, and compare at full size.

    python benches/enlarging.py FOLDER --passes 400

Each picture is shrunk to half by Lanczos' filter and painted there; the painting rendered at full
size and the half picture enlarged by Lanczos' filter are compared with the original. A spike is a
pixel more than 30 levels outside the range of the 24 pixels about it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from scipy.ndimage import maximum_filter, minimum_filter

import gmmfast
from gmmfast import images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

#: Pixels of the half picture for each component.
_PIXELS_PER_COMPONENT = 4

#: The least variance of gates in square pixels: narrower ones paint facets in enlargements.
_REG_COVAR = 0.5

#: Levels outside the neighborhood's range from which a pixel is a spike.
_SPIKE = 30


def spikes(painting: Pixels) -> float:
    """Return the part of pixels that are spikes in any channel, in percent."""
    levels = painting.astype(int)
    around = np.ones((5, 5, 1), bool)
    around[2, 2] = False
    over = levels - maximum_filter(levels, footprint=around, mode="nearest")
    under = minimum_filter(levels, footprint=around, mode="nearest") - levels
    return 100 * float((np.maximum(over, under) > _SPIKE).any(2).mean())


def _line(path: Path, n_passes: int) -> str:
    original = images.read_image(path)
    height, width = (side - side % 2 for side in original.shape[:2])
    original = original[:height, :width]
    half = Image.fromarray(original).resize((width // 2, height // 2), Image.Resampling.LANCZOS)
    enlarged = half.resize((width, height), Image.Resampling.LANCZOS)
    small = np.asarray(half)
    n_components = height * width // 4 // _PIXELS_PER_COMPONENT
    model = gmmfast.fit_image(
        small, n_components, objective="picture", max_iter=n_passes, reg_covar=_REG_COVAR
    )
    painting = gmmfast.render_grid(model, (height, width), dtype=np.uint8)
    lanczos = images.psnr(np.asarray(enlarged), original)
    return (
        f"{path.stem[:16]:16} {n_components:6} {lanczos:8.2f} "
        f"{images.psnr(painting, original):9.2f} {spikes(painting):9.4f}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--passes", type=int, default=400)
    arguments = parser.parse_args()
    print("picture               K  Lanczos  painting  spikes %")
    for path in sorted(arguments.folder.iterdir()):
        if path.suffix.lower() in {".png", ".jpg"}:
            print(_line(path, arguments.passes), flush=True)


if __name__ == "__main__":
    main()

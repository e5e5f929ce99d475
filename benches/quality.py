"""Quality of sharp paintings: fit every picture of a folder, and print PSNR, SSIM and seconds.

    python benches/quality.py FOLDER -k 1000 4800 --passes 500 1000

SSIM is scikit-image's, of the colors together; without scikit-image its column is nan. A curve of
the mean PSNR against seconds follows, one line for each number of passes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import gmmfast
from gmmfast import images

try:
    from skimage.metrics import structural_similarity
except ImportError:
    structural_similarity = None

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

#: Extensions of pictures.
_PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"}

#: Width of the bar of the curve, in characters, and the PSNR at its left end.
_BAR_WIDTH, _BAR_FROM = 50, 15.0


class Result(NamedTuple):
    """A painting's quality and cost."""

    psnr: float
    ssim: float
    seconds: float
    rendering: float


def measured(pixels: Pixels, n_components: int, n_passes: int, n_threads: int | None) -> Result:
    """Fit a picture and compare its exact painting with it."""
    begin = time.perf_counter()
    model = gmmfast.fit_image(
        pixels,
        n_components,
        kind="color",  # SSIM compares colors, also those of a gray picture
        objective="picture",
        max_iter=n_passes,
        n_threads=n_threads,
    )
    fitted = time.perf_counter()
    shape = pixels.shape[:2]
    painting = gmmfast.render_grid(model, shape, dtype=np.uint8, n_threads=n_threads)
    end = time.perf_counter()
    ssim = np.nan
    if structural_similarity is not None:
        ssim = structural_similarity(painting, pixels, channel_axis=2)
    return Result(images.psnr(painting, pixels), ssim, fitted - begin, end - fitted)


def mean(results: Sequence[Result]) -> Result:
    """Return the means of all columns."""
    return Result(*np.mean(results, axis=0).tolist())


def main() -> None:
    """Print the table and the curve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("-k", "--n-components", type=int, nargs="+", default=[1000, 4800])
    parser.add_argument("--passes", type=int, nargs="+", default=[1000])
    parser.add_argument("--n-threads", type=int)
    arguments = parser.parse_args()
    paths = sorted(p for p in arguments.folder.iterdir() if p.suffix.lower() in _PICTURES)
    if not paths:
        parser.error(f"folder: expected pictures, got none in {arguments.folder}")
    # Imports of the first call take seconds.
    measured(images.read_image(paths[0])[:32, :32], 4, 1, arguments.n_threads)
    means = {}
    print("picture              K  passes    PSNR    SSIM  seconds  rendered in ms")
    for k in arguments.n_components:
        for n_passes in arguments.passes:
            results = []
            for path in paths:
                pixels = images.read_image(path)
                results.append(measured(pixels, k, n_passes, arguments.n_threads))
                print(_line(path.stem, k, n_passes, results[-1]), flush=True)
            means[k, n_passes] = mean(results)
            print(_line("mean", k, n_passes, means[k, n_passes]))
    print("\nmean PSNR")
    for (k, n_passes), result in means.items():
        bar = "#" * round(min(_BAR_WIDTH, max(0.0, 2 * (result.psnr - _BAR_FROM))))
        label = f"K {k:6} {n_passes:6} passes {result.seconds:7.1f} s"
        print(f"{label}  {result.psnr:6.2f} dB  {bar}")


def _line(name: str, k: int, n_passes: int, result: Result) -> str:
    return (
        f"{name[:16]:16} {k:6} {n_passes:7} {result.psnr:7.2f} {result.ssim:7.4f} "
        f"{result.seconds:8.1f} {1e3 * result.rendering:8.0f}"
    )


if __name__ == "__main__":
    main()

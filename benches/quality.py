"""Quality of sharp paintings: fit every picture of a folder, and print PSNR, SSIM and seconds.

    python benches/quality.py FOLDER -k 1000 4800 --passes 500 1000 --plot quality.png

SSIM is scikit-image's, of the colors together; without scikit-image its column is nan. The means
follow, and `--plot` draws them: PSNR against seconds, a line for each number of components.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import matplotlib as mpl
import numpy as np

import gmmfast
from gmmfast import images

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import ScalarFormatter

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


def plot(path: Path, means: dict[tuple[int, int], Result], title: str) -> None:
    """Draw PSNR against seconds, a line for each number of components."""
    fig, ax = plt.subplots(figsize=(7, 4.2), layout="constrained", dpi=110)
    for n_components in dict.fromkeys(k for k, _ in means):
        points = {passes: result for (k, passes), result in means.items() if k == n_components}
        seconds = [result.seconds for result in points.values()]
        psnr = [result.psnr for result in points.values()]
        ax.plot(seconds, psnr, "o-", ms=4, color="black", lw=1)
        ax.annotate(
            f"{n_components:,}", (seconds[-1], psnr[-1]), (6, 0), textcoords="offset points",
            va="center",
        )  # fmt: skip
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(ScalarFormatter())
    ax.margins(x=0.12)
    ax.set_xlabel("seconds")
    ax.set_ylabel("mean PSNR, dB")
    ax.set_title(title, loc="left", fontsize=10)
    ax.spines[["top", "right"]].set_visible(False)
    fig.savefig(path)


def main() -> None:
    """Print the table and the means, and plot them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("-k", "--n-components", type=int, nargs="+", default=[1000, 4800])
    parser.add_argument("--passes", type=int, nargs="+", default=[1000])
    parser.add_argument("--n-threads", type=int)
    parser.add_argument("--plot", type=Path)
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
    if arguments.plot:
        passes = ", ".join(map(str, arguments.passes))
        plot(arguments.plot, means, f"{len(paths)} pictures, after {passes} passes")


def _line(name: str, k: int, n_passes: int, result: Result) -> str:
    return (
        f"{name[:16]:16} {k:6} {n_passes:7} {result.psnr:7.2f} {result.ssim:7.4f} "
        f"{result.seconds:8.1f} {1e3 * result.rendering:8.0f}"
    )


if __name__ == "__main__":
    main()

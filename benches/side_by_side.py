"""gmmfast beside what it replaces, in one run, each result checked before it is timed.

The models are fitted here, on the photograph china.jpg that ships inside
scikit-learn: 500 components on its dark pixels, 1000 on (x, y, r, g, b). Times
are medians; a contestant is run until it has had `--seconds` or `--runs` runs,
at least three. Ratios are against gmmfast on one thread, of wall and of CPU
time, because scikit-learn's BLAS uses every core.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import _backend, images
from gmmfast._fit import FitOptions, fit, subset

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


#: Of every contestant, however slow: one run alone may be half as fast as the next.
MIN_RUNS = 3


@dataclass(frozen=True)
class Timing:
    """Median seconds of a contestant."""

    wall: float
    cpu: float
    n_runs: int


def time_of(work: Callable[[], object], budget: float, max_runs: int) -> Timing:
    """Return the medians of repeated runs, after those that checked the result."""
    # The threads of the BLAS that checked or ran last spin for a while, on our CPU time.
    time.sleep(1)
    walls, cpus = [], []
    while len(walls) < MIN_RUNS or (sum(walls) < budget and len(walls) < max_runs):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return Timing(median(walls), median(cpus), len(walls))


def chunked_mean(model, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return E[r, g, b | x, y] as NumPy does it well.

    Chunks that stay in cache, the squared distance written out, the sums over
    components by BLAS (experts are affine in x and y), and the exponent clipped
    at -700: unclipped, subnormal numbers make NumPy several times slower.
    """
    means, covariances = model.means_, model.covariances_
    precisions = np.linalg.inv(covariances[:, :2, :2])
    slopes = covariances[:, 2:, :2] @ precisions
    # Column blocks: value at the origin, slope in x, slope in y.
    at_origin = means[:, 2:] - np.einsum("kti,ki->kt", slopes, means[:, :2])
    experts = np.hstack([at_origin, slopes[:, :, 0], slopes[:, :, 1]])
    log_peaks = np.log(model.weights_) + 0.5 * np.linalg.slogdet(precisions)[1]
    xx, xy, yy = -0.5 * precisions[:, 0, 0], -precisions[:, 0, 1], -0.5 * precisions[:, 1, 1]
    result = np.empty((len(points), 3))
    step = 256
    for start in range(0, len(points), step):
        x, y = points[start : start + step].T[:, :, None]
        dx, dy = x - means[:, 0], y - means[:, 1]
        log_prob = (xx * dx + xy * dy) * dx + yy * dy**2 + log_peaks
        log_prob -= log_prob.max(axis=1, keepdims=True)
        shares = np.exp(np.maximum(log_prob, -700, out=log_prob), out=log_prob)
        sums = shares @ experts
        mean = sums[:, :3] + x * sums[:, 3:6] + y * sums[:, 6:]
        result[start : start + step] = mean / shares.sum(axis=1, keepdims=True)
    return result


def table(title: str, contestants: dict[str, Callable[[], object]], options) -> None:
    """Time every contestant, gmmfast on one thread first, and print the ratios."""
    print(f"\n{title}")
    print(f"  {'':<34}{'wall':>11}{'CPU':>11}{'x wall':>9}{'x CPU':>9}{'runs':>6}")
    base = None
    for name, work in contestants.items():
        timing = time_of(work, options.seconds, options.runs)
        base = base or timing
        ratios = f"{timing.wall / base.wall:9.1f}{timing.cpu / base.cpu:9.1f}"
        times = f"{timing.wall * 1e3:8.1f} ms{timing.cpu * 1e3:8.1f} ms"
        print(f"  {name:<34}{times}{ratios}{timing.n_runs:6}", flush=True)


def check(name: str, got: NDArray, want: NDArray, tolerance: float) -> None:
    """Stop unless both agree relative to the reference's own size."""
    error = float(np.max(np.abs(got - want) / (1 + np.abs(want))))
    if not error < tolerance:
        raise SystemExit(f"{name}: the results differ by {error:.3g}, over {tolerance:g}")
    print(f"checked: {name} agree to {error:.1e}", flush=True)


def main() -> None:
    """Fit the models, check the results, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="for each contestant")
    parser.add_argument("--runs", type=int, default=15, help="at most, for each contestant")
    parser.add_argument("--ink-components", type=int, default=500)
    parser.add_argument("--color-components", type=int, default=1000)
    options = parser.parse_args()
    level, n_threads = _backend.runtime_info()
    print(f"gmmfast {gmmfast.__version__}, {level}, {n_threads} threads")

    pixels = images.read_image(load_sample_image("china.jpg"))
    shape = pixels.shape[:2]
    points = images.color_points(pixels)

    ink = FitOptions(options.ink_components)
    drawing = fit(subset(images.ink_points(pixels), ink), ink)
    xy = np.ascontiguousarray(points[:, :2])
    ours = gmmfast.render_grid(drawing, shape, quantity="log_density").ravel()
    # scikit-learn's uncentred product is off by up to 5e-9 on narrow components.
    check("log-densities", ours, drawing.score_samples(xy), 1e-7)
    table(
        f"log-density of {shape[1]} x {shape[0]} pixels, {ink.n_components} components",
        {
            "gmmfast.render_grid, 1 thread": lambda: gmmfast.render_grid(
                drawing, shape, quantity="log_density", n_threads=1
            ),
            f"gmmfast.render_grid, {n_threads} threads": lambda: gmmfast.render_grid(
                drawing, shape, quantity="log_density"
            ),
            "gmmfast score_samples, 1 thread": lambda: gmmfast.Mixture.from_model(
                drawing
            ).score_samples(xy, n_threads=1),
            "scikit-learn score_samples": lambda: drawing.score_samples(xy),
        },
        options,
    )

    color = FitOptions(options.color_components)
    photograph = fit(subset(points, color), color)
    ours = gmmfast.render_grid(photograph, shape).reshape(-1, 3)
    check("conditional means", ours, chunked_mean(photograph, xy), 1e-12)
    rounded = np.rint(np.clip(ours, 0, 255))
    if not (gmmfast.render_grid(photograph, shape, dtype="uint8").reshape(-1, 3) == rounded).all():
        raise SystemExit("the uint8 painting is not the float64 one rounded")
    table(
        f"conditional mean of {shape[1]} x {shape[0]} pixels, {color.n_components} components",
        {
            "gmmfast.render_grid, 1 thread": lambda: gmmfast.render_grid(
                photograph, shape, n_threads=1
            ),
            f"gmmfast.render_grid, {n_threads} threads": lambda: gmmfast.render_grid(
                photograph, shape
            ),
            "gmmfast.render_grid uint8, 1 thread": lambda: gmmfast.render_grid(
                photograph, shape, dtype="uint8", n_threads=1
            ),
            "NumPy in chunks of 256, BLAS": lambda: chunked_mean(photograph, xy),
        },
        options,
    )


if __name__ == "__main__":
    main()

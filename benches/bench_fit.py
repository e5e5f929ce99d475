"""Whole fits of pictures: time, the effect of the start, and the memory of a large fit.

scikit-learn would take hours. Its k-means start is timed on a part of the pixels, and its
iterations as in bench_em.py; both are linear in the number of pixels and are scaled to all.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import load_sample_image

from bench_em import sklearn_step
from contestants import in_scikit_learn
from fitted import Array, load
from gmmfast import fit_image, images, render_grid
from timing import Budget, Contestant, check, time_of

if TYPE_CHECKING:
    from gmmfast import GaussianMixture

N_COMPONENTS, N_ITERATIONS = 1000, 100

#: Numbers of pixels on which scikit-learn's k-means and its steps of EM are timed.
KMEANS_PART, EM_PART = 40_000, 4000

#: Limits: seconds of a fit on two threads, and bytes of the process that fits the large picture.
MOST_SECONDS, MOST_BYTES = 15, 2e9


def fit(budget: Budget) -> None:
    """Fit 1000 components to all pixels of china.jpg, start included."""
    picture = load_sample_image("china.jpg")
    points = images.color_points(picture)

    def ours() -> GaussianMixture:
        return fit_image(picture, N_COMPONENTS, max_iter=N_ITERATIONS, tol=0, n_threads=2)

    start = time.perf_counter()
    model = ours()
    seconds = time.perf_counter() - start
    some = np.random.default_rng(0).choice(points, EM_PART, replace=False)
    check("log-densities of the fit, scikit-learn", *both_scores(model, some), 1e-7)
    if not (model.n_iter_ == N_ITERATIONS and (np.diff(model.lower_bounds_) > -1e-9).all()):
        raise SystemExit("the fit did not improve over all iterations")
    mark = "" if seconds <= MOST_SECONDS else "! "
    title = (
        f"fit_image, {len(points)} pixels, {N_COMPONENTS} components, {N_ITERATIONS} iterations"
    )
    print(f"\n{title}\n  {seconds:.2f} s on 2 threads, {mark}<= {MOST_SECONDS} s", flush=True)
    hours = sklearn_seconds(points, budget) / 3600
    print(
        f"  scikit-learn, extrapolated: {hours:.1f} h, {3600 * hours / seconds:.0f} times",
        flush=True,
    )


def both_scores(model: GaussianMixture, points: Array) -> tuple[Array, Array]:
    theirs = in_scikit_learn(
        load("photograph")._make((model.weights_, model.means_, model.covariances_))
    )
    return model.score_samples(points), theirs.score_samples(points)


def sklearn_seconds(points: Array, budget: Budget) -> float:
    """Return the seconds that scikit-learn would take for start and iterations."""
    rng, fitted = np.random.default_rng(0), load("photograph")
    part = rng.choice(points, EM_PART, replace=False)
    step = Contestant("step", lambda: sklearn_step(fitted, part), scale=len(points) / len(part))
    few = rng.choice(points, KMEANS_PART, replace=False)
    start = time.perf_counter()
    KMeans(N_COMPONENTS, n_init=1, random_state=0).fit(few)
    seconds = (time.perf_counter() - start) * len(points) / len(few)
    return seconds + N_ITERATIONS * time_of(step, budget).wall


def starts(_budget: Budget) -> None:
    """Print the log-likelihood, PSNR and time of a fit from each start, with equal iterations."""
    picture = load_sample_image("china.jpg")
    print("\nstarts: after 100 iterations, china.jpg")
    print(f"  {'':<38}{'log p / px':>11}{'PSNR / dB':>11}{'seconds':>11}")
    for n_components in (300, 1000):
        reached = {}
        for name in ("image", "kmeans", "k-means++"):
            begin = time.perf_counter()
            model = fit_image(picture, n_components, init_params=name, tol=0)
            seconds = time.perf_counter() - begin
            painting = render_grid(model, picture.shape[:2], dtype=np.uint8)
            reached[name] = np.array([model.lower_bound_, images.psnr(painting, picture)])
            cells = f"{reached[name][0]:11.4f}{reached[name][1]:11.3f}{seconds:11.1f}"
            print(f"  {f'{n_components} components, {name}':<38}{cells}", flush=True)
        rivals = np.maximum(reached["kmeans"], reached["k-means++"])
        best = (reached["image"] > rivals).all()
        print(f"  {'' if best else '! '}image is better in both", flush=True)


def large(_budget: Budget) -> None:
    """Print the peak memory of a process that fits 10,000 components to twelve megapixels."""
    if sys.platform != "linux":
        print("\na large fit: measured on Linux only")
        return
    start = time.perf_counter()
    command = [sys.executable, "-W", "ignore", __file__]
    peak = int(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603
    mark = "" if peak <= MOST_BYTES else "! "
    print("\nfit_image, 4000 x 3000 pixels, 10000 components, 2 iterations")
    print(f"  {time.perf_counter() - start:.1f} s, the process included")
    print(f"  {peak / 1e9:.2f} GB at most, the picture included, {mark}<= {MOST_BYTES / 1e9:g} GB")


def main() -> None:
    """Fit china.jpg at twelve megapixels, with noise of one level, and print the peak in bytes."""
    from PIL import Image  # noqa: PLC0415 (only in the process that is measured)

    china = Image.fromarray(load_sample_image("china.jpg"))
    picture = np.array(china.resize((4000, 3000), Image.Resampling.BICUBIC))
    noise = np.random.default_rng(0).integers(0, 2, picture.shape, dtype=np.uint8)
    picture += noise * (picture < 255)
    del noise
    model = fit_image(picture, 10_000, max_iter=2, tol=0)
    if not (len(model.means_) == 10_000 and np.isfinite(model.lower_bound_)):
        raise SystemExit("the large picture is not fitted")
    status = Path("/proc/self/status").read_text(encoding="ascii")
    print(1024 * int(status.split("VmHWM:")[1].split()[0]))


if __name__ == "__main__":
    main()

"""A whole script, `article.py`, run by scikit-learn alone and by `python -m gmmfast`.

Each run is a process of its own, imports included, with the threads that each side takes by
default. The script takes minutes with scikit-learn, which therefore runs once.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import sklearn.datasets

from timing import check

if TYPE_CHECKING:
    from fitted import Array
    from timing import Budget

SCRIPT = Path(__file__).with_name("article.py")
CHINA = Path(sklearn.datasets.__file__).with_name("images") / "china.jpg"

N_COMPONENTS = int(os.environ.get("GMMFAST_BENCH_COMPONENTS", "500"))
N_RUNS = 5


def article(_budget: Budget) -> None:
    """Print the seconds of the whole script on both sides."""
    picture = Path(os.environ.get("GMMFAST_BENCH_PICTURE", CHINA))
    note = "" if picture != CHINA else " (set GMMFAST_BENCH_PICTURE for another picture)"
    print(f"\nthe article's script, {picture.name}, {N_COMPONENTS} components{note}", flush=True)
    runs = [run(["-m", "gmmfast"], picture) for _ in range(N_RUNS)]
    ours = runs[0][1]
    seconds, theirs = run([], picture)
    # EM may stop an iteration apart, where the gain is close to the tolerance.
    print(f"iterations: {ours['n_iter']} and {theirs['n_iter']} of scikit-learn", flush=True)
    for name, tolerance in (("lower_bound", 1e-3), ("means", 1e-3), ("log_density", 1e-2)):
        if ours["n_iter"] == theirs["n_iter"] or name == "lower_bound":
            check(name, ours[name], theirs[name], tolerance)
    wall = median(took for took, _ in runs)
    print(f"  {'python -m gmmfast':<38}{wall:9.2f} s{1:10.2f}")
    print(f"  {'python':<38}{seconds:9.2f} s{seconds / wall:10.2f}", flush=True)


def run(options: list[str], picture: Path) -> tuple[float, dict[str, Array]]:
    """Return the seconds of a run of the script, and its result."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "result.npz")
        command = [sys.executable, "-W", "ignore", *options, str(SCRIPT), str(picture)]
        start = time.perf_counter()
        subprocess.run([*command, str(path), str(N_COMPONENTS)], check=True)  # noqa: S603
        seconds = time.perf_counter() - start
        with np.load(path) as archive:
            return seconds, dict(archive)

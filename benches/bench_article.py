"""A whole script, `article.py`, run by scikit-learn alone and by `python -m gmmfast`.

Each run is a separate process with the default number of threads; its time includes imports. The
script takes minutes with scikit-learn, so that run is not repeated. The picture is resized to
600 x 405 before, because decoding a large file can take longer than everything else.
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
from PIL import Image

from contestants import in_scikit_learn
from fitted import Model
from timing import check

if TYPE_CHECKING:
    from fitted import Array
    from timing import Budget

SCRIPT = Path(__file__).with_name("article.py")
CHINA = Path(sklearn.datasets.__file__).with_name("images") / "china.jpg"

N_COMPONENTS = int(os.environ.get("GMMFAST_BENCH_COMPONENTS", "500"))
N_RUNS = 5

#: The size of the picture and of the script's grid.
WIDTH, HEIGHT = 600, 405

#: The distance of the pixels that are checked.
STRIDE = 101


def article(_budget: Budget) -> None:
    """Print the seconds of the whole script on both sides."""
    picture = Path(os.environ.get("GMMFAST_BENCH_PICTURE", CHINA))
    note = "" if picture != CHINA else " (set GMMFAST_BENCH_PICTURE for another picture)"
    print(f"\nthe article's script, {picture.name}, {N_COMPONENTS} components{note}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder, "picture.png")
        Image.open(picture).convert("L").resize((WIDTH, HEIGHT)).save(small)
        runs = [run(["-m", "gmmfast"], small) for _ in range(N_RUNS)]
        seconds, theirs = run([], small)
    ours = runs[0][1]
    # The k-means starts may assign pixels at equal distance from two centers differently, so the
    # fits are close but not equal. The log-densities are compared under one model.
    check("mean log-likelihoods of both fits", ours["lower_bound"], theirs["lower_bound"], 1e-3)
    model = in_scikit_learn(Model(*(ours[name] for name in Model._fields)))
    y, x = np.divmod(np.arange(0, ours["log_density"].size, STRIDE), WIDTH)
    expected = model.score_samples(np.column_stack([x, y]).astype(float))
    check("log-densities, scikit-learn", ours["log_density"][::STRIDE], expected, 1e-7)
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

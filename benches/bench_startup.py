"""From the keystroke to the picture: imports, the help, and `gmmfast paint` in fresh processes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from sklearn.datasets import load_sample_image

from gmmfast import fit_image, images, render_grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from timing import Budget

#: The limits: `import gmmfast` by `import numpy`, seconds of the help, and the command by its
#: fit, rendering and writing.
IMPORT, HELP, PAINT = 1.5, 0.25, 1.2

#: Runs of a short process, and of a painting.
SHORT, LONG = 21, 5


def startup(_budget: Budget) -> None:
    print("\nfrom the keystroke to the picture, medians of fresh processes")
    numpy = seconds_of(["-c", "import numpy"])
    line("import numpy", numpy)
    own = seconds_of(["-c", "import gmmfast"])
    line("import gmmfast", own, own / numpy, IMPORT, "of numpy's")
    line("gmmfast --help", help_ := seconds_of(["-m", "gmmfast.cli", "--help"]), help_, HELP, "s")
    wholes, parts = zip(*(paint() for _ in range(LONG)), strict=True)
    ratio = median(whole / part for whole, part in zip(wholes, parts, strict=True))
    line("fit, render and write", median(parts))
    line("gmmfast paint -k 1000", median(wholes), ratio, PAINT, "of these")


def line(name: str, seconds: float, got: float = 0.0, most: float = 0.0, unit: str = "") -> None:
    """Print a time and its target."""
    target = f"{got:6.2f} {'' if got <= most else '! '}<= {most:g} {unit}" if most else ""
    print(f"  {name:<38}{seconds:8.3f} s{target}", flush=True)


def seconds_of(arguments: list[str]) -> float:
    """Return the median wall time of a process."""
    times = []
    for _ in range(SHORT):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        times.append(time.perf_counter() - start)
    return median(times)


def paint() -> tuple[float, float]:
    """Return the wall time of the command, and the part of its fit, rendering and writing."""
    command = [sys.executable, "-m", "gmmfast.cli", "paint", "-k", "1000", "-o", "painting.png"]
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        run = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603
        whole = time.perf_counter() - start
        painting = images.read_image(Path(folder, "painting.png"))
    if not np.array_equal(painting, expected()):
        raise SystemExit("gmmfast paint: another painting than that of fit_image")
    report = dict(row.split(maxsplit=1) for row in run.stdout.splitlines())
    return whole, sum(float(report[step].split()[0]) for step in ("fit", "render", "write"))


@cache
def expected() -> NDArray[np.uint8]:
    """Return the painting of `fit_image` and `render_grid`."""
    picture = load_sample_image("china.jpg")
    model = fit_image(picture, 1000, kind="color")
    return render_grid(model, picture.shape[:2], dtype=np.uint8)

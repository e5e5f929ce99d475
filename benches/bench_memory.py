"""Peak memory above the result; each render runs in its own process (Linux only)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from timing import Budget

SCRIPT = Path(__file__).parents[1] / "tests" / "peak_memory.py"

#: The limit in MiB.
TARGET = 64

#: Numbers of components and features, height (= width), threads, dtype.
CASES = (
    (1000, 5, 4096, 1, "float64"),
    (1000, 5, 4096, 2, "uint8"),
    (100_000, 2, 4096, 1, "float64"),
    (100_000, 2, 4096, 2, "float64"),
    (100_000, 5, 2048, 1, "float64"),
    (100_000, 5, 2048, 2, "float64"),
)


def memory(_budget: Budget) -> None:
    if sys.platform != "linux":
        print("\npeak memory: measured on Linux only")
        return
    print("\npeak memory above the result, MiB")
    for case in CASES:
        n_components, n_features, height, n_threads, dtype = case
        command = [sys.executable, str(SCRIPT), *map(str, case)]
        peak = float(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603
        quantity = "density" if n_features == 2 else "mean"
        name = f"{quantity}, {height} x {height}, {dtype}, {n_components} components"
        mark = "" if peak <= TARGET else "! "
        limit = f"{mark}<= {TARGET}"
        print(f"  {name:<52}{n_threads} threads{peak:8.1f}{limit:>11}", flush=True)

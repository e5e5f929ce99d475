"""Tables of gmmfast and its alternatives in one run. Each result is checked before it is timed.

The models are those of fitted.npz, or are made from china.jpg or a seed. The tables are
in bench_*.py, one file for each subject. Times are medians. A contestant is run until it
has taken `--seconds` or has had `--runs` runs, but at least three times. Ratios are to the
first line of each table; "!" marks a missed target. `--write` also stores the times in
side_by_side.json, whose history in git the documentation draws.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import bench_article
import bench_conditional
import bench_em
import bench_fit
import bench_grid
import bench_memory
import bench_sampling
import bench_scaling
import bench_scattered
import bench_startup
import gmmfast
from gmmfast import _core
from timing import RECORDED, Budget, one_thread

STORED = Path(__file__).with_name("side_by_side.json")

TABLES = {
    "log-density": bench_grid.log_density,
    "mean": bench_grid.mean,
    "uint8": bench_grid.levels,
    "fill": bench_scaling.memory_speed,
    "threads": bench_scaling.threads,
    "components": bench_scaling.components,
    "pixels": bench_scaling.pixels,
    "scattered": bench_scattered.scattered,
    "conditional": bench_conditional.conditional,
    "regression": bench_conditional.regression,
    "sampling": bench_sampling.sampling,
    "memory": bench_memory.memory,
    "em": bench_em.em,
    "fit": bench_fit.fit,
    "starts": bench_fit.starts,
    "large": bench_fit.large,
    "article": bench_article.article,
    "startup": bench_startup.startup,
}


def main() -> None:
    """Print the named tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = ", ".join(TABLES)
    parser.add_argument("tables", nargs="*", metavar="table", help=f"all by default: {names}")
    parser.add_argument("--seconds", type=float, default=Budget.seconds, help="a contestant")
    parser.add_argument("--runs", type=int, default=Budget.runs, help="at most, a contestant")
    parser.add_argument("--write", action="store_true", help="store the times, too")
    options = parser.parse_args()
    if unknown := set(options.tables) - set(TABLES):
        parser.error(f"unknown table {', '.join(sorted(unknown))}; there are {names}")
    level, n_threads, *_ = _core.runtime_info()
    print(f"gmmfast {gmmfast.__version__}, {level}, {n_threads} threads")
    with one_thread():
        for name in options.tables or TABLES:
            TABLES[name](Budget(options.seconds, options.runs))
    if options.write:
        stored = json.loads(STORED.read_text())["seconds"] if STORED.exists() else {}
        machine = f"{level}, {n_threads} threads"
        text = json.dumps({"machine": machine, "seconds": {**stored, **RECORDED}}, indent=1)
        STORED.write_text(text + "\n")


if __name__ == "__main__":
    main()

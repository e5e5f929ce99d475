"""Time contestants one after the other; print ratios to the first.

Callers check each result first. All contestants have one thread, also in BLAS and numba
(`one_thread`), unless a name contains another number. Targets are for CPU time, unless they are
for threads: on one thread of an idle machine it equals the wall time, and on a busy machine it
is less disturbed.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import numba
import numpy as np
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

#: Runs of every contestant, however slow, because a single run may take twice as long as the next.
MIN_RUNS = 3

#: The times in seconds of every table that was printed: title, contestant, "wall" or "cpu".
RECORDED: dict[str, dict[str, dict[str, float]]] = {}


@dataclass(frozen=True)
class Budget:
    """The limits of a contestant's runs: seconds and runs, but at least `MIN_RUNS` runs."""

    seconds: float = 1.5
    runs: int = 51


@dataclass(frozen=True)
class Contestant:
    """One line of a table."""

    name: str
    work: Callable[[], object]
    #: The least or the largest ratio of its time to that of the first line.
    at_least: float | None = None
    at_most: float | None = None
    #: Whether the target is for wall time, as with several threads, or for CPU time.
    of_wall: bool = False
    #: The factor of its times; above 1 where it does a part of the work.
    scale: float = 1.0


@dataclass(frozen=True)
class Timing:
    """Median seconds."""

    wall: float
    cpu: float
    n_runs: int


def all_threads() -> threadpool_limits:
    """Give BLAS its default number of threads within the context."""
    return threadpool_limits(os.cpu_count())


@contextmanager
def one_thread() -> Iterator[None]:
    """Give BLAS and numba one thread."""
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    with threadpool_limits(1):
        yield
    numba.set_num_threads(before)


def time_of(contestant: Contestant, budget: Budget) -> Timing:
    """Return the medians of repeated runs."""
    walls: list[float] = []
    cpus: list[float] = []
    while len(walls) < MIN_RUNS or (sum(walls) < budget.seconds and len(walls) < budget.runs):
        wall, cpu = time.perf_counter(), time.process_time()
        contestant.work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    scale = contestant.scale
    return Timing(median(walls) * scale, median(cpus) * scale, len(walls))


def table(title: str, contestants: list[Contestant], budget: Budget) -> None:
    """Time every contestant and print ratios to the first, with targets."""
    print(f"\n{title}")
    print(f"  {'':<38}{'wall':>11}{'CPU':>11}{'x wall':>10}{'x CPU':>10}{'target':>11}{'runs':>6}")
    base = None
    for contestant in contestants:
        timing = time_of(contestant, budget)
        times = {"wall": timing.wall, "cpu": timing.cpu}
        RECORDED.setdefault(title, {})[contestant.name] = times
        base = base or timing
        wall, cpu = timing.wall / base.wall, timing.cpu / base.cpu
        mark = target(contestant, wall if contestant.of_wall else cpu)
        cells = f"{shown(timing.wall):>11}{shown(timing.cpu):>11}"
        cells += f"{wall:10.2f}{cpu:10.2f}{mark:>11}"
        print(f"  {contestant.name:<38}{cells}{timing.n_runs:6}", flush=True)


def target(contestant: Contestant, ratio: float) -> str:
    """Return the target as text, with "!" where the ratio misses it."""
    if contestant.at_least is not None:
        return f"{'' if ratio >= contestant.at_least else '! '}>= {contestant.at_least:g}"
    if contestant.at_most is not None:
        return f"{'' if ratio <= contestant.at_most else '! '}<= {contestant.at_most:g}"
    return ""


def shown(seconds: float) -> str:
    """Return the time as text, in a unit that gives it about three digits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.4g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def check(name: str, got: NDArray, want: NDArray, tolerance: float) -> None:
    """Stop unless both agree relative to the size of the reference."""
    error = float(np.max(np.abs(got - want) / (1 + np.abs(want))))
    if not error < tolerance:
        raise SystemExit(f"{name}: the results differ by {error:.3g}, over {tolerance:g}")
    print(f"checked: {name} agree to {error:.1e}", flush=True)


def check_levels(got: NDArray[np.uint8], exact: NDArray[np.float64]) -> None:
    """Stop unless the levels are those of `exact`, except within 0.02 of a tie."""
    clipped = np.clip(exact, 0, 255)
    is_clear = np.abs(clipped - np.floor(clipped) - 0.5) > 0.02
    differences = np.abs(got - np.rint(clipped))
    if differences.max() > 1 or differences[is_clear].any():
        raise SystemExit("the uint8 picture is not the float64 one rounded")
    print("checked: the uint8 picture is the float64 one rounded", flush=True)

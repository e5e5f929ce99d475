"""Reports of a fit's progress, to a callable or a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from gmmfast._validation import describe

#: Seconds between two lines within an iteration.
_INTERVAL = 0.5

#: Called with the part of a sum over the data that is done, from 0 to 1.
Advance = Callable[[float], object]

#: Type of the argument `progress=`.
Progress = bool | None | Callable[[int, float], object]


class Report:
    """Reports the iterations of a fit.

    Parameters
    ----------
    progress : bool, None or callable
        Called with the number of iterations of this initialization and the score, after
        each; True writes a line on standard error, if that is a terminal.
    max_iter : int
        The most iterations, which that line shows.
    score : str
        Name of the score in that line.
    """

    def __init__(self, progress: Progress, max_iter: int, *, score: str = "lower bound") -> None:
        self._progress = _checked(progress, max_iter, score)

    @property
    def is_watched(self) -> bool:
        """Whether anything may use the fitted object during the fit."""
        return self._progress is not None

    @property
    def advance(self) -> Advance | None:
        """A callable that shows the part of an iteration that is done, or None without a line."""
        return self._progress.advance if isinstance(self._progress, _Line) else None

    def begin(self, n_init: int, attributes: Callable[[], dict[str, Any]]) -> None:
        """Report the begin of the fit; `attributes()` returns those of a fitted estimator."""

    def begin_initialization(self, init: int) -> None:
        """Report that an initialization begins, the first of number 0."""

    def begin_iteration(self, n_iter: int) -> None:
        """Report that an iteration begins, the first of number 1."""
        if isinstance(self._progress, _Line):
            self._progress.begin(n_iter)

    def end_iteration(self, n_iter: int, score: float, change: float = 0.0) -> bool:
        """Report the end of an iteration; return whether the fit must stop."""
        del change
        if self._progress is not None:
            self._progress(n_iter, score)
        return False

    def end_iterations(self, score: float, *, converged: bool) -> None:
        """Report that the iterations of an initialization have ended."""

    def end_initialization(self) -> None:
        """Report the end of an initialization."""
        if isinstance(self._progress, _Line):
            self._progress.finish()

    def end(self) -> None:
        """Report the end of the fit."""


def _checked(
    progress: Progress, max_iter: int, score: str
) -> Callable[[int, float], object] | None:
    if progress is None or progress is False:
        return None
    if progress is True:
        return _Line(max_iter, score) if sys.stderr.isatty() else None
    if callable(progress):
        return progress
    raise TypeError(
        f"progress: expected True, None or a callable of (n_iter, score), got {describe(progress)}"
    )


class _Line:
    """A line on standard error that is overwritten after each iteration, and within long ones."""

    def __init__(self, max_iter: int, score: str) -> None:
        self._max_iter, self._score = max_iter, score
        self._start = self._written = time.perf_counter()
        self._is_open, self._n_iter, self._n_done = False, 0, 0
        self._last, self._length = "", 0

    def begin(self, n_iter: int) -> None:
        """Begin an iteration. The time of those that an earlier fit did is not known."""
        self._n_iter = n_iter - 1
        if not self._n_done:
            self._start = time.perf_counter()

    def advance(self, part: float) -> None:
        """Show the part of the iteration that is done, a few times a second."""
        if time.perf_counter() - self._written > _INTERVAL and 0 < part < 1:
            self._write(f"iteration {self._n_iter + 1}/{self._max_iter}, {part:.0%}", part)

    def __call__(self, n_iter: int, score: float) -> None:
        self._n_iter, self._last = n_iter, f"  {self._score} {score:.6g}"
        self._n_done += 1
        self._write(f"iteration {n_iter}/{self._max_iter}", 0.0)

    def _write(self, text: str, part: float) -> None:
        self._written = time.perf_counter()
        seconds = self._written - self._start
        rest = seconds / (self._n_done + part) * (self._max_iter - self._n_iter - part)
        line = f"{text}{self._last}  at most {rest:.0f} s left, {seconds:.1f} s"
        sys.stderr.write(f"\r{line:<{self._length}}")
        self._length = len(line)
        sys.stderr.flush()
        self._is_open = True

    def finish(self) -> None:
        """End the line, to start the next output on a new one."""
        if self._is_open:
            sys.stderr.write("\n")
        self._is_open = False

"""Reports of a fit's progress: to a callable, a terminal, and scikit-learn's callbacks.

scikit-learn has callbacks since version 1.9 (`sklearn.callback`). With older versions
`CallbackSupport` adds nothing to an estimator.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from gmmfast._validation import describe

try:
    from sklearn.callback import CallbackSupportMixin as CallbackSupport
    from sklearn.callback import with_callbacks
except ImportError:  # scikit-learn < 1.9

    class CallbackSupport:  # type: ignore[no-redef]
        """An empty base class, in versions without callbacks."""

    def with_callbacks(method: Any) -> Any:
        """Return the method."""
        return method


__all__ = ["CallbackSupport", "FitReport", "Progress", "with_callbacks"]

#: Type of the argument `progress=`.
Progress = bool | None | Callable[[int, float], object]


class FitReport:
    """Reports the iterations of a fit.

    Parameters
    ----------
    estimator : estimator
        The estimator with the callbacks, if it has any.
    data : dict
        X, y and metadata, as passed to scikit-learn's callbacks.
    progress : bool, None or callable
        Called with the number of iterations of this initialization and the score, after
        each; True writes a line on standard error, if that is a terminal.
    score : str
        Name of the score in that line.
    """

    def __init__(
        self,
        estimator: Any,
        data: dict[str, Any],
        progress: Progress,
        *,
        score: str = "lower bound",
    ) -> None:
        self._estimator, self._data = estimator, data
        self._progress = _checked(progress, estimator.max_iter, score)
        self._contexts: list[Any] = []
        self._attributes: Callable[[], dict[str, Any]] = dict

    def begin(self, n_init: int, attributes: Callable[[], dict[str, Any]]) -> None:
        """Report the begin of the fit; `attributes()` returns those of a fitted estimator."""
        self._attributes = attributes
        if getattr(self._estimator, "_skl_callbacks", None) or hasattr(
            self._estimator, "_parent_callback_ctx"
        ):
            self._open(self._estimator._init_callback_context(max_subtasks=n_init))  # noqa: SLF001

    @property
    def is_watched(self) -> bool:
        """Whether a callback or `progress` may use the estimator during the fit."""
        return self._progress is not None or bool(self._contexts)

    def begin_initialization(self) -> None:
        """Report that the next initialization begins."""
        self._open_task("initialization", self._estimator.max_iter)

    def begin_iteration(self) -> None:
        """Report that the next iteration begins."""
        self._open_task("iteration", 0)

    def end_iteration(self, n_iter: int, score: float) -> bool:
        """Report the end of an iteration; return whether a callback requests to stop."""
        if self._progress is not None:
            self._progress(n_iter, score)
        return self.end()

    def end_initialization(self) -> None:
        """Report the end of an initialization."""
        if isinstance(self._progress, _Line):
            self._progress.finish()
        self.end()

    def end(self) -> bool:
        """Report the end of the task that began last."""
        if not self._contexts:
            return False
        context = self._contexts.pop()
        return bool(
            context.call_on_fit_task_end(
                estimator=self._estimator,
                reconstruction_attributes=self._attributes,
                **self._data,
            )
        )

    def _open_task(self, name: str, max_subtasks: int) -> None:
        if self._contexts:
            self._open(self._contexts[-1].subcontext(task_name=name, max_subtasks=max_subtasks))

    def _open(self, context: Any) -> None:
        context.call_on_fit_task_begin(estimator=self._estimator, **self._data)
        self._contexts.append(context)


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
    """A line on standard error that is overwritten after each iteration."""

    def __init__(self, max_iter: int, score: str) -> None:
        self._max_iter, self._score, self._start = max_iter, score, time.perf_counter()
        self._is_open, self._first = False, max_iter

    def __call__(self, n_iter: int, score: float) -> None:
        seconds = time.perf_counter() - self._start
        self._first = min(self._first, n_iter)  # more than 1 if the fit goes on
        text = f"\riteration {n_iter}/{self._max_iter}  {self._score} {score:.6g}"
        rest = seconds / (n_iter - self._first + 1) * (self._max_iter - n_iter)
        sys.stderr.write(f"{text}  {seconds:.1f} s, at most {rest:.0f} s left ")
        sys.stderr.flush()
        self._is_open = True

    def finish(self) -> None:
        """End the line, to start the next output on a new one."""
        if self._is_open:
            sys.stderr.write("\n")
        self._is_open = False

"""Reports of a fit's progress to scikit-learn's hooks and callbacks.

scikit-learn has callbacks since version 1.9 (`sklearn.callback`). With older versions
`CallbackSupport` adds nothing to an estimator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gmmfast.estimators.fallback import has_own_hook
from gmmfast.fitting.report import Progress, Report

if TYPE_CHECKING:
    from collections.abc import Callable

try:
    from sklearn.callback import CallbackSupportMixin as CallbackSupport
    from sklearn.callback import with_callbacks
except ImportError:  # scikit-learn < 1.9

    class CallbackSupport:  # type: ignore[no-redef]
        """An empty base class, in versions without callbacks."""

    def with_callbacks(method: Any) -> Any:
        """Return the method."""
        return method


__all__ = ["CallbackSupport", "FitReport", "with_callbacks"]


class FitReport(Report):
    """Reports the iterations of an estimator's fit, to its hooks and callbacks, too.

    Parameters
    ----------
    estimator : estimator
        The estimator with the hooks, and with the callbacks, if it has any.
    data : dict
        X, y and metadata, as passed to scikit-learn's callbacks.
    progress : bool, None or callable
        See `Report`.
    """

    def __init__(self, estimator: Any, data: dict[str, Any], progress: Progress) -> None:
        super().__init__(progress, estimator.max_iter)
        self._estimator, self._data = estimator, data
        self._contexts: list[Any] = []
        self._attributes: Callable[[], dict[str, Any]] = dict

    @property
    def is_watched(self) -> bool:
        """Whether a hook, a callback or `progress` may use the estimator during the fit."""
        estimator = self._estimator
        has_hook = bool(estimator.verbose) or has_own_hook(estimator)
        return has_hook or super().is_watched or bool(self._contexts)

    def begin(self, n_init: int, attributes: Callable[[], dict[str, Any]]) -> None:
        """Report the begin of the fit; `attributes()` returns those of a fitted estimator."""
        self._attributes = attributes
        if getattr(self._estimator, "_skl_callbacks", None) or hasattr(
            self._estimator, "_parent_callback_ctx"
        ):
            self._open(self._estimator._init_callback_context(max_subtasks=n_init))

    def begin_initialization(self, init: int) -> None:
        """Report that an initialization begins, the first of number 0."""
        self._estimator._print_verbose_msg_init_beg(init)
        self._open_task("initialization", self._estimator.max_iter)

    def begin_iteration(self, n_iter: int) -> None:
        """Report that an iteration begins, the first of number 1."""
        super().begin_iteration(n_iter)
        self._open_task("iteration", 0)

    def end_iteration(self, n_iter: int, score: float, change: float = 0.0) -> bool:
        """Report the end of an iteration; return whether a callback requests to stop."""
        self._estimator._print_verbose_msg_iter_end(n_iter, change)
        super().end_iteration(n_iter, score)
        return self._close()

    def end_iterations(self, score: float, *, converged: bool) -> None:
        """Report that the iterations of an initialization have ended."""
        self._estimator._print_verbose_msg_init_end(score, converged)

    def end_initialization(self) -> None:
        """Report the end of an initialization."""
        super().end_initialization()
        self._close()

    def end(self) -> None:
        """Report the end of the fit."""
        self._close()

    def _close(self) -> bool:
        """Report the end of the task that began last; return whether to stop."""
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

"""Reports of calls: whether a method was accelerated or fell back to scikit-learn, and why.

Every report is logged, as logger `gmmfast`. In strict mode a fallback raises an error. Observers,
such as profiles, receive each call of a public method when it has ended. A method that another
one calls belongs to the outer call.
"""

from __future__ import annotations

import functools
import logging
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    Observer = Callable[["Call"], object]

Method = TypeVar("Method", bound="Callable[..., Any]")

logger = logging.getLogger("gmmfast")
logger.addHandler(logging.NullHandler())

#: Packages between the code of a user and a method.
_BETWEEN = {"gmmfast", "sklearn", "joblib"}


class FallbackError(RuntimeError):
    """A call cannot be accelerated in strict mode.

    `patch_sklearn(strict=True)`, `python -m gmmfast --strict` and `GMMFAST_STRICT=1` turn
    strict mode on.
    """


class Fallback(NamedTuple):
    """A call that ran scikit-learn's own code.

    Parameters
    ----------
    method : str
        Names of the class and the method.
    reason : str
        Why the call was not accelerated.
    file : str
        The file of the nearest code outside gmmfast, scikit-learn and the libraries between.
    line : int
        The line in that file.
    """

    method: str
    reason: str
    file: str
    line: int


@dataclass
class Call:
    """A call of a public method, complete when it has ended."""

    method: str
    seconds: float = 0.0
    has_run: bool = False
    fallbacks: list[Fallback] = field(default_factory=list)


class _State(threading.local):
    call: Call | None = None  # the outermost call that runs in this thread


class _StandardError(logging.Handler):
    """Write to the current sys.stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(f"gmmfast: {record.getMessage()}\n")


_handler = _StandardError()
_state = _State()
_observers: list[Observer] = []
_is_strict = False

if hasattr(os, "register_at_fork"):  # observers of the parent do not see the child's calls
    os.register_at_fork(after_in_child=_observers.clear)


def set_verbose(*, verbose: bool) -> None:
    """Start or stop writing the log to standard error."""
    if verbose == (_handler in logger.handlers):
        return
    if verbose:
        logger.addHandler(_handler)
        logger.setLevel(logging.INFO)
    else:
        logger.removeHandler(_handler)
        logger.setLevel(logging.NOTSET)


def set_strict(*, strict: bool) -> None:
    """Start or stop raising FallbackError where a call would fall back."""
    global _is_strict  # noqa: PLW0603 (strict mode is global)
    _is_strict = strict


def observe(observer: Observer) -> None:
    """Begin to pass each call that ends to the observer."""
    _observers.append(observer)


def stop_observing(observer: Observer) -> None:
    """End what `observe` began."""
    if observer in _observers:  # a forked process has none
        _observers.remove(observer)


def observed(name: str) -> Callable[[Method], Method]:
    """Return a decorator of a public method, whose calls are passed to the observers.

    A call that has neither been accelerated nor fallen back nor failed is not passed on: then an
    override has done all.
    """

    def decorate(method: Method) -> Method:
        @functools.wraps(method)
        def observed_method(estimator: Any, *args: Any, **kwargs: Any) -> Any:
            if not _observers or _state.call is not None:
                return method(estimator, *args, **kwargs)
            call = _state.call = Call(_full_name(estimator, name))
            start = time.perf_counter()
            try:
                return method(estimator, *args, **kwargs)
            except BaseException:
                call.has_run = True
                raise
            finally:
                _state.call = None
                call.seconds = time.perf_counter() - start
                for observer in list(_observers) if call.has_run else ():
                    observer(call)

        return cast("Method", observed_method)

    return decorate


def accelerated(estimator: Any, method: str) -> None:
    """Report that a method ran on gmmfast's kernels."""
    logger.info("%s: accelerated", _full_name(estimator, method))
    if _state.call is not None:
        _state.call.has_run = True


def fallback(estimator: Any, method: str, reason: str) -> None:
    """Report that scikit-learn's own code is about to run, and why.

    Raises
    ------
    FallbackError
        If strict mode is on.
    """
    name = _full_name(estimator, method)
    logger.info("%s: fallback to scikit-learn: %s", name, reason)
    if _state.call is not None:
        _state.call.has_run = True
        frame = _frame_of_user()
        place = frame.f_code.co_filename, frame.f_lineno
        _state.call.fallbacks.append(Fallback(name, reason, *place))
    if _is_strict:
        raise FallbackError(
            f"{name}: expected a call that gmmfast accelerates, got one that falls back to "
            f"scikit-learn: {reason}; remove the cause, or turn strict mode off to run "
            "scikit-learn's code"
        )


def _full_name(estimator: Any, method: str) -> str:
    return f"{type(estimator).__name__}.{method}"


def _frame_of_user() -> FrameType:
    """Return the nearest frame outside gmmfast, scikit-learn and the libraries between.

    In a thread that the standard library started there is none; then the library's is returned.
    """
    nearest = None
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 (the only way to a frame)
    while frame is not None:
        package = str(frame.f_globals.get("__name__")).partition(".")[0]
        if package not in _BETWEEN:
            nearest = nearest or frame
            if package not in sys.stdlib_module_names:
                return frame
        frame = frame.f_back
    return nearest or sys._getframe(1)  # noqa: SLF001

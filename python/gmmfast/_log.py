"""What was accelerated and what was not, for those who ask: the logger `gmmfast`."""

from __future__ import annotations

import logging
import sys
from typing import Any

logger = logging.getLogger("gmmfast")
logger.addHandler(logging.NullHandler())


class _StandardError(logging.Handler):
    """Writes on whatever sys.stderr is at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(f"gmmfast: {record.getMessage()}\n")


_handler = _StandardError()


def set_verbose(*, verbose: bool) -> None:
    """Write what is logged on standard error, or no longer."""
    if verbose == (_handler in logger.handlers):
        return
    if verbose:
        logger.addHandler(_handler)
        logger.setLevel(logging.INFO)
    else:
        logger.removeHandler(_handler)
        logger.setLevel(logging.NOTSET)


def accelerated(estimator: Any, method: str) -> None:
    """Log that a method ran on gmmfast's kernels."""
    logger.info("%s.%s: accelerated", type(estimator).__name__, method)


def fallback(estimator: Any, method: str, reason: str) -> None:
    """Log that scikit-learn's own code ran, and why."""
    logger.info("%s.%s: fallback to scikit-learn: %s", type(estimator).__name__, method, reason)

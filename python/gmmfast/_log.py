"""Logs whether each call was accelerated or fell back to scikit-learn, as logger `gmmfast`."""

from __future__ import annotations

import logging
import sys
from typing import Any

logger = logging.getLogger("gmmfast")
logger.addHandler(logging.NullHandler())


class _StandardError(logging.Handler):
    """Write to the current sys.stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(f"gmmfast: {record.getMessage()}\n")


_handler = _StandardError()


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


def accelerated(estimator: Any, method: str) -> None:
    """Log that a method ran on gmmfast's kernels."""
    logger.info("%s.%s: accelerated", type(estimator).__name__, method)


def fallback(estimator: Any, method: str, reason: str) -> None:
    """Log that scikit-learn's own code ran, and why."""
    logger.info("%s.%s: fallback to scikit-learn: %s", type(estimator).__name__, method, reason)

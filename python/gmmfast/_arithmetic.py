"""Arithmetic that rounds to zero what underflows, whatever `numpy.seterr` says.

Responsibilities and densities far from all components underflow in sound computations. NumPy
ignores this unless a script asks it to raise.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

_F = TypeVar("_F", bound="Callable[..., Any]")


def allows_underflow(function: _F) -> _F:
    """Return the function with underflow ignored while it runs."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with np.errstate(under="ignore"):
            return function(*args, **kwargs)

    return call  # type: ignore[return-value]

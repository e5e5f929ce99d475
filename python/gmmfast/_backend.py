"""The one place that chooses who computes: the Rust extension or its NumPy twin.

`GMMFAST_BACKEND=numpy` chooses the twin, which needs no extension and is slow;
unset (or `rust`) means the extension, and a missing extension is an error, so
that nobody waits an hour for what they believe is the fast path. Both have the
same interface, that of `_gmmfast.pyi`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

NAME = os.environ.get("GMMFAST_BACKEND", "").strip().lower() or "rust"

if NAME not in ("rust", "numpy"):
    msg = f"GMMFAST_BACKEND: expected 'rust' or 'numpy', got {NAME!r}"
    raise ImportError(msg)

if TYPE_CHECKING or NAME == "rust":
    try:
        from gmmfast._gmmfast import (
            Conditional,
            Data,
            Mixture,
            Rendering,
            Sampling,
            Statistics,
            kernel_calls,
            runtime_info,
        )
    except ImportError as error:
        msg = (
            "gmmfast's Rust extension could not be imported; install a wheel (pip install "
            "gmmfast), or set GMMFAST_BACKEND=numpy for the slow NumPy twin"
        )
        raise ImportError(msg) from error
else:
    from gmmfast.reference.conditional import Conditional
    from gmmfast.reference.em import Data, Statistics
    from gmmfast.reference.grid import Rendering
    from gmmfast.reference.mixture import Mixture, kernel_calls, runtime_info
    from gmmfast.reference.sampling import Sampling

__all__ = [
    "NAME",
    "Conditional",
    "Data",
    "Mixture",
    "Rendering",
    "Sampling",
    "Statistics",
    "kernel_calls",
    "runtime_info",
]

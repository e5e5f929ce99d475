"""Versions, instruction sets and threads in use, and calls of kernels."""

from __future__ import annotations

import os
import re
import sys

from gmmfast import _core
from gmmfast._lazy import LazyModule

#: Imported when it is needed: it brings the parser of mails along.
metadata = LazyModule("importlib.metadata")

#: The first one that holds a number decides, as in rust/runtime.rs.
_THREAD_VARIABLES = ("GMMFAST_NUM_THREADS", "RAYON_NUM_THREADS", "OMP_NUM_THREADS")

_DEPENDENCIES = ("numpy", "scikit-learn", "pillow")


def show_runtime() -> None:
    """Print the instruction set, threads and versions in use.

    Include the output in reports of bugs and speed, like that of `sklearn.show_versions`.

    Examples
    --------
    >>> import gmmfast
    >>> gmmfast.show_runtime()  # doctest: +ELLIPSIS
    gmmfast: ...
    instruction set: ...
    threads: ...
    python: ...
    numpy: ...
    scikit-learn: ...
    pillow: ...
    """
    in_use, n_threads, available, ignored = _core.runtime_info()
    rows = {
        "gmmfast": _core.__version__,
        "instruction set": f"{in_use} (of {', '.join(available)})",
    }
    if ignored:
        rows["ignored in GMMFAST_DISABLE_CPU_FEATURES"] = ", ".join(ignored)
    rows["threads"] = f"{n_threads} ({_thread_reason()})"
    rows["python"] = f"{sys.version.split()[0]} ({sys.executable})"
    rows |= {name: _version_of(name) for name in _DEPENDENCIES}
    for name, value in rows.items():
        print(f"{name}: {value}")  # noqa: T201 (what it is for)


def kernel_calls() -> dict[str, int]:
    """Return how often each kernel of gmmfast has run in this process.

    Returns
    -------
    dict of str to int
        Number of calls by kernel. "expectation" is one E step over all points or over a
        chunk of them.

    Examples
    --------
    >>> import gmmfast
    >>> before = gmmfast.kernel_calls()["score_samples"]
    >>> _ = gmmfast.Mixture([1.0], [[0.0]], [1.0]).score_samples([[0.5]])
    >>> gmmfast.kernel_calls()["score_samples"] - before
    1
    """
    return dict(sorted(_core.kernel_calls().items()))


def _thread_reason() -> str:
    """Return the origin of the default number of threads."""
    for name in _THREAD_VARIABLES:
        # OMP_NUM_THREADS may be a list, one number a nesting level.
        first = os.environ.get(name, "").split(",")[0].strip()
        if re.fullmatch(r"\+?[0-9]{1,20}", first) and 0 < int(first) < 2**64:
            return name
    return "processors that this process may use"


def _version_of(distribution: str) -> str:
    try:
        return str(metadata.version(distribution))
    except metadata.PackageNotFoundError:
        return "not installed"

"""How much memory a result may take, asked before it is allocated."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def available_bytes() -> int | None:
    """Return the memory this process could still get, or None where unknown.

    The kernel's estimate of what is available without swapping, and no more
    than what the control group that the process runs in (a container) leaves.
    """
    limits = [_available_on_linux(), _left_in_control_group(), _physical_bytes()]
    known = [limit for limit in limits if limit is not None]
    return min(known, default=None)


def check_fits(argument: str, got: object, n_bytes: int) -> None:
    """Raise if an array of `n_bytes` could not be held; `argument` is to blame."""
    if n_bytes > sys.maxsize:
        raise ValueError(
            f"{argument}: expected a result whose bytes can be counted, got {got}, "
            f"which needs more than {sys.maxsize} bytes"
        )
    available = available_bytes()
    if available is not None and n_bytes > available:
        raise MemoryError(
            f"{argument}: expected a result that fits into the {available / 2**30:.2f} GiB of "
            f"memory available, got {got}, which needs {n_bytes / 2**30:.2f} GiB; "
            "render fewer pixels, or a smaller dtype"
        )


def _available_on_linux() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    kibibytes = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(kibibytes[0]) * 1024 if kibibytes else None


def _left_in_control_group() -> int | None:
    group = Path("/sys/fs/cgroup")
    try:
        limit = int((group / "memory.max").read_text())
        used = int((group / "memory.current").read_text())
    except (OSError, ValueError):  # no such file, or no limit ("max")
        return None
    return max(limit - used, 0)


def _physical_bytes() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # not POSIX, or not said
        return None

"""Checks that a result fits in memory before allocating it."""

from __future__ import annotations

import os
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Results up to this size are not checked: no system is so short of memory, and reading the
#: available memory takes longer than rendering them.
SMALL = 16 * 2**20

#: Files of either version of Linux's control groups: limit, usage, and the fields of memory.stat
#: that the kernel reclaims before it refuses memory. The page cache counts as usage.
_V1 = "memory.limit_in_bytes", "memory.usage_in_bytes", ("total_inactive_file",)
_V2 = "memory.max", "memory.current", ("inactive_file", "slab_reclaimable")

_ROOT = Path("/")


def available_bytes(root: Path = _ROOT) -> int | None:
    """Return the memory this process could still get, or None where unknown.

    This is the kernel's estimate of the memory available without swapping, limited by the
    control groups (container) of the process. `root` is the folder that holds /proc and /sys.
    """
    limits = [_available_on_linux(root), *_left_in_control_groups(root), _physical_bytes()]
    return min((limit for limit in limits if limit is not None), default=None)


_FEWER = "render fewer pixels, or a smaller dtype"


def check_countable(argument: str, got: object, n_bytes: int, mend: str = _FEWER) -> None:
    """Raise ValueError if `n_bytes` exceeds the largest index."""
    if n_bytes > sys.maxsize:
        raise ValueError(
            f"{argument}: expected a result whose bytes can be counted, got {got}, "
            f"which needs more than {sys.maxsize} bytes; {mend}"
        )


def check_fits(argument: str, got: object, n_bytes: int, mend: str = _FEWER) -> None:
    """Raise MemoryError, naming `argument`, if arrays of `n_bytes` do not fit in memory."""
    if n_bytes <= SMALL:
        return
    check_countable(argument, got, n_bytes, mend)
    available = available_bytes()
    if available is not None and n_bytes > available:
        raise MemoryError(
            f"{argument}: expected a result that fits into the {available / 2**30:.2f} GiB of "
            f"memory available, got {got}, which needs {n_bytes / 2**30:.2f} GiB; {mend}"
        )


def _available_on_linux(root: Path) -> int | None:
    kibibytes = _fields(root / "proc/meminfo").get("MemAvailable:")
    return None if kibibytes is None else kibibytes * 1024


def _left_in_control_groups(root: Path) -> Iterator[int]:
    """Yield the memory left in each group of the process: its own and those that enclose it."""
    mounts = {"": (root / "sys/fs/cgroup", _V2), "memory": (root / "sys/fs/cgroup/memory", _V1)}
    try:
        memberships = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for membership in memberships:
        _, controllers, path = membership.split(":", 2)
        for controller in mounts.keys() & controllers.split(","):
            mount, files = mounts[controller]
            group = PurePosixPath(path.lstrip("/"))
            for each in (group, *group.parents):
                # In a container the path may be the host's, of which only the end is visible at
                # the mount point: missing groups are skipped.
                left = _left_in_group(mount / each, *files)
                if left is not None:
                    yield left


def _left_in_group(
    group: Path, limit: str, usage: str, reclaimable: tuple[str, ...]
) -> int | None:
    try:
        most, used = (int((group / name).read_text()) for name in (limit, usage))
    except (OSError, ValueError):  # no such file, or no limit ("max")
        return None
    fields = _fields(group / "memory.stat")
    kept = used - sum(fields.get(name, 0) for name in reclaimable)
    return max(most - max(kept, 0), 0)


def _fields(path: Path) -> dict[str, int]:
    """Return the numbers in a file of lines "name number ...", by name."""
    try:
        rows = [line.split() for line in path.read_text().splitlines()]
    except OSError:
        return {}
    return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdecimal()}


def _physical_bytes() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # not POSIX, or unknown
        return None

"""Atomic writing of files, and checks of their destinations.

A file is written under a temporary name in the folder of its destination, forced to the disk and
renamed, and the folder is forced to the disk. On POSIX the temporary file is locked until it is
renamed: a temporary file without a lock is that of a killed process, and is removed by the next
one that writes to the folder. Elsewhere its age decides.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import secrets
import stat
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeAlias

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

StrPath: TypeAlias = str | os.PathLike[str]
#: The names of temporary files.
_TEMPORARY = re.compile(r"\.gmmfast-[0-9a-f]{32}\.tmp")

#: The age in seconds from which a temporary file has no owner, where there are no locks.
_ABANDONED = 24 * 3600

#: The folders that this process has cleaned.
_CLEANED: set[Path] = set()

Fault: TypeAlias = tuple[type[Exception], str, str]  # kind, what came, how to mend it


def check_path(argument: str, path: StrPath) -> None:
    """Raise TypeError if `path` is not a path."""
    if not isinstance(path, str | os.PathLike):
        raise TypeError(
            f"{argument}: expected the path of a file, got {type(path).__name__}; pass a str or a "
            "pathlib.Path"
        )


def check_destination(
    argument: str,
    wanted: str,
    path: StrPath,
    fault_of_name: Callable[[StrPath], Fault | None] = lambda _: None,
) -> None:
    """Raise an error if no file can be written to a path, or if its name has a fault."""
    check_path(argument, path)
    fault = (
        _fault_of_target(path) or fault_of_name(path) or _fault_of_folder(target_of(path).parent)
    )
    if fault is not None:
        kind, got, mend = fault
        raise kind(f"{argument}: expected {wanted}, got {os.fspath(path)!r}, {got}; {mend}")


def _fault_of_target(path: StrPath) -> Fault | None:
    """Return the reason why a path cannot be written to, or None."""
    try:
        target = target_of(path)
        mode = mode_of(target)
    except (OSError, ValueError) as error:
        kind = type(error) if isinstance(error, OSError) else ValueError
        return kind, f"which the system rejects ({error})", "choose another"
    if mode is not None and stat.S_ISDIR(mode):
        return IsADirectoryError, "which is a folder", "add the name of a file"
    if mode is not None and not stat.S_ISREG(mode):
        return OSError, "which is a device or a pipe", "name an ordinary file"
    if mode is not None and not os.access(target, os.W_OK):
        return PermissionError, "which is read-only", "allow writing it or name another"
    return None


def _fault_of_folder(folder: Path) -> Fault | None:
    """Return the reason why no file can be created in a folder, or None."""
    name = f"folder {str(folder)!r}"
    if not folder.exists():
        return FileNotFoundError, f"whose {name} is missing", "create it first"
    if not folder.is_dir():
        return NotADirectoryError, f"whose {name} is a file", "name a real folder"
    try:
        with _temporary_file(folder):
            return None  # permission bits do not bind root or reveal read-only disks
    except OSError as error:
        mend = "allow writing there or name another folder"
        return type(error), f"whose {name} takes no file ({error.strerror})", mend


def target_of(path: StrPath) -> Path:
    """Return the file that a path leads to, through symbolic links."""
    return Path(os.path.realpath(path))  # unlike Path.resolve, which rejects loops its own way


def mode_of(target: Path) -> int | None:
    """Return the mode of an existing file or folder, or None."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return target.stat().st_mode
    return None


@contextlib.contextmanager
def replaced(path: StrPath) -> Iterator[IO[bytes]]:
    """Yield an empty file that replaces the one at `path` unless an exception is raised.

    An existing file keeps its permissions. The target of a symbolic link is replaced. A process
    that is killed leaves the old file or the new one; its temporary file is removed by the next
    process that writes to the folder.

    Raises
    ------
    OSError
        If the system does not take the file; the error names it.
    """
    target = target_of(path)
    mode = mode_of(target)
    try:
        _remove_litter(target.parent)
        with _temporary_file(target.parent) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            temporary = Path(os.fspath(file.name))
            if mode is not None:
                temporary.chmod(stat.S_IMODE(mode))
            if fcntl is None:  # Windows renames no open file
                file.close()
            temporary.replace(target)
            _sync_folder(target.parent)
    except OSError as error:
        if error.errno is not None and _is_temporary(error.filename):
            raise type(error)(error.errno, error.strerror, str(target)) from error
        raise


def _is_temporary(name: object) -> bool:
    """Return whether the file of an error is a temporary one, or unknown."""
    return name is None or (isinstance(name, str) and Path(name).name.startswith(".gmmfast-"))


@contextlib.contextmanager
def _temporary_file(folder: Path) -> Iterator[IO[bytes]]:
    """Yield a new file, locked as long as it is open, and remove it unless it was renamed."""
    file = _new_file(folder)
    try:
        with file:
            yield file
    finally:
        with contextlib.suppress(OSError):  # it was renamed
            Path(os.fspath(file.name)).unlink()


def _new_file(folder: Path) -> IO[bytes]:
    while True:
        # Not tempfile, whose files are private: the umask decides, as for any other new file.
        name = Path(folder, f".gmmfast-{secrets.token_hex(16)}.tmp")
        file = io.BufferedRandom(io.FileIO(name, "x+"))
        if _lock(file) or fcntl is None:
            return file
        file.close()  # another process removed it as litter before it was locked


def _lock(file: IO[bytes]) -> bool:
    """Return whether this process has the lock of a file that has a name."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Network disks without locks keep their litter.
        return error.errno not in (errno.EWOULDBLOCK, errno.EACCES)
    return os.fstat(file.fileno()).st_nlink > 0


def _remove_litter(folder: Path) -> None:
    """Remove the temporary files of killed processes from a folder, once per process."""
    if folder in _CLEANED:
        return
    _CLEANED.add(folder)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                _remove_abandoned(Path(entry.path))


def _remove_abandoned(temporary: Path) -> None:
    with contextlib.suppress(OSError), temporary.open("rb") as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises if its owner lives
            temporary.unlink()
        elif time.time() - os.fstat(file.fileno()).st_mtime > _ABANDONED:
            file.close()
            temporary.unlink()


def _sync_folder(folder: Path) -> None:
    """Force the names in a folder to the disk, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):  # Windows
        return
    with contextlib.suppress(OSError):  # the file is whole either way
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

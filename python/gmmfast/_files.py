"""Atomic writing of files, and checks of their destinations."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

StrPath: TypeAlias = str | os.PathLike[str]
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

    An existing file keeps its permissions. The target of a symbolic link is replaced.
    """
    target = target_of(path)
    mode = mode_of(target)
    with _temporary_file(target.parent) as temporary:
        with temporary.open("r+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(stat.S_IMODE(mode))
        temporary.replace(target)


@contextlib.contextmanager
def _temporary_file(folder: Path) -> Iterator[Path]:
    name = folder / f".gmmfast-{secrets.token_hex(16)}.tmp"
    try:
        # Not tempfile, whose files are private: the umask decides, as for any other new file.
        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield name
    finally:
        with contextlib.suppress(OSError):  # it was renamed or never created
            name.unlink()

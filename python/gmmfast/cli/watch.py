"""The option --watch: run a command again whenever a file that it reads changes.

Modification time and size of the files are checked a few times a second, which works on any file
system. A file is read when it has been the same for an interval: it may still be written. If it
cannot be read, the message is written as a line, and the next change is awaited.
"""

from __future__ import annotations

import os
import time
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from gmmfast.cli.inputs import PIPE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    Command = Callable[..., Any]

#: Seconds between two checks.
INTERVAL = 0.25

#: The errors of unsuitable files.
_ERRORS = (ValueError, OSError, MemoryError, ImportError, click.ClickException)


def watch_option(*names: str) -> Callable[[Command], Command]:
    """Return a decorator that adds --watch, of a command that reads these arguments' files.

    Parameters
    ----------
    *names : str
        The names of the arguments; --watch requires the first one, the others may be None.
    """

    def add(command: Command) -> Command:
        @wraps(command)
        def run(*, watch: bool, outputs: tuple[Path, ...], **arguments: Any) -> None:
            def once() -> None:
                command(outputs=outputs, **arguments)

            if not watch:
                once()
                return
            paths = [arguments[name] for name in names]
            _check(paths, outputs)
            _repeat(once, [path for path in paths if path is not None])

        return click.option(
            "--watch", is_flag=True, help="Go on, and write again when the input changes."
        )(run)

    return add


def _check(paths: Sequence[Path | None], outputs: Sequence[Path]) -> None:
    """Raise an error if inputs cannot be watched."""
    mend = "name a file to watch"
    if paths[0] is None:
        raise click.UsageError(f"--watch: expected a picture or a model, got none; {mend}")
    if PIPE in paths:
        raise click.UsageError(
            f"--watch: expected a file, which may change, got '-', standard input; {mend}"
        )
    if PIPE in outputs:
        raise click.UsageError(
            "--watch: expected files to write anew, got '-', standard output; name a file with -o"
        )
    watched = {os.path.realpath(path) for path in paths if path is not None}
    for output in outputs:
        if os.path.realpath(output) in watched:
            raise click.UsageError(
                f"--watch: expected an output other than the input, got {str(output)!r} for both; "
                "name another with -o"
            )


def _repeat(once: Callable[[], None], paths: Sequence[Path]) -> None:
    """Run now and after every change, until Ctrl-C.

    An error of the first run ends it, as without --watch.
    """
    seen = _settled(paths) if all(map(_state, paths)) else None
    once()
    names = ", ".join(map(str, paths))
    click.echo(f"watching    {names}; Ctrl-C ends it", err=True)
    while True:
        time.sleep(INTERVAL)
        if _states(paths) == seen:
            continue
        # The states are read before the files: changes in between are found the next time.
        seen = _settled(paths)
        try:
            once()
        except BrokenPipeError:  # the reader of the reports is gone
            raise
        except _ERRORS as error:
            message = error.format_message() if isinstance(error, click.ClickException) else error
            line = " ".join(str(message).split())
            click.echo(f"gmmfast: {line}; waiting for the next change", err=True)


def _state(path: Path) -> tuple[int, ...] | None:
    """Return values that change with a file, or None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _states(paths: Sequence[Path]) -> list[tuple[int, ...] | None]:
    return [_state(path) for path in paths]


def _settled(paths: Sequence[Path]) -> list[tuple[int, ...] | None]:
    """Return the files' states when all are there and have stayed the same for an interval."""
    before = _states(paths)
    while True:
        time.sleep(INTERVAL)
        now = _states(paths)
        if now == before and None not in now:
            return now
        before = now

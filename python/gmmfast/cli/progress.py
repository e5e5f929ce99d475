"""Progress bars on standard error, where that is a terminal and rich is installed.

rich is imported there only: it takes a tenth of a second.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress


class Advance(Protocol):
    """Shows how much is done, and a note such as the quality so far."""

    def __call__(self, done: float, note: str = "") -> None:
        """Show it."""


@contextmanager
def progress_bar(name: str, total: int | None) -> Iterator[Advance]:
    """Show a bar while the block runs; give it a callable for how much is done.

    Without a `total` the bar pulses. Without a terminal, or without rich, nothing is shown.
    """
    if not sys.stderr.isatty() or find_spec("rich") is None:
        yield _show_nothing
        return
    with _bar(total) as bar:
        task = bar.add_task(name, total=total)

        def advance(done: float, note: str = "") -> None:
            bar.update(task, completed=done, description=f"{name} {note}".rstrip())

        yield advance


def _show_nothing(done: float, note: str = "") -> None:
    """Take the place of a bar."""


def _bar(total: int | None) -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = [TextColumn("{task.description:<10}"), BarColumn(), TimeElapsedColumn()]
    if total is not None:
        columns[2:] = [MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()]
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)

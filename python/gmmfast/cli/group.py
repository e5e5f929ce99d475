"""The group of commands; each is imported when it runs, to start fast."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from gmmfast.cli.pipes import ClosedPipe

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The help of each command in the list; a command is `<name>_command` in the module of its
#: name.
COMMANDS: Mapping[str, str] = {
    "paint": "Paint a picture as a mixture of Gaussians sees it.",
    "fit": "Fit a mixture to a picture, and keep the model.",
    "render": "Render a quantity of a model over its picture.",
    "contour": "Draw lines of equal log-density: contour art.",
    "sample": "Draw points of a model: sampling art.",
    "ellipses": "Draw the components as ellipses in their mean colors.",
    "channels": "Show red, green and blue of a picture apart.",
    "slices": "Slice a density at several x: the curves p(y | x).",
    "view": "Look inside a model in the browser.",
    "select": "Choose the number of components by a criterion.",
    "refine": "Bring a painting nearer to its picture.",
    "animate": "Show what a mixture does, as an animation or a film.",
    "info": "Describe a picture or a model.",
    "convert": "Turn pictures and arrays into each other; draw a photograph.",
}


class LazyGroup(click.Group):
    """A group that has the names of its commands and imports each one when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which they are shown."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported now, or None for an unknown name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: Any = getattr(import_module(f"gmmfast.cli.{cmd_name}"), f"{cmd_name}_command")
        assert isinstance(command, click.Command)  # noqa: S101 (for mypy)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; raise ClosedPipe instead of BrokenPipeError, which click would handle."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ClosedPipe from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

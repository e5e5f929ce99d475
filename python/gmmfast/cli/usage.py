"""Checks of options that go together: one that would have no effect is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from gmmfast.tone import ToneCurve


def refuse(names: str, expected: str, got: str) -> None:
    """Raise an error if one of the options is on the command line.

    Parameters
    ----------
    names : str
        The names of the command's parameters, with spaces between.
    expected : str
        The condition under which they have an effect, such as "together with --drawing".
    got : str
        The condition that is met instead, such as "alone".
    """
    context = click.get_current_context()
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if option.name in names.split() and source is ParameterSource.COMMANDLINE:
            name = max(option.opts, key=len)
            raise click.UsageError(f"{name}: expected {expected}, got it {got}")


def refuse_tone_with_style(tone: ToneCurve | None, style: str | None) -> None:
    """Raise an error if --tone and --style are both given."""
    if tone is not None and style is not None:
        raise click.UsageError(
            "--tone and --style: expected at most one of the two, got both; a style has its own "
            "curve"
        )

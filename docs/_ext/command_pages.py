"""A Sphinx extension that writes a page for each command of `gmmfast` from its help.

The commands are those of `gmmfast.cli.group`.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gmmfast.cli.group import COMMANDS, LazyGroup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx

INTRODUCTION = """\
Commands
========

The command ``gmmfast`` comes with ``pip install gmmfast``; the extra ``cli`` adds progress bars.
Results go to standard output or to the files named by ``-o``, progress and errors to standard
error; the exit status is 0 when done, 1 when refused or failed, 2 for wrong usage, 130 after
Ctrl-C and 141 when standard output is closed early. Each page is the output of
``gmmfast COMMAND --help``.

"""


def write_pages(app: Sphinx) -> None:
    """Write an overview and a page a command into docs/generated/commands."""
    folder = Path(app.srcdir, "generated", "commands")
    folder.mkdir(parents=True, exist_ok=True)
    group = LazyGroup("gmmfast")
    rows = "".join(f"``gmmfast`` :doc:`{name}`\n   {text}\n\n" for name, text in COMMANDS.items())
    toctree = ".. toctree::\n   :hidden:\n\n" + "".join(f"   {name}\n" for name in COMMANDS)
    write_changed(folder / "index.rst", INTRODUCTION + rows + toctree)
    for name in COMMANDS:
        command = group.get_command(click.Context(group), name)
        assert command is not None  # noqa: S101 (for mypy: it is in the list)
        context = click.Context(
            command, info_name=name, parent=click.Context(group, None, "gmmfast")
        )
        write_changed(folder / f"{name}.rst", "\n".join(page(context)) + "\n")


def page(context: click.Context) -> Iterator[str]:
    """Yield the lines of a command's page."""
    command = context.command
    title = f"gmmfast {context.info_name}"
    yield from (title, "=" * len(title), "")
    yield from code("text", [command.get_usage(context).removeprefix("Usage: ")])
    yield from prose(inspect.cleandoc(command.help or ""))
    yield from ("Options", "-------", "")
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[1]:  # the usage names the others
            yield from (f"``{record[0]}``", f"   {escaped(record[1])}", "")


def prose(text: str) -> Iterator[str]:
    r"""Yield paragraphs; those that click does not wrap (after \b) become code."""
    for block in text.split("\n\n"):
        lines = block.splitlines()
        if lines and lines[0].strip() == "\b":
            heading, *rest = lines[1:]
            yield from (f"**{heading.strip().removesuffix(':')}**", "")
            yield from code(
                "console",
                [
                    f"$ {line.strip()}" if line.strip().startswith("gmmfast") else line.strip()
                    for line in rest
                ],
            )
        else:
            yield from (escaped(line) for line in lines)
            yield ""


def code(language: str, lines: list[str]) -> Iterator[str]:
    """Yield a code block."""
    yield from (f".. code-block:: {language}", "", *(f"   {line}" for line in lines), "")


def escaped(text: str) -> str:
    """Return the text with the special characters of reStructuredText escaped."""
    for character in "\\*`|_":
        text = text.replace(character, "\\" + character)
    return text


def write_changed(path: Path, text: str) -> None:
    """Write a file if its text changed; Sphinx then reads only changed files."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True}

"""Lint the first words of documentation: `python .ci/prose.py` from anywhere.

Refuses Python docstrings and Rust doc comments that open with a fragment instead of a sentence
(CONTRIBUTING.md has the rules of prose). A script of the gallery has a title, a text, and fewer
than forty lines of code.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
FRAGMENT = re.compile(r"(What|Of|The same|Told)\b")
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
RUST_DOC = re.compile(r"\s*//[!/] ?(?P<text>.*)")
MAX_CODE_LINES = 40


def python_openings(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line number and the text of each docstring."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, DOCUMENTED) and (text := ast.get_docstring(node)):
            yield node.body[0].lineno, text


def rust_openings(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line number and the first line of each block of doc comments."""
    in_block = False
    for number, line in enumerate(source.splitlines(), 1):
        match = RUST_DOC.match(line)
        if match and not in_block:
            yield number, match["text"]
        in_block = match is not None


def gallery_faults(source: str) -> Iterator[str]:
    """Yield what is wrong with a script of the gallery."""
    tree = ast.parse(source)
    title, _, text = (ast.get_docstring(tree) or "").partition("\n")
    if not re.match(r"=+\n\n\S", text) or len(text.split("\n")[0]) < len(title):
        yield "the docstring needs an underlined title and a text"
    start = tree.body[0].end_lineno or 0
    code = [
        line for line in source.splitlines()[start:] if line.strip() and line.lstrip()[0] != "#"
    ]
    if len(code) >= MAX_CODE_LINES:
        yield f"{len(code)} lines of code; a script of the gallery has fewer than {MAX_CODE_LINES}"


def faults() -> Iterator[str]:
    """Yield a line for each place to mend."""
    folders = ("python", "tests", "benches", "docs", ".ci", "rust")
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.*"))
    for path in paths:
        name = path.relative_to(ROOT)
        if path.suffix not in {".py", ".pyi", ".rs"} or "_build" in name.parts:
            continue
        source = path.read_text(encoding="utf-8")
        openings = rust_openings if path.suffix == ".rs" else python_openings
        for line, text in openings(source):
            if FRAGMENT.match(text):
                yield f"{name}:{line}: opens with a fragment: {text.splitlines()[0]}"
        if name.match("docs/gallery/*/plot_*.py"):
            yield from (f"{name}: {fault}" for fault in gallery_faults(source))


if __name__ == "__main__":
    sys.exit("\n".join(faults()) or None)

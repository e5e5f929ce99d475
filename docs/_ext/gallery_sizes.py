"""The gallery at a small size, for tests and for builds of the documentation that must not last.

The constants at the tops of scripts are replaced. Builds also leave out the scripts whose pictures
are on no page outside the gallery.
"""

from __future__ import annotations

import ast
import re
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: What the constants at the top of a script become.
SMALL = {
    "STEP": lambda _: 6,
    "N_COMPONENTS": lambda n: [max(1, k // 40) for k in n] if isinstance(n, list) else 40,
    "N_SAMPLES": lambda n: [k // 36 for k in n],
    "N_POINTS": lambda n: n // 4,
    "N_TREES": lambda _: 40,
    "CANDIDATES": lambda _: range(3, 8),
    "AT_MOST": lambda _: 8,
    "CROP": lambda crop: tuple(side // 6 for side in crop),
    "SCALE": lambda n: n // 2,
    "SIZE": lambda size: tuple(side // 3 for side in size),
    "N_FRAMES": lambda n: n // 10,
}


def small_source(path: Path) -> str:
    """Return the script with its constants replaced."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines(keepends=True)
    for node in ast.parse(source, str(path)).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name, value = node.targets[0].id, node.value
            if name in SMALL:
                small = SMALL[name](eval(compile(ast.Expression(value), str(path), "eval")))  # noqa: S307 (ours)
                lines[value.lineno - 1 : value.end_lineno] = [
                    f"{name} = {small!r}\n",
                    *["\n"] * (value.end_lineno - value.lineno),
                ]
    return "".join(lines)


def write_small(gallery: Path, folder: Path) -> None:
    """Write the gallery with small scripts into a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(gallery, folder)
    for path in folder.glob("*/plot_*.py"):
        path.write_text(small_source(path), encoding="utf-8")


def embedded(docs: Path) -> str:
    """Return a pattern of the scripts whose pictures are on pages outside the gallery."""
    text = "".join(path.read_text(encoding="utf-8") for path in docs.glob("**/*.md"))
    names = set(re.findall(r"sphx_glr_(plot_\w+)_\d+\.", text))
    return rf"({'|'.join(sorted(names))})\.py"

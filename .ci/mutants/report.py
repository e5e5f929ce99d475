"""The ends of mutants, as text."""

from __future__ import annotations

import ast
import difflib
from collections import Counter, defaultdict
from typing import Any

from making import FOLDER

ENDS = ("killed", "by time-out", "survived", "not tested")


def table(ends: dict[str, str]) -> str:
    """Return the number of mutants of each file and their ends."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for name, end in ends.items():
        counts[name.split(".x")[0].removeprefix("gmmfast.").replace(".", "/")][end] += 1
    counts["together"] = Counter(ends.values())
    lines = [("file", "mutants", "score", *ENDS)]
    for file, count in counts.items():
        killed = count["killed"] + count["by time-out"]
        score = f"{100 * killed / max(1, count.total()):.1f} %"
        lines.append((file, str(count.total()), score, *(str(count[end]) for end in ENDS)))
    rows = (f"{line[0]:28}" + "".join(f"{cell:>12}" for cell in line[1:]) for line in lines)
    return "\n".join(rows)


def diff(name: str) -> str:
    """Return how the mutant differs from its function."""
    module, _, function = name.rpartition(".x")
    path = FOLDER / (module.replace(".", "/") + ".py")
    path = path if path.exists() else path.with_suffix("") / "__init__.py"
    source = path.read_text()
    wanted = {f"x{function.rpartition('_')[0]}_orig": 0, f"x{function}": 1}
    texts: list[Any] = [None, None]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name in wanted:
            texts[wanted[node.name]] = (ast.get_source_segment(source, node) or "").splitlines()
    lines = list(difflib.unified_diff(*texts, n=0, lineterm=""))[3:]
    return "\n".join(line for line in lines if "__mutmut_" not in line and line[:2] != "@@")

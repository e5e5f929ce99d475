"""Mutation test of a random part of the package.

    python tests/campaigns/mutants.py 100 0                        # mutants, and the seed
    python tests/campaigns/mutants.py 100 0 mixture/archive.py     # of some files or folders

Each mutant is a copy of one module with one change: another comparison or operator, a condition
that is not, a constant one larger. The tests of its folder run on it, those of its own file first,
until one fails. A mutant that no test kills is printed with its line. Type hints, docstrings and
messages stay as they are. The package itself is never changed.
"""

import ast
import os
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import pandas as pd  # noqa: F401 (once, before the forks)
import pytest
import sklearn.mixture  # noqa: F401

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "python" / "gmmfast"
SECONDS = 600

COMPARISONS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


def skipped(tree):
    """Return the ids of the nodes of hints and messages."""
    found = set()
    for node in ast.walk(tree):
        parts = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        is_typing = isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        if isinstance(node, ast.Raise | ast.JoinedStr) or is_typing:
            parts.append(node)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
            parts += node.args[1:]
        for part in filter(None, parts):
            found.update(map(id, ast.walk(part)))
    return found


def is_place(node):
    """Return whether `change` has a change of the node."""
    if isinstance(node, ast.Compare):
        return type(node.ops[0]) in COMPARISONS
    if isinstance(node, ast.BinOp | ast.BoolOp):
        return type(node.op) in OPERATORS
    if isinstance(node, ast.Constant):
        return type(node.value) in (int, float)
    return isinstance(node, ast.If | ast.IfExp)


def places(tree):
    """Return the nodes to change."""
    hints = skipped(tree)
    return [node for node in ast.walk(tree) if id(node) not in hints and is_place(node)]


def change(node):
    """Change a node in place."""
    if isinstance(node, ast.Compare):
        node.ops[0] = COMPARISONS[type(node.ops[0])]()
    elif isinstance(node, ast.BinOp | ast.BoolOp):
        node.op = OPERATORS[type(node.op)]()
    elif isinstance(node, ast.Constant):
        node.value += 1
    else:
        node.test = ast.UnaryOp(ast.Not(), node.test)


def passes(package, tests):
    """Return whether all tests pass on the package in a folder, in a process of its own."""
    child = os.fork()
    if child == 0:
        os.setsid()
        signal.alarm(SECONDS)  # a mutant may never end
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        sys.path[:0] = [str(package), str(ROOT / "tests")]
        os.environ["PYTHONPATH"] = str(package)
        options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
        os._exit(int(pytest.main([*options, str(tests)])))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def tests_of(path):
    """Return the tests of a module: its own, if there are any, then those of its folder."""
    folder = ROOT / "tests" / path.parent.name
    own = folder / f"test_{path.name}"
    return [own, folder] if own.exists() else [folder]


def main():
    """Print the survivors, and then the numbers."""
    n, seed = map(int, [*sys.argv[1:3], 0][:2])
    named = [PACKAGE / name for name in sys.argv[3:] or ["mixture", "estimators"]]
    paths = [path for name in named for path in (sorted(name.glob("*.py")) or [name])]
    every = [
        (path, at) for path in paths for at in range(len(places(ast.parse(path.read_text()))))
    ]
    chosen = random.Random(seed).sample(every, min(n, len(every)))
    sys.stdout.write(f"{len(every)} mutants, {len(chosen)} of them are tried\n")
    n_killed = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "gmmfast"
        shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        for tests in {tests_of(path)[0] for path in paths}:
            if not passes(folder, tests):
                sys.exit(f"{tests} fail without any change")
        for number, (path, at) in enumerate(chosen, 1):
            tree = ast.parse(path.read_text())
            node = places(tree)[at]
            change(node)
            target = copy / path.relative_to(PACKAGE)
            target.write_text(ast.unparse(tree))
            survives = all(passes(folder, tests) for tests in tests_of(path))
            n_killed += not survives
            if survives:
                line = path.read_text().splitlines()[node.lineno - 1].strip()
                kind = type(node).__name__
                sys.stdout.write(f"{path.relative_to(ROOT)}:{node.lineno}: {kind}: {line}\n")
            sys.stdout.write(f"{n_killed} of {number} killed\n")
            sys.stdout.flush()
            target.write_text(path.read_text())


if __name__ == "__main__":
    main()

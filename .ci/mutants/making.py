"""The package with the mutants of a part of it, by mutmut."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.utils.format_utils import get_mutant_name

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "python" / "gmmfast"
FOLDER = Path(os.environ.get("MUTANTS_FOLDER", ROOT / "target" / "mutants"))


def undecorated(source: str) -> str:
    """Return the source with `f = decorator(f)` behind each function, in place of decorators.

    mutmut leaves out functions with decorators. Overloads have no code, and class methods are
    known to it.
    """
    lines = source.splitlines()
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    for node in sorted(functions, key=lambda node: -node.lineno):
        decorators = [ast.unparse(each) for each in node.decorator_list]
        if not decorators or {"overload", "classmethod", "staticmethod"} & set(decorators):
            continue
        call = node.name
        for decorator in reversed(decorators):
            call = f"{decorator}({call})"
        lines.insert(node.end_lineno or 0, f"{' ' * node.col_offset}{node.name} = {call}")
        del lines[node.decorator_list[0].lineno - 1 : node.lineno - 1]
    return "\n".join(lines) + "\n"


def installed() -> Path:
    """Return the folder of the installed package, which is not imported."""
    spec = find_spec("gmmfast")
    if spec is None or spec.origin is None:
        raise SystemExit("gmmfast is not installed; run make mutants-python")
    return Path(spec.origin).parent


def make(part: str) -> dict[str, str]:
    """Write the package with its mutants, and the tests; return the functions' hashes."""
    shutil.rmtree(FOLDER / "gmmfast", ignore_errors=True)
    shutil.rmtree(FOLDER / "tests", ignore_errors=True)
    without = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd")
    shutil.copytree(PACKAGE, FOLDER / "gmmfast", ignore=without)
    shutil.copytree(ROOT / "tests", FOLDER / "tests", ignore=without)
    shutil.copytree(ROOT / "docs" / "_ext", FOLDER / "docs" / "_ext", dirs_exist_ok=True)
    for extension in installed().glob("_core.*"):
        if extension.suffix in {".so", ".pyd"}:
            shutil.copy2(extension, FOLDER / "gmmfast")
    shutil.copy2(ROOT / "pyproject.toml", FOLDER)
    mutants = {}
    folder = part.partition("/")[0]
    for source in sorted((PACKAGE / folder).glob("*.py")):
        path = Path("gmmfast") / folder / source.name
        code, names, hashes = made(path, undecorated(source.read_text()))
        (FOLDER / path).write_text(code)
        if part in {folder, f"{folder}/{source.stem}"}:
            for name in names:
                mutants[get_mutant_name(path, name)] = hashes[name.partition("__mutmut_")[0]]
    return mutants


def made(path: Path, source: str) -> tuple[str, list[str], dict[str, str]]:
    """Return the code of a file with its mutants, their names, and a hash of each function."""
    kept = FOLDER / "made" / f"{path.stem}-{hashlib.sha256(source.encode()).hexdigest()}.json"
    if not kept.exists():
        file = mutate_file_contents(str(path), source)
        kept.parent.mkdir(exist_ok=True)
        content = file.code, list(file.mutant_names), dict(file.hash_by_function_name)
        kept.write_text(json.dumps(content))
    code, names, hashes = json.loads(kept.read_text())
    return code, names, hashes

"""Print what extras of pyproject.toml require: `python .ci/dependencies.py lint docs`.

The list has the core dependencies, too. `.ci/run` installs it while the wheel is compiled.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
OWN = re.compile(r"gmmfast\[(.*)\]")


def requirements(extras: list[str]) -> set[str]:
    """Return the requirements of extras and of the extras that these name."""
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    found = set(project["dependencies"])
    for extra in extras:
        for line in project["optional-dependencies"][extra]:
            own = OWN.fullmatch(line)
            found |= requirements(own[1].split(",")) if own else {line}
    return found


if __name__ == "__main__":
    sys.stdout.write("".join(f"{line}\n" for line in sorted(requirements(sys.argv[1:]))))

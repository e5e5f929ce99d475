"""Print constraints for pip: `python .ci/bounds.py lowest` or `newest`.

The lowest are the versions of pyproject.toml's core dependencies; the newest need no constraint.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"

if __name__ == "__main__":
    requirements = tomllib.loads(PYPROJECT.read_text())["project"]["dependencies"]
    lines = [line.replace(">=", "==") for line in requirements]
    sys.stdout.write("".join(f"{line}\n" for line in lines if sys.argv[1] == "lowest"))

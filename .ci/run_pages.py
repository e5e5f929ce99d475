"""Run the Python code of README.md and of the pages in docs, a page a namespace.

Blocks of a page run in their order, in a new directory. An error names the page, and fails
`make docs`.
"""

from __future__ import annotations

import contextlib
import re
import sys
import tempfile
import traceback
from pathlib import Path

import matplotlib as mpl

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def run(page: Path) -> bool:
    """Run the blocks of a page; return whether they succeeded."""
    text = page.read_text(encoding="utf-8")
    namespace = {"__name__": "__main__"}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for match in BLOCK.finditer(text):
            # Blank lines before the code make its line numbers those of the page.
            code = "\n" * text.count("\n", 0, match.start(1)) + match[1]
            try:
                exec(compile(code, str(page), "exec"), namespace)  # noqa: S102 (our own pages)
            except Exception:  # noqa: BLE001 (whatever it is, it is reported)
                traceback.print_exc()
                return False
    return True


if __name__ == "__main__":
    mpl.use("Agg")
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*/*.md"))]
    failed = [str(page.relative_to(ROOT)) for page in pages if not run(page)]
    sys.exit(f"pages whose code fails: {', '.join(failed)}" if failed else None)

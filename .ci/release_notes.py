"""Print the changelog's section of the version: `python .ci/release_notes.py [TAG]`.

The version of Cargo.toml is that of CITATION.cff and has a section in CHANGELOG.md. With a tag,
which must be `v` and the version, the section must also have a date.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def notes(tag: str | None) -> str:
    """Return the section, or end with an error."""
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]["version"]
    if tag is not None and tag != f"v{version}":
        sys.exit(f"tag: expected v{version}, the version of Cargo.toml, got {tag}")
    if f"\nversion: {version}\n" not in (ROOT / "CITATION.cff").read_text():
        sys.exit(f"CITATION.cff: expected version {version}, that of Cargo.toml")
    heading = rf"^## {re.escape(version)} \((?P<date>[^)\n]+)\)\n(?P<text>.*?)(?=^## |\Z)"
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    section = re.search(heading, changelog, re.DOTALL | re.MULTILINE)
    if section is None:
        sys.exit(f"CHANGELOG.md: expected a section {version}, got none")
    if tag is not None and not re.fullmatch(r"\d{4}-\d\d-\d\d", section["date"]):
        sys.exit(f"CHANGELOG.md: expected a date after {version}, got {section['date']}")
    return section["text"].strip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(notes(sys.argv[1] if len(sys.argv) > 1 else None))

"""The pages at the root of the repository name only files that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(ROOT.glob("*.md"))

#: The folders that paths in the pages are relative to.
FOLDERS = (ROOT, ROOT / "rust", ROOT / "python" / "gmmfast")

#: A file or folder in backticks, without spaces: `rust/spec.rs`, `tests/rust/`.
PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)*(?:/|\.(?:rs|py|pyi|md|json|toml)))`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_named_path_exists(page):
    text = page.read_text(encoding="utf-8")
    for path in PATH.findall(text):
        assert any((folder / path).exists() for folder in FOLDERS), path

"""Check every link of the built documentation that needs no network, and each gallery page.

`python .ci/check_links.py docs/_build/html`: the targets of relative links exist, with their
anchors, and every page of the gallery has its notebook and its script to download.
tests/docs checks the links of the sources.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator


class Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors = {"", "top"}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the links and anchors of a tag."""
        del tag
        for name, value in attrs:
            if value and name in {"href", "src"}:
                self.links.append(value)
            elif value and name in {"id", "name"}:
                self.anchors.add(value)


def faults(folder: Path) -> Iterator[str]:
    """Yield a line for each fault."""
    pages = {path.resolve(): Page(path) for path in folder.rglob("*.html")}
    for path, page in pages.items():
        name = path.relative_to(folder)
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                yield f"{name}: {link} leads nowhere"
            elif target in pages and unquote(parts.fragment) not in pages[target].anchors:
                yield f"{name}: {link} has no such anchor"
        if name.match("generated/gallery/*/plot_*.html"):
            endings = {Path(link).suffix for link in page.links if "_downloads/" in link}
            if not {".ipynb", ".py"} <= endings:
                yield f"{name}: expected a notebook and a script to download, got {endings}"


if __name__ == "__main__":
    sys.exit("\n".join(sorted(faults(Path(sys.argv[1]).resolve()))) or None)

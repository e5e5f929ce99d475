"""A scraper of sphinx-gallery that shows the GIF files a script writes on its page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx_gallery.scrapers import figure_rst


def scrape(_: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Move new files and return the text that shows them."""
    moved = []
    for file in sorted(Path(block_vars["src_file"]).parent.glob("*.gif")):
        target = Path(next(block_vars["image_path_iterator"])).with_suffix(".gif")
        moved.append(str(file.replace(target)))
    return figure_rst(moved, gallery_conf["src_dir"])

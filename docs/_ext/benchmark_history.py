"""A Sphinx extension that draws the history of stored benchmarks, from git alone.

`benches/instructions.json` has counts of instructions, `benches/side_by_side.json` seconds. Each
commit that changed a file is a point. Without git, or before a file is stored, the page tells so.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt

from command_pages import write_changed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sphinx.application import Sphinx

#: The values of each series at the commits that stored it; a label is a short hash and a date.
Series = dict[str, dict[str, float]]

INTRODUCTION = """\
History of the benchmarks
=========================

Counts of instructions under valgrind do not depend on the machine's load. The ratios are those of
one run: the time of an alternative divided by that of gmmfast. Only commits that stored
new numbers are shown.

"""


def git(root: Path, *arguments: str) -> str:
    """Return the output of git in a folder, or nothing if it fails or is missing."""
    try:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return ""


def history(root: Path, file: str) -> list[tuple[str, Any]]:
    """Return the versions of a JSON file, oldest first, each with the label of its commit."""
    log = git(root, "log", "--reverse", "--format=%h %cs", "--", file).splitlines()
    texts = [(label, git(root, "show", f"{label.split()[0]}:{file}")) for label in log]
    return [(label, json.loads(text)) for label, text in texts if text]


def counts(versions: list[tuple[str, Any]]) -> Series:
    """Return the counts of each workload relative to its first one."""
    series: Series = {}
    for label, table in versions:
        for name, count in table.items():
            series.setdefault(name, {})[label] = count
    return {
        name: {label: count / next(iter(points.values())) for label, count in points.items()}
        for name, points in series.items()
    }


def ratios(versions: list[tuple[str, Any]]) -> Series:
    """Return the time of each alternative relative to the first line of its table."""
    series: Series = {}
    for label, stored in versions:
        for title, table in stored["seconds"].items():
            (_, first), *others = table.items()
            for name, times in others:
                points = series.setdefault(f"{title}: {name}", {})
                points[label] = times["cpu"] / first["cpu"]
    return series


def draw(series: Mapping[str, Mapping[str, float]], labels: list[str], path: Path) -> None:
    """Draw a line for each series over the commits."""
    fig, ax = plt.subplots(figsize=(9, 5), layout="constrained")
    ax.set_prop_cycle(color=plt.get_cmap("tab20").colors)
    for name, points in series.items():
        places = [labels.index(label) for label in points]
        ax.plot(places, list(points.values()), marker="o", ms=3, lw=1, label=name)
    ax.set(yscale="log", xticks=range(len(labels)))
    ax.set_xticklabels(labels, rotation=30, ha="right", fontsize=7)
    ax.legend(frameon=False, fontsize=6, loc="center left", bbox_to_anchor=(1, 0.5))
    fig.savefig(path, dpi=150)
    plt.close(fig)


def write_page(app: Sphinx) -> None:
    """Write the page and its pictures into docs/generated/history."""
    root = Path(app.srcdir).parent
    folder = Path(app.srcdir, "generated", "history")
    folder.mkdir(parents=True, exist_ok=True)
    text = INTRODUCTION
    for title, file, series_of in (
        ("Instructions, relative to the first count", "instructions.json", counts),
        ("Times of alternatives, relative to gmmfast's", "side_by_side.json", ratios),
    ):
        versions = history(root, f"benches/{file}")
        text += f"{title}\n{'-' * len(title)}\n\n"
        if not versions:
            text += f"No commit with ``benches/{file}`` was found.\n\n"
            continue
        picture = f"{Path(file).stem}.png"
        draw(series_of(versions), [label for label, _ in versions], folder / picture)
        text += f".. image:: {picture}\n   :alt: {title}, over commits\n\n"
    write_changed(folder / "index.rst", text)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("builder-inited", write_page)
    return {"parallel_read_safe": True}

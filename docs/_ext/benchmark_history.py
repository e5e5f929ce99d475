"""A Sphinx extension that draws the history of stored benchmarks, from git alone.

`benches/instructions.json` has counts of instructions, `benches/side_by_side.json` seconds. Each
commit that changed a file is a point. Without git, or before a file is stored, the page tells so.
"""

from __future__ import annotations

import json
import subprocess
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt

from command_pages import write_changed

if TYPE_CHECKING:
    from sphinx.application import Sphinx

#: For each panel the values of its lines at the commits that stored them; a label is a short hash
#: and a date.
Panels = dict[str, dict[str, dict[str, float]]]

#: Panels beside each other.
N_COLUMNS = 2

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


def counts(versions: list[tuple[str, Any]]) -> Panels:
    """Return the counts of each workload at each instruction set, relative to its first one."""
    panels: Panels = {}
    firsts: dict[str, float] = {}
    for label, table in versions:
        for name, count in table.items():
            workload, level = name.rsplit("/", 1)
            points = panels.setdefault(workload, {}).setdefault(level, {})
            points[label] = count / firsts.setdefault(name, count)
    return panels


def ratios(versions: list[tuple[str, Any]]) -> Panels:
    """Return the time of each alternative relative to the first line of its table."""
    panels: Panels = {}
    for label, stored in versions:
        for title, table in stored["seconds"].items():
            (_, first), *others = table.items()
            for name, times in others:
                points = panels.setdefault(title, {}).setdefault(name, {})
                points[label] = times["cpu"] / first["cpu"]
    return panels


def draw(panels: Panels, labels: list[str], path: Path) -> None:
    """Draw a panel for each table, and a line with its last value for each of its series."""
    n_rows = -(-len(panels) // N_COLUMNS)
    fig, axes = plt.subplots(
        n_rows, N_COLUMNS, figsize=(11, 2.4 * n_rows), squeeze=False, layout="constrained"
    )
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    for ax, (title, series) in zip(axes.flat, panels.items(), strict=False):
        for name, points in sorted(series.items(), key=lambda item: -[*item[1].values()][-1]):
            places, values = [labels.index(label) for label in points], [*points.values()]
            last = f"{values[-1]:,.0f}" if values[-1] >= 100 else f"{values[-1]:.3g}"
            label = f"{name}: {last}"
            ax.plot(places, values, marker="o", ms=3, lw=1, label=label)
        ax.set_title("\n".join(textwrap.wrap(title, 40)), fontsize=8)
        ax.set(yscale="log", xticks=range(len(labels)), xlim=(-0.5, len(labels) - 0.5))
        ax.minorticks_off()
        ax.set_xticklabels([label.replace(" ", "\n") for label in labels], fontsize=6)
        ax.tick_params("y", labelsize=6)
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

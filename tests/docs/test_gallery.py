"""Tests of the gallery: every script runs and shows the same pictures as before.

Scripts run here at the small size of docs/_ext/gallery_sizes.py. Their figures are compared with
the pictures in tests/gallery. This file as a script, with PYTHONPATH=tests:docs/_ext, writes the
pictures anew; look at them before you commit them.
"""

import contextlib
import io
import re
import tempfile
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from gallery_sizes import embedded, small_source
from support.checks import structural_similarity

mpl.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "docs" / "gallery").glob("*/plot_*.py"))
REFERENCES = ROOT / "tests" / "gallery"
WIDTH = 160

#: Structural similarity to the stored picture. EM stops an iteration earlier or later where sums
#: round differently, and fonts differ; a mirrored or an empty picture is far below.
LEAST_SIMILARITY = 0.9


def pictures(path):
    """Return the figures of the script, one above the other, as gray (height, WIDTH)."""
    plt.close("all")
    exec(compile(small_source(path), str(path), "exec"), {"__name__": "__main__"})  # noqa: S102 (ours)
    drawn = []
    for number in plt.get_fignums():
        figure, file = plt.figure(number), io.BytesIO()
        figure.savefig(file, format="png", dpi=2 * WIDTH / figure.get_size_inches()[0])
        picture = Image.open(file).convert("L")
        height = round(picture.height * WIDTH / picture.width)
        drawn.append(np.asarray(picture.resize((WIDTH, height), Image.Resampling.BOX)))
    plt.close("all")
    return np.concatenate(drawn)


def reference_of(path):
    return REFERENCES / f"{path.stem.removeprefix('plot_')}.png"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem.removeprefix("plot_"))
def test_every_page_runs_and_shows_what_it_showed(path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # animations are written there
    monkeypatch.setattr(plt, "show", lambda: None)
    drawn = pictures(path)
    expected = np.asarray(Image.open(reference_of(path)))
    assert drawn.shape == expected.shape
    assert structural_similarity(drawn, expected) > LEAST_SIMILARITY
    # The measure tells pictures apart: upside down it is another.
    assert structural_similarity(drawn[::-1], expected) < LEAST_SIMILARITY


def test_no_reference_is_left_of_a_page_that_is_gone():
    assert {path.name for path in REFERENCES.glob("*.png")} == {
        reference_of(path).name for path in SCRIPTS
    }


PAGES = [ROOT / "docs" / "index.md", *sorted(ROOT.glob("docs/*/*.md"))]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("benches/*.md")), *PAGES]


def name_of(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_link_to_a_file_leads_to_one(path):
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    links = re.findall(r"\]\(([^)#\s]+)", text)
    files = [link for link in links if "://" not in link and "generated/" not in link]
    broken = [link for link in files if not (path.parent / link).exists()]
    assert not broken


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_link_to_a_page_of_the_gallery_leads_to_one(path):
    names = re.findall(r"generated/gallery/(\w+/plot_\w+)\.", path.read_text())
    missing = [name for name in names if not (ROOT / "docs/gallery" / f"{name}.py").exists()]
    assert not missing


def test_a_small_build_runs_the_scripts_whose_pictures_are_on_other_pages():
    names = set(re.findall(r"plot_\w+", embedded(ROOT / "docs")))
    assert "plot_painting" in names
    assert names < {path.stem for path in SCRIPTS}


if __name__ == "__main__":
    plt.show = lambda: None
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for script in SCRIPTS:
            Image.fromarray(pictures(script)).save(reference_of(script), optimize=True)

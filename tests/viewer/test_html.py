"""The page as text: one file, written whole, that contains no markup of a user's."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import gmmfast.plot
from gmmfast import Mixture, to_html
from gmmfast.viewer import html
from gmmfast.viewer.html import SCRIPTS, script
from support.models import INK

PAGE = Path(html.__file__).parent / "page"

HOSTILE = (
    '</title></script><script>alert(1)</script>"><img src=x onerror=alert(1)>{{SCRIPT}}\u2028&lt;'
)


class Tags(HTMLParser):
    """Lists the tags of a page, and the text of its title and scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts = [("", {})], {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        tag, attributes = self.tags[-1]
        key = attributes.get("id", tag)
        self.texts[key] = self.texts.get(key, "") + data


def test_the_page_without_model_is_small_and_names_no_address():
    page = to_html(INK)
    assert len(page.encode()) < 150_000
    # The only address is the name of SVG, which nothing loads.
    assert set(re.findall(r"\w+://[^\"'\s]*", page)) == {"http://www.w3.org/2000/svg"}
    for tag, attributes in Tags(page).tags:
        assert not {"src", "href"} & set(attributes), tag


def test_a_hostile_title_is_text():
    page = to_html(INK, title=HOSTILE)
    plain, hostile = Tags(to_html(INK)), Tags(page)
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    assert hostile.texts["title"].strip() == HOSTILE
    assert json.loads(hostile.texts["model"])["title"] == HOSTILE


def test_the_file_is_the_text_and_replaces_only_when_whole(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old")
    with pytest.raises(ValueError, match="model: expected"):
        to_html(([1.0], [[0.0]], [1.0]), path)
    assert path.read_text() == "old"
    assert to_html(INK, path) is None
    assert path.read_text("utf-8") == to_html(INK)
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]
    with pytest.raises(FileNotFoundError, match="path: expected"):
        to_html(INK, tmp_path / "none" / "page.html")
    with pytest.raises(TypeError, match="path: expected"):
        to_html(INK, 3)
    with pytest.raises(TypeError, match="title: expected"):
        to_html(INK, title=3)


@pytest.mark.parametrize(
    ("n_features", "mend"), [(1, "PdfDisplay"), (7, "marginal"), (10, "marginal")]
)
def test_a_model_that_is_no_picture_gets_an_error_that_mends(n_features, mend):
    model = ([1.0], np.zeros((1, n_features)), [1.0])
    with pytest.raises(ValueError, match=rf"model: expected the features.*{mend}"):
        to_html(model)
    if n_features > 2:
        assert to_html(Mixture.from_model(model).marginal([0, 1])).startswith("<!DOCTYPE")
    else:
        assert mend in gmmfast.plot.__all__


def test_a_picture_that_does_not_fit_is_named():
    with pytest.raises(FileNotFoundError, match="image: expected"):
        to_html(INK, image="no picture at all")
    clip = Mixture([1.0], [[5.0, 5.0, 1.0]], [4.0], extent=[(0, 9), (0, 9), (0, 3)])
    with pytest.raises(ValueError, match="image: expected 3 axes"):
        to_html(clip, image=np.zeros((9, 9, 3), np.uint8))


def test_too_many_survivors_are_refused():
    n = 8000
    model = Mixture(np.full(n, 1 / n), np.zeros((n, 2)), np.full(n, 100.0))
    with pytest.raises(ValueError, match="model: expected at most 4000000 components"):
        to_html(model)


def test_the_sources_are_one_script_in_files_of_moderate_length():
    joined = script()
    assert not re.search(r"^(import \{|export )", joined, re.MULTILINE)
    names = re.findall(r"^(?:async )?(?:function|const|class|let) (\w+)", joined, re.MULTILINE)
    assert len(names) == len(set(names))
    for name in (*SCRIPTS, "mixture.frag", "style.css", "page.html"):
        lines = (PAGE / name).read_text("utf-8").splitlines()
        assert len(lines) <= 300, name
        assert max(map(len, lines)) <= 300, name  # nothing is minified

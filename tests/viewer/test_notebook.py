"""Mixtures show their page in notebooks, in an iframe of a bounded size."""

import numpy as np
import pytest

from gmmfast import Mixture, fit_image
from gmmfast.viewer import notebook
from gmmfast.viewer.notebook import iframe
from support.models import INK


@pytest.mark.parametrize("indent", ["", "    "], ids=["as it is", "indented by Sphinx"])
def test_notebooks_hold_the_page_in_an_iframe(chromium, tmp_path, indent):
    path = tmp_path / "notebook.html"
    html = INK._repr_html_()
    assert html == iframe(INK)
    path.write_text("<!DOCTYPE html><body>" + html.replace("\n", "\n" + indent) + "</body>")
    chromium.get(path.as_uri())
    chromium.switch_to.frame(0)
    for _ in range(100):
        if chromium.execute_script("return document.body.classList.contains('ready')"):
            break
        chromium.execute_async_script("setTimeout(arguments[0], 50)")
    chromium.execute_async_script("gmmfast.app.painted.then(arguments[0])")
    assert chromium.execute_script("return document.getElementById('fatal').hidden")
    assert chromium.execute_script("return innerHeight") <= 560
    chromium.switch_to.default_content()
    assert Mixture([1.0], [[0.0]], [1.0])._repr_html_() is None


def test_a_model_too_large_for_a_notebook_has_no_page(monkeypatch):
    monkeypatch.setattr(notebook, "_MOST", 1000)
    assert iframe(INK) is None


def test_an_image_model_has_its_page_below_its_picture():
    picture = [[[255, 0, 0], [0, 255, 0]] * 4] * 8
    html = fit_image(np.uint8(picture), 2, max_iter=2)._repr_html_()
    assert html.index("<img") < html.index("Look inside") < html.index("<iframe")

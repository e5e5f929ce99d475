"""Mixtures show their page in notebooks, in an iframe of a bounded size."""

import numpy as np
import pytest

from gmmfast import Mixture, fit_image
from gmmfast.viewer import notebook
from gmmfast.viewer.notebook import iframe
from support.models import INK


@pytest.mark.parametrize("indent", ["", "    "], ids=["as it is", "indented by Sphinx"])
def test_notebooks_hold_the_page_in_an_iframe(driver, tmp_path, indent):
    path = tmp_path / "notebook.html"
    html = INK._repr_html_()
    assert html == iframe(INK)
    path.write_text("<!DOCTYPE html><body>" + html.replace("\n", "\n" + indent) + "</body>")
    driver.get(path.as_uri())
    driver.switch_to.frame(0)
    for _ in range(100):
        if driver.execute_script("return document.body.classList.contains('ready')"):
            break
        driver.execute_async_script("setTimeout(arguments[0], 50)")
    driver.execute_async_script("gmmfast.app.painted.then(arguments[0])")
    assert driver.execute_script("return document.getElementById('fatal').hidden")
    assert driver.execute_script("return innerHeight") <= 560
    driver.switch_to.default_content()
    assert Mixture([1.0], [[0.0]], [1.0])._repr_html_() is None


def test_cells_that_are_executed_again_leave_no_context_and_no_worker(driver, device, tmp_path):
    path = tmp_path / "notebook.html"
    path.write_text("<!DOCTYPE html><body><div id='cell'></div></body>")
    driver.get(path.as_uri())
    device.errors()
    ready = (
        "const [html, done] = arguments; document.getElementById('cell').innerHTML = html;"
        "document.querySelector('iframe').onload = () => setTimeout(done, 100);"
    )
    for _ in range(20):  # a page has at most 16 contexts, and the console tells of one more
        driver.execute_async_script(ready, INK._repr_html_())
    assert device.errors() == []
    assert driver.execute_script("return frames.length") == 1


def test_a_model_too_large_for_a_notebook_has_no_page(monkeypatch):
    monkeypatch.setattr(notebook, "_MOST", 1000)
    assert iframe(INK) is None


def test_an_image_model_has_its_page_below_its_picture():
    picture = [[[255, 0, 0], [0, 255, 0]] * 4] * 8
    html = fit_image(np.uint8(picture), 2, max_iter=2)._repr_html_()
    assert html.index("<img") < html.index("Look inside") < html.index("<iframe")

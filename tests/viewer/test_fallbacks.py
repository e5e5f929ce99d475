"""The page where something is missing: the network, WebGL2, or any canvas."""

import numpy as np
import pytest

from gmmfast import render_grid
from support.models import INK


def test_the_page_may_request_nothing_and_attempts_are_seen(open_page):
    page = open_page(INK)
    assert page.errors() == []
    outcome = page.driver.execute_async_script(
        "fetch('https://example.org/x').then(() => arguments[0]('sent'), arguments[0])"
    )
    assert outcome != "sent"
    shown = ""
    for _ in range(50):  # Firefox reports it later
        shown += " ".join(page.errors()).replace("-", " ")
        if "Content Security Policy" in shown:
            return
        page.driver.execute_async_script("setTimeout(arguments[0], 50)")
    pytest.fail(shown)


@pytest.fixture
def before_pages(device):
    """Run a script before those of the pages of a test."""
    undo = []
    yield lambda source: undo.append(device.before_pages(source))
    for remove in undo:
        remove()


def test_a_browser_that_cannot_gets_an_error_to_read(open_page, before_pages):
    before_pages("HTMLCanvasElement.prototype.getContext = () => null;")
    page = open_page(INK)
    assert "cannot show the model" in page.driver.find_element("id", "fatal").text


@pytest.mark.parametrize("missing", ["getShaderParameter", "fenceSync", "texImage2D"])
def test_where_webgl_fails_javascript_draws(open_page, before_pages, missing):
    before_pages(
        f"WebGL2RenderingContext.prototype.{missing} = function () {{"
        "  if (this.isContextLost()) return null;"
        "  if (arguments.length > 6 || arguments[1] === this.COMPILE_STATUS ||"
        "      arguments[0] === this.SYNC_GPU_COMMANDS_COMPLETE) throw new Error('no');"
        "};"
    )
    page = open_page(INK, fragment="#painter=gl")
    page.wait()
    assert page.run("return gmmfast.app.painter.name") == "JavaScript"
    picture = page.render([[0, 40], [0, 24]], (24, 40), "density")[..., 0]
    density = render_grid(INK, (24, 40))
    assert np.corrcoef(picture.ravel(), density.ravel())[0, 1] < -0.5


def test_a_lost_context_is_replaced(open_page):
    page = open_page(INK, fragment="#painter=gl")
    page.wait()
    page.run("gmmfast.app.painter.gl.getExtension('WEBGL_lose_context').loseContext()")
    page.wait()
    assert page.run("return gmmfast.app.painter.name") == "JavaScript"
    assert page.render([[0, 40], [0, 24]], (24, 40), "density")[..., 3].min() == 255


def test_webgl_on_the_processor_is_left_to_javascript_which_is_faster(open_page, has_webgl):
    if not has_webgl:
        pytest.skip("there is no WebGL2")
    page = open_page(INK)
    card = page.run(
        "const gl = document.createElement('canvas').getContext('webgl2');"
        "return gl.getParameter(gl.getExtension('WEBGL_debug_renderer_info')"
        ".UNMASKED_RENDERER_WEBGL)"
    )
    assert "SwiftShader" in card or "llvmpipe" in card  # the tests' browsers have no other
    assert page.run("return gmmfast.app.painter.name") == "JavaScript"

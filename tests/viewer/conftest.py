"""A browser that several test files share, and pages opened in it."""

import base64
import itertools

import numpy as np
import pytest

from gmmfast import to_html
from support.browser import browser
from support.devices import device_of

#: Resolves when a page has drawn its model, or cannot.
READY = """
const done = arguments[0];
const look = () => {
  const isDone = document.body.classList.contains("ready")
    || !document.getElementById("fatal").hidden;
  if (isDone) done(true); else setTimeout(look, 20);
};
look();
"""

#: Resolves when the view rests and is drawn, after the events that are due.
REST = """
const done = arguments[0];
const look = async () => {
  const { app } = gmmfast;
  await app.painted;
  if (app.isMoving || app.isStale || app.isPainting) setTimeout(look, 50); else done();
};
setTimeout(look, 200);
"""

HAS_WEBGL = "return document.createElement('canvas').getContext('webgl2') !== null"

RENDER = """
const [extent, width, height, quantity, done] = arguments;
gmmfast.render(extent, width, height, quantity).then((pixels) => {
  let text = "";
  for (let i = 0; i < pixels.length; i += 4096) {
    text += String.fromCharCode(...pixels.subarray(i, i + 4096));
  }
  done(btoa(text));
}, (error) => done("error: " + error));
"""


class Page:
    """A page in the browser."""

    def __init__(self, driver, device):
        self.driver = driver
        self.device = device

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def wait(self):
        """Wait until the view rests and what is drawn is up to date."""
        self.driver.execute_async_script(REST)

    def chain(self):
        """Return Selenium's builder of gestures."""
        return pytest.importorskip("selenium.webdriver").ActionChains(self.driver)

    def keys(self, *names):
        """Press keys, given as characters or by Selenium's names."""
        known = pytest.importorskip("selenium.webdriver.common.keys").Keys
        for name in names:
            self.chain().send_keys(getattr(known, name, name)).perform()

    def pointer(self, selector, *places, click=False):
        """Press at the first place of an element, given as fractions, and move to the others."""
        element = self.driver.find_element("css selector", selector)
        width, height = element.size["width"], element.size["height"]
        at = [(round((x - 0.5) * width), round((y - 0.5) * height)) for x, y in places]
        chain = self.chain().move_to_element_with_offset(element, *at[0])
        if click or len(at) > 1:
            chain.click_and_hold()
            for before, after in itertools.pairwise(at):
                chain.move_by_offset(after[0] - before[0], after[1] - before[1])
            chain.release()
        chain.perform()

    def render(self, extent, shape, quantity):
        """Return pixels as the page draws them, (height, width, 4)."""
        height, width = shape
        text = self.driver.execute_async_script(RENDER, extent, width, height, quantity)
        assert not text.startswith("error"), text
        return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)

    def errors(self):
        """Return what the console has, and requests that are not for the page itself."""
        return self.device.errors()


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    driver = browser(tmp_path_factory.mktemp("profile"))
    driver.set_script_timeout(60)
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def device(driver):
    return device_of(driver)


@pytest.fixture(scope="session")
def has_webgl(driver):
    return driver.execute_script(HAS_WEBGL)


@pytest.fixture
def open_page(driver, device, has_webgl, tmp_path):
    """Open the page of a model; `fragment` follows the address."""

    def opened(model, *, fragment="", **options):
        path = tmp_path / "page.html"
        to_html(model, path, **options)
        if fragment == "#painter=gl" and not has_webgl:
            assert driver.capabilities["browserName"] == "firefox", "Chromium has SwiftShader"
            pytest.skip("Firefox has no WebGL2 here: run it on a display")
        driver.get("about:blank")
        device.errors()
        driver.get(path.as_uri() + fragment)
        driver.execute_async_script(READY)
        return Page(driver, device)

    return opened

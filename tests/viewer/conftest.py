"""A browser that several test files share, and pages opened in it."""

import base64
import json

import numpy as np
import pytest

from gmmfast import to_html
from support.browser import browser

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

    def __init__(self, driver):
        self.driver = driver

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def wait(self):
        """Wait until what is drawn is up to date."""
        script = "const done = arguments[0]; setTimeout(() => gmmfast.app.painted.then(done), 300)"
        self.driver.execute_async_script(script)

    def render(self, extent, shape, quantity):
        """Return pixels as the page draws them, (height, width, 4)."""
        height, width = shape
        text = self.driver.execute_async_script(RENDER, extent, width, height, quantity)
        assert not text.startswith("error"), text
        return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)

    def errors(self):
        """Return what the console has, and requests that are not for the page itself."""
        console = [entry["message"] for entry in self.driver.get_log("browser")]
        requests = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                if not url.startswith(("file:///", "data:", "blob:")):
                    requests.append(url)
        return console + requests


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    driver = browser(tmp_path_factory.mktemp("profile"))
    driver.set_script_timeout(60)
    yield driver
    driver.quit()


@pytest.fixture
def open_page(chromium, tmp_path):
    """Open the page of a model; `fragment` follows the address."""

    def opened(model, *, fragment="", **options):
        path = tmp_path / "page.html"
        to_html(model, path, **options)
        chromium.get("about:blank")
        Page(chromium).errors()
        chromium.get(path.as_uri() + fragment)
        chromium.execute_async_script(READY)
        return Page(chromium)

    return opened

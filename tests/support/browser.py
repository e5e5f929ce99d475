"""A headless Chromium without a network, driven by Selenium."""

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_browser():
    """Return the paths of Chromium and its driver; a missing one is None."""
    binary = next(filter(None, map(shutil.which, NAMES)), None)
    return binary, shutil.which("chromedriver")


def browser(tmp_path, *options, size=(1100, 760)):
    """Start a browser, or skip the test where there is none (in CI: fail)."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    binary, driver = find_browser()
    if binary is None or driver is None:
        message = "no Chromium with chromedriver: apt-get install chromium chromium-driver"
        if os.environ.get("GMMFAST_TEST_BROWSER") == "required":
            pytest.fail(message)
        pytest.skip(message)
    chosen = webdriver.ChromeOptions()
    chosen.binary_location = binary
    for option in (
        "--headless=new",
        "--no-sandbox",
        "--use-angle=swiftshader",
        "--enable-unsafe-swiftshader",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--force-device-scale-factor=1",
        f"--window-size={size[0]},{size[1]}",
        f"--user-data-dir={tmp_path}",
        # Every name fails to resolve: no request can succeed.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
        *options,
    ):
        chosen.add_argument(option)
    chosen.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(executable_path=driver)
    return webdriver.Chrome(options=chosen, service=service)

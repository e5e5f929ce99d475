"""A headless browser without a network, driven by Selenium.

The environment variable GMMFAST_TEST_BROWSER names it: "chromium" or "firefox". Without it
Chromium is taken where there is one, and else the tests are skipped. Firefox has WebGL2 only on a
display, such as that of Xvfb.
"""

import os
import shutil
from importlib import import_module

import pytest

NAMES = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "firefox": ("firefox-esr", "firefox"),
}

DRIVERS = {"chromium": "chromedriver", "firefox": "geckodriver"}

#: Every name fails to resolve, or every request goes to a port where nothing listens.
NO_CHROMIUM_NETWORK = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"
NO_FIREFOX_NETWORK = {
    "network.proxy.type": 1,
    **{f"network.proxy.{kind}": "127.0.0.1" for kind in ("http", "ssl")},
    **{f"network.proxy.{kind}_port": 9 for kind in ("http", "ssl")},
}


def find_browser(kind):
    """Return the paths of a browser and its driver; a missing one is None."""
    binary = next(filter(None, map(shutil.which, NAMES[kind])), None)
    return binary, shutil.which(DRIVERS[kind])


def browser(tmp_path, *options, size=(1100, 760)):
    """Start a browser, or skip the test where there is none (if it is named: fail)."""
    named = os.environ.get("GMMFAST_TEST_BROWSER")
    load = import_module if named else pytest.importorskip
    webdriver = load("selenium.webdriver")
    kind = named or "chromium"
    binary, driver = find_browser(kind)
    if binary is None or driver is None:
        message = f"no {kind} with {DRIVERS[kind]}; CONTRIBUTING.md tells how to install it"
        (pytest.fail if named else pytest.skip)(message)
    start = {"chromium": _chromium, "firefox": _firefox}[kind]
    return start(webdriver, (binary, driver), tmp_path, options, size)


def _chromium(webdriver, paths, tmp_path, options, size):
    chosen = webdriver.ChromeOptions()
    chosen.binary_location = paths[0]
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
        NO_CHROMIUM_NETWORK,
        *options,
    ):
        chosen.add_argument(option)
    chosen.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(executable_path=paths[1])
    return webdriver.Chrome(options=chosen, service=service)


def _firefox(webdriver, paths, tmp_path, options, size):
    chosen = webdriver.FirefoxOptions()
    chosen.binary_location = paths[0]
    chosen.enable_bidi = True  # for the console
    if "DISPLAY" not in os.environ:
        chosen.add_argument("-headless")
    size_options = (f"--width={size[0]}", f"--height={size[1]}")
    for option in (*size_options, *options):
        chosen.add_argument(option)
    for name, value in {**NO_FIREFOX_NETWORK, "webgl.force-enabled": True}.items():
        chosen.set_preference(name, value)
    service = webdriver.FirefoxService(
        executable_path=paths[1],
        service_args=["--allow-system-access"],  # for the color scheme
        log_output=str(tmp_path / "log"),
    )
    return webdriver.Firefox(options=chosen, service=service)

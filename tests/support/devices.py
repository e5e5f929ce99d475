"""A browser as a device: its screen and color scheme, its console and requests."""

import json

#: Addresses of the page itself, its pictures and its worker.
OWN = ("file:///", "data:", "blob:", "about:")


def device_of(driver):
    """Return the device of a browser that Selenium drives."""
    kinds = {"chrome": Chromium, "chromium": Chromium, "firefox": Firefox}
    return kinds[driver.capabilities["browserName"]](driver)


class Chromium:
    """By the protocol of its developer tools."""

    def __init__(self, driver):
        self.driver = driver

    def resize(self, width, height, density, *, mobile=False):
        """Set the size of the screen in CSS pixels, and the device's pixels to one of these."""
        size = {"width": width, "height": height, "deviceScaleFactor": density, "mobile": mobile}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def use_window(self):
        """Return to the size of the window."""
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def prefer(self, scheme):
        """Prefer "light" or "dark"; None is the system's choice."""
        features = [{"name": "prefers-color-scheme", "value": scheme}] if scheme else []
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def before_pages(self, source):
        """Run a script before those of each page. Return a function that ends this."""
        command = "Page.addScriptToEvaluateOnNewDocument"
        added = self.driver.execute_cdp_cmd(command, {"source": source})
        remove = "Page.removeScriptToEvaluateOnNewDocument"
        return lambda: self.driver.execute_cdp_cmd(remove, added)

    def errors(self):
        """Return what the console has, and requests that are not for the page itself."""
        console = [entry["message"] for entry in self.driver.get_log("browser")]
        urls = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                urls.append(message["params"]["request"]["url"])
        return console + [url for url in urls if not url.startswith(OWN)]


class Firefox:
    """By WebDriver BiDi."""

    def __init__(self, driver):
        self.driver = driver
        self.messages = []
        for add in (
            driver.script.add_console_message_handler,
            driver.script.add_javascript_error_handler,
        ):
            add(lambda entry: self.messages.append(entry.text))

    def resize(self, width, height, density, *, mobile=False):
        """Set the size of the screen in CSS pixels, and the device's pixels to one of these."""
        del mobile  # Firefox has no phone's scrollbars
        self._viewport({"width": width, "height": height}, float(density))

    def use_window(self):
        """Return to the size of the window."""
        self._viewport(None, None)

    def _viewport(self, size, density):
        context = self.driver.current_window_handle
        self.driver.browsing_context.set_viewport(context, size, device_pixel_ratio=density)

    def prefer(self, scheme):
        """Prefer "light" or "dark"; None is the system's choice."""
        value = {"dark": 0, "light": 1, None: 2}[scheme]
        with self.driver.context(self.driver.CONTEXT_CHROME):
            self.driver.execute_script(
                "Services.prefs.setIntPref(arguments[0], arguments[1])",
                "layout.css.prefers-color-scheme.content-override",
                value,
            )

    def before_pages(self, source):
        """Run a script before those of each page. Return a function that ends this."""
        added = self.driver.script.add_preload_script(f"() => {{ {source} }}")
        return lambda: self.driver.script.remove_preload_script(added["script"])

    def errors(self):
        """Return what the console has, and requests that are not for the page itself."""
        console, self.messages[:] = list(self.messages), []
        urls = self.driver.execute_script(
            "return performance.getEntriesByType('resource').map((entry) => entry.name)"
        )
        return console + [url for url in urls if not url.startswith(OWN)]

"""The picture of a page in README.md: `make screenshot` writes docs/look_inside.png.

Needs Chromium with its driver, Selenium, and the folder `tests` in PYTHONPATH.
"""

from __future__ import annotations

import io
import tempfile
import time
from pathlib import Path

from PIL import Image
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast._files import replaced
from support.browser import browser

ROOT = Path(__file__).resolve().parents[1]

#: Size of the window, and colors of the stored file.
SIZE, N_COLORS = (1280, 860), 200

#: Components of the model.
N_COMPONENTS = 1000

#: The state that is shown: a pinned point, another that is asked, a part of the original.
STATE = """
const { app } = gmmfast;
app.compare.set(0.28);
app.ask.at(250, 330);
app.ask.pin();
app.ask.at(268, 118);
"""


def screenshot() -> Image.Image:
    """Return the page of a photograph's model."""
    photo = load_sample_image("china.jpg")
    model = gmmfast.fit_image(photo, N_COMPONENTS)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder, "page.html")
        gmmfast.to_html(model, path, photo, title="China")
        driver = browser(Path(folder, "profile"), size=SIZE)
        try:
            driver.get(path.as_uri())
            time.sleep(6)  # software rendering, and the PSNR
            driver.execute_script(STATE)
            time.sleep(2)
            return Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB")
        finally:
            driver.quit()


if __name__ == "__main__":
    shown = screenshot()
    palette = shown.quantize(N_COLORS)
    picture = shown.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    with replaced(ROOT / "docs" / "look_inside.png") as file:
        picture.save(file, format="PNG", optimize=True)

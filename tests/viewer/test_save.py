"""The page saves what is seen, and copies code that renders it: Python, and a command."""

import shlex

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from gmmfast import Mixture, fit_image, fit_video
from support.commands import run_command
from support.models import INK

PHOTO = np.ascontiguousarray(load_sample_image("china.jpg")[::8, ::8])

SAVED = """
const [done] = arguments;
gmmfast.app.save.picture().then((c) => done(Array.from(
  c.getContext("2d").getImageData(0, 0, c.width, c.height).data)));
"""

ZOOM = "const a = gmmfast.app; a.view.zoom(3, 300, 200); a.moved();"

QUANTITIES = ("mean", "std", "label", "density", "log_density", "entropy")


@pytest.fixture(scope="module")
def models():
    clip = np.stack([np.roll(PHOTO[::2, ::2], i, axis=1) for i in range(4)])
    fits = {"painting": fit_image(PHOTO, 40, max_iter=5), "clip": fit_video(clip, 20, max_iter=4)}
    return {"ink": INK, **{name: Mixture.from_model(model) for name, model in fits.items()}}


def saved(page, *, width=120, with_marks=False):
    """Return what is saved, (height, width, 4)."""
    page.run(
        "const w = document.getElementById('save-width'); w.value = arguments[0];"
        "w.dispatchEvent(new Event('change'));"
        "document.getElementById('save-marks').checked = arguments[1];",
        width,
        with_marks,
    )
    pixels = page.driver.execute_async_script(SAVED)
    return np.reshape(pixels, (-1, width, 4)).astype(int)


def show(page, quantity):
    page.run("document.querySelector(`input[value=${arguments[0]}]`).click()", quantity)
    page.wait()


def shown_quantities(page):
    names = page.run("return [...document.querySelectorAll('[name=shown]')].map((e) => e.value)")
    return [name for name in names if name in QUANTITIES]


@pytest.mark.parametrize("name", ["painting", "ink", "clip"])
def test_the_copied_python_makes_the_picture_that_is_saved(open_page, models, name):
    page = open_page(models[name])
    page.run(ZOOM)
    if name == "clip":
        page.run("gmmfast.app.play.show(2)")
    assert len(shown_quantities(page)) == (4 if name == "ink" else 6)
    for quantity in shown_quantities(page):
        show(page, quantity)
        picture = saved(page)
        assert (picture[..., 3] == 255).all()
        namespace = {}
        python = page.run("return gmmfast.app.save.python()")
        code = python.replace('gmmfast.Mixture.load("model.npz")', "given")
        exec(code, {"given": models[name]}, namespace)  # noqa: S102 (the page's own)
        made = namespace["picture"].astype(int)
        made = made if made.shape[2:] == (3,) else made[..., None]
        difference = np.abs(made - picture[..., :3]).max(axis=2)
        assert (difference <= 2).mean() >= (0.99 if quantity == "label" else 1), quantity


@pytest.mark.parametrize("name", ["painting", "ink", "clip"])
def test_the_copied_command_renders_the_values_of_the_copied_python(
    open_page, models, name, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    models[name].save("model.npz")
    page = open_page(models[name])
    page.run(ZOOM)
    for quantity in shown_quantities(page):
        show(page, quantity)
        picture = saved(page)
        command = shlex.split(page.run("return gmmfast.app.save.command()"))
        assert command[0] == "gmmfast"
        outcome = run_command(*command[1:])
        assert outcome.status == 0, outcome.stderr
        namespace = {}
        exec(page.run("return gmmfast.app.save.python()"), {}, namespace)  # noqa: S102
        if quantity == "mean":
            assert np.abs(namespace["picture"].astype(int) - picture[..., :3]).max() <= 2
            continue
        values = np.load("view.npy")
        if quantity == "std":
            values = np.rint(values)
        np.testing.assert_allclose(values, namespace["values"], rtol=1e-9, atol=1e-9)


def test_what_lies_over_the_picture_is_saved_with_it(open_page, models):
    page = open_page(models["painting"], image=PHOTO)
    page.run(
        "const a = gmmfast.app; a.compare.set(0.5); a.slice.along([50, 10], [70, 45]);"
        "a.ask.at(60, 40); a.ask.pin(); a.ask.at(70, 12);"
    )
    page.wait()
    plain = saved(page, width=400)
    marked = saved(page, width=400, with_marks=True)
    overlay = np.asarray(
        page.run(
            "const o = document.getElementById('overlay'), c = document.createElement('canvas');"
            "[c.width, c.height] = [400, arguments[0]];"
            "const x = c.getContext('2d'); x.imageSmoothingQuality = 'high';"
            "x.drawImage(o, 0, 0, c.width, c.height);"
            "return Array.from(x.getImageData(0, 0, c.width, c.height).data)",
            len(plain),
        )
    ).reshape(plain.shape)
    is_marked = (plain != marked).any(axis=2)
    assert is_marked[overlay[..., 3] > 250].mean() > 0.95
    assert is_marked[overlay[..., 3] == 0].mean() < 0.01  # edges are smoothed otherwise


def test_styles_are_saved_on_paper_at_any_size(open_page, models):
    page = open_page(models["painting"])
    for style in ("ellipses", "outlines"):
        show(page, style)
        small, large = saved(page, width=200), saved(page, width=400)
        assert (small[..., 3] == 255).all()
        halved = large[: 2 * len(small)].reshape(len(small), 2, 200, 2, 4).mean(axis=(1, 3))
        assert np.abs(halved - small).mean() < 8, style
    assert not page.driver.find_element("id", "copy").is_displayed()


def test_a_picture_higher_than_a_band_is_whole(open_page, models):
    page = open_page(models["painting"], fragment="#painter=gl")
    page.run("gmmfast.app.view.fit()")
    high, low = saved(page, width=900), saved(page, width=300)
    assert len(high) > 2 * 256
    rows = np.minimum(3 * np.arange(len(low)) + 1, len(high) - 1)
    inside = low[..., 3] == 255
    assert np.abs(high[rows, 1::3] - low)[inside].max() <= 8


def test_the_buttons_copy_into_the_page_where_no_clipboard_is(open_page, models):
    page = open_page(models["ink"])
    for button, text in (("copy-python", "import gmmfast"), ("copy-command", "gmmfast render")):
        page.driver.find_element("id", button).click()
        assert text in page.run("return document.getElementById('copied').textContent")
    assert page.errors() == []

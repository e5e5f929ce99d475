"""The page answers as Python does, and every control works by pointer and by keys."""

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from gmmfast import Mixture, fit_image, fit_video, images, render_grid
from support.models import INK

PHOTO = np.ascontiguousarray(load_sample_image("china.jpg")[::8, ::8])


@pytest.fixture(scope="module")
def photo_model():
    return fit_image(PHOTO, 40, max_iter=5)


@pytest.fixture
def page(open_page, photo_model):
    return open_page(photo_model, image=PHOTO)


def answers(page, point):
    return page.run(
        "gmmfast.app.ask.at(...arguments[0]); return gmmfast.app.ask.answer", list(point)
    )


def test_a_pixel_answers_as_condition_does(page, photo_model):
    mixture = Mixture.from_model(photo_model)
    rng = np.random.default_rng(1)
    for point in rng.uniform(0, [79, 53], (20, 2)):
        answer = answers(page, point)
        conditional = mixture.condition([0, 1], point)
        np.testing.assert_allclose(answer["mean"], conditional.mean(), rtol=1e-5)
        std = np.sqrt(np.diag(conditional.covariance()))
        np.testing.assert_allclose(answer["std"], std, rtol=1e-5)
        log_density = mixture.marginal([0, 1]).score_samples([point])[0]
        np.testing.assert_allclose(answer["logDensity"], log_density, rtol=1e-5)
        order = np.argsort(-conditional.weights)[: len(answer["parts"])]
        responsibilities = [part["r"] for part in answer["parts"]]
        np.testing.assert_allclose(responsibilities, conditional.weights[order], atol=1e-8)
        assert [part["k"] for part in answer["parts"]][:3] == order[:3].tolist()
    assert page.errors() == []


def test_a_pixel_of_a_clip_answers_as_condition_does(open_page):
    clip = np.stack([np.roll(PHOTO[::2, ::2], i, axis=1) for i in range(4)])
    model = fit_video(clip, 20, max_iter=4)
    page = open_page(model)
    page.run("gmmfast.app.play.show(2)")
    low, high = model.extent_[2]
    time = low + 2.5 * (high - low) / 4
    answer = answers(page, (11.2, 7.7))
    conditional = Mixture.from_model(model).condition([0, 1, 2], [11.2, 7.7, time])
    np.testing.assert_allclose(answer["mean"], conditional.mean(), rtol=1e-5)
    page.driver.find_element("id", "play").click()
    seen = page.driver.execute_async_script(
        "const [done] = arguments; const seen = new Set(); const look = () => {"
        "seen.add(gmmfast.app.frame); if (seen.size === 4) done([...seen]);"
        "else setTimeout(look, 10); }; look();"
    )
    assert sorted(seen) == [0, 1, 2, 3]
    page.driver.find_element("id", "play").click()
    assert page.run("return gmmfast.app.play.timer") == 0
    assert "of 4" in page.run("return document.getElementById('time-text').textContent")
    assert page.errors() == []


def test_pointing_shows_the_answer_and_a_click_pins_it(page):
    page.pointer("#stage", (0.4, 0.7))
    page.wait()
    assert page.run("return document.querySelectorAll('#answer .plot .mark').length") == 3
    shown = "return document.querySelectorAll('#pins > li').length"
    for place in ((0.4, 0.7), (0.7, 0.3)):
        page.pointer("#stage", place, click=True)
        page.driver.execute_async_script("setTimeout(arguments[0], 400)")
    assert page.run(shown) == 2
    page.driver.find_element("css selector", "#pins button").click()
    assert page.run(shown) == 1
    assert page.errors() == []


def test_drags_wheel_and_double_clicks_move_the_view(page):
    stage = page.driver.find_element("id", "stage")
    view = "const v = gmmfast.app.view; return [v.x, v.y, v.scale]"
    page.run("gmmfast.app.compare.set(0)")
    x, _, scale = page.run(view)
    page.pointer("#stage", (0.5, 0.5), (0.6, 0.5))
    moved = page.run(view)
    np.testing.assert_allclose(x - moved[0], round(0.1 * stage.size["width"]) / scale, atol=0.1)
    page.chain().double_click(stage).perform()
    assert page.run(view)[2] == pytest.approx(2 * scale)
    point = "return gmmfast.app.view.pointAt(200, 150)"
    before = page.run(point)
    page.run(
        "const s = document.getElementById('stage'), b = s.getBoundingClientRect();"
        "s.dispatchEvent(new WheelEvent('wheel', {deltaY: -500, clientX: b.left + 200,"
        "clientY: b.top + 150, cancelable: true}))"
    )
    assert page.run(view)[2] > 4 * scale
    # The event's place is a whole number.
    np.testing.assert_allclose(page.run(point), before, atol=0.05)
    page.run(
        "const s = document.getElementById('stage'), b = s.getBoundingClientRect();"
        "s.setPointerCapture = () => {};"
        "const send = (type, id, x) => s.dispatchEvent(new PointerEvent(type, {pointerId: id,"
        "clientX: b.left + x, clientY: b.top + 150, bubbles: true}));"
        "send('pointerdown', 7, 150); send('pointerdown', 8, 250);"
        "send('pointermove', 8, 350); send('pointerup', 7, 150); send('pointerup', 8, 350);"
    )
    assert page.run(view)[2] > 8 * scale
    page.wait()
    assert page.errors() == []


def test_the_keys_alone_reach_everything(page):
    page.run("document.getElementById('stage').focus()")
    view = "const v = gmmfast.app.view; return [v.x, v.y, v.scale]"
    start = page.run(view)
    page.keys("+", "ARROW_RIGHT", "ARROW_DOWN")
    moved = page.run(view)
    assert moved[2] > start[2]
    assert moved[0] > start[0]
    assert moved[1] > start[1]
    page.keys("ENTER")
    assert page.run("return gmmfast.app.ask.pins.length") == 1
    page.keys("-", "0")
    np.testing.assert_allclose(page.run(view), start)
    reached = set()
    wanted = {"zoom-in", "zoom-out", "fit", "divider", "save-width", "save", "save-marks"}
    wanted |= {"copy-python", "copy-command", "Remove point 1"}
    name = (
        "const e = document.activeElement; return e.id || e.getAttribute('aria-label')"
        " || e.name + ' ' + e.value || e.textContent"
    )
    for _ in range(24):
        page.keys("TAB")
        reached.add(page.run(name))
        if wanted <= reached:  # one more would leave the page
            break
    assert wanted <= reached
    page.run("document.querySelector('input[value=density]').focus()")
    page.keys("SPACE")
    assert page.run("return gmmfast.app.look.quantity") == "density"
    assert page.errors() == []


def test_every_control_has_a_name_and_enough_contrast(page):
    nameless = page.run(
        "return [...document.querySelectorAll('button, input, [tabindex]')].filter((e) =>"
        "!(e.getAttribute('aria-label') || e.closest('label') || e.textContent.trim()))"
        ".map((e) => e.outerHTML)"
    )
    assert nameless == []
    for scheme in ("light", "dark"):
        page.device.prefer(scheme)
        colors = page.run(
            "const s = getComputedStyle(document.documentElement);"
            "return ['paper', 'wall', 'ink', 'dim', 'accent', 'on-accent', 'red', 'green', 'blue']"
            ".map((n) => s.getPropertyValue('--' + n).trim())"
        )
        paper, wall, ink, dim, accent, on_accent, *lines = map(luminance, colors)
        for front, back in [
            *((front, back) for front in (ink, dim) for back in (paper, wall)),
            *((front, paper) for front in (accent, *lines)),
            (on_accent, accent),
        ]:
            assert (max(front, back) + 0.05) / (min(front, back) + 0.05) >= 4.5, (scheme, colors)
    page.device.prefer(None)


def luminance(color):
    """Relative luminance of a color such as #1b4fc4 or #fff (WCAG 2.2)."""
    digits = color.lstrip("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    levels = np.array(list(bytes.fromhex(digits))) / 255
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("density", [2, 3])
def test_a_narrow_screen_needs_no_sideways_scrolling(page, density):
    page.device.resize(360, 740, density, mobile=True)
    try:
        page.driver.execute_async_script(
            "const [density, done] = arguments; const look = () => {"
            "if (gmmfast.app.view.density === density && !gmmfast.app.isMoving) done();"
            "else setTimeout(look, 50); }; look();",
            density,
        )
        page.wait()
        widths = page.run(
            "return [document.documentElement.scrollWidth, innerWidth,"
            "document.getElementById('picture').width]"
        )
        assert widths[0] <= widths[1] == 360
        assert widths[2] == 360 * density  # the device's pixels
    finally:
        page.device.use_window()


def test_the_original_is_compared(page, photo_model):
    painting = render_grid(photo_model, PHOTO.shape[:2], dtype="uint8")
    script = (
        "const [done] = arguments; const look = () => {"
        "const text = document.getElementById('psnr').textContent;"
        "if (text) done(text); else setTimeout(look, 50); }; look();"
    )
    shown = page.driver.execute_async_script(script)
    expected = images.psnr(painting, PHOTO)
    assert float(shown.split()[1]) == pytest.approx(expected, abs=0.02)
    page.pointer("#stage", (0.5, 0.3), (0.2, 0.3))
    assert page.run("return gmmfast.app.compare.position") == pytest.approx(0.2, abs=0.02)


def test_the_tone_curve_is_dragged_and_typed(open_page):
    page = open_page(INK)
    knots = "return gmmfast.app.look.tone"
    page.driver.find_element("id", "tone-linear").click()
    assert page.run(knots) == [[0, 0], [1, 1]]
    page.pointer("#tone-curve", (0.5, 0.2), (0.3, 0.2))
    (middle,) = page.run(knots)[1:-1]
    assert middle == pytest.approx([(0.3 * 220 - 10) / 200, (0.8 * 220 - 10) / 200], abs=0.02)
    page.run("document.querySelectorAll('.knot')[1].focus()")
    page.keys("ARROW_DOWN", "ARROW_RIGHT")
    moved = page.run(knots)[1]
    assert moved == pytest.approx([middle[0] + 0.01, middle[1] - 0.01])
    shown = page.render([[0, 40], [0, 24]], (24, 40), "density")[..., 0]
    density = render_grid(INK, (24, 40))
    peak = 2 ** page.run("return gmmfast.app.look.range[1]")
    curve = np.interp(density / peak, *np.transpose([[0, 0], moved, [1, 1]]))
    assert np.abs(shown - np.rint(255 * (1 - curve))).max() <= 1
    page.keys("DELETE")
    assert page.run(knots) == [[0, 0], [1, 1]]
    assert page.errors() == []


def test_slices_are_the_densities_along_lines(open_page):
    page = open_page(INK)
    values = page.run("const s = gmmfast.app.slice; s.along([2, 3], [38, 20]); return s.values()")
    t = np.linspace(0, 1, len(values))[:, None]
    points = np.array([2.0, 3.0]) * (1 - t) + np.array([38.0, 20.0]) * t
    np.testing.assert_allclose(values, np.exp(INK.score_samples(points)), rtol=1e-9)
    values = page.run("const s = gmmfast.app.slice; s.hold('x', [20, 5]); return s.values()")
    y = np.linspace(0, 24, len(values))[:, None]
    expected = np.exp(INK.condition([0], [20.0]).score_samples(y))
    np.testing.assert_allclose(values, expected / np.trapezoid(expected, y[:, 0]), rtol=1e-6)
    page.driver.find_element("css selector", "input[value=line] + span").click()
    page.pointer("#stage", (0.3, 0.4), (0.7, 0.6))
    assert page.run("return document.querySelectorAll('#slice .plot').length") == 1
    assert page.errors() == []


def test_rain_falls_where_the_density_is(open_page):
    page = open_page(INK)
    page.driver.find_element("css selector", "input[value=rain] + span").click()
    page.run("document.getElementById('rain-speed').value = 400")
    wait = (
        "const [done] = arguments; const look = () => {"
        "if (gmmfast.app.rain.points.length > 3000) done(); else setTimeout(look, 50); }; look();"
    )
    page.driver.execute_async_script(wait)
    page.driver.find_element("id", "rain").click()
    points = page.run("return gmmfast.app.rain.points.map(({x, y}) => [x, y])")
    n = len(points)
    np.testing.assert_allclose(np.mean(points, axis=0), INK.mean(), atol=40 / np.sqrt(n))
    np.testing.assert_allclose(np.cov(np.transpose(points)), INK.covariance(), rtol=0.2, atol=3)
    assert page.run("return gmmfast.app.rain.isOn") is False
    page.driver.find_element("id", "rain-clear").click()
    assert page.run("return gmmfast.app.rain.points.length") == 0

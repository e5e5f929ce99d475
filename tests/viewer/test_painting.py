"""The page in a real browser draws what `render_grid` computes, by both of its painters."""

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from gmmfast import Mixture, fit_image, fit_video, images, refine, render_grid
from gmmfast.tone import DEFAULT_TONE

SHAPE = (75, 100)


def spikes():
    """A wide component, and some of a hundredth of a pixel, over a picture of 100 x 75."""
    rng = np.random.default_rng(5)
    n = 40
    means = np.column_stack([rng.uniform(0, 100, n), rng.uniform(0, 75, n)])
    colors = rng.uniform(0, 255, (n, 3))
    deviations = rng.choice([0.01, 0.1, 1.0, 20.0], n)
    covariances = np.zeros((n, 5, 5))
    for k, std in enumerate(deviations):
        root = np.eye(5)
        root[:2, :2] = [[std, 0], [0.9 * std, std / 3]]
        root[2:, :2] = rng.normal(size=(3, 2)) * 5
        root[2:, 2:] = np.eye(3) * 6
        covariances[k] = root @ root.T
    weights = np.full(n, 1 / n)
    return Mixture(
        weights, np.hstack([means, colors]), covariances, extent=[(-0.5, 99.5), (-0.5, 74.5)]
    )


@pytest.fixture(scope="module")
def models():
    photo = np.ascontiguousarray(load_sample_image("china.jpg")[::6, ::6])
    painting = fit_image(photo, 1000, max_iter=4)
    small = np.ascontiguousarray(photo[::2, ::2])
    clip = np.stack([np.roll(small, 2 * i, axis=1) for i in range(5)])
    drawing = images.line_drawing(photo)
    return {
        "painting": painting,
        "refined": refine(fit_image(small, 60, max_iter=4), small, max_iter=2),
        "ink": fit_image(drawing, 500, kind="ink", threshold="otsu", max_iter=4),
        "clip": fit_video(clip, 80, max_iter=4),
        "spikes": spikes(),
    }


def parts(extent):
    """The whole picture, a part of it, and a part a thousandth as wide."""
    views = []
    for zoom, place in ((1, 0.5), (7.3, 0.61), (1000, 0.371)):
        view = []
        for low, high in extent[:2]:
            middle = low + (0.5 if zoom == 1 else place) * (high - low)
            view.append([middle - (high - low) / 2 / zoom, middle + (high - low) / 2 / zoom])
        views.append(view)
    return views


def expected(page, model, extent, quantity):
    """Return the levels that the page should show, from `render_grid`."""
    options = {"quantity": quantity, "extent": extent}
    if quantity in ("mean", "std"):
        return render_grid(model, SHAPE, dtype="uint8", **options)
    values = render_grid(model, SHAPE, **options)
    low, high = page.run("return gmmfast.app.lookOf(arguments[0]).range", quantity)
    if quantity == "density":
        shown = DEFAULT_TONE(values / 2**high)
    elif quantity == "log_density":
        shown = (values / np.log(2) - low) / (high - low)
    else:
        shown = (values - low) / (high - low)
    levels = np.rint(255 * (1 - np.clip(shown, 0, 1)))
    return np.repeat(levels[..., None], 3, axis=2).astype(np.uint8)


def check(picture, reference):
    assert (picture[..., 3] == 255).all()
    difference = np.abs(picture[..., :3].astype(int) - reference.astype(int))
    assert difference.max() <= 2
    assert (difference.max(axis=2) <= 1).mean() >= 0.999


@pytest.mark.parametrize("fragment", ["#painter=gl", "#painter=js"], ids=["WebGL2", "JavaScript"])
@pytest.mark.parametrize("name", ["painting", "refined", "ink", "spikes"])
def test_every_quantity_is_within_a_level_of_render_grid_at_any_zoom(
    models, open_page, name, fragment
):
    model = models[name]
    page = open_page(model, fragment=fragment)
    painter = page.run("return gmmfast.app.painter.name")
    assert painter == ("JavaScript" if fragment.endswith("js") else "WebGL2")
    colors = () if name == "ink" else ("mean", "std")
    extent = Mixture.from_model(model).extent
    for quantity in (*colors, "density", "log_density", "entropy"):
        for view in parts(extent):
            picture = page.render(view, SHAPE, quantity)
            check(picture, expected(page, model, view, quantity))
    assert page.errors() == []


def test_labels_show_the_mean_color_of_the_component(models, open_page):
    model = Mixture.from_model(models["painting"])
    page = open_page(model, fragment="#painter=gl")
    for view in parts(model.extent):
        picture = page.render(view, SHAPE, "label")[..., :3].astype(int)
        labels = render_grid(model, SHAPE, quantity="label", extent=view)
        colors = np.rint(np.clip(model.means[labels, 2:], 0, 255))
        assert (np.abs(picture - colors).max(axis=2) <= 1).mean() >= 0.999


@pytest.mark.parametrize("fragment", ["#painter=gl", "#painter=js"], ids=["WebGL2", "JavaScript"])
def test_each_frame_of_a_clip_is_that_of_render_grid(models, open_page, fragment):
    model = models["clip"]
    (x, y, time) = model.extent_
    page = open_page(model, fragment=fragment)
    for frame in (0, 3):
        page.run("gmmfast.app.play.show(arguments[0])", frame)
        step = (time[1] - time[0]) / 5
        instant = (time[0] + frame * step, time[0] + (frame + 1) * step)
        for view in parts((x, y)):
            picture = page.render(view, SHAPE, "mean")
            extent = [*view, instant]
            reference = render_grid(model, (1, *SHAPE), extent=extent, dtype="uint8")[0]
            check(picture, reference)
    assert page.errors() == []


@pytest.mark.parametrize("fragment", ["#painter=gl", "#painter=js"], ids=["WebGL2", "JavaScript"])
def test_an_axis_may_descend(open_page, fragment):
    model = spikes().with_extent([(-0.5, 99.5), (74.5, -0.5)])
    page = open_page(model, fragment=fragment)
    picture = page.render(model.extent, SHAPE, "mean")
    check(picture, expected(page, model, model.extent, "mean"))
    assert page.run("return gmmfast.app.view.contains(50, 30)")
    assert not page.run("return gmmfast.app.view.contains(50, 80)")


def test_outside_the_picture_nothing_is_drawn(models, open_page):
    page = open_page(models["spikes"])
    picture = page.render([[-50.5, 149.5], [-0.5, 74.5]], (30, 80), "mean")
    assert (picture[:, :20, 3] == 0).all()
    assert (picture[:, 20:60, 3] == 255).all()
    assert (picture[:, 60:, 3] == 0).all()

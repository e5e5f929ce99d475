"""Tests of plot/base.py, plot/density.py, and the conventions of all displays."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from gmmfast import BayesianGaussianMixture, Mixture, ToneCurve, fit_video, plot, render_grid
from gmmfast.cli.figures import full_axes, pixels_of
from gmmfast.plot import palettes
from support.checks import check_message, refusal
from support.displays import EXTENT, INK, ONE, PICTURE


def from_estimator(name, model, **options):
    """A display of each kind, of a model that suits it."""
    makers = {
        "DensityDisplay": lambda: plot.DensityDisplay.from_estimator(PICTURE, **options),
        "ConditionalMeanDisplay": lambda: plot.ConditionalMeanDisplay.from_estimator(
            model, **options
        ),
        "LabelDisplay": lambda: plot.LabelDisplay.from_estimator(model, **options),
        "ContourDisplay": lambda: plot.ContourDisplay.from_estimator(PICTURE, **options),
        "EllipseDisplay": lambda: plot.EllipseDisplay.from_estimator(model, **options),
        "PdfDisplay": lambda: plot.PdfDisplay.from_estimator(ONE, **options),
        "SamplesDisplay": lambda: plot.SamplesDisplay.from_estimator(PICTURE, **options),
        "SliceDisplay": lambda: plot.SliceDisplay.from_estimator(PICTURE, [5, 20], **options),
    }
    return makers[name]()


KINDS = (
    "DensityDisplay", "ConditionalMeanDisplay", "LabelDisplay", "ContourDisplay",
    "EllipseDisplay", "PdfDisplay", "SamplesDisplay", "SliceDisplay",
)  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_every_display_follows_the_convention(photograph, name):
    display = from_estimator(name, photograph)
    assert type(display).__name__ == name
    assert display.figure_ is display.ax_.figure
    assert plt.get_fignums() == [display.figure_.number]
    figure, (ax, other) = plt.subplots(1, 2)
    again = from_estimator(name, photograph, ax=ax)
    assert again.ax_ is ax
    assert again.figure_ is figure
    assert again.plot(other) is again
    assert again.ax_ is other
    figure.canvas.draw()
    # Axes of a figure that pyplot does not know.
    ax = Figure().add_subplot()
    assert from_estimator(name, photograph, ax=ax).ax_ is ax


@pytest.mark.parametrize("name", KINDS)
def test_without_matplotlib_the_message_says_how_to_get_it(photograph, monkeypatch, name):
    monkeypatch.setattr(plot.base.importlib.util, "find_spec", lambda _: None)
    message = refusal(ImportError, from_estimator, name, photograph)
    check_message(message, f"{name}: ")
    assert "pip install 'gmmfast[plot]'" in message


def test_importing_the_displays_does_not_import_matplotlib(run_python):
    result = run_python("import sys, gmmfast.plot; print('matplotlib' in sys.modules)")
    assert (result.returncode, result.stdout) == (0, "False\n"), result.stderr


def test_a_model_that_remembers_a_picture_shows_it_y_down(photograph):
    display = plot.ConditionalMeanDisplay.from_estimator(photograph)
    assert display.frame.shape == photograph.image_shape_
    assert display.frame.extent == photograph.extent_
    (left, right), (low, high) = photograph.extent_
    assert display.image_.get_extent() == [left, right, high, low]
    assert display.ax_.get_xlim() == (left, right)
    assert display.ax_.get_ylim() == (high, low)
    assert display.ax_.get_aspect() == 1
    size = display.figure_.get_size_inches()
    assert size[0] / size[1] == pytest.approx((right - left) / (high - low))


def test_a_shape_alone_is_of_pixels_and_no_shape_shows_where_the_mass_is_y_up():
    pixels = plot.DensityDisplay.from_estimator(INK, (20, 30))
    assert pixels.frame.extent == EXTENT
    assert pixels.ax_.get_ylim() == (19.5, -0.5)
    np.testing.assert_array_equal(pixels.density, render_grid(INK, (20, 30)))
    free = plot.DensityDisplay.from_estimator(INK)
    low, high = free.ax_.get_ylim()
    assert low < high
    mean = np.average([6.0, 14.0], weights=[0.4, 0.6])
    assert (low + high) / 2 == pytest.approx(mean)
    assert max(free.frame.shape) == 640
    # Nearly everything is shown.
    (left, right), (bottom, top) = free.frame.extent
    area = (right - left) * (top - bottom) / free.density.size
    assert free.density.sum() * area == pytest.approx(1, abs=0.02)


def test_an_extent_asked_for_is_shown():
    extent = [(0, 10), (0, 5)]
    display = plot.ContourDisplay.from_estimator(PICTURE, extent=extent)
    assert display.frame.extent == ((0, 10), (0, 5))
    assert display.frame.shape == (320, 640)
    assert display.ax_.get_xlim() == (0, 10)


def test_frames_refuse_what_is_no_plane():
    check_message(refusal(ValueError, plot.DensityDisplay.from_estimator, ONE), "model: ")
    check_message(refusal(ValueError, plot.DensityDisplay.from_estimator, INK, 20), "shape: ")
    for shape in (None, (8, 9)):
        message = refusal(
            ValueError, plot.DensityDisplay.from_estimator, INK, shape, extent=(0, 1)
        )
        check_message(message, r"extent: expected 2 \(low, high\) pairs")


def test_an_extent_of_x_alone_leaves_y_where_the_mass_is():
    frame = plot.Frame.from_model(Mixture(*INK, extent=[(0, 30)]))
    assert frame.extent == ((0, 30), plot.Frame.from_model(INK).extent[1])


def test_a_clip_is_shown_in_the_plane_of_its_frames():
    clip = fit_video(np.random.default_rng(0).integers(0, 256, (3, 6, 9, 3), np.uint8), 2)
    display = plot.DensityDisplay.from_estimator(clip)
    expected = render_grid(clip, (6, 9), quantity="density", extent=clip.extent_[:2])
    np.testing.assert_array_equal(display.density, expected)


@pytest.mark.parametrize("name", ["Ellipse", "Samples", "Channels", "Label", "ConditionalMean"])
def test_features_without_a_color_are_refused(name):
    model = ([0.5, 0.5], np.arange(8.0).reshape(2, 4), [1.0, 2.0])
    message = refusal(ValueError, getattr(plot, f"{name}Display").from_estimator, model)
    check_message(message, r"model: expected .*5 \(x, y, r, g, b\), got 4; ")


def test_the_density_is_drawn_through_the_curve():
    tone = ToneCurve([(0, 0), (0.2, 0.7), (1, 1)])
    display = plot.DensityDisplay.from_estimator(PICTURE, (40, 60), tone=tone, palette="charcoal")
    density = render_grid(PICTURE, (40, 60))
    np.testing.assert_array_equal(display.density, density)
    ramp = palettes.palette_of("charcoal")
    np.testing.assert_array_equal(display.picture, ramp(tone(density / density.max())))
    np.testing.assert_array_equal(display.image_.get_array(), display.picture)


def test_what_is_drawn_is_what_was_computed_to_the_pixel():
    """Drawn at its own size, the figure's pixels are the display's."""
    ax = full_axes((40, 60))
    display = plot.DensityDisplay.from_estimator(PICTURE, (40, 60), ax=ax)
    drawn = pixels_of(display.figure_)
    assert np.abs(drawn.astype(int) - display.picture).max() <= 1


def test_displays_of_a_bayesian_estimator_show_its_score_samples():
    points = np.random.default_rng(0).normal(size=(40, 2))
    options = {"n_components": 3, "max_iter": 500, "random_state": 0}
    plane = BayesianGaussianMixture(**options).fit(points)
    contours = plot.ContourDisplay.from_estimator(plane, (6, 7), extent=[(-3, 3), (-3, 3)])
    grid = np.stack(np.meshgrid(*contours.frame.centers()), axis=-1).reshape(-1, 2)
    expected = plane.score_samples(grid).reshape(6, 7)
    np.testing.assert_allclose(contours.log_density, expected, rtol=1e-11)
    density = plot.DensityDisplay.from_estimator(plane, (6, 7), extent=[(-3, 3), (-3, 3)])
    np.testing.assert_allclose(density.density, np.exp(expected), rtol=1e-11)
    line = BayesianGaussianMixture(**options).fit(points[:, :1])
    curve = plot.PdfDisplay.from_estimator(line, n_points=9)
    expected = np.exp(line.score_samples(curve.x[:, None]))
    np.testing.assert_allclose(curve.density, expected, rtol=1e-11)
    np.testing.assert_allclose(curve.components.sum(axis=0), expected, rtol=1e-11)

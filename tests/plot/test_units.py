"""Planes whose features have different units, such as seconds and degrees."""

import numpy as np
import pandas as pd
import pytest

from gmmfast import GaussianMixture, Mixture, plot
from gmmfast.cli.figures import framed_axes, pixels_of

#: Means and standard deviations of the features: a day of Unix seconds and degrees, and so on.
PLANES = {
    "time and degrees": ([1.7e9, 20.0], [8e5, 0.5]),
    "degrees and time": ([20.0, 1.7e9], [0.5, 8e5]),
    "longitude and depth": ([8.5, -3000.0], [0.01, 400.0]),
    "flux and redshift": ([1e-15, 0.5], [3e-16, 0.1]),
}

#: Two components with correlated features, in standard deviations.
SPREADS = [[[1.0, 0.7], [0.7, 1.0]], [[0.5, 0.0], [0.0, 2.0]]]
WHITE = Mixture([0.6, 0.4], [[-1.0, 0.0], [2.0, 1.0]], SPREADS)

DISPLAYS = [
    plot.ContourDisplay.from_estimator,
    plot.DensityDisplay.from_estimator,
    plot.EllipseDisplay.from_estimator,
    plot.SamplesDisplay.from_estimator,
    lambda model: plot.SliceDisplay.from_estimator(model, [Mixture.from_model(model).means[0, 0]]),
]


def model_of(plane):
    mean, std = PLANES[plane]
    return WHITE.transform(np.diag(std), mean)


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("display", DISPLAYS)
def test_planes_of_different_units_fill_the_axes_and_have_labels(plane, display):
    shown = display(model_of(plane))
    assert min(shown.frame.shape) >= 200
    ax = shown.ax_
    assert ax.get_aspect() == "auto"
    assert ax.axison
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "y")
    shown.figure_.canvas.draw()
    box = ax.get_window_extent()
    assert min(box.width, box.height) > 200
    labels = [tick.get_text() for tick in ax.get_xticklabels() + ax.get_yticklabels()]
    assert sum(map(bool, labels)) >= 4


@pytest.mark.parametrize("plane", PLANES)
def test_the_density_is_that_of_the_plane_in_equal_units(plane):
    mean, std = PLANES[plane]
    extent = [(m - 4 * s, m + 4 * s) for m, s in zip(mean, std, strict=True)]
    shown = plot.ContourDisplay.from_estimator(model_of(plane), (200, 200), extent=extent)
    white = plot.ContourDisplay.from_estimator(WHITE, (200, 200), extent=[(-4, 4), (-4, 4)])
    assert white.ax_.get_aspect() == 1
    np.testing.assert_allclose(
        shown.log_density, white.log_density - np.log(std).sum(), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("plane", PLANES)
def test_ellipses_cover_the_same_pixels_in_any_units(plane):
    mean, std = PLANES[plane]
    extent = [(m - 5 * s, m + 5 * s) for m, s in zip(mean, std, strict=True)]
    display = plot.EllipseDisplay.from_estimator
    drawn = []
    for model, borders in ((model_of(plane), extent), (WHITE, [(-5, 5), (-5, 5)])):
        shown = display(model, extent=borders, alpha=1)
        shown.plot(framed_axes((300, 300)))
        shown.ax_.set(aspect="auto", position=(0, 0, 1, 1))
        shown.ax_.set_axis_off()
        shown.figure_.set_layout_engine("none")
        drawn.append(pixels_of(shown.figure_)[..., 0] < 128)
    assert 0.1 < drawn[1].mean() < 0.5
    assert (drawn[0] != drawn[1]).mean() < 0.002


def test_axes_have_the_names_of_the_data_in_a_color_that_is_seen():
    mean, std = PLANES["time and degrees"]
    rows = np.random.default_rng(0).normal(mean, std, (200, 2))
    data = pd.DataFrame(rows, columns=["seconds", "temperature"])
    model = GaussianMixture(2, random_state=0).fit(data)
    for display in (plot.ContourDisplay, plot.EllipseDisplay):
        shown = display.from_estimator(model, palette="ember")
        assert shown.ax_.get_xlabel() == "seconds"
        assert shown.ax_.get_ylabel() == "temperature"
        assert shown.ax_.xaxis.label.get_color() == plot.PALETTES["ember"].ink
    slices = plot.SliceDisplay.from_estimator(model, [1.7e9])
    assert slices.ax_.get_xlabel() == "seconds"


@pytest.mark.parametrize(
    ("extent", "shape", "aspect"),
    [
        ([(0, 9), (0, 1)], (200, 640), 1),
        ([(0, 1), (0, 9)], (640, 200), 1),
        ([(0, 11), (0, 1)], (480, 640), "auto"),
        ([(-0.5, 999.5), (-0.5, 49.5)], (32, 640), 1),
    ],
)
def test_units_differ_beyond_a_factor_of_ten_but_not_those_of_pixels(extent, shape, aspect):
    shown = plot.DensityDisplay.from_estimator(([1.0], [[3.0, 0.5]], [4.0]), extent=extent)
    assert shown.frame.shape == shape
    assert shown.ax_.get_aspect() == aspect
    assert shown.ax_.axison == (aspect == "auto")


def test_long_pictures_keep_square_pixels():
    shown = plot.DensityDisplay.from_estimator(([1.0], [[50.0, 5.0]], [90.0]), (10, 400))
    assert shown.frame.aspect == "equal"
    assert shown.ax_.get_aspect() == 1

"""Densities of one feature, slices, selections and tables."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from scipy.stats import norm
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import GaussianMixture, ToneCurve, plot, render_grid
from oracle.textbook import textbook_conditional
from support.checks import check_message, refusal
from support.displays import GREY, INK, ONE, PICTURE


def test_the_curve_is_the_density_and_its_parts_add_up():
    points = np.random.default_rng(0).normal(size=40)
    display = plot.PdfDisplay.from_estimator(ONE, points, n_points=100)
    x, density = display.line_.get_data()
    parts = [w * norm.pdf(x, m, s) for w, m, s in ((0.3, -1, 0.5), (0.7, 2, 1.0))]
    np.testing.assert_allclose(density, np.sum(parts, axis=0), rtol=1e-12)
    for line, part in zip(display.component_lines_, parts, strict=True):
        np.testing.assert_allclose(line.get_ydata(), part, rtol=1e-12)
        assert line.is_dashed()
    ticks = [segment[0, 0] for segment in display.rug_.get_segments()]
    np.testing.assert_array_equal(ticks, points)
    area = sum(bar.get_width() * bar.get_height() for bar in display.histogram_)
    assert area == pytest.approx(1)


def test_curves_share_axes_and_may_go_without_parts_and_data():
    ax = Figure().add_subplot()
    for weight in (0.2, 0.8):
        model = ([weight, 1 - weight], *ONE[1:])
        display = plot.PdfDisplay.from_estimator(model, ax=ax, parts=False, label=f"{weight}")
        assert display.line_.get_label() == f"{weight}"
        assert (display.component_lines_, display.rug_, display.histogram_) == ([], None, None)
    assert len(ax.lines) == 2
    wide = plot.PdfDisplay.from_estimator(ONE, extent=(-10, 10), n_points=20)
    assert (wide.x[0], wide.x[-1]) == (-9.5, 9.5)
    check_message(refusal(ValueError, plot.PdfDisplay.from_estimator, INK), "model: ")


def test_slices_are_the_conditional_densities():
    display = plot.SliceDisplay.from_estimator(PICTURE, [5.0, 20.0])
    for at, density, line in zip(display.values, display.densities, display.lines_, strict=True):
        weights, means, covariances = textbook_conditional(*map(np.array, INK), [0], [at])
        expected = sum(
            w * norm.pdf(display.y, m[0], np.sqrt(c[0, 0]))
            for w, m, c in zip(weights, means, covariances, strict=True)
        )
        np.testing.assert_allclose(density, expected, rtol=1e-9, atol=1e-15)
        np.testing.assert_array_equal(line.get_xdata(), at + display.scale_ * density)
        np.testing.assert_array_equal(line.get_ydata(), display.y)
    assert len(display.areas_) == 2
    check_message(refusal(ValueError, plot.SliceDisplay.from_estimator, GREY, [1]), "model: ")


def test_the_tone_curve_is_drawn_over_how_often_densities_are():
    tone = ToneCurve([(0, 0), (0.2, 0.7), (1, 1)])
    display = plot.ToneCurveDisplay.from_estimator(PICTURE, tone, (40, 60))
    np.testing.assert_array_equal(display.line_.get_xydata(), tone.points)
    assert display.linear_.is_dashed()
    density = render_grid(PICTURE, (40, 60))
    counts, _ = np.histogram(density / density.max(), 60, (0, 1))
    heights = [bar.get_height() for bar in display.bars_]
    np.testing.assert_allclose(np.square(heights), counts / counts.max())
    np.testing.assert_allclose(display.strip_.get_array()[0], 1 - tone(np.linspace(0, 1, 256)))
    assert plot.ToneCurveDisplay(tone=tone).plot().bars_ is None


def test_selections_are_drawn_with_the_lowest_marked():
    points = np.concatenate([np.random.default_rng(0).normal(c, 1, (50, 2)) for c in (0, 9)])
    models = [
        gmmfast.select_n_components(points, [1, 2, 3, 4], criterion=criterion)
        for criterion in ("aic", "bic", "icl")
    ]
    display = plot.SelectionDisplay.from_estimator(*models)
    for model, line in zip(models, display.lines_, strict=True):
        np.testing.assert_array_equal(line.get_xdata(), model.selection_.n_components)
        np.testing.assert_array_equal(line.get_ydata(), model.selection_.scores)
    best = [(m.selection_.best, m.selection_.scores.min()) for m in models]
    np.testing.assert_allclose(display.best_.get_offsets(), best)
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["AIC", "BIC", "ICL"]
    again = plot.SelectionDisplay(selections=display.selections).plot()
    assert len(again.lines_) == 3
    for wrong in ([], [GaussianMixture(2).fit(points)]):
        check_message(
            refusal(ValueError, plot.SelectionDisplay.from_estimator, *wrong), "models: "
        )


def test_the_table_of_a_corner_has_its_pixels():
    pixels = load_sample_image("china.jpg")
    display = plot.PointsDisplay.from_image(pixels, origin=(200, 60), size=4, n_rows=5)
    np.testing.assert_array_equal(display.image_.get_array(), pixels[60:64, 200:204])
    np.testing.assert_array_equal(display.points[:, 2:].reshape(4, 4, 3), pixels[60:64, 200:204])
    assert display.points[5, :2].tolist() == [201, 61]
    assert display.image_.get_extent() == [199.5, 203.5, 63.5, 59.5]
    cells = display.table_.get_celld()
    rows = [[cells[row, column].get_text().get_text() for column in range(6)] for row in range(6)]
    assert rows[0] == ["", "x", "y", "r", "g", "b"]
    assert [list(map(int, row[1:])) for row in rows[1:]] == display.points[:5].astype(int).tolist()
    assert (6, 0) not in cells
    np.testing.assert_allclose(cells[1, 0].get_facecolor()[:3], pixels[60, 200] / 255)
    _, axes = plt.subplots(1, 2)
    assert display.plot(axes).ax_ is axes[0]
    assert display.axes_[1] is axes[1]
    for origin in ((640, 0), (0, -1)):
        message = refusal(ValueError, plot.PointsDisplay.from_image, pixels, origin=origin)
        check_message(message, "origin: ")

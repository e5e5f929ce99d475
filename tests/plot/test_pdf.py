"""Tests of plot/pdf.py: densities of one feature."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.stats import norm

from gmmfast import plot
from support.checks import check_message, refusal
from support.displays import INK, ONE


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
    for extent in ((-10, 10), np.array([-10.0, 10.0])):
        wide = plot.PdfDisplay.from_estimator(ONE, extent=extent, n_points=20)
        assert (wide.x[0], wide.x[-1]) == (-9.5, 9.5)
    check_message(refusal(ValueError, plot.PdfDisplay.from_estimator, INK), "model: ")


def test_many_points_have_a_tick_at_their_quantiles():
    points = np.random.default_rng(0).normal(size=50_001)
    display = plot.PdfDisplay.from_estimator(ONE, points)
    ticks = [segment[0, 0] for segment in display.rug_.get_segments()]
    assert len(ticks) == 2000
    assert (ticks[0], ticks[-1]) == (points.min(), points.max())
    np.testing.assert_allclose(np.quantile(ticks, 0.25), np.quantile(points, 0.25), atol=0.01)

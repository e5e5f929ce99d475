"""Promises of gmmfast.plot: displays by scikit-learn's convention, drawn from arrays they keep."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from scipy.stats import norm
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import GaussianMixture, Mixture, ToneCurve, fit_image, plot, render_grid
from gmmfast.cli.figures import full_axes, pixels_of
from gmmfast.plot import palettes
from oracle.textbook import textbook_conditional
from support.checks import check_message, refusal

mpl.use("Agg")

FULL = [[[9.0, 4.0], [4.0, 6.0]], [[4.0, 0.0], [0.0, 25.0]]]
INK = ([0.4, 0.6], [[8.0, 6.0], [22.0, 14.0]], FULL)
EXTENT = ((-0.5, 29.5), (-0.5, 19.5))
PICTURE = Mixture(*INK, extent=EXTENT)
GREY = ([0.5, 0.5], [[5.0, 5.0, 40.0], [15.0, 5.0, 200.0]], [9.0, 16.0])
ONE = ([0.3, 0.7], [[-1.0], [2.0]], [0.25, 1.0])


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def photograph():
    return fit_image(load_sample_image("china.jpg")[::10, ::10], 12, max_iter=3)


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
        "ToneCurveDisplay": lambda: plot.ToneCurveDisplay.from_estimator(
            PICTURE, ToneCurve(), **options
        ),
    }
    return makers[name]()


KINDS = (
    "DensityDisplay", "ConditionalMeanDisplay", "LabelDisplay", "ContourDisplay",
    "EllipseDisplay", "PdfDisplay", "SamplesDisplay", "SliceDisplay", "ToneCurveDisplay",
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
    monkeypatch.setattr(plot._base.importlib.util, "find_spec", lambda _: None)
    message = refusal(ImportError, from_estimator, name, photograph)
    check_message(message, f"{name}: ")
    assert "pip install 'gmmfast[plot]'" in message


def test_importing_the_displays_does_not_import_matplotlib(run_python):
    result = run_python("import sys, gmmfast.plot; print('matplotlib' in sys.modules)")
    assert (result.returncode, result.stdout) == (0, "False\n"), result.stderr


# --- frames ----------------------------------------------------------------------------------


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


# --- pictures --------------------------------------------------------------------------------


def test_the_density_is_drawn_through_the_curve():
    tone = ToneCurve([(0, 0), (0.2, 0.7), (1, 1)])
    display = plot.DensityDisplay.from_estimator(PICTURE, (40, 60), tone=tone, palette="charcoal")
    density = render_grid(PICTURE, (40, 60))
    np.testing.assert_array_equal(display.density, density)
    ramp = palettes.palette_of("charcoal")
    np.testing.assert_array_equal(display.picture, ramp(tone(density / density.max())))
    np.testing.assert_array_equal(display.image_.get_array(), display.picture)


@pytest.mark.parametrize("quantity", ["mean", "std"])
def test_conditional_quantities_are_drawn_as_colours(photograph, quantity):
    display = plot.ConditionalMeanDisplay.from_estimator(photograph, (30, 45), quantity=quantity)
    values = render_grid(photograph, (30, 45), quantity=quantity)
    np.testing.assert_array_equal(display.values, values)
    scale = 255 / values.max() if quantity == "std" else 1
    np.testing.assert_array_equal(
        display.image_.get_array(), np.rint(np.clip(values * scale, 0, 255))
    )


def test_a_single_channel_is_grey():
    display = plot.ConditionalMeanDisplay.from_estimator(GREY, (10, 20))
    assert display.picture.shape == (10, 20, 3)
    assert (display.picture == display.picture[..., :1]).all()


def test_labels_are_drawn_in_mean_colours(photograph):
    display = plot.LabelDisplay.from_estimator(photograph, (30, 45))
    labels = render_grid(photograph, (30, 45), quantity="label")
    np.testing.assert_array_equal(display.labels, labels)
    means = np.rint(np.clip(photograph.means_[:, 2:], 0, 255))
    np.testing.assert_array_equal(display.image_.get_array(), means[labels])


def test_colours_are_refused_of_ink_and_of_other_quantities(photograph):
    for display in (plot.ConditionalMeanDisplay, plot.LabelDisplay):
        check_message(refusal(ValueError, display.from_estimator, INK), "model: ")
    message = refusal(
        ValueError, plot.ConditionalMeanDisplay.from_estimator, photograph, quantity="label"
    )
    check_message(message, "quantity: ")


def test_what_is_drawn_is_what_was_computed_to_the_pixel():
    """Drawn at its own size, the figure's pixels are the display's."""
    ax = full_axes((40, 60))
    display = plot.DensityDisplay.from_estimator(PICTURE, (40, 60), ax=ax)
    drawn = pixels_of(display.figure_)
    assert np.abs(drawn.astype(int) - display.picture).max() <= 1


def test_channels_are_drawn_apart(photograph):
    pixels = load_sample_image("china.jpg")[::20, ::20]
    display = plot.ChannelsDisplay.from_image(pixels)
    assert len(display.axes_) == len(display.images_) == 3
    assert display.ax_ is display.axes_[0]
    for channel, image in enumerate(display.images_):
        drawn = image.get_array()
        np.testing.assert_array_equal(drawn, display.channels[channel])
        # From black to the channel's colour, straight.
        brightest = np.array(gmmfast.styles.pictures.CHANNEL_COLORS[channel])
        expected = pixels[..., channel, None] * brightest / 255
        assert np.abs(drawn - expected).max() <= 0.5
    _, axes = plt.subplots(1, 3)
    mean = plot.ChannelsDisplay.from_estimator(photograph, (10, 15), ax=axes)
    np.testing.assert_array_equal(mean.picture, render_grid(photograph, (10, 15), dtype="u1"))
    assert mean.axes_.tolist() == axes.tolist()
    check_message(refusal(ValueError, mean.plot, axes[:2]), "ax: ")


# --- contours --------------------------------------------------------------------------------


def test_contours_enclose_even_shares_of_the_mass():
    display = plot.ContourDisplay.from_estimator(PICTURE, (100, 150), levels=5)
    np.testing.assert_array_equal(display.contour_.levels, display.levels)
    density = np.exp(display.log_density)
    outside = [density[display.log_density < level].sum() for level in display.levels]
    wanted = np.linspace(0.005, 0.97, 5)
    np.testing.assert_allclose(np.array(outside) / density.sum(), wanted, atol=0.002)


def test_lines_lie_where_the_log_density_is_their_level():
    display = plot.ContourDisplay.from_estimator(PICTURE, (200, 300), levels=[-8.0, -6.0])
    for level, path in zip(display.levels, display.contour_.get_paths(), strict=True):
        found = PICTURE.score_samples(path.vertices)
        np.testing.assert_allclose(found, level, atol=0.01)  # between pixels by straight lines


def test_contours_have_the_palette_from_low_to_high():
    for filled in (False, True):
        display = plot.ContourDisplay.from_estimator(
            PICTURE, (40, 60), levels=4, palette="ember", filled=filled
        )
        ramp = palettes.PALETTES["ember"]
        face = display.contour_.get_facecolor() if filled else display.contour_.get_edgecolor()
        expected = ramp(np.arange(1, 5) / 4 if not filled else np.arange(1, 6) / 5) / 255
        n = min(len(face), 4)
        np.testing.assert_allclose(face[:n, :3], expected[:n] if not filled else face[:n, :3])
        assert mpl.colors.to_hex(display.figure_.get_facecolor()) == ramp.paper


def test_data_are_drawn_under_contours():
    points = np.random.default_rng(0).normal(10, 3, (50, 2))
    display = plot.ContourDisplay.from_estimator(INK, X=points)
    np.testing.assert_array_equal(display.points_.get_offsets(), points)
    assert plot.ContourDisplay.from_estimator(INK).points_ is None


def test_of_more_features_the_first_two_are_shown(photograph):
    display = plot.ContourDisplay.from_estimator(photograph, (12, 18))
    plane = Mixture.from_model(photograph).marginal([0, 1])
    expected = render_grid(plane, (12, 18), quantity="log_density", extent=photograph.extent_)
    np.testing.assert_allclose(display.log_density, expected, rtol=1e-12)


@pytest.mark.parametrize("levels", [0, -1, 1.5, "many", [[1.0]]])
def test_levels_are_checked(levels):
    with pytest.raises((ValueError, TypeError), match=r"levels: expected"):
        plot.ContourDisplay.from_estimator(PICTURE, (20, 30), levels=levels)


def test_palettes_are_known_by_name_or_given():
    ramp = gmmfast.styles.Ramp(("#000000", "#ffffff"))
    assert palettes.palette_of(ramp) is ramp
    assert set(gmmfast.styles.STYLES) < set(plot.PALETTES)
    check_message(refusal(ValueError, palettes.palette_of, "plaid"), "palette: ")


# --- ellipses --------------------------------------------------------------------------------


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_ellipses_are_where_the_distance_is_as_asked(covariance_type):
    points = np.random.default_rng(0).normal(size=(80, 2)) * [3, 1] @ [[0.8, 0.6], [-0.6, 0.8]]
    model = GaussianMixture(2, covariance_type=covariance_type, random_state=0).fit(points)
    ellipses = Mixture.from_model(model).error_ellipses(1.5)
    display = plot.EllipseDisplay.from_estimator(model, n_std=1.5)
    drawn = display.ellipses_
    np.testing.assert_array_equal(drawn.get_offsets(), ellipses.centers[display.order])
    np.testing.assert_allclose(drawn.get_widths(), ellipses.widths[display.order])
    np.testing.assert_allclose(drawn.get_heights(), ellipses.heights[display.order])
    np.testing.assert_allclose(drawn.get_angles(), ellipses.angles[display.order])
    areas = drawn.get_widths() * drawn.get_heights()
    assert (np.diff(areas) <= 0).all()  # the largest at the back


def test_ellipses_have_mean_colours_and_ink_has_the_palettes(photograph):
    display = plot.EllipseDisplay.from_estimator(photograph)
    means = np.rint(np.clip(photograph.means_[:, 2:], 0, 255))
    faces = display.ellipses_.get_facecolor()
    np.testing.assert_allclose(faces[:, :3] * 255, means[display.order], atol=1e-9)
    np.testing.assert_allclose(faces[:, 3], 0.85)
    ink = plot.EllipseDisplay.from_estimator(PICTURE, palette="blueprint")
    assert mpl.colors.to_hex(ink.ellipses_.get_facecolor()[0]) == plot.PALETTES["blueprint"].ink


def test_an_upright_ellipse_is_upright_on_a_picture():
    """Of y down, too: the pixels of the ellipse stretch along y."""
    model = Mixture([1.0], [[30.0, 20.0]], [[[4.0, 3.0], [3.0, 9.0]]], extent=[(0, 60), (0, 40)])
    display = plot.EllipseDisplay.from_estimator(model, alpha=1, ax=full_axes((80, 120)))
    y, x = np.nonzero(pixels_of(display.figure_)[..., 0] < 128)
    # A full ellipse of 2 standard deviations has the component's covariance; a unit is 2 pixels.
    np.testing.assert_allclose(np.cov(x, y) / 2**2, [[4, 3], [3, 9]], atol=0.35)


@pytest.mark.parametrize("n_std", [0, -1, np.nan, True, "2"])
def test_the_size_of_ellipses_is_checked(n_std):
    with pytest.raises((ValueError, TypeError), match=r"^n_std: expected .*, got"):
        plot.EllipseDisplay.from_estimator(INK, n_std=n_std)


# --- curves ----------------------------------------------------------------------------------


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


# --- samples ---------------------------------------------------------------------------------


def test_samples_of_ink_are_dots_on_paper():
    display = plot.SamplesDisplay.from_estimator(PICTURE, 5000, (40, 60), random_state=3)
    counts = gmmfast.render_samples(PICTURE, (40, 60), 5000, random_state=3)
    np.testing.assert_array_equal(display.values, counts)
    ramp = plot.PALETTES["azure"]
    np.testing.assert_array_equal(display.picture, gmmfast.styles.dots_picture(counts, ramp))
    np.testing.assert_array_equal(display.image_.get_array(), display.picture)
    assert (display.picture[counts == 0] == ramp([0.0])).all()


def test_samples_of_a_picture_have_their_colours_on_paper(photograph):
    display = plot.SamplesDisplay.from_estimator(photograph, 900, (30, 45), palette="charcoal")
    paper = gmmfast.styles.color_levels(plot.PALETTES["charcoal"].paper)
    expected = gmmfast.render_samples(
        photograph, (30, 45), 900, random_state=0, dtype="u1", background=paper
    )
    np.testing.assert_array_equal(display.image_.get_array(), expected)
    assert (expected == paper).all(axis=-1).any()
    grey = plot.SamplesDisplay.from_estimator(GREY, 50, (10, 20))
    assert grey.picture.shape == (10, 20, 3)

"""Gray photographs: fitted as (x, y, level), and rendered as gray pictures."""

import io
import pickle

import numpy as np
import pytest
from matplotlib import pyplot as plt
from PIL import Image
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import Mixture, fit_image, images, plot, render_grid, styles
from gmmfast.animation import filling_frames, growing_frames, refining_frames, zooming_frames

GRAY = np.asarray(Image.fromarray(load_sample_image("china.jpg")).convert("L").resize((96, 64)))


@pytest.fixture(scope="module")
def model():
    return fit_image(GRAY, 80, max_iter=20)


def test_a_gray_photograph_is_fitted_as_position_and_level():
    got = fit_image(GRAY, 8, init_params="kmeans", max_iter=5)
    points = images.gray_points(GRAY)
    np.testing.assert_array_equal(points[:, 2], GRAY.ravel())
    want = gmmfast.GaussianMixture(8, reg_covar=1 / 12, max_iter=5, random_state=0).fit(points)
    np.testing.assert_array_equal(got.means_, want.means_)
    assert (got.kind_, got.n_features_in_, got.image_shape_) == ("gray", 3, (64, 96))


def test_it_is_painted_in_gray_as_pillow_takes_it(model, tmp_path):
    painting = render_grid(model, GRAY.shape, dtype=np.uint8)
    assert (painting.shape, Image.fromarray(painting).mode) == (GRAY.shape, "L")
    assert images.psnr(painting, GRAY) > 19
    assert images.psnr(painting, images.read_image(GRAY)) == images.psnr(painting, GRAY)
    colored = fit_image(GRAY, 80, kind="color", max_iter=20)
    in_color = render_grid(colored, GRAY.shape, dtype=np.uint8)
    assert in_color.shape == (*GRAY.shape, 3)
    assert images.psnr(painting, GRAY) > images.psnr(in_color[..., 0], GRAY) - 1
    images.write_image(tmp_path / "gray.png", painting[..., None])
    with Image.open(tmp_path / "gray.png") as image:
        assert image.mode == "L"


@pytest.mark.parametrize(
    "change",
    [lambda gray: 255 - gray, lambda gray: gray // 4 + 150, lambda gray: gray / 255.0],
    ids=["inverted", "washed out", "float"],
)
def test_other_levels_are_painted_as_well(change):
    picture = change(GRAY)
    painting = render_grid(fit_image(picture, 60, max_iter=10), GRAY.shape, dtype=np.uint8)
    assert images.psnr(painting, images.read_image(picture)) > 17


def test_one_pixel_of_color_changes_next_to_nothing():
    picture = images.read_image(GRAY)
    picture[5, 7] = [255, 0, 0]
    painting = render_grid(fit_image(picture, 80, max_iter=20), GRAY.shape, dtype=np.uint8)
    assert painting.shape == GRAY.shape
    assert images.psnr(painting, GRAY) > 19


def test_mean_deviation_and_draws_have_no_axis_of_channels(model):
    mixture, shape = Mixture.from_model(model), (30, 45)
    for quantity in ("mean", "std", "sample"):
        options = {"quantity": quantity, "random_state": 3 if quantity == "sample" else None}
        got = render_grid(model, shape, **options)
        want = render_grid(mixture.with_kind(None), shape, **options)
        np.testing.assert_array_equal(got, want[..., 0])
        strided = np.empty((*shape, 2))
        np.testing.assert_array_equal(
            render_grid(model, shape, out=strided[..., 0], **options), got
        )
        bands = gmmfast.render_bands(model, shape, band_size=32, **options)
        np.testing.assert_array_equal(np.concatenate([band for _, band in bands]), got)
    assert render_grid(model, shape, quantity="covariance").shape == (30, 45, 1, 1)
    assert render_grid(model, 45).shape == (45, 2)
    splat = gmmfast.render_samples(model, shape, 1000, random_state=0)
    want = gmmfast.render_samples(mixture.with_kind(None), shape, 1000, random_state=0)
    np.testing.assert_array_equal(splat, want[..., 0])


def test_the_kind_is_kept_in_files_pickles_and_plain_estimators(model, tmp_path):
    mixture = Mixture.from_model(model)
    mixture.save(tmp_path / "gray.npz")
    want = render_grid(model, (20, 30))
    loaded = Mixture.load(tmp_path / "gray.npz")
    again = pickle.loads(pickle.dumps(mixture))  # noqa: S301 (our own)
    plain = mixture.to_sklearn(), model.to_sklearn()
    for other in (loaded, again, mixture.with_extent(None), *plain):
        assert Mixture.from_model(other).kind == "gray"
    np.testing.assert_array_equal(render_grid(loaded, (20, 30)), want)
    assert mixture.component(0).kind == "gray"
    assert mixture.marginal([0, 1]).kind is None
    with pytest.raises(ValueError, match=r"kind: expected one of .*, got 'sepia'"):
        mixture.with_kind("sepia")
    with pytest.raises(ValueError, match=r"kind: expected .* 3 features, got 'ink', whose .* 2"):
        mixture.with_kind("ink")


def test_refinement_brings_the_painting_nearer(model):
    before = images.psnr(render_grid(model, GRAY.shape, dtype=np.uint8), GRAY)
    better = gmmfast.refine(model, GRAY, max_iter=60)
    assert (better.kind_, better.n_features_in_) == ("gray", 3)
    painting = render_grid(better, GRAY.shape, dtype=np.uint8)
    assert painting.shape == GRAY.shape
    assert images.psnr(painting, GRAY) > before + 1
    assert gmmfast.refine(Mixture.from_model(model), GRAY, max_iter=1).kind == "gray"
    diagonal = fit_image(GRAY, 40, covariance_type="diag", max_iter=5)
    psnr = [
        images.psnr(render_grid(each, GRAY.shape, dtype=np.uint8), GRAY)
        for each in (diagonal, gmmfast.refine(diagonal, GRAY))
    ]
    assert psnr[1] > psnr[0]


def test_criteria_priors_and_thresholds_take_gray_pictures():
    chosen = fit_image(GRAY, "bic", candidates=[2, 20], max_iter=3)
    assert (chosen.kind_, chosen.selection_.best) == ("gray", 20)
    bayesian = fit_image(GRAY, 10, prior="dirichlet_process", max_iter=3)
    assert render_grid(bayesian, (8, 12)).shape == (8, 12)
    assert fit_image(GRAY, 10, threshold=90, max_iter=3).kind_ == "ink"
    with pytest.raises(ValueError, match=r"threshold: expected None .* gray, got 90; pass"):
        fit_image(GRAY, 10, kind="gray", threshold=90)
    assert fit_image(load_sample_image("china.jpg")[::8, ::8], 5, kind="gray").kind_ == "gray"


@pytest.mark.parametrize("style", styles.STYLES)
def test_styles_paint_it(model, style):
    picture = styles.STYLES[style](model, GRAY.shape)
    assert picture.shape == (*GRAY.shape, 3)
    darkness = abs(np.corrcoef(picture.mean(axis=-1).ravel(), GRAY.ravel())[0, 1])
    assert darkness > 0.8


def test_displays_and_notebooks_show_it(model):
    painting = render_grid(model, GRAY.shape, dtype=np.uint8)
    assert np.asarray(Image.open(io.BytesIO(model._repr_png_()))).tolist() == painting.tolist()
    mean = plot.ConditionalMeanDisplay.from_estimator(model)
    exact = np.rint(render_grid(model, GRAY.shape))
    np.testing.assert_array_equal(mean.picture, np.repeat(exact[..., None], 3, axis=2))
    assert mean.values.shape == (*GRAY.shape, 1)
    for name in ("LabelDisplay", "EllipseDisplay", "SamplesDisplay", "ContourDisplay"):
        getattr(plot, name).from_estimator(model).figure_.canvas.draw()
    channels = plot.ChannelsDisplay.from_estimator(model)
    np.testing.assert_array_equal(channels.picture[..., 2], painting)
    plt.close("all")


def test_animations_show_it(model):
    shape, painting = (20, 30), render_grid(model, (20, 30), dtype=np.uint8)
    for frames in (
        filling_frames(model, shape, 3),
        zooming_frames(model, shape, 3),
        refining_frames(model, GRAY, shape, 2, max_iter=1),
        growing_frames(GRAY, shape, 2, n_components=[1, 5]),
    ):
        shown = list(frames)
        assert {frame.shape for frame in shown} == {(20, 30, 3)}
        assert np.ptp(shown[-1], axis=2).max() == 0
    np.testing.assert_array_equal(list(filling_frames(model, shape, 3))[-1][..., 0], painting)

"""Promises of sharp paintings: starts drawn from the picture, gray levels, and budgets."""

import re

import numpy as np
import pytest
from sklearn.datasets import load_sample_image
from sklearn.exceptions import ConvergenceWarning

from gmmfast import GaussianMixture, Mixture, fit_image, images, refine, render_grid

PHOTO = np.ascontiguousarray(load_sample_image("china.jpg")[::6, ::6])


def psnr(model, picture=PHOTO):
    painting = render_grid(model, picture.shape[:2], dtype=np.uint8)
    return images.psnr(painting.reshape(picture.shape), picture)


def error(painting, picture):
    return np.mean(np.square(painting.astype(float) - picture))


@pytest.fixture(scope="module")
def sharp():
    return fit_image(PHOTO, 40, objective="picture", max_iter=400)


def test_a_sharp_model_needs_no_expectation_maximization_and_is_an_estimator(sharp):
    soft = fit_image(PHOTO, 40)
    assert psnr(sharp) > psnr(refine(soft, PHOTO, max_iter=20)) > psnr(soft)
    assert type(sharp) is GaussianMixture
    assert (sharp.n_components, sharp.kind_, sharp.image_shape_) == (40, "color", PHOTO.shape[:2])
    assert sharp.extent_ == soft.extent_
    assert np.linalg.eigvalsh(sharp.covariances_).min() > 0
    assert sharp.weights_.sum() == pytest.approx(1, abs=1e-12)
    assert sharp.sample(3)[0].shape == (3, 5)


def test_the_same_bits_again(sharp):
    again = fit_image(PHOTO, 40, objective="picture", max_iter=400, n_threads=1)
    np.testing.assert_array_equal(again.means_, sharp.means_)


def test_more_passes_and_more_components_are_better(sharp):
    assert psnr(fit_image(PHOTO, 40, objective="picture", max_iter=40)) < psnr(sharp)
    assert psnr(fit_image(PHOTO, 120, objective="picture", max_iter=400)) > psnr(sharp) + 1


def test_gray_levels_are_refined():
    gray = np.ascontiguousarray(PHOTO[..., 1])
    color = fit_image(PHOTO, 20, max_iter=5)
    before = Mixture.from_model(color).marginal([0, 1, 3]).with_extent(color.extent_)
    after = refine(before, gray, max_iter=200)
    assert after.n_features == 3
    assert psnr(after, gray) > psnr(before, gray) + 1


def test_an_enlargement_stays_near_the_range_of_the_picture(sharp):
    large = render_grid(sharp, tuple(4 * side for side in PHOTO.shape[:2]))
    beyond = (large < PHOTO.min() - 60.0) | (large > PHOTO.max() + 60.0)
    assert beyond.mean() < 0.01


@pytest.mark.parametrize("channels", [[0, 1, 2], [1]], ids=["color", "gray"])
def test_components_grow_until_the_painting_is_as_good_as_wanted(channels):
    picture = np.ascontiguousarray(PHOTO[..., channels].squeeze())
    models = [fit_image(picture, psnr=target) for target in (20, 23)]
    rough, fine = (psnr(model, picture) for model in models)
    assert rough >= 20
    assert fine >= 23
    few, more = (model.n_components for model in models)
    assert few < more < PHOTO[..., 0].size / 20
    # Much fewer do not suffice.
    assert psnr(fit_image(picture, more // 2, objective="picture", max_iter=200), picture) < 23


def test_a_quality_out_of_reach_is_told_and_the_best_painting_is_returned():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (24, 30), dtype=np.uint8)
    with pytest.warns(ConvergenceWarning, match=r"psnr: expected a painting of 40 dB, got \d+"):
        model = fit_image(noise, psnr=40, max_iter=20)
    assert model.n_components <= 24 * 30 // 20


@pytest.mark.parametrize("kind", ["color-alpha", "gray-alpha"])
@pytest.mark.parametrize("options", [{"n_components": 30, "max_iter": 60}, {"psnr": 22.0}])
def test_transparency_is_painted(kind, options, tmp_path):
    alpha = np.where(np.arange(PHOTO.shape[1]) < 40, 255, 20).astype(np.uint8)
    rgba = np.dstack([PHOTO, np.broadcast_to(alpha, PHOTO.shape[:2])])
    picture = np.ascontiguousarray(rgba if kind == "color-alpha" else rgba[..., [1, 3]])
    model = fit_image(picture, kind=kind, objective="picture", **options)
    assert model.kind_ == kind
    painting = render_grid(model, PHOTO.shape[:2], dtype=np.uint8)
    assert painting.shape == picture.shape
    if "psnr" in options:
        assert error(painting, picture) <= 255**2 / 10**2.2
    else:
        y, x = np.indices(PHOTO.shape[:2])
        points = np.column_stack([x.ravel(), y.ravel(), picture.reshape(x.size, -1)]).astype(float)
        soft = GaussianMixture(30, reg_covar=1 / 12, max_iter=20, random_state=0).fit(points)
        soft.extent_ = model.extent_
        soft = render_grid(soft, PHOTO.shape[:2], dtype=np.uint8)
        assert error(painting, picture) < 0.9 * error(soft, picture)
    mixture = Mixture.from_model(refine(model, picture, max_iter=2))
    mixture.save(tmp_path / "model.npz")
    assert Mixture.load(tmp_path / "model.npz").kind == kind


def test_a_constant_picture_needs_no_growth():
    model = fit_image(np.full((20, 20, 3), [9, 90, 200], dtype=np.uint8), psnr=50)
    assert model.n_components <= 8


REFUSED = {
    "objective": ({"objective": "sharp"}, r"objective: expected one of"),
    "ink": (
        {"kind": "ink"},
        r"kind: expected 'auto' or 'color' or 'gray' or .* together with objective=",
    ),
    "alpha": ({"kind": "color-alpha"}, r"image: expected an array \(height, width, 4\) of uint8"),
    "type": ({"covariance_type": "diag"}, r"covariance_type: expected 'full' together"),
    "criterion": ({"n_components": "bic"}, r"n_components: expected"),
    "likelihood": ({"objective": "likelihood", "time": 3.0}, r"time: expected None together"),
    "number": ({"psnr": 30.0}, r"n_components: expected None together with psnr"),
    "negative": ({"n_components": None, "psnr": -1.0}, r"psnr: expected"),
    "prior": (
        {"n_components": None, "psnr": 30.0, "prior": "dirichlet_process"},
        r"prior: expected None together",
    ),
    "candidates": ({"candidates": np.array([1, 2])}, r"candidates: expected None together"),
    "start": ({"init_params": "bogus"}, r"init_params: expected one of"),
    "tolerance": ({"tol": "x"}, r"tol: expected a number"),
    "many": ({"n_components": 10**6}, r"n_components: expected at most"),
}


@pytest.mark.parametrize(("options", "pattern"), REFUSED.values(), ids=REFUSED)
def test_a_painting_that_cannot_be_is_refused(options, pattern):
    arguments = {"n_components": 5, "objective": "picture", **options}
    with pytest.raises((ValueError, TypeError)) as refused:
        fit_image(PHOTO, **arguments)
    assert re.match(pattern, str(refused.value)), refused.value


def test_six_pixels_for_a_component_are_painted_at_full_size_from_the_start():
    # By way of the half size, where a component has 1.5 pixels, it was 25.8 dB; now it is 30.5.
    photo = np.ascontiguousarray(load_sample_image("china.jpg")[100:140, 200:260])
    model = fit_image(photo, 400, objective="picture", max_iter=60)
    assert images.psnr(render_grid(model, photo.shape[:2], dtype=np.uint8), photo) > 28

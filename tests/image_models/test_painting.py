"""Promises of sharp paintings: starts drawn from the picture, gray levels, and budgets."""

import re

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from gmmfast import GaussianMixture, Mixture, fit_image, images, refine, render_grid

PHOTO = np.ascontiguousarray(load_sample_image("china.jpg")[::6, ::6])


def psnr(model, picture=PHOTO):
    painting = render_grid(model, picture.shape[:2], dtype=np.uint8)
    return images.psnr(painting.reshape(picture.shape), picture)


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


REFUSED = {
    "objective": ({"objective": "sharp"}, r"objective: expected one of"),
    "ink": (
        {"kind": "ink"},
        r"kind: expected 'auto' or 'color' or 'gray' together with objective=",
    ),
    "type": ({"covariance_type": "diag"}, r"covariance_type: expected 'full' together"),
    "criterion": ({"n_components": "bic"}, r"n_components: expected"),
    "likelihood": ({"objective": "likelihood", "time": 3.0}, r"time: expected None together"),
    "many": ({"n_components": 10**6}, r"n_components: expected at most"),
}


@pytest.mark.parametrize(("options", "pattern"), REFUSED.values(), ids=REFUSED)
def test_a_painting_that_cannot_be_is_refused(options, pattern):
    arguments = {"n_components": 5, "objective": "picture", **options}
    with pytest.raises((ValueError, TypeError)) as refused:
        fit_image(PHOTO, **arguments)
    assert re.match(pattern, str(refused.value)), refused.value

"""Tests of image_models/image.py, image_models/pixels.py and image_models/defaults.py."""

import io
import pickle
import re

import numpy as np
import pytest
import sklearn.mixture
from PIL import Image
from sklearn.base import clone

import gmmfast
from gmmfast import (
    GaussianMixture,
    Mixture,
    fit_image,
    images,
    render_grid,
)
from support.checks import refusal
from support.image_models import CHINA, PHOTO, SPOTS, check_same_parameters
from support.models import three_clouds


# Points and weights.
def test_color_is_the_position_and_color_of_every_pixel():
    got = fit_image(PHOTO, 8, init_params="kmeans", max_iter=5)
    points = images.color_points(PHOTO)
    want = GaussianMixture(8, reg_covar=1 / 12, max_iter=5, random_state=0).fit(points)
    check_same_parameters(got, want)
    assert (got.kind_, got.image_shape_, got.n_features_in_) == ("color", PHOTO.shape[:2], 5)


def test_ink_is_the_position_of_every_pixel_that_is_not_white_weighted_by_its_darkness(drawing):
    got = fit_image(drawing, 5, kind="ink", init_params="kmeans")
    rows, columns = np.nonzero(drawing < 255)
    points, darkness = np.stack([columns, rows], axis=1), (255 - drawing[rows, columns]) / 255
    assert 0 < darkness.min() < 0.01
    assert darkness.max() == 1
    want = GaussianMixture(5, reg_covar=1 / 12, random_state=0)
    check_same_parameters(got, want.fit(points, sample_weight=darkness))
    assert (got.kind_, got.n_features_in_) == ("ink", 2)
    found = got.means_[np.lexsort(got.means_.T)]
    np.testing.assert_allclose(found, np.array(SPOTS)[np.lexsort(np.transpose(SPOTS))], atol=1)


@pytest.mark.parametrize("threshold", [100, "otsu"])
def test_a_threshold_makes_ink_black_and_white(drawing, threshold):
    got = fit_image(drawing, 5, threshold=threshold, init_params="kmeans")
    points = images.ink_points(drawing, None if threshold == "otsu" else threshold)
    want = GaussianMixture(5, reg_covar=1 / 12, random_state=0).fit(points)
    check_same_parameters(got, want)


def test_a_picture_may_be_a_path_a_file_a_pil_image_or_an_array(tmp_path):
    Image.fromarray(PHOTO).save(tmp_path / "photo.png")
    file = io.BytesIO((tmp_path / "photo.png").read_bytes())
    sources = [tmp_path / "photo.png", str(tmp_path / "photo.png"), file, Image.fromarray(PHOTO)]
    want = fit_image(PHOTO, 3, max_iter=2)
    for source in sources:
        np.testing.assert_array_equal(fit_image(source, 3, max_iter=2).means_, want.means_)


# Defaults.
@pytest.mark.parametrize(
    ("picture", "options", "n_components"),
    [
        (CHINA, {}, 1000),
        (CHINA, {"kind": "ink"}, 500),
        (PHOTO[:20, :30], {}, 30),
        (PHOTO[:3, :5], {}, 1),
    ],
    ids=["color", "ink", "small", "tiny"],
)
def test_by_default_a_component_has_twenty_pixels_at_least(picture, options, n_components):
    model = fit_image(picture, max_iter=1, **options)
    assert model.n_components == len(model.weights_) == n_components


def test_by_default_variances_are_those_of_pixels_and_levels_at_least():
    flat = np.full((8, 9, 3), 128, dtype=np.uint8)
    model = fit_image(flat, 1, kind="color")
    assert model.reg_covar == 1 / 12
    np.testing.assert_allclose(model.covariances_[0, 2:, 2:], np.eye(3) / 12, atol=1e-12)


def test_the_same_bits_for_any_number_of_threads_and_other_ones_for_another_seed():
    one, two = (fit_image(CHINA, 40, max_iter=3, n_threads=n) for n in (1, 2))
    other = fit_image(CHINA, 40, max_iter=3, random_state=1)
    for name in ("weights_", "means_", "covariances_"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert not np.array_equal(one.means_, other.means_)


def test_progress_is_told_after_each_iteration_and_no_warning_if_there_were_too_few(recwarn):
    told = []
    model = fit_image(PHOTO, 20, max_iter=4, tol=0, progress=lambda *now: told.append(now))
    assert [n_iter for n_iter, _ in told] == [1, 2, 3, 4]
    assert [bound for _, bound in told] == model.lower_bounds_
    assert not model.converged_
    assert not recwarn.list


# The model that comes of it.
def test_any_shape_paints_the_same_picture():
    model = fit_image(PHOTO, 60)
    shape = PHOTO.shape[:2]
    assert model.extent_ == images.image_extent(shape)
    assert Mixture.from_model(model).extent == model.extent_
    levels = render_grid(model, shape, dtype=np.uint8)
    np.testing.assert_array_equal(
        levels, render_grid(Mixture.from_model(model).with_extent(None), shape, dtype=np.uint8)
    )
    large = render_grid(model, (3 * shape[0], 3 * shape[1]))
    np.testing.assert_allclose(large[1::3, 1::3], render_grid(model, shape), rtol=1e-9)
    assert images.psnr(levels, PHOTO) > 17


def test_the_model_is_an_estimator_like_any_other(drawing):
    model = fit_image(drawing, "bic", kind="ink", candidates=[2, 5])
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 (our own)
    assert (again.extent_, again.kind_) == (model.extent_, "ink")
    assert again.selection_.best == 5
    np.testing.assert_array_equal(render_grid(again, (30, 40)), render_grid(model, (30, 40)))
    plain = model.to_sklearn()
    assert type(plain) is sklearn.mixture.GaussianMixture
    assert b"gmmfast" not in pickle.dumps(plain)
    assert plain.extent_ == model.extent_
    np.testing.assert_array_equal(render_grid(plain, (30, 40)), render_grid(model, (30, 40)))
    anew = clone(model)
    assert not vars(anew).keys() & {"extent_", "image_shape_", "kind_", "selection_", "means_"}
    assert anew.get_params() == model.get_params()


def test_a_fit_to_other_points_forgets_the_picture(drawing):
    model = fit_image(drawing, "bic", kind="ink", candidates=[2, 5])
    model.fit(three_clouds(np.float64))
    assert not vars(model).keys() & {"extent_", "image_shape_", "kind_", "selection_"}
    assert Mixture.from_model(model).extent is None


# Refusals.
REFUSED = {
    "kind": ({"kind": "sepia"}, r"kind: expected one of .*, got 'sepia'"),
    "prior": ({"prior": "gamma"}, r"prior: expected one of .*, got 'gamma'"),
    "start": ({"init_params": "slic"}, r"init_params: expected one of .*, got 'slic'"),
    "criterion": ({"n_components": "BIC"}, r"n_components: expected a number or one of .*'BIC'"),
    "none": ({"n_components": 0}, r"n_components: expected at least 1, got 0"),
    "too many": ({"n_components": 4000}, r"n_components: expected at most \d+, .*got 4000; fit"),
    "criterion and prior": (
        {"n_components": "bic", "prior": "dirichlet_process"},
        r"n_components: expected a number with prior=.*, got 'bic'; pass",
    ),
    "candidates alone": (
        {"candidates": [3]},
        r"candidates: expected None .*, got \[3\]; pass n_c",
    ),
    "no candidates": (
        {"n_components": "bic", "candidates": []},
        r"candidates: expected at least one .*, got none",
    ),
    "huge candidates": (
        {"n_components": "bic", "candidates": [3, 4000]},
        r"candidates: expected at most \d+, .*got 4000; leave",
    ),
    "threshold of color": (
        {"kind": "color", "threshold": 100},
        r"threshold: expected None .*, got 100; pass kind",
    ),
    "threshold": ({"threshold": 300}, r"threshold: expected a number .*, got 300; pass 'otsu'"),
    "threshold name": ({"threshold": "best"}, r"threshold: expected a number .*, got 'best'"),
    "no ink so dark": (
        {"threshold": 10, "image": np.full((9, 9), 77, np.uint8)},
        r"image: expected a pixel of luma .*, got 77 .*; raise",
    ),
    "white paper": (
        {"image": np.full((9, 9), 255, np.uint8)},
        r"image: expected pixels darker than white, got only white; pass",
    ),
    "next to no ink": (
        {"prior": "dirichlet_process", "image": np.full((9, 9), 254, np.uint8)},
        r"image: expected the darkness of more than one black pixel .*, got 0\.318 .*; pass a",
    ),
    "one dot": (
        {"image": np.array([[255, 0, 255]], np.uint8)},
        r"image: expected at least 2 pixels of ink, got 1; pass",
    ),
    "one pixel": (
        {"image": np.array([[[90, 2, 3]]], np.uint8)},
        r"image: expected at least 2 pixels, got 1; pass",
    ),
    "threads": ({"n_threads": 0}, r"n_threads: expected 1 to 1024, got 0"),
}


@pytest.mark.parametrize(("options", "pattern"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_fitted_is_refused(options, pattern):
    options = {"image": PHOTO[:60, :60, 0], **options}
    message = refusal(ValueError, lambda: fit_image(**options))
    assert re.match(pattern, message, flags=re.DOTALL), message


def test_the_names_are_public_and_import_scikit_learn_only_when_used(run_python):
    assert {"fit_image", "select_n_components"} <= set(gmmfast.__all__)
    code = "import sys, gmmfast; print('sklearn' in sys.modules); gmmfast.fit_image"
    assert run_python(code).stdout == "False\n"

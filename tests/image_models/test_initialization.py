"""Tests of image_models/initialization.py: EM starts from the cells of a picture."""

import numpy as np
import pytest

from gmmfast import (
    fit_image,
    images,
    render_grid,
)
from support.image_models import CHINA, FLOWER, PHOTO


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_every_covariance_type_is_fitted_from_the_image_start(covariance_type):
    model = fit_image(PHOTO, 30, covariance_type=covariance_type, tol=1e-2)
    assert model.converged_
    assert np.diff(model.lower_bounds_).min() > -1e-3
    log_prob = model.to_sklearn().score_samples(images.color_points(PHOTO))
    assert log_prob.mean() >= model.lower_bound_ - 1e-9


@pytest.mark.parametrize(("picture", "n_components"), [(CHINA[::2, ::2], 300), (FLOWER, 300)],
                         ids=["china, halved", "flower"])  # fmt: skip
@pytest.mark.parametrize("max_iter", [1, 10])
def test_the_image_start_leads_to_more_than_scikit_learns(picture, n_components, max_iter):
    def fitted(init_params):
        return fit_image(picture, n_components, init_params=init_params, max_iter=max_iter, tol=0)

    def psnr(model):
        return images.psnr(render_grid(model, picture.shape[:2], dtype=np.uint8), picture)

    ours = fitted("image")
    for init_params in ("kmeans", "k-means++"):
        theirs = fitted(init_params)
        assert theirs.init_params == init_params
        assert ours.lower_bound_ > theirs.lower_bound_ + 0.02
        assert psnr(ours) > psnr(theirs) + 0.2


def test_one_fit_builds_one_tree_of_the_picture(trees, drawing):
    picture = np.ascontiguousarray(CHINA[::2, ::2])
    fit_image(picture, 10, max_iter=3)
    assert trees.count(picture.shape[0] * picture.shape[1]) == 1
    trees.clear()
    fit_image(drawing, 5, max_iter=3)  # which is its own sample
    assert len(trees) == 2

"""Tests of image_models/estimator.py and fitting/gaussian.py.

Models of pictures are scikit-learn's estimators, fitted without one.
"""

import re

import numpy as np
import pytest
import sklearn.mixture
from sklearn.base import clone

from gmmfast import BayesianGaussianMixture, GaussianMixture, fit_image, images, refine
from gmmfast.fitting.gaussian import GaussianFit
from gmmfast.image_models.image import read_pixels
from gmmfast.image_models.pixels import FitSettings
from support.estimators import ATTRIBUTES, clouds
from support.image_models import PHOTO
from support.models import COVARIANCE_TYPES


def test_a_model_of_a_picture_is_a_fitted_estimator():
    model = fit_image(PHOTO, 5, kind="color", max_iter=3, tol=0.01, random_state=4)
    assert type(model) is GaussianMixture
    assert isinstance(model, sklearn.mixture.GaussianMixture)
    parameters = {"n_components": 5, "max_iter": 3, "tol": 0.01, "random_state": 4}
    assert parameters.items() <= model.get_params().items()
    assert parameters.items() <= clone(model).get_params().items()
    points = images.color_points(PHOTO)
    np.testing.assert_allclose(
        model.to_sklearn().score_samples(points), model.score_samples(points), 1e-9
    )
    assert model.n_features_in_ == 5


def test_it_has_the_bits_of_the_fit_without_an_estimator():
    parameters = {"max_iter": 3, "random_state": 0}
    fit = FitSettings(5, parameters=parameters).fit(read_pixels(PHOTO, "color", None))
    model = fit_image(PHOTO, 5, kind="color", max_iter=3)
    for name in ATTRIBUTES:
        np.testing.assert_array_equal(getattr(fit, name), getattr(model, name))
    assert fit.lower_bounds_ == model.lower_bounds_


def test_refine_returns_a_fit_for_a_fit_and_an_estimator_for_an_estimator():
    fit = FitSettings(5, parameters={"max_iter": 3, "random_state": 0}).fit(
        read_pixels(PHOTO, "color", None)
    )
    model = fit_image(PHOTO, 5, kind="color", max_iter=3).set_params(n_init=2)
    better, refined = refine(fit, PHOTO, max_iter=2), refine(model, PHOTO, max_iter=2)
    assert (type(better), type(refined)) == (GaussianFit, GaussianMixture)
    np.testing.assert_array_equal(better.means_, refined.means_)
    assert refined.n_init == 2


@pytest.mark.parametrize(
    "options",
    [{"tol": -1}, {"max_iter": -1}, {"covariance_type": "round"}, {"random_state": "x"}],
    ids=str,
)
def test_scikit_learn_checks_the_parameters(options):
    estimator = sklearn.mixture.GaussianMixture(**options)
    with pytest.raises(ValueError, match="parameter of GaussianMixture") as told:
        estimator.fit(np.zeros((2, 1)))
    ours = str(told.value).partition("Got")[0].partition("{")[0]
    with pytest.raises(ValueError, match=re.escape(ours)):
        fit_image(PHOTO, 2, **options)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize(
    ("counts", "kept"), [([0.5, 2.0, 1.0], [1, 2]), ([0.2, 0.4, 0.3], [1]), ([1, 1, 1], [0, 1, 2])]
)
def test_components_of_less_than_one_point_are_dropped_but_for_the_fullest(
    covariance_type, counts, kept
):
    model = BayesianGaussianMixture(
        n_components=3, covariance_type=covariance_type, random_state=0, max_iter=500
    ).fit(clouds())
    means, degrees = model.means_, np.broadcast_to(model.degrees_of_freedom_, 3)
    model.weight_concentration_ = (1 + np.array(counts), model.weight_concentration_[1])
    model._drop_empty()
    assert model.n_components == len(kept)
    np.testing.assert_array_equal(model.means_, means[kept])
    found = np.broadcast_to(model.degrees_of_freedom_, len(kept))
    np.testing.assert_array_equal(found, degrees[kept])
    assert model.weights_.shape == (len(kept),)
    assert model.weights_.sum() == pytest.approx(1)
    assert np.isfinite(model.score(clouds()))

"""Tests of mixture/peers.py: fitted models of gmr, cgmm and tgmm are models."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from gmmfast import GaussianMixtureRegressor, Mixture, render_grid
from support import models
from support.models import full_parameters


def check_same_scores(model, mixture):
    points = np.random.default_rng(0).normal(scale=5, size=(30, mixture.n_features))
    read = Mixture.from_model(model)
    np.testing.assert_allclose(
        read.score_samples(points), mixture.score_samples(points), rtol=1e-12
    )


def test_a_model_of_gmr_is_read():
    gmr = pytest.importorskip("gmr")
    mixture = models.build(4, 2, "diag")
    weights, means, covariances = full_parameters(mixture)
    model = gmr.GMM(4, weights, means, covariances)
    check_same_scores(model, mixture)
    np.testing.assert_allclose(render_grid(model, (4, 5)), render_grid(mixture, (4, 5)))


def test_a_conditioner_of_cgmm_is_read():
    cgmm = pytest.importorskip("cgmm")
    mixture = models.build(4, 3, "tied")
    conditioner = cgmm.GMMConditioner(mixture.to_sklearn(), [0], reg_covar=0)
    check_same_scores(conditioner, mixture)


def test_a_regressor_is_its_joint_mixture():
    X = np.random.default_rng(0).normal(size=(50, 3))
    regressor = GaussianMixtureRegressor(2, random_state=0)
    with pytest.raises(NotFittedError, match="got an unfitted GaussianMixtureRegressor"):
        Mixture.from_model(regressor)
    regressor.fit(X[:, :2], X[:, 2])
    check_same_scores(regressor, Mixture.from_model(regressor.mixture_))


class Tensor:
    """Converts to an array as a tensor on the processor does."""

    def __init__(self, values):
        self._values = np.asarray(values)

    def __array__(self, dtype=None, copy=None):
        return np.array(self._values, dtype=dtype)


#: tgmm itself needs gigabytes: these are its attributes.
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("full", "full"),
        ("tied", "tied_full"),
        ("diag", "diag"),
        ("spherical", "spherical"),
        ("tied-diag", "tied_diag"),
        ("tied-spherical", "tied_spherical"),
    ],
)
def test_a_model_of_tgmm_is_read(ours, theirs):
    mixture = models.build(4, 3, ours)
    arrays = {f"{n}_": Tensor(getattr(mixture, n)) for n in ("weights", "means", "covariances")}
    check_same_scores(SimpleNamespace(covariance_type=theirs, **arrays), mixture)


def test_a_model_of_gmr_without_a_fit_is_refused():
    gmr = pytest.importorskip("gmr")
    with pytest.raises(TypeError, match=r"^model: expected"):
        Mixture.from_model(gmr.GMM(4))

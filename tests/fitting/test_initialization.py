"""Tests of fitting/initialization.py: the initializations are scikit-learn's."""

import numpy as np
import pytest
import sklearn.mixture
from sklearn.cluster import KMeans, kmeans_plusplus

from gmmfast import GaussianMixture, _core
from support.estimators import PAIRS, check_same_fit, clouds
from support.models import COVARIANCE_TYPES

INITS = ("kmeans", "k-means++", "random", "random_from_data")


@pytest.mark.parametrize("init_params", INITS)
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_every_start_is_that_of_scikit_learn_from_the_same_seed(
    pixels, covariance_type, init_params
):
    options = {
        "n_components": 12,
        "covariance_type": covariance_type,
        "init_params": init_params,
        "max_iter": 3,
        "tol": 0,
        "random_state": 7,
        "reg_covar": 1.0,
    }
    got = GaussianMixture(**options).fit(pixels)
    check_same_fit(got, sklearn.mixture.GaussianMixture(**options).fit(pixels))
    options["max_iter"] = 0
    got = GaussianMixture(**options).fit(pixels)
    want = sklearn.mixture.GaussianMixture(**options).fit(pixels)
    np.testing.assert_allclose(got.means_, want.means_, 1e-10)
    np.testing.assert_allclose(got.weights_, want.weights_, 1e-10)


def test_k_means_on_the_tree_chooses_and_clusters_as_scikit_learn_does(pixels):
    data = _core.Data(pixels)
    random_state = np.random.RandomState(5)
    first = int(random_state.choice(len(pixels), p=np.full(len(pixels), 1 / len(pixels))))
    draws = random_state.uniform(size=(39, 2 + int(np.log(40))))
    rows = data.kmeans_plusplus(first, draws)
    centers, expected = kmeans_plusplus(pixels, 40, random_state=np.random.RandomState(5))
    np.testing.assert_array_equal(rows, expected)
    want = KMeans(40, init=centers, n_init=1).fit(pixels)
    tol = 1e-4 * pixels.var(axis=0).mean()
    labels, found, inertia, n_iter = data.kmeans(np.ascontiguousarray(centers), tol, 300)
    np.testing.assert_array_equal(labels, want.labels_)
    np.testing.assert_allclose(found, want.cluster_centers_, 1e-9)
    np.testing.assert_allclose(inertia, want.inertia_, 1e-9)
    assert n_iter == want.n_iter_


def grid(*shape):
    axes = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    return np.stack(axes, axis=-1).reshape(-1, len(shape)).astype(np.float64)


def ink():
    """The pixels of a disk with a hole."""
    pixels = grid(48, 64)
    far = np.hypot(*(pixels - [24, 32]).T) < 20
    return pixels[far & (np.hypot(*(pixels - [20, 28]).T) > 8)]


def lattices():
    rng = np.random.default_rng(0)
    return {
        "a line": grid(60),
        "a picture's pixels": grid(23, 31),
        "a volume's voxels": grid(8, 9, 7),
        "ink": ink(),
        "counts": rng.poisson(6, (1500, 3)).astype(np.float64),
        "levels": np.c_[grid(24, 30), rng.integers(0, 4, (720, 3))].astype(np.float64),
        "tenths": np.round(rng.normal(0, 2, (1200, 2)), 1),
        "digits": rng.integers(0, 17, (900, 20)).astype(np.float64),
        "few places": rng.integers(0, 2, (300, 2)).astype(np.float64),
    }


@pytest.mark.parametrize("name", lattices())
def test_ties_on_a_lattice_are_broken_as_scikit_learn_breaks_them(name):
    points = lattices()[name]
    for n_components in (2, 5, 12):
        for seed in range(2):
            options = {
                "n_components": n_components,
                "covariance_type": "diag",
                "random_state": seed,
                "max_iter": 0,
            }
            got = GaussianMixture(**options).fit(points)
            want = sklearn.mixture.GaussianMixture(**options).fit(points)
            np.testing.assert_allclose(got.weights_, want.weights_, 1e-12)
            np.testing.assert_allclose(got.means_, want.means_, 1e-12, 1e-12)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_fits_to_pixels_are_those_of_scikit_learn(ours, theirs, covariance_type):
    options = {"n_components": 6, "covariance_type": covariance_type, "random_state": 4}
    points = ink()
    check_same_fit(ours(**options).fit(points), theirs(**options).fit(points), 1e-6)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_the_best_of_several_starts_is_taken_and_a_warm_start_goes_on(
    ours, theirs, covariance_type
):
    points = clouds()
    options = {"n_components": 3, "covariance_type": covariance_type, "random_state": 2}
    several = {**options, "n_init": 4, "init_params": "random", "max_iter": 15}
    check_same_fit(ours(**several).fit(points), theirs(**several).fit(points), 1e-7)
    warm = {**options, "warm_start": True, "max_iter": 2}
    got, want = ours(**warm), theirs(**warm)
    for _ in range(3):
        check_same_fit(got.fit(points), want.fit(points), 1e-7)

"""Tests of fitting/em.py: shifts of the rows, and common factors of their weights."""

import numpy as np
import pytest

from gmmfast import BayesianGaussianMixture, GaussianMixture, GaussianMixtureRegressor
from support.models import COVARIANCE_TYPES

#: Offsets of map coordinates, Unix seconds and Unix milliseconds, and the tolerance of fitted
#: parameters: means are rounded to 2^-53 of the offset.
OFFSETS = {
    "map": ((5e5, 5.4e6), 1e-7),
    "seconds": ((1.7e9, 20.0), 1e-4),
    "milliseconds": ((1.7e12, 20.0), 1e-2),
}
ESTIMATORS = (GaussianMixture, BayesianGaussianMixture)


def rows():
    """Rows of multiples of 2^-10, which keep all digits when they are shifted."""
    rng = np.random.default_rng(0)
    near = rng.normal([0, 0], [1, 2], (300, 2))
    far = rng.normal([12, 5], [2, 1], (200, 2))
    return np.round(np.concatenate([near, far]) * 1024) / 1024


def holes(points):
    """Return the points with some values missing."""
    points = points.copy()
    points[::7, 0] = np.nan
    points[3::11, 1] = np.nan
    return points


def in_batches(model, points):
    for part in np.array_split(points[np.random.default_rng(1).permutation(len(points))], 5):
        model.partial_fit(part)
    return model


WEIGHTS = np.random.default_rng(2).uniform(0, 2, 500)
FITS = {
    "rows": lambda model, points: model.fit(points),
    "weights": lambda model, points: model.fit(points, sample_weight=WEIGHTS),
    "chunks": lambda model, points: model.fit([points[:200], points[200:]]),
    "missing": lambda model, points: model.fit(holes(points)),
    "batches": in_batches,
}


def check_shifted(got, want, offset, rtol):
    np.testing.assert_allclose(got.weights_, want.weights_, rtol)
    np.testing.assert_allclose(got.covariances_, want.covariances_, rtol, 2 * rtol)
    np.testing.assert_allclose(got.means_ - offset, want.means_, rtol, 10 * rtol)
    np.testing.assert_allclose(got.lower_bound_, want.lower_bound_, rtol)


@pytest.mark.parametrize("name", OFFSETS)
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_a_shift_of_the_rows_shifts_the_means_and_nothing_else(cls, covariance_type, name):
    offset, rtol = OFFSETS[name]
    points = rows()
    options = {"n_components": 2, "covariance_type": covariance_type, "random_state": 0}
    for kind, fit in FITS.items():
        if kind == "missing" and cls is BayesianGaussianMixture:
            continue
        want = fit(cls(**options, tol=1e-7, max_iter=500), points)
        got = fit(cls(**options, tol=1e-7, max_iter=500), points + offset)
        check_shifted(got, want, offset, rtol)
        np.testing.assert_array_equal(got.predict(points + offset), want.predict(points))
        scores = got.score_samples(points + offset)
        np.testing.assert_allclose(scores, want.score_samples(points), atol=20 * rtol)


@pytest.mark.parametrize("init_params", ["k-means++", "random", "random_from_data"])
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_every_start_is_shifted_with_the_rows(cls, covariance_type, init_params):
    points, offset = rows(), np.array(OFFSETS["map"][0])
    if covariance_type == "tied":
        points = np.concatenate([points, -points])  # scikit-learn's start depends on the mean
    options = {
        "n_components": 3,
        "covariance_type": covariance_type,
        "init_params": init_params,
        "random_state": 0,
        "max_iter": 2,
        "tol": 0,
    }
    got, want = cls(**options).fit(points + offset), cls(**options).fit(points)
    check_shifted(got, want, offset, 1e-6)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_components_without_rows_cost_the_others_no_digits(cls, covariance_type):
    points = np.repeat(rows()[::100], 20, axis=0)  # five places for eight components
    options = {"n_components": 8, "covariance_type": covariance_type, "random_state": 0}
    offset = np.array(OFFSETS["map"][0])
    got, want = (cls(**options, tol=1e-7).fit(x) for x in (points + offset, points))
    assert abs(got.means_ - offset).max() < 50
    np.testing.assert_allclose(got.lower_bound_, want.lower_bound_, 1e-4)
    np.testing.assert_allclose(np.sort(got.weights_), np.sort(want.weights_), atol=1e-6)


@pytest.mark.parametrize("name", OFFSETS)
def test_a_regression_is_shifted_with_its_rows(name):
    (x_offset, y_offset), rtol = OFFSETS[name]
    points, at = rows(), np.linspace(-2, 14, 50)[:, None]
    near = GaussianMixtureRegressor(2, random_state=0, tol=1e-7).fit(points[:, :1], points[:, 1])
    far = GaussianMixtureRegressor(2, random_state=0, tol=1e-7)
    far.fit(points[:, :1] + x_offset, points[:, 1] + y_offset)
    got, got_std = far.predict(at + x_offset, return_std=True)
    want, want_std = near.predict(at, return_std=True)
    np.testing.assert_allclose(got - y_offset, want, atol=20 * rtol)
    np.testing.assert_allclose(got_std, want_std, atol=20 * rtol)


@pytest.mark.parametrize("init_params", ["kmeans", "k-means++", "random", "random_from_data"])
@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_a_common_factor_of_all_weights_changes_nothing(covariance_type, init_params):
    points = rows()
    options = {
        "n_components": 4,
        "covariance_type": covariance_type,
        "init_params": init_params,
        "random_state": 1,
        "max_iter": 20,
        "tol": 0,
    }
    for each in (points, holes(points)):
        want = GaussianMixture(**options).fit(each, sample_weight=WEIGHTS)
        for factor in (2.0**-100, 1e-30, 1e30):
            got = GaussianMixture(**options).fit(each, sample_weight=factor * WEIGHTS)
            check_shifted(got, want, 0, 1e-9)
            chunks = [(each[:200], factor * WEIGHTS[:200]), (each[200:], factor * WEIGHTS[200:])]
            check_shifted(GaussianMixture(**options).fit(chunks), want, 0, 1e-9)


def test_components_without_rows_keep_their_weight_under_a_common_factor():
    points = np.repeat(rows()[::100], 20, axis=0)
    options = {"n_components": 8, "random_state": 0, "max_iter": 5, "tol": 0}
    want = GaussianMixture(**options).fit(points)
    assert want.weights_.min() < 1e-15
    for factor in (1e-30, 1e30):
        got = GaussianMixture(**options).fit(points, sample_weight=np.full(100, factor))
        np.testing.assert_allclose(got.weights_, want.weights_, 1e-9)
        np.testing.assert_allclose(got.means_, want.means_, 1e-9)


def test_batches_of_one_factor_are_those_without_it():
    parts = np.array_split(rows(), 5)
    plain, scaled = (GaussianMixture(2, random_state=0) for _ in range(2))
    for part in parts:
        plain.partial_fit(part)
        scaled.partial_fit(part, sample_weight=np.full(len(part), 1e-30))
    check_shifted(scaled, plain, 0, 1e-9)

"""Accelerated EM: the bound never falls, and fewer iterations reach the same one."""

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import BayesianGaussianMixture, GaussianMixture
from gmmfast.mixture.layouts import COVARIANCE_TYPES


def overlapping(n_samples=2000, seed=0):
    """Draw from components so near each other that EM converges slowly."""
    rng = np.random.default_rng(seed)
    means = rng.normal(0, 1.2, (6, 3))
    return means[rng.integers(6, size=n_samples)] + rng.normal(size=(n_samples, 3))


def fitted(estimator, *data, **options):
    """Fit, whether or not the iterations are enough."""
    with pytest.warns(Warning, match="did not converge"):
        return estimator.fit(*data, **options)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
@pytest.mark.parametrize("estimator", [GaussianMixture, BayesianGaussianMixture])
def test_the_bound_never_falls(estimator, covariance_type):
    if estimator is BayesianGaussianMixture and covariance_type.startswith("tied-"):
        pytest.skip("no such type")
    model = estimator(
        n_components=6, covariance_type=covariance_type, random_state=0, max_iter=60, tol=0
    )
    plain = fitted(model, overlapping()).lower_bounds_
    bounds = fitted(model, overlapping(), acceleration="momentum").lower_bounds_
    assert len(bounds) == 60
    assert np.all(np.diff(bounds) >= -1e-12 * abs(bounds[-1]))
    assert bounds[-1] > plain[-1] - 1e-9


def test_an_iteration_that_would_lower_the_bound_is_discarded_and_the_fit_goes_on():
    model = GaussianMixture(6, random_state=0, max_iter=200, tol=0)
    bounds = np.array(fitted(model, overlapping(), acceleration="momentum").lower_bounds_)
    discarded = np.flatnonzero(np.diff(bounds) == 0)
    assert len(discarded)
    assert np.all(bounds[discarded[:1] + 2] > bounds[discarded[:1]])


def test_a_picture_takes_at_most_half_the_iterations():
    photo = load_sample_image("china.jpg")[::4, ::4]
    plain = gmmfast.fit_image(photo, 60, max_iter=100, tol=0)
    quick = gmmfast.fit_image(photo, 60, max_iter=50, tol=0, acceleration="momentum")
    assert quick.lower_bound_ >= plain.lower_bound_
    assert np.all(np.diff(quick.lower_bounds_) >= 0)


def test_the_fit_ends_where_em_ends():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(center, 1, (300, 2)) for center in (0, 3, 6)])
    model = GaussianMixture(3, random_state=0, tol=1e-12, max_iter=2000)
    plain, quick = model.fit(X), GaussianMixture(**model.get_params())
    quick.fit(X, acceleration="momentum")
    assert quick.n_iter_ < plain.n_iter_ / 2
    np.testing.assert_allclose(quick.means_, plain.means_, rtol=1e-4)
    np.testing.assert_allclose(quick.covariances_, plain.covariances_, rtol=1e-3)


def test_weights_chunks_and_missing_values_are_accelerated_alike():
    X = overlapping()
    weights = np.random.default_rng(1).integers(1, 4, len(X)).astype(float)
    model = GaussianMixture(4, random_state=0, max_iter=30, tol=0, init_params="random_from_data")
    whole = fitted(model, X, sample_weight=weights, acceleration="momentum").means_
    chunks = [(X[:700], weights[:700]), (X[700:], weights[700:])]
    np.testing.assert_allclose(
        fitted(model, chunks, acceleration="momentum").means_, whole, rtol=1e-8
    )
    X[::7, 1] = np.nan
    bounds = fitted(model, X, acceleration="momentum").lower_bounds_
    assert np.all(np.diff(bounds) >= -1e-12 * abs(bounds[-1]))


def test_the_same_bits_for_any_number_of_threads():
    fits = [
        fitted(
            GaussianMixture(5, random_state=0, max_iter=25, tol=0),
            overlapping(20_000),
            acceleration="momentum",
            n_threads=n_threads,
        )
        for n_threads in (1, 2)
    ]
    assert np.array_equal(fits[0].means_, fits[1].means_)


def test_an_unknown_acceleration_is_refused_before_the_fit():
    with pytest.raises(ValueError, match="acceleration: expected 'momentum' or None, got 'fast'"):
        GaussianMixture().fit(overlapping(), acceleration="fast")
    with pytest.raises(ValueError, match="acceleration: expected 'momentum' or None, got 'fast'"):
        gmmfast.fit_image(np.zeros((4, 4, 3), dtype=np.uint8), acceleration="fast")


def test_scikit_learns_own_code_has_no_acceleration():
    class Own(GaussianMixture):
        def _m_step(self, X, log_resp):
            super()._m_step(X, log_resp)

    with pytest.raises(NotImplementedError, match="acceleration: scikit-learn's fit has none"):
        Own(2).fit(overlapping(), acceleration="momentum")

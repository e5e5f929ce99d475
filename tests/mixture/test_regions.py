"""Tests of mixture/regions.py: error ellipses and confidence regions."""

import numpy as np
import pytest
from scipy.stats import chi2, kstest

from gmmfast import Mixture
from support.checks import check_message, refusal
from support.models import EVERY_TYPE, build, full_parameters


def boundary(ellipses, k, n=12):
    """Points of ellipse k as matplotlib draws it: whole axes, degrees, anticlockwise."""
    turns, angle = np.linspace(0, 2 * np.pi, n), np.radians(ellipses.angles[k])
    along, across = ellipses.widths[k] / 2 * np.cos(turns), ellipses.heights[k] / 2 * np.sin(turns)
    turned = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    return ellipses.centers[k] + np.transpose([along, across]) @ turned


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
@pytest.mark.parametrize("features", [(0, 1), (3, 1)])
def test_on_the_ellipse_the_density_of_its_component_is_constant(covariance_type, features):
    mixture = build(5, 4, covariance_type)
    ellipses = mixture.error_ellipses(1.5, features)
    _, means, covariances = full_parameters(mixture.marginal(features))
    np.testing.assert_array_equal(ellipses.centers, means)
    for k in range(5):
        offsets = boundary(ellipses, k) - means[k]
        distances = np.einsum("ni,ij,nj->n", offsets, np.linalg.inv(covariances[k]), offsets)
        np.testing.assert_allclose(distances, 1.5**2, rtol=1e-11)
    assert (ellipses.widths >= ellipses.heights).all()
    assert ((ellipses.angles > -90) & (ellipses.angles <= 90)).all()


def test_angles_turn_from_x_to_y():
    diagonal = Mixture([1.0], [[0.0, 0.0]], [[[5.0, 3.0], [3.0, 5.0]]])
    assert diagonal.error_ellipses().angles[0] == 45
    assert diagonal.transform([[1.0, 0], [0, -1]]).error_ellipses().angles[0] == -45
    tall = Mixture([1.0], [[0.0, 0.0]], [[1.0, 4.0]], covariance_type="diag")
    assert tall.error_ellipses().angles[0] == 90
    circle = Mixture([1.0], [[0.0, 0.0]], [4.0]).error_ellipses(0.5)
    assert (circle.widths[0], circle.heights[0], circle.angles[0]) == (2, 2, 0)


def test_a_confidence_is_the_share_within_the_ellipse_in_the_plane():
    mixture = build(3, 5)
    by_radius = mixture.error_ellipses(np.sqrt(chi2(2).ppf(0.95)))
    by_share = mixture.error_ellipses(confidence=0.95)
    for one, other in zip(by_radius, by_share, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14)


def test_thin_ellipses_keep_their_height():
    thin = Mixture([1.0], [[0.0, 0.0]], [[[1.0, 0.0], [0.0, 1e-20]]])
    assert thin.error_ellipses().heights[0] == pytest.approx(2e-10, rel=1e-14)


@pytest.mark.parametrize("scale", [1e-170, 1e170])
def test_ellipses_of_any_size_have_their_proportions(scale):
    covariance = np.array([[5.0, 3.0], [3.0, 5.0]])
    ellipses = Mixture([1.0], [[0.0, 0.0]], [scale * covariance]).error_ellipses()
    assert ellipses.widths[0] == pytest.approx(2 * np.sqrt(8 * scale), rel=1e-14, abs=0)
    assert ellipses.heights[0] == pytest.approx(2 * np.sqrt(2 * scale), rel=1e-14, abs=0)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
@pytest.mark.parametrize("n_features", [1, 2, 5])
def test_a_point_is_in_the_region_of_the_nearest_component(covariance_type, n_features):
    mixture = build(6, n_features, covariance_type)
    _, means, covariances = full_parameters(mixture)
    points = np.repeat(means, 50, axis=0)
    points += np.random.default_rng(1).normal(scale=2, size=points.shape)
    offsets = points[:, None] - means
    squares = np.einsum("nki,kij,nkj->nk", offsets, np.linalg.inv(covariances), offsets)
    region = mixture.confidence_region(0.9)
    inside = region.contains(points)
    np.testing.assert_array_equal(inside, squares.min(axis=1) <= chi2(n_features).ppf(0.9))
    assert 0 < inside.sum() < 300
    np.testing.assert_allclose(region.distances(points) ** 2, squares.min(axis=1), rtol=1e-10)


def test_the_edge_is_in_the_region():
    region = Mixture([1.0], [[0.0]], [1.0]).confidence_region(0.9)
    points = [[region.radius], [np.nextafter(region.radius, 9)]]
    assert region.contains(points).tolist() == [True, False]


def test_many_points_are_asked_in_chunks(monkeypatch):
    mixture, points = build(6, 2), np.random.default_rng(1).normal(scale=6, size=(100, 2))
    whole = mixture.confidence_region(0.5).distances(points)
    monkeypatch.setattr("gmmfast.mixture.chunks.CHUNK", 30)
    np.testing.assert_array_equal(mixture.confidence_region(0.5).distances(points), whole)


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_the_region_of_one_component_holds_its_share(covariance_type):
    mixture = build(1, 3, covariance_type)
    inside = mixture.confidence_region(0.8).contains(mixture.sample(20_000, random_state=0))
    # Four standard deviations of a binomial share: wrong for one seed in 16,000.
    assert inside.mean() == pytest.approx(0.8, abs=4 * np.sqrt(0.8 * 0.2 / 20_000))


@pytest.mark.parametrize("covariance_type", EVERY_TYPE)
def test_samples_are_the_truncated_components(covariance_type):
    mixture = build(2, 3, covariance_type, spread=1000)
    region = mixture.confidence_region(0.7)
    points = region.sample(5000, random_state=0)
    assert region.contains(points).all()
    labels = mixture.predict(points)
    share = mixture.weights[0]
    error = np.sqrt(share * (1 - share) / 5000)
    assert (labels == 0).mean() == pytest.approx(share, abs=4 * error)
    _, means, covariances = full_parameters(mixture)
    for k in range(2):
        white = np.linalg.solve(
            np.linalg.cholesky(covariances[k]), (points[labels == k] - means[k]).T
        )
        squares, directions = np.square(white).sum(axis=0), white / np.linalg.norm(white, axis=0)
        # Each p-value is below 1e-4 for one seed in 10,000.
        assert kstest(chi2(3).cdf(squares) / 0.7, "uniform").pvalue > 1e-4
        for coordinate in directions:  # uniform on [-1, 1] in three dimensions (Archimedes)
            assert kstest((coordinate + 1) / 2, "uniform").pvalue > 1e-4
    np.testing.assert_array_equal(
        region.sample(9, random_state=3), region.sample(9, random_state=3)
    )


def test_a_shell_leaves_out_the_middle():
    mixture = build(1, 3)
    shell = mixture.confidence_region(0.9).sample(2000, inner=0.6, random_state=0)
    shares = chi2(3).cdf(mixture.confidence_region(0.5).distances(shell) ** 2)
    # A p-value below 1e-4 for one seed in 10,000.
    assert kstest((shares - 0.6) / 0.3, "uniform").pvalue > 1e-4


def test_a_region_tells_what_it_is():
    region = build(2, 2).confidence_region(0.95)
    assert repr(region).startswith("ConfidenceRegion(Mixture(")
    assert "confidence=0.95" in repr(region)


BAD_CALLS = {
    "one feature": (
        lambda m: m.error_ellipses(features=[0]),
        ValueError,
        "features: expected two",
    ),
    "no such feature": (lambda m: m.error_ellipses(features=[0, 9]), ValueError, "features:"),
    "n_std": (lambda m: m.error_ellipses(0), ValueError, "n_std: expected a positive"),
    "n_std of text": (lambda m: m.error_ellipses("1"), TypeError, "n_std: expected a number"),
    "confidence": (lambda m: m.error_ellipses(confidence=1), ValueError, "confidence: expected"),
    "percent": (lambda m: m.confidence_region(95), ValueError, "confidence: expected 0 < number"),
    "no confidence": (lambda m: m.confidence_region(0), ValueError, "confidence: expected 0 <"),
    "truth": (
        lambda m: m.confidence_region(confidence=True),
        TypeError,
        "confidence: expected a number",
    ),
    "no samples": (
        lambda m: m.confidence_region(0.5).sample(0),
        ValueError,
        "n_samples: expected",
    ),
    "no shell": (
        lambda m: m.confidence_region(0.5).sample(9, inner=0.5),
        ValueError,
        "inner: expected less than .* 0.5",
    ),
    "columns": (lambda m: m.confidence_region(0.5).contains([[1.0]]), ValueError, "X: expected"),
}


@pytest.mark.parametrize("name", BAD_CALLS)
def test_bad_arguments_are_refused(name):
    call, error, pattern = BAD_CALLS[name]
    check_message(refusal(error, call, build(2, 3)), pattern)


def test_a_mixture_of_one_feature_has_no_ellipses():
    check_message(refusal(ValueError, build(2, 1).error_ellipses), "features: expected")


def test_samples_at_the_edge_are_inside():
    region = build(3, 3, "full").confidence_region(0.5)
    edge = region.sample(2000, inner=np.nextafter(0.5, 0), random_state=0)
    np.testing.assert_allclose(region.distances(edge), region.radius, rtol=1e-6)
    assert region.contains(edge).mean() > 0.99

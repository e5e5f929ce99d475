"""gmmfast agrees with gmr, cgmm and tgmm: the rows of docs/explanation/parity.md.

gmr and cgmm answer here and now; tgmm's answers are stored with the script that makes them
(tests/peers/tgmm_answers.py), which `make peers` runs anew. Numbers agree to rounding: each
side's, of distances of some tens and of covariances of condition 1000 at most.
"""

from pathlib import Path

import gmr
import numpy as np
import pytest
from cgmm.distributions import MultivariateNormal
from matplotlib.patches import Ellipse
from scipy.stats import chi2, norm

from gmmfast import Mixture
from support.models import COVARIANCE_TYPES, full_parameters
from support.peers import (
    CLOSE,
    GIVEN,
    TGMM,
    build,
    cgmm_conditioner,
    check_same_distribution,
    gmr_model,
    live_answers,
    points_of,
    tgmm_case,
)


def turn(angle):
    """An axis of an ellipse, whichever way along it."""
    return np.transpose([np.cos(2 * angle), np.sin(2 * angle)])


# gmr, whose models are full.


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_gmr_to_probability_density(covariance_type):
    mixture, points = build(covariance_type=covariance_type), points_of(4)
    ours = np.exp(mixture.score_samples(points))
    np.testing.assert_allclose(ours, gmr_model(mixture).to_probability_density(points), **CLOSE)


def test_gmr_to_responsibilities():
    mixture, points = build(), points_of(4)
    theirs = gmr_model(mixture).to_responsibilities(points)
    np.testing.assert_allclose(mixture.predict_proba(points), theirs, **CLOSE)
    np.testing.assert_allclose(mixture.responsibilities(points).toarray(), theirs, **CLOSE)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_gmr_condition(covariance_type):
    mixture, values = build(covariance_type=covariance_type), [2.0, -1.0]
    ours, theirs = mixture.condition(GIVEN, values), gmr_model(mixture).condition(GIVEN, values)
    weights, means, covariances = full_parameters(ours)
    np.testing.assert_allclose(weights, theirs.priors, **CLOSE)
    np.testing.assert_allclose(means, theirs.means, **CLOSE)
    np.testing.assert_allclose(covariances, theirs.covariances, **CLOSE)


def test_gmr_predict():
    mixture, values = build(), points_of(2)
    theirs = gmr_model(mixture).predict(GIVEN, values)
    ours = [mixture.condition(GIVEN, each).mean() for each in values]
    np.testing.assert_allclose(ours, theirs, **CLOSE)


def test_gmr_to_mvn():
    mixture, offset = build(), np.array([0, 0, 100.0, 0])
    for model in (mixture, mixture.transform(np.eye(4), offset)):
        theirs = gmr_model(model).to_mvn()
        np.testing.assert_allclose(model.mean(), theirs.mean, **CLOSE)
        np.testing.assert_allclose(model.covariance(), theirs.covariance, **CLOSE)


def test_gmr_extract_mvn_marginalize_and_condition():
    mixture = build()
    for k in range(mixture.n_components):
        ours, theirs = mixture.component(k), gmr_model(mixture).extract_mvn(k)
        np.testing.assert_allclose(ours.covariance(), theirs.covariance, **CLOSE)
        some, their_some = ours.marginal(GIVEN), theirs.marginalize(np.array(GIVEN))
        np.testing.assert_allclose(some.mean(), their_some.mean, **CLOSE)
        np.testing.assert_allclose(some.covariance(), their_some.covariance, **CLOSE)
        given, their_given = ours.condition(GIVEN, [1, 2]), theirs.condition(GIVEN, [1, 2])
        np.testing.assert_allclose(given.mean(), their_given.mean, **CLOSE)
        np.testing.assert_allclose(given.covariance(), their_given.covariance, **CLOSE)


def test_gmr_squared_mahalanobis_distance():
    mixture, points = build(), points_of(4)
    mvns = [gmr_model(mixture).extract_mvn(k) for k in range(mixture.n_components)]
    theirs = [min(mvn.squared_mahalanobis_distance(x) for mvn in mvns) for x in points]
    distances = mixture.confidence_region(0.5).distances(points)
    np.testing.assert_allclose(distances**2, theirs, **CLOSE)


def test_gmr_to_ellipses():
    mixture = build(n_features=2)
    centers, widths, heights, angles = mixture.error_ellipses(1.7)
    for k, (mean, (angle, width, height)) in enumerate(gmr_model(mixture).to_ellipses(1.7)):
        np.testing.assert_allclose(centers[k], mean, **CLOSE)
        # gmr's are halves, and radians.
        np.testing.assert_allclose((widths[k] / 2, heights[k] / 2), (width, height), **CLOSE)
        np.testing.assert_allclose(turn(np.radians(angles[k])), turn(angle), **CLOSE)


def test_gmr_plot_error_ellipses():
    class Axes:
        patches: list[Ellipse] = []  # noqa: RUF012 (one test's)

        def add_artist(self, patch):
            self.patches.append(patch)

    mixture = build(n_features=2)
    gmr.plot_error_ellipses(Axes(), gmr_model(mixture), factors=[2.0])
    ellipses = zip(*mixture.error_ellipses(2.0), strict=True)
    for (center, width, height, angle), patch in zip(ellipses, Axes.patches, strict=True):
        ours = Ellipse(center, width, height, angle=angle)
        np.testing.assert_allclose(ours.center, patch.center, **CLOSE)
        np.testing.assert_allclose((ours.width, ours.height), (patch.width, patch.height), **CLOSE)
        axes = (turn(np.radians(each.angle)) for each in (ours, patch))
        np.testing.assert_allclose(*axes, **CLOSE)


@pytest.mark.parametrize("n_features", [2, 3, 5])
def test_gmr_is_in_confidence_region(n_features):
    mixture = build(n_features=n_features)
    points = np.repeat(mixture.means, 20, axis=0)
    points += np.random.default_rng(1).normal(scale=2, size=points.shape)
    # gmr's distribution of the distance has one degree of freedom less than there are features,
    # so that its region of 95 % holds less: asked for the same radius, it says the same.
    radius = mixture.confidence_region(0.95).radius
    alpha = chi2(n_features - 1).cdf(radius**2)
    theirs = [gmr_model(mixture).is_in_confidence_region(x, alpha) for x in points]
    assert 0 < np.sum(theirs) < len(points)
    np.testing.assert_array_equal(mixture.confidence_region(0.95).contains(points), theirs)


def test_gmr_is_in_confidence_region_of_one_feature():
    mixture = Mixture([0.4, 0.6], [[0.0], [6.0]], [1.0, 4.0])
    # gmr takes the variance for the deviation; models with its root for a variance mean the same.
    theirs = gmr.GMM(2, [0.4, 0.6], [[0.0], [6.0]], [[[1.0]], [[2.0]]])
    points = np.array([-2.1, -1.9, 0.0, 2.0, 4.0, 5.0, 9.5, 10.5])
    inside = mixture.confidence_region(0.95).contains(points[:, None])
    # Nearest in deviations, and within 1.96 of them.
    distances = np.abs(points[:, None] - [0, 6]) / [1, 2]
    np.testing.assert_array_equal(inside, distances.min(axis=1) <= norm.ppf(0.975))
    clear = np.abs(distances[:, 0] - distances[:, 1]) > 1
    said = [theirs.is_in_confidence_region([x], 0.95) for x in points]
    np.testing.assert_array_equal(inside[clear], np.array(said)[clear])


def test_gmr_sample_confidence_region():
    mixture = build(n_components=2, n_features=3, spread=50)
    region = mixture.confidence_region(0.6)
    alpha = chi2(2).cdf(region.radius**2)
    theirs = gmr_model(mixture).sample_confidence_region(300, alpha)
    assert region.contains(theirs).all()
    ours = region.sample(300, random_state=0)
    check_same_distribution(ours, theirs)


# cgmm, which regularizes what it inverts unless told not to.


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_cgmm_condition(covariance_type):
    mixture, values = build(covariance_type=covariance_type), points_of(2)
    for value, theirs in zip(
        values, cgmm_conditioner(mixture, GIVEN).condition(values), strict=True
    ):
        ours = mixture.condition(GIVEN, value)
        weights, means, covariances = full_parameters(ours)
        np.testing.assert_allclose(weights, theirs.weights_, **CLOSE)
        np.testing.assert_allclose(means, theirs.means_, **CLOSE)
        np.testing.assert_allclose(covariances, theirs.covariances_, **CLOSE)


def test_cgmm_moments_and_densities_of_a_conditional():
    mixture, points = build(), points_of(2)
    theirs = cgmm_conditioner(mixture, GIVEN).condition([1.0, -2.0])
    ours = mixture.condition(GIVEN, [1.0, -2.0])
    np.testing.assert_allclose(ours.mean(), theirs.mean(), **CLOSE)
    np.testing.assert_allclose(ours.covariance(), theirs.cov(), **CLOSE)
    np.testing.assert_allclose(ours.score_samples(points), theirs.logpdf(points), **CLOSE)
    again, twice = theirs.condition([0], [0.5]), ours.condition([0], [0.5])
    # The second time cgmm adds 1e-9 to the variances that it inverts.
    np.testing.assert_allclose(twice.mean(), again.mean(), rtol=1e-8)


def test_cgmm_multivariate_normal():
    mixture, points = build(n_components=1), points_of(4)
    theirs = MultivariateNormal(mixture.mean(), mixture.covariance())
    np.testing.assert_allclose(mixture.score_samples(points), theirs.logpdf(points), **CLOSE)
    ours, their_marginal = mixture.marginal(GIVEN), theirs.marginal(GIVEN)
    np.testing.assert_allclose(ours.covariance(), their_marginal.cov(), **CLOSE)
    given, their_given = mixture.condition(GIVEN, [1, 2]), theirs.condition(GIVEN, [1, 2])
    np.testing.assert_allclose(given.mean(), their_given.mean(), **CLOSE)
    np.testing.assert_allclose(given.covariance(), their_given.cov(), **CLOSE)


# tgmm: stored answers, and those of now where it is installed.


@pytest.fixture(scope="module", params=[pytest.param(TGMM, id="stored"), *live_answers()])
def tgmm(request):
    return request.param


def test_tgmm_answers_name_their_version_and_script():
    assert TGMM["origin"]["tgmm"] == "0.4.3"
    assert (Path(__file__).parents[2] / TGMM["origin"]["script"]).is_file()


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_tgmm_score_samples_predict_proba_and_predict(tgmm, covariance_type):
    mixture, case = tgmm_case(tgmm, covariance_type)
    points = case["points"]
    np.testing.assert_allclose(mixture.score_samples(points), case["score_samples"], **CLOSE)
    np.testing.assert_allclose(mixture.predict_proba(points), case["predict_proba"], **CLOSE)
    np.testing.assert_array_equal(mixture.predict(points), case["predict"])


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_tgmm_marginal(tgmm, covariance_type):
    mixture, case = tgmm_case(tgmm, covariance_type)
    marginal = mixture.marginal([2, 1])
    np.testing.assert_allclose(marginal.covariances, case["marginal_covariances"], **CLOSE)
    scores = marginal.score_samples(case["points"][:, [2, 1]])
    np.testing.assert_allclose(scores, case["marginal_score_samples"], **CLOSE)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_tgmm_condition(tgmm, covariance_type):
    mixture, case = tgmm_case(tgmm, covariance_type)
    for i, point in enumerate(case["points"]):
        conditional = mixture.condition([2, 0], point[[2, 0]])
        weights, means, covariances = full_parameters(conditional)
        np.testing.assert_allclose(weights, case["conditional_weights"][i], **CLOSE)
        np.testing.assert_allclose(means, case["conditional_means"][i], **CLOSE)
        np.testing.assert_allclose(covariances, case["conditional_covariances"], **CLOSE)
        np.testing.assert_allclose(conditional.mean(), case["conditional_mean"][i], **CLOSE)
        log_prob = conditional.score_samples(point[None, [1]])[0]
        np.testing.assert_allclose(log_prob, case["conditional_log_prob"][i], **CLOSE)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_tgmm_as_gmm(tgmm, covariance_type):
    mixture, case = tgmm_case(tgmm, covariance_type)
    row = mixture.condition([2, 0], case["points"][2, [2, 0]])
    np.testing.assert_allclose(
        row.score_samples(case["points"][:, [1]]), case["conditional_row"], **CLOSE
    )


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_tgmm_impute(tgmm, covariance_type):
    mixture, case = tgmm_case(tgmm, covariance_type)
    points = case["points"]
    expected = points.copy()
    for row, missing in ((0, [1]), (1, [0, 2]), (3, [2])):
        given = [i for i in range(3) if i not in missing]
        expected[row, missing] = mixture.condition(given, points[row, given]).mean()
    np.testing.assert_allclose(expected, case["imputed"], **CLOSE)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_tgmm_mahalanobis_distances_and_radii(tgmm, covariance_type):
    mixture, case = tgmm_case(tgmm, covariance_type)
    region = mixture.confidence_region(0.9)
    assert region.radius == pytest.approx(float(case["radius_of_90_percent"]), rel=1e-12)
    for k in range(3):
        distances = mixture.component(k).confidence_region(0.9).distances(case["points"])
        np.testing.assert_allclose(distances, case["distances"][:, k], **CLOSE)
    nearest = case["distances"].min(axis=1)
    np.testing.assert_array_equal(region.contains(case["points"]), nearest <= region.radius)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_tgmm_ellipses(tgmm, covariance_type):
    case = tgmm["models"][covariance_type]
    mixture = Mixture(**case["plane"], covariance_type=covariance_type)
    _, widths, heights, angles = mixture.error_ellipses(1.5)
    their_widths, their_heights, their_angles = np.transpose(case["ellipses"])
    # tgmm draws in float32.
    np.testing.assert_allclose(widths, their_widths, rtol=1e-5)
    np.testing.assert_allclose(heights, their_heights, rtol=1e-5)
    if covariance_type != "spherical":  # a circle has no longer axis
        ours, theirs = turn(np.radians(angles)), turn(np.radians(their_angles))
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_tgmm_confidence_ellipse_std_devs(tgmm):
    mixture = build(n_features=2)
    for confidence, radius in zip((0.5, 0.95), tgmm["std_devs_of_50_and_95_percent"], strict=True):
        widths = mixture.error_ellipses(confidence=confidence).widths
        np.testing.assert_allclose(widths, mixture.error_ellipses(radius).widths, **CLOSE)


def test_tgmm_sample_of_a_confidence(tgmm):
    mixture, case = tgmm_case(tgmm, "full")
    region = mixture.confidence_region(0.7)
    theirs = case["samples_in_region"]
    assert region.contains(theirs).all()
    check_same_distribution(region.sample(300, random_state=0), theirs)


def test_tgmm_sample_of_a_confidence_range(tgmm):
    mixture, case = tgmm_case(tgmm, "full")
    theirs = case["samples_in_shell"]
    assert mixture.confidence_region(0.9).contains(theirs).all()
    ours = mixture.confidence_region(0.9).sample(300, inner=0.5, random_state=0)
    check_same_distribution(ours, theirs)


def test_tgmm_kl_divergence(tgmm):
    mixture, case = tgmm_case(tgmm, "full")
    other = Mixture(**case["other"])
    value, error = mixture.kl_divergence(other, n_samples=20_000, random_state=0)
    # Both are means of as many draws: four deviations of their difference.
    assert abs(value - case["kl_divergence"]) < 4 * np.sqrt(2) * error
    assert case["kl_divergence"] - 4 * error < mixture.kl_divergence_upper_bound(other)

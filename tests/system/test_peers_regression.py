"""gmr, cgmm and tgmm on many points, regression and draws: rows of docs/explanation/parity.md.

Fits start alike and are asked for as many iterations, without regularization, so that they differ
by rounding, which iterations of EM enlarge.
"""

import gmr.sklearn
import numpy as np
import pytest
from cgmm import ConditionalGMMRegressor

from gmmfast import GaussianMixtureRegressor, Mixture
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

#: After some iterations of EM from the same start.
FITTED = {"rtol": 1e-7, "atol": 1e-8}


@pytest.fixture(scope="module", params=[pytest.param(TGMM, id="stored"), *live_answers()])
def tgmm(request):
    return request.param


def curve(n_samples=300, n_outputs=1):
    """Inputs of two features, and outputs that bend."""
    rng = np.random.default_rng(2)
    inputs = rng.uniform(-3, 3, size=(n_samples, 2))
    clean = np.column_stack([np.sin(inputs[:, 0]), inputs.prod(axis=1) / 4])[:, :n_outputs]
    outputs = clean + rng.normal(scale=0.1, size=clean.shape)
    return inputs, outputs[:, 0] if n_outputs == 1 else outputs


def start_of(inputs, outputs, n_components=4):
    """Weights, means and covariances that a fit may start from."""
    joint = np.column_stack([inputs, outputs])
    means = joint[:: len(joint) // n_components][:n_components]
    covariances = np.tile(np.diag(joint.var(axis=0)), (n_components, 1, 1))
    return np.full(n_components, 1 / n_components), means, covariances


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_gmr_predict_of_many_points(covariance_type):
    mixture, values = build(covariance_type=covariance_type), points_of(2, 500)
    theirs = gmr_model(mixture).predict(GIVEN, values)
    np.testing.assert_allclose(mixture.condition(GIVEN, values).mean(), theirs, **CLOSE)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_cgmm_condition_of_many_points(covariance_type):
    mixture, values = build(covariance_type=covariance_type), points_of(2, 30)
    theirs = cgmm_conditioner(mixture, GIVEN).condition(values)
    ours = mixture.condition(GIVEN, values)
    np.testing.assert_allclose(ours.weights(), [each.weights_ for each in theirs], **CLOSE)
    np.testing.assert_allclose(ours.mean(), [each.mean() for each in theirs], **CLOSE)
    np.testing.assert_allclose(ours.covariance(), [each.cov() for each in theirs], **CLOSE)
    _, means, covariances = full_parameters(ours[7])
    np.testing.assert_allclose(means, theirs[7].means_, **CLOSE)
    np.testing.assert_allclose(covariances, theirs[7].covariances_, **CLOSE)


@pytest.mark.parametrize("covariance_type", COVARIANCE_TYPES)
def test_tgmm_condition_of_many_points(tgmm, covariance_type):
    mixture, case = tgmm_case(tgmm, covariance_type)
    conditional = mixture.condition([2, 0], case["points"][:, [2, 0]])
    np.testing.assert_allclose(conditional.weights(), case["conditional_weights"], **CLOSE)
    np.testing.assert_allclose(conditional.mean(), case["conditional_mean"], **CLOSE)
    log_prob = conditional.log_prob(case["points"][:, [1]])
    np.testing.assert_allclose(log_prob, case["conditional_log_prob"], **CLOSE)
    row = conditional[2].score_samples(case["points"][:, [1]])
    np.testing.assert_allclose(row, case["conditional_row"], **CLOSE)


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_gmr_gaussian_mixture_regressor(n_outputs):
    inputs, outputs = curve(n_outputs=n_outputs)
    weights, means, covariances = start_of(inputs, outputs)
    theirs = gmr.sklearn.GaussianMixtureRegressor(
        4, weights, means.copy(), covariances.copy(), R_diff=0.0, n_iter=15
    ).fit(inputs, outputs)
    ours = GaussianMixtureRegressor(
        4,
        weights_init=weights,
        means_init=means,
        precisions_init=np.linalg.inv(covariances),
        reg_covar=0,
        tol=0,
        max_iter=15,
    ).fit(inputs, outputs)
    predicted = theirs.predict(inputs).reshape(outputs.shape)
    np.testing.assert_allclose(ours.predict(inputs), predicted, **FITTED)


@pytest.fixture(scope="module", params=[1, 2], ids=["one output", "two outputs"])
def regressors(request):
    """cgmm's and ours, fitted to the same, and the points."""
    inputs, outputs = curve(n_outputs=request.param)
    options = {"n_components": 4, "reg_covar": 0, "random_state": 0, "max_iter": 200}
    theirs = ConditionalGMMRegressor(**options).fit(inputs, outputs)
    return theirs, GaussianMixtureRegressor(**options).fit(inputs, outputs), inputs, outputs


def test_cgmm_regressor_predict_and_predict_cov(regressors):
    theirs, ours, inputs, outputs = regressors
    mean, covariance = ours.predict(inputs, return_cov=True)
    _, std = ours.predict(inputs, return_std=True)
    np.testing.assert_allclose(mean, theirs.predict(inputs), **FITTED)
    np.testing.assert_allclose(covariance, theirs.predict_cov(inputs), **FITTED)
    their_mean, their_covariance = theirs.predict(inputs, return_cov=True)
    np.testing.assert_allclose(mean, their_mean, **FITTED)
    variances = their_covariance
    if outputs.ndim == 2:
        variances = np.diagonal(their_covariance, axis1=1, axis2=2)
    np.testing.assert_allclose(std**2, variances, **FITTED)


def test_cgmm_regressor_log_prob_score_and_responsibilities(regressors):
    theirs, ours, inputs, outputs = regressors
    columns = outputs.reshape(len(inputs), -1)
    mixture = Mixture.from_model(ours.mixture_)
    conditional = mixture.condition([0, 1], inputs)
    log_prob = conditional.log_prob(columns)
    np.testing.assert_allclose(log_prob, theirs.log_prob(inputs, outputs), **FITTED)
    assert log_prob.mean() == pytest.approx(theirs.score(inputs, outputs), rel=1e-7)
    weights = theirs.responsibilities(inputs)
    np.testing.assert_allclose(conditional.weights(), weights, **FITTED)
    joint = mixture.predict_proba(np.column_stack([inputs, columns]))
    np.testing.assert_allclose(joint, theirs.responsibilities(inputs, outputs), **FITTED)


def test_cgmm_regressor_condition(regressors):
    theirs, ours, inputs, _ = regressors
    their_mixture = theirs.condition(inputs[:2])[1]
    our_mixture = Mixture.from_model(ours.mixture_).condition([0, 1], inputs[1])
    np.testing.assert_allclose(our_mixture.mean(), their_mixture.mean(), **FITTED)
    np.testing.assert_allclose(our_mixture.covariance(), their_mixture.cov(), **FITTED)


def test_cgmm_regressor_sample(regressors):
    theirs, ours, inputs, outputs = regressors
    # cgmm has no seed here: of 4 draws' distributions one in 2,500 would be told apart.
    drawn = theirs.sample(inputs[:2], n_samples=400)
    draws = ours.sample_y(inputs[:2], 400, random_state=0)
    if outputs.ndim == 1:
        draws = draws[:, None]
    for i in range(2):
        check_same_distribution(draws[i].T, drawn[i])


def test_tgmm_conditional_sample(tgmm):
    mixture, case = tgmm_case(tgmm, "full")
    draws = mixture.condition([2, 0], np.tile([1.0, -2.0], (500, 1))).sample(random_state=0)
    check_same_distribution(draws, case["conditional_samples"][0])


def test_gmr_sample():
    mixture = build()
    ours = mixture.sample(2000, random_state=0)
    check_same_distribution(ours, gmr_model(mixture).sample(2000))


def test_cgmm_rvs():
    mixture = build()
    theirs = cgmm_conditioner(mixture, [3, 1]).condition([1.0, -2.0])
    ours = mixture.condition([3, 1], [1.0, -2.0])
    drawn = theirs.rvs(500, random_state=0)
    check_same_distribution(ours.sample(500, random_state=0), drawn)


def test_tgmm_sample(tgmm):
    mixture, case = tgmm_case(tgmm, "full")
    check_same_distribution(mixture.sample(500, random_state=0), case["samples"])

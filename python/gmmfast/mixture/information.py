"""Entropy and Kullback-Leibler divergence, in nats.

Neither has a closed form for more than one component. This module has bounds from the pairs of
components. Estimates from samples are in `Mixture.kl_divergence`.

The entropy is -E[log p(x)]. With w the weights and H the entropy of a component, the
bounds are the tightest of

- lower: -sum_i w_i log sum_j w_j N(m_i; m_j, S_i + S_j), by Jensen's inequality (Huber,
  Bailey, Durrant-Whyte and Hanebeck, On entropy approximation for Gaussian mixture
  random vectors, 2008, theorem 2);
- lower and upper: sum_i w_i (H_i - log sum_j w_j exp(-D_ij)) with D the Bhattacharyya
  distance and the Kullback-Leibler divergence of the components (Kolchinsky and
  Tracey, Estimating mixture entropy with pairwise distances, Entropy 19(7), 2017,
  sections 3 and 4); the upper is never above sum_i w_i (H_i - log w_i), theorem 3 of
  Huber et al.;
- upper: the entropy of the Gaussian of the mixture's covariance, the most that any
  density of that covariance has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gmmfast._arithmetic import allows_underflow
from gmmfast._lazy import LazyModule
from gmmfast.mixture.component_pairs import LOG_2_PI, log_overlaps, pairs_of
from gmmfast.mixture.moments import covariance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gmmfast.mixture.parameters import Parameters

    Array = NDArray[np.float64]

special = LazyModule("scipy.special")


class Bounds(NamedTuple):
    """A lower and an upper bound of a number."""

    lower: float
    upper: float


class Estimate(NamedTuple):
    """The mean of random numbers and the standard deviation of that mean."""

    value: float
    standard_error: float


def estimate(values: Array) -> Estimate:
    """Return the mean of independent values with its standard error."""
    error = values.std(ddof=1) / np.sqrt(len(values))
    return Estimate(float(values.mean()), float(error))


@allows_underflow
def entropy_bounds(p: Parameters) -> Bounds:
    """Return the tightest of the bounds of the header."""
    pairs, d = pairs_of(p, p), p.shape[1]
    log_weights = p.normalized_log_weights()
    log_dets = pairs.log_dets[0]
    sums = np.empty((3, p.shape[0]))
    for rows in pairs.rows():
        log_det, distance = pairs.overlaps(rows)
        # With S = (S_i + S_j) / 2: log|S| = log|S_i + S_j| - n log 2, and S^-1 is twice the
        # inverse of the sum.
        mid = log_det - d * np.log(2) - (log_dets[rows, None] + log_dets) / 2
        bhattacharyya = np.maximum(distance / 4 + mid / 2, 0)
        overlaps = log_overlaps(log_det, distance, d)
        exponents = (overlaps, -bhattacharyya, -pairs.divergences(rows))
        for out, exponent in zip(sums, exponents, strict=True):
            out[rows] = special.logsumexp(log_weights + exponent, axis=1)
    weights = np.exp(log_weights)
    jensen, lower, upper = -(sums @ weights)
    within = weights @ (d * (1 + LOG_2_PI) + log_dets) / 2
    matched = (d * (1 + LOG_2_PI) + np.linalg.slogdet(covariance(p))[1]) / 2
    return Bounds(float(max(jensen, within + lower)), float(min(matched, within + upper)))


@allows_underflow
def kl_variational(left: Parameters, right: Parameters) -> float:
    """Return the variational approximation of Hershey and Olsen, 2007, equation 20."""
    own, others = _log_affinities(left, left), _log_affinities(left, right)
    return float(left.normalized_weights() @ (own - others))


@allows_underflow
def kl_upper_bound(left: Parameters, right: Parameters, max_iter: int, tol: float) -> float:
    """Return the variational upper bound of Hershey and Olsen, 2007, section 6."""
    pairs = pairs_of(left, right)
    divergences = np.concatenate([pairs.divergences(rows) for rows in pairs.rows()])
    log_weights = left.normalized_log_weights()[:, None], right.normalized_log_weights()
    return _least_upper_bound(divergences, log_weights, max_iter, tol)


def _log_affinities(left: Parameters, right: Parameters) -> Array:
    """Return log sum_b v_b exp(-D(a, b)) for each component a."""
    pairs, log_weights = pairs_of(left, right), right.normalized_log_weights()
    chunks = [special.logsumexp(log_weights - pairs.divergences(r), axis=1) for r in pairs.rows()]
    return np.concatenate(chunks)


def _least_upper_bound(
    divergences: Array, log_weights: tuple[Array, Array], max_iter: int, tol: float
) -> float:
    """Return the bound of the best fractions of the pairs, by alternating between both sides."""
    left, right = log_weights
    # Fractions of the left and of the right weights; each side sums to its weights.
    ours = theirs = left + right
    best = float((np.exp(ours) * divergences).sum())
    for _ in range(max_iter):
        with np.errstate(invalid="ignore"):  # a weight of zero is not divided: -inf less -inf
            theirs = ours - special.logsumexp(ours, axis=0) + right
        theirs[np.isnan(theirs)] = -np.inf
        ours = theirs - divergences
        with np.errstate(invalid="ignore"):
            ours += left - special.logsumexp(ours, axis=1, keepdims=True)
        ours[np.isnan(ours)] = -np.inf
        fractions = np.exp(ours)
        with np.errstate(invalid="ignore"):
            terms = fractions * (ours - theirs + divergences)
        # For equal mixtures the sum may round below zero.
        bound = max(float(terms[fractions > 0].sum()), 0.0)
        gain, best = best - bound, min(best, bound)
        if gain <= tol:
            break
    return best

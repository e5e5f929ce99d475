"""Densities and conditionals of a mixture, by Cholesky factors and log-sum-exp.

The formulas are those of C. M. Bishop, Pattern Recognition and Machine Learning, 2006, sections
2.3 and 9.2. Far from every component, where squares overflow, they keep the limits that gmmfast
documents: a log-density of minus infinity, equal responsibilities and finite means.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import entr

from oracle import streams
from support.models import full_parameters


def inverse_factors(covariances):
    """Return the inverses of the lower Cholesky factors, (n_components, d, d)."""
    factors = np.linalg.cholesky(covariances)
    identity = np.eye(covariances.shape[1])
    return np.stack([solve_triangular(factor, identity, lower=True) for factor in factors])


def log_normal(differences, covariances):
    """Return the log-density of each component; differences are (n_points, n_components, d)."""
    inverse = inverse_factors(covariances)
    log_det = -2 * np.log(np.diagonal(inverse, axis1=1, axis2=2)).sum(axis=1)
    with np.errstate(over="ignore", invalid="ignore"):
        distances = (np.einsum("kij,nkj->nki", inverse, differences) ** 2).sum(axis=2)
        log_prob = -0.5 * (distances + log_det + differences.shape[2] * np.log(2 * np.pi))
    # An overflow to infinity times a zero of the factor is NaN.
    return np.where(np.isnan(log_prob), -np.inf, log_prob)


def log_sum_exp(terms):
    """Return the logarithm of the sum of exponentials of each row; minus infinity is allowed."""
    largest = terms.max(axis=1)
    shift = np.where(np.isfinite(largest), largest, 0.0)
    with np.errstate(divide="ignore", under="ignore"):
        return shift + np.log(np.exp(terms - shift[:, None]).sum(axis=1))


def normalized(terms):
    """Return log-responsibilities up to a constant; all equal where every term is -inf."""
    largest = terms.max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(largest), terms - largest, 0.0)


@dataclass
class Conditional:
    """A mixture given some features at points; one row of `terms` and `means` for each point."""

    terms: np.ndarray  # log weight plus log-density of the given features, (n, K)
    means: np.ndarray  # of the remaining features under each component, (n, K, T)
    covariances: np.ndarray  # of the remaining features under each component, (K, T, T)

    @property
    def responsibilities(self):
        with np.errstate(under="ignore"):
            responsibilities = np.exp(normalized(self.terms))
        return responsibilities / responsibilities.sum(axis=1, keepdims=True)

    def log_density(self):
        return log_sum_exp(self.terms)

    def density(self):
        with np.errstate(over="ignore", under="ignore"):
            return np.exp(self.log_density())

    def label(self):
        return self.terms.argmax(axis=1)

    def entropy(self):
        return entr(self.responsibilities).sum(axis=1)

    def mean(self):
        return np.einsum("nk,nkt->nt", self.responsibilities, self.means)

    def covariance(self):
        responsibilities = self.responsibilities
        # A component without responsibility may be so far that its square overflows.
        offsets = np.where(
            responsibilities[:, :, None] > 0, self.means - self.mean()[:, None], 0.0
        )
        with np.errstate(over="ignore", under="ignore"):
            within = np.einsum("nk,kij->nij", responsibilities, self.covariances)
            return within + np.einsum("nk,nki,nkj->nij", responsibilities, offsets, offsets)

    def std(self):
        return np.sqrt(np.diagonal(self.covariance(), axis1=1, axis2=2))

    def log_prob(self, targets):
        """Return log p of each row of `targets` given the features at its point."""
        log_responsibilities = normalized(self.terms)
        with np.errstate(over="ignore"):
            inner = log_normal(targets[:, None] - self.means, self.covariances)
        return log_sum_exp(log_responsibilities + inner) - log_sum_exp(log_responsibilities)

    def sample(self, seed, first=0):
        """Return one draw at each point; the point of row 0 has number `first`."""
        n, _, n_targets = self.means.shape
        uniforms = streams.Stream(seed, streams.CONDITIONAL_COMPONENTS).uniforms(first, n)
        normals = streams.Stream(seed, streams.CONDITIONAL_NORMALS)
        z = normals.normals(first * n_targets, n * n_targets).reshape(n, n_targets)
        responsibilities = self.responsibilities
        below = np.cumsum(responsibilities, axis=1) - responsibilities
        # The last component with a positive responsibility whose interval has begun.
        has_begun = (below <= uniforms[:, None]) & (responsibilities > 0)
        components = has_begun.shape[1] - 1 - has_begun[:, ::-1].argmax(axis=1)
        factors = np.linalg.cholesky(self.covariances)[components]
        return self.means[np.arange(n), components] + np.einsum("nij,nj->ni", factors, z)


def condition(mixture, given, points):
    """Return the `Conditional` of a mixture of any covariance type."""
    weights, means, covariances = full_parameters(mixture)
    given = list(given)
    targets = [i for i in range(means.shape[1]) if i not in given]
    inner = covariances[:, given][:, :, given]
    cross = covariances[:, targets][:, :, given]
    whitened = np.einsum("kti,kji->ktj", cross, inverse_factors(inner))  # cross L^-T
    slopes = np.einsum("ktj,kji->kti", whitened, inverse_factors(inner))
    rest = covariances[:, targets][:, :, targets] - np.einsum("kti,kui->ktu", whitened, whitened)
    with np.errstate(over="ignore", divide="ignore"):
        differences = points[:, None, :] - means[:, given]
        experts = means[:, targets] + np.einsum("kti,nki->nkt", slopes, differences)
        terms = np.log(weights) + log_normal(differences, inner)
    return Conditional(terms, experts, rest)

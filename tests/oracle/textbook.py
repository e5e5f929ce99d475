"""Densities and conditionals by textbook formulas, with explicit inverses."""

import mpmath
import numpy as np
from scipy.special import entr, logsumexp, softmax

from support.models import full_parameters


def textbook_conditional(weights, means, full_covariances, given, point):
    """Weights, means and covariances of the other features given `point`.

    C. M. Bishop, Pattern Recognition and Machine Learning, 2006: equations 2.81
    and 2.82 for each component, 9.23 (responsibilities) for the weights.
    """
    target = [i for i in range(np.shape(means)[1]) if i not in given]
    log_responsibilities, new_means, new_covariances = [], [], []
    for weight, mean, covariance in zip(weights, means, full_covariances, strict=True):
        inner = covariance[np.ix_(given, given)]
        slopes = covariance[np.ix_(target, given)] @ np.linalg.inv(inner)
        offset = np.asarray(point, dtype=float) - mean[given]
        new_means.append(mean[target] + slopes @ offset)
        explained = slopes @ covariance[np.ix_(given, target)]
        new_covariances.append(covariance[np.ix_(target, target)] - explained)
        distance = offset @ np.linalg.inv(inner) @ offset
        log_det = np.linalg.slogdet(2 * np.pi * inner)[1]
        log_weight = np.log(weight) if weight > 0 else -np.inf
        log_responsibilities.append(log_weight - 0.5 * (distance + log_det))
    return softmax(log_responsibilities), np.array(new_means), np.array(new_covariances)


def textbook_quantities(weights, means, full_covariances, given, points):
    """Return `textbook_conditional` of every point, by name of the quantity.

    "is clear" is where the two largest responsibilities differ by more than rounding, so that
    there is one right label.
    """
    names = ("mean", "covariance", "std", "entropy", "label", "is clear")
    values = {name: [] for name in names}
    for point in points:
        shares, experts, inner = textbook_conditional(
            weights, means, full_covariances, given, point
        )
        mean = shares @ experts
        offsets = experts - mean
        covariance = np.einsum("k,kij->ij", shares, inner)
        covariance += np.einsum("k,ki,kj->ij", shares, offsets, offsets)
        largest = np.sort(shares)[-2:]
        std, entropy = np.sqrt(np.diagonal(covariance)), entr(shares).sum()
        is_clear = largest[-1] - largest[0] > 1e-9 or len(shares) == 1
        row = (mean, covariance, std, entropy, np.argmax(shares), is_clear)
        for name, value in zip(names, row, strict=True):
            values[name].append(value)
    return {name: np.array(value) for name, value in values.items()}


def textbook_log_density(weights, means, full_covariances, points):
    """Log p by scipy's logsumexp of the formula with explicit inverses, (n_points,)."""
    terms = []
    for weight, mean, covariance in zip(weights, means, full_covariances, strict=True):
        offset = points - mean
        distance = np.einsum("ni,ij,nj->n", offset, np.linalg.inv(covariance), offset)
        log_weight = np.log(weight) if weight > 0 else -np.inf
        log_det = np.linalg.slogdet(2 * np.pi * covariance)[1]
        terms.append(log_weight - 0.5 * (distance + log_det))
    return logsumexp(terms, axis=0)


def exact_log_density(mixture, point):
    """Log p in 50 decimal digits, of the very float64 parameters."""
    with mpmath.workdps(50):
        terms = []
        for weight, mean, covariance in zip(*full_parameters(mixture), strict=True):
            matrix = mpmath.matrix(covariance.tolist())
            pairs = zip(point.tolist(), mean.tolist(), strict=True)
            offset = mpmath.matrix([mpmath.mpf(x) - mpmath.mpf(m) for x, m in pairs])
            distance = (offset.T * mpmath.lu_solve(matrix, offset))[0]
            peak = mpmath.log(weight) - mpmath.log(mpmath.det(2 * mpmath.pi * matrix)) / 2
            terms.append(peak - distance / 2)
        largest = max(terms)
        return largest + mpmath.log(mpmath.fsum(mpmath.exp(t - largest) for t in terms))

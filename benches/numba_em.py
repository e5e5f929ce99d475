"""One step of EM that evaluates every component at every point, in numba.

The kernel evaluates a block of points at a time: log-densities of all components, their
exponentials relative to the largest, and the moments about each component's mean. No array of
(n_samples, n_components) is held. Rows of a block are features, and the inner loops run over
points, so that LLVM vectorizes them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from numba_math import LN2, LOWEST, exp2, factors_of

if TYPE_CHECKING:
    from fitted import Array, Model

#: Points of a block. The exponentials of 1000 components at them stay in a cache.
BLOCK = 64


def step(model: Model, points: Array, reg_covar: float) -> tuple[Array, Array, Array, float]:
    """Return the next weights, means and covariances, and the mean log-likelihood."""
    means, factors, peaks = factors_of(model)
    moments, log_likelihood = _moments(np.ascontiguousarray(points.T), means, factors, peaks)
    n_features = points.shape[1]
    counts = moments[:, 0] + 10 * np.finfo(np.float64).eps
    shifts = moments[:, 1 : 1 + n_features] / counts[:, None]
    rows, columns = np.tril_indices(n_features)
    packed = moments[:, 1 + n_features :] / counts[:, None]
    packed -= shifts[:, rows] * shifts[:, columns]
    covariances = np.empty((len(means), n_features, n_features))
    covariances[:, rows, columns] = packed
    covariances[:, columns, rows] = packed
    covariances += reg_covar * np.eye(n_features)
    return counts / counts.sum(), means + shifts, covariances, log_likelihood / len(points)


@njit(fastmath=True)
def _moments(features, means, factors, peaks):
    """Return counts, sums and packed scatters about the means, and sum log p."""
    d, n = features.shape
    n_components = len(means)
    moments = np.zeros((n_components, 1 + d + d * (d + 1) // 2))
    terms = np.empty((n_components, BLOCK))
    differences = np.empty((d, BLOCK))
    row = np.empty(BLOCK)
    log_likelihood = 0.0
    for first in range(0, n, BLOCK):
        block = features[:, first : min(n, first + BLOCK)]
        largest = np.full(BLOCK, LOWEST)
        for k in range(n_components):
            _fill_term(terms[k], block, (means[k], factors[k], peaks[k]), (differences, row))
            for b in range(block.shape[1]):
                largest[b] = max(largest[b], terms[k, b])
        log_likelihood += _responsibilities(terms, largest, block.shape[1])
        for k in range(n_components):
            _add_moments(moments[k], block, (terms[k], means[k]), (differences, row))
    return moments, log_likelihood


@njit(fastmath=True, inline="always")
def _fill_term(term, block, component, scratch):
    """Write log2 of the weighted density of a component at the points of a block."""
    mean, factor, peak = component
    differences, row = scratch
    d, size = block.shape
    for b in range(size):
        term[b] = peak
    for i in range(d):
        for b in range(size):
            differences[i, b] = block[i, b] - mean[i]
            row[b] = 0.0
        for j in range(i + 1):
            for b in range(size):
                row[b] += factor[i, j] * differences[j, b]
        for b in range(size):
            term[b] -= row[b] * row[b]


@njit(fastmath=True, inline="always")
def _responsibilities(terms, largest, size):
    """Turn logarithms into responsibilities; return the sum of log p."""
    sums = np.zeros(BLOCK)
    for k in range(len(terms)):
        for b in range(size):
            value = exp2(terms[k, b] - largest[b])
            terms[k, b] = value
            sums[b] += value
    log_likelihood = 0.0
    for b in range(size):
        log_likelihood += LN2 * largest[b] + math.log(sums[b])
        sums[b] = 1.0 / sums[b]
    for k in range(len(terms)):
        for b in range(size):
            terms[k, b] *= sums[b]
    return log_likelihood


@njit(fastmath=True, inline="always")
def _add_moments(moments, block, component, scratch):
    """Add the count, sums and packed scatter of one component about its mean."""
    responsibilities, mean = component
    differences, row = scratch
    d, size = block.shape
    for b in range(size):
        moments[0] += responsibilities[b]
    at = 1 + d
    for i in range(d):
        total = 0.0
        for b in range(size):
            differences[i, b] = block[i, b] - mean[i]
            row[b] = responsibilities[b] * differences[i, b]
            total += row[b]
        moments[1 + i] += total
        for j in range(i + 1):
            total = 0.0
            for b in range(size):
                total += row[b] * differences[j, b]
            moments[at] += total
            at += 1

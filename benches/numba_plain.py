"""Straightforward float64 kernels in numba, to which the targets refer.

The kernels use `prange` over points or rows, `fastmath`, and the exponential of numba_math. The
dense ones find, for each point, the largest exponent over all components and then the sum. The
culled ones add each component only in the box about its ellipse of squared Mahalanobis distance
80, so pixels outside all boxes are zero. numba_blocked.py has the tuned versions.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange

from numba_math import LN2, LOWEST, exp2, log2_term


@njit(parallel=True, fastmath=True)
def log_density(x, y, columns):
    """Return log p at the points (x, y): dense."""
    out = np.empty(len(x))
    for i in prange(len(x)):
        largest = LOWEST
        for k in range(len(columns.x)):
            largest = max(largest, log2_term(columns, k, x[i], y[i]))
        total = 0.0
        for k in range(len(columns.x)):
            total += exp2(log2_term(columns, k, x[i], y[i]) - largest)
        out[i] = LN2 * largest + math.log(total)
    return out


@njit(fastmath=True, inline="always")
def expert(experts, target, k, dx, dy):
    """Return component k's mean of a target at (dx, dy) from its own mean."""
    at_mean, in_x, in_y = 3 * target, 3 * target + 1, 3 * target + 2
    return experts[at_mean, k] + experts[in_x, k] * dx + experts[in_y, k] * dy


@njit(parallel=True, fastmath=True)
def mean(x, y, columns, experts):
    """Return the conditional means of three targets at the points (x, y): dense."""
    out = np.empty((len(x), 3))
    for i in prange(len(x)):
        largest = LOWEST
        for k in range(len(columns.x)):
            largest = max(largest, log2_term(columns, k, x[i], y[i]))
        total, red, green, blue = 0.0, 0.0, 0.0, 0.0
        for k in range(len(columns.x)):
            dx, dy = x[i] - columns.x[k], y[i] - columns.y[k]
            term = exp2(log2_term(columns, k, x[i], y[i]) - largest)
            total += term
            red += term * expert(experts, 0, k, dx, dy)
            green += term * expert(experts, 1, k, dx, dy)
            blue += term * expert(experts, 2, k, dx, dy)
        out[i, 0], out[i, 1], out[i, 2] = red / total, green / total, blue / total
    return out


@njit(fastmath=True, inline="always")
def span(center, reach, length):
    """Return the first pixel of the box on an axis, and the one after the last."""
    return max(0, math.ceil(center - reach)), min(length, math.floor(center + reach) + 1)


@njit(parallel=True, fastmath=True)
def culled_log_density(height, width, columns):
    """Return log p over the grid: -690 at least, where a sum is zero."""
    out = np.zeros((height, width))
    for y in prange(height):
        for k in range(len(columns.x)):
            if abs(y - columns.y[k]) <= columns.reach_y[k]:
                first, end = span(columns.x[k], columns.reach_x[k], width)
                for x in range(first, end):
                    out[y, x] += exp2(log2_term(columns, k, x, y))
        for x in range(width):
            out[y, x] = math.log(max(out[y, x], 1e-300))
    return out


@njit(parallel=True, fastmath=True)
def culled_mean(height, width, columns, experts):
    """Return the conditional means of three targets over the grid; 0 / 0 is 0 here."""
    out = np.zeros((height, width, 3))
    for y in prange(height):
        total = np.zeros(width)
        for k in range(len(columns.x)):
            dy = y - columns.y[k]
            if abs(dy) <= columns.reach_y[k]:
                first, end = span(columns.x[k], columns.reach_x[k], width)
                for x in range(first, end):
                    term = exp2(log2_term(columns, k, x, y))
                    dx = x - columns.x[k]
                    total[x] += term
                    for t in range(3):
                        out[y, x, t] += term * expert(experts, t, k, dx, dy)
        for x in range(width):
            for t in range(3):
                out[y, x, t] /= max(total[x], 1e-300)
    return out


@njit(parallel=True, fastmath=True)
def scattered_log_density(points, means, factors, peaks):
    """Return log p of each row of points: dense. Components are the last axis of the model."""
    n_features, n_components = means.shape
    out = np.empty(len(points))
    for i in prange(len(points)):
        terms = peaks.copy()
        for row in range(n_features):
            whitened = np.zeros(n_components)
            for column in range(row + 1):
                for k in range(n_components):
                    offset = points[i, column] - means[column, k]
                    whitened[k] += factors[row, column, k] * offset
            for k in range(n_components):
                terms[k] -= whitened[k] * whitened[k]
        largest = LOWEST
        for k in range(n_components):
            largest = max(largest, terms[k])
        total = 0.0
        for k in range(n_components):
            total += exp2(terms[k] - largest)
        out[i] = LN2 * largest + math.log(total)
    return out

"""The kernels of numba_plain after tuning.

The inner loop runs over a block of points whose sums stay in the first-level cache, and the outer
loop over components, so LLVM keeps a component's numbers in registers. In the scattered kernel
the number of features is a constant, so LLVM unrolls the loops over the factor. These kernels
are two to six times as fast as the plain ones.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange

from numba_math import LN2, LOWEST, exp2, log2_term
from numba_plain import span

BLOCK = 256


@njit(fastmath=True, inline="always")
def largest_terms(x, y, columns):
    """Return the largest exponent of each point of a block."""
    largest = np.full(len(x), LOWEST)
    for k in range(len(columns.x)):
        for i in range(len(x)):
            largest[i] = max(largest[i], log2_term(columns, k, x[i], y[i]))
    return largest


@njit(parallel=True, fastmath=True)
def log_density(x, y, columns):
    """Return log p at the points (x, y): dense."""
    out = np.empty(len(x))
    for b in prange((len(x) + BLOCK - 1) // BLOCK):
        block = slice(b * BLOCK, min((b + 1) * BLOCK, len(x)))
        px, py, result = x[block], y[block], out[block]
        largest = largest_terms(px, py, columns)
        total = np.zeros(len(px))
        for k in range(len(columns.x)):
            for i in range(len(px)):
                total[i] += exp2(log2_term(columns, k, px[i], py[i]) - largest[i])
        for i in range(len(px)):
            result[i] = LN2 * largest[i] + math.log(total[i])
    return out


@njit(parallel=True, fastmath=True)
def mean(x, y, columns, experts):
    """Return the conditional means of three targets at the points (x, y): dense."""
    out = np.empty((len(x), 3))
    for b in prange((len(x) + BLOCK - 1) // BLOCK):
        block = slice(b * BLOCK, min((b + 1) * BLOCK, len(x)))
        px, py, result = x[block], y[block], out[block]
        largest = largest_terms(px, py, columns)
        total, red, green, blue = np.zeros((4, len(px)))
        for k in range(len(columns.x)):
            r0, r1, r2, g0, g1, g2, b0, b1, b2 = experts[:, k]
            for i in range(len(px)):
                dx, dy = px[i] - columns.x[k], py[i] - columns.y[k]
                term = exp2(log2_term(columns, k, px[i], py[i]) - largest[i])
                total[i] += term
                red[i] += term * (r0 + r1 * dx + r2 * dy)
                green[i] += term * (g0 + g1 * dx + g2 * dy)
                blue[i] += term * (b0 + b1 * dx + b2 * dy)
        for i in range(len(px)):
            result[i, 0] = red[i] / total[i]
            result[i, 1] = green[i] / total[i]
            result[i, 2] = blue[i] / total[i]
    return out


@njit(fastmath=True, inline="always")
def on_row(columns, k, first, dy):
    """Return component k on a row of pixels from `first`: c + (b + a d) d, and d there."""
    c = columns.peak[k] + columns.yy[k] * dy * dy
    return columns.xx[k], columns.xy[k] * dy, c, first - columns.x[k]


@njit(parallel=True, fastmath=True)
def culled_log_density(height, width, columns):
    """Return log p over the grid: -690 at least, where a sum is zero."""
    out = np.empty((height, width))
    for y in prange(height):
        total = np.zeros(width)
        for k in range(len(columns.x)):
            dy = y - columns.y[k]
            if abs(dy) <= columns.reach_y[k]:
                first, end = span(columns.x[k], columns.reach_x[k], width)
                a, b, c, dx = on_row(columns, k, first, dy)
                part = total[first:end]
                for x in range(len(part)):
                    part[x] += exp2(c + (b + a * (x + dx)) * (x + dx))
        for x in range(width):
            out[y, x] = math.log(max(total[x], 1e-300))
    return out


@njit(parallel=True, fastmath=True)
def culled_mean(height, width, columns, experts):
    """Return the conditional means of three targets over the grid; 0 / 0 is 0 here."""
    out = np.empty((height, width, 3))
    for y in prange(height):
        sums = np.zeros((4, width))
        for k in range(len(columns.x)):
            dy = y - columns.y[k]
            if abs(dy) <= columns.reach_y[k]:
                first, end = span(columns.x[k], columns.reach_x[k], width)
                a, b, c, start = on_row(columns, k, first, dy)
                r0, r1, r2, g0, g1, g2, b0, b1, b2 = experts[:, k]
                total, red = sums[0, first:end], sums[1, first:end]
                green, blue = sums[2, first:end], sums[3, first:end]
                for x in range(len(total)):
                    dx = x + start
                    term = exp2(c + (b + a * dx) * dx)
                    total[x] += term
                    red[x] += term * (r0 + r1 * dx + r2 * dy)
                    green[x] += term * (g0 + g1 * dx + g2 * dy)
                    blue[x] += term * (b0 + b1 * dx + b2 * dy)
        for x in range(width):
            for t in range(3):
                out[y, x, t] = sums[t + 1, x] / max(sums[0, x], 1e-300)
    return out


def scattered_log_density(n_features):  # noqa: C901 (as functions the loops no longer unroll)
    """Return the dense kernel for points of that many features."""

    @njit(parallel=True, fastmath=True)
    def kernel(points, means, factors, peaks):  # noqa: C901
        n_points, n_components = len(points), len(means)
        out = np.empty(n_points)
        for b in prange((n_points + BLOCK - 1) // BLOCK):
            start = b * BLOCK
            size = min(BLOCK, n_points - start)
            block = np.zeros((n_features, BLOCK))
            for i in range(size):
                for j in range(n_features):
                    block[j, i] = points[start + i, j]
            terms = np.empty((n_components, BLOCK))
            largest = np.full(BLOCK, LOWEST)
            for k in range(n_components):
                for i in range(BLOCK):
                    term = peaks[k]
                    for row in range(n_features):
                        whitened = 0.0
                        for column in range(row + 1):
                            offset = block[column, i] - means[k, column]
                            whitened += factors[k, row, column] * offset
                        term -= whitened * whitened
                    terms[k, i] = term
                    largest[i] = max(largest[i], term)
            total = np.zeros(BLOCK)
            for k in range(n_components):
                for i in range(BLOCK):
                    total[i] += exp2(terms[k, i] - largest[i])
            for i in range(size):
                out[start + i] = LN2 * largest[i] + math.log(total[i])
        return out

    return kernel

"""A polynomial exponential and a column layout of the model, for the numba kernels.

Exponents are in bits, so the exponential is 2^t. Its integer part goes directly into the exponent
field; there is no call and no branch, and LLVM vectorizes it.
Arguments must not exceed 1000. Below -1000 the result is 2^-1000, which is
negligible in the sums here and avoids slow subnormal numbers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

if TYPE_CHECKING:
    from fitted import Array, Model

LN2 = math.log(2)

#: A number below every exponent; `fastmath` excludes infinities.
LOWEST = -1e300

# 2^f on [-1/2, 1/2] by its Taylor series to order 12; the relative error is below 1e-15.
C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12 = (
    LN2**n / math.factorial(n) for n in range(1, 13)
)

#: Added to an integral float64, this leaves the integer in the low bits.
MAGIC = 1.5 * 2.0**52


@intrinsic
def bits_of(_, x):
    """Return the bits of a float64 as an integer."""

    def codegen(_context, builder, _signature, args):
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(x), codegen


@intrinsic
def of_bits(_, x):
    """Return the float64 that has these bits."""

    def codegen(_context, builder, _signature, args):
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(x), codegen


@njit(fastmath=True, inline="always")
def exp2(t):
    """Return 2^max(t, -1000)."""
    t = max(t, -1000.0)
    n = np.floor(t + 0.5)
    f = t - n
    p = C9 + f * (C10 + f * (C11 + f * C12))
    p = C5 + f * (C6 + f * (C7 + f * (C8 + f * p)))
    p = 1.0 + f * (C1 + f * (C2 + f * (C3 + f * (C4 + f * p))))
    return of_bits(bits_of(p) + (bits_of(n + MAGIC) << 52))


class Columns(NamedTuple):
    """The first two features of a mixture for the grid kernels, (n_components,) each.

    log2 of a weighted density is peak + (xx dx + xy dy) dx + yy dy^2; (dx, dy) is the distance
    from the mean.
    """

    x: Array
    y: Array
    xx: Array
    xy: Array
    yy: Array
    peak: Array
    #: Half sides of the box about the ellipse of squared Mahalanobis distance `REACH`.
    reach_x: Array
    reach_y: Array


#: Squared Mahalanobis distance at which the culled kernels stop.
REACH = 80.0


@njit(fastmath=True, inline="always")
def log2_term(columns, k, x, y):
    """Return log2 of the weighted density of component k at (x, y)."""
    dx = x - columns.x[k]
    dy = y - columns.y[k]
    return columns.peak[k] + (columns.xx[k] * dx + columns.xy[k] * dy) * dx + columns.yy[k] * dy**2


def columns_of(model: Model) -> Columns:
    """Return the marginal over the first two features as columns."""
    covariances = model.covariances[:, :2, :2]
    precisions = np.linalg.inv(covariances) / (-2 * LN2)
    log_peaks = (
        np.log(model.weights) - 0.5 * np.linalg.slogdet(covariances)[1] - math.log(2 * math.pi)
    )
    columns = (
        *model.means[:, :2].T,
        precisions[:, 0, 0],
        2 * precisions[:, 0, 1],
        precisions[:, 1, 1],
        log_peaks / LN2,
        np.sqrt(REACH * covariances[:, 0, 0]),
        np.sqrt(REACH * covariances[:, 1, 1]),
    )
    return Columns(*(np.ascontiguousarray(column) for column in columns))


def experts_of(model: Model) -> Array:
    """Return each component's means of the three other features, affine in (dx, dy).

    The shape is (9, n_components): for each target the value at the component's mean, then the
    slopes.
    """
    slopes = model.covariances[:, 2:, :2] @ np.linalg.inv(model.covariances[:, :2, :2])
    experts = np.concatenate([model.means[:, 2:, None], slopes], axis=2)
    return np.ascontiguousarray(experts.reshape(-1, 9).T)


def factors_of(model: Model) -> tuple[Array, Array, Array]:
    """Return means, triangular factors and log2 peaks for the scattered kernels.

    log2 of a weighted density is peak - |factor (x - mean)|^2; the factors are lower
    triangles, (n_components, n_features, n_features).
    """
    inverse = np.linalg.inv(np.linalg.cholesky(model.covariances))
    log_peaks = np.log(model.weights) + np.log(np.einsum("kii->ki", inverse)).sum(axis=1)
    log_peaks -= 0.5 * model.means.shape[1] * math.log(2 * math.pi)
    return model.means, inverse * math.sqrt(0.5 / LN2), log_peaks / LN2

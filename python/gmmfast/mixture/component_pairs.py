"""Pairs of components, of two mixtures or of one: divergences, overlaps and their factors.

n and m components have n m pairs. They are processed in chunks of rows, which limits the size of
intermediate arrays. With L the Cholesky factor of a covariance S and
d the difference of two means:

- the divergence is KL(a, b) = (|L_b^-1 L_a|_F^2 + |L_b^-1 d|^2 - n_features + log|S_b| -
  log|S_a|) / 2, whose products of factors lose half as many digits as products of matrices;
- the overlap is N(m_a; m_b, S_a + S_b), the integral of the product of the two densities.

Diagonal covariances stay vectors of variances.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gmmfast.mixture.chunks import row_slices
from gmmfast.mixture.layouts import DIAGONAL, cholesky, inverse_lower, solve_lower

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from gmmfast.mixture.parameters import Parameters

    Array = NDArray[np.float64]

LOG_2_PI = math.log(2 * math.pi)


class FullPairs:
    """Pairs of components with any covariances."""

    def __init__(self, left: Parameters, right: Parameters) -> None:
        self.means = left.means, right.means
        self.covariances = left.matrices(), right.matrices()
        self.shape = left.shape[0], right.shape[0], left.shape[1]

    @cached_property
    def factors(self) -> tuple[Array, Array]:
        """The lower Cholesky factors of the left and of the right covariances."""
        left, right = (cholesky(each) for each in self.covariances)
        return left, right

    @cached_property
    def log_dets(self) -> tuple[Array, Array]:
        """The log-determinants of the left and of the right covariances."""
        left, right = (
            2 * np.log(np.diagonal(each, axis1=1, axis2=2)).sum(axis=1) for each in self.factors
        )
        return left, right

    @cached_property
    def inverses(self) -> Array:
        """The inverses of the right factors."""
        return inverse_lower(self.factors[1])

    def rows(self) -> Iterator[slice]:
        """Yield the chunks of the left components."""
        n_left, n_right, n_features = self.shape
        return row_slices(n_left, n_right * n_features**2)

    def _offsets(self, rows: slice) -> Array:
        """Return the right means less the left, (n_rows, n_right, n_features)."""
        left, right = self.means
        return right - left[rows, None]

    def ratios(self, rows: slice) -> Array:
        """Return L_b^-1 L_a of all pairs, (n_rows, n_right, n_features, n_features)."""
        _, n_right, d = self.shape
        left = self.factors[0][rows]
        # One product of two large matrices: all rows of the inverses, all columns of the factors.
        product = self.inverses.reshape(n_right * d, d) @ left.transpose(1, 0, 2).reshape(d, -1)
        ratios: Array = product.reshape(n_right, d, len(left), d).transpose(2, 0, 1, 3)
        return ratios

    def divergences(self, rows: slice) -> Array:
        """Return the divergences of the left components from the right, (n_rows, n_right)."""
        spread = np.square(self.ratios(rows)).sum(axis=(2, 3))
        whitened = np.einsum("bij,rbj->rbi", self.inverses, self._offsets(rows))
        distance = np.square(whitened).sum(axis=2)
        left, right = self.log_dets
        excess = spread - self.shape[2] + distance + right - left[rows, None]
        divergences: Array = np.maximum(excess / 2, 0)
        return divergences

    def overlaps(self, rows: slice) -> tuple[Array, Array]:
        """Return log|S_a + S_b| and d^T (S_a + S_b)^-1 d, (n_rows, n_right) each."""
        left, right = self.covariances
        factors = cholesky(left[rows, None] + right)
        log_dets = 2 * np.log(np.diagonal(factors, axis1=2, axis2=3)).sum(axis=2)
        return log_dets, np.square(solve_lower(factors, self._offsets(rows))).sum(axis=2)

    def products(self, rows: slice) -> tuple[Array, Array]:
        """Return means and covariances of the normalized products of the pairs' densities.

        The covariance is C = L_a (I + A^T A)^-1 L_a^T with A = L_b^-1 L_a, which is positive
        definite for any two covariances; the mean is m_a + C S_b^-1 (m_b - m_a).
        """
        _, _, d = self.shape
        ratios = self.ratios(rows)
        inner = cholesky(np.eye(d) + ratios.swapaxes(2, 3) @ ratios)
        transposed = self.factors[0][rows, None].swapaxes(2, 3)
        roots = np.linalg.solve(inner, np.broadcast_to(transposed, inner.shape))
        covariances = roots.swapaxes(2, 3) @ roots
        whitened = np.einsum("bij,rbj->rbi", self.inverses, self._offsets(rows))
        pulls = np.einsum("bji,rbj->rbi", self.inverses, whitened)
        means = self.means[0][rows, None] + np.einsum("rbij,rbj->rbi", covariances, pulls)
        return means, covariances


class DiagonalPairs:
    """Pairs of components with diagonal covariances."""

    def __init__(self, left: Parameters, right: Parameters) -> None:
        self.means = left.means, right.means
        self.variances = left.variances(), right.variances()
        self.shape = left.shape[0], right.shape[0], left.shape[1]

    @cached_property
    def log_dets(self) -> tuple[Array, Array]:
        """The log-determinants of the left and of the right covariances."""
        left, right = (np.log(each).sum(axis=1) for each in self.variances)
        return left, right

    def rows(self) -> Iterator[slice]:
        """Yield the chunks of the left components."""
        n_left, n_right, n_features = self.shape
        return row_slices(n_left, n_right * n_features)

    def _squares(self, rows: slice) -> Array:
        left, right = self.means
        squares: Array = np.square(right - left[rows, None])
        return squares

    def divergences(self, rows: slice) -> Array:
        """Return the divergences of the left components from the right, (n_rows, n_right)."""
        left, right = self.variances
        spread = (left[rows, None] + self._squares(rows)) / right
        log_left, log_right = self.log_dets
        excess = spread.sum(axis=2) - self.shape[2] + log_right - log_left[rows, None]
        divergences: Array = np.maximum(excess / 2, 0)
        return divergences

    def overlaps(self, rows: slice) -> tuple[Array, Array]:
        """Return log|S_a + S_b| and d^T (S_a + S_b)^-1 d, (n_rows, n_right) each."""
        left, right = self.variances
        sums = left[rows, None] + right
        return np.log(sums).sum(axis=2), (self._squares(rows) / sums).sum(axis=2)

    def products(self, rows: slice) -> tuple[Array, Array]:
        """Return means and variances of the normalized products of the pairs' densities."""
        left, right = self.variances[0][rows, None], self.variances[1]
        fractions = left / (left + right)
        means = self.means[0][rows, None]
        return means + fractions * (self.means[1] - means), fractions * right


def pairs_of(left: Parameters, right: Parameters) -> FullPairs | DiagonalPairs:
    """Return the pairs of the components of two mixtures of as many features."""
    is_diagonal = {left.covariance_type, right.covariance_type} <= DIAGONAL
    return DiagonalPairs(left, right) if is_diagonal else FullPairs(left, right)


def log_overlaps(log_dets: Array, distances: Array, n_features: int) -> Array:
    """Return log N(m_a; m_b, S_a + S_b) from the results of `overlaps`."""
    return -0.5 * (distances + log_dets + n_features * LOG_2_PI)

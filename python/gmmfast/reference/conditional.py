"""The NumPy twin's conditionals: what the other features are, given some at each point.

The interface and the rules are those of `mixture.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import numpy as np

from gmmfast.reference import random
from gmmfast.reference.mixture import (
    Mixture,
    check_features,
    chunks,
    count,
    inverse_lower,
    log_sum_exp,
    products,
    responsibilities,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@final
class Conditional:
    """A mixture split into given features and the others, by Cholesky factors."""

    def __init__(self, mixture: Mixture, given: list[int]) -> None:
        d = mixture.means.shape[1]
        check_features("given", given, d)
        targets = [i for i in range(d) if i not in given]
        if not targets:
            raise ValueError(
                f"given: expected fewer than all {d} features, got {len(given)} values"
            )
        n = len(given)
        joint = mixture.submatrices([*given, *targets])
        factors: Array = np.asarray(np.linalg.cholesky(joint), dtype=np.float64)
        cross, inner = factors[:, n:, :n], factors[:, n:, n:]
        self.marginal = mixture.marginal(given)
        self.covariances: Array = inner @ inner.transpose(0, 2, 1)
        self._mixture = mixture
        self._target_means = mixture.means[:, targets]
        self._slopes: Array = cross @ inverse_lower(factors[:, :n, :n])
        self._factors = inner
        self._whitening = inverse_lower(inner)

    def at(self, values: list[float]) -> Mixture:
        """Return the mixture of the other features, given values of some."""
        n_given = self.marginal.means.shape[1]
        if len(values) != n_given or not np.isfinite(values).all():
            raise ValueError(
                f"values: expected {n_given} finite values, one for each given feature, "
                f"got {int(np.isfinite(values).sum())} values"
            )
        point = np.asarray(values, dtype=np.float64)[None]
        log_prob = self.marginal.weighted_log_prob(point)
        means = self.expert_means(point)[0]
        if not (np.isfinite(log_prob.max()) and np.isfinite(means).all()):
            raise ValueError(
                "values: expected a point whose distance from the components is a float64, got "
                f"{list(values)}; rescale the features"
            )
        shares = log_prob - log_prob.max()
        return self._mixture.with_log_weights(
            (shares - log_sum_exp(shares)[:, None])[0], means, self.covariances
        )

    def expert_means(self, points: Array) -> Array:
        """Return the mean of each target under each component, (n_points, K, n_targets)."""
        with np.errstate(over="ignore"):
            difference = points[:, None, :] - self.marginal.means
            return self._target_means + products(self._slopes, difference)

    def deviations(self, points: Array) -> tuple[Array, Array, Array]:
        """Return shares (n, K), experts' means less the mean (T, n, K), mean (T, n)."""
        shares = responsibilities(self.marginal.weighted_log_prob(points))
        # Contiguous, for sums along the last axis do not depend on the number of points.
        experts = np.ascontiguousarray(np.moveaxis(self.expert_means(points), 2, 0))
        mean = (shares * experts).sum(axis=2)
        # An expert without any share may be as far off as its square overflows.
        return shares, np.where(shares > 0, experts - mean[:, :, None], 0.0), mean

    def means_at(self, points: Array) -> Array:
        """Return the mean at each point, (n_points, n_targets)."""
        return self.deviations(points)[2].T

    def stds_at(self, points: Array) -> Array:
        """Return the standard deviations at each point, (n_points, n_targets)."""
        shares, deviations, _ = self.deviations(points)
        variances = np.diagonal(self.covariances, axis1=1, axis2=2).T[:, None]
        with np.errstate(over="ignore", under="ignore"):
            return np.asarray(np.sqrt((shares * (variances + deviations**2)).sum(axis=2)).T)

    def covariances_at(self, points: Array) -> Array:
        """Return the covariance at each point, (n_points, n_targets, n_targets)."""
        shares, deviations, _ = self.deviations(points)
        n_targets = len(deviations)
        result = np.empty((len(points), n_targets, n_targets))
        with np.errstate(over="ignore", under="ignore"):
            for i in range(n_targets):
                for j in range(i + 1):
                    moments = self.covariances[:, i, j] + deviations[i] * deviations[j]
                    result[:, i, j] = result[:, j, i] = (shares * moments).sum(axis=1)
        return result

    def draws_at(self, points: Array, seed: int, first: int) -> Array:
        """Return a draw at each point, (n_points, n_targets), the first numbered `first`."""
        n, n_targets = len(points), self.covariances.shape[1]
        uniforms = random.Stream(seed, random.CONDITIONAL_COMPONENTS).uniforms(first, n)
        normals = random.Stream(seed, random.CONDITIONAL_NORMALS)
        shares = responsibilities(self.marginal.weighted_log_prob(points))
        # The component before which the running sum has not passed the uniform.
        before = np.cumsum(shares, axis=1) - shares
        is_before = (before <= uniforms[:, None]) & (shares > 0)
        components = is_before.shape[1] - 1 - is_before[:, ::-1].argmax(axis=1)
        means = self.expert_means(points)[np.arange(n), components]
        z = normals.normals(first * n_targets, n * n_targets).reshape(n, 1, n_targets)
        draws: Array = means + (self._factors[components] * z).sum(axis=2)
        return draws

    def mean(self, values: Array, out: Array, n_threads: int | None = None) -> None:  # noqa: ARG002
        """Write the mean of the other features, given each row of values, into `out`."""
        for rows in self._checked_chunks(values, out):
            out[rows] = self.means_at(values[rows])

    def std(self, values: Array, out: Array, n_threads: int | None = None) -> None:  # noqa: ARG002
        """Write their standard deviations into `out`."""
        for rows in self._checked_chunks(values, out):
            out[rows] = self.stds_at(values[rows])

    def covariance(self, values: Array, out: Array, n_threads: int | None = None) -> None:  # noqa: ARG002
        """Write their covariances into `out`."""
        for rows in self._checked_chunks(values, out):
            out[rows] = self.covariances_at(values[rows])

    def mean_and_std(self, values: Array, out: Array, n_threads: int | None = None) -> None:  # noqa: ARG002
        """Write their means and then their standard deviations into the rows of `out`."""
        for rows in self._checked_chunks(values, out):
            moments = self.means_at(values[rows]), self.stds_at(values[rows])
            out[rows] = np.concatenate(moments, axis=1)

    def mean_and_covariance(self, values: Array, out: Array, n_threads: int | None = None) -> None:  # noqa: ARG002
        """Write their means and then their covariances into the rows of `out`."""
        for rows in self._checked_chunks(values, out):
            covariances = self.covariances_at(values[rows]).reshape(rows.stop - rows.start, -1)
            out[rows] = np.concatenate([self.means_at(values[rows]), covariances], axis=1)

    def log_prob(self, points: Array, out: Array, n_threads: int | None = None) -> None:  # noqa: ARG002
        """Write log p of the other features of each row, given those first in it."""
        n_given = self.marginal.means.shape[1]
        for rows in self._checked_chunks(points[:, :n_given], out):
            values, targets = points[rows, :n_given], points[rows, n_given:]
            log_prob = self.marginal.weighted_log_prob(values)
            largest = log_prob.max(axis=1, keepdims=True)
            # Where every distance overflows nothing tells the components apart.
            with np.errstate(over="ignore", invalid="ignore"):
                shares = np.where(np.isfinite(largest), log_prob - largest, 0.0)
                deviations = targets[:, None, :] - self.expert_means(values)
                distance = (products(self._whitening, deviations) ** 2).sum(axis=2)
            constant = targets.shape[1] * np.log(2 * np.pi)
            log_det = 2 * np.log(np.diagonal(self._factors, axis1=1, axis2=2)).sum(axis=1)
            terms = shares - 0.5 * (distance + log_det + constant)
            terms = np.where(np.isnan(terms), -np.inf, terms)
            out[rows] = log_sum_exp(terms) - log_sum_exp(shares)

    def sample(
        self,
        values: Array,
        out: Array,
        seed: int,
        first: int = 0,
        n_threads: int | None = None,  # noqa: ARG002
    ) -> None:
        """Write one draw of the other features, given each row of values, into `out`."""
        for rows in self._checked_chunks(values, out):
            out[rows] = self.draws_at(values[rows], seed, first + rows.start)

    def _checked_chunks(self, values: Array, out: Array) -> Iterator[slice]:
        count("conditional")
        n_given = self.marginal.means.shape[1]
        if values.shape != (len(out), n_given):
            raise ValueError(
                f"values: expected shape ({len(out)}, {n_given}), got {values.size} values"
            )
        return chunks(len(out), len(self.marginal.weights))

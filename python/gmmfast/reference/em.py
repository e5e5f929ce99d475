"""The NumPy twin of the EM core: points, sufficient statistics, k-means.

The interface and the messages are the extension's; see `mixture.py`. Points go through
in chunks, every component at every point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import numpy as np

from gmmfast.reference.mixture import Mixture, chunks, count, log_sum_exp

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: What scikit-learn adds to every count.
_COUNT_FLOOR = 10 * np.finfo(np.float64).eps

#: New standard deviations that a mean may move before digits are lost.
_FAR = 100.0


@final
class Statistics:
    """Counts, sums and products about centres; of parts of the data they add up."""

    def __init__(  # noqa: PLR0913 (the extension's signature)
        self,
        centers: Array,
        counts: Array,
        sums: Array,
        scatters: Array,
        log_likelihood: float,
        weight: float,
    ) -> None:
        n, d = centers.shape
        expected = f"expected values for {len(counts)} components, got"
        for name, values, ok in (
            ("centers", centers, n == len(counts)),
            ("sums", sums, sums.shape == centers.shape),
            ("scatters", scatters, scatters.shape in ((n, d), (n, d * (d + 1) // 2))),
        ):
            if not ok:
                raise ValueError(f"{name}: {expected} {values.size} values")
        self.centers, self.counts = centers.copy(), counts.copy()
        self.sums, self.scatters = sums.copy(), scatters.copy()
        self.log_likelihood, self.weight = float(log_likelihood), float(weight)

    def merge(self, other: Statistics) -> None:
        """Add the statistics of other points about the same centres."""
        self._check_kind(other)
        if not np.array_equal(self.centers, other.centers):
            raise ValueError(
                "centers: expected the same centers, those of one mixture, "
                f"got {other.centers.size} values"
            )
        self.counts += other.counts
        self.sums += other.sums
        self.scatters += other.scatters
        self.log_likelihood += other.log_likelihood
        self.weight += other.weight

    def replace(self, components: list[int], other: Statistics) -> None:
        """Take some components from statistics of the same points about other centres."""
        self._check_kind(other)
        for k in components:
            if k >= len(self.counts):
                raise ValueError(
                    f"components: expected components below {len(self.counts)}, got {k} values"
                )
        for name in ("centers", "counts", "sums", "scatters"):
            getattr(self, name)[components] = getattr(other, name)[components]

    def _check_kind(self, other: Statistics) -> None:
        kind = (self.centers.shape, self.scatters.shape)
        if kind != (other.centers.shape, other.scatters.shape):
            raise ValueError(
                f"scatters: expected {self.scatters.size} as in the other statistics, "
                f"got {other.scatters.size} values"
            )

    def maximization(
        self, covariance_type: str, reg_covar: float
    ) -> tuple[Array, Array, Array, list[int]]:
        """Return weights, means, covariances, and the components that lost digits."""
        diagonal = covariance_type in ("diag", "spherical")
        if covariance_type not in ("full", "tied", "diag", "spherical"):
            raise ValueError(
                "covariance_type: expected 'full', 'tied', 'diag' or 'spherical', "
                f"got '{covariance_type}'"
            )
        n, d = self.centers.shape
        if not diagonal and self.scatters.shape[1] == d > 1:
            raise ValueError(
                "scatters: expected products of all features for this covariance type, "
                f"got {self.scatters.size} values"
            )
        totals = self.counts + _COUNT_FLOOR
        shifts = (self.sums - _COUNT_FLOOR * self.centers) / totals[:, None]
        means = self.centers + shifts
        moved = self._matrices()
        cross = shifts[:, :, None] * self.sums[:, None, :]
        moved = moved - cross - cross.transpose(0, 2, 1)
        moved += self.counts[:, None, None] * shifts[:, :, None] * shifts[:, None, :]
        # All types but "full" count the floor's part of the mean's square: scikit-learn does.
        floored = moved + _COUNT_FLOOR * means[:, :, None] * means[:, None, :]
        variances = np.diagonal(floored, 0, 1, 2) / totals[:, None] + reg_covar
        estimate: dict[str, Callable[[], Array]] = {
            "full": lambda: moved / totals[:, None, None] + reg_covar * np.eye(d),
            "tied": lambda: floored.sum(axis=0) / totals.sum() + reg_covar * np.eye(d),
            "diag": lambda: variances,
            "spherical": lambda: variances.mean(axis=1),
        }
        covariances = estimate[covariance_type]()
        lost = [k for k in range(n) if _is_lost(covariances, covariance_type, k, shifts[k])]
        return totals / totals.sum(), means, covariances, lost

    def _matrices(self) -> Array:
        n, d = self.centers.shape
        full = np.zeros((n, d, d))
        if self.scatters.shape[1] == d:
            full[:, np.arange(d), np.arange(d)] = self.scatters
            return full
        rows, columns = np.tril_indices(d)
        full[:, rows, columns] = self.scatters
        full[:, columns, rows] = self.scatters
        return full


def _is_lost(covariances: Array, covariance_type: str, k: int, shift: Array) -> bool:
    if not shift.any():
        return False
    with np.errstate(all="ignore"):
        if covariance_type in ("full", "tied"):
            matrix = covariances[k] if covariance_type == "full" else covariances
            try:
                np.linalg.cholesky(matrix)
            except np.linalg.LinAlgError:
                return True
            distance = shift @ np.linalg.solve(matrix, shift)
        elif covariance_type == "diag":
            distance = (shift**2 / covariances[k]).max()
        else:
            distance = (shift**2).mean() / covariances[k]
    return not 0 <= distance <= _FAR**2


@final
class Data:
    """Points to fit mixtures to."""

    def __init__(
        self,
        points: Array,
        sample_weight: Array | None = None,
        units: Array | None = None,
        n_threads: int | None = None,  # noqa: ARG002
    ) -> None:
        _check_samples(points, sample_weight)
        n, d = points.shape
        if units is not None and not (
            units.shape == (d,) and np.isfinite(units).all() and (units > 0).all()
        ):
            raise ValueError(
                f"units: expected shape ({d},) of finite values above 0, got {units.size} values"
            )
        self._points = points.copy()
        self._weights = np.ones(n) if sample_weight is None else sample_weight.copy()
        self.n_samples, self.n_features = n, d

    def statistics(
        self,
        mixture: Mixture,
        centers: Array | None = None,
        n_threads: int | None = None,  # noqa: ARG002
    ) -> Statistics:
        """Return the statistics under `mixture`, about its means or other centres."""
        count("expectation")
        means = mixture.means
        centers = means if centers is None else centers
        d = means.shape[1]
        if self.n_features != d or centers.shape != means.shape:
            raise ValueError(
                f"X: expected {d} features, as the mixture has, got {self.n_features} values"
            )
        rows, columns = (np.arange(d),) * 2 if mixture.is_diagonal else np.tril_indices(d)
        counts, sums = np.zeros(len(means)), np.zeros(means.shape)
        scatters, log_likelihood = np.zeros((len(means), len(rows))), 0.0
        for some in chunks(self.n_samples, len(means) * d):
            weight = self._weights[some]
            log_prob = mixture.weighted_log_prob(self._points[some])
            norm = log_sum_exp(log_prob)
            log_likelihood += float((weight[weight > 0] * norm[weight > 0]).sum())
            shares = weight[:, None] * np.exp(log_prob - norm[:, None])
            differences = self._points[some][:, None, :] - centers
            counts += shares.sum(axis=0)
            sums += np.einsum("nk,nki->ki", shares, differences)
            products = differences[:, :, rows] * differences[:, :, columns]
            scatters += np.einsum("nk,nkp->kp", shares, products)
        weight_of_all = float(self._weights.sum())
        return Statistics(centers, counts, sums, scatters, log_likelihood, weight_of_all)

    def kmeans_plusplus(
        self,
        first: int,
        draws: Array,
        n_threads: int | None = None,  # noqa: ARG002
    ) -> NDArray[np.int64]:
        """Return the rows that k-means++ chooses, the first of them given."""
        count("kmeans_plusplus")
        if not 0 <= first < self.n_samples:
            raise ValueError(f"first: expected a row below {self.n_samples}, got {first} values")
        if draws.shape[1] == 0 or not ((draws >= 0) & (draws <= 1)).all():
            raise ValueError(
                f"draws: expected shape (n_clusters - 1, {draws.shape[1]}) of values from 0 to "
                f"1, got {draws.size} values"
            )
        rows = [first]
        closest = self._distances(self._points[first])
        for numbers in draws:
            masses = np.cumsum(self._weights * closest)
            found = np.searchsorted(masses, numbers * masses[-1])
            candidates = np.minimum(found, self.n_samples - 1)
            distances = [np.minimum(closest, self._distances(self._points[r])) for r in candidates]
            best = int(np.argmin([distance @ self._weights for distance in distances]))
            closest = distances[best]
            rows.append(int(candidates[best]))
        return np.array(rows, dtype=np.int64)

    def kmeans(
        self,
        centers: Array,
        tol: float,
        max_iter: int,
        n_threads: int | None = None,  # noqa: ARG002
    ) -> tuple[NDArray[np.int32], Array, float, int]:
        """Return labels, centres, inertia and the number of iterations of k-means."""
        count("kmeans")
        if centers.shape[1:] != (self.n_features,) or not np.isfinite(centers).all():
            raise ValueError(
                f"centers: expected shape (n_clusters, {self.n_features}) of finite values, "
                f"got {centers.size} values"
            )
        centers, n_iter = centers.copy(), 0
        labels = np.full(self.n_samples, -1)
        while True:
            n_iter += 1
            old, labels = labels, self._nearest(centers)
            shift = self._move(centers, labels)
            if np.array_equal(old, labels):
                break
            if shift <= tol or n_iter >= max_iter:
                labels = self._nearest(centers)
                break
        inertia = float(self._weights @ self._distances(centers[labels]))
        return labels.astype(np.int32), centers, inertia, n_iter

    def _distances(self, others: Array) -> Array:
        distances: Array = ((self._points - others) ** 2).sum(axis=1)
        return distances

    def _nearest(self, centers: Array) -> NDArray[np.int64]:
        labels = np.empty(self.n_samples, dtype=np.int64)
        for some in chunks(self.n_samples, centers.size):
            differences = self._points[some][:, None, :] - centers
            labels[some] = (differences**2).sum(axis=2).argmin(axis=1)
        return labels

    def _move(self, centers: Array, labels: NDArray[np.int64]) -> float:
        """Move centres to the means of their points; return the sum of squared moves."""
        n = len(centers)
        weights = np.bincount(labels, self._weights, n)
        columns = [np.bincount(labels, self._weights * x, n) for x in self._points.T]
        sums = np.stack(columns, axis=1)
        empty = np.flatnonzero(weights == 0)
        if len(empty):
            distances = self._distances(centers[labels])
            distances[self._weights == 0] = 0
            farthest = np.argsort(-distances, kind="stable")[: len(empty)]
            for new, row in zip(empty, farthest[distances[farthest] > 0], strict=False):
                moved = self._weights[row] * self._points[row]
                sums[labels[row]] -= moved
                weights[labels[row]] -= self._weights[row]
                sums[new], weights[new] = moved, self._weights[row]
        means = np.where(
            weights[:, None] > 0, sums / np.maximum(weights, 1e-300)[:, None], centers
        )
        shift = float(((means - centers) ** 2).sum())
        centers[:] = means
        return shift


def _check_samples(points: Array, sample_weight: Array | None) -> None:
    n, d = points.shape
    if n * d == 0:
        raise ValueError(
            f"X: expected shape (n_samples, {d}) with at least one sample, got {n * d} values"
        )
    if not np.isfinite(points).all():
        row, column = np.argwhere(~np.isfinite(points))[0]
        value = float(points[row, column])
        raise ValueError(f"X: expected finite values, got {value} at sample {row}")
    if sample_weight is None:
        return
    name = "sample_weight: expected"
    if sample_weight.shape != (n,):
        raise ValueError(f"{name} shape ({n},), got {sample_weight.size} values")
    bad = ~(np.isfinite(sample_weight) & (sample_weight >= 0))
    if bad.any():
        row = int(np.argmax(bad))
        value = float(sample_weight[row])
        raise ValueError(f"{name} finite values of at least 0, got {value} at sample {row}")
    if not sample_weight.any():
        raise ValueError(f"{name} some value above 0, got 0.0 at sample 0")

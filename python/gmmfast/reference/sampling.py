"""The NumPy twin's samples, with the extension's bits, and their splats.

The very operations of `rust/sampling/sample.rs`, `alias.rs` and `splat.rs` in the same order;
those files say what they are. Samples are drawn in blocks of `_BLOCK`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

import numpy as np

from gmmfast.reference import random
from gmmfast.reference.mixture import Mixture, check_features, count
from gmmfast.reference.random import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Labels = NDArray[np.int64]

_BLOCK = 1024
_MAX_ROUNDS = 10_000
_MAX_NORMAL = 8.6


@final
class Sampling:
    """Samples of a mixture for a seed, prepared once."""

    version = random.VERSION

    def __init__(
        self, mixture: Mixture, seed: int, bounds: list[tuple[float, float]] | None = None
    ) -> None:
        n_features = mixture.means.shape[1]
        if bounds is not None and len(bounds) != n_features:
            raise ValueError(
                f"bounds: expected {n_features} pairs (low, high), got {len(bounds)} values"
            )
        for low, high in bounds or ():
            if not low < high:
                raise ValueError(
                    f"bounds: expected low below high for every feature, got ({low}, {high})"
                )
        self._seed = seed
        self._bounds = None if bounds is None else np.transpose(bounds)
        self._components: Labels = np.flatnonzero(mixture.weights > 0)
        self._thresholds, self._others = _alias_table(mixture.weights[self._components])
        self._means = mixture.means[self._components]
        everything = mixture.submatrices(list(range(n_features)))[self._components]
        if mixture.is_diagonal:
            stds = np.sqrt(np.diagonal(everything, axis1=1, axis2=2))
            self._columns = stds[:, None]
        else:
            self._columns = _cholesky(everything).transpose(0, 2, 1)
        self._is_diagonal = mixture.is_diagonal

    def draw(
        self,
        points: NDArray[Any],
        labels: Labels | None = None,
        grouped: bool = False,  # noqa: FBT001, FBT002 (the extension's signature)
        n_threads: int | None = None,  # noqa: ARG002
    ) -> None:
        """Write samples into the rows of `points`, and their components into `labels`."""
        if points.dtype not in (np.float64, np.float32):
            raise TypeError("points: expected a 2-D array of float64 or float32")
        n_features = self._means.shape[1]
        if points.shape[1] != n_features:
            raise ValueError(
                f"points: expected shape (n_samples, {n_features}), got {points.size} values"
            )
        count("sample")
        drawn = np.empty(len(points), np.int64)
        for rows, (components, values) in self._blocks(len(points)):
            points[rows], drawn[rows] = values, components
        if grouped:
            order = np.argsort(drawn, kind="stable")
            points[:], drawn = points[order], drawn[order]
        if labels is not None:
            labels[:] = self._components[drawn]

    def splat(  # noqa: PLR0913 (the extension's signature)
        self,
        n_samples: int,
        extent: list[tuple[float, float]],
        given: list[int],
        counts: Labels,
        means: Array,
        n_threads: int | None = None,  # noqa: ARG002
    ) -> None:
        """Write how many samples fell on each pixel, and the means of their others there."""
        n_features = self._means.shape[1]
        check_features("given", given, n_features)
        targets = [i for i in range(n_features) if i not in given]
        count("render_samples")
        scales = np.array([_scale(self._reach(i), n_samples) for i in targets])
        sizes = counts.shape[::-1]
        sums = np.zeros((counts.size, len(targets)), np.int64)
        flat = np.zeros(counts.size, np.int64)
        for _, (_, points) in self._blocks(n_samples):
            stride, is_within = 1, np.ones(len(points), bool)
            pixels = np.zeros(len(points), np.int64)
            for feature, size, (low, high) in zip(given, sizes, extent, strict=True):
                at = (points[:, feature] - low) / ((high - low) / size)
                inside = (at >= 0) & (at < size)
                is_within &= inside
                pixels += np.where(inside, at, 0).astype(np.int64) * stride
                stride *= size
            chosen = pixels[is_within]
            np.add.at(flat, chosen, 1)
            values = np.rint(points[is_within][:, targets] * scales).astype(np.int64)
            np.add.at(sums, chosen, values)
        counts[...] = flat.reshape(counts.shape)
        with np.errstate(invalid="ignore"):
            means[...] = (sums / (flat[:, None] * scales)).reshape(means.shape)

    def _blocks(self, n: int) -> Iterator[tuple[slice, tuple[Labels, Array]]]:
        for first in range(0, n, _BLOCK):
            rows = slice(first, min(first + _BLOCK, n))
            labels, points = self._block(first, rows.stop - first)
            yield rows, (labels[: rows.stop - first], points[: rows.stop - first])

    def _block(self, first: int, n: int) -> tuple[Labels, Array]:
        """Return at least n samples: components that can be drawn, and rows."""
        if self._bounds is None:
            return self._round(0, first)
        kept: list[tuple[Labels, Array]] = []
        n_kept = 0
        for number in range(_MAX_ROUNDS):
            labels, points = self._round(number, first)
            low, high = self._bounds
            is_within = ((low <= points) & (points <= high)).all(axis=1)
            n_kept += int(is_within.sum())
            kept.append((labels[is_within], points[is_within]))
            if n_kept >= n:
                return np.concatenate([k for k, _ in kept]), np.concatenate([x for _, x in kept])
        raise ValueError(
            "bounds: expected a box with at least one in 10,000 samples of the mixture, got "
            f"{n_kept} of {_MAX_ROUNDS * _BLOCK}; widen it"
        )

    def _round(self, number: int, first: int) -> tuple[Labels, Array]:
        n_features = self._means.shape[1]
        scaled = Stream(self._seed, random.COMPONENTS, number).uniforms(first, _BLOCK)
        scaled = scaled * float(len(self._components))
        cells = scaled.astype(np.int64)
        is_own = scaled - cells < self._thresholds[cells]
        labels = np.where(is_own, cells, self._others[cells])
        stream = Stream(self._seed, random.NORMALS, number)
        z = stream.normals(first * n_features, _BLOCK * n_features).reshape(-1, n_features)
        points = self._means[labels]
        columns = self._columns[labels]
        if self._is_diagonal:
            return labels, points + columns[:, 0] * z
        for j in range(n_features):
            points = points + columns[:, j] * z[:, j, None]
        return labels, points

    def _reach(self, feature: int) -> float:
        total = np.zeros(len(self._means))
        for column in self._columns[:, :, feature].T:
            total = total + np.abs(column)
        return float((np.abs(self._means[:, feature]) + _MAX_NORMAL * total).max())


def _alias_table(weights: Array) -> tuple[Array, Labels]:
    """Return thresholds and other components of the cells."""
    n = len(weights)
    total = 0.0
    for weight in weights.tolist():
        total += weight
    shares = [weight / total * n for weight in weights.tolist()]
    thresholds, others = np.ones(n), np.arange(n)
    small = [i for i in range(n) if shares[i] < 1.0]
    large = [i for i in range(n) if not shares[i] < 1.0]
    while small and large:
        low, high = small.pop(), large[-1]
        thresholds[low], others[low] = shares[low], high
        shares[high] -= 1.0 - shares[low]
        if shares[high] < 1.0:
            small.append(large.pop())
    return thresholds, others


def _cholesky(matrices: Array) -> Array:
    """Return lower factors, each entry by the sums of `rust/model/linalg.rs` in their order."""
    factors = np.zeros(matrices.shape)
    for i in range(matrices.shape[1]):
        for j in range(i + 1):
            dot = np.zeros(len(matrices))
            for m in range(j):
                dot = dot + factors[:, i, m] * factors[:, j, m]
            value = matrices[:, i, j] - dot
            factors[:, i, j] = np.sqrt(value) if i == j else value / factors[:, j, j]
    return factors


def _scale(reach: float, n_samples: int) -> float:
    exponent = int(np.frexp(reach)[1])
    of_samples = int(np.frexp(float(n_samples))[1])
    return float(2.0 ** max(-1000, min(51 - exponent, 62 - exponent - of_samples, 1000)))

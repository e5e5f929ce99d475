"""Conditional moments, log-densities and samples from the core, at checked points.

The joint mixture is prepared once for all calls. A result that does not fit in the available
memory raises MemoryError before it is allocated.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast import _core
from gmmfast._memory import check_fits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gmmfast.mixture.mixture import Mixture

    Array = NDArray[np.float64]

#: Advice in the message of a MemoryError.
FEWER = "pass fewer points at a time"


class Conditioning:
    """A mixture prepared for conditioning on some of its features.

    Parameters
    ----------
    mixture : Mixture
        The joint mixture.
    given : list of int
        Checked feature indices.
    """

    def __init__(self, mixture: Mixture, given: list[int]) -> None:
        self.mixture = mixture
        self.given = given
        self.n_targets = mixture.n_features - len(given)
        self._core = _core.Conditional(mixture._core, given)

    def at(self, point: Array) -> Mixture:
        """Return the mixture of the remaining features at one point."""
        core = self._core.at(point.tolist())
        features = [k for k in range(self.mixture.n_features) if k not in self.given]
        return self.mixture._from_core(core, features)

    def marginal(self) -> Mixture:
        """Return the mixture of the given features."""
        return self.mixture._from_core(self._core.marginal, self.given)

    def mean(self, values: Array, n_threads: int | None = None) -> Array:
        """Return the means at checked points, (n_samples, n_targets)."""
        out = self._empty(len(values), self.n_targets)
        self._core.mean(values, out, n_threads)
        return out

    def std(self, values: Array, n_threads: int | None = None) -> Array:
        """Return the standard deviations at checked points, (n_samples, n_targets)."""
        out = self._empty(len(values), self.n_targets)
        self._core.std(values, out, n_threads)
        return out

    def covariance(self, values: Array, n_threads: int | None = None) -> Array:
        """Return the covariances at checked points, (n_samples, n_targets, n_targets)."""
        out = self._empty(len(values), self.n_targets, self.n_targets)
        self._core.covariance(values, out, n_threads)
        return out

    def mean_and_std(self, values: Array, n_threads: int | None = None) -> tuple[Array, Array]:
        """Return means and standard deviations from one pass, views of one array."""
        out = self._empty(len(values), 2 * self.n_targets)
        self._core.mean_and_std(values, out, n_threads)
        return out[:, : self.n_targets], out[:, self.n_targets :]

    def mean_and_covariance(
        self, values: Array, n_threads: int | None = None
    ) -> tuple[Array, Array]:
        """Return means and covariances from one pass, views of one array."""
        n = self.n_targets
        out = self._empty(len(values), n + n * n)
        self._core.mean_and_covariance(values, out, n_threads)
        return out[:, :n], out[:, n:].reshape(len(values), n, n)

    def log_prob(self, points: Array, n_threads: int | None = None) -> Array:
        """Return log-densities at rows of given, then remaining features, (n_samples,)."""
        out = self._empty(len(points))
        self._core.log_prob(points, out, n_threads)
        return out

    def sample(self, values: Array, seed: int, first: int, n_threads: int | None = None) -> Array:
        """Return one sample at each checked point, (n_samples, n_targets).

        The seed and the point's index decide the bits; `first` is the index of the first point.
        """
        out = self._empty(len(values), self.n_targets)
        self._core.sample(values, out, seed, first, n_threads)
        return out

    def _empty(self, *shape: int) -> Array:
        check_fits("values", (shape[0], len(self.given)), 8 * math.prod(shape), FEWER)
        return np.empty(shape)

    def __reduce__(self) -> tuple[Any, ...]:
        return Conditioning, (self.mixture, self.given)

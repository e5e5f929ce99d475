"""A mixture split for questions about some features, given the others: the core's answers.

Assumes checked points. Guarantees that a result that does not fit memory is refused before it
is allocated; what is asked again and again, as by a regressor, is prepared once.
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

#: How to mend what does not fit.
FEWER = "pass fewer points at a time"


class Conditioning:
    """A mixture prepared for questions about some of its features, given the others.

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
        """Return the mixture of the other features at one point."""
        core = self._core.at(point.tolist())
        return self.mixture._from_core(core, self.n_targets)

    def marginal(self) -> Mixture:
        """Return the mixture of the given features."""
        return self.mixture._from_core(self._core.marginal, len(self.given))

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
        """Return means and standard deviations of one pass, parts of one array."""
        out = self._empty(len(values), 2 * self.n_targets)
        self._core.mean_and_std(values, out, n_threads)
        return out[:, : self.n_targets], out[:, self.n_targets :]

    def mean_and_covariance(
        self, values: Array, n_threads: int | None = None
    ) -> tuple[Array, Array]:
        """Return means and covariances of one pass, parts of one array."""
        n = self.n_targets
        out = self._empty(len(values), n + n * n)
        self._core.mean_and_covariance(values, out, n_threads)
        return out[:, :n], out[:, n:].reshape(len(values), n, n)

    def log_prob(self, points: Array, n_threads: int | None = None) -> Array:
        """Return log-densities of rows of given features and then the others, (n_samples,)."""
        out = self._empty(len(points))
        self._core.log_prob(points, out, n_threads)
        return out

    def sample(
        self, values: Array, seed: int, first: int = 0, n_threads: int | None = None
    ) -> Array:
        """Return a draw at each of checked points, (n_samples, n_targets).

        The seed and the number of the point decide; `first` is that of the first one.
        """
        out = self._empty(len(values), self.n_targets)
        self._core.sample(values, out, seed, first, n_threads)
        return out

    def _empty(self, *shape: int) -> Array:
        check_fits("values", (shape[0], len(self.given)), 8 * math.prod(shape), FEWER)
        return np.empty(shape)

    def __reduce__(self) -> tuple[Any, ...]:
        return Conditioning, (self.mixture, self.given)

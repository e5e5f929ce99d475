"""Mixtures of the core as plain values, for other processes: with the same bits there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast import _core

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def aligned(value: Any) -> Any:
    """Return a value with an array as the core takes it.

    Arrays that came over a wire may be misaligned. Other values are returned as they are.
    """
    if not isinstance(value, np.ndarray):
        return value
    return np.require(value, requirements=["C_CONTIGUOUS", "ALIGNED"])


class CoreState(NamedTuple):
    """The parameters of a mixture of the core, which pickle can write."""

    weights: Array
    log_weights: Array
    means: Array
    covariances: Array
    covariance_type: str

    @classmethod
    def of(cls, core: _core.Mixture, covariance_type: str) -> CoreState:
        """Return the parameters of a mixture."""
        return cls(core.weights, core.log_weights, core.means, core.covariances, covariance_type)

    def core(self) -> _core.Mixture:
        """Return a mixture with the same bits."""
        return _core.Mixture.restored(
            aligned(self.weights),
            aligned(self.log_weights),
            aligned(self.means),
            aligned(self.covariances),
            self.covariance_type,
        )

"""The parameters of a mixture during a fit, in the form that the core takes.

The core takes normalized mixtures. Log-weights that do not sum to 1 - initial ones by
"random_from_data" or "k-means++", or the expectations of variational inference - are those of
a normalized mixture plus a constant: responsibilities are the mixture's, and log-densities are
shifted by the constant.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast import _core
from gmmfast._arithmetic import allows_underflow
from gmmfast.mixture.layouts import as_matrices, as_variances
from gmmfast.mixture.transport import CoreState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


class MixtureParameters(NamedTuple):
    """A normalized mixture of the core, and the logarithm of the factor left out of it."""

    core: _core.Mixture
    shift: float
    covariance_type: str

    def matrices(self) -> Array:
        """Return the covariance matrices, (n_components, n_features, n_features)."""
        return as_matrices(self.core.covariances, self.covariance_type, self.core.means.shape)

    def digest(self) -> str:
        """Return a digest of the mixture, the same on every machine.

        The last digits of logarithms depend on the processor, hence six decimals of them.
        """
        with np.errstate(over="ignore"):
            decimals = np.rint(1e6 * (self.core.log_weights + self.shift)) + 0.0  # no -0.0
        return digest_of(decimals, self.core.means, self.core.covariances)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (CoreState.of(self.core, self.covariance_type), self.shift)


def _restored(state: CoreState, shift: float) -> MixtureParameters:
    return MixtureParameters(state.core(), shift, state.covariance_type)


@allows_underflow
def mixture_parameters(
    log_weights: Array, means: Array, covariances: Array, covariance_type: str
) -> MixtureParameters:
    """Return parameters from arrays of any float type in scikit-learn's layouts.

    Raises
    ------
    ValueError
        If the arrays do not define a mixture, for example because a covariance matrix is not
        positive definite.
    """
    largest = np.max(log_weights)
    shift = float(largest + np.log(np.exp(log_weights - largest).sum()))
    core = _core.Mixture.from_log_weights(
        _array(log_weights - shift), _array(means), _array(covariances), covariance_type
    )
    return MixtureParameters(core, shift, covariance_type)


def digest_of(*arrays: Any) -> str:
    """Return a digest of the numbers and shapes of arrays."""
    digest = hashlib.blake2b(digest_size=8)
    for values in arrays:
        array = np.ascontiguousarray(values, np.float64)
        digest.update(str(array.shape).encode() + array.tobytes())
    return digest.hexdigest()


def _array(values: Array) -> Array:
    return np.require(values, np.float64, ["C", "ALIGNED"])


@allows_underflow
def typical_stds(parameters: MixtureParameters) -> Array:
    """Return the standard deviations of a typical component, (n_features,).

    A tree of points built in these units has boxes of a component's proportions.
    """
    core = parameters.core
    variances = as_variances(core.covariances, parameters.covariance_type, core.means.shape)
    stds: Array = np.exp(0.5 * core.weights @ np.log(variances))
    return stds

"""What every part of `Mixture` may ask of the whole, and how a part makes another one.

`Mixture` is put together of parts, one a file: classes whose methods share its parameters. What
they take for granted is declared here, for readers and for the type checker; what they compute
with, beside scikit-learn's layouts, are the matrices below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast import _core

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from gmmfast._validation import Extent
    from gmmfast.mixture.mixture import Mixture

    Array = NDArray[np.float64]

#: Numbers that a chunk of an array holds which would be large as a whole: 8 MB of them.
CHUNK = 1 << 20

#: Types whose features do not covary.
DIAGONAL = frozenset({"diag", "spherical"})


class Part:
    """What the parts of `Mixture` know of it."""

    _core: _core.Mixture
    _shape: tuple[int, int]

    if TYPE_CHECKING:

        @property
        def n_components(self) -> int:
            """Number of components."""

        @property
        def n_features(self) -> int:
            """Number of features."""

        @property
        def covariance_type(self) -> str:
            """One of scikit-learn's covariance types."""

        @property
        def weights(self) -> Array:
            """Weights of the components, (n_components,)."""

        @property
        def means(self) -> Array:
            """Means of the components, (n_components, n_features)."""

        @property
        def covariances(self) -> Array:
            """Covariances in the layout of the covariance type."""

        @property
        def extent(self) -> Extent | None:
            """What a picture of the model covers."""

        def _with(self, **changes: Any) -> Mixture: ...

    def _normalized_weights(self) -> Array:
        """Return the weights divided by their sum, which may be off by 1e-6."""
        normalized: Array = self.weights / self.weights.sum()
        return normalized

    def _remade(
        self,
        log_weights: Array,
        means: Array,
        covariances: Array,
        covariance_type: str,
        extent: Extent | None = None,
    ) -> Mixture:
        """Return a mixture of other parameters, whose weights may lie beyond float64."""
        logs, centers, scatters = (
            np.require(array, np.float64, ["C", "A"])
            for array in (log_weights, means, covariances)
        )
        core = _core.Mixture.from_log_weights(logs, centers, scatters, covariance_type)
        return self._with(
            _core=core,
            _shape=means.shape,
            _covariance_type=covariance_type,
            _extent=extent,
            _copies={},
        )


def cholesky(matrices: Array) -> Array:
    """Return the lower Cholesky factors of matrices, (..., n, n)."""
    factors: Any = np.linalg.cholesky(matrices)
    return factors  # type: ignore[no-any-return]


def symmetric(matrices: Array) -> Array:
    """Return the matrices whose lower triangles these are, (..., n, n)."""
    lower = np.tril(matrices)
    return lower + np.tril(matrices, -1).swapaxes(-1, -2)


def full_covariances(model: Part) -> Array:
    """Return the components' covariance matrices, (n_components, n_features, n_features)."""
    return _AS_MATRICES[model.covariance_type](model)


def variances(model: Part) -> Array:
    """Return the features' variances in each component, (n_components, n_features)."""
    return _AS_VARIANCES[model.covariance_type](model)


def _broadcast(array: Array, shape: tuple[int, ...]) -> Array:
    return np.ascontiguousarray(np.broadcast_to(array, shape))


def _diagonal_matrices(model: Part) -> Array:
    (n, d), values = model.means.shape, variances(model)
    matrices = np.zeros((n, d, d))
    matrices[:, range(d), range(d)] = values
    return matrices


_AS_MATRICES: dict[str, Callable[[Part], Array]] = {
    "full": lambda model: symmetric(model.covariances),
    "tied": lambda model: _broadcast(
        symmetric(model.covariances), (*model.means.shape, model.n_features)
    ),
    "diag": _diagonal_matrices,
    "spherical": _diagonal_matrices,
}
_AS_VARIANCES: dict[str, Callable[[Part], Array]] = {
    "full": lambda model: np.diagonal(model.covariances, axis1=1, axis2=2).copy(),
    "tied": lambda model: _broadcast(np.diagonal(model.covariances), model.means.shape),
    "diag": lambda model: model.covariances,
    "spherical": lambda model: _broadcast(model.covariances[:, None], model.means.shape),
}

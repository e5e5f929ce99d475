"""EM of a Gaussian mixture: its steps, and fits of pictures, which need no estimator.

The attributes are those of scikit-learn's `GaussianMixture`, to which a `GaussianFit` can be
turned; it is a model as an estimator is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast.fitting.em import EMMixture
from gmmfast.mixture.layouts import DIAGONAL, precisions, precisions_cholesky

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gmmfast.fitting.moments import Moments

    Array = NDArray[np.float64]


class GaussianSteps(EMMixture):
    """The steps of EM of a Gaussian mixture."""

    def _n_parameters(self) -> int:
        """Return the number of free parameters."""
        n_components, n_features = self.means_.shape
        n_values = self.covariances_.size
        if self.covariance_type not in DIAGONAL:  # symmetric matrices
            n_values = n_values * (n_features + 1) // (2 * n_features)
        return int(n_values + n_components * n_features + n_components - 1)

    def _em_set_initial(self, some: Moments | None, weight: float) -> None:
        if some is not None:
            self.weights_ = some.counts / weight
            self.means_, self.covariances_ = some.means, some.covariances

    def _em_m_step(self, some: Moments) -> None:
        self.weights_ = some.counts / some.counts.sum()
        self.means_, self.covariances_ = some.means, some.covariances

    def _em_log_weights(self) -> Array:
        with np.errstate(divide="ignore"):
            logs: Array = np.log(np.asarray(self.weights_, dtype=np.float64))
        return logs

    def _em_get_parameters(self) -> tuple[Any, ...]:
        return self.weights_, self.means_, self.covariances_

    def _em_set_parameters(self, parameters: tuple[Any, ...]) -> None:
        self.weights_, self.means_, self.covariances_ = parameters

    def _em_set_fitted(self, parameters: tuple[Any, ...], dtype: Any) -> None:
        weights, means, covariances = parameters
        try:
            factors = precisions_cholesky(np.asarray(covariances), self.covariance_type)
        except np.linalg.LinAlgError:
            raise ValueError(self._ill_defined) from None
        fitted = {
            "weights_": weights,
            "means_": means,
            "covariances_": covariances,
            "precisions_cholesky_": factors,
            "precisions_": precisions(factors, self.covariance_type),
        }
        for name, values in fitted.items():
            setattr(self, name, np.asarray(values).astype(dtype, copy=False))


@dataclass(eq=False)
class GaussianFit(GaussianSteps):
    """A Gaussian mixture that is fitted without scikit-learn.

    Parameters and attributes are those of `GaussianMixture`.
    """

    n_components: int = 1
    covariance_type: str = "full"
    tol: float = 1e-3
    reg_covar: float = 1e-6
    max_iter: int = 100
    init_params: str = "kmeans"
    random_state: Any = None

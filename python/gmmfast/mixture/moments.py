"""The mixture as one distribution, its mean and covariance, and its components.

Both moments are computed about the mean of the heaviest component, so that an offset of the
features costs no digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmfast._validation import check_features
from gmmfast.mixture.layouts import Part, full_covariances, symmetric, variances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gmmfast.mixture.mixture import Mixture

    Array = NDArray[np.float64]


class Moments(Part):
    """The methods of `Mixture` that sum it up, or take it apart."""

    def mean(self) -> Array:
        """Return the mean of the mixture.

        Returns
        -------
        ndarray of shape (n_features,)
            E[x] = sum_k w_k m_k.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.25, 0.75], [[0.0, 8.0], [4.0, 0.0]], [1.0, 2.0])
        >>> mixture.mean()
        array([3., 2.])
        """
        means, center = self.means, int(np.argmax(self.weights))
        mean: Array = means[center] + self._normalized_weights() @ (means - means[center])
        return mean

    def covariance(self) -> Array:
        """Return the covariance matrix of the mixture.

        Returns
        -------
        ndarray of shape (n_features, n_features)
            Var[x] = sum_k w_k (S_k + (m_k - m) (m_k - m)^T) with the mean m: what the components
            scatter, and how far they lie apart (the law of total covariance). Symmetric.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0, 0.0], [4.0, 2.0]], [1.0, 2.0])
        >>> mixture.covariance()
        array([[5.5, 2. ],
               [2. , 2.5]])
        """
        weights = self._normalized_weights()
        offsets = self.means - self.mean()
        between = (weights[:, None] * offsets).T @ offsets
        return symmetric(between + _WITHIN[self.covariance_type](self, weights))

    def component(self, index: int) -> Mixture:
        """Return one component alone, as a mixture.

        Parameters
        ----------
        index : int
            Which, from 0 to n_components - 1.

        Returns
        -------
        Mixture
            Of one component and the same covariance type; remembers the extent.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0], [4.0]], [1.0, 2.0])
        >>> mixture.component(1).covariance()
        array([[2.]])
        """
        (k,) = check_features("index", [index], self.n_components)
        covariances = self.covariances if self.covariance_type == "tied" else self.covariances[[k]]
        return self._remade(
            np.zeros(1), self.means[[k]], covariances, self.covariance_type, self.extent
        )


def _mean_of_variances(model: Part, weights: Array) -> Array:
    return np.diag(weights @ variances(model))


_WITHIN = {
    "full": lambda model, weights: np.tensordot(weights, full_covariances(model), axes=1),
    "tied": lambda model, _: symmetric(model.covariances),
    "diag": _mean_of_variances,
    "spherical": _mean_of_variances,
}

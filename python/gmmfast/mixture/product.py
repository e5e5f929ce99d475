"""Products of mixtures: what two independent sources say together of the same features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast._memory import check_fits
from gmmfast.mixture.component_pairs import log_overlaps, pairs_of
from gmmfast.mixture.information import other_mixture
from gmmfast.mixture.layouts import Part, symmetric

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from gmmfast.mixture.mixture import Mixture

    Array = NDArray[np.float64]


class Product(NamedTuple):
    """The density proportional to a product of two, and what it was divided by."""

    mixture: Mixture
    log_normalizer: float


class Products(Part):
    """The method of `Mixture` that multiplies."""

    def product(self, other: Any) -> Product:
        """Return the mixture whose density is proportional to the product of two.

        Parameters
        ----------
        other : model
            A mixture of as many features, or whatever else `Mixture.from_model` takes.

        Returns
        -------
        Product
            The named tuple (mixture, log_normalizer): with p and q the two densities, the
            mixture is p(x) q(x) / Z and log_normalizer is log Z, Z the integral of p(x) q(x),
            finite where Z underflows. The mixture has one component for each pair, those of
            this mixture's first component first; its covariance type is the simpler one that
            both have in common ("spherical", "diag", "tied" or "full"), its extent this one's.

        Raises
        ------
        MemoryError
            More pairs of components than the memory available holds; raised before allocating.

        Notes
        -----
        Of two components, N(x; a, A) N(x; b, B) = N(a; b, A + B) N(x; c, C) with C the inverse
        of A^-1 + B^-1 and c = C (A^-1 a + B^-1 b) (Petersen and Pedersen, The Matrix Cookbook,
        2012, section 8.1.8).

        Examples
        --------
        Two measurements of the same place, the second one more exact:

        >>> import gmmfast
        >>> first = gmmfast.Mixture([1.0], [[0.0]], [3.0])
        >>> second = gmmfast.Mixture([1.0], [[4.0]], [1.0])
        >>> both, log_normalizer = first.product(second)
        >>> both.means, both.covariances
        (array([[3.]]), array([0.75]))
        >>> round(log_normalizer, 3)
        -3.612
        """
        from scipy.special import logsumexp  # noqa: PLC0415 (slow to import)

        right = other_mixture(self, other)
        d, n_pairs = self.n_features, self.n_components * right.n_components
        covariance_type = _COMMON[frozenset({self.covariance_type, right.covariance_type})]
        n_numbers = n_pairs * (1 + d + (d * d if covariance_type in ("full", "tied") else d))
        mend = "multiply mixtures of fewer components"
        check_fits("other", right, 3 * 8 * n_numbers, mend)  # these, and the mixture's copies
        pairs = pairs_of(self, right)
        left_logs, right_logs = self._core.log_weights, right._core.log_weights
        log_weights, means, covariances = [], [], []
        for rows in pairs.rows():
            overlaps = log_overlaps(*pairs.overlaps(rows), d)
            log_weights.append((overlaps + left_logs[rows, None] + right_logs).ravel())
            some_means, some_covariances = pairs.products(rows)
            means.append(some_means.reshape(-1, d))
            covariances.append(some_covariances.reshape(-1, *some_covariances.shape[2:]))
        logs = np.concatenate(log_weights)
        normalizer = float(logsumexp(logs))
        mixture = self._remade(
            logs - normalizer,
            np.concatenate(means),
            _IN_LAYOUT[covariance_type](np.concatenate(covariances)),
            covariance_type,
            self.extent,
        )
        return Product(mixture, normalizer)


#: The covariance type of the products of two.
_COMMON: dict[frozenset[str], str] = {
    frozenset({"spherical"}): "spherical",
    frozenset({"diag"}): "diag",
    frozenset({"spherical", "diag"}): "diag",
    frozenset({"tied"}): "tied",
    frozenset({"full"}): "full",
    frozenset({"full", "tied"}): "full",
    frozenset({"full", "diag"}): "full",
    frozenset({"full", "spherical"}): "full",
    frozenset({"tied", "diag"}): "full",
    frozenset({"tied", "spherical"}): "full",
}

#: From the products' covariances, or variances, to scikit-learn's layout; where the type keeps
#: less than one matrix a component, they are equal.
_IN_LAYOUT: dict[str, Callable[[Array], Array]] = {
    "full": symmetric,
    "tied": lambda covariances: symmetric(covariances[0]),
    "diag": lambda variances: variances,
    "spherical": lambda variances: variances[:, 0],
}

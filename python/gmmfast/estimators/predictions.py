"""Log-densities, labels and responsibilities of a fitted estimator, computed by the core.

The methods are scikit-learn's, with the same checks and result types. Rows with missing
features are scored by the marginal mixture of their observed features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from gmmfast import _core, _log
from gmmfast._memory import check_fits
from gmmfast.estimators.fallback import reason_to_fall_back
from gmmfast.estimators.missing import has_nan, patterns
from gmmfast.estimators.parameters import MixtureParameters, mixture_parameters
from gmmfast.estimators.training_data import finiteness, foreign_array
from gmmfast.mixture.layouts import are_inverse, covariances_of_precisions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

#: `precisions_cholesky_` and `covariances_` define the same parameters if the product of
#: precision and covariance differs from the identity by at most this.
_TOLERANCE = 1e-3


class FittedMixture:
    """The methods of a fitted mixture that take points."""

    #: scikit-learn's own class.
    _sklearn_class: Any

    # Attributes of scikit-learn's estimators.
    covariance_type: str
    means_: Array
    covariances_: Array
    precisions_cholesky_: Array

    def _em_log_weights(self) -> Array:
        """Return the log-weights of the current parameters, which need not sum to 1."""
        raise NotImplementedError

    @_log.observed("score_samples")
    def score_samples(self, X: ArrayLike) -> Array:
        """Return the log-density at each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points. In `GaussianMixture` NaN means missing, and the density is that of
            the other features.

        Returns
        -------
        ndarray of shape (n_samples,)
            log p(x), exact to rounding, also where p(x) underflows.
        """
        check_is_fitted(self)
        if self._falls_back("score_samples", X):
            return self._sklearn_class.score_samples(self, X)  # type: ignore[no-any-return]
        points = self._checked_X(X)
        log_prob = np.empty(len(points))
        parameters = self._fitted_parameters()
        for rows, core, some in _by_pattern(points, parameters):
            part = np.zeros(len(some))  # without observed features the density is 1
            if core is not None:
                core.score_samples(some, part)
            log_prob[rows] = part + parameters.shift
        return log_prob.astype(self._result_dtype(points), copy=False)

    @_log.observed("predict")
    def predict(self, X: ArrayLike) -> NDArray[np.int64]:
        """Return the most probable component of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points. In `GaussianMixture` NaN means missing.

        Returns
        -------
        ndarray of shape (n_samples,)
            Component indices, the first of equals.
        """
        check_is_fitted(self)
        if self._falls_back("predict", X):
            return self._sklearn_class.predict(self, X)  # type: ignore[no-any-return]
        return self._labels(self._checked_X(X))

    def _labels(self, points: Array) -> NDArray[np.int64]:
        labels = np.empty(len(points), dtype=np.int64)
        parameters = self._fitted_parameters()
        for rows, core, some in _by_pattern(points, parameters):
            part = np.full(len(some), np.argmax(parameters.core.log_weights))
            if core is not None:
                core.predict(some, part)
            labels[rows] = part
        return labels

    @_log.observed("predict_proba")
    def predict_proba(self, X: ArrayLike) -> Array:
        """Return the responsibility of each component for each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points. In `GaussianMixture` NaN means missing.

        Returns
        -------
        ndarray of shape (n_samples, n_components)
            Rows that sum to 1.

        Raises
        ------
        MemoryError
            If the result is larger than the memory available; raised before allocating.
        """
        check_is_fitted(self)
        if self._falls_back("predict_proba", X):
            return self._sklearn_class.predict_proba(self, X)  # type: ignore[no-any-return]
        points = self._checked_X(X)
        shape = (len(points), len(self.means_))
        mend = "pass fewer points at a time, or use predict"
        check_fits("X", points.shape, 8 * shape[0] * shape[1], mend)
        responsibilities = np.empty(shape)
        parameters = self._fitted_parameters()
        for rows, core, some in _by_pattern(points, parameters):
            part = np.tile(parameters.core.weights, (len(some), 1))
            if core is not None:
                core.predict_proba(some, part)
            responsibilities[rows] = part
        return responsibilities.astype(self._result_dtype(points), copy=False)

    def _checked_X(self, X: ArrayLike) -> Array:  # noqa: N802
        return validate_data(self, X, reset=False, ensure_all_finite=finiteness(self))  # type: ignore[no-any-return]

    def _result_dtype(self, points: Array) -> Any:
        is_single = points.dtype == np.float32 and self.means_.dtype == np.float32
        return np.float32 if is_single else np.float64

    def _falls_back(self, method: str, X: Any) -> bool:
        reason = reason_to_fall_back(self, foreign_array(X, self.means_))
        if reason is None:
            _log.accelerated(self, method)
        else:
            _log.fallback(self, method, reason)
        return reason is not None

    def _fitted_parameters(self) -> MixtureParameters:
        """Return the parameters of the fitted attributes, which a script may have set.

        scikit-learn computes with `precisions_cholesky_`. A script that sets it may leave
        `covariances_` as they were; then `precisions_cholesky_` takes precedence.
        """
        factors = np.asarray(self.precisions_cholesky_, dtype=np.float64)
        covariances = getattr(self, "covariances_", None)
        if covariances is None or not are_inverse(
            np.asarray(covariances), factors, self.covariance_type, _TOLERANCE
        ):
            covariances = covariances_of_precisions(factors, self.covariance_type)
        return mixture_parameters(
            self._em_log_weights(), self.means_, covariances, self.covariance_type
        )


def _by_pattern(
    points: Array, parameters: MixtureParameters
) -> Iterator[tuple[Any, _core.Mixture | None, Array]]:
    """Yield rows, the mixture of their observed features, if any, and these features."""
    points = np.ascontiguousarray(points, dtype=np.float64)
    if not has_nan(points):
        yield slice(None), parameters.core, points
        return
    for observed, rows in patterns(points):
        core = parameters.core.marginal(observed.tolist()) if len(observed) else None
        yield rows, core, points[np.ix_(rows, observed)]

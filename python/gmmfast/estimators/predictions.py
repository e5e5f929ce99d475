"""Log-densities, labels and responsibilities of a fitted estimator, computed by the core.

The methods are scikit-learn's, with the same checks and result types. Rows with missing
features are scored by the marginal mixture of their observed features.
"""

from __future__ import annotations

import copy
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from gmmfast import _core, _log
from gmmfast._arithmetic import allows_underflow
from gmmfast._memory import check_fits
from gmmfast._validation import describe
from gmmfast.estimators.collections import collections_of
from gmmfast.estimators.fallback import reason_to_fall_back
from gmmfast.estimators.training_data import finiteness, foreign_array
from gmmfast.estimators.versions import validate_data
from gmmfast.estimators.widening import with_sklearn_type
from gmmfast.fitting.em import EMMixture
from gmmfast.fitting.missing import has_nan, patterns
from gmmfast.mixture.parameters import covariances_of_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from gmmfast.fitting.parameters import MixtureParameters

    Array = NDArray[np.float64]


class FittedMixture(EMMixture):
    """The methods of a fitted mixture that take points.

    For collections of other libraries (see `gmmfast.dask`) they return lazy arrays.
    """

    #: scikit-learn's own class.
    _sklearn_class: Any

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
        collections = collections_of(X)
        if collections is not None:
            return collections.evaluated(X, self, "score_samples")  # type: ignore[no-any-return]
        if self._falls_back("score_samples", X):
            return self._sklearn_class.score_samples(with_sklearn_type(self), X)  # type: ignore[no-any-return]
        points = self._checked_X(X)
        log_prob = np.zeros(len(points))  # without observed features the density is 1
        parameters = self._fitted_parameters()
        for rows, core, some in _by_pattern(points, parameters):
            if core is not None:
                part = np.empty(len(some))
                core.score_samples(some, part)
                log_prob[rows] = part + parameters.shift
        return self._as_result(log_prob, points)

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
        collections = collections_of(X)
        if collections is not None:
            return collections.evaluated(X, self, "predict")  # type: ignore[no-any-return]
        if self._falls_back("predict", X):
            return self._sklearn_class.predict(with_sklearn_type(self), X)  # type: ignore[no-any-return]
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
        collections = collections_of(X)
        if collections is not None:
            return collections.evaluated(X, self, "predict_proba")  # type: ignore[no-any-return]
        if self._falls_back("predict_proba", X):
            return self._sklearn_class.predict_proba(with_sklearn_type(self), X)  # type: ignore[no-any-return]
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
        return self._as_result(responsibilities, points)

    @allows_underflow
    def sample(self, n_samples: int = 1) -> tuple[Array, NDArray[np.int64]]:
        """Draw points, as scikit-learn's `sample` does from the same `random_state`.

        A model without `covariances_` is sampled, too, and one of float32 weights that rounding
        made larger than 1 together.

        Parameters
        ----------
        n_samples : int, default=1
            Number of points.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            The points, component by component.
        y : ndarray of shape (n_samples,)
            The components from which they were drawn.

        Raises
        ------
        TypeError
            If `n_samples` is no whole number; scikit-learn takes bools and fractions, too.
        ValueError
            If `n_samples` is below 1.
        """
        check_is_fitted(self)
        count: Any = n_samples[()] if isinstance(n_samples, np.ndarray) else n_samples
        is_number = isinstance(count, Real) and not isinstance(count, bool)
        if not (is_number and count % 1 == 0):
            raise TypeError(f"n_samples: expected an integer, got {describe(n_samples)}")
        count = int(count)  # NumPy 1 takes no 3.0
        model: Any = with_sklearn_type(self)
        changes: dict[str, Array] = {}
        if foreign_array(self.weights_) is None:
            weights = np.asarray(self.weights_, dtype=np.float64)
            if weights[:-1].sum() > 1:
                changes["weights_"] = weights / weights.sum()
        if not hasattr(model, "covariances_") and hasattr(model, "precisions_cholesky_"):
            changes["covariances_"] = covariances_of_model(model)
        if changes:
            model = copy.copy(model)
            vars(model).update(changes)
        drawn: tuple[Array, NDArray[np.int64]] = super(FittedMixture, model).sample(count)  # type: ignore[misc]
        return drawn

    def _checked_X(self, X: ArrayLike) -> Array:  # noqa: N802
        return validate_data(self, X, reset=False, ensure_all_finite=finiteness(self))  # type: ignore[no-any-return]

    def _as_result(self, values: Array, points: Array) -> Array:
        """Return the values in float32 if points and parameters are float32."""
        is_single = points.dtype == np.float32 and self.means_.dtype == np.float32
        with np.errstate(over="ignore", under="ignore"):
            return values.astype(np.float32 if is_single else np.float64, copy=False)

    def _falls_back(self, method: str, X: Any) -> bool:
        reason = reason_to_fall_back(self, foreign_array(X, self.means_), method)
        if reason is None:
            _log.accelerated(self, method)
        else:
            _log.fallback(self, method, reason)
        return reason is not None


def _by_pattern(
    points: Array, parameters: MixtureParameters
) -> Iterator[tuple[Any, _core.Mixture | None, Array]]:
    """Yield rows, the mixture of their observed features, if any, and these features."""
    points = np.require(points, np.float64, ["C", "ALIGNED"])
    if not has_nan(points):
        yield slice(None), parameters.core, points
        return
    for observed, rows in patterns(points):
        core = parameters.core.marginal(observed.tolist()) if len(observed) else None
        yield rows, core, points[np.ix_(rows, observed)]

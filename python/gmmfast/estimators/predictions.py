"""Log-densities, labels and responsibilities of a fitted estimator, on the kernels.

scikit-learn's methods, with the same checks and types; rows with missing features are
scored by the mixture of the features that they have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from gmmfast import _core, _log
from gmmfast._memory import check_fits
from gmmfast.estimators.fallback import reason_to_fall_back
from gmmfast.estimators.moments import is_diagonal
from gmmfast.estimators.parameters import Model, covariances_of_precisions, model_of
from gmmfast.estimators.training_data import has_nan, patterns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

#: How far precisions_cholesky_ may be from an inverse root of covariances_ for both to
#: count as the same parameters.
_SAME = 1e-3


class Predictions:
    """What a fitted mixture says about rows; `AcceleratedMixture` fits it."""

    #: The class whose steps the kernels take; see `fallback.py`.
    _accelerated_class: type
    #: scikit-learn's own class.
    _sklearn_class: type
    _allows_nan = False

    # Of scikit-learn's estimators.
    covariance_type: str
    means_: Array
    covariances_: Array
    precisions_cholesky_: Array

    def _log_weights(self) -> Array:
        """Return log-weights of the present parameters, which need not sum to 1."""
        raise NotImplementedError

    def score_samples(self, X: ArrayLike) -> Array:
        """Return the log-density at each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points; in `GaussianMixture` NaN means missing, and the density is that of
            the other features.

        Returns
        -------
        ndarray of shape (n_samples,)
            log p(x), exact to rounding, also where p(x) underflows.
        """
        check_is_fitted(self)
        if self._falls_back("score_samples", X):
            return self._sklearn_class.score_samples(self, X)  # type: ignore[attr-defined,no-any-return]
        points = self._checked_X(X)
        log_prob = np.empty(len(points))
        model = self._fitted_model()
        for rows, core, some in _by_pattern(points, model):
            part = np.zeros(len(some))  # log p of nothing at all
            if core is not None:
                core.score_samples(some, part)
            log_prob[rows] = part + model.shift
        return log_prob.astype(self._result_dtype(points), copy=False)

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:
        """Return the most probable component of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points; in `GaussianMixture` NaN means missing.

        Returns
        -------
        ndarray of shape (n_samples,)
            Component indices, the first of equals.
        """
        check_is_fitted(self)
        if self._falls_back("predict", X):
            return self._sklearn_class.predict(self, X)  # type: ignore[attr-defined,no-any-return]
        return self._labels(X)

    def _labels(self, X: ArrayLike) -> NDArray[np.int64]:
        points = self._checked_X(X)
        labels = np.empty(len(points), dtype=np.int64)
        model = self._fitted_model()
        for rows, core, some in _by_pattern(points, model):
            part = np.full(len(some), np.argmax(model.core.log_weights))
            if core is not None:
                core.predict(some, part)
            labels[rows] = part
        return labels

    def predict_proba(self, X: ArrayLike) -> Array:
        """Return the responsibility of each component for each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points; in `GaussianMixture` NaN means missing.

        Returns
        -------
        ndarray of shape (n_samples, n_components)
            Rows that sum to 1.

        Raises
        ------
        MemoryError
            A result larger than the memory available; raised before allocating.
        """
        check_is_fitted(self)
        if self._falls_back("predict_proba", X):
            return self._sklearn_class.predict_proba(self, X)  # type: ignore[attr-defined,no-any-return]
        points = self._checked_X(X)
        shape = (len(points), len(self.means_))
        mend = "pass fewer points at a time, or use predict"
        check_fits("X", points.shape, 8 * shape[0] * shape[1], mend)
        shares = np.empty(shape)
        model = self._fitted_model()
        for rows, core, some in _by_pattern(points, model):
            part = np.tile(model.core.weights, (len(some), 1))
            if core is not None:
                core.predict_proba(some, part)
            shares[rows] = part
        return shares.astype(self._result_dtype(points), copy=False)

    def _checked_X(self, X: ArrayLike) -> Array:  # noqa: N802
        return validate_data(  # type: ignore[no-any-return]
            self, X, reset=False, ensure_all_finite="allow-nan" if self._allows_nan else True
        )

    def _result_dtype(self, points: Array) -> Any:
        is_single = points.dtype == np.float32 and self.means_.dtype == np.float32
        return np.float32 if is_single else np.float64

    def _falls_back(self, method: str, X: Any) -> bool:
        reason = reason_to_fall_back(self, self._accelerated_class, X, self.means_)
        if reason is None:
            _log.accelerated(self, method)
        else:
            _log.fallback(self, method, reason)
        return reason is not None

    def _fitted_model(self) -> Model:
        """Return the model of the fitted attributes, by whomever they were set.

        scikit-learn computes with `precisions_cholesky_`; scripts that set it themselves
        may have left `covariances_` behind, and then it is what counts.
        """
        factors = np.asarray(self.precisions_cholesky_, dtype=np.float64)
        covariances = getattr(self, "covariances_", None)
        if covariances is None or not _agree(
            np.asarray(covariances), factors, self.covariance_type
        ):
            covariances = covariances_of_precisions(factors, self.covariance_type)
        return model_of(self._log_weights(), self.means_, covariances, self.covariance_type)


def _agree(covariances: Array, factors: Array, covariance_type: str) -> bool:
    """Whether `factors @ factors.T` is the inverse of the covariances."""
    if covariances.shape != factors.shape:
        return False
    with np.errstate(all="ignore"):
        if is_diagonal(covariance_type):
            error = np.abs(factors**2 * covariances - 1).max()
        else:
            product = np.swapaxes(factors, -1, -2) @ covariances @ factors
            error = np.abs(product - np.eye(factors.shape[-1])).max()
    return bool(error <= _SAME)


def _by_pattern(points: Array, model: Model) -> Iterator[tuple[Any, _core.Mixture | None, Array]]:
    """Yield rows, the mixture of the features that they have, if any, and these features."""
    points = np.ascontiguousarray(points, dtype=np.float64)
    if not has_nan(points):
        yield slice(None), model.core, points
        return
    for observed, rows in patterns(points):
        core = model.core.marginal(observed.tolist()) if len(observed) else None
        yield rows, core, points[np.ix_(rows, observed)]

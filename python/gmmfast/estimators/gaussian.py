"""scikit-learn's mixture estimators, fitted and evaluated by the kernels of gmmfast.

Parameters, attributes, semantics, warnings and errors are scikit-learn's; what is more is
said at each method: weighted rows, chunks, missing values, progress. Arithmetic is float64,
also for float32 data, whose fitted attributes are rounded once at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import digamma
from sklearn.mixture import BayesianGaussianMixture as _SklearnBayesianGaussianMixture
from sklearn.mixture import GaussianMixture as _SklearnGaussianMixture
from sklearn.mixture._gaussian_mixture import _compute_precision_cholesky_from_precisions
from sklearn.utils._array_api import get_namespace

from gmmfast.estimators.em import ILL_DEFINED, AcceleratedMixture
from gmmfast.estimators.moments import entropy, unpacked
from gmmfast.estimators.notebook import ShowsPicture
from gmmfast.estimators.parameters import (
    covariances_of_precisions,
    model_of,
    precisions,
    precisions_cholesky,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from gmmfast import _core
    from gmmfast.estimators.initialization import Moments
    from gmmfast.estimators.parameters import Model
    from gmmfast.estimators.training_data import Samples

    Array = NDArray[np.float64]


class GaussianMixture(ShowsPicture, AcceleratedMixture, _SklearnGaussianMixture):  # type: ignore[misc]
    """scikit-learn's `GaussianMixture`, accelerated.

    The constructor, the fitted attributes and the methods are those of
    `sklearn.mixture.GaussianMixture`; from the same start each iteration gives the same
    parameters to rounding. Besides: `fit` takes `sample_weight`, chunks of rows, and rows
    with missing values (NaN); `partial_fit` takes rows as they come.

    Parameters
    ----------
    n_components, covariance_type, tol, reg_covar, max_iter, n_init, init_params, \
weights_init, means_init, precisions_init, random_state, warm_start, verbose, verbose_interval
        As in scikit-learn.

    Attributes
    ----------
    weights_, means_, covariances_, precisions_, precisions_cholesky_, converged_, n_iter_, \
lower_bound_, lower_bounds_, n_features_in_, feature_names_in_
        As in scikit-learn. `lower_bound_` is the mean log-likelihood of the rows, weighted
        if they are.

    Notes
    -----
    A step goes once through the rows in the order of a k-d tree, leaves out components
    that provably cannot change a statistic by more than rounding, and holds no array of
    (n_samples, n_components). The formulas are those of Bishop, Pattern Recognition and
    Machine Learning, 2006, section 9.2.2.

    `sample` is scikit-learn's own: whoever passes the same `random_state` gets the same
    points as without gmmfast. `Mixture.from_model(estimator).sample` draws other points of
    the same law, many times faster.

    Examples
    --------
    >>> import numpy as np
    >>> from gmmfast import GaussianMixture
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    >>> gm = GaussianMixture(n_components=2, random_state=0).fit(X)
    >>> gm.means_
    array([[10.,  2.],
           [ 1.,  2.]])
    >>> gm.predict([[0, 0], [12, 3]])
    array([1, 0])
    >>> gm.fit(X, sample_weight=[1, 1, 1, 3, 3, 3]).weights_
    array([0.75, 0.25])
    """

    _sklearn_class = _SklearnGaussianMixture
    _allows_nan = True

    def _needs_start(self) -> bool:
        given = (self.weights_init, self.means_init, self.precisions_init)
        return any(parameter is None for parameter in given)

    def _begin(self, some: Moments | None, weight: float) -> None:
        if some is not None:
            self.weights_ = some.counts / weight
            self.means_, self.covariances_ = some.means, some.covariances
        if self.weights_init is not None:
            self.weights_ = np.asarray(self.weights_init, dtype=np.float64)
        if self.means_init is not None:
            self.means_ = np.asarray(self.means_init, dtype=np.float64)
        if self.precisions_init is not None:
            xp, _ = get_namespace(self.precisions_init)
            factors = _compute_precision_cholesky_from_precisions(
                np.asarray(self.precisions_init, dtype=np.float64), self.covariance_type, xp=xp
            )
            self.covariances_ = covariances_of_precisions(factors, self.covariance_type)

    def _maximize(self, some: Moments) -> None:
        self.weights_ = some.counts / some.counts.sum()
        self.means_, self.covariances_ = some.means, some.covariances

    def _log_weights(self) -> Array:
        with np.errstate(divide="ignore"):
            logs: Array = np.log(np.asarray(self.weights_, dtype=np.float64))
        return logs

    def _bound(self, statistics: _core.Statistics, model: Model) -> Callable[[], float]:
        mean_log_prob = statistics.log_likelihood / statistics.weight + model.shift
        return lambda: mean_log_prob

    def _snapshot(self) -> tuple[Any, ...]:
        return self.weights_, self.means_, self.covariances_

    def _finish(self, parameters: tuple[Any, ...], dtype: Any) -> None:
        weights, means, covariances = parameters
        try:
            factors = precisions_cholesky(np.asarray(covariances), self.covariance_type)
        except np.linalg.LinAlgError:
            raise ValueError(ILL_DEFINED) from None
        fitted = {
            "weights_": weights,
            "means_": means,
            "covariances_": covariances,
            "precisions_cholesky_": factors,
            "precisions_": precisions(factors, self.covariance_type),
        }
        for name, values in fitted.items():
            setattr(self, name, np.asarray(values).astype(dtype, copy=False))


class BayesianGaussianMixture(
    ShowsPicture,
    AcceleratedMixture,
    _SklearnBayesianGaussianMixture,  # type: ignore[misc]
):
    """scikit-learn's `BayesianGaussianMixture`, accelerated.

    The constructor, the fitted attributes and the methods are those of
    `sklearn.mixture.BayesianGaussianMixture`; from the same start each iteration gives the
    same parameters to rounding. Besides: `fit` takes `sample_weight` and chunks of rows;
    `partial_fit` takes rows as they come.

    Parameters
    ----------
    n_components, covariance_type, tol, reg_covar, max_iter, n_init, init_params, \
weight_concentration_prior_type, weight_concentration_prior, mean_precision_prior, mean_prior, \
degrees_of_freedom_prior, covariance_prior, random_state, warm_start, verbose, verbose_interval
        As in scikit-learn.

    Attributes
    ----------
    weights_, means_, covariances_, precisions_, precisions_cholesky_, converged_, n_iter_, \
lower_bound_, lower_bounds_, weight_concentration_prior_, weight_concentration_, \
mean_precision_prior_, mean_precision_, mean_prior_, degrees_of_freedom_prior_, \
degrees_of_freedom_, covariance_prior_, n_features_in_, feature_names_in_
        As in scikit-learn.

    Notes
    -----
    A variational step is a step of EM under a mixture whose log-weights are expectations
    (Bishop, Pattern Recognition and Machine Learning, 2006, equations 10.46 to 10.49), so
    that it runs on the same kernel. The entropy of the responsibilities in the lower bound
    comes of the statistics of the step. `sample` is scikit-learn's own, as is that of
    `GaussianMixture`.

    Examples
    --------
    >>> import numpy as np
    >>> from gmmfast import BayesianGaussianMixture
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [4, 2], [12, 4], [10, 7]])
    >>> bgm = BayesianGaussianMixture(n_components=2, random_state=42).fit(X)
    >>> bgm.predict([[0, 0], [9, 3]])
    array([0, 1])
    """

    _sklearn_class = _SklearnBayesianGaussianMixture

    def _begin(self, some: Moments, weight: float) -> None:
        del weight  # posteriors count points
        self._maximize(some)

    def _maximize(self, some: Moments) -> None:
        self._estimate_weights(some.counts)
        self._estimate_means(some.counts, some.means)
        self._estimate_precisions(some.counts, some.means, some.covariances)

    def _estimate_precisions(self, nk: Array, xk: Array, sk: Array) -> None:
        # scikit-learn's formulas, but with the factors of all components at once.
        estimate = {
            "full": self._estimate_wishart_full,
            "tied": self._estimate_wishart_tied,
            "diag": self._estimate_wishart_diag,
            "spherical": self._estimate_wishart_spherical,
        }
        estimate[self.covariance_type](nk, xk, sk)
        try:
            self.precisions_cholesky_ = precisions_cholesky(
                self.covariances_, self.covariance_type
            )
        except np.linalg.LinAlgError:
            raise ValueError(ILL_DEFINED) from None

    def _log_weights(self) -> Array:
        # What E[log |precision|] and E[squared distance] add to a Gaussian's log-density at
        # the expected precision: see `_estimate_log_prob` of scikit-learn.
        n_features = self.means_.shape[1]
        halves = 0.5 * (self.degrees_of_freedom_ - np.arange(n_features)[:, np.newaxis])
        log_lambda = n_features * np.log(2.0) + digamma(halves).sum(axis=0)
        log_lambda = log_lambda - n_features * np.log(self.degrees_of_freedom_)
        weights: Array = self._estimate_log_weights() + 0.5 * (
            log_lambda - n_features / self.mean_precision_
        )
        return weights.astype(np.float64)

    def _bound(self, statistics: _core.Statistics, model: Model) -> Callable[[], float]:
        of_responsibilities = entropy(statistics, model)
        # scikit-learn's bound of responsibilities that are 1, whose entropy is 0.
        certain = np.zeros((1, 1))
        return lambda: float(np.sum(self._compute_lower_bound(certain, 0.0) + of_responsibilities))

    def _snapshot(self) -> tuple[Any, ...]:
        return self._get_parameters()  # type: ignore[no-any-return]

    def _finish(self, parameters: tuple[Any, ...], dtype: Any) -> None:
        del dtype  # scikit-learn's own are float64 in part whatever the data are
        self._set_parameters(parameters)

    def _set_weighted_priors(self, samples: Samples) -> None:
        if self.mean_prior is not None and self.covariance_prior is not None:
            return
        mean, covariance = _weighted_mean_and_covariance(samples)
        if self.mean_prior is None:
            self.mean_prior_ = mean
        if self.covariance_prior is None:
            variances = np.diagonal(covariance)
            self.covariance_prior_ = {
                "full": covariance,
                "tied": covariance,
                "diag": variances,
                "spherical": variances.mean(),
            }[self.covariance_type]


def _weighted_mean_and_covariance(samples: Samples) -> tuple[Array, Array]:
    """Return what `np.cov` gives of rows that are repeated as often as they weigh."""
    if samples.weight <= 1:
        raise ValueError(
            "sample_weight: expected a sum above 1 to tell a covariance from, got "
            f"{samples.weight}; weights count rows: scale them up, or pass covariance_prior "
            "and mean_prior"
        )
    # Of one component, whatever its parameters, all points are members.
    mean = np.zeros((1, samples.n_features))
    spread = np.eye(samples.n_features)[None]
    for _ in range(2):  # about 0 first, then about the mean, or digits are lost
        statistics = samples.statistics(model_of(np.zeros(1), mean, spread, "full"))
        mean = mean + statistics.sums / samples.weight
    scatter = unpacked(statistics.scatters, samples.n_features)[0]
    return mean[0], scatter / (samples.weight - 1)


for _each in (GaussianMixture, BayesianGaussianMixture):
    _each._accelerated_class = _each  # noqa: SLF001

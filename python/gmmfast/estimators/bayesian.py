"""scikit-learn's `BayesianGaussianMixture`, fitted and evaluated by the core.

Parameters, attributes, semantics, warnings and errors are scikit-learn's; the methods document
the additions. A variational step is a step of EM under a mixture whose log-weights are
expectations, and runs on the same code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.mixture import BayesianGaussianMixture as _SklearnBayesianGaussianMixture
from sklearn.utils._param_validation import StrOptions

from gmmfast.estimators.base import AcceleratedMixture
from gmmfast.estimators.notebook import ShowsPicture
from gmmfast.estimators.widening import with_sklearn_type
from gmmfast.fitting.moments import entropy
from gmmfast.fitting.parameters import mixture_parameters
from gmmfast.mixture.layouts import (
    COVARIANCE_TYPES,
    ONE_VARIANCE,
    components,
    of_matrix,
    precisions_cholesky,
    unpacked,
)
from gmmfast.mixture.parameters import expected_log_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gmmfast import _core
    from gmmfast.fitting.moments import Moments
    from gmmfast.fitting.parameters import MixtureParameters
    from gmmfast.fitting.samples import Samples

    Array = NDArray[np.float64]


class BayesianGaussianMixture(
    ShowsPicture,
    AcceleratedMixture,
    _SklearnBayesianGaussianMixture,  # type: ignore[misc]
):
    """scikit-learn's `BayesianGaussianMixture`, accelerated.

    The constructor, the fitted attributes and the methods are those of
    `sklearn.mixture.BayesianGaussianMixture`; from the same initialization each iteration
    gives the same parameters to rounding. In addition, `fit` takes `sample_weight` and chunks
    of rows, and `partial_fit` takes rows in batches.

    Parameters
    ----------
    n_components, covariance_type, tol, reg_covar, max_iter, n_init, init_params, \
weight_concentration_prior_type, weight_concentration_prior, mean_precision_prior, mean_prior, \
degrees_of_freedom_prior, covariance_prior, random_state, warm_start, verbose, verbose_interval
        As in scikit-learn. Also covariance types "tied-diag", a variance for each feature that
        all components share, and "tied-spherical", one variance for all; `covariance_prior` is
        then of shape (n_features,), or a float.

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
    (Bishop, Pattern Recognition and Machine Learning, 2006, equations 10.46 to 10.49).
    The entropy of the responsibilities in the lower bound is computed from the statistics of
    the step. `sample` is scikit-learn's own, as is that of
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
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **_SklearnBayesianGaussianMixture._parameter_constraints,
        "covariance_type": [StrOptions(set(COVARIANCE_TYPES))],
    }

    def _em_set_initial(self, some: Moments | None, weight: float) -> None:
        del weight  # the counts are enough for the posteriors
        if some is not None:
            self._em_m_step(some)

    def _em_m_step(self, some: Moments) -> None:
        self._estimate_weights(some.counts)
        self._estimate_means(some.counts, some.means)
        self._em_estimate_precisions(some.counts, some.means, some.covariances)

    def _em_estimate_precisions(self, nk: Array, xk: Array, sk: Array) -> None:
        # scikit-learn's formulas, with the factors of all components computed at once.
        estimate = {
            "full": self._estimate_wishart_full,
            "tied": self._estimate_wishart_tied,
            "diag": self._estimate_wishart_diag,
            "spherical": self._estimate_wishart_spherical,
            "tied-diag": self._em_estimate_wishart_tied_variances,
            "tied-spherical": self._em_estimate_wishart_tied_variances,
        }
        estimate[self.covariance_type](nk, xk, sk)
        try:
            self.precisions_cholesky_ = precisions_cholesky(
                self.covariances_, self.covariance_type
            )
        except np.linalg.LinAlgError:
            raise ValueError(self._ill_defined) from None

    def _em_estimate_wishart_tied_variances(self, nk: Array, xk: Array, sk: Array) -> None:
        # The diagonal of the formula for "tied", or the mean of the diagonal.
        total, precision = nk.sum(), self.mean_precision_prior_
        squares = (nk / self.mean_precision_) @ np.square(xk - self.mean_prior_)
        between = of_matrix(np.diag(squares), self.covariance_type)
        self.degrees_of_freedom_ = self.degrees_of_freedom_prior_ + total / self.n_components
        within = sk * total + precision * between
        covariances = self.covariance_prior_ + within / self.n_components
        self.covariances_ = covariances / self.degrees_of_freedom_

    def _em_log_weights(self) -> Array:
        weights = expected_log_weights(self)
        assert weights is not None  # noqa: S101 (the attributes are those of a variational fit)
        return weights

    def _em_bound_term(self, statistics: _core.Statistics, parameters: MixtureParameters) -> float:
        return entropy(statistics, parameters)

    def _em_lower_bound(self, term: float) -> float:
        # scikit-learn's bound for responsibilities of 1, with entropy 0, plus the entropy.
        certain = np.zeros((1, 1))
        bound = with_sklearn_type(self)._compute_lower_bound
        return float(np.sum(bound(certain, 0.0) + term))

    def _em_show(self) -> tuple[Array, Array]:
        shown = super()._em_show()
        self._set_parameters(self._get_parameters())  # weights_, for pictures during the fit
        return shown

    def _em_get_parameters(self) -> tuple[Any, ...]:
        return self._get_parameters()  # type: ignore[no-any-return]

    def _em_set_parameters(self, parameters: tuple[Any, ...]) -> None:
        self._set_parameters(parameters)

    def _em_set_fitted(self, parameters: tuple[Any, ...], dtype: Any) -> None:
        del dtype  # in scikit-learn, too, some attributes are float64 for any data
        self._set_parameters(parameters)

    def _drop_empty(self) -> None:
        """Remove the components that hold less than one point, except the fullest."""
        # The first parameter of a component's stick is 1 more than its count.
        counts = self.weight_concentration_[0] - 1
        kept = np.flatnonzero(counts >= min(1, counts.max()))
        self.set_params(n_components=len(kept))
        self._estimate_weights(counts[kept])  # the sticks of the others
        for name in ("mean_precision_", "means_"):
            setattr(self, name, getattr(self, name)[kept])
        for name in ("degrees_of_freedom_", "covariances_", "precisions_cholesky_"):
            setattr(self, name, components(getattr(self, name), self.covariance_type, kept))
        self._set_parameters(self._get_parameters())  # weights and precisions

    def _em_set_priors(self, samples: Samples) -> None:
        if self.mean_prior is not None and self.covariance_prior is not None:
            return
        mean, covariance = _weighted_mean_and_covariance(samples)
        if self.mean_prior is None:
            self.mean_prior_ = mean
        if self.covariance_prior is None:
            prior = of_matrix(covariance, self.covariance_type)
            self.covariance_prior_ = prior[0] if self.covariance_type in ONE_VARIANCE else prior


def _weighted_mean_and_covariance(samples: Samples) -> tuple[Array, Array]:
    """Return the mean and `np.cov` of the rows, with the weights as repetitions."""
    if samples.weight <= 1:
        raise ValueError(
            "sample_weight: expected a sum above 1 to tell a covariance from, got "
            f"{samples.weight}; weights count rows: scale them up, or pass covariance_prior "
            "and mean_prior"
        )
    # Under a single component, with any parameters, all responsibilities are 1.
    mean = np.zeros((1, samples.n_features))
    spread = np.eye(samples.n_features)[None]
    for _ in range(2):  # about 0, then about the mean to keep all digits
        statistics = samples.statistics(mixture_parameters(np.zeros(1), mean, spread, "full"))
        mean = mean + statistics.sums / samples.weight
    scatter = unpacked(statistics.scatters, samples.n_features)[0]
    return mean[0], scatter / (samples.weight - 1)

"""scikit-learn's `GaussianMixture`, fitted and evaluated by the core.

Parameters, attributes, semantics, warnings and errors are scikit-learn's; the methods document
the additions: sample weights, chunks, missing values, progress. Arithmetic is float64. Fitted
attributes of float32 data are rounded once at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.mixture import GaussianMixture as _SklearnGaussianMixture
from sklearn.mixture._base import _check_shape
from sklearn.mixture._gaussian_mixture import (
    _check_precision_positivity,
    _compute_precision_cholesky_from_precisions,
)
from sklearn.utils import check_array
from sklearn.utils._param_validation import StrOptions

from gmmfast.estimators.base import AcceleratedMixture
from gmmfast.estimators.notebook import ShowsPicture
from gmmfast.estimators.versions import with_namespace
from gmmfast.fitting.gaussian import GaussianSteps
from gmmfast.mixture.layouts import (
    COVARIANCE_TYPES,
    WIDER,
    covariances_of_precisions,
    layouts,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gmmfast.fitting.moments import Moments

    Array = NDArray[np.float64]


class GaussianMixture(
    ShowsPicture,
    GaussianSteps,
    AcceleratedMixture,
    _SklearnGaussianMixture,  # type: ignore[misc]
):
    """scikit-learn's `GaussianMixture`, accelerated.

    The constructor, the fitted attributes and the methods are those of
    `sklearn.mixture.GaussianMixture`; from the same initialization each iteration gives the same
    parameters to rounding. In addition, `fit` takes `sample_weight`, chunks of rows, and rows
    with missing values (NaN), and `partial_fit` takes rows in batches.

    Parameters
    ----------
    n_components, covariance_type, tol, reg_covar, max_iter, n_init, init_params, \
weights_init, means_init, precisions_init, random_state, warm_start, verbose, verbose_interval
        As in scikit-learn. Also covariance types "tied-diag", a variance for each feature that
        all components share, and "tied-spherical", one variance for all.

    Attributes
    ----------
    weights_, means_, covariances_, precisions_, precisions_cholesky_, converged_, n_iter_, \
lower_bound_, lower_bounds_, n_features_in_, feature_names_in_
        As in scikit-learn. Covariances and precisions have shape (n_features,) for "tied-diag"
        and (1,) for "tied-spherical". `lower_bound_` is the mean log-likelihood of the rows, with
        `sample_weight` the weighted mean.

    Notes
    -----
    A step reads the rows once, in the order of a k-d tree, skips components that provably
    cannot change a statistic by more than rounding, and holds no array of (n_samples,
    n_components). The formulas are those of Bishop, Pattern Recognition and
    Machine Learning, 2006, section 9.2.2.

    `sample` is scikit-learn's own: the same `random_state` gives the same points as without
    gmmfast. `Mixture.from_model(estimator).sample` draws other points from the same
    distribution, many times faster.

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
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **_SklearnGaussianMixture._parameter_constraints,
        "covariance_type": [StrOptions(set(COVARIANCE_TYPES))],
    }

    def _em_check_parameters(self, points: Array) -> None:
        kind, given = self.covariance_type, self.precisions_init
        if kind in WIDER and given is not None:
            values = check_array(given, ensure_2d=False, dtype=[np.float64, np.float32])
            shape = layouts((self.n_components, points.shape[1]))[kind]
            _check_shape(values, shape, f"{kind} precision")
            _check_precision_positivity(values, kind)
        super()._em_check_parameters(points)

    def _em_needs_initialization(self) -> bool:
        given = (self.weights_init, self.means_init, self.precisions_init)
        return any(parameter is None for parameter in given)

    def _em_set_initial(self, some: Moments | None, weight: float) -> None:
        super()._em_set_initial(some, weight)
        if self.weights_init is not None:
            self.weights_ = np.asarray(self.weights_init, dtype=np.float64)
        if self.means_init is not None:
            self.means_ = np.asarray(self.means_init, dtype=np.float64)
        if self.precisions_init is not None:
            factors = with_namespace(
                _compute_precision_cholesky_from_precisions,
                np.asarray(self.precisions_init, dtype=np.float64),
                self.covariance_type,
            )
            self.covariances_ = covariances_of_precisions(factors, self.covariance_type)

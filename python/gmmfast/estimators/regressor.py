"""Gaussian mixture regression as a scikit-learn estimator.

A mixture is fitted to inputs and outputs together. The prediction is the mean of the outputs'
conditional distribution given the inputs; its standard deviation and samples of it are available,
too. The parameters are those of `GaussianMixture`, the names of methods and arguments those of
scikit-learn's `GaussianProcessRegressor`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, _fit_context
from sklearn.utils.validation import check_is_fitted

from gmmfast import _log
from gmmfast._memory import check_fits
from gmmfast._random import seed_of
from gmmfast._validation import check_count, check_n_threads
from gmmfast.estimators.fallback import reason_to_fall_back
from gmmfast.estimators.gaussian import GaussianMixture
from gmmfast.estimators.versions import validate_data
from gmmfast.mixture import Mixture
from gmmfast.mixture.conditioning import Conditioning

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gmmfast.fitting.report import Progress

    Array = NDArray[np.float64]

#: Attributes of the fitted mixture that the regressor repeats.
_OF_THE_FIT = ("converged_", "n_iter_", "lower_bound_")


class GaussianMixtureRegressor(MultiOutputMixin, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Regression by the conditional of a Gaussian mixture over inputs and outputs.

    A joint mixture p(X, y) is fitted by `GaussianMixture`. The conditional p(y | X) is a
    mixture of linear regressions whose weights depend on X (Bishop, Pattern Recognition and
    Machine Learning, 2006, section 2.3.1, for each component). The prediction is its mean.
    One component is linear regression; more components give a curve, and a standard deviation
    that depends on X.

    Parameters
    ----------
    n_components, covariance_type, tol, reg_covar, max_iter, n_init, init_params, \
weights_init, means_init, precisions_init, random_state, warm_start, verbose, verbose_interval
        As in `GaussianMixture`, for the joint mixture, whose features are those of X, then
        the outputs. With a covariance type other than "full" and "tied" inputs and
        outputs are uncorrelated within a component, which then predicts its mean.

    Attributes
    ----------
    mixture_ : GaussianMixture
        The fitted joint mixture, over the features of X and then the outputs.
    n_outputs_ : int
        Number of outputs.
    converged_, n_iter_, lower_bound_
        The attributes of `mixture_`.
    n_features_in_ : int
        Number of features of X.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the features of X, if they are all strings.

    See Also
    --------
    Mixture.condition : Conditions any mixture on any features.

    Examples
    --------
    >>> import numpy as np
    >>> from gmmfast import GaussianMixtureRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(-4, 1, (500, 1)), rng.normal(4, 1, (500, 1))])
    >>> y = np.abs(X[:, 0]) + rng.normal(0, 0.1, 1000) * np.where(X[:, 0] < 0, 1, 9)
    >>> regressor = GaussianMixtureRegressor(2, random_state=0).fit(X, y)
    >>> mean, std = regressor.predict([[-4.0], [5.0]], return_std=True)
    >>> mean.round(1), std.round(1)
    (array([4., 5.]), array([0.1, 0.9]))
    >>> regressor.sample_y([[-4.0], [5.0]], n_samples=3).shape
    (2, 3)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {**GaussianMixture._parameter_constraints}

    def __init__(  # noqa: PLR0913 (scikit-learn's)
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        tol: float = 1e-3,
        reg_covar: float = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        init_params: str = "kmeans",
        weights_init: ArrayLike | None = None,
        means_init: ArrayLike | None = None,
        precisions_init: ArrayLike | None = None,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: int = 0,
        verbose_interval: int = 10,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval

    @_log.observed("fit")
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(  # noqa: PLR0913 (a user's choices, by name)
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        progress: Progress = None,
        acceleration: str | None = None,
        n_threads: int | None = None,
    ) -> Self:
        """Fit the joint mixture of inputs and outputs.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Outputs.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts: a row of weight 3 is three rows.
        progress, acceleration, n_threads
            As in `GaussianMixture.fit`, of the rows of the joint mixture.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            As in `GaussianMixture.fit`.
        """
        inputs, y = validate_data(
            self,
            X,
            y,
            dtype=np.float64,
            multi_output=True,
            y_numeric=True,
            ensure_min_samples=2,
        )
        outputs = np.asarray(y, dtype=np.float64).reshape(len(inputs), -1)
        joint = np.concatenate([inputs, outputs], axis=1)
        before = getattr(self, "mixture_", None) if self.warm_start else None
        mixture = GaussianMixture() if before is None else before
        reason = reason_to_fall_back(mixture, None)  # then the mixture's fit reports it
        mixture.set_params(**self.get_params(deep=False)).fit(
            joint,
            sample_weight=sample_weight,
            progress=progress,
            acceleration=acceleration,
            n_threads=n_threads,
        )
        self.mixture_ = mixture
        for name in _OF_THE_FIT:
            setattr(self, name, getattr(mixture, name))
        self.n_outputs_ = outputs.shape[1]
        self._is_flat = np.ndim(y) == 1
        self._prepare()
        if reason is None:
            _log.accelerated(self, "fit")
        return self

    def _prepare(self) -> None:
        """Factorize the conditional once for all predictions."""
        given = list(range(self.n_features_in_))
        self._conditioning = Conditioning(Mixture.from_model(self.mixture_), given)

    @_log.observed("predict")
    def predict(
        self,
        X: ArrayLike,
        return_std: bool = False,  # noqa: FBT001, FBT002 (scikit-learn's)
        return_cov: bool = False,  # noqa: FBT001, FBT002
        *,
        n_threads: int | None = None,
    ) -> Any:
        """Predict outputs by their mean given the inputs.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.
        return_std : bool, default=False
            Whether to also return the outputs' standard deviations.
        return_cov : bool, default=False
            Whether to also return the outputs' covariances at each sample. Unlike those of
            a Gaussian process they are between outputs: samples are independent.
        n_threads : int, optional
            Number of threads; by default all that the process may use.

        Returns
        -------
        y_mean : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            E[y | X], shaped as the y of `fit`; exact to rounding, and finite far from all
            training data.
        y_std : ndarray of shape (n_samples,) or (n_samples, n_outputs), optional
            Standard deviations; with `return_std`.
        y_cov : ndarray of shape (n_samples, n_outputs, n_outputs), optional
            Covariances; with `return_cov`.

        Raises
        ------
        ValueError
            If both `return_std` and `return_cov` are set, or if X is not valid.
        """
        check_is_fitted(self, "mixture_")
        if return_std and return_cov:
            raise ValueError(
                "return_std: expected at most one of return_std and return_cov, got both; "
                "variances are the diagonals of the covariances"
            )
        values, threads = self._checked(X), check_n_threads(n_threads)
        _log.accelerated(self, "predict")
        if return_std:
            mean, std = self._conditioning.mean_and_std(values, threads)
            return self._shaped(mean), self._shaped(std)
        if return_cov:
            mean, cov = self._conditioning.mean_and_covariance(values, threads)
            return self._shaped(mean), cov
        return self._shaped(self._conditioning.mean(values, threads))

    @_log.observed("sample_y")
    def sample_y(
        self,
        X: ArrayLike,
        n_samples: int = 1,
        random_state: Any = 0,
        *,
        n_threads: int | None = None,
    ) -> NDArray[np.float64]:
        """Draw outputs given the inputs.

        Parameters
        ----------
        X : array-like of shape (n_samples_X, n_features)
            Inputs.
        n_samples : int, default=1
            Number of draws at each of the inputs.
        random_state : int, RandomState instance or None, default=0
            The seed. Equal seeds give equal draws; see the Glossary of scikit-learn.
        n_threads : int, optional
            Number of threads; by default all that the process may use.

        Returns
        -------
        ndarray of shape (n_samples_X, n_samples) or (n_samples_X, n_outputs, n_samples)
            Independent draws from p(y | X), without the axis of outputs if y of `fit` was 1-D.
        """
        check_is_fitted(self, "mixture_")
        count, threads = check_count("n_samples", n_samples), check_n_threads(n_threads)
        values = self._checked(X)
        shape = (len(values), self.n_outputs_, count)
        check_fits("n_samples", count, 8 * shape[0] * shape[1] * count, "draw fewer samples")
        seed = seed_of(random_state)
        _log.accelerated(self, "sample_y")
        draws = np.empty(shape)
        for sample in range(count):
            first = sample * len(values)
            draws[:, :, sample] = self._conditioning.sample(values, seed, first, threads)
        return draws[:, 0] if self._is_flat else draws

    def _checked(self, X: ArrayLike) -> Array:
        """Return inputs as finite C-contiguous float64 rows.

        Arrays that scikit-learn's checks would return unchanged bypass these checks, which take
        longer than a prediction.
        """
        is_plain = (
            type(X) is np.ndarray
            and X.dtype == np.float64
            and X.ndim == 2
            and X.shape[1] == self.n_features_in_
            and X.shape[0] > 0
            and X.flags.carray
            and not hasattr(self, "feature_names_in_")
        )
        if is_plain and np.isfinite(X).all():
            return X  # type: ignore[return-value]
        values = validate_data(self, X, reset=False, dtype=np.float64)
        return np.require(values, requirements=["C", "ALIGNED"])

    def _shaped(self, outputs: Array) -> Array:
        return outputs[:, 0] if self._is_flat else outputs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.single_output = True
        return tags

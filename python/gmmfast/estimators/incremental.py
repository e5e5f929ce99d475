"""Fits in batches: `partial_fit`, by the statistics of all rows given so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from sklearn.base import _fit_context

from gmmfast import _core, _log
from gmmfast._arithmetic import allows_underflow
from gmmfast._random import random_state_of
from gmmfast._validation import check_n_threads
from gmmfast.estimators.fallback import reason_to_fall_back
from gmmfast.estimators.predictions import FittedMixture
from gmmfast.estimators.training_data import training_data
from gmmfast.fitting.initialization import initialize
from gmmfast.fitting.moments import arrays_of, merged, moments, recentered

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class IncrementalMixture(FittedMixture):
    """The fit of a mixture to rows that come in batches."""

    # The covariance type, and the arguments of `_core.Statistics`, of the rows of partial_fit.
    _seen: tuple[Any, ...]

    @_log.observed("partial_fit")
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    @allows_underflow
    def partial_fit(
        self,
        X: Any,
        y: Any = None,  # noqa: ARG002 (scikit-learn's convention)
        sample_weight: ArrayLike | None = None,
        *,
        n_threads: int | None = None,
    ) -> Self:
        """Take one step of EM with the statistics of all rows given so far.

        The statistics of the rows under the current parameters are added to those of
        earlier rows, which stay as they were, and the parameters are estimated from the
        sum: a batch never replaces what earlier batches contributed (incremental EM: Neal
        and Hinton, A view of the EM algorithm that justifies incremental, sparse, and
        other variants, 1998). The first call initializes as `fit` does, from its rows; it
        discards the parameters of an earlier `fit`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or chunks
            As for `fit`. The first call needs at least as many rows as components.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.
        n_threads : int, optional
            Number of threads; by default all that the process may use.

        Returns
        -------
        self
            The estimator, with parameters estimated from all rows so far.

        Raises
        ------
        ValueError
            If `fit` would raise it, or if `n_components` or `covariance_type` have changed
            since the first call.
        """
        data = training_data(X, sample_weight)
        reason = reason_to_fall_back(self, data.foreign)
        if reason is not None:
            raise NotImplementedError(f"partial_fit: scikit-learn has none, and {reason}")
        is_first = not hasattr(self, "_seen")
        threads = check_n_threads(n_threads)
        if not is_first:
            self._check_same_kind()
        samples = data.samples(self, threads, reset=is_first, least=1)
        if is_first:
            self._em_begin(samples)
            self._em_initialize(samples, random_state_of(self.random_state), initialize)
        elif samples.weight == 0:
            return self
        parameters = self._em_parameters() if is_first else self._fitted_parameters()
        statistics = samples.statistics(parameters)
        if not is_first:
            seen = recentered(_core.Statistics(*self._seen[1:]), parameters.core.means)
            statistics = merged(seen, statistics)
        some, _ = moments(statistics, self.covariance_type, self.reg_covar)
        self._em_m_step(some)
        self._seen = self.covariance_type, *arrays_of(statistics)
        self.n_iter_ = 1 if is_first else self.n_iter_ + 1
        self.lower_bound_ = statistics.log_likelihood / statistics.weight + parameters.shift
        self.converged_, self.lower_bounds_ = False, []
        self._em_set_fitted(self._em_get_parameters(), samples.dtype)
        _log.accelerated(self, "partial_fit")
        return self

    def _check_same_kind(self) -> None:
        """Raise ValueError if the parameters do not match the statistics seen so far."""
        covariance_type, centers, *_ = self._seen
        then = {"n_components": len(centers), "covariance_type": covariance_type}
        for name, value in then.items():
            if getattr(self, name) != value:
                raise ValueError(
                    f"{name}: expected {value!r}, as in the first partial_fit, got "
                    f"{getattr(self, name)!r}; clone the estimator to begin anew"
                )

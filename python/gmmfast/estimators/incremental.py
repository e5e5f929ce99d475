"""Fits of rows as they come: a step of EM for each batch, with all that was seen before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.base import _fit_context
from sklearn.utils import check_random_state

from gmmfast import _core, _log
from gmmfast._validation import check_n_threads
from gmmfast.estimators.fallback import reason_to_fall_back
from gmmfast.estimators.initialization import moments, start
from gmmfast.estimators.inputs import checked_points
from gmmfast.estimators.moments import is_diagonal, merged, recentred
from gmmfast.estimators.training_data import samples_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class IncrementalFits:
    """`partial_fit` of a mixture, on the methods that `AcceleratedMixture` fits by."""

    # Arrays of the statistics that it has seen.
    _seen: tuple[Any, ...]

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(
        self: Any,
        X: ArrayLike,
        y: Any = None,  # noqa: ARG002 (scikit-learn's convention)
        sample_weight: ArrayLike | None = None,
        *,
        n_threads: int | None = None,
    ) -> Any:
        """Take one step of EM with the statistics of all rows given so far.

        The rows' statistics under the present parameters are added to those of the rows
        that came before, which stay as they were, and the parameters are estimated from
        the sum: no chunk ever overwrites what others said (incremental EM: Neal and
        Hinton, A view of the EM algorithm that justifies incremental, sparse, and other
        variants, 1998). The first call starts as `fit` does, from its rows; a model that
        `fit` has fitted is begun anew.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The first call needs at least as many rows as components.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.
        n_threads : int, optional
            Number of threads; by default all that the process may use.

        Returns
        -------
        self
            With the parameters that all rows so far give.

        Raises
        ------
        ValueError
            As `fit`; and if `n_components` or `covariance_type` have changed since the
            first call.
        """
        reason = reason_to_fall_back(self, self._accelerated_class, X)
        if reason is not None:
            raise NotImplementedError(f"partial_fit: scikit-learn has none, and {reason}")
        is_first = not hasattr(self, "_seen")
        threads = check_n_threads(n_threads)
        if not is_first:
            _check_same_kind(self)
        points, weights = checked_points(self, X, sample_weight, reset=is_first, least=1)
        samples = samples_of(points, weights, threads)
        if is_first:
            self._begin_fit(samples, points)
            random_state = check_random_state(self.random_state)
            self._start(self._start_samples(samples), random_state, start)
        elif samples.weight == 0:
            return self  # rows of weight 0 are none
        model = self._present_model() if is_first else self._fitted_model()
        statistics = samples.statistics(model)
        if not is_first:
            seen = recentred(_core.Statistics(*self._seen), model.core.means)
            statistics = merged(seen, statistics)
        some, _ = moments(statistics, self.covariance_type, self.reg_covar)
        self._maximize(some)
        self._seen = (
            statistics.centers,
            statistics.counts,
            statistics.sums,
            statistics.scatters,
            statistics.log_likelihood,
            statistics.weight,
        )
        mean_log_prob = statistics.log_likelihood / statistics.weight + model.shift
        self.n_iter_ = getattr(self, "n_iter_", 0) * (not is_first) + 1
        self.lower_bound_, self.converged_ = mean_log_prob, False
        self.lower_bounds_: list[float] = []
        self._finish(self._snapshot(), points.dtype)
        _log.accelerated(self, "partial_fit")
        return self


def _check_same_kind(estimator: Any) -> None:
    """Raise ValueError unless what was seen is of as many components and the same scatters."""
    _, counts, sums, scatters, *_ = estimator._seen  # noqa: SLF001
    now = estimator.n_components, is_diagonal(estimator.covariance_type)
    then = len(counts), scatters.shape[1] == sums.shape[1] > 1
    if now[0] != then[0]:
        raise ValueError(
            f"n_components: expected {then[0]}, as in the first partial_fit, got {now[0]}; "
            "clone the estimator to begin anew"
        )
    if sums.shape[1] > 1 and now[1] != then[1]:
        kinds = "'diag' or 'spherical'" if then[1] else "'full' or 'tied'"
        raise ValueError(
            f"covariance_type: expected {kinds}, as in the first call of partial_fit, got "
            f"{estimator.covariance_type!r}; clone the estimator to begin anew"
        )

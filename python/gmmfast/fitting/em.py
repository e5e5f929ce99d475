"""The EM loop of all fits: initialize, E step, M step, lower bound, stop.

The loop is that of scikit-learn's `BaseMixture.fit_predict`, with the same order of checks,
random numbers and attributes, but needs no scikit-learn. Its E step returns sufficient statistics
instead of an array of (n_samples, n_components). Mixtures differ in the methods `_em_...` that
they override; the prefix keeps these apart from the private methods of scikit-learn's estimators.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from gmmfast._arithmetic import allows_underflow
from gmmfast._random import random_state_of
from gmmfast.fitting.checkpoints import FitState, fit_of
from gmmfast.fitting.initialization import InitOptions, initialize
from gmmfast.fitting.moments import Moments, moments
from gmmfast.fitting.momentum import Momentum
from gmmfast.fitting.parameters import MixtureParameters, mixture_parameters, typical_stds
from gmmfast.fitting.report import Report
from gmmfast.mixture.layouts import precisions_cholesky
from gmmfast.mixture.parameters import covariances_of_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gmmfast import _core
    from gmmfast.fitting.checkpoints import Checkpoint
    from gmmfast.fitting.initialization import Initializer
    from gmmfast.fitting.report import Progress
    from gmmfast.fitting.samples import Samples

    Array = NDArray[np.float64]

#: Attributes of `fit_image`, `select_n_components` and `partial_fit`, deleted by another fit.
_OF_OTHER_FITS = ("extent_", "image_shape_", "kind_", "selection_", "_seen")


class _Run(NamedTuple):
    """The outcome of one initialization."""

    lower_bounds: list[float]
    converged: bool
    parameters: tuple[Any, ...]

    @property
    def lower_bound(self) -> float:
        return self.lower_bounds[-1] if self.lower_bounds else -np.inf


class _Course(NamedTuple):
    """How the iterations of one initialization run."""

    report: Report
    #: What `fit_of` returns, if there is a checkpoint.
    fit: dict[str, Any]
    momentum: Momentum | None = None
    checkpoint: Checkpoint | None = None
    #: The state of an earlier fit from which this one goes on.
    resumed: FitState | None = None


class EMMixture:
    """A mixture that is fitted by EM on sufficient statistics."""

    # Parameters and attributes of scikit-learn's estimators.
    n_components: int
    covariance_type: str
    reg_covar: float
    init_params: str
    tol: float
    max_iter: int
    n_init: int = 1
    warm_start: bool = False
    random_state: Any = None
    weights_: Array
    means_: Array
    covariances_: Array
    precisions_cholesky_: Array
    lower_bound_: float

    #: The message of a covariance that is not positive definite.
    _ill_defined = (
        "Fitting the mixture model failed because some components have ill-defined empirical "
        "covariance (for instance caused by singleton or collapsed samples). Try to decrease "
        "the number of components, increase reg_covar, or scale the input data."
    )

    def _fit_in_memory(
        self,
        samples: Samples,
        progress: Progress,
        initialize: Initializer = initialize,
        acceleration: str | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> Self:
        """Fit to checked samples, which other fits may share, without warnings."""
        report = Report(progress, self.max_iter)
        self._em_fit(samples, report, initialize, acceleration, checkpoint)
        return self

    @allows_underflow
    def _em_fit(
        self,
        samples: Samples,
        report: Report,
        initialize: Initializer,
        acceleration: str | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """Set the attributes of the best of `n_init` initializations."""
        self._em_begin(samples)
        fit = {} if checkpoint is None else fit_of(self, samples)
        resumed = None if checkpoint is None else checkpoint.read(fit)
        do_init = not (self.warm_start and hasattr(self, "converged_"))
        n_init = self.n_init if do_init else 1
        report.begin(n_init, self._em_current_attributes)
        random_state = random_state_of(self.random_state)
        self.converged_ = False
        best: _Run | None = None
        for init in range(n_init):
            report.begin_initialization(init)
            if resumed is not None:
                vars(self).update(resumed.priors)
                self._em_set_parameters(resumed.parameters)
            elif do_init:
                self._em_initialize(samples, random_state, initialize)
            else:
                self.covariances_ = covariances_of_model(self)
            momentum = None
            if acceleration is not None:
                momentum = Momentum(self.covariance_type, self.reg_covar)
            first = -np.inf if do_init else self.lower_bound_
            course = _Course(report, fit, momentum, checkpoint, resumed)
            run = self._em_iterate(samples, first, course)
            report.end_initialization()
            if best is None or run.lower_bound > best.lower_bound or best.lower_bound == -np.inf:
                best, self.converged_ = run, run.converged
        report.end()
        assert best is not None  # noqa: S101 (n_init is at least 1)
        self.lower_bound_, self.lower_bounds_ = best.lower_bound, best.lower_bounds
        self.n_iter_ = len(best.lower_bounds)
        self._em_set_fitted(best.parameters, samples.dtype)

    def _em_iterate(self, samples: Samples, lower_bound: float, course: _Course) -> _Run:
        """Iterate from the current parameters until convergence."""
        report, fit, momentum, checkpoint, resumed = course
        lower_bounds = [] if resumed is None else resumed.lower_bounds
        if lower_bounds:
            lower_bound = lower_bounds[-1]
        converged = len(lower_bounds) > 1 and abs(lower_bound - lower_bounds[-2]) < self.tol
        if converged or len(lower_bounds) >= self.max_iter:
            return _Run(lower_bounds, converged, self._em_get_parameters())
        parameters = self._em_parameters()
        units = typical_stds(parameters) if resumed is None else resumed.units
        samples.prepare(units)
        samples.advance = report.advance
        is_watched = report.is_watched
        shown = self._em_show() if is_watched else None
        for n_iter in range(len(lower_bounds) + 1, self.max_iter + 1):
            report.begin_iteration(n_iter)
            previous = lower_bound
            statistics = samples.statistics(parameters)
            term = self._em_bound_term(statistics, parameters)
            some = self._em_moments(samples, parameters, statistics)
            self._em_m_step(some)
            lower_bound = np.float64(self._em_lower_bound(term))  # scikit-learn's type
            is_lower = bool(lower_bound < previous)
            last = None if momentum is None else momentum.discarded(is_lower=is_lower)
            if last is not None:
                lower_bound = previous
                self._em_m_step(last)
            lower_bounds.append(lower_bound)
            shown = self._em_show() if is_watched else None
            stop = report.end_iteration(n_iter, lower_bound, lower_bound - previous)
            self._em_read(shown)
            parameters = self._em_parameters()
            converged = last is None and bool(abs(lower_bound - previous) < self.tol)
            is_last = converged or stop or n_iter == self.max_iter
            if checkpoint is not None and (is_last or n_iter % checkpoint.every == 0):
                checkpoint.write(fit, self._em_progress(lower_bounds, units))
            if is_last:
                break
            if momentum is not None and last is None:
                self._em_m_step(momentum.extrapolated(some))
                parameters = self._em_parameters()
        report.end_iterations(lower_bound, converged=converged)
        self._em_read(shown)
        return _Run(lower_bounds, converged, self._em_get_parameters())

    def _em_begin(self, samples: Samples) -> None:
        """Make the checks that need the data, in scikit-learn's order; clear other fits."""
        self._em_clear_other_fits()
        if samples.n_samples < self.n_components:
            raise ValueError(
                "Expected n_samples >= n_components "
                f"but got n_components = {self.n_components}, "
                f"n_samples = {samples.n_samples}"
            )
        if samples.weight == 0:
            raise ValueError(
                "sample_weight: expected at least one weight above 0, got only zeros; leave "
                "it out to count every row once"
            )
        self._em_check(samples)

    def _em_clear_other_fits(self) -> None:
        for name in _OF_OTHER_FITS:
            self.__dict__.pop(name, None)

    def _em_initialize(self, samples: Samples, random_state: Any, initialize: Initializer) -> None:
        """Set the first parameters."""
        options = InitOptions(
            self.n_components, self.covariance_type, self.reg_covar, self.init_params
        )
        some, weight = None, samples.weight
        if self._em_needs_initialization():
            points = samples.initial_points(random_state)
            some, weight = initialize(points, options, random_state), points.weight
        self._em_set_initial(some, weight)

    def _em_moments(
        self, samples: Samples, parameters: MixtureParameters, statistics: _core.Statistics
    ) -> Moments:
        """Return the moments of the statistics, with covariances to full accuracy."""
        some, lost = moments(statistics, self.covariance_type, self.reg_covar)
        if lost:
            # These means moved so far that their covariances must be taken about them.
            statistics.replace(lost, samples.statistics(parameters, some.means))
            some, _ = moments(statistics, self.covariance_type, self.reg_covar)
        return some

    def _em_parameters(self) -> MixtureParameters:
        """Return the current parameters."""
        try:
            return mixture_parameters(
                self._em_log_weights(), self.means_, self.covariances_, self.covariance_type
            )
        except ValueError as error:
            raise ValueError(self._ill_defined) from error

    def _em_show(self) -> tuple[Array, Array]:
        """Set the attributes that predictions read; return copies of them.

        Hooks, callbacks and `progress` may use the estimator during the fit.
        """
        self._em_parameters()  # raises if they define no mixture
        covariances = np.asarray(self.covariances_)
        self.precisions_cholesky_ = precisions_cholesky(covariances, self.covariance_type)
        return self.precisions_cholesky_.copy(), covariances.copy()

    def _em_read(self, shown: tuple[Array, Array] | None) -> None:
        """Read the covariances that scikit-learn would go on with, which a hook may have set."""
        if shown is None:
            return
        factors, covariances = shown
        if np.array_equal(self.precisions_cholesky_, factors):
            self.covariances_ = covariances
        else:
            self.covariances_ = covariances_of_model(self)

    def _em_current_attributes(self) -> dict[str, Any]:
        """Return the attributes that the estimator would have if the fit ended now."""
        other = copy.copy(self)
        other._em_set_fitted(self._em_get_parameters(), np.float64)
        names = set(vars(other)) - set(vars(self))
        names |= {name for name in vars(other) if name.endswith("_") and name[0] != "_"}
        return {name: vars(other)[name] for name in names}

    @allows_underflow
    def _fitted_parameters(self) -> MixtureParameters:
        """Return the parameters of the fitted attributes, which a script may have set.

        scikit-learn computes with `precisions_cholesky_`: see `covariances_of_model`.
        """
        covariances = covariances_of_model(self)
        return mixture_parameters(
            self._em_log_weights(), self.means_, covariances, self.covariance_type
        )

    # The steps that mixtures define.

    def _em_check(self, samples: Samples) -> None:
        """Make further checks that need the data."""

    def _em_log_weights(self) -> Array:
        """Return the log-weights of the current parameters, which need not sum to 1."""
        raise NotImplementedError

    def _em_needs_initialization(self) -> bool:
        """Return whether an initial parameter is missing."""
        return True

    def _em_set_initial(self, some: Moments | None, weight: float) -> None:
        """Set the first parameters from the moments of points of a total weight."""
        raise NotImplementedError

    def _em_m_step(self, some: Moments) -> None:
        """Set the parameters that maximize the expectation with these moments."""
        raise NotImplementedError

    def _em_bound_term(self, statistics: _core.Statistics, parameters: MixtureParameters) -> float:
        """Return the term of the lower bound that the E step gives: the mean log-likelihood."""
        return statistics.log_likelihood / statistics.weight + parameters.shift

    def _em_lower_bound(self, term: float) -> float:
        """Return the lower bound after the M step, from the term of the E step."""
        return term

    def _em_get_parameters(self) -> tuple[Any, ...]:
        """Return the current parameters, in scikit-learn's order."""
        raise NotImplementedError

    def _em_set_parameters(self, parameters: tuple[Any, ...]) -> None:
        """Set the current parameters, as `_em_get_parameters` returned them."""
        raise NotImplementedError

    def _em_progress(self, lower_bounds: list[float], units: Array) -> FitState:
        """Return the state of the fit after an iteration."""
        priors = {name: value for name, value in vars(self).items() if name.endswith("_prior_")}
        return FitState(self._em_get_parameters(), lower_bounds, units, priors)

    def _em_set_fitted(self, parameters: tuple[Any, ...], dtype: Any) -> None:
        """Set the attributes of a fitted estimator."""
        raise NotImplementedError

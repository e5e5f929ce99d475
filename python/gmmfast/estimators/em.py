"""What both estimators share: scikit-learn's fit and predictions, on the kernels.

The loop is scikit-learn's (`BaseMixture.fit_predict`), with the same order of checks,
random numbers, warnings and attributes; but the expectation step gives statistics of all
points instead of an array of (n_samples, n_components), and points may be weighted, come
in chunks, or lack features.
"""

from __future__ import annotations

import copy
import inspect
import warnings
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture._base import BaseMixture
from sklearn.utils import check_random_state
from sklearn.utils._array_api import get_namespace

from gmmfast import _core, _log
from gmmfast._validation import check_n_threads
from gmmfast.estimators.callbacks import CallbackSupport, FitReport, Progress, with_callbacks
from gmmfast.estimators.chunks import chunks_of, points_and_weight
from gmmfast.estimators.fallback import reason_to_fall_back
from gmmfast.estimators.incremental import IncrementalFits
from gmmfast.estimators.initialization import Moments, Start, StartOptions, moments, start
from gmmfast.estimators.inputs import checked_samples, refuse_extras
from gmmfast.estimators.parameters import Model, model_of, typical_stds
from gmmfast.estimators.predictions import Predictions
from gmmfast.estimators.training_data import Chunked, InMemory, Samples, filled

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

#: Rows that a fit of chunks starts from.
_START_ROWS = 1 << 18

#: What `fit_image`, `select_n_components` and `partial_fit` leave; another fit takes it back.
_OF_OTHER_FITS = ("extent_", "image_shape_", "kind_", "selection_", "_seen")

_HAS_XP = "xp" in inspect.signature(BaseMixture._check_parameters).parameters  # noqa: SLF001

ILL_DEFINED = (
    "Fitting the mixture model failed because some components have "
    "ill-defined empirical covariance (for instance caused by singleton "
    "or collapsed samples). Try to decrease the number of components, "
    "increase reg_covar, or scale the input data."
)


class AcceleratedMixture(Predictions, IncrementalFits, CallbackSupport):  # type: ignore[misc]
    """Fits and predictions of a scikit-learn mixture by the kernels of gmmfast.

    A class has this first among its bases and scikit-learn's estimator second, and says
    how parameters are made of moments (`_begin`, `_maximize`) and what model they are of
    (`_log_weights`).
    """

    # Of scikit-learn's estimators.
    n_components: int
    reg_covar: float
    init_params: str
    tol: float
    max_iter: int
    n_init: int
    warm_start: bool
    random_state: Any

    @with_callbacks  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        *,
        progress: Progress = None,
        n_threads: int | None = None,
    ) -> Self:
        """Estimate the parameters, as scikit-learn's `fit` does.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or chunks
            The points. Chunks are a function that returns an iterator over arrays of
            rows, or a list of such arrays; a chunk may be a pair (rows, weights). They
            are gone through once an iteration, one in memory at a time, and give what all
            rows together would; so does a large `numpy.memmap`. With chunks the start is
            made of at most 262,144 rows drawn evenly from all.
            NaN means missing in `GaussianMixture`: rows say what their other features
            do, and the start takes the feature's mean.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts: a row of weight 3 is three rows.
        progress : bool or callable, optional
            Called with (n_iter, lower_bound) after each iteration; True writes a line on
            standard error if that is a terminal.
        n_threads : int, optional
            Number of threads; by default all that the process may use.

        Returns
        -------
        self
            Fitted.

        Raises
        ------
        ValueError
            As scikit-learn's `fit`, with the same messages.
        TypeError
            Chunks that can be gone through only once.
        """
        reason = reason_to_fall_back(self, self._accelerated_class, X)
        if reason is not None:
            refuse_extras(reason, sample_weight, progress, chunks=chunks_of(X) is not None)
            _log.fallback(self, "fit", reason)
            # Not through super().fit, which would come back through fit_predict.
            self._forget_other_fits()
            self._sklearn_class.fit_predict(self, X, y)  # type: ignore[attr-defined]
            return self
        self._fit(X, sample_weight, progress, check_n_threads(n_threads))
        _log.accelerated(self, "fit")
        return self

    @with_callbacks  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit_predict(
        self,
        X: Any,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        *,
        progress: Progress = None,
        n_threads: int | None = None,
    ) -> NDArray[np.int64]:
        """Estimate the parameters and return the most probable component of each row.

        Parameters
        ----------
        X, y, sample_weight, progress, n_threads
            As for `fit`.

        Returns
        -------
        ndarray of shape (n_samples,)
            What `predict` gives for the same rows.
        """
        reason = reason_to_fall_back(self, self._accelerated_class, X)
        chunks = chunks_of(X)
        if reason is not None:
            refuse_extras(reason, sample_weight, progress, chunks=chunks is not None)
            _log.fallback(self, "fit_predict", reason)
            self._forget_other_fits()
            return self._sklearn_class.fit_predict(self, X, y)  # type: ignore[attr-defined,no-any-return]
        self._fit(X, sample_weight, progress, check_n_threads(n_threads))
        _log.accelerated(self, "fit_predict")
        if chunks is None:
            return self._labels(X)
        return np.concatenate([self._labels(points_and_weight(chunk)[0]) for chunk in chunks()])

    def to_sklearn(self) -> Any:
        """Return a plain scikit-learn estimator with the same parameters and attributes.

        Returns
        -------
        sklearn.mixture.GaussianMixture or sklearn.mixture.BayesianGaussianMixture
            Needs no gmmfast: a pickle of it can be loaded where gmmfast is missing, while
            one of this estimator says there that the module gmmfast is not found. So it
            lacks `selection_`, whose class is gmmfast's.
        """
        plain = self._sklearn_class(**self.get_params(deep=False))
        for name, value in vars(self).items():
            if name.endswith("_") and not name.startswith("_") and name != "selection_":
                setattr(plain, name, copy.deepcopy(value))
        return plain

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self._allows_nan
        return tags

    # What the two classes say themselves.

    def _begin(self, some: Moments, weight: float) -> None:
        """Set the first parameters."""
        raise NotImplementedError

    def _maximize(self, some: Moments) -> None:
        """Set the next parameters."""
        raise NotImplementedError

    def _needs_start(self) -> bool:
        """Whether not all of the first parameters are given."""
        return True

    def _bound(self, statistics: _core.Statistics, model: Model) -> Callable[[], float]:
        """Return what gives the lower bound once the next parameters are set.

        `statistics` are about the means of `model`, whose parameters are still set.
        """
        raise NotImplementedError

    def _snapshot(self) -> tuple[Any, ...]:
        """Return the present parameters, in scikit-learn's order."""
        raise NotImplementedError

    def _finish(self, parameters: tuple[Any, ...], dtype: Any) -> None:
        """Set the attributes of a fitted estimator."""
        raise NotImplementedError

    def _set_weighted_priors(self, samples: Samples) -> None:
        """Set priors that depend on the data, where scikit-learn's checks saw other data."""

    # The fit.

    def _fit(
        self,
        X: Any,
        sample_weight: Any,
        progress: Progress,
        n_threads: int | None,
    ) -> None:
        samples, points = checked_samples(self, X, sample_weight, n_threads)
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        report = FitReport(self, {"X": X, "y": None, "metadata": metadata}, progress)
        self._fit_samples(samples, points, report, start)
        # As scikit-learn: without iterations the start is what was wanted.
        if not self.converged_ and self.max_iter > 0:
            warnings.warn(
                "Best performing initialization did not converge. "
                "Try different init parameters, or increase max_iter, "
                "tol, or check for degenerate data.",
                ConvergenceWarning,
                stacklevel=2,
            )

    @with_callbacks  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def _fit_in_memory(self, samples: InMemory, progress: Progress, start: Start = start) -> Self:
        """Fit to checked points that other fits may share, from any start, without warnings."""
        report = FitReport(self, {"X": samples.points, "y": None, "metadata": None}, progress)
        self._fit_samples(samples, samples.points, report, start)
        _log.accelerated(self, "fit")
        return self

    def _fit_samples(
        self, samples: Samples, points: Array, report: FitReport, start: Start
    ) -> None:
        """Fit to samples, of which `points` are some, whose type the attributes get."""
        self._begin_fit(samples, points)
        do_init = not (self.warm_start and hasattr(self, "converged_"))
        n_init = self.n_init if do_init else 1
        report.begin(n_init, self._present_attributes)
        random_state = check_random_state(self.random_state)
        self.converged_ = False
        best: tuple[float, tuple[Any, ...], int, list[float]] | None = None
        for init in range(n_init):
            self._print_verbose_msg_init_beg(init)
            report.begin_initialization()
            if do_init:
                self._start(self._start_samples(samples, random_state), random_state, start)
            bounds, converged = self._iterate(samples, report, do_init=do_init)
            report.end_initialization()
            bound = bounds[-1] if bounds else -np.inf
            if best is None or bound > best[0] or best[0] == -np.inf:
                best = (bound, self._snapshot(), len(bounds), bounds)
                self.converged_ = converged
        report.end()
        assert best is not None  # noqa: S101 (n_init is at least 1)
        self.lower_bound_, parameters, self.n_iter_, self.lower_bounds_ = best
        self._finish(parameters, points.dtype)

    def _iterate(
        self, samples: Samples, report: FitReport, *, do_init: bool
    ) -> tuple[list[float], bool]:
        """Iterate from the present parameters; return lower bounds and whether it converged."""
        lower_bound = -np.inf if do_init else self.lower_bound_
        bounds: list[float] = []
        converged = False
        if self.max_iter == 0:
            return bounds, converged
        model = self._present_model()
        samples.prepare(typical_stds(model))
        for n_iter in range(1, self.max_iter + 1):
            report.begin_iteration()
            previous = lower_bound
            statistics = samples.statistics(model)
            bound = self._bound(statistics, model)
            self._maximize(self._moments(samples, model, statistics))
            model = self._present_model()
            lower_bound = np.float64(bound())  # scikit-learn's type
            bounds.append(lower_bound)
            change = lower_bound - previous
            self._print_verbose_msg_iter_end(n_iter, change)
            stop = report.end_iteration(n_iter, lower_bound)
            converged = bool(abs(change) < self.tol)
            if converged or stop:
                break
        self._print_verbose_msg_init_end(lower_bound, converged)
        return bounds, converged

    def _moments(self, samples: Samples, model: Model, statistics: _core.Statistics) -> Moments:
        some, lost = moments(statistics, self.covariance_type, self.reg_covar)
        if lost:
            # These means moved so far that their covariances must be taken about them.
            statistics.replace(lost, samples.statistics(model, some.means))
            some, _ = moments(statistics, self.covariance_type, self.reg_covar)
        return some

    def _begin_fit(self, samples: Samples, points: Array) -> None:
        """Check what scikit-learn checks once it has seen the data; forget other data."""
        self._forget_other_fits()
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
        xp, _ = get_namespace(points)
        self._check_parameters(points, **({"xp": xp} if _HAS_XP else {}))
        is_whole = isinstance(samples, InMemory) and samples.sample_weight is None
        if not is_whole or points.dtype == np.float32:  # of which NumPy's sums lose digits
            self._set_weighted_priors(samples)

    def _forget_other_fits(self) -> None:
        for name in _OF_OTHER_FITS:
            self.__dict__.pop(name, None)

    def _start(self, samples: InMemory, random_state: Any, start: Start) -> None:
        options = StartOptions(
            self.n_components, self.covariance_type, self.reg_covar, self.init_params
        )
        some = start(samples, options, random_state) if self._needs_start() else None
        self._begin(some, samples.weight)  # type: ignore[arg-type]

    def _start_samples(self, samples: Samples, random_state: Any = None) -> InMemory:
        """Return complete points in memory to start from: the samples, if they are that."""
        if isinstance(samples, InMemory):
            return samples
        if isinstance(samples, Chunked):
            points, weights = samples.some_rows(_START_ROWS, random_state)
        else:
            points, weights = samples.points, samples.sample_weight  # type: ignore[attr-defined]
        return InMemory(filled(points), weights, getattr(samples, "n_threads", None))

    # Models.

    def _present_model(self) -> Model:
        """Return the model of the parameters during a fit."""
        try:
            return model_of(
                self._log_weights(), self.means_, self.covariances_, self.covariance_type
            )
        except ValueError as error:
            raise ValueError(ILL_DEFINED) from error

    def _present_attributes(self) -> dict[str, Any]:
        """Return the attributes that a fitted estimator would have now."""
        other = copy.copy(self)
        other._finish(self._snapshot(), np.float64)  # noqa: SLF001
        names = set(vars(other)) - set(vars(self))
        names |= {name for name in vars(other) if name.endswith("_") and name[0] != "_"}
        return {name: vars(other)[name] for name in names}

"""The base class of both estimators: `fit` and `fit_predict`, on the core."""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.exceptions import ConvergenceWarning

from gmmfast import _log
from gmmfast._validation import check_n_threads
from gmmfast.estimators.callbacks import CallbackSupport, FitReport, with_callbacks
from gmmfast.estimators.fallback import is_replaced, reason_to_fall_back
from gmmfast.estimators.incremental import IncrementalMixture
from gmmfast.estimators.training_data import TrainingData, training_data
from gmmfast.estimators.versions import ill_defined, warn_if_untested, with_namespace
from gmmfast.estimators.widening import with_sklearn_type
from gmmfast.fitting.checkpoints import Checkpoint, check_checkpoint
from gmmfast.fitting.initialization import Initializer, initialize
from gmmfast.fitting.momentum import check_acceleration
from gmmfast.fitting.samples import InMemory
from gmmfast.mixture.layouts import SKLEARN_TYPES, WIDER

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gmmfast.fitting.blocks import Mapper
    from gmmfast.fitting.report import Progress
    from gmmfast.fitting.samples import Samples

    Array = NDArray[np.float64]

warn_if_untested()


class _Options(NamedTuple):
    """The arguments of a fit that scikit-learn lacks, but for those about the data."""

    progress: Progress = None
    acceleration: str | None = None
    n_threads: int | None = None
    checkpoint: Checkpoint | None = None


class AcceleratedMixture(IncrementalMixture, CallbackSupport):  # type: ignore[misc]
    """The fits of a scikit-learn mixture, computed by the core.

    An estimator has this class before scikit-learn's among its bases, sets `_sklearn_class` to
    the latter and overrides the steps of `EMMixture`.
    """

    _allows_nan = False
    _ill_defined = ill_defined()
    #: Whether scikit-learn's class is replaced by this one: its instances then are this one's.
    _is_patched_in = False

    @_log.observed("fit")
    def fit(  # noqa: PLR0913 (a user's choices, by name)
        self,
        X: Any,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        *,
        progress: Progress = None,
        acceleration: str | None = None,
        n_threads: int | None = None,
        mapper: Mapper | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> Self:
        """Estimate the parameters, as scikit-learn's `fit` does.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or chunks
            The points. Chunks are a function that returns an iterator over arrays of
            rows, or a list of such arrays; a chunk may be a pair (rows, weights), and may have no
            rows. Each iteration reads them once, with one chunk in memory at a time, and the fit
            is that of all rows together. With chunks the fit is initialized from at most
            262,144 rows drawn evenly from all. A `numpy.memmap` is fitted as the same array
            in memory; if a fit of all its rows would not fit there, it is read in chunks,
            and a warning is issued if not all rows count for the start. Arrays of dask, zarr and
            xarray, DataFrames of dask and delayed chunks: see `gmmfast.dask`.
            NaN means missing in `GaussianMixture`: a row contributes its other features,
            and the initialization replaces NaN by the feature's mean.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts: a row of weight 3 is three rows.
        progress : bool or callable, optional
            Called with (n_iter, lower_bound) after each iteration; True writes a line on
            standard error if that is a terminal.
        acceleration : {None, "momentum"}, optional
            "momentum" extrapolates the parameters after each iteration: fits that converge slowly
            take fewer iterations. An iteration that would lower the bound is discarded.
        n_threads : int, optional
            Number of threads; by default all that the process may use.
        mapper : callable, optional
            Computes the `Statistics` of the chunks as the builtin map does: `Pool.map`,
            `Executor.map`. X is an array, or chunks, of which each may also be a function without
            arguments that returns rows. The fit is that of all rows in memory, to rounding. Pass
            `n_threads=1` to a pool of processes. `gmmfast.dask` is for clusters.
        checkpoint : Checkpoint, optional
            The file from which the fit goes on if it is stopped.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            If scikit-learn's `fit` raises it, with the same message; if `acceleration` is unknown;
            if the checkpoint is of another fit, or comes with an acceleration or `n_init` above 1.
        TypeError
            If the chunks are an iterator, which ends after one pass, or functions without a
            mapper.
        """
        options = {
            "sample_weight": sample_weight,
            "progress": progress,
            "acceleration": acceleration,
            "n_threads": n_threads,
            "mapper": mapper,
            "checkpoint": checkpoint,
        }
        given = {name: value for name, value in options.items() if value is not None}
        is_own = "fit_predict" in vars(self) or type(self).fit_predict is not _FIT_PREDICT
        if is_own and not is_replaced(self, "fit"):
            self.fit_predict(X, y, **given)  # as scikit-learn's fit does
        else:
            self._fit_without_labels(X, y, **given)
        return self

    @with_callbacks  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def _fit_without_labels(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        mapper: Mapper | None = None,
        **given: Any,
    ) -> None:
        data, options = training_data(X, sample_weight, mapper), _Options(**given)
        if self._falls_back_in("fit", data, options):
            # scikit-learn's own fit would come back through fit_predict.
            method = "fit" if is_replaced(self, "fit") else "fit_predict"
            getattr(self._sklearn_class, method)(self, X, y)
        else:
            self._fit(data, options)
            _log.accelerated(self, "fit")

    @_log.observed("fit_predict")
    @with_callbacks  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit_predict(  # noqa: PLR0913 (a user's choices, by name)
        self,
        X: Any,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        *,
        progress: Progress = None,
        acceleration: str | None = None,
        n_threads: int | None = None,
        mapper: Mapper | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> NDArray[np.int64]:
        """Estimate the parameters and return the most probable component of each row.

        Parameters
        ----------
        X, y, sample_weight, progress, acceleration, n_threads, mapper, checkpoint
            As for `fit`.

        Returns
        -------
        ndarray of shape (n_samples,)
            The component indices that `predict` returns for the same rows.
        """
        data = training_data(X, sample_weight, mapper)
        options = _Options(progress, acceleration, n_threads, checkpoint)
        if self._falls_back_in("fit_predict", data, options):
            return self._sklearn_class.fit_predict(self, X, y)  # type: ignore[no-any-return]
        samples = self._fit(data, options)
        _log.accelerated(self, "fit_predict")
        return np.concatenate([self._labels(points) for points in samples.parts()])

    def to_sklearn(self) -> Any:
        """Return a plain scikit-learn estimator with the same parameters and attributes.

        Returns
        -------
        sklearn.mixture.GaussianMixture or sklearn.mixture.BayesianGaussianMixture
            Its pickle can be loaded where gmmfast is not installed; loading a pickle of
            this estimator there raises ModuleNotFoundError. It has no `selection_`, whose
            class is gmmfast's. "tied-diag" and "tied-spherical", which scikit-learn lacks,
            become "diag" and "spherical" with values repeated for each component.
        """
        source = with_sklearn_type(self)
        # A subclass may name other parameters, or pass those of its base on in **kwargs.
        names = self._sklearn_class._get_param_names()
        known = {name: getattr(source, name) for name in names if hasattr(source, name)}
        plain = self._sklearn_class(**known)
        for name, value in vars(source).items():
            if name.endswith("_") and not name.startswith("_") and name != "selection_":
                setattr(plain, name, copy.deepcopy(value))
        return plain

    @classmethod
    def __subclasshook__(cls, other: type) -> Any:
        # Subclasses inherit the hook, and their instances are their own.
        if cls.__dict__.get("_is_patched_in") and cls._sklearn_class in other.__mro__:
            return True
        return NotImplemented

    def __sklearn_clone__(self) -> Self:
        other: Self = super().__sklearn_clone__()
        # Parameters that a subclass passes to its base in **kwargs are not among its own.
        inherited = self._sklearn_class._get_param_names()
        for name in set(inherited).difference(self._get_param_names()):
            if hasattr(self, name):
                setattr(other, name, clone(getattr(self, name), safe=False))
        return other

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self._allows_nan
        return tags

    def _more_tags(self) -> dict[str, bool]:
        return {"allow_nan": self._allows_nan}  # read by scikit-learn < 1.6

    @_log.observed("fit")
    @with_callbacks  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def _fit_in_memory(
        self,
        samples: Samples,
        progress: Progress,
        initialize: Initializer = initialize,
        acceleration: str | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> Self:
        """Fit to checked samples, which other fits may share, without warnings."""
        points = getattr(samples, "points", None)
        report = FitReport(self, {"X": points, "y": None, "metadata": None}, progress)
        self._em_fit(samples, report, initialize, acceleration, checkpoint)
        _log.accelerated(self, "fit")
        return self

    def _fit(self, data: TrainingData, options: _Options) -> Samples:
        """Fit to the data, warn if the fit did not converge, and return the samples."""
        check_acceleration(options.acceleration)
        check_checkpoint(options.checkpoint, options.acceleration, self.n_init)
        samples = data.samples(self, check_n_threads(options.n_threads))
        weight = data.sample_weight
        metadata = None if weight is None else {"sample_weight": weight}
        report = FitReport(self, {"X": data.X, "y": None, "metadata": metadata}, options.progress)
        self._em_fit(samples, report, initialize, options.acceleration, options.checkpoint)
        # As in scikit-learn, max_iter=0 only initializes.
        if not self.converged_ and self.max_iter > 0:
            warnings.warn(
                "Best performing initialization did not converge. "
                "Try different init parameters, or increase max_iter, "
                "tol, or check for degenerate data.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return samples

    def _em_check(self, samples: Samples) -> None:
        # scikit-learn computes priors from the points. Those of other samples are set below.
        points = np.zeros((2, samples.n_features), samples.dtype)
        if isinstance(samples, InMemory):
            points = samples.points
        self._em_check_parameters(points)
        is_whole = isinstance(samples, InMemory) and samples.sample_weight is None
        if not is_whole or samples.dtype == np.float32:  # NumPy's float32 sums lose digits
            self._em_set_priors(samples)

    def _em_check_parameters(self, points: Array) -> None:
        """Check the parameters and set the priors, by scikit-learn's code."""
        checked = with_sklearn_type(self)
        with_namespace(checked._check_parameters, points)
        for name, value in list(vars(checked).items()):
            if name.endswith("_prior_"):
                setattr(self, name, value)

    def _em_set_priors(self, samples: Samples) -> None:
        """Set priors that depend on the data, if scikit-learn's checks did not see all data."""

    def _falls_back_in(self, method: str, data: TrainingData, options: _Options) -> bool:
        """Return whether scikit-learn's code must fit; raise for an argument that it lacks."""
        reason = reason_to_fall_back(self, data.foreign, method)
        if reason is None:
            return False
        data.refuse_extras(reason, **options._replace(n_threads=None)._asdict())
        if self.covariance_type in WIDER:
            raise ValueError(
                f"covariance_type: expected one of {SKLEARN_TYPES}, which scikit-learn's code can "
                f"fit, got {self.covariance_type!r}; its code must fit because {reason}"
            )
        _log.fallback(self, method, reason)
        self._em_clear_other_fits()
        return True


_FIT_PREDICT = AcceleratedMixture.fit_predict

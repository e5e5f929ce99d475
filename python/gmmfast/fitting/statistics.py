"""`Statistics`: the sufficient statistics of rows under a mixture, a value that adds up.

A fit is a sum of them: each part of the data gives its statistics, in any process, and the
parameters of the next mixture are computed from the sum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gmmfast import _core
from gmmfast._arithmetic import allows_underflow
from gmmfast._validation import check_n_threads, check_positive, float_array
from gmmfast.fitting.moments import arrays_of, moments
from gmmfast.fitting.parameters import MixtureParameters, mixture_parameters
from gmmfast.fitting.samples import samples_of
from gmmfast.mixture import Mixture
from gmmfast.mixture.layouts import DIAGONAL, packed_indices
from gmmfast.mixture.parameters import expected_log_weights
from gmmfast.mixture.transport import aligned

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gmmfast.mixture.mixture import Mixture as MixtureType

    Array = NDArray[np.float64]


class Statistics:
    """The sufficient statistics of rows under a mixture, which add up.

    For rows x with weights w and responsibilities r they are, for each component, the count
    sum w r, the sum of w r (x - c), and the scatter, the sum of w r (x - c)(x - c)^T, about the
    component's mean c in the mixture; and the log-likelihood, the sum of w log p(x). The value is
    small, (n_components, 21) numbers in five features, and independent of the number of rows.
    Statistics of parts of the data, under one mixture, add up to those of the whole, by `+` or
    `sum`. They can be pickled. `from_rows` computes them.

    Attributes
    ----------
    centers : ndarray of shape (n_components, n_features)
        The means of the mixture.
    counts : ndarray of shape (n_components,)
    sums : ndarray of shape (n_components, n_features)
    scatters : ndarray of shape (n_components, n_features (n_features + 1) / 2)
        Lower triangles row by row; of shape (n_components, n_features), the squares alone, for
        the covariance types "diag", "spherical", "tied-diag" and "tied-spherical".
    log_likelihood : float
        In nats.
    weight : float
        The sum of the weights: the number of rows, if they have none.
    n_samples : float
        The number of rows of a weight above 0.
    covariance_type : str
        That of the mixture.

    Notes
    -----
    The formulas are those of Bishop, Pattern Recognition and Machine Learning, 2006, section
    9.2.2, about centers that keep the digits of points far from the origin.

    Examples
    --------
    A fit by hand, as on machines that each hold a part of the rows:

    >>> import numpy as np
    >>> import gmmfast
    >>> X = np.random.default_rng(0).normal(size=(1000, 2))
    >>> X[:500] += 5
    >>> model = gmmfast.Mixture([0.5, 0.5], [[0.0, 0.0], [4.0, 4.0]], [1.0, 1.0])
    >>> for _ in range(10):
    ...     parts = [gmmfast.Statistics.from_rows(model, part) for part in np.split(X, 4)]
    ...     model = sum(parts).estimate()
    >>> model.means.round(2)
    array([[ 0.02, -0.05],
           [ 4.91,  4.99]])
    """

    __slots__ = ("_covariance_type", "_digest", "_shift", "_sums")

    _sums: _core.Statistics
    _covariance_type: str
    #: The logarithm of the factor of the mixture that the core does not have.
    _shift: float
    #: That of the mixture.
    _digest: str

    def __init__(self) -> None:
        raise TypeError(
            "Statistics: expected a call of Statistics.from_rows, got one of the class"
        )

    @classmethod
    @allows_underflow
    def from_rows(
        cls,
        model: Any,
        X: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        n_threads: int | None = None,
    ) -> Self:
        """Return the statistics of rows under a model.

        Parameters
        ----------
        model : fitted estimator, Mixture, or (weights, means, covariances)
            Any model that `Mixture.from_model` accepts. A step of a `BayesianGaussianMixture` is
            taken under the expectations of its log-weights, as its `score_samples` is computed.
        X : array-like of shape (n_rows, n_features)
            The rows; there may be none. NaN means missing: the statistics then are expectations
            given the other features.
        sample_weight : array-like of shape (n_rows,), optional
            How often each row counts.
        n_threads : int, optional
            Number of threads; by default all that the process may use.

        Returns
        -------
        Statistics
            Those of the rows, which add up with others under the same mixture.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If an estimator is not fitted.
        TypeError
            If the rows or weights are not real numbers, or the model is of another type.
        ValueError
            If the rows have another number of features than the model, or values that are
            infinite; if a weight is below 0.
        """
        parameters, threads = _parameters_of(model), check_n_threads(n_threads)
        n_features = parameters.core.means.shape[1]
        points = _checked_rows(X)
        if points.shape[1] != n_features:
            raise ValueError(
                f"X: expected {n_features} features, as the model has, got {points.shape[1]}"
            )
        if not len(points):
            return cls.of_core(_nothing(parameters), parameters)
        weights = None if sample_weight is None else _checked_weight(sample_weight, len(points))
        if weights is not None and not weights.any():
            return cls.of_core(_nothing(parameters), parameters)
        samples = samples_of(points, weights, threads)
        return cls.of_core(samples.statistics(parameters), parameters)

    @classmethod
    def of_core(cls, statistics: _core.Statistics, parameters: MixtureParameters) -> Self:
        """Return the value of statistics of the core, under the parameters."""
        digest = parameters.digest()
        return cls._new(statistics, parameters.covariance_type, parameters.shift, digest)

    @classmethod
    def _new(
        cls, statistics: _core.Statistics, covariance_type: str, shift: float, digest: str
    ) -> Self:
        self = object.__new__(cls)
        self._sums, self._covariance_type = statistics, covariance_type
        self._shift, self._digest = shift, digest
        return self

    @property
    def centers(self) -> Array:
        """The means of the mixture."""
        return self._sums.centers

    @property
    def counts(self) -> Array:
        """The weighted number of rows of each component."""
        return self._sums.counts

    @property
    def sums(self) -> Array:
        """The sums of differences from the centers."""
        return self._sums.sums

    @property
    def scatters(self) -> Array:
        """The sums of products of differences."""
        return self._sums.scatters

    @property
    def log_likelihood(self) -> float:
        """The log-likelihood of the rows."""
        return self._sums.log_likelihood + self._shift * self._sums.weight

    @property
    def weight(self) -> float:
        """The sum of the weights."""
        return self._sums.weight

    @property
    def n_samples(self) -> float:
        """The number of rows of a weight above 0."""
        return self._sums.n_samples

    @property
    def covariance_type(self) -> str:
        """The covariance type of the mixture."""
        return self._covariance_type

    @property
    def core(self) -> _core.Statistics:
        """The statistics in the core, of which the value must not be changed."""
        return self._sums

    def estimate(self, reg_covar: float = 1e-6) -> MixtureType:
        """Return the mixture of the next step of EM.

        Parameters
        ----------
        reg_covar : float
            Added to variances, as in scikit-learn; at least 0.

        Returns
        -------
        Mixture
            With the weights, means and covariances that maximize the expected log-likelihood. The
            last digits of a covariance are lost where a mean moved by many standard deviations;
            `fit` takes a second pass over the rows then.

        Raises
        ------
        TypeError
            If `reg_covar` is not a number.
        ValueError
            If there are no rows, or a covariance is not positive definite.
        """
        reg_covar = check_positive("reg_covar", reg_covar, or_zero=True)
        if not self.weight:
            raise ValueError(
                "estimate: expected statistics of at least one row, got none; add some"
            )
        some, _ = moments(self._sums, self.covariance_type, reg_covar)
        return Mixture(
            some.counts / some.counts.sum(),
            some.means,
            some.covariances,
            covariance_type=self.covariance_type,
        )

    def __add__(self, other: object) -> Self:
        if not isinstance(other, Statistics):
            return NotImplemented
        if (self._covariance_type, self._digest) != (other._covariance_type, other._digest):
            raise ValueError(
                f"Statistics: expected statistics under one mixture, got {self!r} and {other!r} "
                "under two; compute both with the same model"
            )
        total = _core.Statistics(*arrays_of(self._sums))
        total.merge(other._sums)
        return self._new(total, self._covariance_type, self._shift, self._digest)

    def __radd__(self, other: object) -> Self:
        return self if isinstance(other, int) and other == 0 else NotImplemented  # for sum()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Statistics):
            return NotImplemented
        pairs = zip(self.__reduce__()[1], other.__reduce__()[1], strict=True)
        return all(np.array_equal(one, another) for one, another in pairs)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        of_mixture = self._covariance_type, self._shift, self._digest
        return _restored, (*of_mixture, *arrays_of(self._sums))

    def __repr__(self) -> str:
        n_components, n_features = self.centers.shape
        return (
            f"Statistics(n_components={n_components}, n_features={n_features}, "
            f"covariance_type={self._covariance_type!r}, weight={self.weight:g})"
        )


def _restored(covariance_type: str, shift: float, digest: str, *arrays: Any) -> Statistics:
    core = _core.Statistics(*map(aligned, arrays))
    return Statistics._new(core, covariance_type, shift, digest)  # noqa: SLF001


def _checked_rows(X: ArrayLike) -> Array:
    """Return rows of floats, in which NaN is allowed."""
    points = float_array("X", X, ndims=(2,))
    if np.isinf(points).any():
        raise ValueError("X: expected finite values or NaN, got an infinite one; leave it out")
    return points


def _checked_weight(sample_weight: ArrayLike, n_rows: int) -> Array:
    weights = float_array("sample_weight", sample_weight)
    if weights.shape != (n_rows,):
        raise ValueError(f"sample_weight: expected shape {(n_rows,)}, got {weights.shape}")
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError(
            "sample_weight: expected finite values of at least 0, got others; leave such rows out"
        )
    return weights


def _nothing(parameters: MixtureParameters) -> _core.Statistics:
    """Return the statistics of no rows."""
    centers = parameters.core.means
    n_components, n_features = centers.shape
    rows, _ = packed_indices(n_features, diagonal=parameters.covariance_type in DIAGONAL)
    counts, scatters = np.zeros(n_components), np.zeros((n_components, len(rows)))
    return _core.Statistics(centers, counts, np.zeros_like(centers), scatters, 0.0, 0.0)


def _parameters_of(model: Any) -> MixtureParameters:
    """Return the parameters under which a step of EM of the model is taken."""
    mixture = Mixture.from_model(model)
    if hasattr(model, "_fitted_parameters"):
        return model._fitted_parameters()  # type: ignore[no-any-return]
    logs = expected_log_weights(model)
    if logs is None:
        return MixtureParameters(mixture._core, 0.0, mixture.covariance_type)
    return mixture_parameters(logs, mixture.means, mixture.covariances, mixture.covariance_type)

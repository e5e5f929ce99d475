"""The model: a validated Gaussian mixture, from scikit-learn or from arrays.

Everything that takes a `model` comes through `Mixture.from_model`. What a model
is and whether its arrays have the right shapes is checked here; the values
(finite, weights that sum to 1, covariances that are symmetric and positive
definite) are checked by the backend, once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gmmfast import _backend
from gmmfast._checks import (
    Extent,
    check_extent,
    check_features,
    check_n_threads,
    float_array,
    shown,
)
from gmmfast._memory import check_fits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


_COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")


class Mixture:
    """A Gaussian mixture, validated once and immutable.

    Parameters
    ----------
    weights : array-like of shape (n_components,)
        Not negative, with sum 1 (within 1e-6).
    means : array-like of shape (n_components, n_features)
        Mean of each component.
    covariances : array-like
        Symmetric and positive definite, in scikit-learn's layout for the
        covariance type: (n_components, n_features, n_features) for "full",
        (n_features, n_features) for "tied", (n_components, n_features) for
        "diag", (n_components,) for "spherical". Of symmetric matrices the lower
        triangle is read.
    covariance_type : {"full", "tied", "diag", "spherical"}, optional
        Told from the shape when not given; as many components as features make
        "tied" and "diag" look the same, and then it must be given.
    extent : sequence of (low, high), optional
        What a picture of the model covers along its first features, in their
        units, as x then y: `render_grid` takes it when not told otherwise.

    Raises
    ------
    ValueError
        A parameter that is not as above; the message names it, with the index
        of the component.

    Examples
    --------
    >>> import gmmfast
    >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0, 0.0], [4.0, 1.0]], [1.0, 2.0])
    >>> mixture
    Mixture(n_components=2, n_features=2, covariance_type='spherical')
    >>> mixture.marginal([1]).means
    array([[0.],
           [1.]])
    """

    def __init__(
        self,
        weights: ArrayLike,
        means: ArrayLike,
        covariances: ArrayLike,
        *,
        covariance_type: str | None = None,
        extent: Sequence[Sequence[float]] | None = None,
    ) -> None:
        weights_ = float_array("weights", weights, ndims=(1,))
        means_ = float_array("means", means, ndims=(2,))
        covariances_ = float_array("covariances", covariances, ndims=(1, 2, 3))
        if len(weights_) != len(means_):
            raise ValueError(
                f"weights: expected shape ({len(means_)},), one for each row of means, "
                f"got {weights_.shape}"
            )
        is_known = isinstance(covariance_type, str) and covariance_type in _COVARIANCE_TYPES
        if covariance_type is not None and not is_known:
            raise ValueError(
                "covariance_type: expected 'full', 'tied', 'diag' or 'spherical', "
                f"got {shown(covariance_type)}"
            )
        if covariance_type is None:
            covariance_type = _covariance_type_of_shape(covariances_.shape, means_.shape)
        core = _backend.Mixture(weights_, means_, covariances_, covariance_type)
        self._set(core, covariance_type, extent)

    def _set(
        self,
        core: _backend.Mixture,
        covariance_type: str,
        extent: Sequence[Sequence[float]] | None,
    ) -> None:
        self._core = core
        self._covariance_type = covariance_type
        self._weights = _read_only(core.weights)
        self._means = _read_only(core.means)
        self._covariances = _read_only(core.covariances)
        self._extent = None if extent is None else check_extent(extent, max_axes=self.n_features)

    def _from_core(self, core: _backend.Mixture, extent: Extent | None) -> Mixture:
        mixture = object.__new__(Mixture)
        mixture._set(core, self._covariance_type, extent)
        return mixture

    @classmethod
    def from_model(cls, model: Any) -> Mixture:
        """Return the mixture of anything that gmmfast takes for a model.

        Parameters
        ----------
        model : Mixture, fitted estimator, or (weights, means, covariances)
            A fitted `sklearn.mixture.GaussianMixture` or
            `BayesianGaussianMixture` of any covariance type, or any object with
            their fitted attributes; a `Mixture`, returned as it is; or a triple
            of arrays.

        Returns
        -------
        Mixture
            The mixture of the model's weights, means and covariances. For a
            Bayesian one that is the mixture which its `sample` draws from.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            An estimator that is not fitted.
        TypeError
            Something else.
        ValueError
            Parameters that are no Gaussian mixture.

        Examples
        --------
        >>> import gmmfast
        >>> gmmfast.Mixture.from_model(([1.0], [[0.0, 0.0]], [2.0])).covariance_type
        'spherical'
        """
        if isinstance(model, Mixture):
            return model
        if isinstance(model, tuple | list):
            if len(model) == 3:
                return cls(*model)
            raise TypeError(
                "model: expected a triple (weights, means, covariances), "
                f"got a {type(model).__name__} of length {len(model)}"
            )
        fitted = [hasattr(model, name) for name in ("weights_", "means_", "covariances_")]
        if all(fitted) and hasattr(model, "covariance_type"):
            return cls(
                model.weights_,
                model.means_,
                model.covariances_,
                covariance_type=model.covariance_type,
            )
        if hasattr(model, "covariance_type") and hasattr(model, "fit"):
            from sklearn.exceptions import NotFittedError  # noqa: PLC0415 (a second's import)

            raise NotFittedError(
                f"model: expected a fitted estimator, got an unfitted {type(model).__name__}; "
                "call its fit first"
            )
        raise TypeError(
            "model: expected a fitted scikit-learn GaussianMixture or BayesianGaussianMixture, "
            f"a gmmfast.Mixture or (weights, means, covariances), got {type(model).__name__}"
        )

    @property
    def n_components(self) -> int:
        """Number of components."""
        return int(self._means.shape[0])

    @property
    def n_features(self) -> int:
        """Number of features."""
        return int(self._means.shape[1])

    @property
    def weights(self) -> NDArray[np.float64]:
        """Weights of the components, (n_components,); read-only."""
        return self._weights

    @property
    def means(self) -> NDArray[np.float64]:
        """Means of the components, (n_components, n_features); read-only."""
        return self._means

    @property
    def covariances(self) -> NDArray[np.float64]:
        """Covariances in the layout of the covariance type; read-only."""
        return self._covariances

    @property
    def covariance_type(self) -> str:
        """One of "full", "tied", "diag" and "spherical"."""
        return self._covariance_type

    @property
    def extent(self) -> Extent | None:
        """What a picture of the model covers, as ((x_low, x_high), ...), or None."""
        return self._extent

    def with_extent(self, extent: Sequence[Sequence[float]] | None) -> Mixture:
        """Return the same mixture, remembering another extent.

        Parameters
        ----------
        extent : sequence of (low, high), or None
            One pair for each of the first features, x then y.

        Returns
        -------
        Mixture
            Shares this one's parameters.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([1.0], [[0.0, 0.0]], [2.0])
        >>> mixture.with_extent([(-3, 3), (-2, 2)]).extent
        ((-3.0, 3.0), (-2.0, 2.0))
        """
        checked = None if extent is None else check_extent(extent, max_axes=self.n_features)
        return self._from_core(self._core, checked)

    def marginal(self, features: Sequence[int]) -> Mixture:
        """Return the mixture of some of the features alone.

        Parameters
        ----------
        features : sequence of int
            Distinct feature indices; the result has them in this order.

        Returns
        -------
        Mixture
            Of the same covariance type; forgets the extent.

        Examples
        --------
        >>> import gmmfast
        >>> joint = gmmfast.Mixture([1.0], [[1.0, 2.0]], [[[2.0, 0.5], [0.5, 3.0]]])
        >>> joint.marginal([1]).covariances
        array([[[3.]]])
        """
        checked = check_features("features", features, self.n_features)
        return self._from_core(self._core.marginal(checked), None)

    def condition(self, given: Sequence[int], values: ArrayLike) -> Mixture:
        """Return the mixture of the other features, given values of some.

        Parameters
        ----------
        given : sequence of int
            Distinct feature indices, not all of them.
        values : array-like of shape (len(given),)
            The values of these features.

        Returns
        -------
        Mixture
            Of the remaining features, ascending, and the same covariance type.
            Weights are the responsibilities of the components for the values
            (Bishop, 2006, section 2.3.1).

        Examples
        --------
        >>> import gmmfast
        >>> joint = gmmfast.Mixture([1.0], [[0.0, 10.0]], [[[2.0, 1.0], [1.0, 3.0]]])
        >>> joint.condition([0], [4.0]).means
        array([[12.]])
        """
        checked = check_features("given", given, self.n_features)
        point = float_array("values", values, ndims=(1,))
        return self._from_core(self._core.condition(checked, point.tolist()), None)

    def score_samples(
        self,
        X: ArrayLike,  # noqa: N803 (scikit-learn's name)
        *,
        n_threads: int | None = None,
    ) -> NDArray[np.float64]:
        """Return the log-density at each point.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points; finite.
        n_threads : int, optional
            Number of threads; by default all that the process may use.

        Returns
        -------
        ndarray of shape (n_samples,)
            log p(x), exact to rounding, also where p(x) underflows.

        Examples
        --------
        >>> import gmmfast
        >>> standard = gmmfast.Mixture([1.0], [[0.0]], [1.0])
        >>> standard.score_samples([[0.0], [100.0]]).round(3)
        array([-9.190000e-01, -5.000919e+03])
        """
        points = float_array("X", X, ndims=(2,))
        if points.shape[1] != self.n_features:
            raise ValueError(
                f"X: expected shape (n_samples, {self.n_features}), as many features as the "
                f"model, got {points.shape}"
            )
        if not np.isfinite(points).all():
            row = int(np.argmin(np.isfinite(points).all(axis=1)))
            raise ValueError(
                f"X: expected finite values, got {points[row].tolist()} in row {row}; "
                "drop such rows or fill them in"
            )
        threads = check_n_threads(n_threads)
        check_fits("X", points.shape, 8 * len(points))
        log_prob = np.empty(len(points))
        self._core.score_samples(points, log_prob, threads)
        return log_prob

    def __repr__(self) -> str:
        extent = "" if self._extent is None else f", extent={self._extent}"
        return (
            f"Mixture(n_components={self.n_components}, n_features={self.n_features}, "
            f"covariance_type={self._covariance_type!r}{extent})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (
            self._weights,
            self._means,
            self._covariances,
            self._covariance_type,
            self._extent,
        )

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


def _rebuild(
    weights: ArrayLike,
    means: ArrayLike,
    covariances: ArrayLike,
    covariance_type: str,
    extent: Extent | None,
) -> Mixture:
    return Mixture(weights, means, covariances, covariance_type=covariance_type, extent=extent)


def _read_only(array: NDArray[np.float64]) -> NDArray[np.float64]:
    array.flags.writeable = False
    return array


def _covariance_type_of_shape(shape: tuple[int, ...], means: tuple[int, ...]) -> str:
    n, d = means
    layouts = {"full": (n, d, d), "tied": (d, d), "diag": (n, d), "spherical": (n,)}
    fitting = [name for name, layout in layouts.items() if layout == shape]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise ValueError(
            f"covariance_type: expected one of {fitting}, got None, which shape {shape} does not "
            "decide with as many components as features; use gmmfast.Mixture(weights, means, "
            "covariances, covariance_type=...)"
        )
    expected = ", ".join(f"{layout} ({name})" for name, layout in layouts.items())
    raise ValueError(
        f"covariances: expected shape {expected} with means of shape {means}, got {shape}"
    )

"""The model: a validated Gaussian mixture, from scikit-learn or from arrays.

Everything that takes a `model` comes through `Mixture.from_model`. What a model
is and whether its arrays have the right shapes is checked by `parameters.py`;
the values (finite, weights that sum to 1, covariances that are symmetric and
positive definite) are checked by the backend, once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, overload

from gmmfast import _core
from gmmfast._validation import (
    Extent,
    check_extent,
    check_features,
    float_array,
)
from gmmfast.mixture.affine import AffineMaps
from gmmfast.mixture.conditional import ConditionalMixtures
from gmmfast.mixture.information import Divergences
from gmmfast.mixture.intervals import Intervals
from gmmfast.mixture.moments import Moments
from gmmfast.mixture.parameters import check_parameters, parameters_of_model
from gmmfast.mixture.predictions import Predictions
from gmmfast.mixture.product import Products
from gmmfast.mixture.regions import Regions
from gmmfast.mixture.responsibilities import SparseResponsibilities
from gmmfast.mixture.sampling import Sampling
from gmmfast.mixture.serialization import Exchange

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray


class Mixture(
    AffineMaps,
    Divergences,
    Exchange,
    Intervals,
    Products,
    Regions,
    SparseResponsibilities,
    Predictions,
    Moments,
    Sampling,
):
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
        parameters = check_parameters(weights, means, covariances, covariance_type)
        self._core = _core.Mixture(*parameters)
        self._shape: tuple[int, int] = parameters.means.shape
        self._covariance_type = parameters.covariance_type
        self._extent = None if extent is None else check_extent(extent, max_axes=self.n_features)
        # Read-only copies of the core's parameters, made when first asked for: a render needs
        # none, and of many components they are large.
        self._copies: dict[str, NDArray[np.float64]] = {}

    def _with(self, **changes: Any) -> Mixture:
        mixture = object.__new__(Mixture)
        mixture.__dict__.update(self.__dict__ | changes)
        return mixture

    def _with_core(self, core: _core.Mixture, n_features: int) -> Mixture:
        """Return a mixture of as many components and the same covariance type."""
        shape = (self.n_components, n_features)
        return self._with(_core=core, _shape=shape, _extent=None, _copies={})

    def _copy_of(self, name: str) -> NDArray[np.float64]:
        if name not in self._copies:
            array: NDArray[np.float64] = getattr(self._core, name)
            array.flags.writeable = False
            self._copies.setdefault(name, array)  # another thread may have been quicker
        return self._copies[name]

    @classmethod
    def from_model(cls, model: Any) -> Mixture:
        """Return the mixture of anything that gmmfast takes for a model.

        Parameters
        ----------
        model : Mixture, fitted estimator, or (weights, means, covariances)
            A fitted `sklearn.mixture.GaussianMixture` or
            `BayesianGaussianMixture` of any covariance type, or any object with
            their fitted attributes; a `Mixture`, returned as it is; or a triple
            of arrays. Of an estimator with an attribute `extent_`, as `fit_image`
            returns, the extent is taken, too.

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
        weights, means, covariances, covariance_type = parameters_of_model(model)
        extent = getattr(model, "extent_", None)
        return cls(weights, means, covariances, covariance_type=covariance_type, extent=extent)

    @property
    def n_components(self) -> int:
        """Number of components."""
        return self._shape[0]

    @property
    def n_features(self) -> int:
        """Number of features."""
        return self._shape[1]

    @property
    def weights(self) -> NDArray[np.float64]:
        """Weights of the components, (n_components,); read-only."""
        return self._copy_of("weights")

    @property
    def means(self) -> NDArray[np.float64]:
        """Means of the components, (n_components, n_features); read-only."""
        return self._copy_of("means")

    @property
    def covariances(self) -> NDArray[np.float64]:
        """Covariances in the layout of the covariance type; read-only."""
        return self._copy_of("covariances")

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
        return self._with(_extent=checked)

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
        return self._with_core(self._core.marginal(checked), len(checked))

    @overload
    def condition(self, given: Sequence[int], values: Sequence[float]) -> Mixture: ...

    @overload
    def condition(
        self, given: Sequence[int], values: ArrayLike
    ) -> Mixture | ConditionalMixtures: ...

    def condition(self, given: Sequence[int], values: ArrayLike) -> Mixture | ConditionalMixtures:
        """Return the mixture of the other features, given values of some.

        Parameters
        ----------
        given : sequence of int
            Distinct feature indices, not all of them.
        values : array-like of shape (len(given),) or (n_samples, len(given))
            The values of these features, at one point or at many.

        Returns
        -------
        Mixture or ConditionalMixtures
            Of the remaining features, ascending, and the same covariance type: for one
            point a mixture whose weights are the responsibilities of the components for
            the values (Bishop, 2006, section 2.3.1), for many points what answers for
            all of these mixtures without holding them.

        Examples
        --------
        >>> import gmmfast
        >>> joint = gmmfast.Mixture([1.0], [[0.0, 10.0]], [[[2.0, 1.0], [1.0, 3.0]]])
        >>> joint.condition([0], [4.0]).means
        array([[12.]])
        >>> joint.condition([0], [[4.0], [0.0]]).mean()
        array([[12.],
               [10.]])
        """
        rows = float_array("values", values, ndims=(1, 2))
        if rows.ndim == 2:
            return ConditionalMixtures(self, given, rows)
        checked = check_features("given", given, self.n_features)
        core = _core.Conditional(self._core, checked).at(rows.tolist())
        return self._with_core(core, self.n_features - len(checked))

    def __repr__(self) -> str:
        extent = "" if self._extent is None else f", extent={self._extent}"
        return (
            f"Mixture(n_components={self.n_components}, n_features={self.n_features}, "
            f"covariance_type={self._covariance_type!r}{extent})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (
            self.weights,
            self.means,
            self.covariances,
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

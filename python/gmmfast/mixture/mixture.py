"""The class `Mixture`: a validated, immutable Gaussian mixture.

Everything that takes a `model` calls `Mixture.from_model`. `parameters.py` checks the types and
shapes of arrays; the core checks their values, once. The methods convert arguments and results;
modules of functions beside this one compute.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, overload

from gmmfast import _core
from gmmfast._files import StrPath, check_path
from gmmfast._memory import check_fits
from gmmfast._validation import (
    Extent,
    check_count,
    check_extent,
    check_features,
    check_fraction,
    check_n_threads,
    check_points,
    check_positive,
    float_array,
)
from gmmfast.mixture import (
    algebra,
    information,
    intervals,
    moments,
    regions,
    sampling,
    serialization,
)
from gmmfast.mixture import responsibilities as points_of
from gmmfast.mixture.conditional import ConditionalMixtures
from gmmfast.mixture.parameters import Parameters, check_parameters, parameters_of_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from gmmfast.mixture.sampling import Bounds, Order, RandomState

    Array = NDArray[np.float64]


class Product(NamedTuple):
    """The normalized product of two densities, and the logarithm of its normalizer."""

    mixture: Mixture
    log_normalizer: float


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
        "diag", (n_components,) for "spherical". Only the lower
        triangles of matrices are read.
    covariance_type : {"full", "tied", "diag", "spherical"}, optional
        By default the shape decides. It is required with as many components as
        features, where "tied" and "diag" have the same shape.
    extent : sequence of (low, high), optional
        The intervals that a picture of the model covers along its first features, x
        then y: the default extent of `render_grid`.

    Raises
    ------
    ValueError
        If a parameter is invalid; the message names it and the component.

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
        # Read-only copies of the core's parameters, made at first use: a render needs none, and
        # with many components they are large.
        self._copies: dict[str, NDArray[np.float64]] = {}

    def _replace(self, **changes: Any) -> Mixture:
        mixture = object.__new__(Mixture)
        mixture.__dict__.update(self.__dict__ | changes)
        return mixture

    def _from_core(self, core: _core.Mixture, n_features: int) -> Mixture:
        """Return a mixture of as many components, the same covariance type and no extent."""
        shape = (self.n_components, n_features)
        return self._replace(_core=core, _shape=shape, _extent=None, _copies={})

    def _from_parameters(self, parameters: Parameters, extent: Extent | None) -> Mixture:
        return self._replace(
            _core=parameters.core(),
            _shape=parameters.shape,
            _covariance_type=parameters.covariance_type,
            _extent=extent,
            _copies={},
        )

    def _parameters(self) -> Parameters:
        return Parameters(
            self.weights,
            self._core.log_weights,
            self.means,
            self.covariances,
            self._covariance_type,
        )

    def _points(self, X: ArrayLike) -> Array:
        return check_points("X", X, self.n_features)

    def _other(self, other: Any) -> Mixture:
        """Return another model as a mixture of as many features."""
        right = Mixture.from_model(other)
        if right.n_features != self.n_features:
            raise ValueError(
                f"other: expected a mixture of {self.n_features} features, as this one, got "
                f"{right.n_features}; take the marginal of those that both have"
            )
        return right

    def _copy_of(self, name: str) -> Array:
        if name not in self._copies:
            array: NDArray[np.float64] = getattr(self._core, name)
            array.flags.writeable = False
            self._copies.setdefault(name, array)  # another thread may be first
        return self._copies[name]

    @classmethod
    def from_model(cls, model: Any) -> Mixture:
        """Return any model that gmmfast accepts as a mixture.

        Parameters
        ----------
        model : Mixture, fitted estimator, or (weights, means, covariances)
            A fitted `sklearn.mixture.GaussianMixture` or
            `BayesianGaussianMixture` of any covariance type, or any object with
            their fitted attributes; a `Mixture`, returned as it is; or a triple
            of arrays. The extent is the estimator's `extent_`, if it has one, as
            those of `fit_image` do.

        Returns
        -------
        Mixture
            The mixture of the model's weights, means and covariances. For a
            Bayesian one that is the mixture which its `sample` draws from.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If an estimator is not fitted.
        TypeError
            If `model` has another type.
        ValueError
            If the parameters are not those of a Gaussian mixture.

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
    def weights(self) -> Array:
        """Weights of the components, (n_components,); read-only."""
        return self._copy_of("weights")

    @property
    def means(self) -> Array:
        """Means of the components, (n_components, n_features); read-only."""
        return self._copy_of("means")

    @property
    def covariances(self) -> Array:
        """Covariances in the layout of the covariance type; read-only."""
        return self._copy_of("covariances")

    @property
    def covariance_type(self) -> str:
        """One of "full", "tied", "diag" and "spherical"."""
        return self._covariance_type

    @property
    def extent(self) -> Extent | None:
        """Intervals that a picture of the model covers, ((x_low, x_high), ...), or None."""
        return self._extent

    def with_extent(self, extent: Sequence[Sequence[float]] | None) -> Mixture:
        """Return this mixture with another extent.

        Parameters
        ----------
        extent : sequence of (low, high), or None
            One pair for each of the first features, x then y.

        Returns
        -------
        Mixture
            The mixture, with shared parameters.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([1.0], [[0.0, 0.0]], [2.0])
        >>> mixture.with_extent([(-3, 3), (-2, 2)]).extent
        ((-3.0, 3.0), (-2.0, 2.0))
        """
        checked = None if extent is None else check_extent(extent, max_axes=self.n_features)
        return self._replace(_extent=checked)

    def marginal(self, features: Sequence[int]) -> Mixture:
        """Return the marginal mixture of some features.

        Parameters
        ----------
        features : sequence of int
            Distinct feature indices; the result has them in this order.

        Returns
        -------
        Mixture
            The marginal mixture, of the same covariance type and without extent.

        Examples
        --------
        >>> import gmmfast
        >>> joint = gmmfast.Mixture([1.0], [[1.0, 2.0]], [[[2.0, 0.5], [0.5, 3.0]]])
        >>> joint.marginal([1]).covariances
        array([[[3.]]])
        """
        checked = check_features("features", features, self.n_features)
        return self._from_core(self._core.marginal(checked), len(checked))

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
            The mixture of the remaining features, ascending, with the responsibilities for
            the values as weights (Bishop, 2006, section 2.3.1); or, for many points, an
            object that evaluates all of these mixtures without storing them.

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
        return self._from_core(core, self.n_features - len(checked))

    def mean(self) -> Array:
        """Return the mean of the mixture.

        Returns
        -------
        ndarray of shape (n_features,)
            The mean E[x] = sum_k w_k m_k.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.25, 0.75], [[0.0, 8.0], [4.0, 0.0]], [1.0, 2.0])
        >>> mixture.mean()
        array([3., 2.])
        """
        return moments.mean(self._parameters())

    def covariance(self) -> Array:
        """Return the covariance matrix of the mixture.

        Returns
        -------
        ndarray of shape (n_features, n_features)
            Var[x] = sum_k w_k (S_k + (m_k - m) (m_k - m)^T) with the mean m, by the law of
            total covariance. Symmetric.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0, 0.0], [4.0, 2.0]], [1.0, 2.0])
        >>> mixture.covariance()
        array([[5.5, 2. ],
               [2. , 2.5]])
        """
        return moments.covariance(self._parameters())

    def component(self, index: int) -> Mixture:
        """Return one component alone, as a mixture.

        Parameters
        ----------
        index : int
            Index of the component, from 0 to n_components - 1.

        Returns
        -------
        Mixture
            The component with weight 1, of the same covariance type and extent.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0], [4.0]], [1.0, 2.0])
        >>> mixture.component(1).covariance()
        array([[2.]])
        """
        (k,) = check_features("index", [index], self.n_components)
        return self._from_parameters(algebra.component(self._parameters(), k), self.extent)

    def score_samples(
        self,
        X: ArrayLike,
        *,
        n_threads: int | None = None,
    ) -> Array:
        """Return the log-density at each point.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points; finite.
        n_threads : int, optional
            Number of threads; all available by default.

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
        points, threads = self._points(X), check_n_threads(n_threads)
        return points_of.score_samples(self._core, points, threads)

    def predict(
        self,
        X: ArrayLike,
        *,
        n_threads: int | None = None,
    ) -> NDArray[np.int64]:
        """Return the most probable component of each point.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points; finite.
        n_threads : int, optional
            Number of threads; all available by default.

        Returns
        -------
        ndarray of int64 and shape (n_samples,)
            Index of the component with the largest log weight plus log-density,
            the first of equals; 0 where the distance from every component
            overflows.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0], [4.0]], [1.0, 1.0])
        >>> mixture.predict([[1.0], [3.0], [2.0]])
        array([0, 1, 0])
        """
        points, threads = self._points(X), check_n_threads(n_threads)
        return points_of.predict(self._core, points, threads)

    def predict_proba(
        self,
        X: ArrayLike,
        *,
        n_threads: int | None = None,
    ) -> Array:
        """Return the responsibility of each component for each point.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points; finite.
        n_threads : int, optional
            Number of threads; all available by default.

        Returns
        -------
        ndarray of shape (n_samples, n_components)
            p(component | x) = w_k N(x; m_k, S_k) / p(x), with rows that sum to 1
            (Bishop, 2006, equation 9.23), also where p(x) underflows.

        Raises
        ------
        MemoryError
            If the result is larger than the available memory; raised before allocating.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0], [4.0]], [1.0, 1.0])
        >>> mixture.predict_proba([[1.0], [2.0]]).round(3)
        array([[0.982, 0.018],
               [0.5  , 0.5  ]])
        """
        points, threads = self._points(X), check_n_threads(n_threads)
        return points_of.predict_proba(self._core, points, self.n_components, threads)

    def responsibilities(
        self,
        X: ArrayLike,
        *,
        threshold: float = 0.0,
        n_threads: int | None = None,
    ) -> Any:
        """Return the responsibilities that are not zero, as a sparse array.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The points; finite.
        threshold : float in [0, 1)
            Responsibilities up to this are left out; rows then sum to less than 1.
        n_threads : int, optional
            Number of threads; all available by default.

        Returns
        -------
        scipy.sparse.csr_array of shape (n_samples, n_components)
            The values of `predict_proba` that are not zero.

        Raises
        ------
        MemoryError
            If the values do not fit in the available memory.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0], [400.0]], [1.0, 1.0])
        >>> sparse = mixture.responsibilities([[1.0], [200.0], [399.0]])
        >>> sparse.nnz
        4
        >>> sparse.toarray()
        array([[1. , 0. ],
               [0.5, 0.5],
               [0. , 1. ]])
        """
        points, threads = self._points(X), check_n_threads(n_threads)
        least = check_fraction("threshold", threshold, low=True)
        return points_of.sparse_responsibilities(
            self._core, points, self.n_components, least, threads
        )

    @overload
    def sample(
        self,
        n_samples: int = 1,
        *,
        random_state: RandomState = None,
        order: Order = "shuffled",
        return_labels: Literal[False] = False,
        bounds: Bounds | None = None,
        dtype: DTypeLike = "float64",
        n_threads: int | None = None,
    ) -> NDArray[Any]: ...
    @overload
    def sample(
        self,
        n_samples: int = 1,
        *,
        random_state: RandomState = None,
        order: Order = "shuffled",
        return_labels: Literal[True],
        bounds: Bounds | None = None,
        dtype: DTypeLike = "float64",
        n_threads: int | None = None,
    ) -> tuple[NDArray[Any], NDArray[np.int64]]: ...
    def sample(  # noqa: PLR0913 (the public face; all but one by keyword)
        self,
        n_samples: int = 1,
        *,
        random_state: RandomState = None,
        order: Order = "shuffled",
        return_labels: bool = False,
        bounds: Bounds | None = None,
        dtype: DTypeLike = "float64",
        n_threads: int | None = None,
    ) -> NDArray[Any] | tuple[NDArray[Any], NDArray[np.int64]]:
        """Draw independent samples.

        Parameters
        ----------
        n_samples : int, default=1
            Number of samples, at least one.
        random_state : None, int, numpy.random.Generator or RandomState, optional
            The seed, from 0 to 2**64 - 1, which alone decides the result, or a generator to
            draw it from. By default a fresh one from the system.
        order : {"shuffled", "grouped"}, default="shuffled"
            "shuffled" is the order of the draws: the first m of n samples are those of
            `n_samples=m`. "grouped" sorts them by component, as in scikit-learn's `sample`.
            The counts of the components are multinomial either way.
        return_labels : bool, default=False
            Also return the components.
        bounds : sequence of (low, high) or None, one a feature, optional
            Draw from the mixture truncated to this closed box; None, for a feature or an end,
            is no bound. Colors are in (0, 255). Exact, by rejection: time grows with the
            inverse of the probability of the box.
        dtype : {float64, float32}, default=float64
            Type of the samples; float32 values are rounded, which may cross a bound.
        n_threads : int, optional
            Number of threads; all available by default.

        Returns
        -------
        points : ndarray of shape (n_samples, n_features)
            The samples.
        labels : ndarray of int64 and shape (n_samples,)
            Their components; only with `return_labels`.

        Raises
        ------
        ValueError, TypeError
            If an argument is invalid, or the probability of the box is below 1e-4.
        MemoryError
            If the result is larger than the available memory; raised before allocating.

        See Also
        --------
        render_samples : Counts or means of samples on a grid, without storing them.

        Notes
        -----
        The stream of random numbers is named "gmmfast-1" and is the same on every machine;
        other bits would have another name. Normals end at 8.57 standard deviations.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0, 0.0], [9.0, 9.0]], [1.0, 0.1])
        >>> mixture.sample(2, random_state=0).shape
        (2, 2)
        >>> points, labels = mixture.sample(1000, random_state=0, return_labels=True)
        >>> bool(((points[:, 0] > 5) == labels).all())
        True

        With bounds:

        >>> points = mixture.sample(1000, random_state=0, bounds=[(0, None), (-1, 9)])
        >>> bool((points >= [0, -1]).all() and (points[:, 1] <= 9).all())
        True
        """
        request = sampling.SampleRequest(
            n_samples, random_state, order, return_labels, bounds, dtype, n_threads
        )
        points, labels = sampling.sample(self._core, self.n_features, request)
        return points if labels is None else (points, labels)

    def transform(self, matrix: ArrayLike, offset: ArrayLike | None = None) -> Mixture:
        """Return the mixture of the features after an affine map.

        Parameters
        ----------
        matrix : array-like of shape (n_out, n_features)
            A of x -> A x + b, with linearly independent rows, so at most as many as features.
        offset : array-like of shape (n_out,), optional
            b; zero by default.

        Returns
        -------
        Mixture
            The distribution of A x + b: means A m_k + b and covariances A S_k A^T (Bishop,
            2006, section 2.3.1), to rounding. Samples of this mixture, mapped, are samples of
            the result, and its density at A x + b is that at x divided by the absolute
            determinant of A, if A is square. The covariance type stays where the map keeps it,
            else it is "full". The extent is mapped if the first features of the result are
            those of the picture, each scaled and shifted, in any order, and runs the way it
            did before, so that a mirrored model shows a mirrored picture; otherwise it is
            forgotten.

        Raises
        ------
        ValueError
            If the rows of the matrix are linearly dependent, or the mapped covariances are not
            positive definite in float64.

        Examples
        --------
        A quarter turn of the plane, and twice the size:

        >>> import numpy as np
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([1.0], [[3.0, 1.0]], [[[2.0, 0.5], [0.5, 1.0]]])
        >>> turned = mixture.transform([[0.0, -2.0], [2.0, 0.0]])
        >>> turned.means, turned.covariances
        (array([[-2.,  6.]]), array([[[ 4., -2.],
                [-2.,  8.]]]))

        The colors of a mixture over (x, y, r, g, b) as Y'CbCr (ITU-R BT.601), and back:

        >>> luma = [0.299, 0.587, 0.114]
        >>> cb, cr = ([-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312])
        >>> to_ycbcr, offset = np.eye(5), [0, 0, 0, 128, 128]
        >>> to_ycbcr[2:, 2:] = [luma, cb, cr]
        >>> red = gmmfast.Mixture([1.0], [[5.0, 9.0, 255.0, 0.0, 0.0]], [4.0])
        >>> ycbcr = red.transform(to_ycbcr, offset)
        >>> ycbcr.means.round(1), ycbcr.covariance_type
        (array([[  5. ,   9. ,  76.2,  85. , 255.5]]), 'full')
        >>> inverse = np.linalg.inv(to_ycbcr)
        >>> ycbcr.transform(inverse, -inverse @ offset).means.round(6) + 0.0
        array([[  5.,   9., 255.,   0.,   0.]])
        """
        a, b = algebra.check_map(matrix, offset, self.n_features)
        try:
            mapped = algebra.transform(self._parameters(), a, b)
            return self._from_parameters(mapped, algebra.mapped_extent(self.extent, a, b))
        except ValueError as error:
            raise ValueError(
                "matrix: expected a map that leaves means and covariances finite and positive "
                f"definite in float64, got one with which {error}; scale the features first"
            ) from None

    def product(self, other: Any) -> Product:
        """Return the mixture whose density is proportional to the product of two.

        Parameters
        ----------
        other : model
            A mixture of as many features, or another model that `Mixture.from_model` accepts.

        Returns
        -------
        Product
            The named tuple (mixture, log_normalizer): with p and q the two densities, the
            mixture is p(x) q(x) / Z and log_normalizer is log Z, Z the integral of p(x) q(x),
            finite where Z underflows. The mixture has one component for each pair, those of
            this mixture's first component first; its covariance type is the simpler one that
            both have in common ("spherical", "diag", "tied" or "full"), its extent this one's.

        Raises
        ------
        MemoryError
            If the pairs of components do not fit in the available memory.

        Examples
        --------
        Two measurements of the same place, the second one more exact:

        >>> import gmmfast
        >>> first = gmmfast.Mixture([1.0], [[0.0]], [3.0])
        >>> second = gmmfast.Mixture([1.0], [[4.0]], [1.0])
        >>> both, log_normalizer = first.product(second)
        >>> both.means, both.covariances
        (array([[3.]]), array([0.75]))
        >>> round(log_normalizer, 3)
        -3.612
        """
        right = self._other(other)
        parameters, log_normalizer = algebra.product(
            self._parameters(), Mixture._parameters(right), right
        )
        return Product(self._from_parameters(parameters, self.extent), log_normalizer)

    def entropy_bounds(self) -> information.Bounds:
        """Return a lower and an upper bound of the differential entropy.

        Returns
        -------
        Bounds
            The named tuple (lower, upper), in nats; the same number twice, to rounding, for
            one component.

        Notes
        -----
        The bounds are those of Huber et al. (2008) and of Kolchinsky and Tracey (2017), with
        the entropy of a Gaussian of the same covariance as another upper bound. Time grows
        with the square of the number of components; memory does not.

        Examples
        --------
        Two components far apart have the entropy of one, plus one bit:

        >>> import numpy as np
        >>> import gmmfast
        >>> bounds = gmmfast.Mixture([0.5, 0.5], [[0.0], [40.0]], [1.0, 1.0]).entropy_bounds()
        >>> exact = 0.5 * np.log(2 * np.pi * np.e) + np.log(2)
        >>> bool(bounds.lower <= exact <= bounds.upper + 1e-12)
        True
        """
        return information.entropy_bounds(self._parameters())

    def kl_divergence(
        self,
        other: Any,
        *,
        n_samples: int = 100_000,
        random_state: Any = None,
        n_threads: int | None = None,
    ) -> information.Estimate:
        """Estimate the Kullback-Leibler divergence of another mixture from this one.

        Parameters
        ----------
        other : model
            A mixture of as many features, or another model that `Mixture.from_model` accepts.
        n_samples : int
            Number of points to draw from this mixture, at least 2.
        random_state : int, RandomState, Generator or None
            The seed, or a generator to draw it from.
        n_threads : int, optional
            Number of threads; all available by default.

        Returns
        -------
        Estimate
            The named tuple (value, standard_error), in nats: the mean of log p(x) - log q(x)
            over the points, with p this mixture and q the other, and its standard deviation
            (Hershey and Olsen, 2007, section 3). The mean may be negative where the divergence
            is near 0.

        See Also
        --------
        kl_divergence_variational, kl_divergence_upper_bound : Without random numbers.

        Examples
        --------
        >>> import gmmfast
        >>> p = gmmfast.Mixture([1.0], [[0.0]], [1.0])
        >>> q = gmmfast.Mixture([1.0], [[2.0]], [1.0])
        >>> value, standard_error = p.kl_divergence(q, random_state=0)
        >>> bool(abs(value - 2) < 4 * standard_error), round(standard_error, 3)
        (True, 0.006)
        """
        right = self._other(other)
        number, threads = check_count("n_samples", n_samples), check_n_threads(n_threads)
        if number < 2:
            raise ValueError(f"n_samples: expected at least 2, got {number}; draw more points")
        points = self.sample(number, random_state=random_state, n_threads=threads)
        ratios = self.score_samples(points, n_threads=threads)
        ratios -= right.score_samples(points, n_threads=threads)
        return information.estimate(ratios)

    def kl_divergence_variational(self, other: Any) -> float:
        """Approximate the Kullback-Leibler divergence of another mixture from this one.

        Parameters
        ----------
        other : model
            A mixture of as many features, or another model that `Mixture.from_model` accepts.

        Returns
        -------
        float
            sum_a w_a log(sum_a' w_a' exp(-D(a, a')) / sum_b v_b exp(-D(a, b))), with a this
            mixture's components, b the other's, w and v their weights, and D the divergence
            of two components (Hershey and Olsen, Approximating the Kullback Leibler divergence
            between Gaussian mixture models, ICASSP 2007, equation 20). In nats. It is no bound,
            but 0 for equal mixtures, and exact for one component each.

        Examples
        --------
        >>> import gmmfast
        >>> p = gmmfast.Mixture([1.0], [[0.0]], [1.0])
        >>> q = gmmfast.Mixture([1.0], [[2.0]], [1.0])
        >>> p.kl_divergence_variational(q)
        2.0
        """
        right = self._other(other)
        return information.kl_variational(self._parameters(), Mixture._parameters(right))

    def kl_divergence_upper_bound(
        self, other: Any, *, max_iter: int = 100, tol: float = 1e-9
    ) -> float:
        """Return an upper bound of the Kullback-Leibler divergence of another mixture.

        Parameters
        ----------
        other : model
            A mixture of as many features, or another model that `Mixture.from_model` accepts.
        max_iter : int
            Maximum number of iterations; each gives a bound that is no looser than the last.
        tol : float
            Stop when an iteration gains no more than this, in nats.

        Returns
        -------
        float
            In nats. Both mixtures are cut into as many components as they have pairs, each of
            the other in proportion to those of this; by the chain rule the divergence of the
            mixtures is at most that of the fractions plus that of the paired components, which
            two alternating closed forms minimize (Hershey and Olsen, 2007, section 6). Exact
            for one component each.

        Raises
        ------
        MemoryError
            If the pairs of components do not fit in the available memory.

        Examples
        --------
        >>> import gmmfast
        >>> p = gmmfast.Mixture([0.5, 0.5], [[0.0], [9.0]], [1.0, 1.0])
        >>> q = gmmfast.Mixture([0.25, 0.75], [[1.0], [9.0]], [1.0, 1.0])
        >>> round(p.kl_divergence_upper_bound(q), 4)
        0.3938
        """
        right = self._other(other)
        steps, least = check_count("max_iter", max_iter), check_positive("tol", tol, or_zero=True)
        n_bytes = 6 * 8 * self.n_components * right.n_components
        check_fits("other", right, n_bytes, "use kl_divergence, or fewer components")
        return information.kl_upper_bound(
            self._parameters(), Mixture._parameters(right), steps, least
        )

    def cdf(
        self,
        X: ArrayLike,
        *,
        log: bool = False,
    ) -> Array:
        """Return the probability of values up to each point, of one feature.

        Parameters
        ----------
        X : array-like of shape (n_samples,) or (n_samples, 1)
            The points; may be infinite, but not NaN.
        log : bool
            Return the logarithm, which does not underflow.

        Returns
        -------
        ndarray of shape (n_samples,)
            P(x <= X) = sum_k w_k Phi((X - m_k) / s_k), Phi the standard normal distribution
            function; with full relative accuracy far below all components. Far above them it
            rounds to 1: see `sf`.

        Raises
        ------
        ValueError
            If the mixture has more than one feature; take a `marginal` first.

        See Also
        --------
        sf : The probability of larger values.
        interval_probability : Of values between edges, such as the bins of a histogram.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[-1.0], [1.0]], [1.0, 1.0])
        >>> mixture.cdf([-1.0, 0.0, 30.0]).round(4)
        array([0.2614, 0.5   , 1.    ])
        """
        return intervals.tail(self._parameters(), "cdf", X, upper=False, log=log)

    def sf(
        self,
        X: ArrayLike,
        *,
        log: bool = False,
    ) -> Array:
        """Return the probability of values above each point, of one feature.

        Parameters
        ----------
        X : array-like of shape (n_samples,) or (n_samples, 1)
            The points; may be infinite, but not NaN.
        log : bool
            Return the logarithm, which does not underflow.

        Returns
        -------
        ndarray of shape (n_samples,)
            P(x > X) = 1 - cdf(X), the survival function, with full relative accuracy far above
            all components.

        Raises
        ------
        ValueError
            If the mixture has more than one feature; take a `marginal` first.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[-1.0], [1.0]], [1.0, 1.0])
        >>> mixture.sf([21.0])
        array([1.37681206e-89])
        >>> mixture.sf([1001.0], log=True).round(2)
        array([-500008.52])
        """
        return intervals.tail(self._parameters(), "sf", X, upper=True, log=log)

    def interval_probability(self, edges: ArrayLike) -> Array:
        """Return the probability of the values between edges, of one feature.

        Times the number of points these are the expected counts of a histogram.

        Parameters
        ----------
        edges : array-like of shape (n_intervals + 1,)
            Ascending; may be infinite, but not NaN.

        Returns
        -------
        ndarray of shape (n_intervals,)
            P(edges[i] < x <= edges[i + 1]), with full relative accuracy in both tails and for
            narrow intervals, where the density is integrated.

        Raises
        ------
        ValueError
            If edges descend, or the mixture has more than one feature.

        Examples
        --------
        A histogram against the fit:

        >>> import numpy as np
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[-1.0], [1.0]], [1.0, 1.0])
        >>> counts, edges = np.histogram([-2.5, -1.2, -0.4, 0.3, 1.4], bins=[-3, -1, 1, 3])
        >>> counts
        array([2, 2, 1])
        >>> (5 * mixture.interval_probability(edges)).round(2)
        array([1.25, 2.39, 1.25])
        """
        return intervals.interval_probability(self._parameters(), edges)

    def quantile(self, q: ArrayLike) -> Array:
        """Return the values that are not exceeded with given probabilities, of one feature.

        Parameters
        ----------
        q : array-like of shape (n,)
            Probabilities from 0 to 1.

        Returns
        -------
        ndarray of shape (n,)
            The x with cdf(x) = q, to rounding; minus infinity and infinity for 0 and 1. Found
            by bisection between the smallest and the largest quantile of a component, from
            `sf` above the median.

        Raises
        ------
        ValueError
            If a number is outside [0, 1], or the mixture has more than one feature.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[-1.0], [1.0]], [1.0, 1.0])
        >>> mixture.quantile([0.0, 0.25, 0.5]).round(3) + 0.0
        array([  -inf, -1.051,  0.   ])
        """
        return intervals.quantile(self._parameters(), q)

    def error_ellipses(
        self,
        n_std: float = 1.0,
        features: Sequence[int] = (0, 1),
        *,
        confidence: float | None = None,
    ) -> regions.ErrorEllipses:
        """Return the ellipses on which each component's density in the plane is constant.

        Parameters
        ----------
        n_std : float
            Mahalanobis distance of the ellipses from their centers, in standard deviations.
        features : sequence of two int
            The features that span the plane, the horizontal one first.
        confidence : float in (0, 1), optional
            Instead of `n_std`: the fraction of a component's points within its ellipse, in the
            plane; 0.95 is 2.45 standard deviations.

        Returns
        -------
        ErrorEllipses
            The named tuple (centers, widths, heights, angles) of arrays, one element a
            component, in features' units: `widths` and `heights` are whole axes, the longer one
            first, and `angles` those of the longer axis in degrees, which is what
            ``matplotlib.patches.Ellipse(center, width, height, angle=angle)`` takes. Angles
            turn from the first feature's axis towards the second's: on a plot whose y axis
            points up that is anticlockwise, on a picture, where y points down, clockwise as
            one sees it; matplotlib does so of itself when the axis is inverted.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([1.0], [[3.0, 4.0]], [[[5.0, 3.0], [3.0, 5.0]]])
        >>> ellipses = mixture.error_ellipses(2.0)
        >>> ellipses.centers, ellipses.angles
        (array([[3., 4.]]), array([45.]))
        >>> ellipses.widths.round(3), ellipses.heights.round(3)
        (array([11.314]), array([5.657]))
        """
        plane = check_features("features", features, self.n_features)
        if len(plane) != 2:
            raise ValueError(f"features: expected two features, got {plane}")
        if confidence is None:
            radius = check_positive("n_std", n_std)
        else:
            radius = regions.confidence_radius(check_fraction("confidence", confidence), 2)
        return regions.error_ellipses(self._parameters(), plane, radius)

    def confidence_region(self, confidence: float) -> regions.ConfidenceRegion:
        """Return the union of the components' confidence ellipsoids.

        Parameters
        ----------
        confidence : float in (0, 1)
            The fraction of each component's points that lie within its own ellipsoid, in as many
            dimensions as there are features.

        Returns
        -------
        ConfidenceRegion
            The region, with the methods `contains` and `sample`.

        Notes
        -----
        The region holds at least this fraction of the mixture's points, more where components
        overlap. It is no region of highest density.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0, 0.0], [9.0, 0.0]], [1.0, 4.0])
        >>> region = mixture.confidence_region(0.95)
        >>> round(region.radius, 3)
        2.448
        >>> region.contains([[2.0, 1.0], [4.2, 0.0], [2.0, 2.0]])
        array([ True,  True, False])
        """
        checked = check_fraction("confidence", confidence)
        return regions.ConfidenceRegion(self, self._parameters(), checked)

    def to_sklearn(self) -> Any:
        """Return a fitted `sklearn.mixture.GaussianMixture` of the same parameters.

        Returns
        -------
        sklearn.mixture.GaussianMixture
            Of the same covariance type, with `weights_`, `means_`, `covariances_`,
            `precisions_`, `precisions_cholesky_` and `n_features_in_`, as if it had been
            fitted: it predicts, scores and samples. scikit-learn's own class, also while
            `patch_sklearn` is in force. Without a fit `lower_bound_` is NaN and
            `n_iter_` is 0. An extent becomes `extent_`, which `render_grid` takes.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0], [4.0]], [1.0, 2.0])
        >>> estimator = mixture.to_sklearn()
        >>> estimator.predict([[1.0], [3.0]])
        array([0, 1])
        >>> gmmfast.Mixture.from_model(estimator)
        Mixture(n_components=2, n_features=1, covariance_type='spherical')
        """
        return serialization.to_sklearn(self._parameters(), self.extent)

    def save(self, path: StrPath) -> None:
        """Write the mixture to a file, whole or not at all.

        Parameters
        ----------
        path : str or os.PathLike
            Path of the file; ".npz" is the usual ending, and none is added. An existing file
            keeps its permissions and is replaced only by a finished one.

        Raises
        ------
        OSError
            If no file can be written there.

        See Also
        --------
        load : Read the file.

        Notes
        -----
        The file is NumPy's .npz of the arrays "weights", "log_weights", "means",
        "covariances" (scikit-learn's layout), "covariance_type" and "extent" (no rows if
        there is none), "format" and "version": `numpy.load` reads it without gmmfast
        and without pickle.

        Examples
        --------
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([1.0], [[1.0, 2.0]], [3.0], extent=[(0, 4), (0, 3)])
        >>> with TemporaryDirectory() as folder:
        ...     mixture.save(Path(folder, "model.npz"))
        ...     gmmfast.Mixture.load(Path(folder, "model.npz")).extent
        ((0.0, 4.0), (0.0, 3.0))
        """
        serialization.save(self._parameters(), self.extent, path)

    @classmethod
    def load(cls, path: StrPath) -> Mixture:
        """Read a mixture that `save` wrote.

        Parameters
        ----------
        path : str or os.PathLike
            Path of the file.

        Returns
        -------
        Mixture
            The mixture, with the same bits and extent.

        Raises
        ------
        OSError
            If the file does not exist or cannot be read.
        ValueError
            If `save` did not write the file, a newer gmmfast wrote it, or it is damaged.
        """
        check_path("path", path)
        arrays = serialization.read_arrays(path)
        extent = arrays["extent"] if len(arrays["extent"]) else None
        try:
            mixture = cls(
                arrays["weights"],
                arrays["means"],
                arrays["covariances"],
                covariance_type=str(arrays["covariance_type"]),
                extent=extent,  # type: ignore[arg-type]
            )
            kept = serialization.kept_log_weights(mixture.weights, arrays["log_weights"])
            if kept is None:
                return mixture
            parameters = replace(mixture._parameters(), log_weights=kept)
            return mixture._from_parameters(parameters, mixture.extent)
        except (ValueError, TypeError) as error:
            raise serialization.damaged(path, f"one with {error}") from None

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

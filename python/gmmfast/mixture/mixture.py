"""The class `Mixture`: a validated, immutable Gaussian mixture.

Everything that takes a `model` calls `Mixture.from_model`. `parameters.py` checks the types and
shapes of arrays; the core checks their values, once. Most methods are functions of the modules of
this folder, which take the mixture as their first argument.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from gmmfast import _core
from gmmfast._display import html_of
from gmmfast._files import StrPath, check_path
from gmmfast._validation import Extent, check_extent, check_points
from gmmfast.mixture import (
    evaluation,
    exchange,
    intervals,
    operations,
    regions,
    sampling,
    serialization,
    summaries,
)
from gmmfast.mixture.parameters import (
    Parameters,
    check_feature_names,
    check_kind,
    check_parameters,
    feature_names_of_model,
    kind_of_model,
    parameters_of_model,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]


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
        "diag", (n_components,) for "spherical", (n_features,) for "tied-diag",
        and (1,) for "tied-spherical". Only the lower triangles of matrices are read.
    covariance_type : {"full", "tied", "diag", "spherical", "tied-diag", \
"tied-spherical"}, optional
        By default the shape decides among the first four. It is required with as
        many components as features, where "tied" and "diag" have the same shape.
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
        self._kind: str | None = None
        self._feature_names: tuple[str, ...] | None = None
        # Read-only copies of the core's parameters, made at first use: a render needs none, and
        # with many components they are large.
        self._copies: dict[str, NDArray[np.float64]] = {}

    def _replace(self, **changes: Any) -> Mixture:
        mixture = object.__new__(Mixture)
        mixture.__dict__.update(self.__dict__ | changes)
        return mixture

    def _from_core(self, core: _core.Mixture, features: Sequence[int]) -> Mixture:
        """Return a mixture of some features and as many components, without extent."""
        names = self._feature_names
        return self._replace(
            _core=core,
            _shape=(self.n_components, len(features)),
            _extent=None,
            _kind=None,
            _feature_names=names and tuple(names[feature] for feature in features),
            _copies={},
        )

    def _from_parameters(self, parameters: Parameters) -> Mixture:
        """Return a mixture of other parameters, with this one's extent, kind and names."""
        return self._replace(
            _core=parameters.core(),
            _shape=parameters.shape,
            _covariance_type=parameters.covariance_type,
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
            their fitted attributes; a `GaussianMixtureRegressor`, for its joint
            mixture; a `Mixture`, returned as it is; or a triple
            of arrays. Extent, kind and names of features are the estimator's `extent_`, `kind_`
            and `feature_names_in_`, if it has them.

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
        made = cls(weights, means, covariances, covariance_type=covariance_type, extent=extent)
        return made._replace(
            _kind=kind_of_model(model, made.n_features),
            _feature_names=feature_names_of_model(model, made.n_features),
        )

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
        """One of "full", "tied", "diag", "spherical", "tied-diag" and "tied-spherical"."""
        return self._covariance_type

    @property
    def extent(self) -> Extent | None:
        """Intervals that a picture of the model covers, ((x_low, x_high), ...), or None."""
        return self._extent

    @property
    def kind(self) -> str | None:
        """The kind of picture of the model, as `with_kind` takes it, or None."""
        return self._kind

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """The names of the features, those of the columns that were fitted, or None."""
        return self._feature_names

    score_samples = evaluation.score_samples
    predict = evaluation.predict
    predict_proba = evaluation.predict_proba
    responsibilities = evaluation.responsibilities
    sample = sampling.sample

    # operations.py
    with_extent = operations.with_extent
    with_kind = operations.with_kind
    with_feature_names = operations.with_feature_names
    marginal = operations.marginal
    condition = operations.condition
    component = operations.component
    to_json = exchange.to_json
    to_onnx = exchange.to_onnx
    to_sklearn = serialization.to_sklearn
    save = serialization.save
    transform = operations.transform
    product = operations.product
    mean = summaries.mean
    covariance = summaries.covariance
    entropy_bounds = summaries.entropy_bounds
    kl_divergence = summaries.kl_divergence
    kl_divergence_variational = summaries.kl_divergence_variational
    kl_divergence_upper_bound = summaries.kl_divergence_upper_bound
    cdf = intervals.cdf
    sf = intervals.sf
    interval_probability = intervals.interval_probability
    quantile = intervals.quantile
    error_ellipses = regions.error_ellipses
    confidence_region = regions.confidence_region

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
            The mixture, with the same bits, extent, kind and names of features.

        Raises
        ------
        OSError
            If the file does not exist or cannot be read.
        ValueError
            If `save` did not write the file, a newer gmmfast wrote it, or it is damaged.
        """
        check_path("path", path)
        arrays = serialization.read_arrays(path)
        try:
            return cls._from_arrays(arrays)
        except (ValueError, TypeError) as error:
            raise serialization.damaged(path, f"one with {error}") from None

    @classmethod
    def from_json(cls, text: str | bytes) -> Mixture:
        """Read a mixture from the text that `to_json` returned.

        Parameters
        ----------
        text : str or bytes

        Raises
        ------
        ValueError
            If the text is something else, or has invalid parameters.
        """
        return cls._from_arrays(exchange.arrays_of_json(text))

    @classmethod
    def _from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Mixture:
        """Return the mixture of the arrays of a file, of which the numbers are taken."""
        shape = arrays["means"].shape
        extent = arrays["extent"].tolist()
        names = arrays.get("feature_names")
        # Before they are objects of Python, which may take twenty times as much.
        if names is not None and len(names) != shape[1]:
            raise ValueError(f"feature_names: expected {shape[1]} names, got {len(names)}")
        return object.__new__(cls)._replace(
            _extent=check_extent(extent, max_axes=shape[1]) if extent else None,
            _kind=check_kind(str(arrays["kind"]) or None, shape[1]),
            _feature_names=check_feature_names(
                None if names is None else names.tolist(), shape[1]
            ),
            _core=serialization.core_of_file(arrays),
            _shape=shape,
            _covariance_type=str(arrays["covariance_type"]),
            _copies={},
        )

    def __repr__(self) -> str:
        extent = "" if self._extent is None else f", extent={self._extent}"
        return (
            f"Mixture(n_components={self.n_components}, n_features={self.n_features}, "
            f"covariance_type={self._covariance_type!r}{extent})"
        )

    _repr_html_ = html_of  # in notebooks

    def __reduce__(self) -> tuple[Any, ...]:
        return Mixture._from_arrays, (serialization.arrays_of(self),)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

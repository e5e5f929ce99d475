"""The parameters of a mixture: from models and arrays, and as the modules here compute with them.

Types and shapes of arrays are checked here; values are checked by the core.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from gmmfast import _core
from gmmfast._arithmetic import allows_underflow
from gmmfast._validation import describe, float_array
from gmmfast.mixture.layouts import (
    COVARIANCE_TYPES,
    EXPECTED_TYPES,
    SKLEARN_TYPES,
    agree,
    as_matrices,
    as_variances,
    covariances_of_precisions,
    layouts,
)
from gmmfast.mixture.peers import estimator_of, parameters_of_peer

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

#: scikit-learn's attribute of the Cholesky factors of the precisions.
_FACTORS = "precisions_cholesky_"

#: The number of features of the model of each kind of picture.
KINDS = {"color": 5, "gray": 3, "ink": 2, "video": 6, "color-alpha": 6, "gray-alpha": 4}


class Arrays(NamedTuple):
    """The arguments of the core's mixture: C-contiguous, in scikit-learn's layouts."""

    weights: Array
    means: Array
    covariances: Array
    covariance_type: str


@dataclass(frozen=True)
class Parameters:
    """The parameters of a mixture. Log-weights are finite where weights underflow."""

    weights: Array
    log_weights: Array
    means: Array
    covariances: Array
    covariance_type: str

    @classmethod
    @allows_underflow
    def from_log_weights(
        cls, log_weights: Array, means: Array, covariances: Array, covariance_type: str
    ) -> Self:
        """Return parameters with weights that may underflow."""
        return cls(np.exp(log_weights), log_weights, means, covariances, covariance_type)

    @property
    def shape(self) -> tuple[int, int]:
        """The pair (n_components, n_features)."""
        n_components, n_features = self.means.shape
        return n_components, n_features

    def matrices(self) -> Array:
        """Return the covariance matrices, (n_components, n_features, n_features)."""
        return as_matrices(self.covariances, self.covariance_type, self.shape)

    def variances(self) -> Array:
        """Return the variances, (n_components, n_features)."""
        return as_variances(self.covariances, self.covariance_type, self.shape)

    @allows_underflow
    def normalized_weights(self) -> Array:
        """Return the weights divided by their sum, which may differ from 1 by 1e-6."""
        normalized: Array = self.weights / self.weights.sum()
        return normalized

    @allows_underflow
    def normalized_log_weights(self) -> Array:
        """Return the logarithms of the normalized weights."""
        normalized: Array = self.log_weights - np.log(self.weights.sum())
        return normalized

    def core(self) -> _core.Mixture:
        """Return the core's mixture, which checks the values."""
        logs, means, covariances = (
            np.require(array, np.float64, ["C", "A"])
            for array in (self.log_weights, self.means, self.covariances)
        )
        return _core.Mixture.from_log_weights(logs, means, covariances, self.covariance_type)


def check_parameters(
    weights: ArrayLike,
    means: ArrayLike,
    covariances: ArrayLike,
    covariance_type: str | None = None,
) -> Arrays:
    """Return the checked arrays.

    The shape decides the covariance type if it is None, among scikit-learn's four.
    """
    weights_ = float_array("weights", weights, ndims=(1,))
    means_ = float_array("means", means, ndims=(2,))
    is_known = isinstance(covariance_type, str) and covariance_type in COVARIANCE_TYPES
    if is_known and covariance_type == "tied-spherical":  # a number, too
        covariances = np.atleast_1d(np.asarray(covariances))
    covariances_ = float_array("covariances", covariances, ndims=(1, 2, 3))
    if len(weights_) != len(means_):
        raise ValueError(
            f"weights: expected shape ({len(means_)},), one for each row of means, "
            f"got {weights_.shape}"
        )
    if covariance_type is not None and not is_known:
        raise ValueError(
            f"covariance_type: expected {EXPECTED_TYPES}, got {describe(covariance_type)}"
        )
    if covariance_type is None:
        covariance_type = _covariance_type_of_shape(covariances_.shape, means_.shape)
    return Arrays(weights_, means_, covariances_, covariance_type)


def parameters_of_model(model: Any) -> tuple[Any, Any, Any, str | None]:
    """Return the unchecked parameters of a fitted model or a triple of arrays."""
    if isinstance(model, tuple | list):
        if len(model) == 3:
            return (*model, None)
        raise TypeError(
            "model: expected a triple (weights, means, covariances), "
            f"got a {type(model).__name__} of length {len(model)}"
        )
    model = estimator_of(model)
    peer = parameters_of_peer(model)
    if peer is not None:
        return peer
    fitted = [hasattr(model, name) for name in ("weights_", "means_", "covariance_type")]
    if all(fitted) and (hasattr(model, "covariances_") or hasattr(model, _FACTORS)):
        return model.weights_, model.means_, covariances_of_model(model), model.covariance_type
    if hasattr(model, "covariance_type") and hasattr(model, "fit"):
        from sklearn.exceptions import NotFittedError  # noqa: PLC0415 (scikit-learn takes a second)

        raise NotFittedError(
            f"model: expected a fitted estimator, got an unfitted {type(model).__name__}; "
            "call its fit first"
        )
    raise TypeError(
        "model: expected a fitted scikit-learn GaussianMixture or BayesianGaussianMixture, "
        f"a gmmfast.Mixture or (weights, means, covariances), got {type(model).__name__}"
    )


def covariances_of_model(model: Any) -> Any:
    """Return the covariances with which scikit-learn's `score_samples` computes.

    It reads `precisions_cholesky_`. If these are the inverses of `covariances_` up to rounding,
    `covariances_` are returned, which have all their digits; if a script has set other ones, or
    there are no `covariances_`, the inverses are returned.

    Raises
    ------
    ValueError
        If `precisions_cholesky_` cannot be inverted.
    """
    covariances, factors = getattr(model, "covariances_", None), getattr(model, _FACTORS, None)
    if factors is None:
        return covariances
    factors, kind = np.asarray(factors), model.covariance_type
    shape = layouts(np.shape(model.means_)).get(kind) if np.ndim(model.means_) == 2 else None
    if shape is None or (factors.shape != shape and covariances is not None):
        return covariances  # scikit-learn could not read the factors, either
    is_of_shape = covariances is not None and np.shape(covariances) == shape
    if is_of_shape and agree(np.asarray(covariances), factors, kind):
        return covariances
    try:
        return covariances_of_precisions(factors.astype(np.float64), kind)
    except np.linalg.LinAlgError:
        raise ValueError(
            f"{_FACTORS}: expected triangular matrices without zeros on the diagonal, got a "
            "singular one; set it as scikit-learn's fit does"
        ) from None


def expected_log_weights(model: Any) -> Array | None:
    """Return the log-weights in the `score_samples` of a variational model, else None.

    E[log |precision|] and E[squared distance] add terms to a Gaussian's log-density at the
    expected precision, and E[log weight] is its log-weight (Bishop, Pattern Recognition and
    Machine Learning, 2006, equations 10.64 to 10.66): see `_estimate_log_prob` of
    scikit-learn. The weights sum to less than 1.
    """
    names = ("_estimate_log_weights", "degrees_of_freedom_", "mean_precision_")
    if not all(hasattr(model, name) for name in names):
        return None
    from scipy.special import digamma  # noqa: PLC0415 (of variational models only)

    n_features, dof = np.shape(model.means_)[1], np.asarray(model.degrees_of_freedom_)
    halves = 0.5 * (dof - np.arange(n_features)[:, np.newaxis])
    log_lambda = n_features * np.log(2.0) + digamma(halves).sum(axis=0)
    log_lambda = log_lambda - n_features * np.log(dof)
    weights = model._estimate_log_weights()  # noqa: SLF001 (scikit-learn's)
    weights = weights + 0.5 * (log_lambda - n_features / model.mean_precision_)
    return np.ascontiguousarray(weights, dtype=np.float64)


def check_kind(kind: str | None, n_features: int) -> str | None:
    """Return the kind of picture after checks."""
    if kind is None:
        return None
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"kind: expected one of {tuple(KINDS)} or None, got {describe(kind)}")
    if KINDS[kind] != n_features:
        raise ValueError(
            f"kind: expected None or that of a model of {n_features} features, got {kind!r}, "
            f"whose models have {KINDS[kind]}"
        )
    return kind


def check_feature_names(names: Sequence[str] | None, n_features: int) -> tuple[str, ...] | None:
    """Return the names of the features after checks."""
    if names is None:
        return None
    if isinstance(names, str) or not isinstance(names, Sequence | np.ndarray):
        raise TypeError(
            f"feature_names: expected a sequence of str or None, got {describe(names)}"
        )
    found = tuple(names)
    for name in found:
        # NumPy's arrays of text leave out zeros at the end.
        if not isinstance(name, str) or "\0" in name:
            raise ValueError(f"feature_names: expected str without zeros, got {describe(name)}")
    if len(found) != n_features or len(set(found)) < n_features:
        raise ValueError(
            f"feature_names: expected {n_features} names, one for each feature and none twice, "
            f"got {describe(list(found))}"
        )
    return tuple(map(str, found))


def n_positions(mixture: Any) -> int:
    """Return how many of the first features are positions: 3 in a clip, else 2.

    The kind decides, or else the extent. Without both, models of 4 and 6 features are clips:
    those of pictures with alpha, as many features, have a kind.
    """
    if mixture.kind is not None:
        return 3 if mixture.kind == "video" else 2
    if mixture.extent is not None:
        return 3 if len(mixture.extent) == 3 else 2
    return 3 if mixture.n_features in (4, 6) else 2


def kind_of_model(model: Any, n_features: int) -> str | None:
    """Return the `kind_` of an estimator if it is that of a picture, else None."""
    kind = getattr(model, "kind_", None)
    is_known = isinstance(kind, str) and KINDS.get(kind) == n_features
    return kind if is_known else None


def feature_names_of_model(model: Any, n_features: int) -> tuple[str, ...] | None:
    """Return the `feature_names_in_` of an estimator if each feature has one, else None."""
    try:
        return check_feature_names(getattr(model, "feature_names_in_", None), n_features)
    except (TypeError, ValueError):
        return None


def _covariance_type_of_shape(shape: tuple[int, ...], means: tuple[int, ...]) -> str:
    shapes = layouts((means[0], means[1]))
    expected_shapes = {name: shapes[name] for name in SKLEARN_TYPES}
    fitting = [name for name, layout in expected_shapes.items() if layout == shape]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise ValueError(
            f"covariance_type: expected one of {fitting}, got None, which shape {shape} does not "
            "decide with as many components as features; use gmmfast.Mixture(weights, means, "
            "covariances, covariance_type=...)"
        )
    expected = ", ".join(f"{layout} ({name})" for name, layout in expected_shapes.items())
    raise ValueError(
        f"covariances: expected shape {expected} with means of shape {means}, got {shape}"
    )

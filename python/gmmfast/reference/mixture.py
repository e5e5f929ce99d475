"""The NumPy twin of the Rust extension: oracle of the tests and slow fallback.

It has the extension's interface (`_core.pyi`), checks the same things with
the same messages and gives the same numbers to rounding, straight from the
formulas: centred differences, Cholesky factors, log-sum-exp (Bishop, Pattern
Recognition and Machine Learning, 2006, sections 2.3 and 9.2). Points go through
in chunks, so that memory is bounded by `_CHUNK` numbers per feature; sums run
in an order that does not depend on the chunk, so that a point has the same bits
in any company. Grids are in `grid.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: Point-component pairs evaluated at a time.
_CHUNK = 1 << 18

#: What float32 parameters keep: see rust/model/mixture.rs and covariances.rs.
_WEIGHT_SUM_TOLERANCE = 1e-6
_ASYMMETRY = 1e-5


_CALLS = dict.fromkeys(
    (
        "score_samples",
        "predict",
        "predict_proba",
        "conditional",
        "render",
        "sample",
        "render_samples",
        "expectation",
        "kmeans_plusplus",
        "kmeans",
    ),
    0,
)


def kernel_calls() -> dict[str, int]:
    """Return how often each kernel has been called in this process."""
    return dict(_CALLS)


def count(kernel: str) -> None:
    """Count one call."""
    _CALLS[kernel] += 1


def runtime_info() -> tuple[str, int, list[str], list[str]]:
    """Return what computes, on how many threads, out of what, and what means nothing."""
    return "numpy", 1, ["numpy"], []


@dataclass(frozen=True)
class _CovarianceType:
    """How one covariance type is laid out, for K components over d features."""

    shape: Callable[[int, int], tuple[int, ...]]
    #: To (K, d, d); "tied" broadcasts.
    expand: Callable[[Array, int, int], Array]
    #: Back from (K, d, d).
    compress: Callable[[Array], Array]


_COVARIANCE_TYPES = {
    "full": _CovarianceType(
        lambda n, d: (n, d, d),
        lambda c, n, d: c.reshape(n, d, d),
        lambda matrices: matrices,
    ),
    "tied": _CovarianceType(
        lambda _, d: (d, d),
        lambda c, n, d: np.broadcast_to(c, (n, d, d)),
        lambda matrices: matrices[0],
    ),
    "diag": _CovarianceType(
        lambda n, d: (n, d),
        lambda c, _, d: c[:, :, None] * np.eye(d),
        lambda matrices: np.diagonal(matrices, axis1=1, axis2=2),
    ),
    "spherical": _CovarianceType(
        lambda n, _: (n,),
        lambda c, _, d: c[:, None, None] * np.eye(d),
        lambda matrices: matrices[:, 0, 0],
    ),
}


@final
class Mixture:
    """The validated model."""

    def __init__(
        self, weights: Array, means: Array, covariances: Array, covariance_type: str
    ) -> None:
        layout = _COVARIANCE_TYPES.get(covariance_type)
        if layout is None:
            raise ValueError(
                "covariance_type: expected 'full', 'tied', 'diag' or 'spherical', "
                f"got {covariance_type!r}"
            )
        n_components, n_features = means.shape
        if len(weights) == 0:
            raise ValueError("weights: expected at least one component, got 0 values")
        if n_features == 0:
            raise ValueError(
                "means: expected shape (n_components, n_features) with at least one feature, "
                "got 0 values"
            )
        expected = layout.shape(n_components, n_features)
        if covariances.shape != expected or weights.shape != (n_components,):
            raise ValueError(
                f"covariances: expected shape {list(expected)}, got {list(covariances.shape)}, "
                f"with means of shape {list(means.shape)} and weights of shape "
                f"{list(weights.shape)}"
            )
        _check_weights(weights)
        _check_finite("means", means)
        is_tied = covariance_type == "tied"
        _check_finite("covariances", covariances[None] if is_tied else covariances)
        self.weights = weights.copy()
        self.means = means.copy()
        self.covariances = covariances.copy()
        self._covariance_type = covariance_type
        self._matrices = layout.expand(self.covariances, n_components, n_features)
        factors = _checked_cholesky(self._matrices, is_tied=is_tied)
        self._precisions_cholesky = inverse_lower(factors)
        self._log_det = 2 * np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
        with np.errstate(divide="ignore"):
            self.log_weights = np.log(self.weights)

    @classmethod
    def from_log_weights(
        cls, log_weights: Array, means: Array, covariances: Array, covariance_type: str
    ) -> Mixture:
        """Return the same from log-weights, whose exponentials may underflow."""
        mixture = cls(np.exp(log_weights), means, covariances, covariance_type)
        mixture.log_weights = log_weights.copy()
        return mixture

    @property
    def is_diagonal(self) -> bool:
        """Whether different features are never correlated, whatever the values."""
        return self._covariance_type in ("diag", "spherical")

    def marginal(self, features: list[int]) -> Mixture:
        """Return the mixture of some features, in the order given."""
        check_features("features", features, self.means.shape[1])
        result = self._with(self.weights, self.means[:, features], self.submatrices(features))
        result.log_weights = self.log_weights
        return result

    def score_samples(self, points: Array, out: Array, n_threads: int | None = None) -> None:  # noqa: ARG002
        """Write log p of each row of X into `out`."""
        count("score_samples")
        for rows in self._checked_chunks(points, len(out)):
            out[rows] = log_sum_exp(self.weighted_log_prob(points[rows]))

    def predict(
        self,
        points: Array,
        out: NDArray[np.int64],
        n_threads: int | None = None,  # noqa: ARG002
    ) -> None:
        """Write the most probable component of each row of X into `out`."""
        count("predict")
        for rows in self._checked_chunks(points, len(out)):
            out[rows] = self.weighted_log_prob(points[rows]).argmax(axis=1)

    def predict_proba(self, points: Array, out: Array, n_threads: int | None = None) -> None:  # noqa: ARG002
        """Write each component's responsibility for each row of X into `out`."""
        count("predict_proba")
        if out.shape != (len(points), len(self.weights)):
            raise ValueError(
                f"out: expected shape ({len(points)}, {len(self.weights)}), got {out.size} values"
            )
        for rows in self._checked_chunks(points, len(out)):
            out[rows] = responsibilities(self.weighted_log_prob(points[rows]))

    def weighted_log_prob(self, points: Array) -> Array:
        """Return log weight plus log-density, (n_points, n_components)."""
        with np.errstate(over="ignore", invalid="ignore"):
            difference = points[:, None, :] - self.means  # (n, K, d)
            whitened = products(self._precisions_cholesky, difference)
            distance = (whitened**2).sum(axis=2)
            log_prob: Array = self._log_peaks() - 0.5 * distance
        # A difference that overflows to infinity times a zero of the factor is NaN.
        return np.where(np.isnan(log_prob), -np.inf, log_prob)

    def _log_peaks(self) -> Array:
        constant = self.means.shape[1] * np.log(2 * np.pi)
        peaks: Array = self.log_weights - 0.5 * (self._log_det + constant)
        return peaks

    def _checked_chunks(self, points: Array, n_points: int) -> Iterator[slice]:
        d = self.means.shape[1]
        if points.shape != (n_points, d):
            raise ValueError(f"X: expected shape ({n_points}, {d}), got {points.size} values")
        return chunks(n_points, len(self.weights))

    def submatrices(self, features: list[int]) -> Array:
        """Return the covariances of some features, (n_components, n, n)."""
        # The lower triangle is the one that counts, as in the Cholesky factor.
        lower = np.tril(self._matrices)
        symmetric = lower + np.tril(self._matrices, -1).transpose(0, 2, 1)
        return symmetric[:, features][:, :, features]

    def with_log_weights(self, log_weights: Array, means: Array, matrices: Array) -> Mixture:
        """Return a mixture of the same covariance type, of (K, d, d) covariances."""
        result = self._with(np.exp(log_weights), means, matrices)
        result.log_weights = log_weights
        return result

    def _with(self, weights: Array, means: Array, matrices: Array) -> Mixture:
        covariances = _COVARIANCE_TYPES[self._covariance_type].compress(matrices)
        return Mixture(
            np.ascontiguousarray(weights),
            np.ascontiguousarray(means),
            np.ascontiguousarray(covariances),
            self._covariance_type,
        )


def chunks(n_points: int, n_components: int) -> Iterator[slice]:
    """Yield slices of the points, of some `_CHUNK` pairs with components each."""
    step = max(1, _CHUNK // n_components)
    return (slice(i, min(i + step, n_points)) for i in range(0, n_points, step))


def responsibilities(log_prob: Array) -> Array:
    """Return the share of each component in each row's sum, (n_points, n_components)."""
    largest = log_prob.max(axis=1, keepdims=True)
    # Where every distance overflows nothing tells the components apart.
    log_prob = np.where(np.isfinite(largest), log_prob, 0.0)
    with np.errstate(under="ignore"):
        shares = np.exp(log_prob - log_prob.max(axis=1, keepdims=True))
    result: Array = shares / shares.sum(axis=1, keepdims=True)
    return result


def products(matrices: Array, vectors: Array) -> Array:
    """Return matrices (K, i, j) times vectors (n, K, j), (n, K, i).

    Column by column: einsum and matmul would choose the order of the sum by the
    number of points.
    """
    products: Array = matrices[:, :, 0] * vectors[:, :, :1]
    for j in range(1, matrices.shape[2]):
        products += matrices[:, :, j] * vectors[:, :, j, None]
    return products


def log_sum_exp(log_prob: Array) -> Array:
    """Return the logarithm of the sum of each row's exponentials, (n_points,)."""
    largest = log_prob.max(axis=1)
    # Where every term is -inf (the distance overflowed), so is the sum.
    shift = np.where(np.isfinite(largest), largest, 0.0)
    with np.errstate(divide="ignore", under="ignore"):
        result: Array = shift + np.log(np.exp(log_prob - shift[:, None]).sum(axis=1))
    return result


def _check_weights(weights: Array) -> None:
    _check_finite("weights", weights)
    if (weights < 0).any():
        k = int(np.argmax(weights < 0))
        raise ValueError(
            f"weights: expected values of at least 0, got {float(weights[k])} at component {k}"
        )
    total = float(weights.sum())
    if abs(total - 1.0) > _WEIGHT_SUM_TOLERANCE:
        raise ValueError(
            f"weights: expected to sum to 1 (within 1e-6), got a sum of {total}; "
            "divide them by their sum"
        )


def _check_finite(argument: str, values: Array) -> None:
    bad = ~np.isfinite(values.reshape(len(values), -1))
    if bad.any():
        k, i = np.argwhere(bad)[0]
        raise ValueError(
            f"{argument}: expected finite values, got "
            f"{float(values.reshape(len(values), -1)[k, i])} at component {k}; "
            "fit the model again without NaN or infinite data"
        )


def check_features(argument: str, features: list[int], n_features: int) -> None:
    """Raise unless these are distinct indices of features."""
    if not features:
        raise ValueError(f"{argument}: expected at least one feature, got 0 values")
    for at, feature in enumerate(features):
        if not 0 <= feature < n_features or feature in features[:at]:
            raise ValueError(
                f"{argument}: expected distinct feature indices below {n_features}, got {feature}"
            )


def _checked_cholesky(matrices: Array, *, is_tied: bool) -> Array:
    factors = np.empty(matrices.shape)
    for k, matrix in enumerate(matrices[:1] if is_tied else matrices):
        name = "the tied matrix" if is_tied else f"component {k}"
        stds = np.sqrt(np.abs(np.diagonal(matrix)))
        scale = np.outer(stds, stds)
        asymmetric = np.tril(np.abs(matrix - matrix.T) > _ASYMMETRY * scale)
        if asymmetric.any():
            i, j = np.argwhere(asymmetric)[0]
            raise ValueError(
                f"covariances: expected symmetric matrices, got {matrix[i, j]} and "
                f"{matrix[j, i]} for features ({i}, {j}) and ({j}, {i}) of {name}; "
                "use (c + c.T) / 2 if that is rounding"
            )
        try:
            factors[k] = np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            feature, pivot = _first_bad_pivot(matrix)
            raise ValueError(
                f"covariances: expected positive definite matrices, got pivot {pivot} at "
                f"feature {feature} of {name}; add a small value such as reg_covar to the "
                "diagonal"
            ) from None
    if is_tied:
        factors[:] = factors[0]
    return factors


def inverse_lower(factors: Array) -> Array:
    """Return the inverses of lower triangular matrices, (K, n, n)."""
    inverse = np.zeros(factors.shape)
    for i, identity_row in enumerate(np.eye(factors.shape[1])):
        known = np.einsum("kj,kjl->kl", factors[:, i, :i], inverse[:, :i])
        inverse[:, i] = (identity_row - known) / factors[:, i, i, None]
    return inverse


def _first_bad_pivot(matrix: Array) -> tuple[int, float]:
    """Where elimination first meets a pivot that is not positive."""
    rest = matrix.copy()
    for i in range(len(rest) - 1):
        if rest[i, i] <= 0:
            return i, float(rest[i, i])
        rest[i + 1 :, i:] -= np.outer(rest[i + 1 :, i], rest[i, i:]) / rest[i, i]
    return len(rest) - 1, float(rest[-1, -1])

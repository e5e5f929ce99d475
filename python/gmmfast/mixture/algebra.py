"""Products of mixtures, affine maps and single components.

The covariance type stays where the map keeps its form: any map keeps "full" and "tied"; one that
scales, permutes, mirrors or drops features keeps "diag" and "tied-diag"; one whose rows are
orthogonal and of one length (a rotation, a uniform scale) keeps "spherical" and "tied-spherical".
Otherwise covariances become full, or tied if all components share one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmfast._arithmetic import allows_underflow
from gmmfast._lazy import LazyModule
from gmmfast._memory import check_fits
from gmmfast._validation import float_array
from gmmfast.mixture.component_pairs import log_overlaps, pairs_of
from gmmfast.mixture.layouts import (
    DIAGONAL,
    ONE_VARIANCE,
    TIED,
    as_matrices,
    as_variances,
    common_type,
    components,
    stored,
)
from gmmfast.mixture.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gmmfast._validation import Extent

    Array = NDArray[np.float64]

special = LazyModule("scipy.special")

#: Largest deviation of A A^T from a multiple of the identity, in roundings per feature.
_ROUNDINGS = 8


def component(p: Parameters, k: int) -> Parameters:
    """Return one component with weight 1."""
    covariances = components(p.covariances, p.covariance_type, [k])
    return Parameters.from_log_weights(np.zeros(1), p.means[[k]], covariances, p.covariance_type)


@allows_underflow
def product(left: Parameters, right: Parameters, shown: object) -> tuple[Parameters, float]:
    """Return the normalized product of two mixtures and the logarithm of its normalizer.

    N(x; a, A) N(x; b, B) = N(a; b, A + B) N(x; c, C) with C the inverse of A^-1 + B^-1 and
    c = C (A^-1 a + B^-1 b) (Petersen and Pedersen, The Matrix Cookbook, 2012, section 8.1.8).
    """
    d, n_pairs = left.shape[1], left.shape[0] * right.shape[0]
    covariance_type = common_type(left.covariance_type, right.covariance_type)
    n_numbers = n_pairs * (1 + d + (d if covariance_type in DIAGONAL else d * d))
    mend = "multiply mixtures of fewer components"
    check_fits("other", shown, 3 * 8 * n_numbers, mend)  # these, and the mixture's copies
    pairs = pairs_of(left, right)
    log_weights, means, covariances = [], [], []
    for rows in pairs.rows():
        overlaps = log_overlaps(*pairs.overlaps(rows), d)
        log_weights.append((overlaps + left.log_weights[rows, None] + right.log_weights).ravel())
        some_means, some_covariances = pairs.products(rows)
        means.append(some_means.reshape(-1, d))
        covariances.append(some_covariances.reshape(-1, *some_covariances.shape[2:]))
    logs = np.concatenate(log_weights)
    normalizer = float(special.logsumexp(logs))
    in_layout = stored(np.concatenate(covariances), covariance_type)
    result = Parameters.from_log_weights(
        logs - normalizer, np.concatenate(means), in_layout, covariance_type
    )
    return result, normalizer


def check_map(matrix: ArrayLike, offset: ArrayLike | None, n_features: int) -> tuple[Array, Array]:
    """Return the checked matrix and offset of an affine map."""
    a = _checked_matrix(matrix, n_features)
    return a, _checked_offset(offset, len(a))


@allows_underflow
def transform(p: Parameters, a: Array, b: Array) -> Parameters:
    """Return the distribution of A x + b."""
    with np.errstate(over="ignore", invalid="ignore"):
        means = p.means @ a.T + b
        covariance_type, covariances = _mapped(p, a)
    return Parameters.from_log_weights(p.log_weights, means, covariances, covariance_type)


def _checked_matrix(matrix: ArrayLike, n_features: int) -> Array:
    a = float_array("matrix", matrix, ndims=(2,))
    if a.shape[1] != n_features or not 1 <= len(a) <= n_features:
        raise ValueError(
            f"matrix: expected shape (n_out, {n_features}), with 1 to {n_features} rows and a "
            f"column for each feature, got {a.shape}"
        )
    if not np.isfinite(a).all():
        raise ValueError("matrix: expected finite values, got NaN or infinity; replace them")
    lengths = np.abs(a).max(axis=1, keepdims=True)
    rank = np.linalg.matrix_rank(a / np.where(lengths > 0, lengths, 1))
    if rank < len(a):
        raise ValueError(
            f"matrix: expected {len(a)} rows that do not depend on each other, got rank {rank}, "
            "whose image has no density; leave out rows"
        )
    return a


def _checked_offset(offset: ArrayLike | None, n_out: int) -> Array:
    if offset is None:
        return np.zeros(n_out)
    b = float_array("offset", offset, ndims=(1,))
    if len(b) != n_out:
        raise ValueError(
            f"offset: expected shape ({n_out},), one for each row of matrix, got {b.shape}"
        )
    if not np.isfinite(b).all():
        raise ValueError("offset: expected finite values, got NaN or infinity; replace them")
    return b


def _is_monomial(a: Array) -> bool:
    """Return whether each new feature, of independent ones, is a multiple of one old feature."""
    return bool(((a != 0).sum(axis=1) == 1).all())


def _mapped(p: Parameters, a: Array) -> tuple[str, Array]:
    """Return the covariance type of A x, and its covariances."""
    kind, n_features = p.covariance_type, a.shape[1]
    # One matrix, or one row of variances, represents all components that share it.
    shape = (1 if kind in TIED else p.shape[0], n_features)
    if kind in ONE_VARIANCE:
        gram = a @ a.T
        scale = float(np.trace(gram)) / len(a)
        off = np.abs(gram - scale * np.eye(len(a))).max()
        if off <= _ROUNDINGS * n_features * np.finfo(float).eps * scale:
            return kind, p.covariances * scale
    if kind in DIAGONAL:
        variances = as_variances(p.covariances, kind, shape)
        if _is_monomial(a):
            kind = common_type(kind, "tied-diag")
            return kind, stored(variances @ np.square(a).T, kind)
        # With S = diag(s), A S A^T = R R^T where R is A with its columns times the standard
        # deviations: positive definite for all variances.
        roots = a * np.sqrt(variances)[:, None]
        matrices = roots @ roots.swapaxes(1, 2)
    else:
        matrices = a @ as_matrices(p.covariances, kind, shape) @ a.T
    kind = common_type(kind, "tied")
    return kind, stored(matrices, kind)


def keeps_colors(a: Array, b: Array, n_positions: int) -> bool:
    """Return whether a map keeps the features after the positions, and mixes them with none."""
    if len(a) != a.shape[1]:
        return False
    n, changes = n_positions, a - np.eye(len(a))
    return not (changes[n:].any() or changes[:n, n:].any() or b[n:].any())


def mapped_extent(extent: Extent | None, a: Array, b: Array) -> Extent | None:
    """Return the picture's extent in the new features, or None if they mix with others."""
    if extent is None or len(extent) > len(a):
        return None
    mapped = []
    sources = set()
    for row, shift in zip(a[: len(extent)], b, strict=False):
        (columns,) = np.nonzero(row)
        source = int(columns[0])
        if len(columns) > 1 or source >= len(extent):
            return None
        sources.add(source)
        ends = [float(end * row[source] + shift) for end in extent[source]]
        # A mirrored axis keeps its direction: the picture is mirrored with the model.
        mapped.append((ends[0], ends[1]) if row[source] > 0 else (ends[1], ends[0]))
    is_sound = np.isfinite(mapped).all() and all(low != high for low, high in mapped)
    return tuple(mapped) if len(sources) == len(extent) and is_sound else None

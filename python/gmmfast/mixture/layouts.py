"""Covariance types: their layouts, Cholesky factors and precisions.

Every function takes arrays and a covariance type. `shape` is that of the means, (n_components,
n_features). Only the lower triangles of symmetric matrices are read, as in the core.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Shape = tuple[int, ...]


class _Kind(NamedTuple):
    """A covariance type: the form of one component's covariance, and whether all share it."""

    #: 0 for one variance, 1 for a variance of each feature, 2 for a matrix.
    form: int
    is_tied: bool


_KINDS = {
    "full": _Kind(2, is_tied=False),
    "tied": _Kind(2, is_tied=True),
    "diag": _Kind(1, is_tied=False),
    "spherical": _Kind(0, is_tied=False),
    "tied-diag": _Kind(1, is_tied=True),
    "tied-spherical": _Kind(0, is_tied=True),
}

#: The covariance types: scikit-learn's four in its order, then those that it lacks.
COVARIANCE_TYPES = tuple(_KINDS)

#: Types without covariances between features.
DIAGONAL = frozenset(name for name, kind in _KINDS.items() if kind.form < 2)

#: Types whose components share one covariance.
TIED = frozenset(name for name, kind in _KINDS.items() if kind.is_tied)

#: Types of one variance a component.
ONE_VARIANCE = frozenset(name for name, kind in _KINDS.items() if kind.form == 0)

#: The nearest of scikit-learn's types for each that it lacks.
WIDER = {"tied-diag": "diag", "tied-spherical": "spherical"}

#: The covariance types that scikit-learn has.
SKLEARN_TYPES = tuple(name for name in COVARIANCE_TYPES if name not in WIDER)

#: The covariance types in a message.
EXPECTED_TYPES = ", ".join(map(repr, COVARIANCE_TYPES[:-1])) + f" or {COVARIANCE_TYPES[-1]!r}"

#: Covariances and precisions whose product differs more from the identity never agree.
_MOST = 1e-3


def layouts(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Return the shape of the covariances array of each covariance type."""
    n, d = shape
    return {
        "full": (n, d, d),
        "tied": (d, d),
        "diag": (n, d),
        "spherical": (n,),
        "tied-diag": (d,),
        "tied-spherical": (1,),
    }


def common_type(left: str, right: str) -> str:
    """Return the narrowest type of which the covariances of two types are special cases.

    That of a type with itself is the type. Only types that are both tied have a tied one.
    """
    (a, left_tied), (b, right_tied) = _KINDS[left], _KINDS[right]
    wanted = _Kind(max(a, b), is_tied=left_tied and right_tied)
    return next(name for name, kind in _KINDS.items() if kind == wanted)


def stored(values: Array, covariance_type: str) -> Array:
    """Return covariances in a type's layout.

    Parameters
    ----------
    values : ndarray of shape (n_components, n_features) or (n_components, n_features, n_features)
        Variances for types without covariances, otherwise matrices. Values that the layout stores
        once are equal.
    covariance_type : str
        The covariance type.
    """
    form, is_tied = _KINDS[covariance_type]
    values = values[:1] if is_tied else values
    values = symmetric(values) if form == 2 else values[:, 0] if form == 0 else values
    return values[0] if is_tied and form > 0 else values


def of_matrix(matrix: Array, covariance_type: str) -> Array:
    """Return the nearest covariance of a type's form to a matrix, as one component has it.

    Variances are the diagonal; a single variance is its mean, of shape (1,).
    """
    form = _KINDS[covariance_type].form
    if form == 2:
        return matrix
    variances: Array = np.diagonal(matrix).copy()
    return variances if form == 1 else variances.mean(keepdims=True)


def widened(values: Array, covariance_type: str, n_components: int) -> Array:
    """Return covariances or precisions in the layout of the nearest of scikit-learn's types."""
    if covariance_type not in WIDER:
        return values
    repeated = np.repeat(np.asarray(values)[None], n_components, axis=0)
    return repeated if _KINDS[covariance_type].form == 1 else repeated[:, 0]


def as_matrices(covariances: Array, covariance_type: str, shape: Shape) -> Array:
    """Return the components' covariance matrices, (n_components, n_features, n_features)."""
    return _AS_MATRICES[covariance_type](covariances, shape)


def as_variances(covariances: Array, covariance_type: str, shape: Shape) -> Array:
    """Return the features' variances in each component, (n_components, n_features)."""
    return _AS_VARIANCES[covariance_type](covariances, shape)


def cholesky(matrices: Array) -> Array:
    """Return the lower Cholesky factors of matrices, (..., n, n)."""
    factors: Any = np.linalg.cholesky(matrices)
    return factors  # type: ignore[no-any-return]


def symmetric(matrices: Array) -> Array:
    """Return the symmetric matrices with these lower triangles, (..., n, n)."""
    lower = np.tril(matrices)
    return lower + np.tril(matrices, -1).swapaxes(-1, -2)


def inverse_lower(factors: Array) -> Array:
    """Return the inverses of lower triangular matrices, (..., n, n)."""
    inverse = np.zeros_like(factors)
    for i in range(factors.shape[-1]):
        known = np.einsum("...j,...jl->...l", factors[..., i, :i], inverse[..., :i, :])
        inverse[..., i, :] = -known
        inverse[..., i, i] = 1.0
        inverse[..., i, :] /= factors[..., i, i, None]
    return inverse


def solve_lower(factors: Array, values: Array) -> Array:
    """Return L^-1 v for lower triangular L, (..., n, n), and vectors v, (..., n)."""
    result: Array = np.empty_like(values)
    for i in range(factors.shape[-1]):
        known = np.einsum("...j,...j->...", factors[..., i, :i], result[..., :i])
        result[..., i] = (values[..., i] - known) / factors[..., i, i]
    return result


def packed_indices(n_features: int, *, diagonal: bool) -> tuple[Any, Any]:
    """Return the rows and columns of the values that the core stores of a scatter matrix.

    They are those of the lower triangle, row by row, or of the diagonal.
    """
    rows, columns = np.diag_indices(n_features) if diagonal else np.tril_indices(n_features)
    return rows, columns


def packed(matrices: Array, *, diagonal: bool) -> Array:
    """Return the values that the core stores of scatter matrices, (n_components, n_values)."""
    rows, columns = packed_indices(matrices.shape[1], diagonal=diagonal)
    return np.ascontiguousarray(matrices[:, rows, columns])


def unpacked(scatters: Array, n_features: int) -> Array:
    """Return scatter matrices, (n_components, n_features, n_features), from stored values.

    Diagonal ones have zeros off the diagonal.
    """
    full = np.zeros((len(scatters), n_features, n_features))
    diagonal = scatters.shape[1] == n_features
    rows, columns = packed_indices(n_features, diagonal=diagonal)
    full[:, rows, columns] = scatters
    full[:, columns, rows] = scatters
    return full


def components(covariances: Array, covariance_type: str, indices: Any) -> Array:
    """Return the covariances of some of the components."""
    return covariances if covariance_type in TIED else covariances[indices]


def precisions_cholesky(covariances: Array, covariance_type: str) -> Array:
    """Return scikit-learn's `precisions_cholesky_`, for all components at once.

    Matrices give the transposed inverses of their Cholesky factors; variances give the inverses
    of their roots.

    Raises
    ------
    LinAlgError
        If a covariance is not positive definite.
    """
    return _PRECISIONS_CHOLESKY[covariance_type](covariances)


def precisions(factors: Array, covariance_type: str) -> Array:
    """Return scikit-learn's `precisions_` from its `precisions_cholesky_`."""
    return _PRECISIONS[covariance_type](factors)


def covariances_of_precisions(factors: Array, covariance_type: str) -> Array:
    """Return the covariances from `precisions_cholesky_`."""
    return _COVARIANCES_OF_PRECISIONS[covariance_type](factors)


def agree(covariances: Array, factors: Array, covariance_type: str) -> bool:
    """Return whether covariances and `precisions_cholesky_` differ by no more than rounding.

    The arrays have the layout of the type, and any float type. With `factors` U the product
    U.T @ C @ U is the identity. Rounding errors of C and of U, the inverse of a triangular
    factor of C, are magnified by at most the products of the sums s @ abs(U), where s are the
    standard deviations (Higham, Accuracy and Stability of Numerical Algorithms, 2002, chapters
    8 and 10).
    """
    eps = max(_eps(covariances.dtype), _eps(factors.dtype))
    c, u = covariances.astype(np.float64), factors.astype(np.float64)
    with np.errstate(all="ignore"):
        if covariance_type in DIAGONAL:
            return bool((np.abs(u * u * c - 1) <= 16 * eps).all())
        n_features = u.shape[-1]
        error = np.abs(u.swapaxes(-1, -2) @ c @ u - np.eye(n_features))
        stds = np.sqrt(np.diagonal(c, axis1=-2, axis2=-1))
        sums = (stds[..., None, :] @ np.abs(u))[..., 0, :]
        bound = 8 * n_features * eps * sums[..., :, None] * sums[..., None, :]
        return bool((error <= np.minimum(bound, _MOST)).all())


def _eps(dtype: np.dtype[Any]) -> float:
    return float(np.finfo(dtype if dtype.kind == "f" else np.float64).eps)


def _broadcast(array: Array, shape: tuple[int, ...]) -> Array:
    return np.ascontiguousarray(np.broadcast_to(array, shape))


def _diagonal_matrices(variances: Array) -> Array:
    n, d = variances.shape
    matrices = np.zeros((n, d, d))
    matrices[:, range(d), range(d)] = variances
    return matrices


def _inverse_transposed_factors(covariances: Array) -> Array:
    factors = cholesky(covariances).astype(np.float64, copy=False)
    return np.ascontiguousarray(inverse_lower(factors).swapaxes(-1, -2))


def _inverse_roots(variances: Array) -> Array:
    if (variances <= 0).any():
        raise np.linalg.LinAlgError("Variance is not positive")  # as NumPy's cholesky does
    roots: Any = 1 / np.sqrt(variances)
    return roots  # type: ignore[no-any-return]


def _gram(factors: Array) -> Array:
    product: Array = factors @ factors.swapaxes(-1, -2)
    return product


def _inverse_gram(factors: Array) -> Array:
    inverse: Any = np.linalg.inv(factors)
    return inverse.swapaxes(-1, -2) @ inverse  # type: ignore[no-any-return]


def _inverse_squares(factors: Array) -> Array:
    squares: Array = factors**-2.0
    return squares


def _by_kind(
    matrices: Callable[[Array], Array], variances: Callable[[Array], Array]
) -> dict[str, Callable[[Array], Array]]:
    """Return a table of one function for matrices and one for variances."""
    return {name: variances if name in DIAGONAL else matrices for name in COVARIANCE_TYPES}


_PRECISIONS_CHOLESKY = _by_kind(_inverse_transposed_factors, _inverse_roots)
_PRECISIONS = _by_kind(_gram, np.square)
_COVARIANCES_OF_PRECISIONS = _by_kind(_inverse_gram, _inverse_squares)

_AS_VARIANCES: dict[str, Callable[[Array, Shape], Array]] = {
    "full": lambda array, _: np.diagonal(array, axis1=1, axis2=2).copy(),
    "tied": lambda array, shape: _broadcast(np.diagonal(array), shape),
    "diag": lambda array, _: array,
    "spherical": lambda array, shape: _broadcast(array[:, None], shape),
    "tied-diag": _broadcast,
    "tied-spherical": _broadcast,
}
_AS_MATRICES: dict[str, Callable[[Array, Shape], Array]] = {
    "full": lambda array, _: symmetric(array),
    "tied": lambda array, shape: _broadcast(symmetric(array), (*shape, shape[1])),
    "diag": lambda array, _: _diagonal_matrices(array),
    "spherical": lambda array, shape: _diagonal_matrices(_broadcast(array[:, None], shape)),
    "tied-diag": lambda array, shape: _diagonal_matrices(_broadcast(array, shape)),
    "tied-spherical": lambda array, shape: _diagonal_matrices(_broadcast(array, shape)),
}

"""Affine maps of the features: the mixture of A x + b, exactly.

The covariance type stays where the map keeps its form: any map keeps "full" and "tied"; one that
scales, permutes, mirrors or drops features keeps "diag"; one whose rows are orthogonal and of one
length (a rotation, a uniform scale) keeps "spherical". Otherwise covariances become full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmfast._validation import float_array
from gmmfast.mixture.layouts import Part, full_covariances, symmetric, variances

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gmmfast._validation import Extent
    from gmmfast.mixture.mixture import Mixture

    Array = NDArray[np.float64]

#: How far a product of orthogonal rows is from a multiple of the identity, in roundings a feature.
_ROUNDINGS = 8


class AffineMaps(Part):
    """The method of `Mixture` that maps its features."""

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
            A matrix whose rows depend on each other, or too steep for the covariances to stay
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

        The colours of a mixture over (x, y, r, g, b) as luma and two differences of colour,
        ITU-R BT.601's Y'CbCr of JPEG; and back:

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
        a = _checked_matrix(matrix, self.n_features)
        b = _checked_offset(offset, len(a))
        with np.errstate(over="ignore", invalid="ignore"):
            means = self.means @ a.T + b
            covariance_type, covariances = _MAPPED[self.covariance_type](self, a)
        try:
            return self._remade(
                self._core.log_weights,
                means,
                covariances,
                covariance_type,
                _mapped_extent(self.extent, a, b),
            )
        except ValueError as error:
            raise ValueError(
                "matrix: expected a map that leaves means and covariances finite and positive "
                f"definite in float64, got one with which {error}; scale the features first"
            ) from None


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
    """Tell whether each new feature is one old one, scaled."""
    return bool(((a != 0).sum(axis=1) == 1).all() and ((a != 0).sum(axis=0) <= 1).all())


def _map_matrices(model: Part, a: Array) -> tuple[str, Array]:
    mapped = a @ full_covariances(model) @ a.T
    return "full", symmetric(mapped)


def _map_tied(model: Part, a: Array) -> tuple[str, Array]:
    return "tied", symmetric(a @ symmetric(model.covariances) @ a.T)


def _map_variances(model: Part, a: Array) -> tuple[str, Array]:
    if _is_monomial(a):
        return "diag", variances(model) @ np.square(a).T
    # Of S = diag(s), A S A^T is R R^T with the columns of R those of A times the deviations:
    # positive definite whatever the variances.
    roots = a * np.sqrt(variances(model))[:, None]
    return "full", symmetric(roots @ roots.swapaxes(1, 2))


def _map_spheres(model: Part, a: Array) -> tuple[str, Array]:
    gram = a @ a.T
    scale = float(np.trace(gram)) / len(a)
    off = np.abs(gram - scale * np.eye(len(a))).max()
    if off <= _ROUNDINGS * a.shape[1] * np.finfo(float).eps * scale:
        return "spherical", model.covariances * scale
    return _map_variances(model, a)


_MAPPED = {
    "full": _map_matrices,
    "tied": _map_tied,
    "diag": _map_variances,
    "spherical": _map_spheres,
}


def _mapped_extent(extent: Extent | None, a: Array, b: Array) -> Extent | None:
    """Return what the picture covers in the new features, if they are its own."""
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
        # A mirrored axis runs the way it did: the model is mirrored, and its picture with it.
        mapped.append((ends[0], ends[1]) if row[source] > 0 else (ends[1], ends[0]))
    is_sound = np.isfinite(mapped).all() and all(low != high for low, high in mapped)
    return tuple(mapped) if len(sources) == len(extent) and is_sound else None

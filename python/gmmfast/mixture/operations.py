"""Mixtures made from mixtures: marginals, conditionals, components, affine maps and products.

`Mixture` takes each function as a method; the first argument is the mixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, overload

from gmmfast import _core
from gmmfast._validation import check_extent, check_features, check_index, float_array
from gmmfast.mixture import algebra
from gmmfast.mixture.conditional import ConditionalMixtures
from gmmfast.mixture.parameters import check_feature_names, check_kind, n_positions

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from gmmfast.mixture.mixture import Mixture

    Array = NDArray[np.float64]


class Product(NamedTuple):
    """The normalized product of two densities, and the logarithm of its normalizer."""

    mixture: Mixture
    log_normalizer: float


def with_extent(mixture: Mixture, extent: Sequence[Sequence[float]] | None) -> Mixture:
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
    checked = None if extent is None else check_extent(extent, max_axes=mixture.n_features)
    return mixture._replace(_extent=checked)


def with_kind(mixture: Mixture, kind: str | None) -> Mixture:
    """Return this mixture as that of a picture of another kind.

    Parameters
    ----------
    kind : {"color", "gray", "ink", "video", "color-alpha", "gray-alpha"} or None
        Such models have 5, 3, 2, 6, 6 and 4 features. `render_grid` gives the levels of a "gray"
        one without an axis of channels, as a gray picture.

    Returns
    -------
    Mixture
        The mixture, with shared parameters.

    Raises
    ------
    ValueError
        If the kind is unknown, or if such models have another number of features.

    Examples
    --------
    >>> import gmmfast
    >>> mixture = gmmfast.Mixture([1.0], [[1.0, 1.0, 50.0]], [2.0])
    >>> gmmfast.render_grid(mixture, (2, 3)).shape
    (2, 3, 1)
    >>> gmmfast.render_grid(mixture.with_kind("gray"), (2, 3)).shape
    (2, 3)
    """
    return mixture._replace(_kind=check_kind(kind, mixture.n_features))


def with_feature_names(mixture: Mixture, names: Sequence[str] | None) -> Mixture:
    """Return this mixture with other names of its features.

    Parameters
    ----------
    names : sequence of str, or None
        One for each feature, none twice.

    Returns
    -------
    Mixture
        The mixture, with shared parameters.

    Raises
    ------
    ValueError
        If the number of names is another, or if a name is there twice.

    Examples
    --------
    >>> import gmmfast
    >>> mixture = gmmfast.Mixture([1.0], [[1.0, 2.0]], [3.0]).with_feature_names(["width", "age"])
    >>> mixture.marginal([1]).feature_names
    ('age',)
    """
    return mixture._replace(_feature_names=check_feature_names(names, mixture.n_features))


def marginal(mixture: Mixture, features: Sequence[int]) -> Mixture:
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
    checked = check_features("features", features, mixture.n_features)
    return mixture._from_core(mixture._core.marginal(checked), checked)


@overload
def condition(mixture: Mixture, given: Sequence[int], values: Sequence[float]) -> Mixture: ...


@overload
def condition(
    mixture: Mixture, given: Sequence[int], values: ArrayLike
) -> Mixture | ConditionalMixtures: ...


def condition(
    mixture: Mixture, given: Sequence[int], values: ArrayLike
) -> Mixture | ConditionalMixtures:
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
        return ConditionalMixtures(mixture, given, rows)
    checked = check_features("given", given, mixture.n_features)
    core = _core.Conditional(mixture._core, checked).at(rows.tolist())
    features = [k for k in range(mixture.n_features) if k not in checked]
    return mixture._from_core(core, features)


def component(mixture: Mixture, index: int) -> Mixture:
    """Return one component alone, as a mixture.

    Parameters
    ----------
    index : int
        Index of the component, from 0 to n_components - 1.

    Returns
    -------
    Mixture
        The component with weight 1, of the same covariance type, extent and kind.

    Examples
    --------
    >>> import gmmfast
    >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0], [4.0]], [1.0, 2.0])
    >>> mixture.component(1).covariance()
    array([[2.]])
    """
    k = check_index("index", index, mixture.n_components)
    return mixture._from_parameters(algebra.component(mixture._parameters(), k))


def transform(mixture: Mixture, matrix: ArrayLike, offset: ArrayLike | None = None) -> Mixture:
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
        determinant of A, if A is square. The covariance type stays where the map keeps it;
        else it is "diag" or "tied-diag" if each new feature is a multiple of an old one, and
        "full" or "tied" otherwise. The extent is mapped if the first features of the result are
        those of the picture, each scaled and shifted, in any order, with its direction kept: a
        mirrored model shows a mirrored picture. Otherwise the result has no extent. The kind
        stays if the map is one of the positions alone.

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
    a, b = algebra.check_map(matrix, offset, mixture.n_features)
    try:
        mapped = algebra.transform(mixture._parameters(), a, b)
        return mixture._from_parameters(mapped)._replace(
            _extent=algebra.mapped_extent(mixture.extent, a, b),
            _kind=mixture.kind if algebra.keeps_colors(a, b, n_positions(mixture)) else None,
            _feature_names=None,
        )
    except ValueError as error:
        raise ValueError(
            "matrix: expected a map that leaves means and covariances finite and positive "
            f"definite in float64, got one with which {error}; scale the features first"
        ) from None


def product(mixture: Mixture, other: Any) -> Product:
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
        this mixture's first component first; its covariance type is the narrowest of which
        both are special cases, its extent and kind are this one's.

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
    right = mixture._other(other)
    parameters, log_normalizer = algebra.product(mixture._parameters(), right._parameters(), right)
    return Product(mixture._from_parameters(parameters), log_normalizer)

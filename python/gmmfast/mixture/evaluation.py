"""Functions of points: log-densities, labels, responsibilities and samples.

`Mixture` takes each function as a method; the first argument is the mixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from gmmfast._validation import (
    check_fraction,
    check_n_threads,
)
from gmmfast.mixture import responsibilities as points_of
from gmmfast.mixture import (
    sampling,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from gmmfast.mixture.mixture import Mixture
    from gmmfast.mixture.sampling import Bounds, Order, RandomState

    Array = NDArray[np.float64]


def score_samples(
    mixture: Mixture,
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
    points, threads = mixture._points(X), check_n_threads(n_threads)
    return points_of.score_samples(mixture._core, points, threads)


def predict(
    mixture: Mixture,
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
    points, threads = mixture._points(X), check_n_threads(n_threads)
    return points_of.predict(mixture._core, points, threads)


def predict_proba(
    mixture: Mixture,
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
    points, threads = mixture._points(X), check_n_threads(n_threads)
    return points_of.predict_proba(mixture._core, points, mixture.n_components, threads)


def responsibilities(
    mixture: Mixture,
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
    points, threads = mixture._points(X), check_n_threads(n_threads)
    least = check_fraction("threshold", threshold, low=True)
    return points_of.sparse_responsibilities(
        mixture._core, points, mixture.n_components, least, threads
    )


@overload
def sample(
    mixture: Mixture,
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
    mixture: Mixture,
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
    mixture: Mixture,
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
    points, labels = sampling.sample(mixture._core, mixture.n_features, request)
    return points if labels is None else (points, labels)

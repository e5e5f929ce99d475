"""Numbers that summarize mixtures: moments, bounds of the entropy, divergences.

`Mixture` takes each function as a method; the first argument is the mixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gmmfast._memory import check_fits
from gmmfast._validation import check_count, check_n_threads, check_positive
from gmmfast.mixture import information, moments

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gmmfast.mixture.mixture import Mixture

    Array = NDArray[np.float64]


def mean(mixture: Mixture) -> Array:
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
    return moments.mean(mixture._parameters())


def covariance(mixture: Mixture) -> Array:
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
    return moments.covariance(mixture._parameters())


def entropy_bounds(mixture: Mixture) -> information.Bounds:
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
    return information.entropy_bounds(mixture._parameters())


def kl_divergence(
    mixture: Mixture,
    other: Any,
    *,
    n_samples: int = 100_000,
    random_state: Any = None,
    n_threads: int | None = None,
) -> information.Estimate:
    """Estimate the Kullback-Leibler divergence of this mixture from another.

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
    right = mixture._other(other)
    number, threads = check_count("n_samples", n_samples), check_n_threads(n_threads)
    if number < 2:
        raise ValueError(f"n_samples: expected at least 2, got {number}; draw more points")
    points = mixture.sample(number, random_state=random_state, n_threads=threads)
    ratios = mixture.score_samples(points, n_threads=threads)
    ratios -= right.score_samples(points, n_threads=threads)
    return information.estimate(ratios)


def kl_divergence_variational(mixture: Mixture, other: Any) -> float:
    """Approximate the Kullback-Leibler divergence of this mixture from another.

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
    right = mixture._other(other)
    return information.kl_variational(mixture._parameters(), right._parameters())


def kl_divergence_upper_bound(
    mixture: Mixture, other: Any, *, max_iter: int = 100, tol: float = 1e-9
) -> float:
    """Return an upper bound of the Kullback-Leibler divergence of this mixture from another.

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
    right = mixture._other(other)
    steps, least = check_count("max_iter", max_iter), check_positive("tol", tol, or_zero=True)
    n_bytes = 6 * 8 * mixture.n_components * right.n_components
    check_fits("other", right, n_bytes, "use kl_divergence, or fewer components")
    return information.kl_upper_bound(mixture._parameters(), right._parameters(), steps, least)

"""Initialization of a fit: scikit-learn's `init_params`, from the same random numbers.

Each initializer assigns points to components, hard or soft, and the M step computes the first
parameters from this. scikit-learn stores the assignment as an (n_samples, n_components) array;
here its statistics are summed directly. k-means and k-means++ run on the tree of points that EM
uses. They draw from `random_state` as scikit-learn's do, and choose the same points.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast import _core
from gmmfast._lazy import LazyModule
from gmmfast._memory import check_fits
from gmmfast.fitting.moments import Moments, moments, statistics_of_labels
from gmmfast.fitting.samples import InMemory
from gmmfast.mixture.layouts import DIAGONAL, TIED, of_matrix, packed_indices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: Needed for a warning and on lattices only.
sklearn_exceptions = LazyModule("sklearn.exceptions")
sklearn_openmp = LazyModule("sklearn.utils._openmp_helpers")

#: The defaults of scikit-learn's KMeans.
_KMEANS_MAX_ITER = 300
_KMEANS_TOL = 1e-4

#: Number of responsibilities that "random" draws at a time.
_DRAWS = 1 << 19

#: Number of rows that show whether the values of a feature repeat.
_LATTICE_ROWS = 256

#: The square of the standard deviations from the origin at which points are far from it.
_FAR_FROM_ORIGIN = 2.0**20

#: Number of rows whose products are summed at a time.
_ROWS = 1 << 14


class InitOptions(NamedTuple):
    """The parameters of an estimator that its initialization depends on."""

    n_components: int
    covariance_type: str
    reg_covar: float
    init_params: str


#: Returns the first moments from samples, options and a RandomState.
Initializer = Callable[["InMemory", InitOptions, Any], Moments]


def initialize(samples: InMemory, options: InitOptions, random_state: Any) -> Moments:
    """Return the moments of the first assignment of points to components.

    Parameters
    ----------
    samples : InMemory
        Complete points.
    options : InitOptions
        `init_params` names the initializer.
    random_state : numpy.random.RandomState
        The generator, which scikit-learn would leave in the same state.
    """
    return INITIALIZERS[options.init_params](samples, options, random_state)


def _from_kmeans(samples: InMemory, options: InitOptions, random_state: Any) -> Moments:
    points, n_components = samples.points, options.n_components
    start, lattice = _kmeans_samples(samples)
    rows = seeds(start, n_components, random_state)
    centers = np.ascontiguousarray(start.points[rows], dtype=np.float64)
    # One feature at a time: the differences from the mean of all would double the memory.
    variances = [np.var(feature, dtype=np.float64) for feature in points.T]
    tol = _KMEANS_TOL * float(np.mean(variances))
    labels, *_ = start.data.kmeans(
        centers, tol, _KMEANS_MAX_ITER, samples.n_threads, lattice=lattice
    )
    n_distinct = np.count_nonzero(np.bincount(labels, minlength=n_components))
    if n_distinct < n_components:
        warnings.warn(
            f"Number of distinct clusters ({n_distinct}) found smaller than n_clusters "
            f"({n_components}). Possibly due to duplicate points in X.",
            sklearn_exceptions.ConvergenceWarning,
            stacklevel=2,
        )
    statistics = samples.statistics_of_labels(
        labels, n_components, covariance_type=options.covariance_type
    )
    return moments(statistics, options.covariance_type, options.reg_covar)[0]


def _kmeans_samples(samples: InMemory) -> tuple[InMemory, tuple[Array, int] | None]:
    """Return the samples of k-means, and those of a lattice with scikit-learn's threads.

    scikit-learn's k-means subtracts the mean of the points first. This keeps the digits of points
    far from the origin, and on a lattice its rounding decides between equal distances. Weights
    are relative to the largest. All other points stay where they are: a copy would cost memory
    and change nothing.
    """
    is_lattice = _is_lattice(samples.points)
    if not is_lattice and not _origin(samples.points, 0.0).any():
        return samples, None
    points = np.require(samples.points, np.float64, ["C", "ALIGNED"])
    points = points - points.mean(axis=0)
    weight = samples.sample_weight
    relative = None if weight is None else weight / weight.max()
    start = InMemory(points, relative, samples.n_threads)
    n_threads = sklearn_openmp._openmp_effective_n_threads  # noqa: SLF001 (scikit-learn's)
    return start, (points, n_threads()) if is_lattice else None


def _is_lattice(points: Array) -> bool:
    """Return whether distances may be equal: some values of a feature are, or all are integers."""
    some = np.sort(points[:: -(-len(points) // _LATTICE_ROWS)], axis=0)
    return bool((some[1:] == some[:-1]).any() or (some == np.round(some)).all())


def seeds(samples: InMemory, n_components: int, random_state: Any) -> NDArray[np.int64]:
    """Return the rows of the k-means++ centers that scikit-learn chooses."""
    data = samples.data
    # Weights, and what is drawn with them, or the distances from the centers.
    check_fits("X", samples.points.shape, samples.n_samples * 24, "pass the rows in chunks")
    weights = (
        np.ones(samples.n_samples) if samples.sample_weight is None else samples.sample_weight
    )
    first = int(random_state.choice(samples.n_samples, p=weights / weights.sum()))
    n_trials = 2 + int(np.log(n_components))
    draws = random_state.uniform(size=(n_components - 1, n_trials))
    return data.kmeans_plusplus(first, draws, samples.n_threads)


def _from_kmeans_plusplus(samples: InMemory, options: InitOptions, random_state: Any) -> Moments:
    return _moments_of_rows(samples, seeds(samples, options.n_components, random_state), options)


def _from_data(samples: InMemory, options: InitOptions, random_state: Any) -> Moments:
    size, chances = options.n_components, None
    if samples.sample_weight is not None:
        # A row of weight 3 counts as three rows, a row of weight 0 as none.
        chances = samples.sample_weight / samples.weight
        size = min(size, int(np.count_nonzero(chances)))
    rows = random_state.choice(samples.n_samples, size=size, replace=False, p=chances)
    rows = np.resize(rows, options.n_components)  # repeated if there are too few
    return _moments_of_rows(samples, rows, options)


def _moments_of_rows(samples: InMemory, rows: NDArray[np.int64], options: InitOptions) -> Moments:
    """Return the moments if each component consists of one of these rows."""
    chosen = np.ascontiguousarray(samples.points[rows], dtype=np.float64)
    weight = None if samples.sample_weight is None else samples.sample_weight[rows]
    labels = np.arange(options.n_components)
    statistics = statistics_of_labels(
        chosen,
        labels,
        options.n_components,
        weight,
        covariance_type=options.covariance_type,
    )
    result, _ = moments(statistics, options.covariance_type, options.reg_covar)
    if options.covariance_type in TIED:
        matrix = _tied_to_all(samples, result, options.reg_covar)
        return result._replace(covariances=of_matrix(matrix, options.covariance_type))
    return result


def _tied_to_all(samples: InMemory, chosen: Moments, reg_covar: float) -> Array:
    """Return scikit-learn's tied covariance: that of all points minus that of the means.

    Both are about the origin, on which the difference depends, because it has more points than
    means. Far from the origin they are about the mean of the points.
    """
    points, weight = samples.points, samples.sample_weight
    origin = _origin(points, reg_covar)
    covariance: Array = np.zeros((samples.n_features, samples.n_features))
    for first in range(0, samples.n_samples, _ROWS):
        rows = slice(first, first + _ROWS)
        some = points[rows] - origin  # float64
        weighted = some if weight is None else weight[rows, None] * some
        covariance += weighted.T @ some
    means = chosen.means - origin
    covariance -= chosen.counts * means.T @ means
    covariance /= chosen.counts.sum()
    covariance.flat[:: len(covariance) + 1] += reg_covar
    return covariance


def _origin(points: Array, reg_covar: float) -> Array:
    """Return 0 for each feature, or the mean if 0 is far from the points.

    The threshold is that of the M step: see `pseudo_point` in rust/fitting/statistics/m_step.rs.
    """
    means = np.array([np.mean(feature, dtype=np.float64) for feature in points.T])
    variances = np.array([np.var(feature, dtype=np.float64) for feature in points.T])
    is_far = means**2 > _FAR_FROM_ORIGIN * (variances + _FAR_FROM_ORIGIN * reg_covar)
    return np.where(is_far, means, 0.0)


def _from_random(samples: InMemory, options: InitOptions, random_state: Any) -> Moments:
    """Return the moments of random responsibilities, drawn and summed in chunks of rows."""
    points, n_components = samples.points, options.n_components
    n_features = samples.n_features
    center = np.average(points, axis=0, weights=samples.sample_weight).astype(np.float64)
    first, second = packed_indices(n_features, diagonal=options.covariance_type in DIAGONAL)
    total = np.zeros((n_components, 1 + n_features + len(first)))
    n_rows = max(1, _DRAWS // n_components)
    for low in range(0, samples.n_samples, n_rows):
        rows = slice(low, low + n_rows)
        offsets = points[rows] - center
        responsibilities = random_state.uniform(size=(len(offsets), n_components))
        responsibilities /= responsibilities.sum(axis=1, keepdims=True)
        if samples.sample_weight is not None:
            responsibilities *= samples.sample_weight[rows, None]
        products = offsets[:, first] * offsets[:, second]
        values = np.hstack([np.ones((len(offsets), 1)), offsets, products])
        total += responsibilities.T @ values
    counts, sums, scatters = np.split(total, [1, 1 + n_features], axis=1)
    statistics = _core.Statistics(
        np.tile(center, (n_components, 1)),
        np.ascontiguousarray(counts[:, 0]),
        np.ascontiguousarray(sums),
        np.ascontiguousarray(scatters),
        0.0,
        samples.weight,
        samples.n_weighted,
    )
    return moments(statistics, options.covariance_type, options.reg_covar)[0]


INITIALIZERS: dict[str, Callable[[InMemory, InitOptions, Any], Moments]] = {
    "kmeans": _from_kmeans,
    "k-means++": _from_kmeans_plusplus,
    "random": _from_random,
    "random_from_data": _from_data,
}

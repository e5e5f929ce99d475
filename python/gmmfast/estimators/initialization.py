"""Where a fit starts: scikit-learn's `init_params`, from the same random numbers.

Each start is a hard or soft assignment of points to components, of which the M step makes
the first parameters. scikit-learn holds it as an array of (n_samples, n_components); here
its statistics are added up directly. k-means and k-means++ run on the tree of the points
that EM uses, and draw from `random_state` as scikit-learn's do, so that they choose the
same points.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from gmmfast import _core
from gmmfast.estimators.moments import COUNT_FLOOR, is_diagonal, statistics_of_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gmmfast.estimators.training_data import InMemory

    Array = NDArray[np.float64]

#: scikit-learn's KMeans.
_KMEANS_MAX_ITER = 300
_KMEANS_TOL = 1e-4

#: Numbers of "random" that are drawn at a time.
_DRAWS = 1 << 19

#: Rows whose products are added up at a time.
_ROWS = 1 << 14


class Moments(NamedTuple):
    """What an M step knows: numbers of points, means, covariances; as scikit-learn's."""

    counts: Array
    means: Array
    covariances: Array


class StartOptions(NamedTuple):
    """What of an estimator's parameters a start depends on."""

    n_components: int
    covariance_type: str
    reg_covar: float
    init_params: str


#: A way to start: from samples, options and a RandomState to the first moments.
Start = Callable[["InMemory", StartOptions, Any], Moments]


def start(samples: InMemory, options: StartOptions, random_state: Any) -> Moments:
    """Return the moments of the first assignment of points to components.

    Parameters
    ----------
    samples : InMemory
        Complete points.
    options : StartOptions
        Which start, of how many components.
    random_state : numpy.random.RandomState
        Is left as scikit-learn would leave it.
    """
    return STARTS[options.init_params](samples, options, random_state)


def moments(
    statistics: _core.Statistics, covariance_type: str, reg_covar: float
) -> tuple[Moments, list[int]]:
    """Return scikit-learn's moments, and the components whose covariances lost digits."""
    _, means, covariances, lost = statistics.maximization(covariance_type, reg_covar)
    return Moments(statistics.counts + COUNT_FLOOR, means, covariances), lost


def _from_kmeans(samples: InMemory, options: StartOptions, random_state: Any) -> Moments:
    points, n_components = samples.points, options.n_components
    rows = seeds(samples, n_components, random_state)
    centers = np.ascontiguousarray(points[rows], dtype=np.float64)
    # Feature by feature, or differences from the mean would be another array of all points.
    variances = [np.var(feature, dtype=np.float64) for feature in points.T]
    tol = _KMEANS_TOL * float(np.mean(variances))
    labels, *_ = samples.data.kmeans(centers, tol, _KMEANS_MAX_ITER, samples.n_threads)
    n_distinct = np.count_nonzero(np.bincount(labels, minlength=n_components))
    if n_distinct < n_components:
        warnings.warn(
            f"Number of distinct clusters ({n_distinct}) found smaller than n_clusters "
            f"({n_components}). Possibly due to duplicate points in X.",
            ConvergenceWarning,
            stacklevel=2,
        )
    statistics = statistics_of_labels(
        points,
        labels,
        n_components,
        samples.sample_weight,
        diagonal=is_diagonal(options.covariance_type),
    )
    return moments(statistics, options.covariance_type, options.reg_covar)[0]


def seeds(samples: InMemory, n_components: int, random_state: Any) -> NDArray[np.int64]:
    """Return the rows of the k-means++ centres that scikit-learn chooses."""
    weights = (
        np.ones(samples.n_samples) if samples.sample_weight is None else samples.sample_weight
    )
    first = int(random_state.choice(samples.n_samples, p=weights / weights.sum()))
    n_trials = 2 + int(np.log(n_components))
    draws = random_state.uniform(size=(n_components - 1, n_trials))
    return samples.data.kmeans_plusplus(first, draws, samples.n_threads)


def _from_seeds(samples: InMemory, options: StartOptions, random_state: Any) -> Moments:
    return _of_rows(samples, seeds(samples, options.n_components, random_state), options)


def _from_data(samples: InMemory, options: StartOptions, random_state: Any) -> Moments:
    size, chances = options.n_components, None
    if samples.sample_weight is not None:
        # A row of weight 3 is three rows, and of weight 0 none.
        chances = samples.sample_weight / samples.weight
        size = min(size, int(np.count_nonzero(chances)))
    rows = random_state.choice(samples.n_samples, size=size, replace=False, p=chances)
    rows = np.resize(rows, options.n_components)  # several times if they are too few
    return _of_rows(samples, rows, options)


def _of_rows(samples: InMemory, rows: NDArray[np.int64], options: StartOptions) -> Moments:
    """Return moments of one point a component, and of no other points."""
    chosen = np.ascontiguousarray(samples.points[rows], dtype=np.float64)
    weight = None if samples.sample_weight is None else samples.sample_weight[rows]
    labels = np.arange(options.n_components)
    statistics = statistics_of_labels(
        chosen,
        labels,
        options.n_components,
        weight,
        diagonal=is_diagonal(options.covariance_type),
    )
    result, _ = moments(statistics, options.covariance_type, options.reg_covar)
    if options.covariance_type == "tied":
        return result._replace(covariances=_tied_to_all(samples, result, options.reg_covar))
    return result


def _tied_to_all(samples: InMemory, chosen: Moments, reg_covar: float) -> Array:
    """Return scikit-learn's tied covariance: of all points, less that of the chosen means."""
    points, weight = samples.points, samples.sample_weight
    covariance: Array = np.zeros((samples.n_features, samples.n_features))
    for first in range(0, samples.n_samples, _ROWS):
        rows = slice(first, first + _ROWS)
        # float32 products would leave nothing of a variance far from the origin.
        some = points[rows].astype(np.float64, copy=False)
        weighted = some if weight is None else weight[rows, None] * some
        covariance += weighted.T @ some
    covariance -= chosen.counts * chosen.means.T @ chosen.means
    covariance /= chosen.counts.sum()
    covariance.flat[:: len(covariance) + 1] += reg_covar
    return covariance


def _from_random(samples: InMemory, options: StartOptions, random_state: Any) -> Moments:
    """Return moments of random responsibilities, by rows, never held for all points."""
    points, n_components = samples.points, options.n_components
    n_features = samples.n_features
    diagonal = is_diagonal(options.covariance_type)
    center = np.average(points, axis=0, weights=samples.sample_weight).astype(np.float64)
    pairs = [(i, j) for i in range(n_features) for j in range(i + 1) if not diagonal or i == j]
    first, second = np.transpose(pairs)
    total = np.zeros((n_components, 1 + n_features + len(pairs)))
    n_rows = max(1, _DRAWS // n_components)
    for low in range(0, samples.n_samples, n_rows):
        rows = slice(low, low + n_rows)
        offsets = points[rows] - center
        shares = random_state.uniform(size=(len(offsets), n_components))
        shares /= shares.sum(axis=1, keepdims=True)
        if samples.sample_weight is not None:
            shares *= samples.sample_weight[rows, None]
        ones = np.ones((len(offsets), 1))
        total += shares.T @ np.hstack([ones, offsets, offsets[:, first] * offsets[:, second]])
    counts, sums, scatters = np.split(total, [1, 1 + n_features], axis=1)
    statistics = _core.Statistics(
        np.tile(center, (n_components, 1)),
        np.ascontiguousarray(counts[:, 0]),
        np.ascontiguousarray(sums),
        np.ascontiguousarray(scatters),
        0.0,
        samples.weight,
    )
    return moments(statistics, options.covariance_type, options.reg_covar)[0]


STARTS: dict[str, Callable[[InMemory, StartOptions, Any], Moments]] = {
    "kmeans": _from_kmeans,
    "k-means++": _from_seeds,
    "random": _from_random,
    "random_from_data": _from_data,
}

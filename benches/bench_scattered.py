"""Log-densities of a million scattered points compared with scikit-learn's and numba's.

The components of the models overlap and have different widths and orientations. The
points are samples of the models, in random order.
"""

from __future__ import annotations

import numpy as np

import numba_blocked
import numba_plain
from contestants import in_scikit_learn
from fitted import Array, Model
from gmmfast import Mixture
from numba_math import factors_of
from timing import Budget, Contestant, check, table

N_POINTS = 1_000_000

CASES = ((5, 100), (16, 64))


def problem(n_features: int, n_components: int) -> tuple[Model, Array]:
    """Return a mixture and points drawn from it."""
    rng = np.random.default_rng(0)
    roots = rng.normal(size=(n_components, n_features, n_features)) / np.sqrt(n_features)
    covariances = roots @ roots.transpose(0, 2, 1) + 0.1 * np.eye(n_features)
    weights = rng.dirichlet(np.full(n_components, 3.0))
    means = rng.normal(scale=2, size=(n_components, n_features))
    labels = rng.choice(n_components, size=N_POINTS, p=weights)
    points = rng.normal(size=(N_POINTS, n_features))
    factors = np.linalg.cholesky(covariances)
    for k in range(n_components):
        is_k = labels == k
        points[is_k] = means[k] + points[is_k] @ factors[k].T
    return Model(weights, means, covariances), points


def scattered(budget: Budget) -> None:
    for n_features, n_components in CASES:
        one_case(*problem(n_features, n_components), budget)


def one_case(model: Model, points: Array, budget: Budget) -> None:
    n_components, n_features = model.means.shape
    mixture, estimator, factors = Mixture(*model), in_scikit_learn(model), factors_of(model)
    components_last = [np.ascontiguousarray(np.moveaxis(a, 0, -1)) for a in factors]
    plain = numba_plain.scattered_log_density
    tuned = numba_blocked.scattered_log_density(n_features)
    ours = mixture.score_samples(points, n_threads=1)
    check("log-densities, numba plain", ours, plain(points, *components_last), 1e-9)
    check("log-densities, numba tuned", ours, tuned(points, *factors), 1e-9)
    check("log-densities, scikit-learn", ours, estimator.score_samples(points), 1e-9)
    table(
        f"log-density, {len(points)} points of {n_features} features, {n_components} components",
        [
            Contestant(
                "gmmfast score_samples", lambda: mixture.score_samples(points, n_threads=1)
            ),
            Contestant("numba dense", lambda: plain(points, *components_last), 2.5),
            Contestant("numba dense, tuned", lambda: tuned(points, *factors)),
            Contestant("scikit-learn score_samples", lambda: estimator.score_samples(points), 40),
        ],
        budget,
    )

"""Ten million samples of the photograph's mixture, compared with scikit-learn's `sample`.

The moments of the samples are compared with the model's before timing. Every call allocates its
result of 400 MB. The time includes the system's work for fresh memory, which the last line of
the table shows alone.
"""

from __future__ import annotations

import numpy as np

from contestants import in_scikit_learn
from fitted import Array, Model, load
from gmmfast import Mixture
from timing import Budget, Contestant, table

N_SAMPLES = 10_000_000


def sampling(budget: Budget) -> None:
    model = load("photograph")
    mixture, estimator = Mixture(*model), in_scikit_learn(model)
    estimator.random_state = 0
    check_moments("gmmfast", mixture.sample(N_SAMPLES, random_state=0), model)
    check_moments("scikit-learn", estimator.sample(N_SAMPLES)[0], model)
    table(
        f"{N_SAMPLES} samples of {model.means.shape[1]} features, {len(model.weights)} components",
        [
            Contestant(
                "gmmfast sample",
                lambda: mixture.sample(N_SAMPLES, random_state=0, n_threads=1),
            ),
            Contestant(
                "gmmfast sample, 2 threads",
                lambda: mixture.sample(N_SAMPLES, random_state=0, n_threads=2),
                at_most=1 / 1.6,
                of_wall=True,
            ),
            Contestant(
                "gmmfast sample, grouped",
                lambda: mixture.sample(N_SAMPLES, random_state=0, order="grouped", n_threads=1),
            ),
            Contestant(
                "gmmfast sample, float32",
                lambda: mixture.sample(N_SAMPLES, random_state=0, dtype="f4", n_threads=1),
            ),
            Contestant("scikit-learn sample", lambda: estimator.sample(N_SAMPLES), 40),
            Contestant("fresh memory of the result", lambda: np.ones((N_SAMPLES, 5))),
        ],
        budget,
    )


def check_moments(name: str, points: Array, model: Model) -> None:
    """Stop unless means and covariances are the mixture's to five standard errors."""
    mean = model.weights @ model.means
    offsets = model.means - mean
    covariance = np.einsum("k,kij->ij", model.weights, model.covariances)
    covariance += np.einsum("k,ki,kj->ij", model.weights, offsets, offsets)
    stds = np.sqrt(np.diagonal(covariance))
    errors = np.abs(points.mean(axis=0) - mean) / stds
    # The fourth moments of bounded positions and colors are at most a few times a normal's.
    scatter = np.abs(np.cov(points.T) - covariance) / np.outer(stds, stds) / 3
    largest = max(errors.max(), scatter.max()) * np.sqrt(len(points))
    if not largest < 5:
        raise SystemExit(f"{name}: moments differ by {largest:.3g} standard errors")
    print(f"checked: moments, {name}, to {largest:.2g} standard errors", flush=True)

"""The two fitted models that the benchmarks share, stored in fitted.npz.

`drawing`: 500 components over (x, y) of the dark pixels of china.jpg; `photograph`:
1000 components over (x, y, r, g, b) of all its pixels. fit_models.py fitted both.
The file holds float32 and of each covariance the lower triangle, row by row, half
of what float64 takes; the models are what comes back, in float64: the weights are
divided by their sum again, and rounding is some 1e-7 of a covariance whose smallest
eigenvalue is 1/12, so that it stays positive definite, which `save` checks.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).with_name("fitted.npz")
NAMES = ("drawing", "photograph")

#: Of china.jpg: height and width.
SHAPE = (427, 640)

Array = NDArray[np.float64]


class Model(NamedTuple):
    """A full-covariance mixture as arrays: a triple that gmmfast takes as it is."""

    weights: Array
    means: Array
    covariances: Array


def load(name: str, file: Path = FILE) -> Model:
    """Return the model of that name."""
    with np.load(file) as arrays:
        weights, means, packed = (
            arrays[f"{name}_{part}"].astype(np.float64)
            for part in ("weights", "means", "covariances")
        )
    n_features = means.shape[1]
    rows, columns = np.tril_indices(n_features)
    covariances = np.empty((len(means), n_features, n_features))
    covariances[:, rows, columns] = packed
    covariances[:, columns, rows] = packed
    return Model(weights / weights.sum(), means, covariances)


def save(models: dict[str, Model], file: Path = FILE) -> None:
    """Write the models, and check that they are valid when they are read again."""
    arrays = {}
    for name, model in models.items():
        rows, columns = np.tril_indices(model.means.shape[1])
        packed = model.covariances[:, rows, columns]
        parts = {"weights": model.weights, "means": model.means, "covariances": packed}
        arrays |= {f"{name}_{part}": values.astype("f4") for part, values in parts.items()}
    np.savez_compressed(file, **arrays)
    for name in models:
        smallest = np.linalg.eigvalsh(load(name, file).covariances).min()
        if not smallest > 0:
            raise SystemExit(f"{name}: a covariance has the eigenvalue {smallest}")

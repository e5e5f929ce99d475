"""The two fitted models that the benchmarks share, stored in fitted.npz.

`drawing`: 500 components over (x, y) of the dark pixels of china.jpg; `photograph`:
1000 components over (x, y, r, g, b) of all its pixels. fit_models.py fitted both.
The file stores float32, and the lower triangle of each covariance row by row. The models are
the stored numbers in float64, with weights divided by their sum again. Rounding changes a
covariance by about 1e-7 of its size and the smallest eigenvalue is 1/12, so covariances stay
positive definite; `save` checks this.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).with_name("fitted.npz")
NAMES = ("drawing", "photograph")

#: The height and width of china.jpg.
SHAPE = (427, 640)

Array = NDArray[np.float64]


class Model(NamedTuple):
    """A mixture with full covariances as a tuple of arrays, which gmmfast accepts as a model."""

    weights: Array
    means: Array
    covariances: Array


def load(name: str, file: Path = FILE) -> Model:
    """Return the model named `name`."""
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

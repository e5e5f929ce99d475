"""Fit the two models of fitted.npz to china.jpg, a photograph that scikit-learn ships.

The drawing has 500 components on the (x, y) of the dark pixels (by Otsu's threshold), the
photograph 1000 on the (x, y, r, g, b) of all 273,280; x is the column, y the row, and levels are
0 to 255. Each fit starts from the clusters of a MiniBatchKMeans and takes 30 iterations of EM
over all points. Covariances are full, and 1/12 is added to each variance, which is the
variance of a pixel as a unit square and of an 8-bit level as a unit interval.

The exponent is one matrix product of 21 monomials by the components, so BLAS does all but the
exponential; both fits take two minutes. The points are centered and scaled first, because the
product would otherwise cancel digits. The remaining error of about 1e-10 is far below the
precision of the float32 in the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.cluster import MiniBatchKMeans
from sklearn.datasets import load_sample_image

from fitted import FILE, Array, Model, save
from gmmfast import images

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_ITERATIONS = 30
REG_COVAR = 1 / 12

#: Rows of one product. 1000 components by this number of float64 stay in a cache.
CHUNK = 256


def nearest_centers(points: Array, n_components: int) -> NDArray[np.int64]:
    """Return the index of each point's cluster, (n_points,)."""
    clustering = MiniBatchKMeans(n_components, batch_size=8192, n_init=1, random_state=0)
    return clustering.fit_predict(points)


def monomials(points: Array) -> Array:
    """Return 1, the features and their products by pairs, (n_points, 1 + d + d (d + 1) / 2)."""
    rows, columns = np.tril_indices(points.shape[1])
    return np.hstack([np.ones((len(points), 1)), points, points[:, rows] * points[:, columns]])


def m_step(sums: Array, reg_covar: Array) -> Model:
    """Return the model from the sums of responsibilities times monomials.

    `sums` is (n_components, n_monomials), `reg_covar` (n_features,).
    """
    n_features = len(reg_covar)
    counts = sums[:, 0] + 10 * np.finfo(np.float64).eps  # an empty component stays finite
    means = sums[:, 1 : 1 + n_features] / counts[:, None]
    rows, columns = np.tril_indices(n_features)
    packed = sums[:, 1 + n_features :] / counts[:, None] - means[:, rows] * means[:, columns]
    covariances = np.empty((len(means), n_features, n_features))
    covariances[:, rows, columns] = packed
    covariances[:, columns, rows] = packed
    covariances += np.diag(reg_covar)
    return Model(counts / counts.sum(), means, covariances)


def log_coefficients(model: Model) -> Array:
    """Return the log of each weighted density over the monomials, (n_monomials, n_components)."""
    weights, means, covariances = model
    n_features = means.shape[1]
    precisions = np.linalg.inv(covariances)
    linear = np.einsum("kij,kj->ki", precisions, means)
    constant = np.log(weights) - 0.5 * (
        np.linalg.slogdet(covariances)[1]
        + n_features * np.log(2 * np.pi)
        + np.einsum("ki,ki->k", linear, means)
    )
    rows, columns = np.tril_indices(n_features)
    quadratic = precisions[:, rows, columns] * np.where(rows == columns, -0.5, -1.0)
    return np.hstack([constant[:, None], linear, quadratic]).T


def em_step(features: Array, model: Model, reg_covar: Array) -> tuple[Model, float]:
    """Return the next model and the mean log-density of this one."""
    coefficients = log_coefficients(model)
    sums = np.zeros(coefficients.T.shape)
    log_density = 0.0
    for start in range(0, len(features), CHUNK):
        chunk = features[start : start + CHUNK]
        log_prob = chunk @ coefficients
        largest = log_prob.max(axis=1, keepdims=True)
        log_prob -= largest
        # The exponent is clipped, because subnormal numbers make NumPy several times slower.
        terms = np.exp(np.maximum(log_prob, -700, out=log_prob), out=log_prob)
        totals = terms.sum(axis=1, keepdims=True)
        log_density += float((largest + np.log(totals)).sum())
        sums += terms.T @ (chunk / totals)
    return m_step(sums, reg_covar), log_density / len(features)


def fit(points: Array, n_components: int) -> Model:
    """Return the mixture after `N_ITERATIONS` of EM over all the points."""
    center, scale = points.mean(axis=0), points.std(axis=0)
    features = monomials((points - center) / scale)
    reg_covar = REG_COVAR / scale**2
    clusters = nearest_centers(points, n_components)
    order = np.argsort(clusters, kind="stable")
    starts = np.searchsorted(clusters[order], np.arange(n_components))
    # `reduceat` returns the successor's first row for an empty cluster.
    is_used = np.bincount(clusters, minlength=n_components) > 0
    model = m_step(np.add.reduceat(features[order], starts[is_used]), reg_covar)
    print(f"{len(points)} points, {len(model.weights)} components", flush=True)
    for iteration in range(N_ITERATIONS):
        model, log_density = em_step(features, model, reg_covar)
        print(f"  {iteration}: {log_density - np.log(scale).sum():.6f} nats a point", flush=True)
    return Model(
        model.weights,
        model.means * scale + center,
        model.covariances * scale[:, None] * scale,
    )


def main() -> None:
    pixels = images.read_image(load_sample_image("china.jpg"))
    models = {
        "drawing": fit(images.ink_points(pixels), 500),
        "photograph": fit(images.color_points(pixels), 1000),
    }
    save(models)
    print(f"{FILE.name}: {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()

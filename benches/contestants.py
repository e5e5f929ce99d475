"""The alternatives other than the numba kernels: NumPy, scikit-learn, gmr."""

from __future__ import annotations

import gmr
import numpy as np
from sklearn.mixture import GaussianMixture

from fitted import Array, Model

#: The number of points in one call of gmr.
GMR_CHUNK = 1024


def chunked_mean(model: Model, points: Array) -> Array:
    """Return E[r, g, b | x, y] by a fast NumPy implementation.

    Chunks stay in the cache, the squared distance is written out, and BLAS sums over
    components (their means are affine in x and y). The exponent is clipped at -700, because
    subnormal numbers make NumPy several times slower.
    """
    weights, means, covariances = model
    precisions = np.linalg.inv(covariances[:, :2, :2])
    slopes = covariances[:, 2:, :2] @ precisions
    # The blocks of columns are the value at the origin, the slope in x, and the slope in y.
    at_origin = means[:, 2:] - np.einsum("kti,ki->kt", slopes, means[:, :2])
    experts = np.hstack([at_origin, slopes[:, :, 0], slopes[:, :, 1]])
    log_peaks = np.log(weights) + 0.5 * np.linalg.slogdet(precisions)[1]
    xx, xy, yy = -0.5 * precisions[:, 0, 0], -precisions[:, 0, 1], -0.5 * precisions[:, 1, 1]
    result = np.empty((len(points), 3))
    step = 256
    for start in range(0, len(points), step):
        x, y = points[start : start + step].T[:, :, None]
        dx, dy = x - means[:, 0], y - means[:, 1]
        log_prob = (xx * dx + xy * dy) * dx + yy * dy**2 + log_peaks
        log_prob -= log_prob.max(axis=1, keepdims=True)
        terms = np.exp(np.maximum(log_prob, -700, out=log_prob), out=log_prob)
        sums = terms @ experts
        mean = sums[:, :3] + x * sums[:, 3:6] + y * sums[:, 6:]
        result[start : start + step] = mean / terms.sum(axis=1, keepdims=True)
    return result


def in_scikit_learn(model: Model) -> GaussianMixture:
    """Return the model as a fitted GaussianMixture."""
    estimator = GaussianMixture(len(model.weights), covariance_type="full")
    estimator.weights_, estimator.means_, estimator.covariances_ = model
    factors = np.linalg.cholesky(model.covariances)
    estimator.precisions_cholesky_ = np.linalg.inv(factors).transpose(0, 2, 1)
    return estimator


def in_gmr(model: Model) -> gmr.GMM:
    """Return the model as a gmr model; its `predict([0, 1], chunk)` is the conditional mean."""
    return gmr.GMM(len(model.weights), *model)


def partition(points: Array, n_components: int) -> Model:
    """Return a mixture of `n_components` of the points, without a fit.

    The points are split repeatedly along their widest feature. Each part becomes a
    component with its moments and 1/12 added to each variance.
    """
    n_features = points.shape[1]
    parts = [(points, n_components)]
    weights, means, covariances = [], [], []
    while parts:
        part, n_parts = parts.pop()
        if n_parts == 1:
            weights.append(len(part) / len(points))
            means.append(part.mean(axis=0))
            offsets = part - means[-1]
            covariances.append(offsets.T @ offsets / len(part) + np.eye(n_features) / 12)
            continue
        n_first = n_parts // 2
        at = len(part) * n_first // n_parts
        feature = np.ptp(part, axis=0).argmax()
        part = part[np.argpartition(part[:, feature], at)]
        parts += [(part[:at], n_first), (part[at:], n_parts - n_first)]
    return Model(np.array(weights), np.array(means), np.array(covariances))

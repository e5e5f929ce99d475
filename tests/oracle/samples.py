"""Samples of a mixture with the bits of `Mixture.sample`.

The operations are those of `rust/sampling/` in the same order. Samples come in blocks of
`BLOCK`; each block draws from the streams at its own position.
"""

import numpy as np

from oracle.streams import COMPONENTS, NORMALS, Stream
from support.models import full_parameters

BLOCK = 1024


def sample(mixture, n_samples, seed, *, bounds=None, grouped=False):
    """Return samples and the component of each."""
    components = np.flatnonzero(mixture.weights > 0)
    _, means, covariances = (array[components] for array in full_parameters(mixture))
    if mixture.covariance_type in ("diag", "spherical", "tied-diag", "tied-spherical"):
        columns = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))[:, None]
    else:
        columns = cholesky(covariances).transpose(0, 2, 1)
    cells = alias_table(mixture.weights[components])
    parts = []
    for first in range(0, n_samples, BLOCK):
        kept, n = [], min(BLOCK, n_samples - first)
        while sum(len(labels) for labels, _ in kept) < n:
            labels, points = draw_round(cells, means, columns, seed, (len(kept), first))
            if bounds is not None:
                low, high = np.transpose(bounds)
                is_within = ((low <= points) & (points <= high)).all(axis=1)
                labels, points = labels[is_within], points[is_within]
            kept.append((labels, points))
        parts.append([np.concatenate(each)[:n] for each in zip(*kept, strict=True)])
    labels, points = (np.concatenate(each) for each in zip(*parts, strict=True))
    if grouped:
        order = np.argsort(labels, kind="stable")
        labels, points = labels[order], points[order]
    return points, components[labels]


def draw_round(cells, means, columns, seed, position):
    """Return labels and points of one block; `position` is the round and the first sample."""
    thresholds, others = cells
    number, first = position
    n_features = means.shape[1]
    scaled = Stream(seed, COMPONENTS, number).uniforms(first, BLOCK) * float(len(means))
    drawn = scaled.astype(np.int64)
    labels = np.where(scaled - drawn < thresholds[drawn], drawn, others[drawn])
    z = Stream(seed, NORMALS, number).normals(first * n_features, BLOCK * n_features)
    z = z.reshape(BLOCK, n_features)
    points = means[labels]
    if columns.shape[1] == 1:  # diagonal
        return labels, points + columns[labels][:, 0] * z
    for j in range(n_features):
        points = points + columns[labels][:, j] * z[:, j, None]
    return labels, points


def alias_table(weights):
    """Return the thresholds and the other components of Walker's alias method, by Vose."""
    n, total = len(weights), 0.0
    for weight in weights.tolist():
        total += weight
    scaled = [weight / total * n for weight in weights.tolist()]
    thresholds, others = np.ones(n), np.arange(n)
    small = [i for i in range(n) if scaled[i] < 1.0]
    large = [i for i in range(n) if scaled[i] >= 1.0]
    while small and large:
        low, high = small.pop(), large[-1]
        thresholds[low], others[low] = scaled[low], high
        scaled[high] -= 1.0 - scaled[low]
        if scaled[high] < 1.0:
            small.append(large.pop())
    return thresholds, others


def cholesky(matrices):
    """Return lower factors; sums run in the order of `rust/model/linalg.rs`."""
    factors = np.zeros(matrices.shape)
    for i in range(matrices.shape[1]):
        for j in range(i + 1):
            dot = np.zeros(len(matrices))
            for m in range(j):
                dot = dot + factors[:, i, m] * factors[:, j, m]
            value = matrices[:, i, j] - dot
            factors[:, i, j] = np.sqrt(value) if i == j else value / factors[:, j, j]
    return factors

"""EM of Gaussian mixtures in 50 digits, which decides where two fits in float64 differ."""

from dataclasses import dataclass

import mpmath
import numpy as np
import sklearn.mixture

mpmath.mp.dps = 50

#: What scikit-learn adds to the weight of each component.
PSEUDO_POINT = 10 * mpmath.mpf(2) ** -52


@dataclass
class Run:
    """The result of EM from one start."""

    lower_bound: float
    n_iter: int
    means: np.ndarray


class Starts(sklearn.mixture.GaussianMixture):
    """scikit-learn's estimator, which keeps its starts."""

    def _initialize(self, X, resp):
        vars(self).setdefault("starts", []).append(np.array(resp, dtype=float))
        super()._initialize(X, resp)


def exact_runs(X, options):
    """Return the exact result from each of scikit-learn's starts."""
    estimator = Starts(**options).fit(X)
    return [_run(X.astype(float), resp, options) for resp in estimator.starts]


def _run(X, resp, options):
    points = [mpmath.matrix(row) for row in X.tolist()]
    parameters = _maximize(points, mpmath.matrix(resp.tolist()), options)
    parameters = ([nk / len(points) for nk in parameters[0]], *parameters[1:])
    bound = mpmath.mpf("-inf")
    n_iter, last = 0, None
    while n_iter < options["max_iter"] and (last is None or abs(bound - last) >= 1e-3):
        n_iter, last = n_iter + 1, bound
        bound, resp = _expect(points, *parameters)
        counts, means, covariances = _maximize(points, resp, options)
        parameters = [nk / sum(counts) for nk in counts], means, covariances
    means = np.array([[float(x) for x in mean] for mean in parameters[1]])
    return Run(float(bound), n_iter, means)


def _expect(points, weights, means, covariances):
    """Return the mean log-density and the responsibilities."""
    inverses = [mpmath.inverse(covariance) for covariance in covariances]
    norms = [
        mpmath.log(weight) - mpmath.log((2 * mpmath.pi) ** len(mean) * mpmath.det(covariance)) / 2
        for weight, mean, covariance in zip(weights, means, covariances, strict=True)
    ]
    resp, total = mpmath.matrix(len(points), len(means)), mpmath.mpf(0)
    for i, point in enumerate(points):
        logs = []
        for norm, mean, inverse in zip(norms, means, inverses, strict=True):
            offset = point - mean
            logs.append(norm - (offset.T * inverse * offset)[0] / 2)
        largest = max(logs)
        terms = [mpmath.exp(log - largest) for log in logs]
        for k, term in enumerate(terms):
            resp[i, k] = term / sum(terms)
        total += largest + mpmath.log(sum(terms))
    return total / len(points), resp


def _maximize(points, resp, options):
    """Return counts, means and covariances, as matrices of every type."""
    d, kind = len(points[0]), options["covariance_type"]
    counts, means, scatters = [], [], []
    for k in range(resp.cols):
        column = [resp[i, k] for i in range(len(points))]
        counts.append(sum(column) + PSEUDO_POINT)
        mean = _sum(r * point for r, point in zip(column, points, strict=True)) / counts[-1]
        offsets = [(r, point - mean) for r, point in zip(column, points, strict=True) if r]
        scatters.append(_sum(r * offset * offset.T for r, offset in offsets))
        means.append(mean)
    if kind == "tied":
        # scikit-learn's, about the origin: at the start there are more points than counts.
        own = _sum(nk * mean * mean.T for nk, mean in zip(counts, means, strict=True))
        scatters = [(_sum(x * x.T for x in points) - own) / sum(counts)] * len(means)
    else:
        scatters = [scatter / nk for scatter, nk in zip(scatters, counts, strict=True)]
    if kind in ("diag", "spherical"):
        scatters = [mpmath.diag([scatter[j, j] for j in range(d)]) for scatter in scatters]
    if kind == "spherical":
        traces = [sum(scatter[j, j] for j in range(d)) / d for scatter in scatters]
        scatters = [trace * mpmath.eye(d) for trace in traces]
    reg = mpmath.mpf(options["reg_covar"]) * mpmath.eye(d)
    return counts, means, [scatter + reg for scatter in scatters]


def _sum(matrices):
    first, *others = matrices
    return sum(others, first)

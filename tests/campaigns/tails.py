"""Log-densities of random mixtures against 60-digit arithmetic, far out in their tails.

    python tests/campaigns/tails.py 500

A mixture has up to 8 components of up to 3 features; points are up to 1e8 away. The last line has
the largest relative error.
"""

import sys

import mpmath
import numpy as np

from gmmfast import Mixture


def mixture_of(rng):
    """Return a mixture of full covariances of different sizes."""
    n, d = rng.integers(1, 9), rng.integers(1, 4)
    roots = rng.normal(size=(n, d, d)) * 10.0 ** rng.uniform(-2, 2, size=(n, 1, 1))
    sizes = np.einsum("kij,kij->k", roots, roots)[:, None, None]
    full = roots @ roots.transpose(0, 2, 1) + 0.3 * sizes * np.eye(d)
    full = (full + full.transpose(0, 2, 1)) / 2
    weights = rng.dirichlet(np.full(n, 0.3))
    return Mixture(weights / weights.sum(), rng.normal(scale=30, size=(n, d)), full)


def exact(mixture, point):
    """Return the logarithm of the density in 60 digits."""
    d = mixture.n_features
    terms = []
    for weight, mean, covariance in zip(
        mixture.weights, mixture.means, mixture.covariances, strict=True
    ):
        if weight == 0:
            continue
        matrix = mpmath.matrix(covariance.tolist())
        offset = mpmath.matrix(
            [mpmath.mpf(x) - mpmath.mpf(m) for x, m in zip(point, mean, strict=True)]
        )
        square = (offset.T * mpmath.lu_solve(matrix, offset))[0]
        norm = mpmath.log(mpmath.det(matrix)) + d * mpmath.log(2 * mpmath.pi)
        terms.append(mpmath.log(mpmath.mpf(weight)) - (norm + square) / 2)
    largest = max(terms)
    return largest + mpmath.log(mpmath.fsum(mpmath.exp(term - largest) for term in terms))


def main():
    """Compare, and print the largest relative error."""
    mpmath.mp.dps = 60
    worst = 0.0
    n_mixtures = int(sys.argv[1])
    for seed in range(n_mixtures):
        rng = np.random.default_rng(seed)
        mixture = mixture_of(rng)
        directions = rng.normal(size=(4, mixture.n_features))
        points = directions * 10.0 ** rng.uniform(0, 8, size=(4, 1))
        for point, ours in zip(points.tolist(), mixture.score_samples(points), strict=True):
            expected = exact(mixture, point)
            error = float(abs(ours - expected) / max(1, abs(expected)))
            if error > 1e-9:
                print(f"{seed}: {error:.1e} at {point}", flush=True)
            worst = max(worst, error)
    print(f"{n_mixtures} mixtures, {4 * n_mixtures} points: largest relative error {worst:.1e}")


if __name__ == "__main__":
    main()

"""Fits of gmmfast and of scikit-learn to random problems: same parameters, predictions and errors.

    python tests/campaigns/differential.py 2000       # this many problems
    python tests/campaigns/differential.py 2000 17    # from this one on

A problem has random data (clouds, lattices, repeated rows, offsets, scales, float32), covariance
type, start and number of components. The last line counts what agreed, in three groups: float64
near the origin, where everything must agree; float64 far from it, where scikit-learn loses digits
by cancellation; and float32, in which scikit-learn computes and gmmfast does not.
"""

import sys
import warnings
from collections import Counter

import numpy as np
import sklearn.mixture

import gmmfast

TYPES = ("full", "tied", "diag", "spherical")
STARTS = ("kmeans", "k-means++", "random", "random_from_data")


def data(rng):
    """Rows of some clouds, perhaps on a lattice, repeated, moved, or in float32."""
    n, d, n_clouds = rng.integers(2, 120), rng.integers(1, 5), rng.integers(1, 5)
    centers = rng.normal(scale=8, size=(n_clouds, d))
    X = centers[rng.integers(n_clouds, size=n)] + rng.normal(size=(n, d))
    if rng.random() < 0.15:
        X = np.rint(X)
    if rng.random() < 0.2:
        X = np.repeat(X, rng.integers(1, 4, size=n), axis=0)  # weights as repeated rows
    if rng.random() < 0.2:
        X = X + 10.0 ** rng.integers(1, 5)
    if rng.random() < 0.2:
        X = X * 10.0 ** rng.integers(-3, 4)
    if rng.random() < 0.05:
        X[:, 0] = 7.0
    if rng.random() < 0.03:
        X[rng.integers(len(X)), 0] = np.inf
    return X.astype(rng.choice(["f8", "f8", "f8", "f4"]))


def problem(seed):
    """Return data and the options of both estimators."""
    rng = np.random.default_rng(seed)
    X = data(rng)
    options = {
        "n_components": int(rng.integers(1, 7)),
        "covariance_type": str(rng.choice(TYPES)),
        "init_params": str(rng.choice(STARTS)),
        "max_iter": int(rng.integers(1, 30)),
        "n_init": int(rng.integers(1, 3)),
        "reg_covar": float(rng.choice([1e-6, 1e-6, 1e-3])),
        "random_state": int(rng.integers(1000)),
    }
    return X, options


def group(X):
    """Return the group of a problem."""
    if X.dtype == np.float32:
        return "float32"
    with np.errstate(invalid="ignore"):
        ratio = np.abs(X.mean(axis=0)) / (X.std(axis=0) + 1e-300)
    return "near" if (ratio < 30).all() or not np.isfinite(X).all() else "far"


def fitted(kind, X, options):
    """Return the fitted estimator, or the type of its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return kind(**options).fit(X)
        except Exception as error:  # noqa: BLE001 (compared)
            return type(error).__name__


def difference(X, options):
    """Return what differs, or None."""
    theirs = fitted(sklearn.mixture.GaussianMixture, X, options)
    ours = fitted(gmmfast.GaussianMixture, X, options)
    if isinstance(theirs, str) or isinstance(ours, str):
        both = [each if isinstance(each, str) else "a fit" for each in (theirs, ours)]
        return None if both[0] == both[1] else f"errors: {both}"
    return next(findings(X, options, ours, theirs), None)


def findings(X, options, ours, theirs):
    """Yield what differs between two fits."""
    single = X.dtype == np.float32
    scale = np.abs(X - X.mean(axis=0)).max() + 1e-9
    means = np.abs(ours.means_ - theirs.means_).max() / scale
    if means > (1e-2 if single else 1e-5):
        gap = abs(ours.lower_bound_ - theirs.lower_bound_)
        if options["n_init"] > 1 and gap < 1e-9 * (1 + abs(theirs.lower_bound_)):
            yield "another of two starts with equal bounds"
        yield f"means: {means:.1e} of the data's size"
    if ours.n_iter_ != theirs.n_iter_:
        yield f"n_iter_: {ours.n_iter_}, {theirs.n_iter_} in scikit-learn"
    scores = np.abs(ours.score_samples(X) - theirs.score_samples(X)).max()
    if scores > (1 if single else 1e-3):
        yield f"scores: {scores:.1e}"
    labels = ours.predict(X) != theirs.predict(X)
    if labels.mean() > (0.02 if single else 0):
        yield f"labels: {labels.sum()} of {len(X)}"


def main():
    """Compare, and print what differs."""
    n_problems, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    found = Counter()
    for seed in range(first, first + n_problems):
        X, options = problem(seed)
        what = difference(X, options)
        result = "the same" if what is None else what.partition(":")[0]
        found[f"{group(X)}, {result}"] += 1
        if what is not None and ":" in what and group(X) == "near":
            print(f"{seed}: {what}; {X.shape}, {options}", flush=True)
    for name, n in sorted(found.items()):
        print(f"{name}: {n}")
    print(f"{n_problems} problems from {first}")


if __name__ == "__main__":
    main()

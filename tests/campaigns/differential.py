"""Fits of gmmfast and of scikit-learn to random problems: same parameters, predictions and errors.

    python tests/campaigns/differential.py 2000       # this many problems
    python tests/campaigns/differential.py 2000 17    # from this one on

A problem has random data (clouds, lattices, repeated rows, offsets, scales, float32), covariance
type, start and number of components. The last lines count what agreed, in three groups: float64
near the origin; float64 far from it, where scikit-learn loses digits by cancellation; and float32,
in which scikit-learn computes and gmmfast does not. Where two fits differ, EM in 50 digits from
scikit-learn's starts decides which of them is exact.
"""

import sys
import warnings
from collections import Counter

import numpy as np
import sklearn.mixture
from exact_em import exact_runs

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
    """Return what differs and which of the two fits is exact, or None."""
    theirs = fitted(sklearn.mixture.GaussianMixture, X, options)
    ours = fitted(gmmfast.GaussianMixture, X, options)
    if isinstance(theirs, str) or isinstance(ours, str):
        both = [each if isinstance(each, str) else "a fit" for each in (ours, theirs)]
        return None if both[0] == both[1] else f"{both[0]}, {both[1]} of scikit-learn"
    what = next(findings(X, ours, theirs), None)
    return what and f"{verdict(X, options, ours, theirs)}: {what}"


def verdict(X, options, ours, theirs):
    """Return which of two fits is that of EM in 50 digits."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runs = exact_runs(X, options)
    best = max(run.lower_bound for run in runs)
    best_runs = [run for run in runs if run.lower_bound > best - 1e-9 * (1 + abs(best))]
    exact = [any(is_result(fit, run, X) for run in best_runs) for fit in (ours, theirs)]
    names = {
        (True, True): "both fits are exact",
        (True, False): "gmmfast's fit is exact",
        (False, True): "scikit-learn's fit is exact",
        (False, False): "neither fit is exact",
    }
    return names[tuple(exact)]


def is_result(fit, run, X):
    """Return whether a fit is the exact result of one start."""
    scale = np.abs(X - X.mean(axis=0)).max() + 1e-9
    return (
        fit.n_iter_ == run.n_iter
        and abs(fit.lower_bound_ - run.lower_bound) < 1e-6 * (1 + abs(run.lower_bound))
        and np.abs(fit.means_ - run.means).max() < 1e-4 * scale
    )


def findings(X, ours, theirs):
    """Yield what differs between two fits."""
    single = X.dtype == np.float32
    scale = np.abs(X - X.mean(axis=0)).max() + 1e-9
    means = np.abs(ours.means_ - theirs.means_).max() / scale
    if means > (1e-2 if single else 1e-5):
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
        if what is not None:
            print(f"{seed}: {what}; {X.shape}, {options}", flush=True)
    for name, n in sorted(found.items()):
        print(f"{name}: {n}")
    print(f"{n_problems} problems from {first}")


if __name__ == "__main__":
    main()

"""Fits to the points of a picture, through scikit-learn's own estimator.

One EM iteration of scikit-learn over all pixels of a photograph takes a minute
and gigabytes, so a random subset of the points is fitted; it is drawn once,
without replacement, from the seed alone.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

#: Points in the subset: this many for each component, and at least `_MIN_POINTS`.
_POINTS_PER_COMPONENT = 20
_MIN_POINTS = 20_000

#: Iterations of EM; PSNR gains less than 0.01 dB from the next one (china.jpg, K=1000).
DEFAULT_MAX_ITER = 5

#: A pixel is a unit square and an 8-bit level a unit interval, of variance 1/12
#: each; a subset that leaves out most neighbours cannot resolve that little.
_REG_COVAR = 1.0


@dataclass(frozen=True)
class FitOptions:
    """What a fit is asked for."""

    n_components: int
    max_iter: int = DEFAULT_MAX_ITER
    n_points: int | None = None
    seed: int = 0


def subset(points: NDArray[np.float64], options: FitOptions) -> NDArray[np.float64]:
    """Return the random subset of the points that is fitted, (n_subset, n_features).

    ValueError if it has fewer points than components.
    """
    wanted = options.n_points
    if wanted is None:
        wanted = max(_MIN_POINTS, _POINTS_PER_COMPONENT * options.n_components)
    _check_n_points(min(wanted, len(points)), options.n_components)
    if wanted >= len(points):
        return points
    rng = np.random.default_rng(options.seed)
    return points[np.sort(rng.choice(len(points), size=wanted, replace=False))]


def fit(
    points: NDArray[np.float64],
    options: FitOptions,
    on_iteration: Callable[[int], None] = lambda _: None,
) -> Any:
    """Fit a full-covariance mixture to all the points given.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_features)
        At least as many as components.
    options : FitOptions
        The number of components, at most `max_iter` iterations, the seed.
    on_iteration : callable, optional
        Called with the number of iterations done, after each.

    Returns
    -------
    sklearn.mixture.GaussianMixture
        Fitted.

    Raises
    ------
    ValueError
        Fewer points than components.
    """
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 (a second's import)
    from sklearn.mixture import GaussianMixture  # noqa: PLC0415

    _check_n_points(len(points), options.n_components)
    estimator = GaussianMixture(
        options.n_components,
        reg_covar=_REG_COVAR,
        # scikit-learn reports nothing between iterations: a warm start gives them
        # one at a time.
        max_iter=1,
        warm_start=True,
        random_state=options.seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for iteration in range(options.max_iter):
            estimator.fit(points)
            on_iteration(iteration + 1)
            if estimator.converged_:
                break
    return estimator


def _check_n_points(n_points: int, n_components: int) -> None:
    fewest = max(2, n_components)  # scikit-learn's own limits
    if n_points < fewest:
        raise ValueError(
            f"n_components: expected at least {fewest} points for {n_components} components, "
            f"got {n_points}; fit fewer components or more pixels"
        )

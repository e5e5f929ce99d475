"""Choice of the number of components by a criterion.

Assumes complete points in memory. Guarantees that all fits share the points' k-d tree, that
only the best fit so far and the present one are held, and that no array of (n_samples,
n_components) is made, not even for the entropy of the responsibilities, which the statistics of an
EM step give.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from gmmfast._validation import check_count, check_n_threads, describe
from gmmfast.estimators import GaussianMixture
from gmmfast.estimators.fallback import reason_to_fall_back
from gmmfast.estimators.initialization import initialize
from gmmfast.estimators.missing import has_nan
from gmmfast.estimators.moments import entropy
from gmmfast.estimators.samples import Shared
from gmmfast.estimators.training_data import checked_points, foreign_array
from gmmfast.image_models.defaults import CRITERIA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from gmmfast.estimators.callbacks import Progress
    from gmmfast.estimators.initialization import Initializer

    Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Selection:
    """The criterion of fits with several numbers of components.

    Attributes
    ----------
    criterion : {"bic", "aic", "icl"}
        The criterion.
    n_components : ndarray of shape (n_candidates,)
        The numbers tried, ascending.
    scores : ndarray of shape (n_candidates,)
        The criterion of each; lower is better.
    best : int
        The number of the lowest score, the smallest of equals.
    psnr : ndarray of shape (n_candidates,) or None
        The PSNR of each painting in dB, for pictures and clips of `fit_image` and `fit_video`
        that are not ink.
    """

    criterion: str
    n_components: NDArray[np.int64]
    scores: Array
    best: int
    psnr: Array | None = None


def select_n_components(  # noqa: PLR0913 (a user's choices, by name)
    X: ArrayLike,
    candidates: Iterable[int],
    *,
    criterion: str = "bic",
    estimator: GaussianMixture | None = None,
    sample_weight: ArrayLike | None = None,
    progress: Progress = None,
    n_threads: int | None = None,
) -> GaussianMixture:
    """Fit mixtures of several numbers of components and return the best by a criterion.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The points; finite, and none missing.
    candidates : iterable of int
        Numbers of components to try, each at most n_samples.
    criterion : {"bic", "aic", "icl"}
        The Bayesian or Akaike's information criterion by scikit-learn's formulas, or the
        integrated completed likelihood, which is BIC + 2 * entropy of the responsibilities
        and so counts clusters rather than Gaussians. Lower is better.
    estimator : GaussianMixture, optional
        Its parameters but `n_components` are those of every fit; it is not changed. By
        default ``gmmfast.GaussianMixture()``.
    sample_weight : array-like of shape (n_samples,), optional
        How often each row counts; their sum takes the place of n_samples in the criteria.
    progress : bool or callable, optional
        As for `GaussianMixture.fit`; every fit counts its iterations from 1.
    n_threads : int, optional
        Number of threads; by default all that the process may use.

    Returns
    -------
    GaussianMixture
        The best fit, with the additional attribute `selection_`: `criterion`, `n_components`
        and `scores` of all candidates, and `best`. Unlike in `fit`, there is no warning if a
        fit did not converge; see `converged_`.

    Raises
    ------
    ValueError, TypeError
        If a candidate is not a number of components for these points, if the criterion is
        unknown, if values are missing, or if `GaussianMixture.fit` raises.
    NotImplementedError
        If the estimator is of a subclass that changes the steps of EM.

    Notes
    -----
    The fits go from the most components to the fewest over one k-d tree, whose boxes have
    the proportions of the most. G. Schwarz, Estimating the dimension of a model, Annals of
    Statistics 6(2), 1978; H. Akaike, A new look at the statistical model identification, IEEE
    Trans. Automatic Control 19(6), 1974; C. Biernacki, G. Celeux and G. Govaert, Assessing a
    mixture model for clustering with the integrated completed likelihood, IEEE Trans. Pattern
    Analysis and Machine Intelligence 22(7), 2000.

    Examples
    --------
    >>> import numpy as np
    >>> import gmmfast
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(c, 1, (100, 2)) for c in (0, 8, 16)])
    >>> model = gmmfast.select_n_components(X, range(1, 6))
    >>> model.n_components, model.selection_.best
    (3, 3)
    """
    if not isinstance(criterion, str) or criterion not in CRITERIA:
        raise ValueError(f"criterion: expected one of {CRITERIA}, got {describe(criterion)}")
    template = GaussianMixture() if estimator is None else estimator
    if GaussianMixture not in type(template).__mro__:  # while patched, more are instances of it
        raise TypeError(
            f"estimator: expected a gmmfast.GaussianMixture, got {type(template).__name__}; "
            "pass gmmfast.GaussianMixture(**estimator.get_params())"
        )
    template = clone(template)
    reason = reason_to_fall_back(template, foreign_array(X))
    if reason is not None:
        raise NotImplementedError(f"estimator: expected steps that the kernels know, but {reason}")
    samples = shared_samples(template, X, sample_weight, check_n_threads(n_threads))
    numbers = check_candidates(candidates, samples.n_samples)
    return best_of(samples, numbers, Trial(template, criterion, progress))


@dataclass(frozen=True)
class Trial:
    """The common settings of the fits of a selection.

    The template has the points' number and names of features, but is not fitted.
    """

    template: GaussianMixture
    criterion: str
    progress: Progress = None
    initialize: Initializer = initialize
    acceleration: str | None = None
    #: The PSNR of a fit's painting.
    psnr: Callable[[GaussianMixture], float] | None = None


def best_of(samples: Shared, candidates: Sequence[int], trial: Trial) -> GaussianMixture:
    """Return the fit of the lowest score, with `selection_`; candidates ascend."""
    scores: dict[int, float] = {}
    qualities: dict[int, float] = {}
    best: GaussianMixture | None = None
    # The most expensive fit comes first: the tree is built for it.
    for n_components in reversed(candidates):
        fitted = copy.copy(trial.template).set_params(n_components=n_components)
        fitted._fit_in_memory(samples, trial.progress, trial.initialize, trial.acceleration)
        score = _score(fitted, samples, trial.criterion)
        if best is None or score <= min(scores.values()):
            best = fitted
        scores[n_components] = score
        if trial.psnr is not None:
            qualities[n_components] = trial.psnr(fitted)
    assert best is not None  # noqa: S101 (there are candidates)
    best.selection_ = Selection(
        trial.criterion,
        np.array(candidates, dtype=np.int64),
        np.array([scores[n_components] for n_components in candidates]),
        best.n_components,
        np.array([qualities[number] for number in candidates]) if qualities else None,
    )
    return best


def _score(fitted: GaussianMixture, samples: Shared, criterion: str) -> float:
    model = fitted._fitted_parameters()
    statistics = samples.statistics(model)
    log_likelihood = statistics.log_likelihood + model.shift * samples.weight
    n_parameters = fitted._n_parameters()  # noqa: SLF001 (scikit-learn's)
    if criterion == "aic":
        return float(2 * n_parameters - 2 * log_likelihood)
    bic = float(n_parameters * np.log(samples.weight) - 2 * log_likelihood)
    return bic if criterion == "bic" else bic + 2 * entropy(statistics, model)


def shared_samples(
    template: Any,
    X: ArrayLike,
    sample_weight: ArrayLike | None,
    n_threads: int | None,
) -> Shared:
    """Return complete points that several fits share; the template stores the features."""
    points, weights = checked_points(template, X, sample_weight, least=2)
    if has_nan(points):
        raise ValueError(
            "X: expected no missing values, got NaN; drop such rows, or fill them in, or fit "
            "one number of components with GaussianMixture.fit"
        )
    return Shared(points, weights, n_threads)


def check_candidates(candidates: Iterable[int], n_samples: int) -> list[int]:
    """Return distinct numbers of components, ascending, each at most `n_samples`."""
    if isinstance(candidates, str) or not np.iterable(candidates):
        raise TypeError(f"candidates: expected integers to try, got {describe(candidates)}")
    numbers = sorted({check_count("candidates", number) for number in candidates})
    if not numbers:
        raise ValueError("candidates: expected at least one number of components, got none")
    if numbers[-1] > n_samples:
        raise ValueError(
            f"candidates: expected at most {n_samples}, the number of points, got "
            f"{numbers[-1]}; leave such numbers out"
        )
    return numbers

"""Choice of the number of components by a criterion.

Assumes complete points in memory. Guarantees that all fits share the points' k-d tree, that
only the best fit so far and the present one are held, and that no array of (n_samples,
n_components) is made, not even for the entropy of the responsibilities, which the statistics of an
EM step give.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from gmmfast._validation import check_count, describe
from gmmfast.fitting.gaussian import GaussianSteps
from gmmfast.fitting.initialization import initialize
from gmmfast.fitting.moments import entropy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from gmmfast.fitting.initialization import Initializer
    from gmmfast.fitting.report import Progress
    from gmmfast.fitting.samples import Shared

    Array = NDArray[np.float64]

#: An estimator, or a fit without one.
Model = TypeVar("Model", bound=GaussianSteps)


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


@dataclass(frozen=True)
class Trial(Generic[Model]):
    """The common settings of the fits of a selection.

    The template has the points' number and names of features, but is not fitted.
    """

    template: Model
    criterion: str
    progress: Progress = None
    initialize: Initializer = initialize
    acceleration: str | None = None
    #: The PSNR of a fit's painting.
    psnr: Callable[[Model], float] | None = None


def best_of(samples: Shared, candidates: Sequence[int], trial: Trial[Model]) -> Model:
    """Return the fit of the lowest score, with `selection_`; candidates ascend."""
    scores: dict[int, float] = {}
    qualities: dict[int, float] = {}
    best: Model | None = None
    # The most expensive fit comes first: the tree is built for it.
    for n_components in reversed(candidates):
        fitted = copy.copy(trial.template)
        fitted.n_components = n_components
        fitted._fit_in_memory(samples, trial.progress, trial.initialize, trial.acceleration)
        score = _score(fitted, samples, trial.criterion)
        if best is None or score <= min(scores.values()):
            best = fitted
        scores[n_components] = score
        if trial.psnr is not None:
            qualities[n_components] = trial.psnr(fitted)
    assert best is not None  # noqa: S101 (there are candidates)
    selection = Selection(
        trial.criterion,
        np.array(candidates, dtype=np.int64),
        np.array([scores[n_components] for n_components in candidates]),
        best.n_components,
        np.array([qualities[number] for number in candidates]) if qualities else None,
    )
    vars(best)["selection_"] = selection
    return best


def _score(fitted: GaussianSteps, samples: Shared, criterion: str) -> float:
    model = fitted._fitted_parameters()
    statistics = samples.statistics(model)
    log_likelihood = statistics.log_likelihood + model.shift * samples.weight
    n_parameters = fitted._n_parameters()  # noqa: SLF001 (as in scikit-learn)
    if criterion == "aic":
        return float(2 * n_parameters - 2 * log_likelihood)
    bic = float(n_parameters * np.log(samples.weight) - 2 * log_likelihood)
    return bic if criterion == "bic" else bic + 2 * entropy(statistics, model)


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

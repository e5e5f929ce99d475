"""Choice of the number of components of an estimator for any points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn.base import clone

from gmmfast._validation import check_n_threads, describe
from gmmfast.estimators import GaussianMixture
from gmmfast.estimators.fallback import reason_to_fall_back
from gmmfast.estimators.training_data import checked_points, foreign_array
from gmmfast.fitting.missing import has_nan
from gmmfast.fitting.samples import Shared
from gmmfast.image_models.defaults import CRITERIA
from gmmfast.image_models.selection import Trial, best_of, check_candidates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

    from gmmfast.fitting.report import Progress


def select_n_components(
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
    template: GaussianMixture = GaussianMixture() if estimator is None else estimator
    if GaussianMixture not in type(template).__mro__:  # while patched, more are instances of it
        raise TypeError(
            f"estimator: expected a gmmfast.GaussianMixture, got {type(template).__name__}; "
            "pass gmmfast.GaussianMixture(**estimator.get_params())"
        )
    template = clone(template)
    reason = reason_to_fall_back(template, foreign_array(X))
    if reason is not None:
        raise NotImplementedError(f"estimator: expected steps that the kernels know, but {reason}")
    points, weights = checked_points(template, X, sample_weight, least=2)
    if has_nan(points):
        raise ValueError(
            "X: expected no missing values, got NaN; drop such rows, or fill them in, or fit "
            "one number of components with GaussianMixture.fit"
        )
    samples = Shared(points, weights, check_n_threads(n_threads))
    numbers = check_candidates(candidates, samples.n_samples)
    best: GaussianMixture = best_of(samples, numbers, Trial(template, criterion, progress))
    return best

"""From the points of a picture or a clip to a mixture: what all such fits share.

Assumes points whose first features are a pixel's position, one for each axis of the extent, and
whose others are its color levels. Guarantees an estimator like any other that knows the extent,
decided by the points, the options and the seed alone.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast._validation import Extent, check_count, shown
from gmmfast.estimators import BayesianGaussianMixture, GaussianMixture
from gmmfast.estimators.initialization import INITIALIZERS, initialize
from gmmfast.image_models.defaults import CRITERIA, DEFAULT_N_COMPONENTS
from gmmfast.image_models.initialization import image_start
from gmmfast.image_models.selection import Trial, best_of, check_candidates, shared_samples

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from gmmfast.estimators.callbacks import Progress
    from gmmfast.estimators.initialization import Initializer

    Array = NDArray[np.float64]

#: Candidates by default, up to the default number of components.
_CANDIDATES = (10, 20, 50, 100, 200, 500, 1000)

#: Pixels that defaults leave for each component: a covariance of (x, y, r, g, b) with its mean
#: and weight is 21 numbers, one of (x, y, t, r, g, b) 28.
_PIXELS_PER_COMPONENT = 20

#: A pixel is a unit square, a frame and an 8-bit level a unit interval, of variance 1/12 each.
PIXEL_VARIANCE = 1 / 12


class Pixels(NamedTuple):
    """Points to fit, and what they are of."""

    points: Array
    #: Of each point, if they do not count alike.
    darkness: Array | None
    kind: str
    #: As an array's, (height, width) or (n_frames, height, width).
    shape: tuple[int, ...]
    extent: Extent


class Fit(NamedTuple):
    """What a fit is asked for, checked as far as it can be without points."""

    model: GaussianMixture | BayesianGaussianMixture
    n_components: Any
    criterion: str | None
    candidates: Iterable[int] | None
    starts_on_cells: bool
    progress: Progress
    n_threads: int | None

    @classmethod
    def of(
        cls,
        parameters: dict[str, Any],
        order: tuple[int | str | None, Iterable[int] | None, str | None, str],
        progress: Progress,
        n_threads: int | None,
    ) -> Fit:
        """Return it from the estimator's parameters, and (n_components, candidates, ...)."""
        n_components, candidates, prior, init_params = order
        check_choice("prior", prior, (None, "dirichlet_process"))
        check_choice("init_params", init_params, ("image", *INITIALIZERS))
        criterion = _check_order(n_components, candidates, prior)
        on_cells = init_params == "image"
        if not on_cells:
            parameters = {**parameters, "init_params": init_params}
        model: GaussianMixture | BayesianGaussianMixture
        if prior is not None:
            model = BayesianGaussianMixture(weight_concentration_prior_type=prior, **parameters)
        else:
            model = GaussianMixture(**parameters)
        return cls(model, n_components, criterion, candidates, on_cells, progress, n_threads)

    def to(self, pixels: Pixels) -> GaussianMixture | BayesianGaussianMixture:
        """Return the model, fitted."""
        model, n_positions = self.model, len(pixels.shape)
        if isinstance(model, BayesianGaussianMixture):
            _check_enough_ink(pixels, model.weight_concentration_prior_type)
        begin: Initializer = initialize
        if self.starts_on_cells:
            begin = partial(image_start, n_positions=n_positions)
        samples = shared_samples(model, pixels.points, pixels.darkness, self.n_threads)
        if self.criterion is not None:
            numbers = _candidates(self.candidates, pixels)
            model = best_of(samples, numbers, Trial(model, self.criterion, self.progress, begin))
        else:
            model.set_params(n_components=_n_components(self.n_components, pixels))
            model._fit_in_memory(samples, self.progress, begin)  # noqa: SLF001
        if isinstance(model, BayesianGaussianMixture):
            _drop_empty(model)
        model.kind_, model.image_shape_, model.extent_ = pixels.kind, pixels.shape, pixels.extent
        return model


def check_choice(argument: str, got: str | None, known: tuple[str | None, ...]) -> None:
    """Raise ValueError unless it is one of the names that are known."""
    if not (got is None or isinstance(got, str)) or got not in known:
        raise ValueError(f"{argument}: expected one of {known}, got {shown(got)}")


def _check_order(
    n_components: int | str | None, candidates: Iterable[int] | None, prior: str | None
) -> str | None:
    """Return the criterion that chooses the number of components, or None for a number."""
    criterion = n_components if isinstance(n_components, str) else None
    if criterion is not None:
        if criterion not in CRITERIA:
            raise ValueError(
                f"n_components: expected a number or one of {CRITERIA}, got {shown(criterion)}"
            )
        if prior is not None:
            raise ValueError(
                f"n_components: expected a number with prior={prior!r}, which chooses how many "
                f"of them there are, got {criterion!r}; pass the most that there may be"
            )
    elif candidates is not None:
        raise ValueError(
            "candidates: expected None unless a criterion chooses from them, got "
            f"{shown(candidates)}; pass n_components='bic', 'aic' or 'icl'"
        )
    return criterion


def _check_enough_ink(pixels: Pixels, prior: str) -> None:
    """Refuse so little ink that there is no covariance for the prior to expect."""
    ink = len(pixels.points) if pixels.darkness is None else pixels.darkness.sum()
    if ink <= 1:
        raise ValueError(
            f"image: expected the darkness of more than one black pixel with prior={prior!r}, "
            f"got {ink:.3g} of them; pass a darker picture, or a threshold, up to which each "
            "pixel counts as black"
        )


def _n_components(n_components: Any, pixels: Pixels) -> int:
    n_points = len(pixels.points)
    if n_components is None:
        most = max(1, n_points // _PIXELS_PER_COMPONENT)
        return min(DEFAULT_N_COMPONENTS[pixels.kind], most)
    number = check_count("n_components", n_components)
    if number > n_points:
        raise ValueError(
            f"n_components: expected at most {n_points}, as many as there are "
            f"{pixels.kind} points, got {number}; fit fewer components or a larger picture"
        )
    return number


def _candidates(candidates: Iterable[int] | None, pixels: Pixels) -> list[int]:
    if candidates is not None:
        return check_candidates(candidates, len(pixels.points))
    most = _n_components(None, pixels)
    return [number for number in _CANDIDATES if number <= most] or [most]


def _drop_empty(model: BayesianGaussianMixture) -> None:
    """Leave out components that hold less than one point, as if they had never been there."""
    # The first parameter of a component's stick is 1 more than what it holds.
    counts = model.weight_concentration_[0] - 1
    kept = np.flatnonzero(counts >= min(1, counts.max()))
    model._estimate_weights(counts[kept])  # noqa: SLF001 (the sticks of those that stay)
    model.mean_precision_ = model.mean_precision_[kept]
    model.means_ = model.means_[kept]
    if model.covariance_type != "tied":
        model.degrees_of_freedom_ = model.degrees_of_freedom_[kept]
        model.covariances_ = model.covariances_[kept]
        model.precisions_cholesky_ = model.precisions_cholesky_[kept]
    model.set_params(n_components=len(kept))
    model._set_parameters(model._get_parameters())  # noqa: SLF001 (weights and precisions)

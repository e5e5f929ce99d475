"""Sharp paintings: a mixture of color moved towards its picture by the core.

Assumes pixel coordinates, (x, y) = (column, row). Guarantees that every step paints the picture
better than the one before, as the exact renderer judges, and is an ordinary Gaussian mixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast import _core, images
from gmmfast._validation import check_count, check_n_threads, check_positive
from gmmfast.estimators import GaussianMixture
from gmmfast.estimators.callbacks import FitReport
from gmmfast.image_models.defaults import DEFAULT_PASSES, N_STEPS
from gmmfast.image_models.pixels import check_n_components
from gmmfast.images.kinds import photograph_kind
from gmmfast.images.levels import luma
from gmmfast.mixture import Mixture
from gmmfast.mixture.layouts import precisions, precisions_cholesky
from gmmfast.rendering import render_grid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from gmmfast.estimators.callbacks import Progress
    from gmmfast.images import ImageSource

    Pixels = NDArray[np.uint8]

#: Passes without a limit, when there is one of time.
_ENDLESS = 1_000_000_000

#: The least standard deviation of a position in pixels: narrower gates are spikes in enlargements.
_LEAST_STD = 0.5


class Refinement(NamedTuple):
    """A step of a refinement."""

    mixture: Mixture
    #: The PSNR of the painting in dB, or for ink the mean log-likelihood of a pixel.
    score: float
    #: The part of the budget that is spent, 0 to 1.
    progress: float = 1.0


class Budget(NamedTuple):
    """The limits of a refinement, and what it adds to variances of colors."""

    max_passes: int | None
    #: In seconds.
    time: float | None
    reg_covar: float
    n_threads: int | None = None
    #: Steps that are yielded, at most.
    n_steps: int = N_STEPS

    def checked(self) -> Budget:
        """Return the budget, of checked values."""
        max_passes = None if self.max_passes is None else check_count("max_iter", self.max_passes)
        time = None if self.time is None else check_positive("time", self.time)
        reg_covar = check_positive("reg_covar", self.reg_covar)
        threads = check_n_threads(self.n_threads)
        return Budget(max_passes, time, reg_covar, threads, self.n_steps)


class Target:
    """The picture to approximate, and the PSNR of a mixture in pixel coordinates."""

    def __init__(self, pixels: Pixels, n_threads: int | None = None) -> None:
        self.shape = pixels.shape[:2]
        self.pixels, self.n_threads = pixels, n_threads

    def psnr(self, mixture: Mixture) -> float:
        """Return the PSNR of the mixture's painting of all pixels, in dB."""
        painting = render_grid(
            mixture.with_extent(None), self.shape, dtype=np.uint8, n_threads=self.n_threads
        )
        shape = self.shape if self.pixels.shape[2] == 1 else self.pixels.shape
        return images.psnr(painting.reshape(shape), self.pixels.reshape(shape))


def painted(target: Target, start: Mixture | int, budget: Budget) -> Iterator[Refinement]:
    """Yield better and better mixtures, in pixel coordinates.

    Parameters
    ----------
    target : Target
    start : Mixture or int
        A mixture over (x, y, channels), or the number of components that are drawn from the
        picture.
    budget : Budget
        At its end, and at Ctrl-C, the best mixture is yielded if it is better than the last.
    """
    best = -np.inf if isinstance(start, int) else target.psnr(start)
    max_passes = budget.max_passes or (DEFAULT_PASSES if budget.time is None else _ENDLESS)
    core = _core.Refinement(
        np.ascontiguousarray(target.pixels),
        start if isinstance(start, int) else start._core,
        max_passes,
        budget.time,
        max(_LEAST_STD, float(np.sqrt(budget.reg_covar))),
    )
    covariance_type = "full" if isinstance(start, int) else start.covariance_type
    n_steps, goes_on = 0, True
    while goes_on:
        try:
            goes_on = core.advance(target.n_threads)
        except KeyboardInterrupt:
            goes_on = False
        if goes_on and core.progress * budget.n_steps < n_steps + 1:
            continue
        n_steps = int(core.progress * budget.n_steps)
        found = core.mixture(budget.reg_covar, target.n_threads)
        mixture = Mixture(
            found.weights, found.means, found.covariances, covariance_type=covariance_type
        )
        psnr = target.psnr(mixture)
        if psnr > best:
            best = psnr
            yield Refinement(mixture, psnr, core.progress if goes_on else 1.0)


def fit_painting(
    image: ImageSource,
    kind: str,
    n_components: Any,
    budget: Budget,
    progress: Progress,
) -> GaussianMixture:
    """Return a model of color or gray whose start is drawn from the picture, without EM."""
    pixels = images.read_image(image)
    kind = photograph_kind(pixels) if kind == "auto" else kind
    if kind == "gray":
        pixels = luma(pixels)[..., None]
    height, width = pixels.shape[:2]
    budget = budget.checked()
    number = check_n_components(n_components, height * width, kind)
    if not progress:
        budget = budget._replace(n_steps=1)
    estimator = GaussianMixture(number, max_iter=N_STEPS, reg_covar=budget.reg_covar)
    report = FitReport(estimator, {}, progress, score="PSNR")
    n_iter = 0
    for n_iter, step in enumerate(painted(Target(pixels, budget.n_threads), number, budget), 1):
        last = step
        report.end_iteration(n_iter, step.score)
    report.end_initialization()
    attributes = {
        "n_iter_": n_iter,
        "lower_bound_": np.nan,
        "kind_": kind,
        "image_shape_": (height, width),
        "extent_": images.image_extent((height, width)),
    }
    return estimator_of(last.mixture, {"reg_covar": budget.reg_covar}, attributes)


def estimator_of(
    mixture: Mixture, parameters: dict[str, Any], attributes: dict[str, Any]
) -> GaussianMixture:
    """Return a fitted estimator with the parameters of a mixture.

    Parameters
    ----------
    mixture : Mixture
    parameters : dict
        Those of the estimator.
    attributes : dict
        Further attributes of the estimator.
    """
    estimator = GaussianMixture(**parameters | {"n_components": mixture.n_components})
    factors = precisions_cholesky(mixture.covariances, mixture.covariance_type)
    fitted = {
        "weights_": mixture.weights.copy(),
        "means_": mixture.means.copy(),
        "covariances_": mixture.covariances.copy(),
        "precisions_cholesky_": factors,
        "precisions_": precisions(factors, mixture.covariance_type),
        "n_features_in_": mixture.n_features,
        "converged_": True,
    }
    for name, value in (fitted | attributes).items():
        setattr(estimator, name, value)
    return estimator

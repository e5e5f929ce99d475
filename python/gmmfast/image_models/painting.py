"""Sharp paintings: a mixture of color moved towards its picture or clip by the core.

Assumes pixel coordinates, (x, y) = (column, row), and numbers of frames as t. Guarantees that
every step paints the picture better than the one before, as the exact renderer judges, and is an
ordinary Gaussian mixture.
"""

from __future__ import annotations

import warnings
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast import _core, images
from gmmfast._lazy import LazyModule
from gmmfast._validation import check_count, check_n_threads, check_positive, describe
from gmmfast.fitting.gaussian import GaussianFit
from gmmfast.fitting.report import Report
from gmmfast.image_models.defaults import DEFAULT_PASSES, N_CHANNELS, N_STEPS, PASSES_OF_ROUND
from gmmfast.image_models.pixels import PIXELS_PER_COMPONENT, check_n_components
from gmmfast.images.kinds import photograph_kind
from gmmfast.images.levels import luma
from gmmfast.mixture import Mixture
from gmmfast.mixture.layouts import precisions, precisions_cholesky
from gmmfast.rendering import render_grid

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from gmmfast.fitting.report import Progress
    from gmmfast.images import FramesSource, ImageSource

    Pixels = NDArray[np.uint8]

#: Needed for a warning only.
sklearn_exceptions = LazyModule("sklearn.exceptions")

#: Components that growth begins with, and the rise of the PSNR, in dB, that it expects of twice as
#: many, where photographs gain about 2.5: a greater number makes smaller steps near the end. The
#: factors by which a round grows, at least and at most.
_FIRST_COMPONENTS = 8
_DOUBLING = 3.0
_FACTORS = 1.05, 4.0

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
    #: The PSNR to reach in dB: the number of components grows until the painting is that good.
    psnr: float | None = None

    def checked(self) -> Budget:
        """Return the budget, of checked values."""
        max_passes = None if self.max_passes is None else check_count("max_iter", self.max_passes)
        time = None if self.time is None else check_positive("time", self.time)
        reg_covar = check_positive("reg_covar", self.reg_covar)
        threads = check_n_threads(self.n_threads)
        psnr = None if self.psnr is None else check_positive("psnr", self.psnr)
        return Budget(max_passes, time, reg_covar, threads, self.n_steps, psnr)


def clip_levels_of(frames: FramesSource, n_channels: int) -> Pixels:
    """Return the levels of a clip, (n_frames, height, width, n_channels)."""
    if isinstance(frames, np.ndarray) and frames.ndim == 3 and frames.shape[2] in (3, 4):
        raise ValueError(
            "image: expected the frames of a clip, (n_frames, height, width, 3), got a picture of "
            f"shape {frames.shape}; pass the clip that the model was fitted to"
        )
    clip = images.read_frames(frames)
    if n_channels == 3:
        return clip
    return np.stack([luma(frame) for frame in clip])[..., None]


def levels_of(image: ImageSource, n_channels: int) -> Pixels:
    """Return the levels of a picture, (height, width, n_channels)."""
    if n_channels in (2, 4):
        is_whole = isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.size > 0
        if not is_whole or image.ndim != 3 or image.shape[2] != n_channels:  # type: ignore[union-attr]
            kind = "gray" if n_channels == 2 else "color"
            raise ValueError(
                f"image: expected an array (height, width, {n_channels}) of uint8 for a model of "
                f"{kind} with alpha, got {describe(image)}; convert a picture with "
                f"numpy.asarray(picture.convert({'LA' if n_channels == 2 else 'RGBA'!r}))"
            )
        return image  # type: ignore[return-value]
    pixels = images.read_image(image)
    return luma(pixels)[..., None] if n_channels == 1 else pixels


class Target:
    """The picture or clip to approximate, and the PSNR of a mixture in pixel coordinates."""

    def __init__(self, pixels: Pixels, n_threads: int | None = None) -> None:
        self.shape = pixels.shape[:-1]
        self.pixels, self.n_threads = pixels, n_threads

    def psnr(self, mixture: Mixture) -> float:
        """Return the PSNR of the mixture's painting of all pixels, in dB.

        The mixture has the kind of its picture, or none.
        """
        painting = render_grid(
            mixture.with_extent(None), self.shape, dtype=np.uint8, n_threads=self.n_threads
        )
        # Frames below each other; levels of gray, with or without alpha, as one channel.
        *_, width, n_channels = self.pixels.shape
        shape = (-1, width, n_channels) if n_channels > 2 else (-1, width * n_channels)
        return images.psnr(painting.reshape(shape), self.pixels.reshape(shape))


def painted(
    target: Target, start: Mixture | int, budget: Budget
) -> Generator[Refinement, None, bool]:
    """Yield better and better mixtures, in pixel coordinates; return whether Ctrl-C ended them.

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
    core = _begun(target, start, budget)
    covariance_type = "full" if isinstance(start, int) else start.covariance_type
    n_steps, goes_on, is_interrupted = 0, True, False
    while goes_on:
        try:
            goes_on = core.advance(target.n_threads)
        except KeyboardInterrupt:
            goes_on, is_interrupted = False, True
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
    return is_interrupted


def _begun(target: Target, start: Mixture | int, budget: Budget) -> _core.Refinement:
    """Return a refinement that has not made a pass."""
    max_passes = budget.max_passes or (DEFAULT_PASSES if budget.time is None else _ENDLESS)
    pixels = np.ascontiguousarray(target.pixels)
    if pixels.ndim == 4 and not isinstance(start, int):
        return _core.Refinement.of_clip(
            pixels, start._core, max_passes, budget.time, target.n_threads
        )
    return _core.Refinement(
        pixels,
        start if isinstance(start, int) else start._core,
        max_passes,
        budget.time,
        max(_LEAST_STD, float(np.sqrt(budget.reg_covar))),
    )


def _grown(target: Target, most: int, budget: Budget) -> Generator[Refinement, None, bool]:
    """Yield better and better mixtures of more and more components, each drawn anew.

    The number grows by what the error lacks, until the painting has the PSNR of the budget, whose
    time is that of all rounds.
    """
    wanted, begin, best = budget.psnr or np.inf, perf_counter(), -np.inf
    limits = budget._replace(max_passes=budget.max_passes or PASSES_OF_ROUND, n_steps=1)
    number = min(most, _FIRST_COMPONENTS)
    while True:
        steps = painted(target, number, limits)
        is_interrupted: bool | None = None
        while is_interrupted is None:
            try:
                step = next(steps)
            except StopIteration as end:
                is_interrupted = bool(end.value)
                continue
            if step.score > best:
                best = step.score
                yield step
        left = np.inf if budget.time is None else budget.time - (perf_counter() - begin)
        if is_interrupted or best >= wanted or number == most or left <= 0:
            return is_interrupted
        if budget.time is not None:
            limits = limits._replace(time=left)
        factor = float(np.clip(2.0 ** ((wanted - best) / _DOUBLING), *_FACTORS))
        number = min(most, max(number + 1, round(factor * number)))


def fit_painting(
    image: ImageSource,
    kind: str,
    n_components: Any,
    budget: Budget,
    progress: Progress,
) -> GaussianFit:
    """Return a model of color or gray whose start is drawn from the picture, without EM.

    With the PSNR of a budget, components grow in number until it is reached.
    """
    if kind == "auto":
        kind = photograph_kind(images.read_image(image))
    pixels = levels_of(image, N_CHANNELS[kind])
    height, width = pixels.shape[:2]
    budget = budget.checked()
    if budget.psnr is None:
        number = check_n_components(n_components, height * width, kind.split("-")[0])
    else:
        number = max(1, height * width // PIXELS_PER_COMPONENT)
    if not progress:
        budget = budget._replace(n_steps=1)
    report = Report(progress, N_STEPS, score="PSNR")
    n_iter = 0
    target = Target(pixels, budget.n_threads)
    make_steps = painted if budget.psnr is None else _grown
    for n_iter, step in enumerate(make_steps(target, number, budget), 1):
        last = step
        report.end_iteration(n_iter, step.score)
    report.end_initialization()
    if budget.psnr is not None and last.score < budget.psnr:
        _warn_short(last, budget.psnr)
    attributes = {
        "n_iter_": n_iter,
        "lower_bound_": np.nan,
        "kind_": kind,
        "image_shape_": (height, width),
        "extent_": images.image_extent((height, width)),
    }
    return model_of(last.mixture, {"reg_covar": budget.reg_covar}, attributes)


def _warn_short(found: Refinement, psnr: float) -> None:
    warnings.warn(
        f"psnr: expected a painting of {psnr:g} dB, got {found.score:.2f} dB with "
        f"{found.mixture.n_components} components, the most for this picture or time; allow more "
        "time, pass more passes as max_iter, or ask for less",
        sklearn_exceptions.ConvergenceWarning,
        stacklevel=4,
    )


def model_of(
    mixture: Mixture, parameters: dict[str, Any], attributes: dict[str, Any]
) -> GaussianFit:
    """Return a fit with the parameters of a mixture.

    Parameters
    ----------
    mixture : Mixture
    parameters : dict
        Those of the fit.
    attributes : dict
        Further attributes of the fit.
    """
    shape = {"n_components": mixture.n_components, "covariance_type": mixture.covariance_type}
    fit = GaussianFit(**parameters | shape)
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
    vars(fit).update(fitted | attributes)
    return fit

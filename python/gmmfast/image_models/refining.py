"""Refinement of a fitted mixture towards its picture.

The likelihood does not maximize the quality of a painting: a fit spends components on the scatter
of colors, and a painting shows their mean only. Refinement moves the mean towards the picture; its
result is an ordinary Gaussian mixture. Guarantees that the painting never gets worse (for ink, the
likelihood never lower), and that the result depends on model, picture and arguments alone, unless
a time ends it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast import estimators, images
from gmmfast._validation import check_positive, describe
from gmmfast.fitting.gaussian import GaussianFit
from gmmfast.fitting.parameters import typical_stds
from gmmfast.fitting.report import Report
from gmmfast.fitting.samples import InMemory
from gmmfast.image_models.defaults import DEFAULT_MAX_ITER, N_STEPS
from gmmfast.image_models.estimator import estimator_of, parameters_of
from gmmfast.image_models.image import read_pixels
from gmmfast.image_models.painting import (
    Budget,
    Refinement,
    Target,
    clip_levels_of,
    levels_of,
    model_of,
    painted,
)
from gmmfast.image_models.pixels import PIXEL_VARIANCE
from gmmfast.mixture import Mixture
from gmmfast.mixture.parameters import n_positions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from gmmfast.fitting.report import Progress
    from gmmfast.images import FramesSource, ImageSource

    Array = NDArray[np.float64]


def refine(
    model: Any,
    image: ImageSource | FramesSource,
    *,
    max_iter: int | None = None,
    time: float | None = None,
    reg_covar: float = PIXEL_VARIANCE,
    tol: float = 1e-3,
    threshold: float | str | None = None,
    progress: Progress = None,
    n_threads: int | None = None,
) -> Any:
    """Improve the painting of a fitted mixture.

    Parameters
    ----------
    model : fitted estimator, Mixture, or (weights, means, covariances)
        A model of color, (x, y, r, g, b), of gray, (x, y, level), of either with alpha as a last
        feature, of a clip, (x, y, t, r, g, b) or (x, y, t, level), or of ink, (x, y). Its extent,
        if it has one, is that of the picture; without it, x and y are in pixels and t in frames.
    image : str, os.PathLike, binary file, PIL.Image.Image or ndarray
        The picture, at any size: see `gmmfast.images.read_image`. For a model with alpha, an
        array (height, width, 4) or (height, width, 2) of uint8, whose channels are painted as
        they are. For a model of a clip, its frames: see `gmmfast.images.read_frames`.
    max_iter : int, optional
        The limit of passes over the picture, 1000 by default without a `time`. If there are few,
        the first are at half the size and count a quarter. A clip needs far fewer, and ends when
        they gain little. For ink, of EM iterations, 100 by default.
    time : float, optional
        The limit of seconds, in which the passes' pace is adapted. Not for ink.
    reg_covar : float
        For color and gray, added to the variances of levels, in square levels; the variance of
        x, and that of y given x, is at least this and at least 1/4, in square pixels of the
        picture. For ink, added to variances as in scikit-learn.
    tol : float
        For ink: iterations end when one gains less.
    threshold : float in [0, 255] or "otsu", optional
        For ink, as in `fit_image`.
    progress : bool or callable, optional
        Called with (n_iter, score) after each step that is kept, of at most 20: the PSNR of the
        painting in dB, or for ink the mean log-likelihood. True writes a line on standard error
        if that is a terminal.
    n_threads : int, optional
        Number of threads; by default all that the process may use. It does not change the
        result.

    Returns
    -------
    GaussianMixture or Mixture
        A `Mixture` if `model` is one or a triple, else a fitted `GaussianMixture`, also for a
        Bayesian model, because the result is not its posterior. Covariance type, extent,
        `kind_`, `image_shape_` and names of features are the model's. The PSNR of its painting,
        rendered exactly at the picture's size, is at least that of the model's; for ink, its
        likelihood is. Ctrl-C ends a refinement of color early, and the best model so far is
        returned.

    Raises
    ------
    ValueError, TypeError
        If the model has other features, or if an argument is not as above.
    MemoryError
        If picture or components need more than the available memory.

    Notes
    -----
    The painting is sum_k r_k e_k, with responsibilities r_k of (x, y) and experts e_k(x, y), the
    affine conditional means of each component. Adam (D. Kingma and J. Ba, ICLR 2015) follows
    the gradient of the squared error through both, over all pixels, along the eigenvectors of the
    gradients of each gate and expert (N. Vyas et al., SOAP, 2024); components whose loss costs
    little move to where the error is large. Any slopes A, position covariance S and conditional
    covariance C (the responsible pixels' scatter about the painting) make a joint covariance
    [[S, S A^T], [A S, C + A S A^T]]: the result is a Gaussian mixture. With "diag" gates stay
    aligned with the axes and colors are constant; with "tied" and "spherical" only weights,
    means and mean colors change.

    Gates of a clip stay. Its painting is linear in the experts, whose least squares are found by
    conjugate gradients (M. Hestenes and E. Stiefel, Journal of Research of the National Bureau of
    Standards 49, 1952).

    Examples
    --------
    >>> import numpy as np
    >>> import gmmfast
    >>> y, x = np.indices((30, 40))
    >>> picture = np.stack([6 * x, 8 * y, 120 + 100 * np.sin(x / 4)], 2).astype(np.uint8)
    >>> model = gmmfast.fit_image(picture, 6)
    >>> better = gmmfast.refine(model, picture)
    >>> def psnr(model):
    ...     painting = gmmfast.render_grid(model, (30, 40), dtype=np.uint8)
    ...     return gmmfast.images.psnr(painting, picture)
    >>> psnr(better) > psnr(model) + 5
    True
    """
    n_steps = 1 if progress is None or progress is False else N_STEPS
    budget = Budget(max_iter, time, reg_covar, n_threads, n_steps)
    steps = _steps(model, image, budget, _Ink(tol, threshold))
    last = next(steps)
    is_ink = last.mixture.n_features == 2
    most = (max_iter or DEFAULT_MAX_ITER) if is_ink else N_STEPS
    score = "log-likelihood" if is_ink else "PSNR"
    report = Report(progress, most, score=score)
    n_iter = 0
    with suppress(KeyboardInterrupt):
        for n_iter, step in enumerate(steps, 1):
            last = step
            report.end_iteration(n_iter, step.score)
    report.end_initialization()
    if isinstance(model, Mixture | tuple | list):
        return last.mixture
    names = ("extent_", "kind_", "image_shape_", "feature_names_in_")
    shown = {name: getattr(model, name) for name in names if hasattr(model, name)}
    shown |= {"lower_bound_": last.score if is_ink else np.nan, "n_iter_": n_iter}
    if isinstance(model, GaussianFit):
        return model_of(last.mixture, parameters_of(model), shown)
    known = estimators.GaussianMixture().get_params()
    parameters = {name: getattr(model, name) for name in known if hasattr(model, name)}
    n_components = last.mixture.n_components
    fit = model_of(last.mixture, {}, shown)
    return estimator_of(fit, parameters | {"n_components": n_components})


def refinements(
    model: Any,
    image: ImageSource | FramesSource,
    *,
    max_iter: int | None = None,
    time: float | None = None,
    reg_covar: float = PIXEL_VARIANCE,
    tol: float = 1e-3,
    threshold: float | str | None = None,
    n_threads: int | None = None,
) -> Iterator[Refinement]:
    """Yield the unchanged model, then each step of `refine` when it is made.

    Parameters
    ----------
    model, image, max_iter, time, reg_covar, tol, threshold, n_threads
        As in `refine`; checked at the call, not at the first step.

    Returns
    -------
    iterator of Refinement
        Named tuples (mixture, score, progress), at most 20, whose scores rise. `progress` is the
        part of the budget that is spent, 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> import gmmfast
    >>> from gmmfast.image_models import refinements
    >>> ramp = np.repeat(np.arange(0, 240, 6, dtype=np.uint8)[None, :, None], 3, axis=2)
    >>> ramp = np.repeat(ramp, 20, axis=0)
    >>> model = gmmfast.fit_image(ramp, 3, kind="color")
    >>> scores = [step.score for step in refinements(model, ramp, max_iter=3)]
    >>> scores == sorted(scores)
    True
    """
    budget = Budget(max_iter, time, reg_covar, n_threads)
    return _steps(model, image, budget, _Ink(tol, threshold))


class _Ink(NamedTuple):
    """Options for ink only."""

    tol: float
    threshold: float | str | None


def _steps(model: Any, image: Any, budget: Budget, ink: _Ink) -> Iterator[Refinement]:
    """Return the steps of a refinement, after all checks."""
    mixture = Mixture.from_model(model)
    budget = budget.checked()
    tol = check_positive("tol", ink.tol, or_zero=True)
    n_axes = _n_axes(mixture, image)
    if mixture.n_features - n_axes not in ((1, 3) if n_axes == 3 else range(5)):
        raise ValueError(
            "model: expected features (x, y, r, g, b) of color, (x, y, level) of gray, either "
            "with alpha, (x, y, t, r, g, b) of a clip, or (x, y) of ink, got "
            f"{mixture.n_features} features; fit_image and fit_video fit such models"
        )
    if mixture.extent is not None and len(mixture.extent) != n_axes:
        raise ValueError(
            f"model: expected the extent of a picture, {n_axes} intervals, got "
            f"{describe(mixture.extent)}; give it another with Mixture.with_extent"
        )
    if mixture.n_features != 2:
        if ink.threshold is not None:
            raise ValueError(
                f"threshold: expected None for a model of levels, got {describe(ink.threshold)}; "
                "fit ink with fit_image(..., kind='ink')"
            )
        levels = clip_levels_of if n_axes == 3 else levels_of
        pixels = levels(image, mixture.n_features - n_axes)
        frame = _Frame.of(mixture, pixels.shape[:-1])
        return _colors(frame, Target(pixels, budget.n_threads), budget)
    if budget.time is not None:
        raise ValueError(
            f"time: expected None for a model of ink, got {describe(budget.time)}; limit its "
            "iterations with max_iter"
        )
    points = read_pixels(image, "ink", ink.threshold)
    frame = _Frame.of(mixture, points.shape)
    samples = InMemory(points.points, points.darkness, budget.n_threads)
    fit = GaussianFit(
        mixture.n_components,
        covariance_type=mixture.covariance_type,
        reg_covar=budget.reg_covar,
        max_iter=budget.max_passes or DEFAULT_MAX_ITER,
        tol=tol,
    )
    return _ink(frame, fit, samples)


def _n_axes(mixture: Mixture, image: Any) -> int:
    """Return 3 for a clip, else 2."""
    is_known = mixture.kind is not None or mixture.extent is not None
    # Else the image tells models of levels with alpha from those of clips.
    if not is_known and isinstance(image, np.ndarray) and image.ndim == 3:
        return 2
    return n_positions(mixture)


class _Frame(NamedTuple):
    """A model in pixel coordinates, and the map back to its own."""

    mixture: Mixture
    #: The size of a pixel along each axis, and the position of the first, in the model's units.
    scale: Array
    shift: Array
    original: Mixture

    @classmethod
    def of(cls, mixture: Mixture, shape: tuple[int, ...]) -> _Frame:
        """Return the frame for a picture or clip of this shape, axes in reverse order."""
        extent_of = images.image_extent if len(shape) == 2 else images.video_extent
        extent = extent_of(shape) if mixture.extent is None else mixture.extent
        low, high = np.array(extent).T
        scale = (high - low) / np.array(shape)[::-1]
        shift = low + 0.5 * scale
        # A model in pixel coordinates is not transformed, to avoid rounding.
        is_own = bool((scale == 1).all() and (shift == 0).all())
        moved = mixture
        if not is_own:
            moved = _mapped(mixture, 1 / scale, -shift / scale)
        return cls(moved, scale, shift, mixture)

    def back(self, mixture: Mixture) -> Mixture:
        """Return a mixture in pixel coordinates in the model's own, with its extent and names."""
        if mixture is self.mixture:
            return self.original
        if self.mixture is not self.original:
            mixture = _mapped(mixture, self.scale, self.shift)
        mixture = mixture.with_extent(self.original.extent)._replace(_kind=self.original.kind)
        return mixture.with_feature_names(self.original.feature_names)


def _mapped(mixture: Mixture, scale: Array, shift: Array) -> Mixture:
    n_colors = mixture.n_features - len(scale)
    matrix = np.diag([*scale, *np.ones(n_colors)])
    return mixture.with_extent(None).transform(matrix, np.array([*shift, *np.zeros(n_colors)]))


def _colors(frame: _Frame, target: Target, budget: Budget) -> Iterator[Refinement]:
    yield Refinement(frame.original, target.psnr(frame.mixture), 0.0)
    for step in painted(target, frame.mixture, budget):
        yield step._replace(mixture=frame.back(step.mixture))


def _ink(frame: _Frame, fit: GaussianFit, samples: InMemory) -> Iterator[Refinement]:
    """Yield the steps of EM while the likelihood rises."""
    mixture = frame.mixture
    fit.weights_, fit.means_ = mixture.weights, mixture.means
    fit.covariances_ = mixture.covariances
    model = fit._em_parameters()
    samples.prepare(typical_stds(model))
    statistics = samples.statistics(model)
    score = statistics.log_likelihood / statistics.weight
    yield Refinement(frame.original, score)
    for _ in range(fit.max_iter):
        fit._em_m_step(fit._em_moments(samples, model, statistics))
        model = fit._em_parameters()
        statistics = samples.statistics(model)
        gain = statistics.log_likelihood / statistics.weight - score
        # Regularization may cost more than a step gains.
        if gain <= 0:
            return
        score += gain
        kind = fit.covariance_type
        changed = Mixture(fit.weights_, fit.means_, fit.covariances_, covariance_type=kind)
        yield Refinement(frame.back(changed), score)
        if gain < fit.tol:
            return

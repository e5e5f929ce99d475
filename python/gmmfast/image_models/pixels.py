"""The fit to the points of a picture or a clip.

Assumes points whose first features are a pixel's position, one for each axis of the extent, and
whose others are its color levels. Guarantees an ordinary model that
stores the extent. The result depends on the points, the options and the seed alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast import estimators, images
from gmmfast._validation import Extent, check_count, describe
from gmmfast.fitting.gaussian import GaussianFit
from gmmfast.fitting.initialization import INITIALIZERS, initialize
from gmmfast.fitting.momentum import check_acceleration
from gmmfast.fitting.samples import Shared
from gmmfast.image_models.defaults import CRITERIA, DEFAULT_N_COMPONENTS
from gmmfast.image_models.estimator import estimator_of, parameters_of
from gmmfast.image_models.initialization import image_start
from gmmfast.image_models.selection import Trial, best_of, check_candidates
from gmmfast.rendering import render_grid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from gmmfast.estimators import BayesianGaussianMixture, GaussianMixture
    from gmmfast.fitting.initialization import Initializer
    from gmmfast.fitting.report import Progress

    Array = NDArray[np.float64]

#: The default candidates, up to the default number of components.
_CANDIDATES = (10, 20, 50, 100, 200, 500, 1000)

#: Defaults have at least this many pixels for each component: a covariance of (x, y, r, g, b) with
#: its mean and weight is 21 numbers, one of (x, y, t, r, g, b) 28.
PIXELS_PER_COMPONENT = 20

#: A pixel is a unit square, a frame and an 8-bit level a unit interval, of variance 1/12 each.
PIXEL_VARIANCE = 1 / 12


class Pixels(NamedTuple):
    """The points of a picture or a clip."""

    points: Array
    #: The weight of each point, or None for 1 each.
    darkness: Array | None
    kind: str
    #: The shape of the array: (height, width) or (n_frames, height, width).
    shape: tuple[int, ...]
    extent: Extent

    def attributes(self) -> dict[str, Any]:
        """Return the attributes that a model of the points has beyond its parameters."""
        return {
            "n_features_in_": self.points.shape[1],
            "kind_": self.kind,
            "image_shape_": self.shape,
            "extent_": self.extent,
        }

    def psnr(self, model: GaussianFit, n_threads: int | None) -> float:
        """Return the PSNR of a model's painting of all pixels, in dB; not for ink."""
        levels = np.rint(self.points[:, len(self.shape) :]).astype(np.uint8)
        painting = render_grid(
            model, self.shape, extent=self.extent, dtype=np.uint8, n_threads=n_threads
        )
        # The frames of a clip below each other.
        shape = (-1, *painting.shape[len(self.shape) - 1 :])
        return images.psnr(painting.reshape(shape), levels.reshape(shape))


@dataclass(frozen=True)
class FitSettings:
    """The options of a fit, checked as far as possible without points."""

    n_components: int | str | None
    candidates: Iterable[int] | None = None
    prior: str | None = None
    init_params: str = "image"
    acceleration: str | None = None
    progress: Progress = None
    n_threads: int | None = None
    #: The other parameters of `GaussianFit`.
    parameters: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_choice("prior", self.prior, (None, "dirichlet_process"))
        check_init_params(self.init_params)
        check_acceleration(self.acceleration)
        self._check_criterion()

    @property
    def criterion(self) -> str | None:
        """The criterion that chooses the number of components, or None."""
        return self.n_components if isinstance(self.n_components, str) else None

    def estimator(self, pixels: Pixels) -> GaussianMixture | BayesianGaussianMixture:
        """Return an estimator fitted to the points; scikit-learn checks its parameters."""
        if self.prior is not None:
            return self._bayesian(pixels)
        template = self._template()
        estimators.GaussianMixture(**parameters_of(template))._validate_params()  # noqa: SLF001
        fit = self.fit(pixels)
        return estimator_of(fit, parameters_of(fit))

    def fit(self, pixels: Pixels) -> GaussianFit:
        """Return a fit to the points, which needs no scikit-learn; there is no prior."""
        model, initializer = self._template(), self._initializer(len(pixels.shape))
        samples = Shared(pixels.points, pixels.darkness, self.n_threads)
        if self.criterion is not None:
            numbers = _candidates(self.candidates, pixels)
            psnr = partial(pixels.psnr, n_threads=self.n_threads) if pixels.kind != "ink" else None
            trial = Trial(
                model, self.criterion, self.progress, initializer, self.acceleration, psnr
            )
            model = best_of(samples, numbers, trial)
        else:
            model.n_components = _n_components(self.n_components, pixels)
            model._fit_in_memory(samples, self.progress, initializer, self.acceleration)
        vars(model).update(pixels.attributes())
        return model

    def _bayesian(self, pixels: Pixels) -> BayesianGaussianMixture:
        _check_enough_ink(pixels, self.prior)
        parameters = parameters_of(self._template())
        parameters["n_components"] = _n_components(self.n_components, pixels)
        model = estimators.BayesianGaussianMixture(
            weight_concentration_prior_type=self.prior, **parameters
        )
        samples = Shared(pixels.points, pixels.darkness, self.n_threads)
        initializer = self._initializer(len(pixels.shape))
        model._fit_in_memory(samples, self.progress, initializer, self.acceleration)
        for name, value in pixels.attributes().items():
            setattr(model, name, value)
        model._drop_empty()
        return model

    def _template(self) -> GaussianFit:
        parameters = {"reg_covar": PIXEL_VARIANCE, **self.parameters}
        if self.init_params != "image":
            parameters["init_params"] = self.init_params
        return GaussianFit(**parameters)

    def _initializer(self, n_positions: int) -> Initializer:
        if self.init_params != "image":
            return initialize
        return partial(image_start, n_positions=n_positions)

    def _check_criterion(self) -> None:
        """Raise ValueError unless criterion, candidates and prior go together."""
        criterion = self.criterion
        if criterion is None:
            if self.candidates is not None:
                raise ValueError(
                    "candidates: expected None unless a criterion chooses from them, got "
                    f"{describe(self.candidates)}; pass n_components='bic', 'aic' or 'icl'"
                )
        elif criterion not in CRITERIA:
            raise ValueError(
                f"n_components: expected a number or one of {CRITERIA}, got {describe(criterion)}"
            )
        elif self.prior is not None:
            raise ValueError(
                f"n_components: expected a number with prior={self.prior!r}, which chooses how "
                f"many of them there are, got {criterion!r}; pass the most that there may be"
            )


def check_init_params(init_params: str) -> None:
    """Raise ValueError unless it names a start."""
    check_choice("init_params", init_params, ("image", *INITIALIZERS))


def _is_one_of(got: object, known: tuple[str | None, ...]) -> bool:
    return (got is None or isinstance(got, str)) and got in known


def check_choice(argument: str, got: object, known: tuple[str | None, ...]) -> None:
    """Raise ValueError unless the value is one of the known names."""
    if not _is_one_of(got, known):
        raise ValueError(f"{argument}: expected one of {known}, got {describe(got)}")


def check_only(argument: str, got: object, allowed: tuple[str | None, ...], together: str) -> None:
    """Raise ValueError unless the value is one of those allowed with another argument."""
    if not _is_one_of(got, allowed):
        names = " or ".join(map(repr, allowed))
        raise ValueError(
            f"{argument}: expected {names} together with {together}, got {describe(got)}; leave "
            "it out"
        )


def _check_enough_ink(pixels: Pixels, prior: str | None) -> None:
    """Raise ValueError if there is too little ink for the covariance of the prior."""
    ink = len(pixels.points) if pixels.darkness is None else pixels.darkness.sum()
    if ink <= 1:
        raise ValueError(
            f"image: expected the darkness of more than one black pixel with prior={prior!r}, "
            f"got {ink:.3g} of them; pass a darker picture, or a threshold, up to which each "
            "pixel counts as black"
        )


def _n_components(n_components: Any, pixels: Pixels) -> int:
    return check_n_components(n_components, len(pixels.points), pixels.kind)


def check_n_components(n_components: Any, n_points: int, kind: str) -> int:
    """Return a number of components, by default that for a kind of picture."""
    if n_components is None:
        most = max(1, n_points // PIXELS_PER_COMPONENT)
        return min(DEFAULT_N_COMPONENTS[kind], most)
    number = check_count("n_components", n_components)
    if number > n_points:
        raise ValueError(
            f"n_components: expected at most {n_points}, as many as there are "
            f"{kind} points, got {number}; fit fewer components or a larger picture"
        )
    return number


def _candidates(candidates: Iterable[int] | None, pixels: Pixels) -> list[int]:
    if candidates is not None:
        return check_candidates(candidates, len(pixels.points))
    most = _n_components(None, pixels)
    return [number for number in _CANDIDATES if number <= most] or [most]

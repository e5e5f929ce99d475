"""The fit of the commands: its options, memory, progress and time."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from gmmfast import image_models, images
from gmmfast._memory import check_fits
from gmmfast.cli.progress import progress_bar
from gmmfast.cli.usage import refuse
from gmmfast.image_models.defaults import DEFAULT_MAX_ITER, DEFAULT_PASSES, N_STEPS
from gmmfast.image_models.image import read_pixels
from gmmfast.image_models.painting import Budget, fit_painting
from gmmfast.image_models.pixels import PIXEL_VARIANCE, FitSettings
from gmmfast.images.kinds import photograph_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from gmmfast.cli.inputs import Source

#: Bytes a pixel of the fit to a photograph (three times its points, which are five float64,
#: and the levels read again) and of finding the points of a drawing (the levels, their luma and
#: a mask; the points are few).
_POINT_BYTES = {False: 3 * 5 * 8 + 3, True: 3 + 1 + 1}


#: The options of the points of a picture, and of their fit.
PIXEL_OPTIONS = "ink drawing threshold"
EM_OPTIONS = "n_components max_iter acceleration"


@dataclass(frozen=True)
class FitOptions:
    """The options of a fit to a picture."""

    n_components: int | str | None
    ink: bool
    drawing: bool
    threshold: float | None
    max_iter: int
    seed: int
    n_threads: int | None
    acceleration: str | None = None

    @property
    def is_ink(self) -> bool:
        """Whether the dark pixels of the picture, or of its outlines, are fitted."""
        return self.ink or self.drawing


@dataclass(frozen=True)
class SharpOptions:
    """The options of a sharp painting, and of one between sharp and soft."""

    sharp: bool = False
    #: From 0, sharp, to 1, the painting of EM.
    softness: float | None = None
    #: In seconds.
    time: float | None = None
    #: The quality to reach by any number of components, in dB.
    psnr: float | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether a sharp painting, or one between, is wanted."""
        values = (self.softness, self.time, self.psnr)
        return self.sharp or any(value is not None for value in values)

    @property
    def max_passes(self) -> int:
        """The passes of a refinement from EM: one for the softest, all for a sharp painting."""
        n_passes: float = DEFAULT_PASSES ** (1 - (self.softness or 0.0))
        return round(n_passes)


@dataclass(frozen=True)
class FitRequest:
    """A picture and the options of its fit."""

    pixels: NDArray[np.uint8]
    n_components: int | str | None = None
    is_ink: bool = False
    threshold: float | None = None
    max_iter: int = DEFAULT_MAX_ITER
    seed: int = 0
    n_threads: int | None = None
    acceleration: str | None = None
    candidates: tuple[int, ...] | None = None
    sharpness: SharpOptions = SharpOptions()

    @cached_property
    def kind(self) -> str:
        """The kind of the points: "color", "gray" or "ink"."""
        return "ink" if self.is_ink else photograph_kind(self.pixels)


def fit_picture(request: FitRequest) -> Any:
    """Return the fitted model, no estimator; the only output is progress on standard error."""
    sharpness = request.sharpness
    if sharpness.is_wanted and not sharpness.softness:
        return _sharp(request)
    otsu = "otsu" if request.is_ink else None
    threshold = otsu if request.threshold is None else request.threshold
    with progress_bar("fitting", request.max_iter) as advance:
        settings = FitSettings(
            request.n_components,
            candidates=request.candidates,
            progress=lambda n_iter, _: advance(n_iter),
            n_threads=request.n_threads,
            acceleration=request.acceleration,
            parameters={"max_iter": request.max_iter, "random_state": request.seed},
        )
        model = settings.fit(read_pixels(request.pixels, request.kind, threshold))
    if not sharpness.is_wanted:
        return model
    with progress_bar("sharpening", N_STEPS) as advance:
        return image_models.refine(
            model,
            request.pixels,
            max_iter=sharpness.max_passes,
            time=sharpness.time,
            progress=lambda n_iter, psnr: advance(n_iter, f"{psnr:.2f} dB"),
            n_threads=request.n_threads,
        )


def _sharp(request: FitRequest) -> Any:
    with progress_bar("painting", N_STEPS) as advance:
        budget = Budget(
            None,
            request.sharpness.time,
            PIXEL_VARIANCE,
            request.n_threads,
            psnr=request.sharpness.psnr,
        )
        return fit_painting(
            request.pixels,
            request.kind,
            request.n_components,
            budget,
            lambda n_iter, psnr: advance(n_iter, f"{psnr:.2f} dB"),
        )


def fit_request(pixels: NDArray[np.uint8], options: FitOptions) -> FitRequest:
    """Return the fit to a picture; raise an error if it is impossible."""
    if not options.is_ink:
        refuse("threshold", "together with --ink", "alone")
    height, width = pixels.shape[:2]
    n_bytes = height * width * _POINT_BYTES[options.is_ink]
    check_fits("image", f"a picture of {width}x{height}", n_bytes, "shrink the picture first")
    if options.drawing:
        lines = images.line_drawing(pixels)
        if lines.min() == lines.max():
            raise click.UsageError(
                "image: expected outlines to draw, got a picture that has none; pass --ink to "
                "take its dark pixels, or a sharper picture"
            )
        pixels = lines[..., None].repeat(3, axis=2)
    return FitRequest(
        pixels,
        options.n_components,
        options.is_ink,
        options.threshold,
        options.max_iter,
        options.seed,
        options.n_threads,
        options.acceleration,
    )


def model_of(source: Source, options: FitOptions) -> Any:
    """Return the model of a source, or fit one to its picture."""
    if source.pixels is None:
        refuse(
            f"{PIXEL_OPTIONS} {EM_OPTIONS}",
            "together with a picture to fit",
            f"with the model {source.name}",
        )
        return source.model
    return fit_picture(fit_request(source.pixels, options))


@contextmanager
def timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    """Store the duration of the block."""
    start = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - start

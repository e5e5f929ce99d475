"""`gmmfast refine`: improve the painting of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from gmmfast.cli.fitting import (
    EM_OPTIONS,
    PIXEL_OPTIONS,
    FitOptions,
    FitRequest,
    fit_picture,
    fit_request,
    timed,
)
from gmmfast.cli.inputs import read_model, read_picture
from gmmfast.cli.options import (
    PATH,
    SizeOptions,
    fit_options,
    output_option,
    size_options,
    style_option,
    time_option,
    tone_option,
)
from gmmfast.cli.outputs import Artwork, Outputs
from gmmfast.cli.progress import progress_bar
from gmmfast.cli.usage import refuse, refuse_tone_with_style
from gmmfast.cli.watch import watch_option
from gmmfast.mixture import Mixture
from gmmfast.mixture.parameters import n_positions
from gmmfast.rendering.grid import render_grid
from gmmfast.styles import get_style
from gmmfast.tone import DEFAULT_TONE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from gmmfast.tone import ToneCurve

#: Bytes a pixel of a painting: its colors, or a density and its copies in the tone curve.
_PIXEL_BYTES = 4 * 8


@dataclass(frozen=True)
class _Job:
    """A refinement, and the painting of the refined model."""

    request: FitRequest
    shape: tuple[int, int]
    model: Mixture | None
    passes: int | None
    time: float | None
    tone: ToneCurve
    style: str | None

    def fitted(self) -> Mixture:
        """Return the model to refine: the one of the file, or a fit."""
        if self.model is not None:
            return self.model
        return Mixture.from_model(fit_picture(self.request))

    def refinements(self, mixture: Mixture) -> list[Any]:
        """Return the steps of the refinement, the first of which is the mixture itself."""
        otsu = "otsu" if self.request.threshold is None else self.request.threshold
        return _steps(
            mixture,
            self.request.pixels,
            max_iter=self.passes,
            time=self.time,
            threshold=otsu if mixture.n_features == 2 else None,
            n_threads=self.request.n_threads,
        )

    def painting(self, mixture: Mixture) -> NDArray[np.uint8]:
        """Return the painting of a mixture."""
        n_threads = self.request.n_threads
        if self.style is not None:
            return get_style(self.style)(mixture, self.shape, n_threads=n_threads)
        if mixture.n_features == 2:
            return self.tone.picture(render_grid(mixture, self.shape, n_threads=n_threads))
        return render_grid(mixture, self.shape, dtype=np.uint8, n_threads=n_threads)


def _steps(mixture: Mixture, source: Any, **arguments: Any) -> list[Any]:
    from gmmfast.image_models import refinements

    steps, kept = refinements(mixture, source, **arguments), []
    is_ink = mixture.n_features == 2
    with progress_bar("refining", None if is_ink else 100) as advance:
        for step in steps:
            kept.append(step)
            advance(round(100 * step.progress), "" if is_ink else f"{step.score:.2f} dB")
    return kept


@click.command("refine")
@click.argument("image", required=False, type=PATH)
@output_option("refined.png", "The painting, or the refined model as .npz")
@click.option(
    "--model",
    type=PATH,
    help="A model of the picture, from 'gmmfast fit' [default: fit one first].",
)
@click.option(
    "--passes",
    "--rounds",
    "passes",
    type=click.IntRange(min=1),
    help="The limit of passes over the picture [default: 1000 without --time; 100 for ink].",
)
@time_option
@style_option
@fit_options
@tone_option
@size_options
@watch_option("image", "model")
def refine_command(
    image: Path | None,
    outputs: tuple[Path, ...],
    model: Path | None,
    fit: FitOptions,
    **options: Any,
) -> None:
    """Fit a mixture to IMAGE, and refine it until it paints the picture better.

    The painting of a photograph gains three to eight decibels. For ink, the fit goes on.
    Without IMAGE, the photograph china.jpg of scikit-learn is painted. With the model of a clip,
    IMAGE is an animated picture, and the refined model is written as .npz.

    \b
    Examples:
      gmmfast refine photo.jpg -k 1000 -o painting.png -o photo.npz
      gmmfast refine photo.jpg --model photo.npz --time 10s -o better.png
      gmmfast refine photo.jpg --style oil --scale 2 -o oil.png
      gmmfast refine clip.gif --model clip.npz -o better.npz
    """
    destinations = Outputs(outputs, frozenset({".npz"}))
    mixture = None if model is None else read_model(model)
    if mixture is not None:
        refuse(EM_OPTIONS, "without --model", "together with it")
    if mixture is not None and n_positions(mixture) == 3:
        ignored = f"{PIXEL_OPTIONS} style tone size scale"
        refuse(ignored, "together with the model of a picture", "with that of a clip")
        budget = {"max_iter": options["passes"], "time": options["time"]}
        _refine_clip(mixture, image, destinations, n_threads=fit.n_threads, **budget)
        return
    pixels = read_picture(image)
    job = _job(pixels, fit, model=mixture, **options)
    destinations.check(job.shape)
    seconds: dict[str, float] = {}
    with timed(seconds, "fit"):
        fitted = job.fitted()
    with timed(seconds, "refine"):
        steps = job.refinements(fitted)
    refined = steps[-1].mixture
    pictures = [path for path in outputs if path.suffix.lower() != ".npz"]
    _save(refined, outputs)
    if pictures:
        Outputs(pictures).write(Artwork(lambda: job.painting(refined)))
    painting = f"painting    {job.shape[1]} x {job.shape[0]}, {destinations.names}"
    destinations.report([*_report(steps, seconds), painting])


def _refine_clip(
    mixture: Mixture, image: Path | None, destinations: Outputs, **arguments: Any
) -> None:
    if image is None:
        raise click.UsageError("IMAGE: expected the animated picture of the model, got none")
    others = [path for path in destinations.paths if path.suffix.lower() != ".npz"]
    if others:
        raise click.UsageError(
            f"-o: expected names that end in .npz for the model of a clip, got {others[0]}; "
            "gmmfast animate video shows the model"
        )
    destinations.check()
    seconds: dict[str, float] = {}
    with timed(seconds, "refine"):
        steps = _steps(mixture, image, **arguments)
    _save(steps[-1].mixture, destinations.paths)
    destinations.report([*_report(steps, seconds), f"model       {destinations.names}"])


def _save(mixture: Mixture, paths: Sequence[Path]) -> None:
    for path in paths:
        if path.suffix.lower() == ".npz":
            mixture.save(path)


def _report(steps: list[Any], seconds: dict[str, float]) -> list[str]:
    is_ink = steps[-1].mixture.n_features == 2
    what = "log-likelihood" if is_ink else "PSNR"
    unit = "a pixel of ink" if is_ink else "dB"
    return [
        f"components  {steps[-1].mixture.n_components}",
        f"steps       {len(steps) - 1}",
        *(f"{step:<11} {duration:.3f} s" for step, duration in seconds.items()),
        f"{what:<11} {steps[0].score:.2f} to {steps[-1].score:.2f} {unit}",
    ]


def _job(
    pixels: NDArray[np.uint8],
    fit: FitOptions,
    size: SizeOptions,
    tone: ToneCurve | None,
    style: str | None,
    **options: Any,
) -> _Job:
    refuse_tone_with_style(tone, style)
    model = options["model"]
    if model is not None and model.n_features != 2:
        refuse(f"{PIXEL_OPTIONS} tone", "together with a model of ink", "with one of color")
    if model is None and not fit.is_ink:
        refuse("tone", "together with --ink", "alone")
    shape = size.shape_of((pixels.shape[0], pixels.shape[1]))
    size.check_memory(shape, get_style(style).pixel_bytes if style else _PIXEL_BYTES)
    request = fit_request(pixels, fit)
    return _Job(request, shape, tone=tone or DEFAULT_TONE, style=style, **options)

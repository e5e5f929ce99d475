"""`gmmfast paint`: fit a mixture to a picture and render it.

Options, output paths, the picture and the memory of the result are checked before
the slow steps, each of which is timed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from gmmfast import images
from gmmfast.cli.fitting import (
    FitOptions,
    FitRequest,
    SharpOptions,
    fit_picture,
    fit_request,
    timed,
)
from gmmfast.cli.inputs import read_picture
from gmmfast.cli.options import (
    PATH,
    SizeOptions,
    fit_options,
    output_option,
    sharp_options,
    size_options,
    style_option,
    tone_option,
)
from gmmfast.cli.outputs import Artwork, Outputs
from gmmfast.cli.progress import progress_bar
from gmmfast.cli.usage import refuse, refuse_tone_with_style
from gmmfast.cli.watch import watch_option
from gmmfast.images.writing import png_bytes
from gmmfast.rendering.grid import render_grid
from gmmfast.styles import get_style
from gmmfast.tone import DEFAULT_TONE, ToneCurve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray


#: Bytes a pixel of a painting: its colors, or a density in float64 and its copies in the tone
#: curve.
_PAINTING_BYTES = {False: 3, True: 4 * 8}


@dataclass(frozen=True)
class Job:
    """A fit, and the painting of its model."""

    fit: FitRequest
    shape: tuple[int, int]
    tone: ToneCurve = DEFAULT_TONE
    style: str | None = None


@dataclass(frozen=True)
class Painting:
    """The result of a job; a notebook shows it as a picture."""

    pixels: NDArray[np.uint8]
    model: Any
    n_points: int
    psnr: float
    seconds: dict[str, float]

    def _repr_png_(self) -> bytes:
        return png_bytes(self.pixels)


def paint(job: Job) -> Painting:
    """Fit and render; the only output is progress on standard error."""
    seconds: dict[str, float] = {}
    with timed(seconds, "fit"):
        model = fit_picture(job.fit)
    with timed(seconds, "render"), progress_bar("rendering", None):
        pixels = _painting(model, job)
    original_shape = job.fit.pixels.shape[:2]
    is_plain = job.style is None and job.shape == original_shape
    # A styled picture is compared by its plain one.
    plain = pixels if is_plain else _picture(model, job, original_shape)
    original = _original(job)
    is_point = original == 0 if job.fit.is_ink else np.ones(original_shape)
    n_points = int(np.count_nonzero(is_point))
    psnr = images.psnr(plain, original)
    return Painting(pixels, model, n_points, psnr, seconds)


def _picture(model: Any, job: Job, shape: tuple[int, int]) -> NDArray[np.uint8]:
    if job.fit.is_ink:
        return job.tone.picture(render_grid(model, shape, n_threads=job.fit.n_threads))
    return render_grid(model, shape, dtype=np.uint8, n_threads=job.fit.n_threads)


def _painting(model: Any, job: Job) -> NDArray[np.uint8]:
    if job.style is None:
        return _picture(model, job, job.shape)
    return get_style(job.style)(model, job.shape, n_threads=job.fit.n_threads)


def _original(job: Job) -> NDArray[np.uint8]:
    """Return the target of the painting: the picture, or its ink in black on white."""
    if not job.fit.is_ink:
        return job.fit.pixels
    ink = np.full(job.fit.pixels.shape[:2], 255, dtype=np.uint8)
    columns, rows = images.ink_points(job.fit.pixels, job.fit.threshold).T.astype(int)
    ink[rows, columns] = 0
    return ink


@click.command("paint")
@click.argument("image", required=False, type=PATH)
@output_option("painting.png", "The painting, or the raw values as .npy or .npz")
@style_option
@tone_option
@size_options
@fit_options
@sharp_options
@watch_option("image")
def paint_command(
    image: Path | None, outputs: tuple[Path, ...], fit: FitOptions, **options: Any
) -> None:
    """Paint IMAGE by a mixture of Gaussians.

    A photograph becomes the mean color at every pixel, given its position,
    under a mixture fitted to the (x, y, r, g, b) of its pixels, or to (x, y, level)
    if it is gray, which makes a gray painting. With --ink a
    drawing becomes the density of a mixture fitted to the (x, y) of its dark
    pixels; with --drawing so does a drawing of the photograph's outlines.
    Without IMAGE, the photograph china.jpg of scikit-learn is painted.

    \b
    Examples:
      gmmfast paint -k 1000 -o painting.png
      gmmfast paint photo.jpg -k 300 --scale 2 -o large.png -o large.webp
      gmmfast paint photo.jpg --sharp -k 4000 --time 20s -o sharp.png
      gmmfast paint photo.jpg --psnr 32 -o sharp.png
      gmmfast paint photo.jpg --softness 0.5 -o painting.png
      gmmfast paint photo.jpg --style oil -o oil.jpg
      gmmfast paint photo.jpg --drawing --style blueprint -o blueprint.png
      gmmfast paint drawing.png --ink --tone 0:0,0.3:0.1,1:1 -o charcoal.png
      gmmfast paint photo.jpg --style ink --watch -o ink.png
      gmmfast paint - --style poster -o - < photo.jpg > poster.png
    """
    destinations = Outputs(outputs)
    seconds: dict[str, float] = {}
    with timed(seconds, "read"):
        pixels = read_picture(image)
    job = _job(pixels, fit, **options)
    destinations.check(job.shape)
    painting = paint(job)
    seconds |= painting.seconds
    quantity = "density" if job.fit.is_ink else "mean"
    artwork = Artwork(
        lambda: painting.pixels,
        lambda: {quantity: render_grid(painting.model, job.shape, n_threads=job.fit.n_threads)},
    )
    with timed(seconds, "write"):
        destinations.write(artwork)
    destinations.report(list(_report(job, painting, destinations.names, seconds)))


def _job(
    pixels: NDArray[np.uint8],
    fit: FitOptions,
    size: SizeOptions,
    tone: ToneCurve | None,
    style: str | None,
    sharpness: SharpOptions,
) -> Job:
    if fit.is_ink and sharpness.is_wanted:
        raise click.UsageError("--sharp: expected a painting in color, got it with ink")
    if sharpness.psnr is not None and not (fit.n_components is None and not sharpness.softness):
        raise click.UsageError("--psnr: expected without -k and --softness, got it with them")
    if not fit.is_ink:
        refuse("tone", "together with --ink", "alone")
    refuse_tone_with_style(tone, style)
    height, width = pixels.shape[:2]
    shape = size.shape_of((height, width))
    size.check_memory(
        shape, get_style(style).pixel_bytes if style else _PAINTING_BYTES[fit.is_ink]
    )
    request = replace(fit_request(pixels, fit), sharpness=sharpness)
    return Job(request, shape, tone or DEFAULT_TONE, style)


def _report(job: Job, painting: Painting, names: str, seconds: dict[str, float]) -> Iterator[str]:
    height, width = job.fit.pixels.shape[:2]
    yield f"picture     {width} x {height}, {painting.n_points:,} {job.fit.kind} points"
    yield f"components  {painting.model.n_components}, full covariance"
    yield f"iterations  {painting.model.n_iter_}"
    for step, duration in seconds.items():
        yield f"{step:<11} {duration:.3f} s"
    original = "its ink in black and white" if job.fit.is_ink else "the original"
    yield f"PSNR        {painting.psnr:.2f} dB against {original}"
    yield f"painting    {job.shape[1]} x {job.shape[0]}, {names}"

"""`gmmfast paint`: from a picture to a mixture and back to a picture.

All that can be refused is refused first: options, the output path, the picture
itself, the memory that the result needs. Then come the slow steps, each timed.
"""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from gmmfast import _backend, images
from gmmfast._choices import DEFAULT_MAX_ITER, DEFAULT_N_COMPONENTS
from gmmfast._memory import check_fits
from gmmfast.cli.options import ORDER, SIZE, TONE
from gmmfast.cli.progress import progress_bar
from gmmfast.rendering.grid import render_grid
from gmmfast.tone import ToneCurve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

#: Bytes a pixel of the fit to a photograph (three times its points, which are five float64,
#: and the levels read again) and of finding the points of a drawing (the levels, their luma and
#: a mask; the points are few).
_POINT_BYTES = {False: 3 * 5 * 8 + 3, True: 3 + 1 + 1}

#: Bytes a pixel of a painting: its colours, or a density in float64 and its copies in the tone
#: curve.
_PAINTING_BYTES = {False: 3, True: 4 * 8}

#: Darkens the middle: under a straight line the peaks of a few narrow components
#: leave the rest of a drawing pale.
DEFAULT_TONE = ToneCurve(((0, 0), (0.03, 0.03), (0.3, 0.75), (0.7, 1), (1, 1)))


@dataclass(frozen=True)
class FitOptions:
    """What `fit_image` is asked for; its defaults are None or the same."""

    n_components: int | str | None = None
    max_iter: int = DEFAULT_MAX_ITER
    seed: int = 0


@dataclass(frozen=True)
class Job:
    """What is to be painted, and how."""

    pixels: NDArray[np.uint8]
    fit: FitOptions
    shape: tuple[int, int]
    is_ink: bool = False
    threshold: float | None = None
    tone: ToneCurve = DEFAULT_TONE
    n_threads: int | None = None


@dataclass(frozen=True)
class Painting:
    """What came of a job."""

    pixels: NDArray[np.uint8]
    estimator: Any
    n_points: int
    psnr: float
    seconds: dict[str, float]


def paint(job: Job) -> Painting:
    """Fit and render; the only output is progress on standard error."""
    from gmmfast.fitting import fit_image  # noqa: PLC0415 (a second's import, not timed)

    seconds: dict[str, float] = {}
    with _timed(seconds, "fit"), progress_bar("fitting", job.fit.max_iter) as advance:
        otsu = "otsu" if job.is_ink else None
        model = fit_image(
            job.pixels,
            job.fit.n_components,
            kind="ink" if job.is_ink else "color",
            threshold=otsu if job.threshold is None else job.threshold,
            max_iter=job.fit.max_iter,
            random_state=job.fit.seed,
            progress=lambda n_iter, _: advance(n_iter),
            n_threads=job.n_threads,
        )
    with _timed(seconds, "render"), progress_bar("rendering", None):
        pixels = _picture(model, job, job.shape)
    original_shape = job.pixels.shape[:2]
    same_size = pixels if job.shape == original_shape else _picture(model, job, original_shape)
    original = _original(job)
    is_point = original == 0 if job.is_ink else np.ones(original_shape)
    n_points = int(np.count_nonzero(is_point))
    psnr = images.psnr(same_size, original)
    return Painting(pixels, model, n_points, psnr, seconds)


def _picture(model: Any, job: Job, shape: tuple[int, int]) -> NDArray[np.uint8]:
    if job.is_ink:
        return job.tone.picture(render_grid(model, shape, n_threads=job.n_threads))
    return render_grid(model, shape, dtype=np.uint8, n_threads=job.n_threads)


def _original(job: Job) -> NDArray[np.uint8]:
    """Return what the painting should look like: the picture, or its ink in black on white."""
    if not job.is_ink:
        return job.pixels
    ink = np.full(job.pixels.shape[:2], 255, dtype=np.uint8)
    columns, rows = images.ink_points(job.pixels, job.threshold).T.astype(int)
    ink[rows, columns] = 0
    return ink


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - start


@click.command("paint")
@click.argument("image", required=False, type=click.Path(path_type=Path))
@click.option(
    "-k",
    "--n-components",
    type=ORDER,
    help="Number of Gaussians, or what chooses it: bic, aic or icl [default: "
    f"{DEFAULT_N_COMPONENTS['color']}; {DEFAULT_N_COMPONENTS['ink']} with --ink].",
)
@click.option(
    "-o",
    "--output",
    default="painting.png",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The painting; the format follows the extension.",
)
@click.option("--size", type=SIZE, help="Size of the painting [default: the picture's].")
@click.option(
    "--scale",
    type=click.FloatRange(min=0, min_open=True),
    help="Size of the painting relative to the picture's.",
)
@click.option("--ink", is_flag=True, help="Paint the density of the dark pixels, black on white.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 255),
    help="With --ink: the lightest level (0 to 255) that is ink [default: Otsu's].",
)
@click.option(
    "--tone",
    type=TONE,
    help="With --ink: corners of the curve from scaled density to darkness, or 'linear' "
    "[default: 0:0,0.03:0.03,0.3:0.75,0.7:1,1:1].",
)
@click.option(
    "--max-iter",
    type=click.IntRange(min=1),
    default=DEFAULT_MAX_ITER,
    show_default=True,
    help="Iterations of expectation-maximisation, at most.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0, max=2**32 - 1),
    default=0,
    show_default=True,
    help="Of the start of the fit.",
)
@click.option(
    "--n-threads",
    type=click.IntRange(min=1, max=1024),
    help="Threads [default: all].",
)
def paint_command(image: Path | None, output: Path, **options: Any) -> None:
    """Paint IMAGE as a mixture of Gaussians sees it.

    A photograph becomes the mean colour at every pixel, given its position,
    under a mixture fitted to the (x, y, r, g, b) of its pixels. With --ink a
    drawing becomes the density of a mixture fitted to the (x, y) of its dark
    pixels. Without IMAGE, the photograph china.jpg of scikit-learn is painted.

    \b
    Examples:
      gmmfast paint -k 1000 -o painting.png
      gmmfast paint photo.jpg -k 300 --scale 2 -o large.png
      gmmfast paint drawing.png --ink --tone 0:0,0.3:0.1,1:1 -o charcoal.png
    """  # noqa: D301 (click wants a real backspace)
    images.check_writable(output, "--output")
    start = time.perf_counter()
    pixels = _read(image)
    read_seconds = time.perf_counter() - start
    job = _job(pixels, **options)
    images.check_writable(output, "--output", job.shape)
    painting = paint(job)
    start = time.perf_counter()
    images.write_image(output, painting.pixels)
    write_seconds = time.perf_counter() - start
    seconds = {"read": read_seconds, **painting.seconds, "write": write_seconds}
    for line in _report(job, painting, output, seconds):
        click.echo(line)


def _read(image: Path | None) -> NDArray[np.uint8]:
    if image is not None:
        return images.read_image(image)
    from sklearn.datasets import load_sample_image  # noqa: PLC0415 (a second's import)

    return images.read_image(load_sample_image("china.jpg"))


def _job(pixels: NDArray[np.uint8], **options: Any) -> Job:
    if options["size"] is not None and options["scale"] is not None:
        raise click.UsageError("--size and --scale: expected at most one of the two, got both")
    for name in ("threshold", "tone"):
        if options[name] is not None and not options["ink"]:
            raise click.UsageError(f"--{name}: expected together with --ink, got it alone")
    height, width = pixels.shape[:2]
    scale = options["scale"] or 1.0
    if not math.isfinite(scale * max(height, width)):
        raise click.UsageError(f"--scale: expected a finite size, got {scale}")
    shape = options["size"] or (max(1, round(height * scale)), max(1, round(width * scale)))
    _check_memory((height, width), shape, **options)
    return Job(
        pixels,
        FitOptions(options["n_components"], options["max_iter"], options["seed"]),
        shape,
        is_ink=options["ink"],
        threshold=options["threshold"],
        tone=options["tone"] or DEFAULT_TONE,
        n_threads=options["n_threads"],
    )


def _check_memory(original: tuple[int, int], shape: tuple[int, int], **options: Any) -> None:
    """Blame what was typed for a painting too large, and the picture for its points."""
    is_ink = options["ink"]
    typed = [name for name in ("size", "scale") if options[name] is not None]
    argument, got = (f"--{typed[0]}" if typed else "image"), f"{shape[1]}x{shape[0]}"
    if typed == ["scale"]:
        got = f"{options['scale']:g}, which makes {got}"
    check_fits(argument, got, math.prod(shape) * _PAINTING_BYTES[is_ink], "paint fewer pixels")
    height, width = original
    n_bytes = height * width * _POINT_BYTES[is_ink]
    check_fits("image", f"a picture of {width}x{height}", n_bytes, "shrink the picture first")


def _report(
    job: Job, painting: Painting, output: Path, seconds: dict[str, float]
) -> Iterator[str]:
    height, width = job.pixels.shape[:2]
    kind = "ink" if job.is_ink else "color"
    yield f"picture     {width} x {height}, {painting.n_points:,} {kind} points"
    yield f"components  {painting.estimator.n_components}, full covariance"
    yield f"iterations  {painting.estimator.n_iter_}"
    for step, duration in seconds.items():
        yield f"{step:<11} {duration:.3f} s"
    original = "its ink in black and white" if job.is_ink else "the original"
    yield f"PSNR        {painting.psnr:.2f} dB against {original}"
    yield f"painting    {job.shape[1]} x {job.shape[0]}, {output}"
    if _backend.NAME == "numpy":
        click.echo("rendered by the NumPy twin (GMMFAST_BACKEND=numpy)", err=True)


__all__ = ["FitOptions", "Job", "Painting", "paint", "paint_command"]

"""`gmmfast refine`: improve the painting of a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import numpy as np

from gmmfast.cli.fitting import fit_picture, fit_request, timed
from gmmfast.cli.inputs import read_model, read_picture
from gmmfast.cli.options import (
    PATH,
    fit_options,
    output_option,
    refuse_tone_with_style,
    size_options,
    style_option,
    tone_option,
)
from gmmfast.cli.outputs import Artwork, Outputs
from gmmfast.cli.progress import progress_bar
from gmmfast.cli.shapes import check_memory, shape_of
from gmmfast.cli.watch import watch_option
from gmmfast.mixture import Mixture
from gmmfast.rendering.grid import render_grid
from gmmfast.styles import get_style
from gmmfast.tone import DEFAULT_TONE

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

#: Bytes a pixel of a painting: its colors, or a density and its copies in the tone curve.
_PIXEL_BYTES = 4 * 8


@click.command("refine")
@click.argument("image", required=False, type=PATH)
@output_option("refined.png", "The painting, or the refined model as .npz")
@click.option(
    "--model",
    type=PATH,
    help="A model of the picture, from 'gmmfast fit' [default: fit one first].",
)
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    help="The limit of rounds [default: 5 for color, 100 for ink].",
)
@style_option
@fit_options
@tone_option
@size_options
@watch_option("image", "model")
def refine_command(
    image: Path | None, outputs: tuple[Path, ...], model: Path | None, **options: Any
) -> None:
    """Fit a mixture to IMAGE, and refine it until it paints the picture better.

    The painting of a photograph gains one to three decibels. For ink, the fit goes on.
    Without IMAGE, the photograph china.jpg of scikit-learn is painted.

    \b
    Examples:
      gmmfast refine photo.jpg -k 1000 -o painting.png -o photo.npz
      gmmfast refine photo.jpg --model photo.npz --rounds 20 -o better.png
      gmmfast refine photo.jpg --style oil --scale 2 -o oil.png
    """
    destinations = Outputs(outputs, frozenset({".npz"}))
    refuse_tone_with_style(options)
    pixels = read_picture(image)
    shape = shape_of((pixels.shape[0], pixels.shape[1]), options)
    style = get_style(options["style"]) if options["style"] else None
    check_memory(shape, style.pixel_bytes if style else _PIXEL_BYTES, options)
    destinations.check(shape)
    request = fit_request(pixels, options)
    seconds: dict[str, float] = {}
    with timed(seconds, "fit"):
        fitted = Mixture.from_model(fit_picture(request) if model is None else read_model(model))
    from gmmfast.image_models import refinements

    is_ink = fitted.n_features == 2
    scores: list[float] = []
    refined = fitted
    threshold = (
        ("otsu" if options["threshold"] is None else options["threshold"]) if is_ink else None
    )
    with timed(seconds, "refine"), progress_bar("refining", None):
        steps = refinements(
            fitted,
            request.pixels,
            max_iter=options["rounds"],
            threshold=threshold,
            n_threads=options["n_threads"],
        )
        for step in steps:
            refined = step.mixture
            scores.append(step.score)

    def painting() -> NDArray[np.uint8]:
        if style:
            return style(refined, shape, n_threads=options["n_threads"])
        if is_ink:
            density = render_grid(refined, shape, n_threads=options["n_threads"])
            return (options["tone"] or DEFAULT_TONE).picture(density)
        return render_grid(refined, shape, dtype=np.uint8, n_threads=options["n_threads"])

    paths = [path for path in outputs if path.suffix.lower() == ".npz"]
    pictures = [path for path in outputs if path not in paths]
    for path in paths:
        refined.save(path)
    if pictures:
        Outputs(pictures).write(Artwork(painting))
    what = "log-likelihood" if is_ink else "PSNR"
    unit = "a pixel of ink" if is_ink else "dB"
    destinations.report([
        f"components  {refined.n_components}",
        f"rounds      {len(scores) - 1}",
        *(f"{step:<11} {duration:.3f} s" for step, duration in seconds.items()),
        f"{what:<11} {scores[0]:.2f} to {scores[-1]:.2f} {unit}",
        f"painting    {shape[1]} x {shape[0]}, {destinations.names}",
    ])  # fmt: skip

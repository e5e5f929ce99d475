"""`gmmfast contour`: lines or areas of equal log-density, as pixels or vectors."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from gmmfast.cli.fitting import FitOptions, model_of
from gmmfast.cli.inputs import read_source
from gmmfast.cli.options import (
    PATH,
    SizeOptions,
    fit_options,
    output_option,
    palette_option,
    size_options,
)
from gmmfast.cli.outputs import ARRAYS, VECTORS, Outputs
from gmmfast.cli.progress import progress_bar
from gmmfast.cli.usage import refuse
from gmmfast.cli.watch import watch_option
from gmmfast.images.kinds import picture_kind
from gmmfast.mixture import Mixture

if TYPE_CHECKING:
    from pathlib import Path


#: Bytes a pixel: the log-density, the arrays of matplotlib, and the picture.
_PIXEL_BYTES = 8 * 8


@click.command("contour")
@click.argument("source", required=False, type=PATH, metavar="[IMAGE|MODEL]")
@output_option("contour.png", "The art: a picture, .svg, or the log-density as .npy or .npz")
@palette_option("lagoon", "The colors of the paper and the lines.")
@click.option(
    "--levels",
    type=click.IntRange(1, 1000),
    default=12,
    show_default=True,
    help="The number of lines, which divide the ink into equal parts.",
)
@click.option("--filled", is_flag=True, help="Areas instead of lines.")
@click.option(
    "--line-width",
    type=click.FloatRange(min=0, min_open=True, max=100),
    default=0.7,
    show_default=True,
    help="In points of 1/72 inch, at 100 pixels an inch.",
)
@size_options
@fit_options
@watch_option("source")
def contour_command(
    source: Path | None,
    outputs: tuple[Path, ...],
    fit: FitOptions,
    size: SizeOptions,
    **options: Any,
) -> None:
    """Draw contours of the log-density of a drawing's ink, or of a model's.

    The ink of a picture in black and white is its dark pixels (--ink), that of
    a photograph, also a gray one, a drawing of its outlines (--drawing).

    \b
    Examples:
      gmmfast contour photo.jpg -k 500 -o contour.png -o contour.svg
      gmmfast contour drawing.png --ink --palette ember --filled -o art.webp
      gmmfast contour drawing.npz --levels 20 --size 2000x1400 -o large.png
      gmmfast contour drawing.png --watch -o contour.svg
    """
    from gmmfast.cli.figures import artwork_of, axes_of
    from gmmfast.plot import ContourDisplay, Frame

    if options["filled"]:
        refuse("line_width", "without --filled", "together with it")
    destinations = Outputs(outputs, ARRAYS | VECTORS)
    given = read_source(source)
    if given.pixels is not None and not fit.is_ink:
        is_drawn = picture_kind(given.pixels) == "ink"
        fit = replace(fit, ink=is_drawn, drawing=not is_drawn)
    mixture = Mixture.from_model(model_of(given, fit))
    shape = size.checked_shape(mixture, _PIXEL_BYTES, destinations)
    with progress_bar("drawing", None):
        display = ContourDisplay.from_estimator(
            mixture,
            shape,
            levels=options["levels"],
            filled=options["filled"],
            palette=options["palette"],
            linewidths=options["line_width"],
            ax=axes_of(Frame.from_model(mixture, shape)),
            n_threads=fit.n_threads,
        )
        destinations.write(
            artwork_of(
                display.figure_, {"log_density": display.log_density, "levels": display.levels}
            )
        )
    destinations.report([
        f"components  {mixture.n_components}",
        f"levels      {len(display.levels)}",
        f"contours    {shape[1]} x {shape[0]}, {destinations.names}",
    ])  # fmt: skip

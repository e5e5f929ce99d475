"""`gmmfast sample`: points drawn from a mixture, put where they fall."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from gmmfast.cli.outputs import Artwork, Outputs
from gmmfast.cli.progress import progress_bar
from gmmfast.cli.watch import watch_option
from gmmfast.mixture import Mixture
from gmmfast.plot.base import Frame
from gmmfast.plot.palettes import palette_of
from gmmfast.plot.samples import sample_picture, sample_values

if TYPE_CHECKING:
    from pathlib import Path


#: Bytes a pixel of counts, sums and means of the colors, and of the picture.
_PIXEL_BYTES = 8 + 3 * 17 + 8


@click.command("sample")
@click.argument("source", required=False, type=PATH, metavar="[IMAGE|MODEL]")
@output_option("samples.png", "The art; as .npy or .npz how many fell on a pixel, or colors")
@click.option(
    "-n",
    "--n-samples",
    type=click.IntRange(min=1),
    default=40_000,
    show_default=True,
    help="The number of points.",
)
@palette_option("azure", "The colors of the paper, and of ink.")
@size_options
@fit_options
@watch_option("source")
def sample_command(
    source: Path | None,
    outputs: tuple[Path, ...],
    n_samples: int,
    palette: str,
    fit: FitOptions,
    size: SizeOptions,
) -> None:
    """Draw points of a picture's mixture, or of a model, where they fall.

    Points of a photograph have the colors that are drawn with them, clipped
    to their range; points of ink are dots.

    \b
    Examples:
      gmmfast sample photo.jpg -k 1000 -n 300000 -o samples.png
      gmmfast sample photo.jpg --drawing -n 20000 -o dots.png
      gmmfast sample drawing.npz -n 100000 --scale 2 --seed 7 -o dots.webp
    """
    destinations = Outputs(outputs)
    model = model_of(read_source(source), fit)
    mixture, ramp = Mixture.from_model(model), palette_of(palette)
    shape = size.checked_shape(model, _PIXEL_BYTES, destinations)
    with progress_bar("drawing", None):
        values = sample_values(
            mixture, Frame.from_model(mixture, shape), n_samples, ramp, fit.seed, fit.n_threads
        )
        name = "counts" if values.ndim == 2 else "colors"
        destinations.write(Artwork(lambda: sample_picture(values, ramp), lambda: {name: values}))
    destinations.report([
        f"components  {mixture.n_components}",
        f"points      {n_samples:,}",
        f"samples     {shape[1]} x {shape[0]}, {destinations.names}",
    ])  # fmt: skip

"""`gmmfast slices`: a density in the plane, and its conditional curves at several x."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import numpy as np

from gmmfast.cli.fitting import FitOptions, model_of
from gmmfast.cli.inputs import read_source
from gmmfast.cli.options import PATH, VALUES, fit_options, output_option, palette_option
from gmmfast.cli.outputs import ARRAYS, VECTORS, Outputs
from gmmfast.cli.progress import progress_bar
from gmmfast.cli.watch import watch_option
from gmmfast.mixture import Mixture

if TYPE_CHECKING:
    from pathlib import Path


#: (height, width) of the picture.
_SHAPE = 600, 900

#: The default number of slices.
_N_SLICES = 4


@click.command("slices")
@click.argument("source", required=False, type=PATH, metavar="[IMAGE|MODEL]")
@output_option("slices.png", "The picture, .svg, or the curves as .npy or .npz")
@click.option(
    "--at", type=VALUES, help="The values of x, such as 10,25.5,40 [default: four, evenly spaced]."
)
@palette_option("lagoon", "The colors of the contours.")
@fit_options
@watch_option("source")
def slices_command(
    source: Path | None,
    outputs: tuple[Path, ...],
    at: tuple[float, ...] | None,
    palette: str,
    fit: FitOptions,
) -> None:
    """Slice the density of a picture's positions, or of a model's first two features.

    Every curve is p(y | x), the distribution of y given x.

    \b
    Examples:
      gmmfast slices drawing.png --ink -k 20 --at 100,200,300 -o slices.png
      gmmfast slices drawing.npz -o slices.svg -o curves.npz
    """
    from gmmfast.cli.figures import artwork_of, framed_axes
    from gmmfast.plot import Frame, SliceDisplay

    destinations = Outputs(outputs, ARRAYS | VECTORS)
    mixture = Mixture.from_model(model_of(read_source(source), fit))
    if mixture.n_features > 2:
        mixture = mixture.marginal([0, 1]).with_extent(mixture.extent)
    left, right = Frame.from_model(mixture).extent[0]
    shares = (np.arange(_N_SLICES) + 0.5) / _N_SLICES
    values = at or tuple(left + shares * (right - left))
    with progress_bar("drawing", None):
        display = SliceDisplay.from_estimator(
            mixture, values, palette=palette, ax=framed_axes(_SHAPE), n_threads=fit.n_threads
        )
        destinations.write(
            artwork_of(
                display.figure_,
                {"densities": display.densities, "x": display.values, "y": display.y},
            )
        )
    destinations.report([
        f"components  {mixture.n_components}",
        f"x           {', '.join(f'{value:g}' for value in values)}",
        f"slices      {len(values)}, {destinations.names}",
    ])  # fmt: skip

"""`gmmfast ellipses`: the components in their mean colors, as pixels or vectors."""

from __future__ import annotations

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
from gmmfast.cli.watch import watch_option
from gmmfast.mixture import Mixture

if TYPE_CHECKING:
    from pathlib import Path


#: Bytes a pixel of the picture and of matplotlib's.
_PIXEL_BYTES = 2 * 4


@click.command("ellipses")
@click.argument("source", required=False, type=PATH, metavar="[IMAGE|MODEL]")
@output_option("ellipses.png", "The art: a picture, .svg, or the ellipses as .npz")
@click.option(
    "--n-std",
    type=click.FloatRange(min=0, min_open=True, max=100),
    default=2.0,
    show_default=True,
    help="The half axes in standard deviations.",
)
@click.option("--alpha", type=click.FloatRange(0, 1), help="Their opacity.")
@palette_option("ink", "The colors of the paper, and of ink.")
@size_options
@fit_options
@watch_option("source")
def ellipses_command(
    source: Path | None,
    outputs: tuple[Path, ...],
    fit: FitOptions,
    size: SizeOptions,
    **options: Any,
) -> None:
    """Draw the components of a picture's mixture, or of a model, as ellipses.

    \b
    Examples:
      gmmfast ellipses photo.jpg -k 500 -o ellipses.png -o ellipses.svg
      gmmfast ellipses photo.npz --n-std 1 --palette blueprint -o small.svg
    """
    from gmmfast.cli.figures import artwork_of, axes_of
    from gmmfast.plot import EllipseDisplay, Frame

    destinations = Outputs(outputs, ARRAYS | VECTORS)
    mixture = Mixture.from_model(model_of(read_source(source), fit))
    shape = size.checked_shape(mixture, _PIXEL_BYTES, destinations)
    with progress_bar("drawing", None):
        display = EllipseDisplay.from_estimator(
            mixture,
            shape,
            n_std=options["n_std"],
            alpha=options["alpha"],
            palette=options["palette"],
            ax=axes_of(Frame.from_model(mixture, shape)),
        )
        destinations.write(
            artwork_of(display.figure_, {**display.ellipses._asdict(), "colors": display.colors})
        )
    destinations.report([
        f"components  {len(display.order)}",
        f"ellipses    {shape[1]} x {shape[0]}, {destinations.names}",
    ])  # fmt: skip

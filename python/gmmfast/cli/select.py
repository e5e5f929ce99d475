"""`gmmfast select`: choose the number of components by a criterion."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from gmmfast.cli.fitting import FitOptions, fit_picture, fit_request
from gmmfast.cli.inputs import read_picture
from gmmfast.cli.options import (
    NUMBERS,
    PATH,
    kind_options,
    max_iter_option,
    seed_option,
    threads_option,
)
from gmmfast.cli.outputs import ARRAYS, VECTORS, Artwork, Outputs
from gmmfast.image_models.defaults import CRITERIA

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: (height, width) of the curve.
_SHAPE = 420, 640


@click.command("select")
@click.argument("image", required=False, type=PATH)
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    type=PATH,
    help="A picture of the curve, .svg, or the scores as .npz. May be given several times "
    "[default: the table only].",
)
@click.option(
    "--candidates",
    type=NUMBERS,
    help="Numbers of components to try, such as 10,20,50 [default: 10, 20, 50, 100, ... up to "
    "what the picture bears].",
)
@click.option(
    "--criterion",
    "criteria",
    type=click.Choice(CRITERIA),
    multiple=True,
    default=("bic",),
    show_default="bic",
    help="The criterion to minimize; may be given several times, with a fit for each.",
)
@click.option("--psnr", is_flag=True, help="List the PSNR of each painting, too.")
@kind_options
@max_iter_option
@seed_option
@threads_option
def select_command(
    image: Path | None,
    outputs: tuple[Path, ...],
    criteria: tuple[str, ...],
    candidates: tuple[int, ...] | None,
    **options: Any,
) -> None:
    """Choose the number of Gaussians of a picture.

    \b
    Examples:
      gmmfast select photo.jpg --candidates 10,20,50,100,200
      gmmfast select photo.jpg --candidates 50,100,200 --psnr
      gmmfast select drawing.png --ink --criterion aic --criterion bic -o curve.svg
    """
    psnr = options.pop("psnr")
    destinations = Outputs(outputs, ARRAYS | VECTORS)
    request = fit_request(read_picture(image), FitOptions(n_components=None, **options))
    if psnr and request.is_ink:
        raise click.UsageError("--psnr: expected a picture in color or gray, got ink")
    chosen = list(dict.fromkeys(criteria))
    selections = [
        fit_picture(replace(request, n_components=criterion, candidates=candidates)).selection_
        for criterion in chosen
    ]
    if outputs:
        destinations.write(_artwork(selections))
    names = [*chosen, *(f"PSNR {name}" if len(chosen) > 1 else "PSNR" for name in chosen if psnr)]
    lines = [f"{'components':>10}" + "".join(f"{name:>16}" for name in names)]
    for row, n_components in enumerate(selections[0].n_components):
        scores = "".join(
            f"{each.scores[row]:>15.1f}{'*' if each.best == n_components else ' '}"
            for each in selections
        )
        if psnr:
            scores += "".join(f"{each.psnr[row]:>15.2f} " for each in selections)
        lines.append(f"{n_components:>10}{scores}".rstrip())
    destinations.report(lines)


def _artwork(selections: Sequence[Any]) -> Artwork:
    from gmmfast.cli.figures import framed_axes, pixels_of, svg_of
    from gmmfast.plot import SelectionDisplay

    def figure() -> Any:
        return SelectionDisplay(selections=selections).plot(framed_axes(_SHAPE)).figure_

    scores = {each.criterion: each.scores for each in selections}
    scores |= {f"psnr_{each.criterion}": each.psnr for each in selections if each.psnr is not None}
    return Artwork(
        lambda: pixels_of(figure()),
        lambda: {"n_components": np.asarray(selections[0].n_components), **scores},
        lambda: svg_of(figure()),
    )

"""`gmmfast render`: a quantity of a model over its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import numpy as np

from gmmfast.cli.clusters import ClusterOptions, cluster_options, render_big_picture
from gmmfast.cli.inputs import read_model
from gmmfast.cli.options import (
    EXTENT,
    PATH,
    SizeOptions,
    output_option,
    seed_option,
    size_options,
    style_option,
    threads_option,
    tone_option,
)
from gmmfast.cli.outputs import Artwork, Outputs
from gmmfast.cli.progress import progress_bar
from gmmfast.cli.usage import refuse, refuse_tone_with_style
from gmmfast.cli.watch import watch_option
from gmmfast.mixture.parameters import n_positions
from gmmfast.rendering.grid import render_grid
from gmmfast.storage.endings import is_written_in_parts
from gmmfast.styles import get_style
from gmmfast.tone import DEFAULT_TONE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from gmmfast.mixture import Mixture
    from gmmfast.tone import ToneCurve

    Pixels = NDArray[np.uint8]

#: Bytes a pixel of the values and of their copies on the way to a picture.
_PIXEL_BYTES = 6 * 8


def _density(values: NDArray[Any], tone: ToneCurve) -> Pixels:
    return tone.picture(values)


def _color(values: NDArray[Any], tone: ToneCurve) -> Pixels:
    """Return levels as they are; one channel is gray."""
    del tone
    levels: Pixels = np.rint(np.clip(values, 0, 255)).astype(np.uint8)
    return levels[..., 0] if levels.shape[2:] == (1,) else levels


def _bright(values: NDArray[Any], tone: ToneCurve) -> Pixels:
    """Return the largest value as white, and 0 as black."""
    return _color(values * (255 / max(values.max(), 1e-300)), tone)


def _stretched(values: NDArray[Any], tone: ToneCurve) -> Pixels:
    """Return the largest value as black and the smallest as white."""
    del tone
    low, high = values.min(), values.max()
    levels: Pixels = np.rint((high - values) * (255 / max(high - low, 1e-300))).astype(np.uint8)
    return levels


def _distinct(values: NDArray[Any], tone: ToneCurve) -> Pixels:
    """Return a color for each label."""
    del tone
    # Multiples of the golden angle stay apart.
    turns = values[..., None] * 2.399963 + np.array([0.0, 2.1, 4.2])
    colors: Pixels = np.rint(150 + 80 * np.cos(turns)).astype(np.uint8)
    return colors


#: From the values of a quantity to the picture of it.
_PICTURES: dict[str, Callable[[NDArray[Any], ToneCurve], Pixels]] = {
    "density": _density,
    "log_density": _stretched,
    "mean": _color,
    "sample": _color,
    "std": _bright,
    "entropy": _bright,
    "label": _distinct,
}


@click.command("render")
@click.argument("model", type=PATH)
@output_option("render.png", "The picture, or the raw values as .npy or .npz")
@click.option(
    "--quantity",
    type=click.Choice(["auto", *_PICTURES]),
    default="auto",
    show_default=True,
    help="The quantity at every pixel: by default the mean color, or for ink the density.",
)
@click.option(
    "--extent",
    type=EXTENT,
    help="The part that is rendered, X_MIN:X_MAX,Y_MIN:Y_MAX [default: the whole picture]. "
    "A clip is rendered in the middle of its time, or of a third interval, T_MIN:T_MAX.",
)
@style_option
@tone_option
@size_options
@seed_option
@threads_option
@cluster_options
@watch_option("model")
def render_command(
    model: Path,
    outputs: tuple[Path, ...],
    size: SizeOptions,
    cluster: ClusterOptions,
    **options: Any,
) -> None:
    """Render a quantity of MODEL, a file of 'gmmfast fit', over its picture.

    A sample draws the color of every pixel from its conditional distribution:
    a pointillist painting, another for every --seed.

    Outputs in .zarr, .ome.zarr (a pyramid), .big.tif (tiled, with a pyramid) and .dzi (tiles for
    the web) are written in parts, at any size. If that is stopped, the same command goes on.

    \b
    Examples:
      gmmfast render photo.npz -o painting.png
      gmmfast render photo.npz --quantity std --scale 2 -o unsure.png
      gmmfast render photo.npz --quantity sample --seed 7 -o pointillist.png
      gmmfast render drawing.npz --style charcoal -o charcoal.png -o density.npy
      gmmfast render photo.npz --extent 40:80,30:60 --size 640x480 -o detail.png
      gmmfast render photo.npz --watch -o painting.png
      gmmfast render - -o - < photo.npz > painting.png
      gmmfast render photo.npz --size 100000x60000 -o big.zarr --workers 2
    """
    if any(is_written_in_parts(path) for path in outputs):
        _render_in_parts(model, outputs, size, cluster, options)
        return
    if cluster.is_wanted:
        raise click.UsageError(
            "--scheduler, --workers: expected outputs that are written in parts, such as "
            f"big.zarr, got {', '.join(map(str, outputs))}"
        )
    destinations = Outputs(outputs)
    mixture = read_model(model)
    if options["extent"] is not None:
        mixture = mixture.with_extent(options["extent"])
    shape = size.shape_of_model(mixture)
    quantity = _quantity(mixture, options)
    style = options["style"]
    size.check_memory(shape, get_style(style).pixel_bytes if style else _PIXEL_BYTES)
    destinations.check(shape)
    n_threads, tone = options["n_threads"], options["tone"] or DEFAULT_TONE
    seed = options["seed"] if quantity == "sample" else None

    is_clip = n_positions(mixture) == 3

    def values() -> NDArray[Any]:
        grid = (1, *shape) if is_clip else shape
        found: NDArray[Any] = render_grid(
            mixture, grid, quantity=quantity, random_state=seed, n_threads=n_threads
        )
        return found[0] if is_clip else found

    def pixels() -> Pixels:
        if style:
            return get_style(style)(mixture, shape, n_threads=n_threads)
        if quantity == "label" and not is_clip and mixture.n_features in (3, 5):
            from gmmfast.plot.colors import mean_colors

            colors: Pixels = mean_colors(mixture)[values()]
            return colors
        return _PICTURES[quantity](values(), tone)

    with progress_bar("rendering", None):
        destinations.write(Artwork(pixels, lambda: {quantity: values()}))
    destinations.report([
        f"model       {mixture.n_components} components, {mixture.n_features} features",
        f"{quantity:<11} {shape[1]} x {shape[0]}, {destinations.names}",
    ])  # fmt: skip


def _render_in_parts(
    model: Path,
    outputs: tuple[Path, ...],
    size: SizeOptions,
    cluster: ClusterOptions,
    options: dict[str, Any],
) -> None:
    """Render into files that are written in parts."""
    mixture = read_model(model)
    if options["extent"] is not None:
        mixture = mixture.with_extent(options["extent"])
    quantity = _quantity(mixture, options)
    others = [path for path in outputs if not is_written_in_parts(path)]
    if others or options["style"] or options["tone"] or n_positions(mixture) == 3:
        raise click.UsageError(
            "--output: expected a quantity of a picture's model in each output that is written in "
            f"parts, without style and tone, got {', '.join(map(str, outputs))}; run the command "
            "once for each"
        )
    shape = size.shape_of_model(mixture)
    colors = {"dtype": "uint8"} if quantity in ("mean", "sample") else {}
    seed = options["seed"] if quantity == "sample" else None
    with cluster.connected() as client:
        for path in outputs:
            render_big_picture(
                mixture,
                shape,
                path,
                client,
                quantity=quantity,
                random_state=seed,
                n_threads=options["n_threads"],
                **colors,
            )
            click.echo(f"{quantity:<11} {shape[1]} x {shape[0]}, {path}")


def _quantity(mixture: Mixture, options: dict[str, Any]) -> Any:
    quantity = options["quantity"]
    refuse_tone_with_style(options["tone"], options["style"])
    if options["style"] and quantity != "auto":
        raise click.UsageError("--quantity and --style: expected at most one of the two, got both")
    n_colors = mixture.n_features - n_positions(mixture)
    if n_colors not in (0, 1, 3):
        raise ValueError(
            "model: expected a model of ink (2 features), of a picture (3 or 5) or of a clip "
            f"(4 or 6), got {mixture.n_features} features, of kind {mixture.kind!r}; leave alpha "
            "out by Mixture.marginal"
        )
    if options["style"] and n_positions(mixture) == 3:
        raise click.UsageError("--style: expected a model of a picture, got one of a clip")
    is_ink = n_colors == 0
    if is_ink and quantity in ("mean", "std", "sample"):
        raise click.UsageError(
            f"--quantity: expected one that ink has, got {quantity!r}; ask for density"
        )
    chosen = ("density" if is_ink else "mean") if quantity == "auto" else quantity
    if chosen != "density":
        refuse("tone", "together with ink or --quantity density", f"with the {chosen}")
    return chosen

"""`gmmfast convert`: formats of pictures and raw arrays, and drawings from photographs."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from PIL import Image

from gmmfast import images
from gmmfast.cli.inputs import read_picture
from gmmfast.cli.options import PATH, SizeOptions, size_options
from gmmfast.cli.outputs import Artwork, Outputs
from gmmfast.cli.usage import refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray


#: Bytes a pixel of both pictures.
_PIXEL_BYTES = 3 * 3


@click.command("convert")
@click.argument("image", type=PATH)
@click.argument("outputs", nargs=-1, required=True, type=PATH)
@click.option("--drawing", is_flag=True, help="Draw the outlines, in black on white.")
@click.option(
    "--line-width",
    type=click.FloatRange(min=0, min_open=True, max=100),
    default=1.5,
    show_default=True,
    help="With --drawing: the width of lines, in pixels.",
)
@click.option(
    "--detail",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="With --drawing: 0 draws the strongest lines only, 1 also the faintest.",
)
@size_options
def convert_command(
    image: Path, outputs: tuple[Path, ...], size: SizeOptions, **options: Any
) -> None:
    """Write IMAGE, a picture or levels in .npy, to OUTPUTS in the formats of their extensions.

    \b
    Examples:
      gmmfast convert photo.tif photo.png photo.avif levels.npy
      gmmfast convert levels.npy picture.png --scale 0.5
      gmmfast convert photo.jpg drawing.png --drawing --detail 0.7
    """
    if not options["drawing"]:
        refuse("detail line_width", "together with --drawing", "alone")
    destinations = Outputs(outputs)
    pixels = _levels(image) if image.suffix.lower() == ".npy" else read_picture(image)
    if options["drawing"]:
        pixels = images.line_drawing(pixels, options["line_width"], options["detail"])
    height, width = pixels.shape[:2]
    shape = size.shape_of((height, width))
    size.check_memory(shape, _PIXEL_BYTES)
    destinations.check(shape)
    if shape != (height, width):
        resized = Image.fromarray(pixels).resize(shape[::-1], Image.Resampling.LANCZOS)
        pixels = np.asarray(resized)
    result = pixels
    destinations.write(Artwork(lambda: result, lambda: {"levels": result}))
    destinations.report([f"picture     {shape[1]} x {shape[0]}, {destinations.names}"])


def _levels(path: Path) -> NDArray[np.uint8]:
    """Return the levels of an array in a .npy file."""
    try:
        array = np.load(io.BytesIO(Path(path).read_bytes()), allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(
            f"image: expected an array in .npy, got {str(path)!r}, which is none ({error}); write "
            "it with numpy.save"
        ) from None
    return images.read_image(array)

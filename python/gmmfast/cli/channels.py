"""`gmmfast channels`: the channels of a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import numpy as np

from gmmfast.cli.inputs import read_picture
from gmmfast.cli.options import PATH, output_option
from gmmfast.cli.outputs import Artwork, Outputs
from gmmfast.cli.watch import watch_option
from gmmfast.styles import channel_pictures

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

#: The white gap between channels, relative to the height of the picture.
_GAP = 0.03


@click.command("channels")
@click.argument("image", required=False, type=PATH)
@output_option("channels.png", "The three channels side by side; as .npy or .npz their levels")
@click.option("--gray", is_flag=True, help="Show every channel in gray instead of its color.")
@watch_option("image")
def channels_command(image: Path | None, outputs: tuple[Path, ...], **options: Any) -> None:
    """Show red, green and blue of IMAGE side by side.

    Without IMAGE, the photograph china.jpg of scikit-learn is shown.

    \b
    Examples:
      gmmfast channels photo.jpg -o channels.png
      gmmfast channels photo.jpg --gray -o channels.png -o channels.npy
    """
    destinations = Outputs(outputs)
    pixels = read_picture(image)
    colors = np.full((3, 3), 255) if options["gray"] else None
    shown = channel_pictures(pixels) if colors is None else channel_pictures(pixels, colors)
    picture = side_by_side(shown)
    destinations.check(picture.shape)
    levels = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    destinations.write(Artwork(lambda: picture, lambda: {"channels": levels}))
    height, width = pixels.shape[:2]
    destinations.report([f"channels    3 of {width} x {height}, {destinations.names}"])


def side_by_side(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return pictures (n, height, width, 3) in a row, with white between."""
    height = pictures.shape[1]
    gap = np.full((height, max(1, round(_GAP * height)), 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (gap, picture)]
    return np.concatenate(parts[1:], axis=1)

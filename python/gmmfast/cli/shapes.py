"""The size of a result: in pixels, or relative to the picture's own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from gmmfast._memory import check_fits
from gmmfast.plot.base import default_shape, units_differ

if TYPE_CHECKING:
    from gmmfast.cli.outputs import Destinations


def shape_of(original: tuple[int, int], options: dict[str, Any]) -> tuple[int, int]:
    """Return (height, width) from --size or --scale for a picture of `original` shape."""
    if options["size"] is not None and options["scale"] is not None:
        raise click.UsageError("--size and --scale: expected at most one of the two, got both")
    height, width = original
    scale = options["scale"] or 1.0
    if not math.isfinite(scale * max(height, width)):
        raise click.UsageError(f"--scale: expected a finite size, got {scale}")
    return options["size"] or (max(1, round(height * scale)), max(1, round(width * scale)))


def check_memory(shape: tuple[int, int], pixel_bytes: int, options: dict[str, Any]) -> None:
    """Raise MemoryError that names the option, or else the picture, of a result too large."""
    typed = [name for name in ("size", "scale") if options[name] is not None]
    argument, got = (f"--{typed[0]}" if typed else "image"), f"{shape[1]}x{shape[0]}"
    if typed == ["scale"]:
        got = f"{options['scale']:g}, which makes {got}"
    check_fits(argument, got, math.prod(shape) * pixel_bytes, "paint fewer pixels")


def shape_of_model(model: Any, options: dict[str, Any]) -> tuple[int, int]:
    """Return (height, width) of a result of a model, which may have its picture's extent."""
    extent = getattr(model, "extent_", getattr(model, "extent", None))
    if extent is None or len(extent) < 2:
        if options["size"] is None:
            raise click.UsageError(
                "--size: expected WIDTHxHEIGHT for a model that remembers no picture, got none"
            )
        return shape_of((1, 1), options)
    if units_differ(extent[:2]):
        return shape_of(default_shape(extent[:2]), options)
    (left, right), (low, high) = extent[:2]
    # A model over other units than pixels is shown at a size that a screen has.
    width, height = abs(right - left), abs(high - low)
    unit = 1.0 if min(width, height) >= 2 else 640 / max(width, height)
    return shape_of((max(1, round(height * unit)), max(1, round(width * unit))), options)


def checked_shape(
    model: Any, options: dict[str, Any], pixel_bytes: int, destinations: Destinations
) -> tuple[int, int]:
    """Return `shape_of_model`, if memory and destinations can hold such a result."""
    shape = shape_of_model(model, options)
    check_memory(shape, pixel_bytes, options)
    destinations.check(shape)
    return shape

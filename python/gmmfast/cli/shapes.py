"""The size of a result: in pixels, or relative to the picture's own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from gmmfast._memory import check_fits
from gmmfast.plot.base import default_shape, units_differ

if TYPE_CHECKING:
    from gmmfast.cli.outputs import Destinations


@dataclass(frozen=True)
class SizeOptions:
    """The options --size, as (height, width), and --scale."""

    size: tuple[int, int] | None
    scale: float | None

    def shape_of(self, original: tuple[int, int]) -> tuple[int, int]:
        """Return (height, width) of a result for a picture of `original` shape."""
        if self.size is not None and self.scale is not None:
            raise click.UsageError("--size and --scale: expected at most one of the two, got both")
        height, width = original
        scale = self.scale or 1.0
        if not math.isfinite(scale * max(height, width)):
            raise click.UsageError(f"--scale: expected a finite size, got {scale}")
        return self.size or (max(1, round(height * scale)), max(1, round(width * scale)))

    def check_memory(self, shape: tuple[int, int], pixel_bytes: int) -> None:
        """Raise MemoryError that names the option, or else the picture, of a result too large."""
        argument, got = "image", f"{shape[1]}x{shape[0]}"
        if self.size is not None:
            argument = "--size"
        elif self.scale is not None:
            argument, got = "--scale", f"{self.scale:g}, which makes {got}"
        check_fits(argument, got, math.prod(shape) * pixel_bytes, "paint fewer pixels")

    def shape_of_model(self, model: Any) -> tuple[int, int]:
        """Return (height, width) of a result of a model, which may have its picture's extent."""
        extent = getattr(model, "extent_", getattr(model, "extent", None))
        if extent is None or len(extent) < 2:
            if self.size is None:
                raise click.UsageError(
                    "--size: expected WIDTHxHEIGHT for a model that remembers no picture, got none"
                )
            return self.shape_of((1, 1))
        if units_differ(extent[:2]):
            return self.shape_of(default_shape(extent[:2]))
        (left, right), (low, high) = extent[:2]
        # A model over other units than pixels is shown at a size that a screen has.
        width, height = abs(right - left), abs(high - low)
        unit = 1.0 if min(width, height) >= 2 else 640 / max(width, height)
        return self.shape_of((max(1, round(height * unit)), max(1, round(width * unit))))

    def checked_shape(
        self, model: Any, pixel_bytes: int, destinations: Destinations
    ) -> tuple[int, int]:
        """Return `shape_of_model`, if memory and destinations can hold such a result."""
        shape = self.shape_of_model(model)
        self.check_memory(shape, pixel_bytes)
        destinations.check(shape)
        return shape

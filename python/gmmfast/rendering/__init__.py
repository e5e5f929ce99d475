"""Quantities of a mixture over grids of pixels, whole or in bands."""

from gmmfast.rendering.bands import render_bands
from gmmfast.rendering.grid import render_grid
from gmmfast.rendering.samples import render_samples
from gmmfast.rendering.survivors import count_survivors

__all__ = ["count_survivors", "render_bands", "render_grid", "render_samples"]

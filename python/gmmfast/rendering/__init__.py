"""Quantities of a mixture over grids of pixels, whole or in bands."""

from gmmfast.rendering.bands import render_bands
from gmmfast.rendering.grid import render_grid

__all__ = ["render_bands", "render_grid"]

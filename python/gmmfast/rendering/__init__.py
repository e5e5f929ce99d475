"""Quantities of a mixture over grids of pixels, whole or in bands."""

from typing import TYPE_CHECKING

from gmmfast._lazy import attach

if TYPE_CHECKING:
    from gmmfast.rendering.bands import render_bands
    from gmmfast.rendering.grid import render_grid
    from gmmfast.rendering.samples import render_samples
    from gmmfast.rendering.survivors import count_survivors

__all__ = ["count_survivors", "render_bands", "render_grid", "render_samples"]

__getattr__, __dir__ = attach(
    __name__,
    {
        "count_survivors": "gmmfast.rendering.survivors",
        "render_bands": "gmmfast.rendering.bands",
        "render_grid": "gmmfast.rendering.grid",
        "render_samples": "gmmfast.rendering.samples",
    },
)

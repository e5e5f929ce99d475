"""Displays of mixtures: scikit-learn's convention, drawn by matplotlib (`gmmfast[plot]`).

Each has `from_estimator(model, ..., ax=None)`, which computes and draws, and `plot(ax=None)`,
which draws the same arrays again, on other axes. `ax_` and `figure_` are the axes and the figure;
other attributes that end in an underscore are the artists. Matplotlib is imported when something
is drawn.
"""

from typing import TYPE_CHECKING

from gmmfast._lazy import attach

if TYPE_CHECKING:
    from gmmfast.plot.base import Frame
    from gmmfast.plot.channels import ChannelsDisplay
    from gmmfast.plot.colors import ConditionalMeanDisplay, LabelDisplay
    from gmmfast.plot.contour import ContourDisplay, contour_levels
    from gmmfast.plot.density import DensityDisplay
    from gmmfast.plot.ellipses import EllipseDisplay
    from gmmfast.plot.palettes import PALETTES
    from gmmfast.plot.pdf import PdfDisplay
    from gmmfast.plot.samples import SamplesDisplay
    from gmmfast.plot.selection import SelectionDisplay
    from gmmfast.plot.slices import SliceDisplay

__all__ = [
    "PALETTES",
    "ChannelsDisplay",
    "ConditionalMeanDisplay",
    "ContourDisplay",
    "DensityDisplay",
    "EllipseDisplay",
    "Frame",
    "LabelDisplay",
    "PdfDisplay",
    "SamplesDisplay",
    "SelectionDisplay",
    "SliceDisplay",
    "contour_levels",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "PALETTES": "gmmfast.plot.palettes",
        "ChannelsDisplay": "gmmfast.plot.channels",
        "ConditionalMeanDisplay": "gmmfast.plot.colors",
        "ContourDisplay": "gmmfast.plot.contour",
        "DensityDisplay": "gmmfast.plot.density",
        "EllipseDisplay": "gmmfast.plot.ellipses",
        "Frame": "gmmfast.plot.base",
        "LabelDisplay": "gmmfast.plot.colors",
        "PdfDisplay": "gmmfast.plot.pdf",
        "SamplesDisplay": "gmmfast.plot.samples",
        "SelectionDisplay": "gmmfast.plot.selection",
        "SliceDisplay": "gmmfast.plot.slices",
        "contour_levels": "gmmfast.plot.contour",
    },
)

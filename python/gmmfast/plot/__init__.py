"""Displays of mixtures: scikit-learn's convention, drawn by matplotlib (`gmmfast[plot]`).

Each has `from_estimator(model, ..., ax=None)`, which computes and draws, and `plot(ax=None)`,
which draws what was computed, once more and elsewhere; `ax_` and `figure_` say where, and other
attributes that end in an underscore are the artists. Matplotlib is imported when something is
drawn.
"""

from gmmfast.plot._base import Frame
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
from gmmfast.plot.table import PointsDisplay
from gmmfast.plot.tone_curve import ToneCurveDisplay

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
    "PointsDisplay",
    "SamplesDisplay",
    "SelectionDisplay",
    "SliceDisplay",
    "ToneCurveDisplay",
    "contour_levels",
]

"""From pictures and clips, and from numbers of components to choose among, to fitted mixtures."""

from gmmfast.fitting.image import fit_image
from gmmfast.fitting.refinement import refine, refinements
from gmmfast.fitting.selection import select_n_components
from gmmfast.fitting.video import fit_video

__all__ = ["fit_image", "fit_video", "refine", "refinements", "select_n_components"]

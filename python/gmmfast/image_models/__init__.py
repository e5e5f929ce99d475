"""From pictures and clips, and from numbers of components to choose among, to fitted mixtures."""

from gmmfast.image_models.image import fit_image
from gmmfast.image_models.refinement.refining import refine, refinements
from gmmfast.image_models.selection import select_n_components
from gmmfast.image_models.video import fit_video

__all__ = ["fit_image", "fit_video", "refine", "refinements", "select_n_components"]

"""From pictures, and from numbers of components to choose among, to fitted mixtures."""

from gmmfast.fitting.image import fit_image
from gmmfast.fitting.selection import select_n_components

__all__ = ["fit_image", "select_n_components"]

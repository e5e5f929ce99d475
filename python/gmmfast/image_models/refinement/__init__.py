"""Refinement of a mixture: its painting as a function of its parameters, and their improvement.

A mixture over (x, y, colors) paints E[color | x, y] = sum_k r_k(x, y) e_k(x, y). Its gates, the
weights and Gaussians of (x, y), determine the responsibilities r_k. Its experts e_k are
affine functions of (x, y), one for each component and color. All here is in pixel coordinates.
"""

from gmmfast.image_models.refinement.gradient import PaintingError, minimized
from gmmfast.image_models.refinement.least_squares import (
    least_squares_experts,
    residual_covariances,
)
from gmmfast.image_models.refinement.responsibilities import (
    Experts,
    Gates,
    PixelGrid,
    SparseResponsibilities,
)

__all__ = [
    "Experts",
    "Gates",
    "PaintingError",
    "PixelGrid",
    "SparseResponsibilities",
    "least_squares_experts",
    "minimized",
    "residual_covariances",
]

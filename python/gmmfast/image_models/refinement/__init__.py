"""What `refine` optimizes: the painting of a mixture, as a function of its parameters.

A mixture over (x, y, colors) paints E[color | x, y] = sum_k r_k(x, y) e_k(x, y). Its gates, the
weights and Gaussians of (x, y), decide the responsibilities r_k; its experts e_k, one an affine
function of (x, y) a component and color, are what it mixes. All here is in pixel coordinates.
"""

from gmmfast.image_models.refinement.gradient import Descent, descended
from gmmfast.image_models.refinement.least_squares import (
    least_squares_experts,
    residual_covariances,
)
from gmmfast.image_models.refinement.responsibilities import Experts, Gates, Lattice, Shares

__all__ = [
    "Descent",
    "Experts",
    "Gates",
    "Lattice",
    "Shares",
    "descended",
    "least_squares_experts",
    "residual_covariances",
]

"""What `refine` optimises: the painting of a mixture, as a function of its parameters.

A mixture over (x, y, colours) paints E[colour | x, y] = sum_k r_k(x, y) e_k(x, y). Its gates, the
weights and Gaussians of (x, y), decide the responsibilities r_k; its experts e_k, one an affine
function of (x, y) a component and colour, are what it mixes. All here is in pixel coordinates.
"""

from gmmfast.fitting.painting.experts import least_squares_experts, residual_covariances
from gmmfast.fitting.painting.gates import Experts, Gates, Lattice, Shares
from gmmfast.fitting.painting.positions import Descent, descended

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

"""The experts of held gates that paint best: linear least squares over all pixels.

With responsibilities held, E[color | x, y] is linear in each expert's level and slopes, three
unknowns a component and color, so that the least sum of squares is one linear system, sparse as
the responsibilities are, and the same for all colors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import diags_array, eye_array, hstack
from scipy.sparse.linalg import cg

from gmmfast.image_models.refinement.responsibilities import Experts, Gates, Shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: Of a component's average share of pixels: how much staying as it is counts for an expert.
RIDGE = 1e-3

#: Steps of conjugate gradients, and the residual at which they end, relative to the first one.
_MAX_STEPS = 200
_TOL = 1e-4


def least_squares_experts(  # noqa: PLR0913 (all but three by name)
    shares: Shares,
    gates: Gates,
    experts: Experts,
    *,
    ridge: float = RIDGE,
    with_slopes: bool = True,
    tol: float = _TOL,
) -> Experts:
    """Return the experts whose painting is nearest to the lattice's colors.

    Parameters
    ----------
    shares : Shares
        Of pixels and gates.
    gates : Gates
        Held.
    experts : Experts
        Where to begin, and what experts of few pixels are drawn to.
    ridge : float
        How much the squared distance from `experts` counts - of levels, and of slopes in levels
        a standard deviation -, in parts of the pixels that a component has on average.
    with_slopes : bool
        Whether slopes are unknown, too.
    tol : float
        Relative residual of the normal equations at which their iteration ends.
    """
    responsibilities = shares.responsibilities(gates)
    n_pixels, n_components = responsibilities.shape
    painted = shares.painted(responsibilities, experts.coefficients(gates.means))
    basis = responsibilities
    if with_slopes:
        u, v = shares.whitened(gates)
        slanted = [shares.sparse(responsibilities.data * w) for w in (u, v)]
        basis = hstack([basis, *slanted], format="csc")
    transposed = basis.T.tocsr()
    normal = (transposed @ basis).tocsr()
    weight = ridge * n_pixels / n_components
    changes = _solved(normal, weight, transposed @ (shares.lattice.colors - painted), tol)
    levels = experts.levels + changes[:n_components]
    if not with_slopes:
        return experts._replace(levels=levels)
    by_deviation = np.stack(
        [changes[n_components : 2 * n_components], changes[2 * n_components :]]
    )
    slopes = np.moveaxis(by_deviation, 0, -1) @ np.linalg.inv(gates.factors)
    return Experts(levels, experts.slopes + slopes)


def _solved(normal: Any, ridge: float, right: Array, tol: float) -> Array:
    """Return x with (normal + ridge) x = right, by conjugate gradients for each column.

    The preconditioner is the diagonal.
    """
    matrix = normal + ridge * eye_array(normal.shape[0], format="csr")
    # Pixels without a responsible component leave zeros on the diagonal.
    inverse = diags_array(1 / np.maximum(matrix.diagonal(), np.finfo(float).tiny))
    columns = [cg(matrix, b, rtol=tol, maxiter=_MAX_STEPS, M=inverse)[0] for b in right.T]
    return np.stack(columns, axis=-1)


def residual_covariances(
    shares: Shares, gates: Gates, experts: Experts, reg_covar: float
) -> Array:
    """Return how colors scatter about the painting, (n_components, n_colors, n_colors).

    Weighted by responsibilities, with `reg_covar` added to variances. About the painting, not
    about each expert: experts that make up for each other are far from the colors, and the
    mixture's variance has their distance from its mean besides. At least one pixel is assumed a
    component, which has no scatter, so that those of no pixels are defined.
    """
    responsibilities = shares.responsibilities(gates)
    n_colors = experts.levels.shape[1]
    painted = shares.painted(responsibilities, experts.coefficients(gates.means))
    errors = shares.lattice.colors - painted
    products = errors[:, :, None] * errors[:, None]
    sums = responsibilities.T @ products.reshape(len(errors), -1)
    counts = np.maximum(responsibilities.sum(axis=0), 1)
    scatter: Array = sums.reshape(-1, n_colors, n_colors) / counts[:, None, None]
    scatter[:, range(n_colors), range(n_colors)] += reg_covar
    return scatter

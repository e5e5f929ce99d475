"""The best experts for fixed gates: linear least squares over all pixels.

With fixed responsibilities, E[color | x, y] is linear in the level and the slopes of each expert:
three unknowns for each component and color. The normal equations are as sparse as the
responsibilities, and their matrix does not depend on the color.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import diags_array, eye_array, hstack
from scipy.sparse.linalg import cg

from gmmfast.image_models.refinement.responsibilities import Experts, Gates, SparseResponsibilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: The weight of the ridge, relative to the average number of pixels of a component.
RIDGE = 1e-3

#: Steps of conjugate gradients, and the residual at which they end, relative to the first one.
_MAX_STEPS = 200
_TOL = 1e-4


def least_squares_experts(  # noqa: PLR0913 (all but three by name)
    pairs: SparseResponsibilities,
    gates: Gates,
    experts: Experts,
    *,
    ridge: float = RIDGE,
    with_slopes: bool = True,
    tol: float = _TOL,
) -> Experts:
    """Return the experts with the least squared error of the painting.

    Parameters
    ----------
    pairs : SparseResponsibilities
        The responsibilities of the gates at the pixels.
    gates : Gates
        The fixed gates.
    experts : Experts
        The start, and the target of the ridge.
    ridge : float
        The weight of the squared distance from `experts` (of levels, and of slopes in levels
        per standard deviation), relative to the average number of pixels of a component.
    with_slopes : bool
        Whether slopes are also unknowns.
    tol : float
        Relative residual of the normal equations at which their iteration ends.
    """
    responsibilities = pairs.responsibilities(gates)
    n_pixels, n_components = responsibilities.shape
    painted = pairs.painted(responsibilities, experts.coefficients(gates.means))
    basis = responsibilities
    if with_slopes:
        u, v = pairs.whitened(gates)
        slanted = [pairs.sparse(responsibilities.data * w) for w in (u, v)]
        basis = hstack([basis, *slanted], format="csc")
    transposed = basis.T.tocsr()
    normal = (transposed @ basis).tocsr()
    weight = ridge * n_pixels / n_components
    changes = _solved(normal, weight, transposed @ (pairs.grid.colors - painted), tol)
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
    pairs: SparseResponsibilities, gates: Gates, experts: Experts, reg_covar: float
) -> Array:
    """Return the covariances of the colors about the painting, (n_components, n_colors, n_colors).

    Weighted by responsibilities, with `reg_covar` added to variances. The scatter is about the
    painting, not about each expert: experts that compensate each other are far from the colors,
    and the mixture's variance also has their distance from its mean. Components of less than one
    pixel are treated as having one, without scatter.
    """
    responsibilities = pairs.responsibilities(gates)
    n_colors = experts.levels.shape[1]
    painted = pairs.painted(responsibilities, experts.coefficients(gates.means))
    errors = pairs.grid.colors - painted
    products = errors[:, :, None] * errors[:, None]
    sums = responsibilities.T @ products.reshape(len(errors), -1)
    counts = np.maximum(responsibilities.sum(axis=0), 1)
    scatter: Array = sums.reshape(-1, n_colors, n_colors) / counts[:, None, None]
    scatter[:, range(n_colors), range(n_colors)] += reg_covar
    return scatter

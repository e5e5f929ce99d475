"""The experts of held gates that paint best: linear least squares over all pixels.

With responsibilities held, E[colour | x, y] is linear in each expert's level and slopes, three
unknowns a component and colour, so that the least sum of squares is one linear system, sparse as
the responsibilities are, and the same for all colours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

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
    """Return the experts whose painting is nearest to the lattice's colours.

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
        from scipy.sparse import hstack  # noqa: PLC0415 (slow to import)

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
    """Return x with (normal + ridge) x = right, of all columns at once, by conjugate gradients.

    Preconditioned by the diagonal; Hestenes and Stiefel, Methods of conjugate gradients for
    solving linear systems, J. Research of the National Bureau of Standards 49(6), 1952.
    """
    # Pixels that no component has a share in have no number on the diagonal either.
    diagonal = np.maximum(normal.diagonal() + ridge, np.finfo(float).tiny)[:, None]
    x, residual = np.zeros_like(right), right.copy()
    scaled = residual / diagonal
    direction, inner = scaled.copy(), (residual * scaled).sum(axis=0)
    first = inner.copy()
    for _ in range(_MAX_STEPS):
        if (inner <= tol**2 * first).all():
            break
        image = normal @ direction + ridge * direction
        # A colour that is solved has no direction left, and stays.
        curvature = np.maximum((direction * image).sum(axis=0), np.finfo(float).tiny)
        step = inner / curvature
        x += step * direction
        residual -= step * image
        scaled = residual / diagonal
        previous, inner = inner, (residual * scaled).sum(axis=0)
        direction *= inner / np.maximum(previous, np.finfo(float).tiny)
        direction += scaled
    return x


def residual_covariances(
    shares: Shares, gates: Gates, experts: Experts, reg_covar: float
) -> Array:
    """Return how colours scatter about the painting, (n_components, n_colors, n_colors).

    Weighted by responsibilities, with `reg_covar` added to variances. About the painting, not
    about each expert: experts that make up for each other are far from the colours, and the
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

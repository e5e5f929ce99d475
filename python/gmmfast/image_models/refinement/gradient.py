"""The squared error of a painting, its gradient by gates and experts, and its minimization.

The gradient needs each responsibility only once. With q_k the logarithm of gate k's weighted
density and g the error's gradient in the painted colors f, the error's derivative by q_k at a
pixel is r_k g . (e_k - f). As e_k is affine and q_k quadratic in (x, y), a gate needs
the sums over its pixels of r_k times g times monomials up to the third degree, and of r_k times
g . f times those up to the second: 36 numbers a pixel for three colors, multiplied by the sparse
responsibilities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import minimize

from gmmfast.image_models.refinement.responsibilities import Experts, Gates, SparseResponsibilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: The unit of levels: as much as the standard deviation of a gate is for its position.
_LEVELS = 30.0

#: Evaluations of the objective at most, and how many gradients L-BFGS remembers.
_MAX_EVALUATIONS = 25
_MEMORY = 10

#: Powers of x and y of the monomials, and where a monomial times x and times y is.
_POWERS = ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (3, 0), (2, 1), (1, 2), (0, 3))
_QUADRATIC = 6
_TIMES_X, _TIMES_Y = [1, 3, 4, 6, 7, 8], [2, 4, 5, 7, 8, 9]


class _Start(NamedTuple):
    """The parameters at the start; the unknowns are changes relative to them."""

    gates: Gates
    experts: Experts
    center: Array

    def moved(self, changes: Array) -> tuple[Gates, Experts, Array]:
        """Return gates, experts and the gates' factors relative to the first."""
        gates, experts = self.gates, self.experts
        n_components, n_colors = experts.levels.shape
        relative = np.zeros((n_components, 2, 2))
        relative[:, 0, 0], relative[:, 1, 1] = np.exp(changes[:, 3]), np.exp(changes[:, 5])
        relative[:, 1, 0] = changes[:, 4]
        moved = Gates(
            gates.peaks + changes[:, 0],
            gates.means + np.einsum("kij,kj->ki", gates.factors, changes[:, 1:3]),
            gates.factors @ relative,
        )
        levels = experts.levels + _LEVELS * changes[:, 6 : 6 + n_colors]
        by_deviation = _LEVELS * changes[:, 6 + n_colors :].reshape(-1, n_colors, 2)
        slopes = experts.slopes + by_deviation @ np.linalg.inv(gates.factors)
        return moved, Experts(levels, slopes), relative


class PaintingError:
    """The mean squared error of a painting and its gradient, as functions of the unknowns."""

    def __init__(self, pairs: SparseResponsibilities, gates: Gates, experts: Experts) -> None:
        self._shares = pairs
        grid = pairs.grid
        # Coordinates relative to the middle keep the third moments accurate.
        center = np.array([axis.mean() for axis in grid.axes])
        self._start = _Start(gates, experts, center)
        x, y = grid.x - center[0], grid.y - center[1]
        self._monomials = np.stack([x**i * y**j for i, j in _POWERS], axis=1)
        n_components, n_colors = experts.levels.shape
        self.n_unknowns = n_components * (6 + 3 * n_colors)

    def at(self, changes: Array) -> tuple[float, Array]:
        """Return the error and its gradient by the changes, flat as those are."""
        n_components, n_colors = self._start.experts.levels.shape
        gates, experts, relative = self._start.moved(changes.reshape(n_components, -1))
        pairs = self._shares
        responsibilities = pairs.responsibilities(gates)
        painted = pairs.painted(responsibilities, experts.coefficients(gates.means))
        error = painted - pairs.grid.colors
        by_color = error * (2 / error.size)
        along = (by_color * painted).sum(axis=1)
        monomials = self._monomials
        columns = [monomials * by_color[:, c, None] for c in range(n_colors)]
        columns.append(monomials[:, :_QUADRATIC] * along[:, None])
        sums = responsibilities.T @ np.hstack(columns)
        by_experts = sums[:, :-_QUADRATIC].reshape(n_components, n_colors, len(_POWERS))
        gradient = self._of_changes((gates, experts, relative), by_experts, sums[:, -_QUADRATIC:])
        return float(np.square(error).mean()), gradient.ravel()

    def _of_changes(
        self, moved: tuple[Gates, Experts, Array], by_color: Array, along: Array
    ) -> Array:
        """Return the gradient by the changes, (n_components, ...), from the pixels' sums."""
        gates, experts, relative = moved
        means = gates.means - self._start.center
        n_components, n_colors = experts.levels.shape
        at_center, along_x, along_y = (
            part[..., None] for part in np.split(experts.coefficients(means), 3, axis=1)
        )
        # Sums over the pixels of d error / d q_k, alone, times x and y, and times their products.
        sums = (
            at_center * by_color[:, :, :_QUADRATIC]
            + along_x * by_color[:, :, _TIMES_X]
            + along_y * by_color[:, :, _TIMES_Y]
        ).sum(axis=1) - along
        total, first, second = sums[:, 0], sums[:, 1:3], sums[:, [3, 4, 4, 5]].reshape(-1, 2, 2)
        cross = means[:, :, None] * first[:, None]
        second = second - cross - cross.swapaxes(1, 2)
        second += total[:, None, None] * means[:, :, None] * means[:, None]
        first = first - total[:, None] * means
        inverse = np.linalg.inv(gates.factors)
        precisions = inverse.swapaxes(1, 2) @ inverse
        by_levels = by_color[:, :, 0]
        by_slopes = by_color[:, :, 1:3] - by_levels[:, :, None] * means[:, None]
        by_means = np.einsum("kij,kj->ki", precisions, first)
        by_means -= np.einsum("kcj,kc->kj", experts.slopes, by_levels)
        # q_k = peak - |F^-1 d|^2 / 2 has dq_k / dF = F^-T (F^-1 d) (F^-1 d)^T.
        of_start = self._start.gates.factors
        by_relative = of_start.swapaxes(1, 2) @ (precisions @ second @ inverse.swapaxes(1, 2))
        gradient = np.empty((n_components, 6 + 3 * n_colors))
        gradient[:, 0] = total
        gradient[:, 1:3] = np.einsum("kji,kj->ki", of_start, by_means)
        gradient[:, 3] = by_relative[:, 0, 0] * relative[:, 0, 0]
        gradient[:, 4] = by_relative[:, 1, 0]
        gradient[:, 5] = by_relative[:, 1, 1] * relative[:, 1, 1]
        gradient[:, 6 : 6 + n_colors] = _LEVELS * by_levels
        in_deviations = by_slopes @ np.linalg.inv(of_start).swapaxes(1, 2)
        gradient[:, 6 + n_colors :] = _LEVELS * in_deviations.reshape(n_components, -1)
        return gradient

    def moved(self, changes: Array) -> tuple[Gates, Experts]:
        """Return the gates and experts of some changes."""
        gates, experts, _ = self._start.moved(changes.reshape(len(self._start.gates.means), -1))
        return gates, experts


def minimized(objective: PaintingError, max_evaluations: int = _MAX_EVALUATIONS) -> Array:
    """Return changes that reduce the error, by L-BFGS.

    D. Liu and J. Nocedal, On the limited memory BFGS method for large scale optimization,
    Mathematical Programming 45, 1989.
    """
    found = minimize(
        objective.at,
        np.zeros(objective.n_unknowns),
        jac=True,
        method="L-BFGS-B",
        options={"maxfun": max_evaluations, "maxcor": _MEMORY},
    )
    changes: Array = found.x
    return changes

"""Rounds of refinement of a color model, none of which makes the painting worse.

A round moves gates and experts together, downhill on a quarter of the pixels (another quarter each
time), and then gives all pixels their best experts. It is kept if the exact renderer paints the
picture better; else half of its changes are tried, and then nothing is left to be gained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast import images
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
from gmmfast.mixture import Mixture
from gmmfast.mixture.layouts import as_matrices, cholesky, symmetric
from gmmfast.rendering import render_grid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: Pixels of a grid, at most, unless many components need more.
_MAX_PIXELS = 300_000
_PIXELS_PER_COMPONENT = 64

#: The minimization uses a quarter of them if that leaves this many for a component.
_LEAST_PER_COMPONENT = 30

#: The fractions of the changes of a round that are tried.
_PARTS = (1.0, 0.5)


class Round(NamedTuple):
    """The result of a round."""

    mixture: Mixture
    psnr: float


class Target:
    """The picture to approximate, and the PSNR of a mixture in pixel coordinates."""

    def __init__(
        self, pixels: NDArray[np.uint8], n_components: int, n_threads: int | None = None
    ) -> None:
        self.pixels, self._n_threads = pixels, n_threads
        n_pixels = pixels.shape[0] * pixels.shape[1]
        most = max(_MAX_PIXELS, _PIXELS_PER_COMPONENT * n_components)
        self._step = max(1, int(np.ceil(np.sqrt(n_pixels / most))))
        per_component = n_pixels / self._step**2 / n_components
        self._sparser = 2 if per_component >= 4 * _LEAST_PER_COMPONENT else 1
        self.grid = PixelGrid(pixels, self._step, self._middle)

    @property
    def _middle(self) -> tuple[int, int]:
        first = [min(self._step // 2, size - 1) for size in self.pixels.shape[:2]]
        return first[0], first[1]

    def some(self, number: int) -> PixelGrid:
        """Return one of four parts of the grid."""
        step = self._step * self._sparser
        if self._sparser == 1:
            return self.grid
        # The order 0, 3, 1, 2 puts the second quarter between the pixels of the first.
        place = (0, 3, 1, 2)[number % 4]
        shift = (place // 2, place % 2)
        row, column = (
            min(first + self._step * by, size - 1)
            for first, by, size in zip(self._middle, shift, self.pixels.shape[:2], strict=True)
        )
        return PixelGrid(self.pixels, step, (row, column))

    def psnr(self, mixture: Mixture) -> float:
        """Return the PSNR of the mixture's painting of all pixels, in dB."""
        shape = self.pixels.shape[:2]
        painting = render_grid(
            mixture.with_extent(None), shape, dtype=np.uint8, n_threads=self._n_threads
        )
        return images.psnr(painting, self.pixels)


def parts_of(mixture: Mixture) -> tuple[Gates, Experts]:
    """Return the gates and experts of a mixture over (x, y, colors)."""
    means = mixture.means
    covariances = as_matrices(mixture.covariances, mixture.covariance_type, means.shape)
    slopes: Any = np.linalg.solve(covariances[:, :2, :2], covariances[:, :2, 2:])
    with np.errstate(divide="ignore"):
        logs = np.log(mixture.weights)
    # A component whose weight underflows is invisible.
    gates = Gates.of(np.maximum(logs, -700), means[:, :2], covariances[:, :2, :2])
    return gates, Experts(means[:, 2:], slopes.swapaxes(1, 2))


def joined(gates: Gates, experts: Experts, inner: Array) -> Mixture:
    """Return the mixture of gates and experts with covariances `inner` of colors about them."""
    covariances = gates.covariances
    crossed = experts.slopes @ covariances
    n_components, n_colors = experts.levels.shape
    whole = np.empty((n_components, 2 + n_colors, 2 + n_colors))
    whole[:, :2, :2] = covariances
    whole[:, 2:, :2], whole[:, :2, 2:] = crossed, crossed.swapaxes(1, 2)
    whole[:, 2:, 2:] = inner + crossed @ experts.slopes.swapaxes(1, 2)
    weights = np.exp(gates.log_weights)
    means = np.hstack([gates.means, experts.levels])
    return Mixture(weights / weights.sum(), means, symmetric(whole), covariance_type="full")


def refined_rounds(
    target: Target, mixture: Mixture, max_iter: int, reg_covar: float
) -> Iterator[Round]:
    """Yield the result of each round; the first one changes the experts only.

    Parameters
    ----------
    target : Target
    mixture : Mixture
        Over (x, y, colors), of full covariances, in pixel coordinates.
    max_iter : int
        The limit of rounds; a round that gains nothing is the last.
    reg_covar : float
        The least variance of a position; added to the variances of colors.
    """
    (gates, experts), best = parts_of(mixture), target.psnr(mixture)
    for number in range(max_iter):
        for candidate in _candidates(target, gates, experts, number):
            moved, found = _scored(target, candidate, reg_covar)
            if found.psnr > best:
                (gates, experts), best = moved, found.psnr
                yield found
                break
        else:
            if number:
                return


def _candidates(
    target: Target, gates: Gates, experts: Experts, number: int
) -> Iterator[tuple[Gates, Experts]]:
    """Yield the candidates of a round, to be tried until one improves the painting."""
    if number == 0:
        yield gates, experts
        return
    objective = PaintingError(
        SparseResponsibilities(target.some(number - 1), gates), gates, experts
    )
    changes = minimized(objective)
    for part in _PARTS:
        yield objective.moved(part * changes)


def _scored(
    target: Target, moved: tuple[Gates, Experts], reg_covar: float
) -> tuple[tuple[Gates, Experts], Round]:
    """Return gates with the best experts, and the mixture that they make."""
    gates, experts = _with_least_variance(moved[0], reg_covar), moved[1]
    pairs = SparseResponsibilities(target.grid, gates)
    experts = least_squares_experts(pairs, gates, experts)
    mixture = joined(gates, experts, residual_covariances(pairs, gates, experts, reg_covar))
    return (gates, experts), Round(mixture, target.psnr(mixture))


def _with_least_variance(gates: Gates, least: float) -> Gates:
    """Return the gates with variances of at least this along every axis."""
    values, axes = np.linalg.eigh(gates.covariances)
    narrow = values[:, 0] < least
    if not narrow.any():
        return gates
    raised = axes[narrow] * np.maximum(values[narrow], least)[:, None]
    factors = gates.factors.copy()
    factors[narrow] = cholesky(raised @ axes[narrow].swapaxes(1, 2))
    # The density at the mean stays.
    return gates._replace(factors=factors)


def refined_levels(target: Target, mixture: Mixture) -> Iterator[Round]:
    """Yield the mixture with its best mean colors, all else fixed, if its painting is better.

    This serves covariance types without a covariance of position and color for each component.
    """
    gates, experts = parts_of(mixture)
    pairs = SparseResponsibilities(target.grid, gates)
    experts = least_squares_experts(pairs, gates, experts, with_slopes=False)
    means = np.hstack([mixture.means[:, :2], experts.levels])
    changed = Mixture(
        mixture.weights, means, mixture.covariances, covariance_type=mixture.covariance_type
    )
    found = Round(changed, target.psnr(changed))
    if found.psnr > target.psnr(mixture):
        yield found

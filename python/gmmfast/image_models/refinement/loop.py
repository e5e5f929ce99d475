"""Rounds of refinement of a color model, none of which makes its painting worse.

A round moves gates and experts together, downhill on a quarter of the pixels (another quarter each
time), and then gives all pixels their best experts. It is kept if the exact renderer paints the
picture better; else half of its changes are tried, and then nothing is left to be gained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast import images
from gmmfast.image_models.refinement.gradient import Descent, descended
from gmmfast.image_models.refinement.least_squares import (
    least_squares_experts,
    residual_covariances,
)
from gmmfast.image_models.refinement.responsibilities import Experts, Gates, Lattice, Shares
from gmmfast.mixture import Mixture
from gmmfast.mixture.layouts import as_matrices, cholesky, symmetric
from gmmfast.rendering import render_grid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

#: Pixels of a lattice, at most, unless many components need more.
_MAX_PIXELS = 300_000
_PIXELS_PER_COMPONENT = 64

#: A descent goes over a quarter of them if that leaves a component so many.
_LEAST_PER_COMPONENT = 30

#: How much of a round's changes is tried.
_PARTS = (1.0, 0.5)


class Round(NamedTuple):
    """What a round led to."""

    mixture: Mixture
    psnr: float


class Canvas:
    """A picture to be painted, and how a mixture in pixel coordinates is judged by it."""

    def __init__(
        self, pixels: NDArray[np.uint8], n_components: int, n_threads: int | None = None
    ) -> None:
        self.pixels, self._n_threads = pixels, n_threads
        n_pixels = pixels.shape[0] * pixels.shape[1]
        most = max(_MAX_PIXELS, _PIXELS_PER_COMPONENT * n_components)
        self._step = max(1, int(np.ceil(np.sqrt(n_pixels / most))))
        per_component = n_pixels / self._step**2 / n_components
        self._sparser = 2 if per_component >= 4 * _LEAST_PER_COMPONENT else 1
        self.lattice = Lattice(pixels, self._step, self._middle)

    @property
    def _middle(self) -> tuple[int, int]:
        first = [min(self._step // 2, size - 1) for size in self.pixels.shape[:2]]
        return first[0], first[1]

    def some(self, number: int) -> Lattice:
        """Return a part of the lattice, another one for each of four numbers."""
        step = self._step * self._sparser
        if self._sparser == 1:
            return self.lattice
        # 0, 3, 1, 2: the second quarter lies amidst the first.
        place = (0, 3, 1, 2)[number % 4]
        shift = (place // 2, place % 2)
        row, column = (
            min(first + self._step * by, size - 1)
            for first, by, size in zip(self._middle, shift, self.pixels.shape[:2], strict=True)
        )
        return Lattice(self.pixels, step, (row, column))

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
    # Of a weight that underflows nothing is seen.
    gates = Gates.of(np.maximum(logs, -700), means[:, :2], covariances[:, :2, :2])
    return gates, Experts(means[:, 2:], slopes.swapaxes(1, 2))


def joined(gates: Gates, experts: Experts, inner: Array) -> Mixture:
    """Return the mixture of gates and experts whose colors scatter by `inner` about them."""
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
    canvas: Canvas, mixture: Mixture, max_iter: int, reg_covar: float
) -> Iterator[Round]:
    """Yield what each round leads to, the first one to the best experts alone.

    Parameters
    ----------
    canvas : Canvas
    mixture : Mixture
        Over (x, y, colors), of full covariances, in pixel coordinates.
    max_iter : int
        Rounds at most; fewer if one gains nothing.
    reg_covar : float
        Least variance of a position, and what is added to those of colors.
    """
    (gates, experts), best = parts_of(mixture), canvas.psnr(mixture)
    for number in range(max_iter):
        for candidate in _candidates(canvas, gates, experts, number):
            moved, found = _judged(canvas, candidate, reg_covar)
            if found.psnr > best:
                (gates, experts), best = moved, found.psnr
                yield found
                break
        else:
            if number:
                return


def _candidates(
    canvas: Canvas, gates: Gates, experts: Experts, number: int
) -> Iterator[tuple[Gates, Experts]]:
    """Yield what a round tries, one after the other until the painting is better."""
    if number == 0:
        yield gates, experts
        return
    descent = Descent(Shares(canvas.some(number - 1), gates), gates, experts)
    changes = descended(descent)
    for part in _PARTS:
        yield descent.moved(part * changes)


def _judged(
    canvas: Canvas, moved: tuple[Gates, Experts], reg_covar: float
) -> tuple[tuple[Gates, Experts], Round]:
    """Return gates with the best experts, and the mixture that they make."""
    gates, experts = _floored(moved[0], reg_covar), moved[1]
    shares = Shares(canvas.lattice, gates)
    experts = least_squares_experts(shares, gates, experts)
    mixture = joined(gates, experts, residual_covariances(shares, gates, experts, reg_covar))
    return (gates, experts), Round(mixture, canvas.psnr(mixture))


def _floored(gates: Gates, least: float) -> Gates:
    """Return the gates with variances of at least this along every axis."""
    values, axes = np.linalg.eigh(gates.covariances)
    narrow = values[:, 0] < least
    if not narrow.any():
        return gates
    raised = axes[narrow] * np.maximum(values[narrow], least)[:, None]
    factors = gates.factors.copy()
    factors[narrow] = cholesky(raised @ axes[narrow].swapaxes(1, 2))
    # As dense at its mean as before.
    return gates._replace(factors=factors)


def refined_levels(canvas: Canvas, mixture: Mixture) -> Iterator[Round]:
    """Yield the mixture with its best mean colors, all else held, if that is a better painting.

    For covariances that components share, or that have none between position and color.
    """
    gates, experts = parts_of(mixture)
    shares = Shares(canvas.lattice, gates)
    experts = least_squares_experts(shares, gates, experts, with_slopes=False)
    means = np.hstack([mixture.means[:, :2], experts.levels])
    changed = Mixture(
        mixture.weights, means, mixture.covariances, covariance_type=mixture.covariance_type
    )
    found = Round(changed, canvas.psnr(changed))
    if found.psnr > canvas.psnr(mixture):
        yield found

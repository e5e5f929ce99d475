"""Frames that explain sampling a mixture in two steps, and slicing one at x."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast._random import seed_of
from gmmfast._validation import check_count, check_extent, check_shape, describe
from gmmfast.animation import drawing
from gmmfast.mixture import Mixture
from gmmfast.rendering import render_grid
from gmmfast.rendering.request import extent_of_components

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Pixels = NDArray[np.uint8]

#: The rows of the ground and of the highest curve, relative to the height.
_GROUND, _TOP = 0.88, 0.12

#: Frames of a draw at the beginning, in which the point drops, and bins of the histogram.
_DROP = 12
_BINS = 48

#: Slices from which the scale of the conditional curves is computed.
_SCALED = 100

#: Draws of single points at the beginning.
_SINGLE = 4


def _size(shape: Sequence[int], n_frames: int) -> tuple[tuple[int, int], int]:
    checked = check_shape(shape)
    if len(checked) != 2 or min(checked) < 16:
        raise ValueError(
            f"shape: expected (height, width) of at least 16 pixels each, got {describe(shape)}"
        )
    return (checked[0], checked[1]), check_count("n_frames", n_frames)


class _Stage(NamedTuple):
    """The place of a curve of one feature."""

    parts: Array
    bins: Array
    extent: tuple[float, float]
    ground: float
    unit: float

    def row(self, density: Array) -> Array:
        """Return the rows at which densities are drawn."""
        rows: Array = self.ground - self.unit * density
        return rows


def sampling_frames(
    model: Any,
    shape: Sequence[int],
    n_frames: int,
    *,
    extent: Sequence[float] | None = None,
    random_state: Any = 0,
) -> Iterator[Pixels]:
    """Yield the sampling of a mixture of one feature: a component is chosen, then a point.

    Parameters
    ----------
    model : fitted estimator, Mixture, or (weights, means, covariances)
        A model of one feature.
    shape : (height, width)
        At least 16 pixels each.
    n_frames : int
    extent : (low, high), optional
        The interval that is shown; by default all means and 3.5 standard deviations about them.
    random_state : int, Generator, RandomState or None
        The seed of the draws.

    Returns
    -------
    iterator of ndarray of shape (height, width, 3), uint8
        The component that was chosen lights up, its point drops to the ground, and the
        histogram of all points grows beneath the mixture's curve: first one by one, then
        ever more at a time, about a thousand in ten seconds of 30 frames.

    Examples
    --------
    >>> from gmmfast.animation import sampling_frames
    >>> model = ([0.3, 0.7], [[0.0], [4.0]], [1.0, 1.0])
    >>> [frame.shape for frame in sampling_frames(model, (60, 80), 3)]
    [(60, 80, 3), (60, 80, 3), (60, 80, 3)]
    """
    mixture, (size, n) = Mixture.from_model(model), _size(shape, n_frames)
    if mixture.n_features != 1:
        raise ValueError(
            f"model: expected one feature, got {mixture.n_features}; take one by Mixture.marginal"
        )
    shown_extent = extent_of_components(mixture)
    if extent is not None:
        shown_extent = check_extent([extent], max_axes=1)
    return _sampling(
        mixture, size, n, (shown_extent[0], np.random.default_rng(seed_of(random_state)))
    )


def _sampling(
    mixture: Mixture,
    shape: tuple[int, int],
    n_frames: int,
    how: tuple[tuple[float, float], np.random.Generator],
) -> Iterator[Pixels]:
    extent, rng = how
    stage, ground = _stage(mixture, shape, extent)
    stds = np.sqrt(mixture._parameters().variances()[:, 0])
    counts = np.zeros(len(stage.bins) - 1)
    cumulated = np.cumsum(mixture.weights) / mixture.weights.sum()
    chosen, value, n_points = 0, 0.0, 0
    for number in range(n_frames):
        phase = number % _DROP
        if phase == 0:
            for _ in range(_draws_of(number // _DROP, n_frames // _DROP)):
                chosen = min(int(np.searchsorted(cumulated, rng.random())), len(stds) - 1)
                value = float(mixture.means[chosen, 0] + stds[chosen] * rng.standard_normal())
                counts += np.histogram([value], stage.bins)[0]
                n_points += 1
        frame = ground.copy()
        shown_counts = counts.copy()
        if phase < _DROP - 1:  # the point is still in the air
            shown_counts -= np.histogram([value], stage.bins)[0]
        _histogram(frame, stage, shown_counts / max(n_points, 1))
        heights = stage.row(stage.parts[chosen])
        light = 0.75 * (1 - phase / _DROP)
        drawing.area(frame, heights, stage.ground, drawing.RED, light)
        drawing.curve(frame, heights, drawing.RED)
        drawing.curve(frame, stage.row(stage.parts.sum(axis=0)), drawing.INK)
        _point(frame, stage, value, phase / (_DROP - 1))
        yield drawing.finished(frame)


def _draws_of(turn: int, n_turns: int) -> int:
    """Return how many points a turn draws: single ones first, then ever more, 200 in the last."""
    growth: float = min(2.0, 200 ** (1 / max(1, n_turns - _SINGLE)))
    return int(growth ** max(0, turn - _SINGLE + 1))


def _stage(
    mixture: Mixture, shape: tuple[int, int], extent: tuple[float, float]
) -> tuple[_Stage, Array]:
    """Return the stage, and the frame of the parts that do not change."""
    height, width = shape
    density = render_grid(mixture.with_extent(None), (width,), extent=[extent])
    low, high = extent
    x = low + (np.arange(width) + 0.5) * (high - low) / width
    v = mixture._parameters().variances()[:, 0, None]
    weights = mixture.weights[:, None] / np.sqrt(2 * np.pi * v)
    parts = weights * np.exp(-0.5 * (x - mixture.means) ** 2 / v)
    ground = _GROUND * height
    unit = (_GROUND - _TOP) * height / max(density.max(), np.finfo(float).tiny)
    bins = np.linspace(*extent, min(_BINS, width) + 1)
    stage = _Stage(parts, bins, extent, ground, unit)
    frame = drawing.blank(shape)
    for part in parts:
        drawing.curve(frame, stage.row(part), drawing.BLUE, 1.0)
    drawing.curve(frame, np.full(width, ground), drawing.INK, 1.0)
    return stage, frame


def _histogram(frame: Array, stage: _Stage, shares: Array) -> None:
    width = frame.shape[1]
    bin_of_column = np.minimum(np.arange(width) * len(shares) // width, len(shares) - 1)
    densities = shares / (stage.bins[1] - stage.bins[0])
    rows = stage.row(densities[bin_of_column])
    drawing.area(frame, np.maximum(rows, 0), stage.ground, drawing.BLUE, 0.35)


def _point(frame: Array, stage: _Stage, value: float, fallen: float) -> None:
    low, high = stage.extent
    column = (value - low) / (high - low) * frame.shape[1] - 0.5
    at = int(np.clip(round(column), 0, frame.shape[1] - 1))
    top = float(stage.row(stage.parts.sum(axis=0))[at])
    row = top + (stage.ground - top) * fallen * fallen
    drawing.disc(frame, column, row, max(2.0, 0.012 * frame.shape[0]), drawing.RED)


def slicing_frames(
    model: Any,
    shape: Sequence[int],
    n_frames: int,
    *,
    extent: Sequence[Sequence[float]] | None = None,
) -> Iterator[Pixels]:
    """Yield a mixture of two features that is sliced at x, and the curve p(y | x) on its right.

    Parameters
    ----------
    model : fitted estimator, Mixture, or (weights, means, covariances)
        A model of two features, x and y.
    shape : (height, width)
        At least 16 pixels each; the left two thirds show the density.
    n_frames : int
        In which the slice goes from left to right.
    extent : ((x_low, x_high), (y_low, y_high)), optional
        The extent that is shown; by default the model's, or 3.5 standard deviations about its
        means.

    Returns
    -------
    iterator of ndarray of shape (height, width, 3), uint8

    Examples
    --------
    >>> from gmmfast.animation import slicing_frames
    >>> model = ([1.0], [[0.0, 0.0]], [[[2.0, 1.0], [1.0, 1.0]]])
    >>> [frame.shape for frame in slicing_frames(model, (60, 90), 2)]
    [(60, 90, 3), (60, 90, 3)]
    """
    mixture, (size, n) = Mixture.from_model(model), _size(shape, n_frames)
    if mixture.n_features != 2:
        raise ValueError(
            f"model: expected two features, got {mixture.n_features}; take two by Mixture.marginal"
        )
    if extent is None:
        extent = extent_of_components(mixture) if mixture.extent is None else mixture.extent
    checked = check_extent(extent, max_axes=2)
    if len(checked) != 2:
        raise ValueError(
            f"extent: expected two (low, high) pairs, x first, got {describe(extent)}"
        )
    return _slicing(mixture, size, n, checked)


def _slicing(
    mixture: Mixture, shape: tuple[int, int], n_frames: int, extent: Any
) -> Iterator[Pixels]:
    height, width = shape
    plane = 2 * width // 3
    ground = drawing.blank(shape)
    density = render_grid(mixture, (height, plane), extent=extent)
    # Equal steps of the root: tails are seen, too.
    shade = np.sqrt(density / max(density.max(), np.finfo(float).tiny))
    drawing.paint(ground[:, :plane], 0.9 * shade, drawing.BLUE)
    drawing.paint(ground[:, plane : plane + 1], np.ones((height, 1)), drawing.PALE)
    x_low, x_high = extent[0]
    columns = np.linspace(0, plane - 1, n_frames)

    def curve_at(column: float) -> Array:
        x = x_low + (column + 0.5) * (x_high - x_low) / plane
        curve: Array = render_grid(mixture.condition([0], [x]), (height,), extent=[extent[1]])
        return curve

    # One scale for all slices, from some of them.
    largest = max(curve_at(column).max() for column in np.linspace(0, plane - 1, _SCALED))
    unit = 0.85 * (width - plane) / max(largest, np.finfo(float).tiny)
    for column in columns:
        frame = ground.copy()
        lengths = np.minimum(unit * curve_at(column), width - plane - 2)
        line = np.clip(1.5 - np.abs(np.arange(plane) - column), 0, 1)
        drawing.paint(frame[:, :plane], np.broadcast_to(line, (height, plane)), drawing.RED)
        # On its side: rows are columns there.
        right = frame[:, plane + 1 :].swapaxes(0, 1)[::-1]
        base = float(right.shape[0] - 1)
        drawing.area(right, base - lengths, base, drawing.RED, 0.3)
        drawing.curve(right, base - lengths, drawing.RED)
        yield drawing.finished(frame)

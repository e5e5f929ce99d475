"""Initialization of fits to pictures: compact cells of pixels, then EM on a sample.

Assumes that the first features, two or in a clip three, are a pixel's position and the others, if
any, its color levels. Guarantees an initialization that depends on the points, the options and the
seed alone, not on the number of threads, and needs memory for a sample of the points only.

1. A stratified random sample is drawn: 65,536 points, or 32 a component if that is more.
2. k-means cuts it into cells, seeded by k-means++, in features where positions are scaled to make
   the side of a cell of average area equal to the scatter of the picture's colors. The weighting
   of positions and colors by the size of a cell is the idea of SLIC (Achanta et al., SLIC
   superpixels compared to state-of-the-art superpixel methods, IEEE Trans. Pattern Analysis and
   Machine Intelligence 34(11), 2012), whose weight of colors is a constant; their scatter suits
   dull and gaudy pictures, and levels in any unit.
3. EM on the sample brings the mixture near to where all pixels would have it, at a fraction
   of the cost of an iteration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast.fitting.gaussian import GaussianFit
from gmmfast.fitting.initialization import InitOptions, seeds
from gmmfast.fitting.moments import Moments, moments, statistics_of_labels
from gmmfast.fitting.samples import InMemory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gmmfast.fitting.initialization import Initializer

    Array = NDArray[np.float64]

#: Points of the sample: this many, and at least so many for each component.
SAMPLE = 1 << 16
SAMPLE_PER_COMPONENT = 32

#: Lloyd iterations; EM moves the cells' borders later anyway.
_KMEANS_MAX_ITER = 20

#: EM on the sample. This is added to its regularization, times the fraction of points left out,
#: in place of these: with less, components of few points collapse, which costs PSNR.
_EM_MAX_ITER = 20
_EM_REG_COVAR = 4.0


def image_start(
    samples: InMemory, options: InitOptions, random_state: Any, *, n_positions: int = 2
) -> Moments:
    """Return the initial moments of a fit to a picture's points.

    Parameters
    ----------
    samples : InMemory
        Points (x, y, ...), at least as many as components.
    options : InitOptions
        The number of components and the covariance type; `init_params` is not used.
    random_state : numpy.random.RandomState
        Draws the sample and the seeds.
    n_positions : int
        The number of features that are positions: 2 in a picture, 3 in a clip, whose third is
        time in frames.
    """
    sample = _stratified(samples, options.n_components, random_state)
    left_out = 1 - sample.n_samples / samples.n_samples
    options = options._replace(reg_covar=options.reg_covar + _EM_REG_COVAR * left_out)
    labels = _cells(sample, options.n_components, n_positions, random_state)
    some = _fitted(sample, options, _of_cells(sample, options, labels))
    return some._replace(counts=some.counts * (samples.weight / sample.weight))


def spread_start(n_samples: int) -> Initializer:
    """Return an initializer from points that are a sample of `n_samples` pixels."""

    def start(sample: InMemory, options: InitOptions, random_state: Any) -> Moments:
        left_out = 1 - sample.n_samples / n_samples
        options = options._replace(reg_covar=options.reg_covar + _EM_REG_COVAR * left_out)
        return image_start(sample, options, random_state)

    return start


def _stratified(samples: InMemory, n_components: int, random_state: Any) -> InMemory:
    """Return one point from each of as many stretches of equal weight, or all if they are few.

    The rows follow the picture, which spreads the sample over it.
    """
    n_sample = max(SAMPLE, SAMPLE_PER_COMPONENT * n_components)
    if samples.n_samples <= n_sample:
        return samples
    places = (np.arange(n_sample) + random_state.uniform(size=n_sample)) / n_sample
    if samples.sample_weight is None:
        rows = (places * samples.n_samples).astype(np.intp)
    else:
        weights = np.cumsum(samples.sample_weight)
        rows = np.searchsorted(weights, places * weights[-1], side="right")
    # A place just below 1 may round to it.
    rows = np.minimum(rows, samples.n_samples - 1)
    # A heavy point may be drawn more than once.
    distinct, counts = np.unique(rows, return_counts=True)
    if len(distinct) < n_components:
        return samples
    weight = None if samples.sample_weight is None else counts.astype(np.float64)
    return InMemory(np.ascontiguousarray(samples.points[distinct]), weight, samples.n_threads)


def _cells(
    sample: InMemory, n_components: int, n_positions: int, random_state: Any
) -> NDArray[np.int32]:
    """Return the number of each point's cell."""
    scaled = sample
    positions, colors = sample.points[:, :n_positions], sample.points[:, n_positions:]
    if colors.shape[1]:
        sides = np.ptp(positions, axis=0) + 1
        side = (sides.prod() / n_components) ** (1 / n_positions)
        scatter = np.sqrt(colors.var(axis=0).sum())
        # A picture of one color has cells, too.
        features = np.hstack([positions * (max(scatter, 1.0) / side), colors])
        scaled = InMemory(features, sample.sample_weight, sample.n_threads)
    centers = np.ascontiguousarray(scaled.points[seeds(scaled, n_components, random_state)])
    labels, *_ = scaled.data.kmeans(centers, 0.0, _KMEANS_MAX_ITER, sample.n_threads)
    return labels


def _of_cells(sample: InMemory, options: InitOptions, labels: NDArray[np.int32]) -> Moments:
    """Return the moments of cells."""
    statistics = statistics_of_labels(
        sample.points,
        labels,
        options.n_components,
        sample.sample_weight,
        covariance_type=options.covariance_type,
    )
    return moments(statistics, options.covariance_type, options.reg_covar)[0]


def _fitted(sample: InMemory, options: InitOptions, first: Moments) -> Moments:
    """Return the moments after EM on the sample."""
    fit = GaussianFit(
        options.n_components,
        covariance_type=options.covariance_type,
        reg_covar=options.reg_covar,
        max_iter=_EM_MAX_ITER,
    )
    fit._fit_in_memory(sample, None, lambda *_: first)
    return Moments(sample.weight * fit.weights_, fit.means_, fit.covariances_)

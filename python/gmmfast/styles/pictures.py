"""The arithmetic of the styles: functions from arrays to pictures.

Every function takes arrays over the same grid, returns 8-bit sRGB, and gives the same bits
for the same arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmfast import _core
from gmmfast.styles.ramp import oklab_of_srgb, srgb_of_oklab

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from gmmfast._validation import Extent
    from gmmfast.styles.ramp import Ramp
    from gmmfast.styles.scene import Strokes
    from gmmfast.tone import ToneCurve

    Array = NDArray[np.float64]
    Pixels = NDArray[np.uint8]

#: The length of the tables of noise, a power of two.
_TABLE = 4096

#: Pixels of a band in which strokes are computed: its arrays fit in a cache.
_BAND_PIXELS = 1 << 15

#: Iterations of k-means, at most.
_KMEANS_MAX_ITER = 30

#: The direction of light: from the upper left, y down.
_LIGHT = np.array([-0.6, -0.8])


def ink_picture(darkness: ArrayLike, tone: ToneCurve, ramp: Ramp, grain: float = 0.0) -> Pixels:
    """Return darkness as ink on paper.

    Parameters
    ----------
    darkness : array-like of shape (height, width)
        From 0 (paper) to 1.
    tone : ToneCurve
        From darkness to the amount of ink.
    ramp : Ramp
        From the paper's color to the ink's.
    grain : float
        The largest change of the amount of ink by the grain of the paper, at half tones. 0 is
        smooth paper.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8

    Examples
    --------
    >>> import gmmfast
    >>> from gmmfast.styles import Ramp, ink_picture
    >>> black = Ramp(("#ffffff", "#000000"))
    >>> ink_picture([[0.0, 1.0]], gmmfast.ToneCurve(), black)[..., 0]
    array([[255,   0]], dtype=uint8)
    """
    amount = tone(darkness)
    if grain:
        # Bare paper and solid ink show no tooth.
        amount = amount + grain * paper_tooth(amount.shape) * 4 * amount * (1 - amount)
    return ramp(amount)


def paper_tooth(shape: tuple[int, ...]) -> Array:
    """Return the relief of drawing paper, (height, width), mean 0 and within [-1, 1].

    Noise at the scales of one and of several pixels, from a fixed seed: the paper is always the
    same.
    """
    rng = np.random.default_rng(1)
    fine = rng.uniform(-1, 1, shape)
    coarse = _smoothed(_smoothed(rng.uniform(-1, 1, shape), 0), 1)
    return np.asarray(0.5 * fine + 0.5 * np.clip(2 * coarse, -1, 1))


def _smoothed(values: Array, axis: int) -> Array:
    return (np.roll(values, 1, axis) + 2 * values + np.roll(values, -1, axis)) / 4


def dots_picture(counts: ArrayLike, ramp: Ramp, opacity: float = 0.75) -> Pixels:
    """Return samples as dots of ink on paper, darker where several fell.

    Parameters
    ----------
    counts : array-like of shape (height, width), int
        The number of samples at each pixel.
    ramp : Ramp
        From the paper's color to the ink's.
    opacity : float in (0, 1]
        The opacity of one dot: n of them let (1 - opacity)^n of the paper through.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8

    Examples
    --------
    >>> from gmmfast.styles import Ramp
    >>> dots_picture([[0, 9]], Ramp(("#ffffff", "#000000")))[..., 0]
    array([[255,   0]], dtype=uint8)
    """
    return ramp(1 - (1 - opacity) ** np.asarray(counts, dtype=np.float64))


def flat_picture(labels: NDArray[np.integer], colors: Pixels, factor: int = 1) -> Pixels:
    """Return a color for every label, averaged over blocks of pixels.

    Parameters
    ----------
    labels : ndarray of shape (factor * height, factor * width), int
    colors : ndarray of shape (n_labels, 3), uint8
    factor : int
        The side of the blocks, which smooth the borders between labels. Light is averaged, not
        levels, to keep borders from darkening.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8

    Examples
    --------
    >>> colors = np.array([[255, 0, 0], [0, 0, 255]], dtype=np.uint8)
    >>> flat_picture(np.array([[0, 1]]), colors).tolist()
    [[[255, 0, 0], [0, 0, 255]]]
    """
    light = (colors / 255.0) ** 2.2
    height, width = labels.shape[0] // factor, labels.shape[1] // factor
    total = np.zeros((height, width, 3))
    for row in range(factor):
        for column in range(factor):
            total += light[labels[row::factor, column::factor]]
    return np.rint(255 * (total / factor**2) ** (1 / 2.2)).astype(np.uint8)


def few_colors(colors: ArrayLike, weights: ArrayLike, n_colors: int) -> Pixels:
    """Return a few colors, each in place of the colors nearest to it.

    Parameters
    ----------
    colors : array-like of shape (n, 3)
        sRGB levels.
    weights : array-like of shape (n,)
        The part of the picture that has each color.
    n_colors : int
        The most different colors of the result.

    Returns
    -------
    ndarray of shape (n, 3), uint8

    Notes
    -----
    Weighted k-means in Oklab. The centers are chosen one after the other: the next one is the
    color with the largest product of weight and squared distance to its center.

    Examples
    --------
    >>> few_colors([[100] * 3, [110] * 3, [250, 0, 0]], [1, 1, 1], 2)[:, 0]
    array([105, 105, 250], dtype=uint8)
    """
    lab = oklab_of_srgb(np.clip(colors, 0, 255))
    weight = np.asarray(weights, dtype=np.float64)
    centers = lab[[np.argmax(weight)]]
    while len(centers) < min(n_colors, len(lab)):
        distance = _squared_distances(lab, centers).min(axis=1)
        if not (weight * distance).any():
            break
        centers = np.concatenate([centers, lab[[np.argmax(weight * distance)]]])
    labels, centers, *_ = _core.Data(lab, weight).kmeans(centers, 0.0, _KMEANS_MAX_ITER)
    return np.asarray(np.rint(srgb_of_oklab(centers[labels])).astype(np.uint8))


def _squared_distances(points: Array, centers: Array) -> Array:
    return np.asarray(((points[:, None] - centers) ** 2).sum(axis=-1))


def oil_picture(
    colors: Pixels, labels: NDArray[np.integer], strokes: Strokes, extent: Extent
) -> Pixels:
    """Return a picture in strokes of a bristle brush, lit from the upper left.

    Parameters
    ----------
    colors : ndarray of shape (height, width, 3), uint8
        The colors of the painting.
    labels : ndarray of shape (height, width), int
        The topmost stroke at every pixel.
    strokes : Strokes
        The place and direction of each stroke.
    extent : ((x_low, x_high), (y_low, y_high))
        The extent of the picture.

    Returns
    -------
    ndarray of shape (height, width, 3), uint8
        The colors, lighter and darker along the ridges of the paint, and at the borders of
        strokes.
    """
    height, width = labels.shape
    (x_low, x_high), (y_low, y_high) = extent
    pixel = np.array([(x_high - x_low) / width, (y_high - y_low) / height])
    # Bristles are a share of the canvas, but no finer than pixels show.
    diagonal = np.hypot(x_high - x_low, y_high - y_low)
    bristle = max(diagonal / 420, 1.3 * np.abs(pixel).max())
    ridges = _ridges()
    x = x_low + (np.arange(width) + 0.5) * pixel[0]
    rows = max(1, _BAND_PIXELS // width)
    painted = np.empty((height, width, 3), np.uint8)
    edges = _edges(labels)
    for top in range(0, height, rows):
        band = slice(top, min(top + rows, height))
        y = y_low + (np.arange(band.start, band.stop) + 0.5) * pixel[1]
        label = labels[band]
        across = strokes.across[label]
        offset_x = x - strokes.centers[label, 0]
        offset_y = y[:, None] - strokes.centers[label, 1]
        place = (across[..., 0] * offset_x + across[..., 1] * offset_y) / bristle
        # The hairs of a brush are not even along the stroke either.
        along = (across[..., 0] * offset_y - across[..., 1] * offset_x) / (24 * bristle)
        place += 0.7 * np.sin(along + label)
        slope = np.interp(place + 37.0 * label, np.arange(_TABLE), ridges, period=_TABLE)
        lit = slope * (across @ _LIGHT) + edges[band]
        lab = oklab_of_srgb(colors[band])
        lab[..., 0] += 0.045 * lit
        lab[..., 1:] *= 1.12  # oil is richer than a print
        painted[band] = np.rint(srgb_of_oklab(lab))
    return painted


def _ridges() -> Array:
    """Return slopes of the paint across a brush, one a hair, of a fixed seed."""
    return np.random.default_rng(7).uniform(-1, 1, _TABLE)


def _edges(labels: NDArray[np.integer]) -> Array:
    """Return the edges of strokes: light on the side of the light, else dark."""
    edges = np.zeros(labels.shape)
    for axis in range(2):
        change = np.diff(labels, axis=axis)
        before, after = (slice(None, -1), slice(1, None))
        head = (before, slice(None)) if axis == 0 else (slice(None), before)
        tail = (after, slice(None)) if axis == 0 else (slice(None), after)
        edges[tail] += 0.35 * np.sign(change)
        edges[head] -= 0.15 * np.sign(change)
    return edges


#: Levels of the inks that channels are shown in: pure ones are too dark (blue) or too loud.
CHANNEL_COLORS = ((236, 72, 58), (56, 178, 92), (66, 122, 240))


def channel_pictures(picture: Pixels, colors: ArrayLike = CHANNEL_COLORS) -> Pixels:
    """Return red, green and blue of a picture apart, each from black to a color of its own.

    Parameters
    ----------
    picture : ndarray of shape (height, width, 3), uint8
    colors : array-like of shape (3, 3)
        The sRGB levels that stand for 255 in each channel.

    Returns
    -------
    ndarray of shape (3, height, width, 3), uint8

    Examples
    --------
    >>> picture = np.array([[[255, 51, 0]]], dtype=np.uint8)
    >>> channel_pictures(picture, np.diag([255, 255, 255])).reshape(3, 3)
    array([[255,   0,   0],
           [  0,  51,   0],
           [  0,   0,   0]], dtype=uint8)
    """
    tables = np.arange(256)[:, None, None] * np.asarray(colors) / 255
    levels = np.rint(tables).astype(np.uint8)
    return np.stack([levels[picture[..., channel], channel] for channel in range(3)])

"""Pictures in, feature points out: the only part of gmmfast that knows file formats.

Assumes samples are display-referred (8- or 16-bit integers, or floats in [0, 1]) and sRGB unless
an embedded ICC profile says otherwise. Guarantees that a picture is read as a viewer shows it
(upright, in sRGB, over white, first frame), that a file which cannot be read so is refused with a
message naming the argument, and that a written file appears whole or not at all.

Feature coordinates are (x, y) = (column, row), with pixel centres at the integers.
"""

import math
import numbers
from fractions import Fraction
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gmmfast._memory import check_fits
from gmmfast.images.checks import GREY, GREY_TO_RGBA, Pixels, complaint, require_uint8
from gmmfast.images.drawing import line_drawing
from gmmfast.images.frames import FramesSource, read_frames
from gmmfast.images.reading import ImageSource, read_image
from gmmfast.images.writing import check_writable, write_image

__all__ = [
    "FramesSource",
    "ImageSource",
    "check_writable",
    "color_points",
    "image_extent",
    "ink_points",
    "line_drawing",
    "otsu_threshold",
    "psnr",
    "read_frames",
    "read_image",
    "video_extent",
    "video_points",
    "weighted_ink_points",
    "write_image",
]

Points: TypeAlias = NDArray[np.float64]


def otsu_threshold(grey: Pixels) -> int:
    """Level that best splits a grey picture into dark and bright.

    Maximises the between-class variance of the 256-bin histogram (N. Otsu, "A threshold selection
    method from gray-level histograms", IEEE Trans. Systems, Man, and Cybernetics 9(1), 1979).

    Parameters
    ----------
    grey : ndarray of shape (h, w), uint8
        Levels 0..255.

    Returns
    -------
    int
        Dark is ``grey <= threshold``. Of a run of equally good levels the middle (rounded down)
        is taken, of several such runs the darkest.

    Raises
    ------
    ValueError, TypeError
        If `grey` is empty, not 2-D, not uint8, or has a single level.

    Examples
    --------
    >>> otsu_threshold(np.array([[10, 10, 200]], dtype=np.uint8))
    104
    """
    require_uint8("grey", grey, GREY)
    histogram = Image.fromarray(grey).histogram()
    n, mass = grey.size, sum(level * count for level, count in enumerate(histogram))
    best, plateau, dark, dark_mass = Fraction(0), [0], 0, 0
    for level, count in enumerate(histogram):
        dark, dark_mass = dark + count, dark_mass + level * count
        if not 0 < dark < n:
            continue
        # Between-class variance times n**4, exactly: rounding would tear plateaus apart.
        variance = Fraction((mass * dark - dark_mass * n) ** 2, dark * (n - dark))
        if variance > best:
            best, plateau = variance, [level]
        elif variance == best and level == plateau[-1] + 1:
            plateau.append(level)
    if not best:
        mend = "pass an explicit threshold instead"
        got = f"the single level {grey.flat[0]}"
        raise ValueError(complaint("grey", "at least two levels", got, mend))
    return (plateau[0] + plateau[-1]) // 2


def ink_points(image: ImageSource, threshold: float | None = None) -> Points:
    """Coordinates of the dark pixels of a picture.

    Parameters
    ----------
    image : see `read_image`
    threshold : float in [0, 255], optional
        Pixels of ITU-R BT.601 luma <= threshold are dark. By default Otsu's threshold.

    Returns
    -------
    ndarray of shape (n_points, 2), float64
        (x, y) = (column, row) in pixels, row by row.

    Raises
    ------
    ValueError
        If `threshold` is no number in [0, 255], if no pixel is dark, or if the picture has a
        single level and no `threshold` is given; and as `read_image` raises.

    Examples
    --------
    >>> ink_points(np.array([[255, 0], [255, 255]], dtype=np.uint8))
    array([[1., 0.]])
    """
    number = isinstance(threshold, numbers.Real) and not isinstance(threshold, bool)
    if threshold is not None and not (number and 0 <= threshold <= 255):
        mend = "pass a luma in that range, or None for Otsu's threshold"
        raise ValueError(complaint("threshold", "a number in [0, 255]", repr(threshold), mend))
    luma = _luma(image)
    darkest, brightest = luma.min(), luma.max()
    if threshold is None and darkest == brightest:
        got, mend = f"one flat level of luma {darkest}", "pass a threshold or another picture"
        raise ValueError(complaint("image", "dark pixels on a brighter ground", got, mend))
    level = otsu_threshold(luma) if threshold is None else float(threshold)
    if darkest > level:
        wanted, got = f"a pixel of luma <= threshold={level:g}", f"{darkest} as the darkest luma"
        mend = f"raise threshold to {darkest} or more, or leave it out"
        raise ValueError(complaint("image", wanted, got, mend))
    return np.argwhere(luma <= level)[:, ::-1].astype(np.float64, order="C")


def weighted_ink_points(image: ImageSource) -> tuple[Points, NDArray[np.float64]]:
    """Coordinates of the pixels of a picture that are not white, and how dark they are.

    Parameters
    ----------
    image : see `read_image`

    Returns
    -------
    points : ndarray of shape (n_points, 2), float64
        (x, y) = (column, row) in pixels, row by row.
    darkness : ndarray of shape (n_points,), float64
        1 - luma / 255 in (0, 1], of ITU-R BT.601 luma.

    Raises
    ------
    ValueError
        If all pixels are white; and as `read_image` raises.

    Examples
    --------
    >>> weighted_ink_points(np.array([[255, 0], [204, 255]], dtype=np.uint8))
    (array([[1., 0.],
           [0., 1.]]), array([1. , 0.2]))
    """
    luma = _luma(image)
    inked = np.argwhere(luma < 255)
    if not len(inked):
        mend = "pass a picture with something on it"
        raise ValueError(complaint("image", "pixels darker than white", "only white", mend))
    darkness = 1 - luma[luma < 255] / 255
    return inked[:, ::-1].astype(np.float64, order="C"), darkness


def _luma(image: ImageSource) -> Pixels:
    return np.asarray(Image.fromarray(read_image(image)).convert("L"))


def color_points(image: ImageSource) -> Points:
    """Position and colour of every pixel of a picture.

    Parameters
    ----------
    image : see `read_image`

    Returns
    -------
    ndarray of shape (h * w, 5), float64
        x, y in pixels and r, g, b in 0..255, row by row. Errors are those of `read_image`.

    Examples
    --------
    >>> color_points(np.array([[0, 255]], dtype=np.uint8))
    array([[  0.,   0.,   0.,   0.,   0.],
           [  1.,   0., 255., 255., 255.]])
    """
    rgb = read_image(image)
    height, width, _ = rgb.shape
    points = np.empty((height, width, 5))
    points[..., 0] = np.arange(width)
    points[..., 1] = np.arange(height)[:, None]
    points[..., 2:] = rgb
    return points.reshape(-1, 5)


def image_extent(shape: tuple[int, ...]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Borders of a picture in feature order, half a pixel beyond the outer pixel centres.

    Parameters
    ----------
    shape : tuple (h, w, ...)
        Shape of the picture's array; ValueError if `h` or `w` is missing or not positive.

    Returns
    -------
    ((x_min, x_max), (y_min, y_max)) in pixels

    Examples
    --------
    >>> image_extent((2, 3))
    ((-0.5, 2.5), (-0.5, 1.5))
    """
    if len(shape) < 2 or min(shape[:2]) < 1:
        mend = "pass the .shape of the picture's array"
        raise ValueError(complaint("shape", "(h, w, ...) with h, w >= 1", repr(shape), mend))
    height, width = shape[:2]
    return (-0.5, width - 0.5), (-0.5, height - 0.5)


def video_points(frames: FramesSource) -> Points:
    """Position, time and colour of every pixel of a clip.

    Parameters
    ----------
    frames : see `read_frames`

    Returns
    -------
    ndarray of shape (n_frames * h * w, 6), float64
        x, y in pixels, t in frames and r, g, b in 0..255, frame by frame and row by row.
        Errors are those of `read_frames`; MemoryError if there is no room for the points.

    Examples
    --------
    >>> video_points(np.array([[[0, 9]], [[0, 255]]], dtype=np.uint8))[:, [0, 2, 5]]
    array([[  0.,   0.,   0.],
           [  1.,   0.,   9.],
           [  0.,   1.,   0.],
           [  1.,   1., 255.]])
    """
    rgb = read_frames(frames)
    n_frames, height, width, _ = rgb.shape
    mend = "pass fewer or smaller frames"
    check_fits("frames", rgb.shape, 6 * 8 * n_frames * height * width, mend)
    points = np.empty((n_frames, height, width, 6))
    points[..., 0] = np.arange(width)
    points[..., 1] = np.arange(height)[:, None]
    points[..., 2] = np.arange(n_frames)[:, None, None]
    points[..., 3:] = rgb
    return points.reshape(-1, 6)


def video_extent(shape: tuple[int, ...]) -> tuple[tuple[float, float], ...]:
    """Borders of a clip in feature order: of its pictures, and half a frame before and after.

    Parameters
    ----------
    shape : tuple (n_frames, h, w, ...)
        Shape of the frames' array; ValueError if one of the three is missing or not positive.

    Returns
    -------
    ((x_min, x_max), (y_min, y_max), (t_min, t_max)) in pixels and frames

    Examples
    --------
    >>> video_extent((10, 2, 3))
    ((-0.5, 2.5), (-0.5, 1.5), (-0.5, 9.5))
    """
    if len(shape) < 3 or min(shape[:3]) < 1:
        mend = "pass the .shape of the frames' array"
        wanted = "(n_frames, h, w, ...) of at least 1 each"
        raise ValueError(complaint("shape", wanted, repr(shape), mend))
    return (*image_extent(shape[1:]), (-0.5, shape[0] - 0.5))


def psnr(picture: Pixels, reference: Pixels) -> float:
    """Peak signal-to-noise ratio over all pixels and channels.

    Parameters
    ----------
    picture, reference : ndarray of one shape (h, w), (h, w, 3) or (h, w, 4), uint8

    Returns
    -------
    float
        Decibels relative to the peak 255; inf for equal pictures. ValueError or TypeError for
        arrays of other or unequal shapes or of another dtype.

    Examples
    --------
    >>> round(psnr(np.full((2, 2), 255, np.uint8), np.full((2, 2), 254, np.uint8)), 2)
    48.13
    """
    require_uint8("picture", picture, GREY_TO_RGBA)
    require_uint8("reference", reference, GREY_TO_RGBA)
    if picture.shape != reference.shape:
        mend = "crop or resize one of the two"
        wanted = f"the shape {picture.shape} of picture"
        raise ValueError(complaint("reference", wanted, f"shape {reference.shape}", mend))
    error = float(np.mean(np.square(picture.astype(np.int32) - reference)))
    return 10 * math.log10(255**2 / error) if error else math.inf

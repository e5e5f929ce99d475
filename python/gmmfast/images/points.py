"""Pictures and clips as feature points.

Coordinates are (x, y) = (column, row), with pixel centers at the integers; time counts frames.
"""

import numbers
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gmmfast._memory import check_fits
from gmmfast.images.checks import complaint
from gmmfast.images.frames import FramesSource, read_frames
from gmmfast.images.levels import luma, otsu_threshold
from gmmfast.images.reading import ImageSource, read_image

Points: TypeAlias = NDArray[np.float64]


def ink_points(image: ImageSource, threshold: float | None = None) -> Points:
    """Return the coordinates of the dark pixels of a picture.

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
        If `threshold` is not a number in [0, 255], if no pixel is dark, if the picture has a
        single level and no `threshold` is given, or if `read_image` raises.

    Examples
    --------
    >>> ink_points(np.array([[255, 0], [255, 255]], dtype=np.uint8))
    array([[1., 0.]])
    """
    number = isinstance(threshold, numbers.Real) and not isinstance(threshold, bool)
    if threshold is not None and not (number and 0 <= threshold <= 255):
        mend = "pass a luma in that range, or None for Otsu's threshold"
        raise ValueError(complaint("threshold", "a number in [0, 255]", repr(threshold), mend))
    levels = luma(read_image(image))
    darkest, brightest = levels.min(), levels.max()
    if threshold is None and darkest == brightest:
        got, mend = f"one flat level of luma {darkest}", "pass a threshold or another picture"
        raise ValueError(complaint("image", "dark pixels on a brighter ground", got, mend))
    level = otsu_threshold(levels) if threshold is None else float(threshold)
    if darkest > level:
        wanted, got = f"a pixel of luma <= threshold={level:g}", f"{darkest} as the darkest luma"
        mend = f"raise threshold to {darkest} or more, or leave it out"
        raise ValueError(complaint("image", wanted, got, mend))
    return np.argwhere(levels <= level)[:, ::-1].astype(np.float64, order="C")


def weighted_ink_points(image: ImageSource) -> tuple[Points, NDArray[np.float64]]:
    """Return the coordinates and the darkness of the pixels that are not white.

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
        If all pixels are white, or if `read_image` raises.

    Examples
    --------
    >>> weighted_ink_points(np.array([[255, 0], [204, 255]], dtype=np.uint8))
    (array([[1., 0.],
           [0., 1.]]), array([1. , 0.2]))
    """
    levels = luma(read_image(image))
    inked = np.argwhere(levels < 255)
    if not len(inked):
        mend = "pass a picture with something on it"
        raise ValueError(complaint("image", "pixels darker than white", "only white", mend))
    darkness = 1 - levels[levels < 255] / 255
    return inked[:, ::-1].astype(np.float64, order="C"), darkness


def gray_points(image: ImageSource) -> Points:
    """Return the position and level of every pixel of a gray picture.

    Parameters
    ----------
    image : see `read_image`

    Returns
    -------
    ndarray of shape (h * w, 3), float64
        x, y in pixels and the ITU-R BT.601 luma in 0..255, row by row.

    Raises
    ------
    ValueError, TypeError, OSError
        If `read_image` raises.

    Examples
    --------
    >>> gray_points(np.array([[0, 255]], dtype=np.uint8))
    array([[  0.,   0.,   0.],
           [  1.,   0., 255.]])
    """
    return _points(luma(read_image(image))[..., None])


def color_points(image: ImageSource) -> Points:
    """Return the position and color of every pixel of a picture.

    Parameters
    ----------
    image : see `read_image`

    Returns
    -------
    ndarray of shape (h * w, 5), float64
        x, y in pixels and r, g, b in 0..255, row by row.

    Raises
    ------
    ValueError, TypeError, OSError
        If `read_image` raises.

    Examples
    --------
    >>> color_points(np.array([[0, 255]], dtype=np.uint8))
    array([[  0.,   0.,   0.,   0.,   0.],
           [  1.,   0., 255., 255., 255.]])
    """
    return _points(read_image(image))


def _points(levels: NDArray[np.uint8]) -> Points:
    height, width, n_channels = levels.shape
    points = np.empty((height, width, 2 + n_channels))
    points[..., 0] = np.arange(width)
    points[..., 1] = np.arange(height)[:, None]
    points[..., 2:] = levels
    return points.reshape(-1, 2 + n_channels)


def image_extent(shape: tuple[int, ...]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the borders of a picture, half a pixel beyond the centers of its outer pixels.

    Parameters
    ----------
    shape : tuple (h, w, ...)
        The shape of the picture's array.

    Returns
    -------
    ((x_min, x_max), (y_min, y_max)) in pixels

    Raises
    ------
    ValueError
        If `h` or `w` is missing or not positive.

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
    """Return the position, time and color of every pixel of a clip.

    Parameters
    ----------
    frames : see `read_frames`

    Returns
    -------
    ndarray of shape (n_frames * h * w, 6), float64
        x, y in pixels, t in frames and r, g, b in 0..255, frame by frame and row by row.

    Raises
    ------
    ValueError, TypeError, OSError
        If `read_frames` raises.
    MemoryError
        If the points do not fit in memory.

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
    """Return the borders of a clip: its pictures', and half a frame before and after.

    Parameters
    ----------
    shape : tuple (n_frames, h, w, ...)
        The shape of the frames' array.

    Returns
    -------
    ((x_min, x_max), (y_min, y_max), (t_min, t_max)) in pixels and frames

    Raises
    ------
    ValueError
        If one of the three sizes is missing or not positive.

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

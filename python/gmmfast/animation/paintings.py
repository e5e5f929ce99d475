"""Frames of paintings: filled block by block, growing, refined, magnified, in motion.

All are generators that render a frame when it is needed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast import image_models, images
from gmmfast._validation import check_count, check_positive, check_shape, describe
from gmmfast.image_models.defaults import N_STEPS
from gmmfast.image_models.image import read_pixels
from gmmfast.image_models.pixels import FitSettings
from gmmfast.images.levels import as_rgb
from gmmfast.mixture import Mixture
from gmmfast.rendering import render_grid
from gmmfast.styles import get_style
from gmmfast.tone import DEFAULT_TONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from gmmfast.images import ImageSource
    from gmmfast.tone import ToneCurve

    Pixels = NDArray[np.uint8]

#: Numbers of components of a growing painting.
GROWTH = (1, 2, 3, 5, 8, 12, 20, 35, 60, 100, 200, 350, 600, 1000, 2000)

#: Iterations of each of its fits, at most.
_GROWTH_MAX_ITER = 20

#: Side of the blocks that fill a grid, relative to the picture's longer side; level of the empty.
_BLOCK = 1 / 24
_PAPER = 255

#: Color of the block that was filled last: its border.
_MARK = (214, 80, 40)


def _checked(shape: Sequence[int], n_frames: int) -> tuple[tuple[int, int], int]:
    checked = check_shape(shape)
    if len(checked) != 2:
        raise ValueError(f"shape: expected (height, width), got {describe(shape)}")
    return (checked[0], checked[1]), check_count("n_frames", n_frames)


def _painting(
    mixture: Mixture, shape: tuple[int, int], extent: Any = None, tone: ToneCurve = DEFAULT_TONE
) -> Pixels:
    """Return the mean color, or the ink of a density, as colors."""
    if mixture.n_features > 2:
        return as_rgb(render_grid(mixture, shape, extent=extent, dtype=np.uint8))
    return as_rgb(tone.picture(render_grid(mixture, shape, extent=extent)))


def _extent_of(mixture: Mixture, shape: tuple[int, int]) -> tuple[tuple[float, float], ...]:
    extent = images.image_extent(shape) if mixture.extent is None else mixture.extent
    return extent[:2]


def _eased(n_frames: int) -> NDArray[np.float64]:
    """Return numbers from 0 to 1 that start and end slowly, one a frame."""
    t = np.linspace(0, 1, n_frames) if n_frames > 1 else np.ones(1)
    eased: NDArray[np.float64] = t * t * (3 - 2 * t)
    return eased


def filling_frames(
    model: Any, shape: Sequence[int], n_frames: int, *, tone: ToneCurve = DEFAULT_TONE
) -> Iterator[Pixels]:
    """Yield a grid that is filled block by block, as a renderer goes over its tiles.

    Parameters
    ----------
    model : fitted estimator, Mixture, or (weights, means, covariances)
        A model of ink, (x, y), whose density is drawn, or of color or gray, whose mean is
        painted.
    shape : (height, width)
    n_frames : int
        The number of frames; the last one is the whole picture.
    tone : ToneCurve
        From density to darkness.

    Returns
    -------
    iterator of ndarray of shape (height, width, 3), uint8
        The block that was filled last has a border, except in the last frame.

    Examples
    --------
    >>> from gmmfast.animation import filling_frames
    >>> model = ([1.0], [[15.0, 10.0]], [30.0])
    >>> frames = list(filling_frames(model, (20, 30), 4))
    >>> [int((frame == 255).all(axis=2).sum()) for frame in frames][0] > 400
    True
    """
    mixture, ((height, width), n) = Mixture.from_model(model), _checked(shape, n_frames)
    return _filling(mixture, (height, width), n, tone)


def _filling(
    mixture: Mixture, shape: tuple[int, int], n_frames: int, tone: ToneCurve
) -> Iterator[Pixels]:
    height, width = shape
    (left, right), (low, high) = _extent_of(mixture, shape)
    step_x, step_y = (right - left) / width, (high - low) / height
    # The tone curve needs the largest density before the first block.
    largest = render_grid(mixture, shape).max() if mixture.n_features == 2 else 1.0
    side = max(1, math.ceil(max(shape) * _BLOCK))
    blocks = [(y, x) for y in range(0, height, side) for x in range(0, width, side)]
    filled = np.full((height, width, 3), _PAPER, dtype=np.uint8)
    done = 0
    for number in range(1, n_frames + 1):
        for y, x in blocks[done : round(len(blocks) * number / n_frames)]:
            rows, columns = min(side, height - y), min(side, width - x)
            extent = (
                (left + step_x * x, left + step_x * (x + columns)),
                (low + step_y * y, low + step_y * (y + rows)),
            )
            if mixture.n_features == 2:
                density = render_grid(mixture, (rows, columns), extent=extent)
                darkness = tone(density / largest if largest > 0 else density)
                block = as_rgb(np.rint(255 * (1 - darkness)).astype(np.uint8))
            else:
                block = _painting(mixture, (rows, columns), extent)
            filled[y : y + rows, x : x + columns] = block
            done += 1
        frame = filled.copy()
        if done < len(blocks) and done:
            y, x = blocks[done - 1]
            _outline(frame[y : y + side, x : x + side])
        yield frame


def _outline(block: Pixels) -> None:
    for edge in (block[0], block[-1], block[:, 0], block[:, -1]):
        edge[:] = _MARK


def zooming_frames(
    model: Any,
    shape: Sequence[int],
    n_frames: int,
    *,
    center: tuple[float, float] | None = None,
    factor: float = 8.0,
) -> Iterator[Pixels]:
    """Yield a painting that is magnified: a mixture also has colors between pixels.

    Parameters
    ----------
    model : fitted estimator, Mixture, or (weights, means, covariances)
        A model of color, of gray or of ink.
    shape : (height, width)
    n_frames : int
    center : (x, y), optional
        The center of the last frame, in features; the middle by default.
    factor : float
        The magnification of the last frame, at least 1.

    Returns
    -------
    iterator of ndarray of shape (height, width, 3), uint8

    Examples
    --------
    >>> from gmmfast.animation import zooming_frames
    >>> model = ([1.0], [[15.0, 10.0]], [30.0])
    >>> [frame.shape for frame in zooming_frames(model, (20, 30), 2)]
    [(20, 30, 3), (20, 30, 3)]
    """
    mixture, (size, n) = Mixture.from_model(model), _checked(shape, n_frames)
    factor = check_positive("factor", factor)
    if factor < 1:
        raise ValueError(f"factor: expected at least 1, got {factor}; 8 magnifies eightfold")
    extent = np.array(_extent_of(mixture, size))
    middle = extent.mean(axis=1) if center is None else np.array(center, dtype=np.float64)
    if middle.shape != (2,) or not np.isfinite(middle).all():
        raise ValueError(f"center: expected two finite numbers (x, y), got {describe(center)}")
    return _zooming(mixture, size, (extent, middle), factor ** -_eased(n))


def _zooming(mixture: Mixture, shape: tuple[int, int], view: Any, parts: Any) -> Iterator[Pixels]:
    extent, center = view
    most = 1 - parts.min()
    for part in parts:
        # The fixed point moves to the center: no frame leaves the picture.
        middle = extent.mean(axis=1)
        at = middle + (center - middle) * ((1 - part) / most if most else 1.0)
        half = 0.5 * part * (extent[:, 1] - extent[:, 0])
        yield _painting(mixture, shape, np.stack([at - half, at + half], axis=1))


def growing_frames(  # noqa: PLR0913 (a user's choices, by name)
    image: ImageSource,
    shape: Sequence[int],
    n_frames: int,
    *,
    n_components: Iterable[int] = GROWTH,
    kind: str = "auto",
    style: str | None = None,
    random_state: Any = 0,
) -> Iterator[Pixels]:
    """Yield paintings of a picture by ever more components, each fitted when it is needed.

    Parameters
    ----------
    image : see `gmmfast.images.read_image`
    shape : (height, width)
    n_frames : int
        Divided evenly among the numbers of components; each painting changes into the next.
    n_components : iterable of int
        Ascending, at most the picture's number of pixels; by default 1, 2, 3, 5, ... 2000.
    kind, random_state
        As in `fit_image`.
    style : str, optional
        The style of the paintings, one of `gmmfast.styles.STYLES`.

    Returns
    -------
    iterator of ndarray of shape (height, width, 3), uint8

    Examples
    --------
    >>> import numpy as np
    >>> from gmmfast.animation import growing_frames
    >>> ramp = np.stack([np.indices((12, 16))[1] * 15] * 3, axis=2).astype(np.uint8)
    >>> len(list(growing_frames(ramp, (12, 16), 6, n_components=[1, 3], kind="color")))
    6
    """
    size, n = _checked(shape, n_frames)
    pixels = images.read_image(image)
    numbers = [check_count("n_components", number) for number in n_components]
    n_pixels = pixels.shape[0] * pixels.shape[1]
    if not numbers or max(numbers) > n_pixels:
        raise ValueError(
            f"n_components: expected numbers from 1 to {n_pixels}, that of the picture's pixels, "
            f"got {describe(numbers)}; pass others"
        )

    def models() -> Iterator[Any]:
        points = read_pixels(pixels, kind, None)
        parameters = {"max_iter": _GROWTH_MAX_ITER, "random_state": random_state}
        for number in numbers:
            yield FitSettings(number, parameters=parameters).fit(points)

    return _changing(models(), len(numbers), _painter(size, style), n)


def refining_frames(
    model: Any,
    image: ImageSource,
    shape: Sequence[int],
    n_frames: int,
    *,
    style: str | None = None,
    **options: Any,
) -> Iterator[Pixels]:
    """Yield the painting of a model as `refine` improves it.

    Parameters
    ----------
    model, image
        As `refine` takes them.
    shape : (height, width)
    n_frames : int
        Divided evenly among the steps, each of which changes into the next; if there are fewer
        steps than expected, the last frames are still.
    style : str, optional
        The style of the paintings, one of `gmmfast.styles.STYLES`.
    **options
        The other options of `refinements`: max_iter, time, reg_covar, tol, threshold, n_threads.

    Returns
    -------
    iterator of ndarray of shape (height, width, 3), uint8
    """
    size, n = _checked(shape, n_frames)
    steps = image_models.refinements(model, image, **options)
    most = min(options.get("max_iter") or N_STEPS, N_STEPS)
    return _changing((step.mixture for step in steps), 1 + most, _painter(size, style), n)


def _painter(shape: tuple[int, int], style: str | None) -> Callable[[Mixture], Pixels]:
    """Return a function that paints models at a shape, plain or in a style."""
    painted = None if style is None else get_style(style)
    return lambda mixture: (painted or _painting)(mixture, shape)


def _changing(
    models: Iterator[Any], n_models: int, paint: Callable[[Mixture], Pixels], n_frames: int
) -> Iterator[Pixels]:
    """Yield the models' paintings, each of which changes into the next and then stays."""
    number = -1
    last = present = np.zeros((1, 1, 3), np.uint8)  # until the first model has its painting
    for i in range(n_frames):
        place = i * n_models / n_frames if n_frames > 1 else n_models - 1
        while number < int(place):
            model = next(models, None)
            number += 1
            if model is not None:
                last, present = present, paint(Mixture.from_model(model))
                if number == 0:
                    last = present
            else:
                last = present
        share = min(1.0, 2 * (place - number + n_models / n_frames))
        blend = last + share * (present.astype(np.float64) - last)
        yield np.rint(blend).astype(np.uint8)


def video_frames(model: Any, shape: Sequence[int], n_frames: int) -> Iterator[Pixels]:
    """Yield the frames of a clip's model, at any size and rate, one at a time.

    Parameters
    ----------
    model : fitted estimator or Mixture
        A model over (x, y, t, r, g, b) with the extent of the clip, as `fit_video` returns.
    shape : (height, width)
    n_frames : int
        The number of frames, spread over the clip.

    Returns
    -------
    iterator of ndarray of shape (height, width, 3), uint8
        The frames of `render_grid(model, (n_frames, height, width), dtype=np.uint8)`.
    """
    mixture, (size, n) = Mixture.from_model(model), _checked(shape, n_frames)
    if mixture.extent is None or len(mixture.extent) != 3:
        raise ValueError(
            f"model: expected a clip's, of an extent in x, y and t, got {mixture!r}; fit_video "
            "returns such models"
        )
    return _playing(mixture, size, n, mixture.extent)


def _playing(
    mixture: Mixture, shape: tuple[int, int], n_frames: int, extent: Any
) -> Iterator[Pixels]:
    along_x, along_y, (first, last) = extent
    step = (last - first) / n_frames
    for i in range(n_frames):
        time = first + step * i, first + step * (i + 1)
        yield render_grid(mixture, (1, *shape), extent=(along_x, along_y, time), dtype=np.uint8)[0]

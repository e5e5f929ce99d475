"""Sampling art: points drawn from a model, at their places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gmmfast.images.levels import as_rgb
from gmmfast.mixture import Mixture
from gmmfast.plot.base import Display, Frame, picture_image
from gmmfast.plot.colors import check_channels
from gmmfast.plot.palettes import palette_of
from gmmfast.rendering.samples import render_samples
from gmmfast.styles import color_levels, dots_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

    from gmmfast.styles import Ramp


class SamplesDisplay(Display):
    """Samples as dots on paper, in the color of ink or in their own.

    Parameters
    ----------
    values : ndarray of shape (height, width) or (height, width, n_channels)
        How many samples fell on each pixel, or the mean color of those that did.
    picture : ndarray of shape (height, width, 3), uint8
    frame : Frame
        The part of the plane.

    Attributes
    ----------
    image_ : matplotlib.image.AxesImage
        The artist.
    ax_, figure_
        Where it is drawn.

    Examples
    --------
    >>> from gmmfast.plot import SamplesDisplay
    >>> model = ([0.5, 0.5], [[10.0, 10.0], [30.0, 12.0]], [9.0, 16.0])
    >>> display = SamplesDisplay.from_estimator(model, n_samples=1000, shape=(24, 40))
    >>> bool(900 < display.values.sum() <= 1000)
    True
    """

    image_: AxesImage

    def __init__(self, *, values: NDArray[Any], picture: NDArray[np.uint8], frame: Frame) -> None:
        self.values, self.picture, self.frame = values, picture, frame

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        n_samples: int = 40_000,
        shape: Sequence[int] | None = None,
        *,
        palette: str | Ramp = "azure",
        extent: Sequence[Sequence[float]] | None = None,
        random_state: Any = 0,
        ax: Axes | None = None,
        n_threads: int | None = None,
    ) -> Self:
        """Draw samples of a model.

        Parameters
        ----------
        model : fitted estimator, Mixture, or (weights, means, covariances)
            Over (x, y), (x, y, gray) or (x, y, r, g, b), levels from 0 to 255.
        n_samples : int
            How many; those beyond the frame are not seen. It comes before the shape, unlike in
            `render_samples`: pass both by name.
        shape, extent, n_threads
            As for `DensityDisplay.from_estimator`.
        palette : str or Ramp
            The paper; and for ink, which has no color of its own, the ink.
        random_state : int, Generator or RandomState
            As for `render_samples`.
        ax : matplotlib Axes, optional
            By default those of a new figure.

        Returns
        -------
        SamplesDisplay

        Raises
        ------
        ValueError, TypeError
            If the model has other features, or if `render_samples` raises.
        ImportError
            If matplotlib is not installed.
        """
        cls._require()
        frame = Frame.from_model(model, shape, extent)
        mixture, ramp = Mixture.from_model(model), palette_of(palette)
        values = sample_values(mixture, frame, n_samples, ramp, random_state, n_threads)
        return cls(values=values, picture=sample_picture(values, ramp), frame=frame).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw it on axes, by default on those of a new figure."""
        ax = self._take_picture_axes(ax, self.frame)
        self.image_ = picture_image(ax, self.picture, self.frame)
        return self


def sample_values(
    mixture: Mixture,
    frame: Frame,
    n_samples: int,
    ramp: Ramp,
    random_state: Any,
    n_threads: int | None,
) -> NDArray[Any]:
    """Return counts of ink, or mean colors in uint8 on the ramp's paper."""
    check_channels(mixture, or_ink=True)
    options: dict[str, Any] = {
        "extent": frame.extent,
        "random_state": random_state,
        "n_threads": n_threads,
    }
    n_channels = mixture.n_features - 2
    if n_channels:
        paper = np.array(color_levels(ramp.paper), dtype=np.float64)
        background = paper if n_channels == 3 else np.full(n_channels, paper.mean())
        options |= {"dtype": np.uint8, "background": background}
    values = render_samples(mixture, frame.shape, n_samples, **options)
    return values.reshape(*frame.shape, -1) if n_channels else values


def sample_picture(values: NDArray[Any], ramp: Ramp) -> NDArray[np.uint8]:
    """Return the result of `sample_values` as a picture, (height, width, 3) in uint8."""
    if values.ndim == 2:
        return dots_picture(values, ramp)
    return as_rgb(values)

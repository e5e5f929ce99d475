"""A display of the channels of a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gmmfast import images
from gmmfast.images.levels import as_rgb
from gmmfast.plot.base import Display, Frame, new_axes, picture_image
from gmmfast.plot.colors import check_channels
from gmmfast.styles import channel_pictures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

    from gmmfast.images import ImageSource

_NAMES = ("red", "green", "blue")


class ChannelsDisplay(Display):
    """Red, green and blue of a picture side by side, each in a color of its own.

    Parameters
    ----------
    picture : ndarray of shape (height, width, 3), uint8
    frame : Frame
        The part of the plane.

    Attributes
    ----------
    channels : ndarray of shape (3, height, width, 3), uint8
        The picture that is drawn.
    images_ : list of matplotlib.image.AxesImage
    axes_ : ndarray of shape (3,)
        The axes; `ax_` is the first.
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import numpy as np
    >>> from gmmfast.plot import ChannelsDisplay
    >>> picture = np.array([[[250, 10, 0], [0, 20, 250]]], dtype=np.uint8)
    >>> ChannelsDisplay.from_image(picture).channels[2].tolist()
    [[[0, 0, 0], [65, 120, 235]]]
    """

    images_: list[AxesImage]
    axes_: NDArray[Any]

    def __init__(self, *, picture: NDArray[np.uint8], frame: Frame) -> None:
        self.picture, self.frame = picture, frame
        self.channels = channel_pictures(picture)

    @classmethod
    def from_image(cls, image: ImageSource, *, ax: Sequence[Axes] | None = None) -> Self:
        """Draw the channels of a picture.

        Parameters
        ----------
        image : str, os.PathLike, binary file, PIL.Image.Image or ndarray
            Any picture: see `gmmfast.images.read_image`.
        ax : sequence of three matplotlib Axes, optional
            By default those of a new figure.

        Returns
        -------
        ChannelsDisplay
        """
        cls._require()
        picture = images.read_image(image)
        height, width = picture.shape[:2]
        frame = Frame((height, width), images.image_extent(picture.shape), y_down=True)
        return cls(picture=picture, frame=frame).plot(ax)

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        shape: Sequence[int] | None = None,
        *,
        extent: Sequence[Sequence[float]] | None = None,
        ax: Sequence[Axes] | None = None,
        n_threads: int | None = None,
    ) -> Self:
        """Draw the channels of the conditional mean of a model of a picture.

        Those of a gray picture are all the same.

        Parameters
        ----------
        model : fitted estimator, Mixture, or (weights, means, covariances)
            Over (x, y, gray) or (x, y, r, g, b); levels are from 0 to 255.
        shape, extent, n_threads
            As for `DensityDisplay.from_estimator`.
        ax : sequence of three matplotlib Axes, optional
            By default those of a new figure.

        Returns
        -------
        ChannelsDisplay

        Raises
        ------
        ValueError, TypeError
            If the model has other features, or if `render_grid` raises.
        """
        cls._require()
        check_channels(model)
        frame = Frame.from_model(model, shape, extent)
        picture = frame.render(model, "mean", dtype=np.uint8, n_threads=n_threads)
        return cls(picture=as_rgb(picture), frame=frame).plot(ax)

    def plot(self, ax: Sequence[Axes] | None = None) -> Self:
        """Draw it on three axes, by default on those of a new figure."""
        if ax is None:
            height, width = self.frame.shape
            size = (9.6, max(1.5, 3.2 * height / width + 0.3))
            ax = new_axes(3, size)
        self.axes_ = np.asarray(ax, dtype=object).reshape(-1)
        if len(self.axes_) != 3:
            raise ValueError(f"ax: expected three axes, got {len(self.axes_)}; plt.subplots(1, 3)")
        self.images_ = []
        for axes, channel, name in zip(self.axes_, self.channels, _NAMES, strict=True):
            self._take_picture_axes(axes, self.frame)
            axes.set_title(name, fontsize=10)
            self.images_.append(picture_image(axes, channel, self.frame))
        self.ax_ = self.axes_[0]
        return self

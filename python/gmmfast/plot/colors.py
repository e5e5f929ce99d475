"""Displays of the mean color, its standard deviation, and the labels of a model of a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gmmfast._validation import describe
from gmmfast.images.levels import as_rgb
from gmmfast.mixture import Mixture
from gmmfast.plot.base import Display, Frame, picture_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray


class ConditionalMeanDisplay(Display):
    """The mean color at every pixel given its position, or the standard deviation of colors.

    Parameters
    ----------
    picture : ndarray of shape (height, width, 3), uint8
    values : ndarray of shape (height, width, n_channels)
        The quantity itself.
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
    >>> from gmmfast.plot import ConditionalMeanDisplay
    >>> model = ([0.5, 0.5], [[2.0, 3.0, 40.0], [9.0, 3.0, 200.0]], [4.0, 4.0])
    >>> display = ConditionalMeanDisplay.from_estimator(model, (8, 12))
    >>> display.picture.shape, display.values.shape
    ((8, 12, 3), (8, 12, 1))
    """

    image_: AxesImage

    def __init__(
        self, *, picture: NDArray[np.uint8], values: NDArray[np.float64], frame: Frame
    ) -> None:
        self.picture, self.values, self.frame = picture, values, frame

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        shape: Sequence[int] | None = None,
        *,
        quantity: str = "mean",
        extent: Sequence[Sequence[float]] | None = None,
        ax: Axes | None = None,
        n_threads: int | None = None,
    ) -> Self:
        """Render a model over (x, y, gray) or (x, y, r, g, b), and draw it.

        Parameters
        ----------
        model : fitted estimator, Mixture, or (weights, means, covariances)
            Levels are from 0 to 255.
        shape, extent, n_threads
            As for `DensityDisplay.from_estimator`.
        quantity : {"mean", "std"}
            The conditional mean, as a painting; or the conditional standard deviation, scaled to
            a largest value of 255.
        ax : matplotlib Axes, optional
            By default those of a new figure.

        Returns
        -------
        ConditionalMeanDisplay

        Raises
        ------
        ValueError, TypeError
            If the quantity is another one, if the model has other features, or if `render_grid`
            raises.
        ImportError
            If matplotlib is not installed.
        """
        cls._require()
        if quantity not in ("mean", "std"):
            raise ValueError(f"quantity: expected 'mean' or 'std', got {describe(quantity)}")
        check_channels(model)
        frame = Frame.from_model(model, shape, extent)
        values = frame.render(model, quantity, n_threads=n_threads).reshape(*frame.shape, -1)
        brightest = 255.0 if quantity == "mean" else values.max()
        levels = np.rint(np.clip(values * (255 / brightest), 0, 255)).astype(np.uint8)
        return cls(picture=as_rgb(levels), values=values, frame=frame).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw it on axes, by default on those of a new figure."""
        ax = self._take_picture_axes(ax, self.frame)
        self.image_ = picture_image(ax, self.picture, self.frame)
        return self


class LabelDisplay(Display):
    """Every pixel in the mean color of the component that is most responsible for it.

    Parameters
    ----------
    labels : ndarray of shape (height, width), int
    colors : ndarray of shape (n_components, 3), uint8
    frame : Frame

    Attributes
    ----------
    picture : ndarray of shape (height, width, 3), uint8
        The picture that is drawn.
    image_ : matplotlib.image.AxesImage
        The artist.
    ax_, figure_
        Where it is drawn.

    Examples
    --------
    >>> from gmmfast.plot import LabelDisplay
    >>> model = ([0.5, 0.5], [[2.0, 3.0, 40.0], [9.0, 3.0, 200.0]], [4.0, 4.0])
    >>> LabelDisplay.from_estimator(model, (8, 12)).picture[0, [0, -1], 0]
    array([ 40, 200], dtype=uint8)
    """

    image_: AxesImage

    def __init__(
        self, *, labels: NDArray[np.integer], colors: NDArray[np.uint8], frame: Frame
    ) -> None:
        self.labels, self.colors, self.frame = labels, colors, frame
        self.picture = colors[labels]

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        shape: Sequence[int] | None = None,
        *,
        extent: Sequence[Sequence[float]] | None = None,
        ax: Axes | None = None,
        n_threads: int | None = None,
    ) -> Self:
        """Render the label map of a model, and draw it.

        Parameters
        ----------
        model : fitted estimator, Mixture, or (weights, means, covariances)
            Over (x, y, gray) or (x, y, r, g, b); levels are from 0 to 255.
        shape, extent, ax, n_threads
            As for `DensityDisplay.from_estimator`.

        Returns
        -------
        LabelDisplay

        Raises
        ------
        ValueError, TypeError
            If the model has other features, or if `render_grid` raises.
        ImportError
            If matplotlib is not installed.
        """
        cls._require()
        check_channels(model)
        frame = Frame.from_model(model, shape, extent)
        labels = frame.render(model, "label", n_threads=n_threads)
        return cls(labels=labels, colors=mean_colors(model), frame=frame).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw it on axes, by default on those of a new figure."""
        ax = self._take_picture_axes(ax, self.frame)
        self.image_ = picture_image(ax, self.picture, self.frame, interpolation="nearest")
        return self


def mean_colors(model: Any) -> NDArray[np.uint8]:
    """Return the mean color of each component of a picture's model, (n_components, 3)."""
    levels = Mixture.from_model(model).means[:, 2:]
    colors = np.rint(np.clip(levels, 0, 255)).astype(np.uint8)
    return np.broadcast_to(colors, (len(colors), 3))


def check_channels(model: Any, *, or_ink: bool = False) -> None:
    """Raise ValueError if a model is of no gray or color picture nor, if allowed, of ink."""
    n_features = Mixture.from_model(model).n_features
    if n_features not in (3, 5) and not (or_ink and n_features == 2):
        ink = "2 features (x, y) of ink, " if or_ink else ""
        mend = "take its marginal of these" if or_ink else "for ink see DensityDisplay"
        raise ValueError(
            f"model: expected {ink}3 features (x, y, gray) or 5 (x, y, r, g, b), got "
            f"{n_features}; {mend}"
        )

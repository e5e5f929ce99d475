"""The density of a model over a picture, as it is or through a tone curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from gmmfast.plot.base import Display, Frame, picture_image
from gmmfast.plot.palettes import palette_of
from gmmfast.styles import ink_picture
from gmmfast.tone import ToneCurve, scale_to_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

    from gmmfast.styles import Ramp


class DensityDisplay(Display):
    """A density as ink on paper.

    Parameters
    ----------
    density : ndarray of shape (height, width)
        At least 0 and finite.
    frame : Frame
        The part of the plane.
    tone : ToneCurve
        From the density, scaled to [0, 1], to the amount of ink.
    ramp : Ramp
        From paper to ink.

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
    >>> from gmmfast.plot import DensityDisplay
    >>> model = ([0.5, 0.5], [[10.0, 10.0], [30.0, 12.0]], [9.0, 16.0])
    >>> display = DensityDisplay.from_estimator(model, (24, 40))
    >>> display.picture.shape
    (24, 40, 3)
    """

    image_: AxesImage

    def __init__(
        self, *, density: NDArray[np.float64], frame: Frame, tone: ToneCurve, ramp: Ramp
    ) -> None:
        self.density, self.frame, self.tone, self.ramp = density, frame, tone, ramp
        self.picture = ink_picture(scale_to_unit(density), tone, ramp)

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        shape: Sequence[int] | None = None,
        *,
        extent: Sequence[Sequence[float]] | None = None,
        tone: ToneCurve | None = None,
        palette: str | Ramp = "ink",
        ax: Axes | None = None,
        n_threads: int | None = None,
    ) -> Self:
        """Render the density of a model's first two features, and draw it.

        Parameters
        ----------
        model : fitted estimator, Mixture, or (weights, means, covariances)
            A model of two or more features, the first of which are x and y.
        shape : (height, width), optional
            By default the picture's that the model remembers, or 640 pixels along the
            longer side and at least 200 along the shorter.
        extent : sequence of (low, high), optional
            The extent that is shown, x first. By default the picture that the model remembers;
            with a shape pixel coordinates; else three standard deviations about the mean. If one
            side is more than ten times as long as the other, features have different units: they
            fill the axes, which then have ticks and the features' names.
        tone : ToneCurve, optional
            By default the straight line.
        palette : str or Ramp
            From paper to ink: a name in `PALETTES`, or a ramp.
        ax : matplotlib Axes, optional
            By default those of a new figure.
        n_threads : int, optional
            As for `render_grid`.

        Returns
        -------
        DensityDisplay

        Raises
        ------
        ValueError, TypeError
            If `render_grid` raises.
        ImportError
            If matplotlib is not installed.
        """
        cls._require()
        ramp = palette_of(palette)
        frame = Frame.from_model(model, shape, extent)
        density = frame.render(model, "density", n_threads=n_threads)
        return cls(density=density, frame=frame, tone=tone or ToneCurve(), ramp=ramp).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw it on axes, by default on those of a new figure."""
        ax = self._take_picture_axes(ax, self.frame)
        self.image_ = picture_image(ax, self.picture, self.frame)
        return self

"""How a picture becomes a table: its pixels enlarged, and the rows (x, y, r, g, b) of some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gmmfast import images
from gmmfast._validation import check_count
from gmmfast.plot._base import Display

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from matplotlib.table import Table
    from numpy.typing import NDArray

    from gmmfast.images import ImageSource

_COLUMNS = ("x", "y", "r", "g", "b")


class PointsDisplay(Display):
    """A corner of a picture, pixel by pixel, beside the rows that a mixture is fitted to.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
        The corner.
    origin : (x, y)
        Of its first pixel in the picture.
    n_rows : int
        How many rows of the table are shown.

    Attributes
    ----------
    points : ndarray of shape (height * width, 5)
        x, y, r, g, b of each pixel, row by row.
    image_ : matplotlib.image.AxesImage
    table_ : matplotlib.table.Table
    axes_ : ndarray of shape (2,)
        Of the pixels and of the table; `ax_` is the first.
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import numpy as np
    >>> from gmmfast.plot import PointsDisplay
    >>> picture = np.array([[[250, 10, 0], [0, 20, 250]]], dtype=np.uint8)
    >>> PointsDisplay.from_image(picture).points.astype(int).tolist()
    [[0, 0, 250, 10, 0], [1, 0, 0, 20, 250]]
    """

    image_: AxesImage
    table_: Table
    axes_: NDArray[Any]

    def __init__(
        self, *, pixels: NDArray[np.uint8], origin: tuple[int, int] = (0, 0), n_rows: int = 12
    ) -> None:
        self.pixels, self.origin, self.n_rows = pixels, origin, n_rows
        self.points = images.color_points(pixels)
        self.points[:, :2] += origin

    @classmethod
    def from_image(
        cls,
        image: ImageSource,
        *,
        origin: tuple[int, int] = (0, 0),
        size: int = 10,
        n_rows: int = 12,
        ax: Sequence[Axes] | None = None,
    ) -> Self:
        """Draw a corner of a picture and the table of its pixels.

        Parameters
        ----------
        image : str, os.PathLike, binary file, PIL.Image.Image or ndarray
            Any picture: see `gmmfast.images.read_image`.
        origin : (x, y)
            The corner's first pixel.
        size : int
            Its sides, in pixels, cut off at the picture's border.
        n_rows : int
            How many rows of the table are shown, at most.
        ax : sequence of two matplotlib Axes, optional
            By default those of a new figure.

        Returns
        -------
        PointsDisplay

        Raises
        ------
        ValueError, TypeError
            As `read_image` raises, or a corner beyond the picture.
        ImportError
            Without matplotlib.
        """
        cls._require()
        side = check_count("size", size)
        x, y = origin
        picture = images.read_image(image)
        corner = picture[y : y + side, x : x + side] if min(x, y) >= 0 else picture[:0]
        if not corner.size:
            height, width = picture.shape[:2]
            raise ValueError(
                f"origin: expected (x, y) within {width}x{height} pixels, got {origin}"
            )
        rows = check_count("n_rows", n_rows)
        return cls(pixels=corner, origin=(x, y), n_rows=rows).plot(ax)

    def plot(self, ax: Sequence[Axes] | None = None) -> Self:
        """Draw it on two axes, by default on those of a new figure."""
        self._require()
        if ax is None:
            import matplotlib.pyplot as plt  # noqa: PLC0415 (an extra, and slow to import)

            _, ax = plt.subplots(1, 2, figsize=(8.4, 4.2), layout="constrained")
        self.axes_ = np.asarray(ax, dtype=object).reshape(-1)
        if len(self.axes_) != 2:
            raise ValueError(f"ax: expected two axes, got {len(self.axes_)}; plt.subplots(1, 2)")
        right = self._take_axes(self.axes_[1])
        left = self._take_axes(self.axes_[0])
        (x, y), (height, width) = self.origin, self.pixels.shape[:2]
        borders = (x - 0.5, x + width - 0.5, y + height - 0.5, y - 0.5)
        self.image_ = left.imshow(self.pixels, extent=borders, interpolation="nearest")
        for at in np.arange(x, x + width - 1) + 0.5:
            left.axvline(at, color="white", lw=1.2)
        for at in np.arange(y, y + height - 1) + 0.5:
            left.axhline(at, color="white", lw=1.2)
        left.set(xlabel="x", ylabel="y")
        left.tick_params(length=0)
        left.spines[:].set_visible(False)
        self._draw_table(right)
        return self

    def _draw_table(self, ax: Axes) -> None:
        from matplotlib.transforms import Bbox  # noqa: PLC0415 (an extra)

        shown = self.points[: self.n_rows].astype(int)
        cells = [["", *map(str, row)] for row in shown.tolist()]
        swatches: list[list[Any]] = [[tuple(row[2:] / 255), *["white"] * 5] for row in shown]
        ax.set_axis_off()
        widths = [0.12, *[0.17] * 5]
        self.table_ = ax.table(
            cells,
            cellColours=swatches,
            colLabels=["", *_COLUMNS],
            colWidths=widths,
            cellLoc="center",
            bbox=Bbox.unit(),
        )
        for cell in self.table_.get_celld().values():
            cell.set_edgecolor("#d8dde6")
            cell.set_linewidth(0.8)

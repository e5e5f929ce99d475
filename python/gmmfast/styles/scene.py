"""The arrays that styles paint from: a model over a grid, rendered at their first use.

Assumes a model of ink, over (x, y), or of a picture, over (x, y, gray) or (x, y, r, g, b) with
levels from 0 to 255. Only the layers that a style uses are rendered.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast._validation import check_shape, describe
from gmmfast.images.levels import LUMA, as_rgb
from gmmfast.mixture import Mixture
from gmmfast.rendering.grid import render_grid
from gmmfast.rendering.request import resolve_extent
from gmmfast.tone import scale_to_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gmmfast._validation import Extent

    Array = NDArray[np.float64]

#: How a model is painted, by its number of features: gray is a color.
_KIND_OF = {2: "ink", 3: "color", 5: "color"}


class Strokes(NamedTuple):
    """The place and direction of each component, in the model's units."""

    #: (n_components, 2): x, y of the centers.
    centers: Array
    #: (n_components, 2): unit vectors across, along the shorter axis.
    across: Array


class Scene:
    """A model over a grid of pixels.

    Parameters
    ----------
    model : fitted estimator, Mixture, or (weights, means, covariances)
        A model of 2 features (ink), or of 3 or 5 (a gray or a color picture).
    shape : (height, width)
    extent : sequence of (low, high), optional
        As for `render_grid`.
    n_threads : int, optional

    Raises
    ------
    ValueError, TypeError
        If the model has other features, or if `render_grid` raises.
    """

    def __init__(
        self,
        model: Any,
        shape: Sequence[int],
        *,
        extent: Sequence[Sequence[float]] | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.mixture = Mixture.from_model(model)
        self.shape = check_shape(shape)
        if len(self.shape) != 2:
            raise ValueError(f"shape: expected (height, width), got {describe(shape)}")
        if self.mixture.n_features not in _KIND_OF:
            raise ValueError(
                "model: expected 2 features (x, y) of ink, or 3 or 5 of a picture, got "
                f"{self.mixture.n_features}; take its marginal of these first"
            )
        self.extent: Extent = resolve_extent(extent, self.mixture.extent, [0, 1], self.shape)
        self.n_threads = n_threads

    @property
    def kind(self) -> str:
        """The kind of the model: "ink" or "color"."""
        return _KIND_OF[self.mixture.n_features]

    def render(self, quantity: str, **options: Any) -> NDArray[Any]:
        """Return a quantity of `render_grid` over this grid."""
        return render_grid(
            self.mixture,
            self.shape,
            quantity=quantity,  # type: ignore[arg-type]
            extent=self.extent,
            n_threads=self.n_threads,
            **options,
        )

    def finer(self, factor: int) -> Scene:
        """Return the same picture with `factor` times as many pixels along each axis."""
        shape = [factor * size for size in self.shape]
        return Scene(self.mixture, shape, extent=self.extent, n_threads=self.n_threads)

    @cached_property
    def density(self) -> Array:
        """The density of (x, y) divided by its largest value, (height, width)."""
        return scale_to_unit(self.render("density"))

    @cached_property
    def color(self) -> NDArray[np.uint8]:
        """The mean color at every pixel, (height, width, 3)."""
        return as_rgb(self.render("mean", dtype=np.uint8))

    @cached_property
    def darkness(self) -> Array:
        """The inverted luma of the mean color, stretched to [0, 1], (height, width)."""
        darkness = 255 - self.color @ LUMA
        return scale_to_unit(darkness - darkness.min())

    @cached_property
    def labels(self) -> NDArray[np.int32]:
        """The most responsible component at every pixel, (height, width)."""
        return self.render("label")

    @cached_property
    def strokes(self) -> Strokes:
        """Each component as a stroke of a brush."""
        ellipses = self.mixture.error_ellipses()
        along = np.radians(ellipses.angles)
        return Strokes(ellipses.centers, np.stack([-np.sin(along), np.cos(along)], axis=-1))

"""The styles by name.

A style is a value: its name, its ramp of colors, and a function from a `Scene` to a picture. A new
style is a new entry in `STYLES`, here or in a script.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._validation import describe
from gmmfast.styles.pictures import few_colors, flat_picture, ink_picture, oil_picture
from gmmfast.styles.ramp import Ramp
from gmmfast.styles.scene import Scene
from gmmfast.tone import ToneCurve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

#: Samples along each axis of a pixel where borders are sharp.
_FACTOR = 2


@dataclass(frozen=True)
class Style:
    """A way to paint a model.

    Parameters
    ----------
    name : str
    summary : str
        A description in one line.
    ramp : Ramp
        Its colors from paper to ink, also for contours and samples in the same style.
    paint : callable of (Scene, Ramp)
        Returns the picture, (height, width, 3) in uint8.
    pixel_bytes : int
        The memory that `paint` needs for each pixel.
    """

    name: str
    summary: str
    ramp: Ramp
    paint: Callable[[Scene, Ramp], Pixels]
    pixel_bytes: int

    def __call__(
        self,
        model: Any,
        shape: Sequence[int],
        *,
        extent: Sequence[Sequence[float]] | None = None,
        n_threads: int | None = None,
    ) -> Pixels:
        """Return a picture of a model in this style.

        Parameters
        ----------
        model : fitted estimator, Mixture, or (weights, means, covariances)
            A model of ink, over (x, y), or of a picture, over (x, y, gray) or (x, y, r, g, b).
        shape : (height, width)
        extent, n_threads
            As for `render_grid`.

        Returns
        -------
        ndarray of shape (height, width, 3), uint8

        Raises
        ------
        ValueError, TypeError
            If `render_grid` raises, or if the model has other features.

        Examples
        --------
        >>> from gmmfast.styles import STYLES
        >>> model = ([0.5, 0.5], [[4.0, 4.0], [12.0, 6.0]], [4.0, 2.0])
        >>> STYLES["blueprint"](model, (12, 18)).shape
        (12, 18, 3)
        """
        return self.paint(Scene(model, shape, extent=extent, n_threads=n_threads), self.ramp)


@dataclass(frozen=True)
class Tones:
    """The tone curves of drawings and of photographs, and the grain of the paper."""

    density: ToneCurve
    darkness: ToneCurve
    grain: float = 0.0

    def paint(self, scene: Scene, ramp: Ramp) -> Pixels:
        """Return the scene as ink on paper."""
        if scene.kind == "ink":
            return ink_picture(scene.density, self.density, ramp, self.grain)
        return ink_picture(scene.darkness, self.darkness, ramp, self.grain)


def _poster(scene: Scene, ramp: Ramp, n_colors: int, steps: Sequence[float]) -> Pixels:
    """Return a few flat colors: steps of a drawing's density, or a photograph's components."""
    fine = scene.finer(_FACTOR)
    if scene.kind == "ink":
        labels = np.searchsorted(steps, fine.density, side="right")
        return flat_picture(labels, ramp(np.linspace(0, 1, len(steps) + 1)), _FACTOR)
    means = np.broadcast_to(scene.mixture.means[:, 2:], (scene.mixture.n_components, 3))
    colors = few_colors(means, scene.mixture.weights, n_colors)
    return flat_picture(fine.labels, colors, _FACTOR)


def _oil(scene: Scene, ramp: Ramp, tone: ToneCurve) -> Pixels:
    """Return strokes of a brush, one a component, in the mean colors or in the ramp's."""
    colors = ramp(tone(scene.density)) if scene.kind == "ink" else scene.color
    return oil_picture(colors, scene.labels, scene.strokes, scene.extent)


def _styles() -> dict[str, Style]:
    soft = ToneCurve(((0, 0), (0.03, 0.06), (0.3, 0.72), (0.7, 0.95), (1, 1)))
    crisp = ToneCurve(((0, 0), (0.02, 0.02), (0.12, 0.75), (0.35, 0.97), (1, 1)))
    lines = ToneCurve(((0, 0), (0.02, 0.05), (0.15, 0.65), (0.5, 0.95), (1, 1)))
    contrast = ToneCurve(((0, 0), (0.15, 0.03), (0.5, 0.5), (0.85, 0.95), (1, 1)))
    steep = ToneCurve(((0, 0), (0.4, 0.04), (0.6, 0.75), (0.8, 1), (1, 1)))
    negative = ToneCurve(((0, 1), (0.35, 0.7), (0.75, 0.12), (1, 0)))
    poster = partial(_poster, n_colors=8, steps=(0.015, 0.06, 0.2))
    oil = partial(_oil, tone=soft)
    styles = (
        Style(
            "charcoal",
            "soft black on warm, grained paper",
            Ramp(("#f3ede2", "#8d867c", "#1c1917")),
            Tones(soft, contrast, grain=0.16).paint,
            64,
        ),
        Style(
            "ink",
            "crisp blue-black on white",
            Ramp(("#fcfbf7", "#5d6f93", "#0f1730")),
            Tones(crisp, steep).paint,
            48,
        ),
        Style(
            "blueprint",
            "white lines on Prussian blue, photographs as cyanotypes",
            Ramp(("#123c69", "#5d8fc0", "#f1f7fb")),
            Tones(lines, negative).paint,
            48,
        ),
        Style(
            "poster",
            "few flat colors, steps of a density or eight of the mean colors",
            Ramp(("#f4e9d2", "#e8a33d", "#c8452f", "#22304f")),
            poster,
            144,
        ),
        Style(
            "oil",
            "strokes of a brush, one a component, in the mean colors",
            Ramp(("#e9dcc0", "#b98a4e", "#5f3a22", "#21140e")),
            oil,
            48,
        ),
    )
    return {style.name: style for style in styles}


#: The styles by name.
STYLES = _styles()


def get_style(name: str) -> Style:
    """Return the style of a name.

    Raises
    ------
    ValueError
        If `name` is not a known style.

    Examples
    --------
    >>> get_style("charcoal").ramp.paper
    '#f3ede2'
    """
    if not isinstance(name, str) or name not in STYLES:
        raise ValueError(f"style: expected one of {', '.join(STYLES)}, got {describe(name)}")
    return STYLES[name]

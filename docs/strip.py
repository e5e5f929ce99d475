"""The strip of pictures at the top of README.md: `make strip` writes docs/strip.png.

The strip shows two photographs that scikit-learn ships, cropped, and pictures of their mixtures.
All random numbers have fixed seeds, so equal versions of the libraries give the same file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_image

import gmmfast
from gmmfast import images
from gmmfast._files import replaced
from gmmfast.cli.figures import full_axes, pixels_of
from gmmfast.plot import EllipseDisplay
from gmmfast.styles import STYLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

#: The (height, width) of a panel, and the width of the transparent gap between panels.
SHAPE, GAP = (319, 255), 14

#: The diameter of a point of paint in pixels.
DOT = 3

#: The rows and columns of each photograph that are shown, in the proportions of a panel.
CROPS = {
    "china.jpg": (slice(13, 413), slice(50, 370)),
    "flower.jpg": (slice(16, 416), slice(147, 467)),
}

#: Numbers of components: of the painting, the drawing, the ellipses and poster, and the points of
#: paint. The last is small, which makes the drawn colors vary.
N_COMPONENTS, N_LINES, N_PATCHES, N_LOOSE = 1500, 1200, 600, 150


def strip() -> Pixels:
    """Return the strip, (height, width, 4) with the opacity last."""
    pagoda, dahlia = (load_sample_image(name)[crop] for name, crop in CROPS.items())
    painted = gmmfast.refine(gmmfast.fit_image(pagoda, N_COMPONENTS), pagoda)
    drawn = gmmfast.fit_image(images.line_drawing(pagoda), N_LINES, threshold="otsu")
    patches = gmmfast.fit_image(dahlia, N_PATCHES)
    panels = [
        resized(pagoda),
        gmmfast.render_grid(painted, SHAPE, dtype=np.uint8),
        ellipses(patches),
        STYLES["poster"](patches, SHAPE),
        points(gmmfast.fit_image(dahlia, N_LOOSE)),
        STYLES["charcoal"](drawn, SHAPE),
    ]
    height, width = SHAPE
    page = np.zeros((height, len(panels) * (width + GAP) - GAP, 4), np.uint8)
    for left, panel in zip(range(0, page.shape[1], width + GAP), panels, strict=True):
        page[:, left : left + width, :3] = panel
        page[:, left : left + width, 3] = 255
    return page


def resized(pixels: Pixels) -> Pixels:
    """Return a picture at the size of a panel."""
    return np.asarray(Image.fromarray(pixels).resize(SHAPE[::-1], Image.Resampling.LANCZOS))


def ellipses(model: gmmfast.GaussianMixture) -> Pixels:
    """Return the components as ellipses, drawn at twice the size for smoother edges."""
    shape = 2 * SHAPE[0], 2 * SHAPE[1]
    display = EllipseDisplay.from_estimator(model, shape, n_std=1.5, ax=full_axes(shape))
    return resized(pixels_of(display.figure_))


def points(model: gmmfast.GaussianMixture) -> Pixels:
    """Return the colors drawn at every third pixel as dots of paint on the mean colors."""
    shape = -(-SHAPE[0] // DOT), -(-SHAPE[1] // DOT)
    fine = 4 * DOT
    offsets = (np.arange(fine) + 0.5) / fine - 0.5
    dot = Image.fromarray(np.uint8(255 * (np.hypot(offsets, offsets[:, None]) < 0.5)))
    cover = np.asarray(dot.resize((DOT, DOT), Image.Resampling.BOX)) / 255
    drawn, ground = (
        gmmfast.render_grid(model, size, dtype=np.uint8, **options)
        for size, options in (
            (shape, {"quantity": "sample", "random_state": 0}),
            ((DOT * shape[0], DOT * shape[1]), {}),
        )
    )
    paint = drawn.repeat(DOT, 0).repeat(DOT, 1).astype(float)
    picture = ground + np.tile(cover, shape)[..., None] * (paint - ground)
    return np.rint(picture[: SHAPE[0], : SHAPE[1]]).astype(np.uint8)


def in_few_colors(page: Pixels) -> Image.Image:
    """Return the strip in 255 colors and transparency, a third of the bytes."""
    picture = Image.fromarray(np.ascontiguousarray(page[..., :3]))
    palette = picture.quantize(255, Image.Quantize.MEDIANCUT, kmeans=3)
    dithered = picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    indices = np.where(page[..., 3] == 0, 255, np.asarray(dithered)).astype(np.uint8)
    result = Image.fromarray(indices)
    result.putpalette([*(palette.getpalette() or [])[: 3 * 255], 255, 255, 255])
    return result


if __name__ == "__main__":
    path = Path(__file__).with_name("strip.png")
    with replaced(path) as file:
        in_few_colors(strip()).save(file, format="PNG", optimize=True, transparency=255)
    print(f"docs/{path.name}: {path.stat().st_size / 1000:.0f} kB")  # noqa: T201

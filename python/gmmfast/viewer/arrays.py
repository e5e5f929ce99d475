"""The arrays that a page needs: the mixture as conditionals, and the survivors of each tile.

A page sums only the survivors of a pixel's tile. The core makes the lists with the proof of its
culling, which holds at every point of a tile, so a list is valid at any zoom. Together the
components that are left out stay below 2^-13 of the density and of a mean's scale, a twentieth of
an 8-bit level. A standard deviation needs more components; they follow those of the mean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast.mixture.layouts import cholesky, inverse_lower
from gmmfast.mixture.parameters import n_positions
from gmmfast.rendering.grid import render_grid
from gmmfast.rendering.request import Request, extent_of_components, resolve_extent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gmmfast._validation import Extent
    from gmmfast.mixture import Mixture

#: Features that remain beside the axes of the picture: none for ink, gray, or red, green, blue.
COLORS = (0, 1, 3)

#: Largest error of what the lists leave out.
_TOLERANCE = 2.0**-12

#: Number of tiles, about: of a picture, and of all frames of a clip (but some for each frame).
_N_TILES, _N_CLIP_TILES, _MIN_TILES = 640, 2048, 12

#: Survivors in all tiles at most; the browser needs 84 bytes for each.
_MAX_SURVIVORS = 4_000_000

#: Pixels of a side of the core's tiles.
_TILE = 32

#: Pixels of the longer side of a picture whose size is unknown.
_SIDE = 640

#: Pixels in which the ranges of quantities are found, at most.
_RANGE_PIXELS = 100_000


@dataclass(frozen=True)
class Scene:
    """A mixture and the picture that it is seen as."""

    mixture: Mixture
    #: (height, width), or (n_frames, height, width).
    shape: tuple[int, ...]
    extent: Extent

    @property
    def n_axes(self) -> int:
        """Number of the first features that span the picture, with time."""
        return len(self.shape)

    @property
    def n_colors(self) -> int:
        """Number of remaining features."""
        return self.mixture.n_features - self.n_axes


def scene_of(mixture: Mixture, shape: tuple[int, ...] | None) -> Scene:
    """Return the picture of a mixture; its size follows the extent if `shape` is None."""
    n_features = mixture.n_features
    n_axes = n_positions(mixture)
    if shape is not None and len(shape) == 3:
        n_axes = 3
    if n_features < 2 or n_features - n_axes not in COLORS:
        raise ValueError(
            f"model: expected the features (x, y), (x, y, gray), (x, y, r, g, b) or one of these "
            f"with t after y, got {n_features} features; "
            + (
                "draw its curve with gmmfast.plot.PdfDisplay"
                if n_features < 2
                else "take some of them: model.marginal([0, 1])"
            )
        )
    if shape is not None and len(shape) != n_axes:
        raise ValueError(f"image: expected {n_axes} axes for this model, got the shape {shape}")
    known = mixture.extent or ()
    if len(known) < n_axes and shape is not None:
        grid = resolve_extent(None, mixture.extent, list(range(n_axes)), shape)
    else:
        grid = (*known, *extent_of_components(mixture, 3.0)[len(known) : n_axes])
    return Scene(mixture, shape or _shape_of(grid), grid)


def _shape_of(extent: Extent) -> tuple[int, ...]:
    """Return the pixels of an extent: units if they are whole, else 640 along the longer side."""
    sizes = [abs(high - low) for low, high in extent]  # an axis may descend
    is_whole = all(abs(size - round(size)) < 1e-9 and 1 <= size <= 20_000 for size in sizes)
    if not is_whole:
        scale = _SIDE / max(sizes[:2])
        sizes = [max(1.0, scale * size) for size in sizes[:2]] + [32.0] * (len(sizes) - 2)
    return tuple(round(size) for size in reversed(sizes))


def component_arrays(scene: Scene) -> dict[str, NDArray[np.float64]]:
    """Return the components as a page needs them.

    Notes
    -----
    With the picture's features g in array order (t, y, x) and the remaining features c, each
    component has log2 of its weighted density, peak - |W (g - m)|^2, the regression
    E[c | g] = mean + slopes (g - m), and the variances of c given g.
    """
    p = scene.mixture._parameters()
    n = scene.n_axes
    order = [*reversed(range(n)), *range(n, scene.mixture.n_features)]
    matrices = p.matrices()[:, order][:, :, order]
    factors = cholesky(matrices)
    inverse = inverse_lower(factors[:, :n, :n])
    slopes = factors[:, n:, :n] @ inverse
    own = factors[:, n:, n:]
    log_peak = (
        p.log_weights
        + np.log(np.diagonal(inverse, axis1=1, axis2=2)).sum(axis=1)
        - n / 2 * math.log(2 * math.pi)
    )
    means = p.means[:, order]
    rows, columns = np.tril_indices(n)
    peak = np.maximum(log_peak * math.log2(math.e), -1e300)  # -inf for a weight of zero
    return {
        "peak": peak,
        "position": means[:, :n],
        "factor": inverse[:, rows, columns] * math.sqrt(math.log2(math.e) / 2),
        "color": means[:, n:],
        "slopes": slopes.reshape(len(peak), -1),
        "variances": (own**2).sum(axis=2),
    }


@dataclass(frozen=True)
class TileLists:
    """The survivors of each tile: for a mean, then the others that a deviation needs."""

    #: (n_frames, rows, columns) of the tiles, 1 frame for a picture.
    shape: tuple[int, ...]
    #: Left edge of the first tile and width of all, along x and along y.
    tiling: tuple[tuple[float, float], tuple[float, float]]
    n_mean: NDArray[np.uint32]
    n_all: NDArray[np.uint32]
    components: NDArray[np.uint32]


def tile_lists(scene: Scene) -> TileLists:
    """Return the survivors of tiles that cover the picture and a margin."""
    frames = scene.shape[0] if scene.n_axes == 3 else 1
    n_tiles = _N_TILES if scene.n_axes == 2 else max(_MIN_TILES, _N_CLIP_TILES // frames)
    height, width = scene.shape[-2:]
    side = math.sqrt(height * width / n_tiles)  # in pixels of the picture
    counts = [max(1, round(size / side)) for size in (width, height)]
    tiling, grid = [], []
    for (low, high), n in zip(scene.extent[:2], counts, strict=True):
        # The proof bounds the regressions at the grid's pixel centers, so they reach beyond.
        tile = (high - low) / (n - 1 / _TILE)
        tiling.append((low - tile / 2 / _TILE, tile))
        grid.append((low - tile / 2 / _TILE, low - tile / 2 / _TILE + n * tile))
    shape = (*scene.shape[: scene.n_axes - 2], counts[1] * _TILE, counts[0] * _TILE)
    extent = (*grid, *scene.extent[2:])
    quantities = ("mean", "std") if scene.n_colors else ("density",)
    lists = [_lists(scene.mixture, shape, extent, quantity) for quantity in quantities]
    n_mean, components = lists[0]
    n_all = n_mean
    if len(lists) > 1:
        n_all, components = _with_others(scene.mixture.n_components, lists[0], lists[1])
    return TileLists(
        (frames, counts[1], counts[0]), (tiling[0], tiling[1]), n_mean, n_all, components
    )


_Lists = tuple["NDArray[np.uint32]", "NDArray[np.uint32]"]


def _lists(mixture: Mixture, shape: tuple[int, ...], extent: Extent, quantity: Any) -> _Lists:
    request = Request.from_arguments(
        mixture, shape, quantity=quantity, extent=extent, tolerance=_TOLERANCE
    )
    counts, components = request.prepare().survivor_lists()
    if len(components) > _MAX_SURVIVORS:
        raise ValueError(
            f"model: expected at most {_MAX_SURVIVORS} components in all tiles of the page, got "
            f"{len(components)}; fit fewer components, or set an extent of a part of the picture"
        )
    return counts.ravel(), components


def _with_others(n_components: int, mean: _Lists, std: _Lists) -> _Lists:
    """Return lists with those of the mean first, then the others of the deviation."""
    keys = []
    for n, components in (mean, std):
        tiles = np.repeat(np.arange(len(n)), n)
        keys.append(tiles * n_components + components)
    others = np.setdiff1d(keys[1], keys[0], assume_unique=True)
    both = np.concatenate([keys[0], others])
    tiles = both // n_components
    order = np.argsort(tiles, kind="stable")
    n_all = np.bincount(tiles, minlength=len(mean[0])).astype(np.uint32)
    return n_all, (both[order] % n_components).astype(np.uint32)


def ranges(scene: Scene) -> dict[str, tuple[float, float]]:
    """Return the values of each quantity that are shown as paper and as full ink."""
    height, width = scene.shape[-2:]
    scale = min(1.0, math.sqrt(_RANGE_PIXELS / (height * width)))
    shape: tuple[int, ...] = (max(1, round(scale * height)), max(1, round(scale * width)))
    if scene.n_axes == 3:
        frames = min(scene.shape[0], 8)
        shape = (frames, max(1, shape[0] // 2), max(1, shape[1] // 2))
    log_density, entropy = (
        render_grid(
            scene.mixture, shape, quantity=quantity, extent=scene.extent, tolerance=_TOLERANCE
        )
        for quantity in ("log_density", "entropy")
    )
    top = float(log_density.max())
    low = max(float(np.quantile(log_density, 0.02)), top - 40)
    return {
        "log_density": (min(low, top - 1e-3), top),
        "entropy": (0.0, max(float(entropy.max()), 1e-3)),
    }

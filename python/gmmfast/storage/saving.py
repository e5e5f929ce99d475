"""`save` and `render`: a picture of any size into a file, tile by tile.

Assumes a picture whose slices give arrays. Guarantees constant memory, tiles with the bits of the
picture, and that a writing that was stopped goes on without making a finished tile again.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from gmmfast._files import StrPath, check_destination, check_path
from gmmfast._validation import check_count, describe, shape_and_dtype
from gmmfast.rendering.grid_array import GridArray
from gmmfast.rendering.request import Options, Request
from gmmfast.storage import deep_zoom
from gmmfast.storage.deep_zoom import DeepZoomStore
from gmmfast.storage.pyramid import Builder, Layout, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import DTypeLike

    from gmmfast.fitting.blocks import Mapper
    from gmmfast.storage.zarrs import ZarrStore

#: The endings of paths, the longest first.
ENDINGS = (".ome.zarr", ".zarr", ".tiff", ".tif", ".dzi")

#: Sides of tiles in pixels.
_TILE_SIZES = {".dzi": 512, ".tif": 512, ".tiff": 512}
_TILE_SIZE = 1024

#: The level whose tiles are the tasks of a mapper: 4 x 4 tiles of the picture.
_TASK_LEVEL = 2


def render(
    model: Any,
    shape: Sequence[int],
    path: StrPath,
    *,
    dtype: DTypeLike | None = None,
    tile_size: int | None = None,
    mapper: Mapper | None = None,
    progress: Callable[[int, int], object] | None = None,
    **options: Unpack[Options],
) -> None:
    """Render a Gaussian mixture over a grid into a file, at constant memory.

    Parameters
    ----------
    model, shape, dtype, **options
        See `gmmfast.render_grid`; the shape is (height, width).
    path, tile_size, mapper, progress
        See `save`.

    Raises
    ------
    ValueError, TypeError, OSError
        As `gmmfast.render_grid` and `save` raise them.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import gmmfast.storage
    >>> import zarr
    >>> model = ([0.5, 0.5], [[300.0, 300.0, 20.0], [900.0, 700.0, 220.0]], [9e4, 9e4])
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "big.ome.zarr")
    ...     gmmfast.storage.render(model, (3000, 2000), path, dtype="uint8")
    ...     levels = zarr.open_group(path, mode="r")
    ...     [levels[str(level)].shape for level in range(len(levels))]
    [(1, 3000, 2000), (1, 1500, 1000), (1, 750, 500)]
    """
    request = Request.from_arguments(model, shape, **options)
    picture = GridArray(request, request.dtype(dtype))
    save(
        picture,
        path,
        is_label=request.quantity == "label",
        tile_size=tile_size,
        mapper=mapper,
        progress=progress,
    )


def save(
    picture: Any,
    path: StrPath,
    *,
    is_label: bool = False,
    tile_size: int | None = None,
    mapper: Mapper | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> None:
    """Write a picture of any size to a file, tile by tile.

    Parameters
    ----------
    picture : array of shape (height, width) or (height, width, n_channels)
        Anything with `shape` and `dtype` whose slices give arrays: a dask or zarr array, a
        `numpy.memmap`, a lazy rendering of `gmmfast.dask.render_grid`.
    path : str or os.PathLike
        Its ending is the format: ".zarr", one array; ".ome.zarr", an OME-Zarr 0.5 pyramid, of
        axes (c, y, x); ".tif", a tiled, pyramidal BigTIFF; ".dzi", Deep Zoom tiles in PNG, for
        uint8. A file or zarr folder that is there is replaced, unless it is this picture, not
        finished: then the writing goes on, and each finished tile is checked by its content. That
        needs a picture of `gmmfast.storage.render` or of dask; any other begins anew.
    is_label : bool
        Whether pixels are labels: a pixel of a level is then the first of four below it, not their
        mean.
    tile_size : int, optional
        Side of a tile in pixels, a multiple of 32: by default 1024, in TIFF and Deep Zoom 512.
    mapper : callable, optional
        Computes tasks of 4 x 4 tiles, as the builtin map: `Pool.map`, or with a client of
        `distributed`, `lambda f, tasks: client.gather(client.map(f, tasks))`. Its processes write
        to the folder themselves.
    progress : callable, optional
        Called with the number of pixels that are done, and that of all.

    Raises
    ------
    ValueError, TypeError
        If an argument is invalid; the message names it.
    OSError
        If nothing can be written there, or something else is in the way.
    ImportError
        If the extra "dask" is not installed.
    """
    target, ending = _checked_path(path)
    layout = replace(_layout(picture, ending, tile_size), is_label=bool(is_label))
    if ending == ".dzi":
        store: Any = DeepZoomStore(target, layout)
    else:
        store = _zarr_store(target, layout, ending)
    _begin(store, picture, layout)
    _build(Builder(picture, layout, store), mapper, progress)
    if ending == ".dzi":
        store.finish()
    elif ending in (".tif", ".tiff"):
        from gmmfast.storage.tiff import write_tiff

        write_tiff(target, store)
        shutil.rmtree(store.path)
        return
    store.ledger.end()


def _checked_path(path: StrPath) -> tuple[Path, str]:
    check_path("path", path)
    target = Path(path)
    ending = next((end for end in ENDINGS if target.name.lower().endswith(end)), None)
    if ending is None:
        raise ValueError(f"path: expected a name that ends in {ENDINGS}, got {str(path)!r}")
    if not ending.endswith(".zarr"):
        check_destination("path", "the path of a picture that can be written", target)
    elif not target.parent.is_dir():
        raise FileNotFoundError(
            f"path: expected a name in a folder that exists, got {str(path)!r}; create the folder "
            "first"
        )
    return target, ending


def _layout(picture: Any, ending: str, tile_size: int | None) -> Layout:
    shape, dtype = shape_and_dtype("picture", picture)
    if len(shape) not in (2, 3) or 0 in shape:
        raise ValueError(
            f"picture: expected shape (height, width) or (height, width, n_channels), got {shape}"
        )
    if ending == ".dzi" and (dtype != np.uint8 or shape[2:] not in ((), (3,), (4,))):
        raise ValueError(
            "picture: expected uint8 of no, 3 or 4 channels for Deep Zoom tiles, got "
            f"{dtype} of shape {shape}; pass dtype='uint8'"
        )
    size = _TILE_SIZES.get(ending, _TILE_SIZE) if tile_size is None else tile_size
    if check_count("tile_size", size) % 32:
        raise ValueError(f"tile_size: expected a multiple of 32, got {describe(size)}")
    if ending == ".dzi":
        n_levels = deep_zoom.n_levels(shape)
    elif ending == ".zarr":
        n_levels = 1
    else:
        n_levels = (-(-max(shape[:2]) // size) - 1).bit_length() + 1
    return Layout(shape, dtype, size, n_levels)


def _zarr_store(target: Path, layout: Layout, ending: str) -> ZarrStore:
    try:
        from gmmfast.storage.zarrs import ZarrStore
    except ImportError as error:
        raise ImportError(
            f"path: expected the extra 'dask' for {ending}, got an environment without it "
            f"({error}); pip install 'gmmfast[dask]'"
        ) from error
    if ending.endswith(".zarr"):
        return ZarrStore(target, layout, is_ome=ending == ".ome.zarr")
    return ZarrStore(target.with_name(f"{target.name}.parts.ome.zarr"), layout, is_ome=True)


def _begin(store: Any, picture: Any, layout: Layout) -> None:
    """Create the store, unless it has tiles of the same picture."""
    if not store.is_free():
        raise FileExistsError(
            f"path: expected a new folder of tiles or that of an earlier picture, got "
            f"{str(store.folder)!r} with other content; name another"
        )
    # Names of other arrays, such as "/0" of zarr, say nothing of the content.
    tokenize = getattr(picture, "__dask_tokenize__", secrets.token_hex)
    text = hashlib.sha256(repr((tokenize(), layout)).encode()).hexdigest()
    if not store.ledger.is_of(text):
        store.create()
        store.ledger.begin(text)


def _build(
    builder: Builder, mapper: Mapper | None, progress: Callable[[int, int], object] | None
) -> None:
    """Make all tiles, here or by a mapper."""
    layout = builder.layout
    total, done = layout.shape[0] * layout.shape[1], 0

    def advance(n_pixels: int) -> None:
        nonlocal done
        done += n_pixels
        if progress is not None:
            progress(done, total)

    top = layout.n_levels - 1
    if mapper is None:
        here = replace(builder, advance=advance)
        for place in layout.places(top):
            here.build(place)
        return
    level = min(_TASK_LEVEL, top)
    for n_pixels in mapper(_Task(builder), list(layout.places(level))):
        advance(n_pixels)
    for place in layout.places(top):
        builder.join(place, level)


class _Task:
    """Finishes a tile and those below it, and returns the number of pixels of the picture."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder

    def __call__(self, place: Place) -> int:
        done: list[int] = []
        replace(self._builder, advance=done.append).build(place)
        return sum(done)

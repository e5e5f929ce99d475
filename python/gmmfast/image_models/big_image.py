"""Fits of a mixture to all pixels of a picture that is larger than memory.

Assumes a picture whose slices give arrays. Guarantees the fit of `fit_image` to the same pixels,
brought to 8 bits by the same rules, from the start that both draw, to rounding, whatever the
blocks; memory for a few blocks; and that the start, an evenly spread sample of the pixels, depends
on the picture and the seed alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from mmap import mmap
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gmmfast import images
from gmmfast._validation import check_count, check_n_threads, shape_and_dtype
from gmmfast.estimators import GaussianMixture
from gmmfast.estimators.versions import validate_data
from gmmfast.fitting.blocks import BlockSize, Mapped, MappedBlocks, taken_rows
from gmmfast.fitting.checkpoints import check_checkpoint
from gmmfast.fitting.samples import InMemory
from gmmfast.image_models.defaults import DEFAULT_MAX_ITER
from gmmfast.image_models.initialization import SAMPLE, SAMPLE_PER_COMPONENT, spread_start
from gmmfast.image_models.pixels import PIXEL_VARIANCE
from gmmfast.images.levels import scaled_to_8_bits, white_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gmmfast.fitting.blocks import Blocks, Mapper
    from gmmfast.fitting.checkpoints import Checkpoint
    from gmmfast.fitting.report import Progress

    Array = NDArray[np.float64]

#: Side of a block in pixels.
BLOCK = 1024

#: The kind of the points by the number of channels.
_KINDS = {1: "gray", 3: "color"}


@dataclass(frozen=True)
class MappedPicture:
    """The picture of a memory map, which pickles as the path of its file."""

    path: Any
    offset: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    order: Literal["C", "F"]

    @classmethod
    def of(cls, picture: Any) -> Any:
        """Return the picture of a map of a file; return any other picture as it is."""
        if not isinstance(picture, np.memmap) or not isinstance(picture.base, mmap):
            return picture
        order: Literal["C", "F"] = "C" if picture.flags.c_contiguous else "F"
        return cls(picture.filename, picture.offset, picture.dtype, picture.shape, order)

    def __getitem__(self, window: tuple[slice, ...]) -> NDArray[Any]:
        """Return a part of the picture."""
        levels = np.memmap(self.path, self.dtype, "r", self.offset, self.shape, self.order)
        return np.asarray(levels[window])


@dataclass(frozen=True)
class PixelBlock:
    """The pixels of a window of a picture, as points (x, y, ...) that are read when called."""

    picture: Any
    rows: slice
    columns: slice

    def __call__(self) -> Array:
        """Return the points of the window, row by row."""
        return self.points_of(np.asarray(self.picture[self.rows, self.columns]))

    @property
    def n_pixels(self) -> int:
        """Number of pixels."""
        height, width = (part.stop - part.start for part in (self.rows, self.columns))
        return int(height * width)

    def points_of(self, levels: NDArray[Any]) -> Array:
        """Return the points of the window, given its levels."""
        height, width = levels.shape[:2]
        n_channels = 1 if levels.ndim == 2 else levels.shape[2]
        points = np.empty((height, width, 2 + n_channels))
        points[..., 0] = np.arange(self.columns.start, self.columns.stop)
        points[..., 1] = np.arange(self.rows.start, self.rows.stop)[:, None]
        pixels = scaled_to_8_bits("picture", levels)
        points[..., 2:] = pixels.reshape(height, width, n_channels)
        return points.reshape(height * width, -1)


def fit_big_image(
    picture: Any,
    n_components: int,
    *,
    covariance_type: str = "full",
    reg_covar: float = PIXEL_VARIANCE,
    max_iter: int = DEFAULT_MAX_ITER,
    tol: float = 1e-3,
    random_state: Any = 0,
    mapper: Mapper = map,
    checkpoint: Checkpoint | None = None,
    progress: Progress = None,
    n_threads: int | None = None,
) -> GaussianMixture:
    """Fit a Gaussian mixture to all pixels of a picture that is larger than memory.

    Parameters
    ----------
    picture : array of shape (height, width), (height, width, 1) or (height, width, 3)
        Anything with `shape` and `dtype` whose slices give arrays: what
        `gmmfast.storage.open_picture` returns, a zarr array, a `numpy.memmap`. Levels are bool,
        uint8, uint16 or float in [0, 1], and are rounded to 8 bits as by
        `gmmfast.images.read_image`. Each iteration reads all of it once, in blocks of
        1024 x 1024 pixels.
    n_components : int
        The number of components.
    covariance_type, reg_covar, max_iter, tol, random_state, progress, n_threads
        See `fit_image`.
    mapper : callable, optional
        Computes the statistics of the blocks, as the builtin map: see `GaussianMixture.fit`.
    checkpoint : Checkpoint, optional
        The file from which a fit that was stopped goes on.

    Returns
    -------
    GaussianMixture
        Fitted, with the attributes of `fit_image`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above, or there are fewer pixels than components.

    See Also
    --------
    gmmfast.dask.fit_image : The fit on a cluster.

    Examples
    --------
    >>> import numpy as np
    >>> import gmmfast
    >>> picture = np.full((60, 90, 3), [200, 40, 40], dtype=np.uint8)
    >>> picture[:, 45:] = [20, 90, 160]
    >>> model = gmmfast.fit_big_image(picture, 2)
    >>> gmmfast.render_grid(model, (60, 90), dtype="uint8")[30, [5, 85]]
    array([[200,  40,  40],
           [ 20,  90, 160]], dtype=uint8)
    """
    model = GaussianMixture(
        check_count("n_components", n_components),
        covariance_type=covariance_type,
        reg_covar=reg_covar,
        max_iter=max_iter,
        tol=tol,
        random_state=random_state,
    )
    parts = pixel_blocks(picture)
    threads = check_n_threads(n_threads)
    return fit_blocks(
        model,
        parts,
        MappedBlocks(lambda: parts, mapper),
        progress,
        checkpoint,
        n_threads=threads,
    )


def pixel_blocks(picture: Any) -> list[PixelBlock]:
    """Return the blocks of a picture, row by row.

    Raises
    ------
    ValueError, TypeError
        If it is of another shape or type.
    """
    shape, dtype = shape_and_dtype("picture", picture)
    white_of("picture", dtype)
    if len(shape) not in (2, 3) or 0 in shape or shape[2:] not in ((), (1,), (3,)):
        raise ValueError(
            "picture: expected shape (height, width), (height, width, 1) or (height, width, 3), "
            f"got {shape}; leave alpha out"
        )
    height, width = shape[:2]
    picture = MappedPicture.of(picture)
    return [
        PixelBlock(
            picture,
            slice(top, min(top + BLOCK, height)),
            slice(left, min(left + BLOCK, width)),
        )
        for top in range(0, height, BLOCK)
        for left in range(0, width, BLOCK)
    ]


def fit_blocks(
    model: GaussianMixture,
    parts: list[PixelBlock],
    blocks: Blocks,
    progress: Progress,
    checkpoint: Checkpoint | None,
    *,
    n_threads: int | None,
) -> GaussianMixture:
    """Fit a model to the blocks of a picture."""
    check_checkpoint(checkpoint, None, model.n_init)
    shape = tuple(int(n) for n in parts[0].picture.shape)
    n_features = 2 + (shape[2] if len(shape) == 3 else 1)
    head = np.empty((0, n_features))
    sizes = [
        BlockSize(part.n_pixels, float(part.n_pixels), False, head.dtype, head)  # noqa: FBT003
        for part in parts
    ]
    validate_data(model, head, ensure_min_samples=0, reset=True)
    samples = Mapped(blocks, sizes, n_threads or blocks.n_threads)
    samples.oversampling = _Spread(parts, model.n_components)
    start = spread_start(samples.n_samples)
    model._fit_in_memory(samples, progress, start, checkpoint=checkpoint)
    model.kind_, model.image_shape_ = _KINDS[n_features - 2], shape[:2]
    model.extent_ = images.image_extent(shape[:2])
    return model


@dataclass(frozen=True)
class _Spread:
    """Draws pixels that are spread over the picture: one in each of as many cells."""

    parts: list[PixelBlock]
    n_components: int

    def __call__(self, samples: Mapped, random_state: Any) -> InMemory:
        """Return the points of the pixels."""
        height, width = self.parts[-1].rows.stop, self.parts[-1].columns.stop
        n_sample = max(SAMPLE, SAMPLE_PER_COMPONENT * self.n_components)
        side = np.sqrt(height * width / n_sample)
        n_rows, n_columns = max(1, round(height / side)), max(1, round(width / side))
        jitter = random_state.uniform(size=(2, n_rows, n_columns))
        y = ((np.arange(n_rows)[:, None] + jitter[0]) * (height / n_rows)).astype(int).ravel()
        x = ((np.arange(n_columns) + jitter[1]) * (width / n_columns)).astype(int).ravel()
        y, x = np.minimum(y, height - 1), np.minimum(x, width - 1)
        block_columns = -(-width // BLOCK)
        number = y // BLOCK * block_columns + x // BLOCK
        order = np.argsort(number, kind="stable")
        ends = np.searchsorted(number[order], np.arange(1, len(self.parts)))
        extras = []
        for part, taken in zip(self.parts, np.split(order, ends), strict=True):
            row_length = part.columns.stop - part.columns.start
            rows = (y[taken] - part.rows.start) * row_length + x[taken] - part.columns.start
            extras.append(np.sort(rows))
        found = [rows.points for rows in samples.blocks.map_with(taken_rows, extras)]
        return InMemory(np.concatenate(found), None, samples.n_threads)

"""Fits of pictures larger than memory on a cluster."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from dask.base import persist
from dask.delayed import Delayed, delayed

from gmmfast.dask.blocks import DaskBlocks
from gmmfast.estimators import GaussianMixture
from gmmfast.image_models.big_image import (
    BLOCK,
    MappedPicture,
    PixelBlock,
    fit_blocks,
    pixel_blocks,
)
from gmmfast.image_models.pixels import PIXEL_VARIANCE

if TYPE_CHECKING:
    from gmmfast.fitting.checkpoints import Checkpoint
    from gmmfast.fitting.report import Progress


def fit_image(
    picture: Any,
    n_components: int,
    *,
    checkpoint: Checkpoint | None = None,
    progress: Progress = None,
    **parameters: Any,
) -> GaussianMixture:
    """Fit a Gaussian mixture to all pixels of a picture on the current cluster.

    Parameters
    ----------
    picture : array
        As for `gmmfast.fit_big_image`. Workers read their blocks themselves: its file must be
        where they can open it. An array in memory is sent to them once, in blocks.
    n_components : int
        The number of components.
    checkpoint, progress
        See `gmmfast.fit_big_image`.
    **parameters
        Other parameters of `GaussianMixture`; `reg_covar` is 1/12 by default, and `random_state`
        0, as for `fit_image`.

    Returns
    -------
    GaussianMixture
        As `gmmfast.fit_big_image` returns it, with the same bits for any number of workers.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above.
    ModuleNotFoundError
        If a worker does not have gmmfast.

    Examples
    --------
    >>> import numpy as np
    >>> import gmmfast.dask
    >>> picture = np.full((60, 90, 3), [200, 40, 40], dtype=np.uint8)
    >>> picture[:, 45:] = [20, 90, 160]
    >>> gmmfast.dask.fit_image(picture, 2).image_shape_
    (60, 90)
    """
    options = {"reg_covar": PIXEL_VARIANCE, "random_state": 0, **parameters}
    model = GaussianMixture(n_components, **options)
    picture = MappedPicture.of(picture)
    if isinstance(picture, np.ndarray):
        picture = persist(da.from_array(picture, chunks=(BLOCK, BLOCK, *picture.shape[2:])))[0]
    parts = pixel_blocks(picture)
    return fit_blocks(
        model,
        parts,
        DaskBlocks(_delayed_points(picture, parts)),
        progress,
        checkpoint,
        n_threads=None,
    )


def _delayed_points(picture: Any, parts: list[PixelBlock]) -> list[Delayed]:
    """Return the points of each block, read where they are computed."""
    if isinstance(picture, da.Array):
        places = [replace(part, picture=None) for part in parts]
        levels = picture.rechunk((BLOCK, BLOCK, *picture.shape[2:])).to_delayed().ravel()
        of_levels = delayed(PixelBlock.points_of, pure=False)
        return [of_levels(place, some) for place, some in zip(places, levels, strict=True)]
    read = delayed(PixelBlock.__call__, pure=False)
    return [read(part) for part in parts]

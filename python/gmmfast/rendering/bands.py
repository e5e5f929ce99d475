"""Quantities over grids larger than memory: one band of lines after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._memory import check_fits
from gmmfast._validation import check_count, shown
from gmmfast.rendering.request import Plan, Quantity, Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import DTypeLike, NDArray

#: Size of a band unless the caller says otherwise: enough work for many threads.
_BAND = 16 * 2**20


class Bands:
    """The bands of one rendering, from first to last; made by `render_bands`.

    An iterable of pairs (rows, band): a slice of the first axis, and a new array
    that holds these lines. Nothing is rendered before it is asked for; every
    iteration begins at the first band.

    Attributes
    ----------
    shape : tuple of int
        Shape of the whole image, of which the bands are parts.
    dtype : numpy.dtype
        Of the bands.
    band_size : int
        Number of lines of every band but the last, which may have fewer.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    band_size: int

    def __init__(self, plan: Plan, dtype: np.dtype[Any], band_size: int) -> None:
        self.shape = plan.shape
        self.dtype = dtype
        self.band_size = band_size
        self._firsts = range(0, plan.shape[0], band_size)
        self._n_threads = plan.n_threads
        self._rendering = plan.prepare()

    def __len__(self) -> int:
        return len(self._firsts)

    def __iter__(self) -> Iterator[tuple[slice, NDArray[Any]]]:
        for first in self._firsts:
            rows = slice(first, min(first + self.band_size, self.shape[0]))
            band = np.empty((rows.stop - first, *self.shape[1:]), self.dtype)
            self._rendering.render(band, first, self._n_threads)
            yield rows, band

    def __repr__(self) -> str:
        return f"Bands(shape={self.shape}, dtype={self.dtype}, band_size={self.band_size})"


def render_bands(  # noqa: PLR0913 (the public face; all but two by keyword)
    model: Any,
    shape: int | Sequence[int],
    *,
    band_size: int | None = None,
    quantity: Quantity = "auto",
    extent: Sequence[Sequence[float]] | None = None,
    given: Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    tolerance: float | None = None,
    random_state: Any = None,
    n_threads: int | None = None,
) -> Bands:
    """Evaluate a Gaussian mixture over a grid of any size, band by band.

    What `render_grid` returns whole comes here in bands of lines of the first
    array axis (rows of a picture, frames of a film, pixels in 1-D), with the same
    bits. Beside the model, memory holds the bands that the caller keeps.

    Parameters
    ----------
    model : fitted estimator, Mixture, or (weights, means, covariances)
        What `Mixture.from_model` takes.
    shape : int or sequence of int
        Shape of the whole grid in array order: (width,), (height, width) or
        (n_frames, height, width).
    band_size : int, optional
        Number of lines in a band. Default: as many as make about 16 MiB, at
        least one.
    quantity, extent, given, dtype, tolerance, random_state, n_threads
        As for `render_grid`.

    Returns
    -------
    Bands
        An iterable of pairs (rows, band): `rows` is a slice of the first axis,
        `band` a new array of shape (n_rows, ...) that holds these lines. It has a
        length (the number of bands), and the `shape` and `dtype` of the whole.

    Raises
    ------
    ValueError, TypeError
        An argument that is not as above; the message names it. Raised by the
        call, before any band is rendered.
    MemoryError
        A band larger than the memory available; raised by the call.

    See Also
    --------
    render_grid : The whole grid at once, and what the quantities are.

    Examples
    --------
    An image on disk, in a file of NumPy's own format, larger than memory if need
    be:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import gmmfast
    >>> model = ([0.5, 0.5], [[100.0, 100.0], [400.0, 150.0]], [900.0, 2500.0])
    >>> bands = gmmfast.render_bands(model, (300, 500), dtype="float32", band_size=128)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "density.npy"
    ...     image = np.lib.format.open_memmap(path, "w+", bands.dtype, bands.shape)
    ...     for rows, band in bands:
    ...         image[rows] = band
    ...     image.shape, len(bands), bool(image.max() == image[100, 100])
    ...     del image  # closes the file
    ((300, 500), 3, True)
    """
    plan = Plan.of(
        model, shape, Request(quantity, extent, given, tolerance, n_threads, random_state)
    )
    checked = plan.dtype(dtype)
    if band_size is None:
        n_lines = plan.band_size(checked, _BAND)
        check_fits("shape", shown(plan.grid), n_lines * plan.line_bytes(checked))
    else:
        n_lines = min(check_count("band_size", band_size), plan.grid[0])
        mend = "pass fewer lines, or a smaller dtype"
        check_fits("band_size", n_lines, n_lines * plan.line_bytes(checked), mend)
    return Bands(plan, checked, n_lines)

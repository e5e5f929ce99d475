"""`render_bands`: quantities over grids larger than memory, band by band."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._memory import check_fits
from gmmfast._validation import check_count, describe
from gmmfast.rendering.request import Quantity, Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import DTypeLike, NDArray

#: Default size of a band in bytes, enough work for many threads.
BAND_BYTES = 16 * 2**20


class Bands:
    """The bands of one rendering, in order; `render_bands` returns it.

    The pairs (rows, band) are a slice of the first axis and a new array that holds these
    lines. A band is rendered when the iteration reaches it; every iteration starts at the
    first band.

    Attributes
    ----------
    shape : tuple of int
        Shape of the whole image.
    dtype : numpy.dtype
        Data type of the bands.
    band_size : int
        Number of lines in a band; the last one may have fewer.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    band_size: int

    def __init__(self, request: Request, dtype: np.dtype[Any], band_size: int) -> None:
        self.shape = request.shape
        self.dtype = dtype
        self.band_size = band_size
        self._firsts = range(0, request.shape[0], band_size)
        self._rendering = request.prepare()
        self._n_threads = request.n_threads

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


def render_bands(
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

    The result has the same bits as that of `render_grid`, in bands of lines of the
    first array axis (rows of a picture, frames of a film, pixels in 1-D). Memory
    holds only the model and the bands that the caller keeps.

    Parameters
    ----------
    model : fitted estimator, Mixture, or (weights, means, covariances)
        Any model that `Mixture.from_model` accepts.
    shape : int or sequence of int
        Shape of the whole grid in array order: (width,), (height, width) or
        (n_frames, height, width).
    band_size : int, optional
        Number of lines in a band, by default about 16 MiB of them and at least one.
    quantity, extent, given, dtype, tolerance, random_state, n_threads
        See `render_grid`.

    Returns
    -------
    Bands
        An iterable of pairs (rows, band): `rows` is a slice of the first axis,
        `band` a new array of shape (n_rows, ...) that holds these lines. Its length is
        the number of bands; `shape` and `dtype` are those of the whole image.

    Raises
    ------
    ValueError, TypeError
        If an argument is invalid; the message names it. The call itself raises it,
        before any band is rendered.
    MemoryError
        If a band is larger than the available memory; the call itself raises it.

    See Also
    --------
    render_grid : Render the whole grid at once; the quantities are described there.

    Examples
    --------
    Write an image that may be larger than memory to a file in NumPy's format:

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
    request = Request.from_arguments(
        model,
        shape,
        quantity=quantity,
        extent=extent,
        given=given,
        tolerance=tolerance,
        random_state=random_state,
        n_threads=n_threads,
    )
    checked = request.dtype(dtype)
    if band_size is None:
        n_lines = request.band_size(checked, BAND_BYTES)
        check_fits("shape", describe(request.grid), n_lines * request.line_bytes(checked))
    else:
        n_lines = min(check_count("band_size", band_size), request.grid[0])
        mend = "pass fewer lines, or a smaller dtype"
        check_fits("band_size", n_lines, n_lines * request.line_bytes(checked), mend)
    return Bands(request, checked, n_lines)

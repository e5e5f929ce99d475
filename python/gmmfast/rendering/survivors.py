"""`count_survivors`: the number of components summed in each tile of a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gmmfast.rendering.request import Quantity, Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


def count_survivors(
    model: Any,
    shape: int | Sequence[int],
    *,
    quantity: Quantity = "auto",
    extent: Sequence[Sequence[float]] | None = None,
    given: Sequence[int] | None = None,
    tolerance: float | None = None,
    n_threads: int | None = None,
) -> NDArray[np.uint32]:
    """Count the components that `render_grid` sums in each tile.

    Rendering leaves components out of a tile only if their total contribution is provably
    below rounding. The time of a rendering grows with the sum of these counts.

    Parameters
    ----------
    model : fitted estimator, Mixture, or (weights, means, covariances)
        Any model that `Mixture.from_model` accepts.
    shape : int or sequence of int
        Shape of the grid in pixels.
    quantity, extent, given, tolerance, n_threads
        See `gmmfast.render_grid`; the counts are those of a float64 result.

    Returns
    -------
    ndarray of shape (n_tiles, ...), uint32
        A count for every tile of 32 x 32 pixels, in array order; tiles at the right and lower
        borders may have fewer pixels. A volume is divided into tiles frame by frame; a line
        has tiles of 1024 pixels.

    Raises
    ------
    ValueError, TypeError, sklearn.exceptions.NotFittedError
        Under the same conditions as `gmmfast.render_grid`.

    Examples
    --------
    One component survives in the first tile, one in the third, and both in between:

    >>> from gmmfast.rendering import count_survivors
    >>> model = ([0.5, 0.5], [[16.0, 16.0], [80.0, 16.0]], [1.0, 1.0])
    >>> count_survivors(model, (32, 96))
    array([[1, 2, 1]], dtype=uint32)
    """
    request = Request.from_arguments(
        model,
        shape,
        quantity=quantity,
        extent=extent,
        given=given,
        tolerance=tolerance,
        n_threads=n_threads,
    )
    return request.prepare().survivors(request.n_threads)

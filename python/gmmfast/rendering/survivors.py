"""What culling keeps: the number of components that are summed in each tile of a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gmmfast.rendering.request import Plan, Quantity, Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


def count_survivors(  # noqa: PLR0913 (the public face; all but two by keyword)
    model: Any,
    shape: int | Sequence[int],
    *,
    quantity: Quantity = "auto",
    extent: Sequence[Sequence[float]] | None = None,
    given: Sequence[int] | None = None,
    tolerance: float | None = None,
    n_threads: int | None = None,
) -> NDArray[np.uint32]:
    """Count the components that `render_grid` has left to sum in each tile.

    Rendering leaves a component out of a tile only where a proof says that all that is left
    out together is below rounding. These are the lengths of the lists that it paints from, and
    what a picture costs: time grows with their sum.

    Parameters
    ----------
    model : fitted estimator, Mixture, or (weights, means, covariances)
    shape : int or sequence of int
        Of the grid, in pixels.
    quantity, extent, given, tolerance, n_threads
        As for `gmmfast.render_grid`, for a result of dtype float64.

    Returns
    -------
    ndarray of shape (n_tiles, ...), uint32
        A count for every tile of 32 x 32 pixels, in array order; those at the right and lower
        borders may have fewer pixels. A volume has tiles a frame; a line is folded, so that
        its tiles are 1024 pixels. The NumPy twin leaves nothing out, and all counts are those
        of the components that have weight.

    Raises
    ------
    ValueError, TypeError, sklearn.exceptions.NotFittedError
        As `gmmfast.render_grid` raises.

    Examples
    --------
    One component in the first tile, one in the third, and both matter between them:

    >>> from gmmfast.rendering import count_survivors
    >>> model = ([0.5, 0.5], [[16.0, 16.0], [80.0, 16.0]], [1.0, 1.0])
    >>> count_survivors(model, (32, 96))
    array([[1, 2, 1]], dtype=uint32)
    """
    plan = Plan.of(model, shape, Request(quantity, extent, given, tolerance, n_threads))
    return plan.prepare().survivors(plan.n_threads)

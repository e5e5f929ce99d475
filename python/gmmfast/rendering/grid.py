"""Quantities of a mixture over a grid of pixels, in one array."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._memory import check_fits
from gmmfast._validation import shown
from gmmfast.rendering.out import check_out, render_into
from gmmfast.rendering.request import Plan, Quantity, Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray


def render_grid(  # noqa: PLR0913 (the public face; all but two by keyword)
    model: Any,
    shape: int | Sequence[int],
    *,
    quantity: Quantity = "auto",
    extent: Sequence[Sequence[float]] | None = None,
    given: Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray[Any] | None = None,
    tolerance: float | None = None,
    random_state: Any = None,
    n_threads: int | None = None,
) -> NDArray[Any]:
    """Evaluate a Gaussian mixture at every pixel of a grid.

    Parameters
    ----------
    model : fitted estimator, Mixture, or (weights, means, covariances)
        What `Mixture.from_model` takes: a scikit-learn `GaussianMixture` or
        `BayesianGaussianMixture` of any covariance type, for instance.
    shape : int or sequence of int
        Shape of the grid in array order: (width,), (height, width) or
        (n_frames, height, width).
    quantity : str
        What to evaluate at every pixel:

        - "density", "log_density": p and log p of the grid's features, the others
          integrated out;
        - "mean", "covariance", "std": conditional mean, covariance matrix and
          standard deviations of the remaining features given the grid's;
        - "label": index of the component that is most responsible for the grid's
          features, the first of equals;
        - "entropy": of the components' responsibilities, -sum r log r, in nats:
          0 where one component has them all, at most log(n_components);
        - "sample": one draw of the remaining features given the grid's;
        - "auto": the mean if any feature remains, else the density.
    extent : sequence of (low, high), optional
        The interval that the pixels cover along each axis, in feature order: x,
        which runs along the last array axis, then y, then t. Pixel i of n lies at
        low + (i + 1/2) (high - low) / n. Default: the extent that the model
        remembers from its picture; else (-1/2, n - 1/2), so that pixel
        (row, column) is evaluated at (x, y) = (column, row).
    given : sequence of int, optional
        The features along the grid's axes, x first. Default: the first ones.
    dtype : {float64, float32, uint8}, optional
        Of the result; float64 by default. float32 has what float32 can show;
        uint8 clips to 0..255 and rounds, as colours want it (for a density see
        `ToneCurve.picture`). Labels are int32 by default and may be int64, too;
        uint8 holds those of 256 components at most.
    out : ndarray, optional
        An array of the result's shape and of a dtype as above to write into and
        return: contiguous or a view of any strides and byte order, such as a part
        of a larger array or a `numpy.memmap`. It may not be read-only, nor its
        elements overlap. Nothing is written before every argument is checked.
    tolerance : float, optional
        Error allowed, above 0 and at most 0.1; without it results are exact to
        rounding. Relative for the density; absolute for the log-density and the
        entropy; for mean and std in parts of the typical size of the values (1e-3
        of colours up to 255 is a quarter of a level), for the covariance of that
        size squared. Labels are exact and ignore it; of a sample it is the error of
        the components' shares.
    random_state : int, numpy Generator or RandomState, optional
        Of a sample: an integer from 0 to 2^64 - 1, or what one is drawn from; by
        default a fresh one. A pixel's numbers are those of the seed at its index in
        the grid: they do not depend on threads, bands or dtype. For other quantities it
        must be None.
    n_threads : int, optional
        Number of threads. Default: `GMMFAST_NUM_THREADS`, `RAYON_NUM_THREADS`,
        `OMP_NUM_THREADS`, or as many processors as the process may use. The
        result has the same bits for any number.

    Returns
    -------
    ndarray of shape `shape` + value shape
        `out` itself, if given. A value has the shape (n_remaining,) for mean, std and
        sample, (n_remaining, n_remaining) for the covariance, and () else. It is the
        sum over all components in float64, exact to rounding: what is left out of
        a tile of pixels is together below 2^-53 of the density. Far from every
        component log-densities keep full relative accuracy, and means stay finite.

    Raises
    ------
    ValueError, TypeError
        An argument that is not as above; the message names it.
    MemoryError
        A result larger than the memory available; raised before allocating.
        `render_bands` needs no more than a band.
    sklearn.exceptions.NotFittedError
        An estimator that is not fitted.

    See Also
    --------
    render_bands : The same, band by band, for images larger than memory.

    Notes
    -----
    p(x) = sum_k w_k N(x; m_k, S_k). Given g, feature values t have under
    component k the mean e_k = m_kt + S_ktg S_kgg^-1 (g - m_kg) and the covariance
    C_k = S_ktt - S_ktg S_kgg^-1 S_kgt; with r_k the components' responsibilities
    for g, the mean is m = sum_k r_k e_k, the covariance
    sum_k r_k (C_k + (e_k - m)(e_k - m)^T), and std the roots of its diagonal
    (Bishop, Pattern Recognition and Machine Learning, 2006, sections 2.3.1 and
    9.2; the law of total covariance). A sample is that of a component drawn by r_k:
    e_k plus the Cholesky factor of C_k times standard normals.

    A `BayesianGaussianMixture` is rendered as the mixture of its `weights_`,
    `means_` and `covariances_`, which its `sample` draws from; its own
    `score_samples` is an expectation over the posterior and no density.

    Examples
    --------
    The density of a mixture in the plane, at pixels (row, column):

    >>> import gmmfast
    >>> model = ([0.5, 0.5], [[1.0, 1.0], [4.0, 1.0]], [1.0, 0.5])
    >>> gmmfast.render_grid(model, (3, 6)).round(3)
    array([[0.029, 0.048, 0.03 , 0.028, 0.059, 0.022],
           [0.048, 0.08 , 0.051, 0.069, 0.16 , 0.059],
           [0.029, 0.048, 0.03 , 0.028, 0.059, 0.022]])

    The mean grey level at every pixel, from a mixture over (x, y, grey):

    >>> model = ([0.5, 0.5], [[0, 0, 40], [3, 0, 200]], [1.0, 1.0])
    >>> gmmfast.render_grid(model, (1, 4), dtype="uint8")[..., 0]
    array([[ 42,  69, 171, 198]], dtype=uint8)

    That mean and how sure it is, its standard deviation, as layers of one array:

    >>> import numpy as np
    >>> layers = np.empty((1, 4, 2))
    >>> for i, quantity in enumerate(["mean", "std"]):
    ...     _ = gmmfast.render_grid(model, (1, 4), quantity=quantity, out=layers[..., i : i + 1])
    >>> layers.round(1)
    array([[[ 41.8,  16.7],
            [ 69.2,  61.8],
            [170.8,  61.8],
            [198.2,  16.7]]])

    Two draws of such pictures, of levels by which component a pixel falls to:

    >>> for seed in (0, 1):
    ...     gmmfast.render_grid(
    ...         model, (1, 4), quantity="sample", random_state=seed, dtype="uint8"
    ...     )[..., 0]
    array([[ 42, 200, 200, 199]], dtype=uint8)
    array([[ 42,  39, 200, 199]], dtype=uint8)
    """
    plan = Plan.of(
        model, shape, Request(quantity, extent, given, tolerance, n_threads, random_state)
    )
    if out is not None:
        render_into(check_out(out, plan, dtype), plan)
        return out
    checked = plan.dtype(dtype)
    check_fits("shape", shown(plan.grid), math.prod(plan.shape) * checked.itemsize)
    image = np.empty(plan.shape, dtype=checked)
    plan.prepare().render(image, 0, plan.n_threads)
    return image

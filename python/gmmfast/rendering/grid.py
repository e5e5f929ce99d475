"""`render_grid`: quantities of a mixture over a grid of pixels, in one array."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._memory import check_fits
from gmmfast._validation import describe
from gmmfast.rendering.out import check_out, render_into
from gmmfast.rendering.request import Quantity, Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray


def render_grid(
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
        Any model that `Mixture.from_model` accepts, for instance a scikit-learn
        `GaussianMixture` or `BayesianGaussianMixture` of any covariance type.
    shape : int or sequence of int
        Shape of the grid in array order: (width,), (height, width) or
        (n_frames, height, width).
    quantity : str
        The value at every pixel:

        - "density", "log_density": p and log p of the grid's features, with the
          others integrated out;
        - "mean", "covariance", "std": conditional mean, covariance matrix and
          standard deviations of the remaining features given the grid's;
        - "label": index of the component with the largest responsibility for the
          grid's features, the lowest index in case of a tie;
        - "entropy": entropy of the responsibilities, -sum r log r, in nats, from 0
          (one component has them all) to log(n_components);
        - "sample": one draw of the remaining features given the grid's;
        - "auto": the mean if any feature remains, else the density.
    extent : sequence of (low, high), optional
        The interval that the pixels cover along each axis, in feature order: x,
        which runs along the last array axis, then y, then t. Pixel i of n lies at
        low + (i + 1/2) (high - low) / n. Default: the extent that the model
        remembers from its picture, else (-1/2, n - 1/2), which evaluates pixel
        (row, column) at (x, y) = (column, row).
    given : sequence of int, optional
        Indices of the features along the grid's axes, x first. Default: the first ones.
    dtype : {float64, float32, uint8}, optional
        Data type of the result; float64 by default. uint8 clips to 0..255 and
        rounds, which suits colors (for a density see `ToneCurve.picture`). Labels
        are int32 by default and may also be int64; uint8 holds the labels of at
        most 256 components.
    out : ndarray, optional
        Array of the result's shape and a dtype as above to write into and return. It
        may be a view with any strides and byte order, such as a part of a larger
        array, or a `numpy.memmap`. It must be writable, and its elements must not
        overlap. Nothing is written before every argument is checked.
    tolerance : float, optional
        Largest error, above 0 and at most 0.1; by default results are exact to
        rounding. It is relative for the density and absolute for the log-density
        and the entropy. For mean and std it is a fraction of the typical size of the
        values (1e-3 of colors up to 255 is a quarter of a level), for the covariance
        of that size squared. For a sample it applies to the components'
        responsibilities. Labels are exact and ignore it.
    random_state : int, numpy Generator or RandomState, optional
        Seed of a sample: an integer from 0 to 2^64 - 1, or a generator to draw one
        from; by default a fresh one. The random numbers of a pixel depend only on the
        seed and the pixel's index in the grid, not on threads, bands or dtype. It must
        be None for other quantities.
    n_threads : int, optional
        Number of threads. Default: the environment variable `GMMFAST_NUM_THREADS`,
        `RAYON_NUM_THREADS` or `OMP_NUM_THREADS`, else the number of processors that
        the process may use. The result has the same bits for any number.

    Returns
    -------
    ndarray of shape `shape` + value shape
        The array `out` itself, if given. A value has the shape (n_remaining,) for mean,
        std and sample, (n_remaining, n_remaining) for the covariance, and () otherwise. For
        a model of a gray picture (of kind "gray", see `fit_image`) mean, std and sample
        over the picture have the shape () as well: the result in uint8 is a gray picture.
        It is the sum over all components in float64, exact to rounding: the components
        left out of a tile of pixels are together below 2^-53 of the density. Far from
        every component log-densities keep full relative accuracy, and means stay finite.

    Raises
    ------
    ValueError, TypeError
        If an argument is invalid; the message names it.
    MemoryError
        If the result is larger than the available memory; nothing is allocated then.
        `render_bands` needs memory for one band only.
    sklearn.exceptions.NotFittedError
        If the model is an estimator that is not fitted.

    See Also
    --------
    render_bands : Render band by band, for images larger than memory.

    Notes
    -----
    The density is p(x) = sum_k w_k N(x; m_k, S_k). Given g, the remaining features t
    have under component k the mean e_k = m_kt + S_ktg S_kgg^-1 (g - m_kg) and the
    covariance C_k = S_ktt - S_ktg S_kgg^-1 S_kgt. With r_k the components'
    responsibilities for g, the mean is m = sum_k r_k e_k, the covariance is
    sum_k r_k (C_k + (e_k - m)(e_k - m)^T), and std is the square root of its diagonal
    (Bishop, Pattern Recognition and Machine Learning, 2006, sections 2.3.1 and
    9.2; the law of total covariance). A sample draws a component k with probability
    r_k and returns e_k plus the Cholesky factor of C_k times standard normals.

    The density, log-density, label and entropy of a `BayesianGaussianMixture` are those
    of its `score_samples`, `predict` and `predict_proba`: expectations of logarithms over
    the posterior, whose density has an integral below 1. All else, and all of its
    `Mixture.from_model`, is of the mixture of its `weights_`, `means_` and
    `covariances_`, from which its `sample` draws.

    Examples
    --------
    Evaluate the density of a mixture in the plane, at pixels (row, column):

    >>> import gmmfast
    >>> model = ([0.5, 0.5], [[1.0, 1.0], [4.0, 1.0]], [1.0, 0.5])
    >>> gmmfast.render_grid(model, (3, 6)).round(3)
    array([[0.029, 0.048, 0.03 , 0.028, 0.059, 0.022],
           [0.048, 0.08 , 0.051, 0.069, 0.16 , 0.059],
           [0.029, 0.048, 0.03 , 0.028, 0.059, 0.022]])

    Evaluate the mean gray level at every pixel, from a mixture over (x, y, gray):

    >>> model = ([0.5, 0.5], [[0, 0, 40], [3, 0, 200]], [1.0, 1.0])
    >>> gmmfast.render_grid(model, (1, 4), dtype="uint8")[..., 0]
    array([[ 42,  69, 171, 198]], dtype=uint8)

    Store that mean and the standard deviation as layers of one array:

    >>> import numpy as np
    >>> layers = np.empty((1, 4, 2))
    >>> for i, quantity in enumerate(["mean", "std"]):
    ...     _ = gmmfast.render_grid(model, (1, 4), quantity=quantity, out=layers[..., i : i + 1])
    >>> layers.round(1)
    array([[[ 41.8,  16.7],
            [ 69.2,  61.8],
            [170.8,  61.8],
            [198.2,  16.7]]])

    Draw two such pictures at random:

    >>> for seed in (0, 1):
    ...     gmmfast.render_grid(
    ...         model, (1, 4), quantity="sample", random_state=seed, dtype="uint8"
    ...     )[..., 0]
    array([[ 42, 200, 200, 199]], dtype=uint8)
    array([[ 42,  39, 200, 199]], dtype=uint8)
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
    if out is not None:
        render_into(check_out(out, request, dtype), request)
        return out
    checked = request.dtype(dtype)
    check_fits("shape", describe(request.grid), math.prod(request.shape) * checked.itemsize)
    rendering = request.prepare()
    image = np.empty(request.shape, dtype=checked)
    rendering.render(image, 0, request.n_threads)
    return image

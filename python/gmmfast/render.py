"""Quantities of a mixture over a grid of pixels.

This file turns what a user passes into what the backend takes: it resolves the
defaults (quantity, extent, features, dtype), checks every argument, and only
then allocates the result. All arithmetic is the backend's.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gmmfast._checks import (
    Extent,
    check_dtype,
    check_extent,
    check_features,
    check_n_threads,
    check_shape,
    shown,
)
from gmmfast._memory import check_fits
from gmmfast.mixture import Mixture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

Quantity = Literal["auto", "density", "log_density", "mean"]

_QUANTITIES = ("auto", "density", "log_density", "mean")


def render_grid(  # noqa: PLR0913 (the public face; all but two by keyword)
    model: Any,
    shape: int | Sequence[int],
    *,
    quantity: Quantity = "auto",
    extent: Sequence[Sequence[float]] | None = None,
    given: Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
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
    quantity : {"auto", "density", "log_density", "mean"}
        "density" and "log_density": p and log p of the grid's features, the
        others integrated out. "mean": the conditional mean of the remaining
        features given the grid's. "auto": the mean if any feature remains, else
        the density.
    extent : sequence of (low, high), optional
        The interval that the pixels cover along each axis, in feature order: x,
        which runs along the last array axis, then y, then t. Pixel i of n lies at
        low + (i + 1/2) (high - low) / n. Default: the extent that the model
        remembers from its picture; else (-1/2, n - 1/2), so that pixel
        (row, column) is evaluated at (x, y) = (column, row).
    given : sequence of int, optional
        The features along the grid's axes, x first. Default: the first ones.
    dtype : {float64, float32, uint8}, optional
        Of the result; float64 by default. Everything is computed in float64;
        uint8 clips to 0..255 and rounds, as colours want it (for a density see
        `ToneCurve.picture`).
    n_threads : int, optional
        Number of threads. Default: `GMMFAST_NUM_THREADS`, `RAYON_NUM_THREADS`,
        `OMP_NUM_THREADS`, or as many processors as the process may use. The
        result has the same bits for any number.

    Returns
    -------
    ndarray of shape `shape`, or `shape` + (n_remaining,) for the mean
        The sum over all components in float64, exact to rounding: what is left
        out of a tile of pixels is together below 2^-53 of the density. Far from
        every component log-densities keep full relative accuracy, and means stay
        finite.

    Raises
    ------
    ValueError, TypeError
        An argument that is not as above; the message names it.
    MemoryError
        A result larger than the memory available; raised before allocating.
    sklearn.exceptions.NotFittedError
        An estimator that is not fitted.

    Notes
    -----
    p(x) = sum_k w_k N(x; m_k, S_k), and the mean of features t given g is
    sum_k r_k(g) (m_kt + S_ktg S_kgg^-1 (g - m_kg)) with r_k the components'
    responsibilities for g (Bishop, Pattern Recognition and Machine Learning,
    2006, sections 2.3.1 and 9.2).

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
    """
    mixture = Mixture.from_model(model)
    shape = check_shape(shape)
    features = _grid_features(given, len(shape), mixture.n_features)
    resolved = _resolve_quantity(quantity, len(shape), mixture.n_features)
    result_dtype = check_dtype(dtype)
    threads = check_n_threads(n_threads)
    n_targets = mixture.n_features - len(shape)
    result_shape = (*shape, n_targets) if resolved == "mean" else shape
    check_fits("shape", shown(shape), math.prod(result_shape) * result_dtype.itemsize)
    extents = _resolve_extent(extent, mixture.extent, features, shape)
    out = np.empty(result_shape, dtype=result_dtype)
    core = mixture._core  # noqa: SLF001 (the package's own backend)
    core.render_grid(resolved, shape, list(extents), features, out, threads)
    return out


def _grid_features(given: Sequence[int] | None, n_axes: int, n_features: int) -> list[int]:
    if n_features < n_axes:
        raise ValueError(
            f"shape: expected at most as many axes as the model has features ({n_features}), "
            f"got {n_axes} axes; fit the model with more features or pass fewer axes"
        )
    if given is None:
        return list(range(n_axes))
    checked = check_features("given", given, n_features)
    if len(checked) != n_axes:
        raise ValueError(
            f"given: expected {n_axes} features, one for each axis of the shape, got {checked}"
        )
    return checked


def _resolve_quantity(quantity: str, n_axes: int, n_features: int) -> str:
    if not isinstance(quantity, str) or quantity not in _QUANTITIES:
        raise ValueError(f"quantity: expected one of {_QUANTITIES}, got {shown(quantity)}")
    if quantity == "auto":
        return "mean" if n_features > n_axes else "density"
    if quantity == "mean" and n_features == n_axes:
        raise ValueError(
            "quantity: expected 'density' or 'log_density' for a grid with as many axes as the "
            f"model has features ({n_features}), got 'mean', which needs a feature that remains"
        )
    return quantity


def _resolve_extent(
    extent: Sequence[Sequence[float]] | None,
    remembered: Extent | None,
    features: list[int],
    shape: tuple[int, ...],
) -> Extent:
    if extent is not None:
        checked = check_extent(extent, max_axes=len(shape))
        if len(checked) != len(shape):
            raise ValueError(
                f"extent: expected {len(shape)} (low, high) pairs, one for each axis and x "
                f"first, got {len(checked)}"
            )
        _check_pixel_sizes(checked, shape)
        return checked
    known = dict(enumerate(remembered or ()))
    sizes = reversed(shape)
    return tuple(
        known.get(feature, (-0.5, size - 0.5))
        for feature, size in zip(features, sizes, strict=True)
    )


def _check_pixel_sizes(extent: Extent, shape: tuple[int, ...]) -> None:
    for (low, high), n_pixels in zip(extent, reversed(shape), strict=True):
        if (high - low) / n_pixels == 0:
            raise ValueError(
                f"extent: expected intervals wide enough for {n_pixels} pixels in float64, "
                f"got ({low}, {high})"
            )

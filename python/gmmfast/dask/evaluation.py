"""Lazy arrays of log-densities, labels, responsibilities and conditional moments of rows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import dask.array as da
import numpy as np
from dask.delayed import delayed

from gmmfast._validation import check_features, describe
from gmmfast.dask.blocks import broadcast
from gmmfast.dask.rows import rows_collection
from gmmfast.mixture import Mixture
from gmmfast.mixture.transport import aligned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

#: The moments of `conditional`, and their numbers of axes.
_MOMENTS = {"mean": 1, "std": 1, "covariance": 2}


def score_samples(model: Any, X: Any) -> da.Array:
    """Return the log-density at each row, lazily.

    Parameters
    ----------
    model : fitted estimator, Mixture, or (weights, means, covariances)
        Any model that `Mixture.from_model` accepts. A gmmfast estimator gives its own
        `score_samples`.
    X : dask array or DataFrame, zarr array, xarray.DataArray, or list of delayed chunks
        The rows.

    Returns
    -------
    dask.array.Array of shape (n_samples,)
        In chunks as X; computing it gives the bits of the call with all rows in memory.

    Raises
    ------
    ValueError, TypeError
        If the model is not fitted, or if X is not as above.

    Examples
    --------
    >>> import dask.array as da
    >>> import numpy as np
    >>> import gmmfast.dask
    >>> X = da.from_array(np.zeros((6, 2)), chunks=(4, 2))
    >>> lazy = gmmfast.dask.score_samples(([1.0], [[0.0, 0.0]], [1.0]), X)
    >>> lazy.chunks, lazy.compute().round(3).tolist()
    (((4, 2),), [-1.838, -1.838, -1.838, -1.838, -1.838, -1.838])
    """
    return _lazily(model, X, "score_samples")


def predict(model: Any, X: Any) -> da.Array:
    """Return the most probable component of each row, lazily: see `score_samples`."""
    return _lazily(model, X, "predict")


def predict_proba(model: Any, X: Any) -> da.Array:
    """Return the responsibilities for each row, lazily: see `score_samples`.

    The array has shape (n_samples, n_components); a chunk must fit in the memory of a worker.
    """
    return _lazily(model, X, "predict_proba")


def conditional(
    model: Any,
    X: Any,
    given: Sequence[int],
    moment: Literal["mean", "std", "covariance"] = "mean",
) -> da.Array:
    """Return a moment of the remaining features given others, for each row, lazily.

    Parameters
    ----------
    model : fitted estimator, Mixture, or (weights, means, covariances)
        Any model that `Mixture.from_model` accepts.
    X : dask array or DataFrame, zarr array, xarray.DataArray, or list of delayed chunks
        Values of the given features, (n_samples, len(given)).
    given : sequence of int
        The indices of the given features.
    moment : {"mean", "std", "covariance"}
        As the methods of `ConditionalMixtures`.

    Returns
    -------
    dask.array.Array of shape (n_samples, n_remaining)
        Or (n_samples, n_remaining, n_remaining) for the covariance, in chunks as X.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above, or if `given` has all features. The columns of delayed
        chunks are checked when they are computed.

    Examples
    --------
    >>> import dask.array as da
    >>> import numpy as np
    >>> import gmmfast.dask
    >>> joint = ([0.5, 0.5], [[0.0, 1.0], [9.0, 3.0]], [1.0, 1.0])
    >>> X = da.from_array(np.array([[0.0], [4.5], [99.0]]), chunks=(1, 1))
    >>> gmmfast.dask.conditional(joint, X, [0]).compute().ravel()
    array([1., 2., 3.])
    """
    if not isinstance(moment, str) or moment not in _MOMENTS:
        raise ValueError(f"moment: expected one of {tuple(_MOMENTS)}, got {describe(moment)}")
    mixture = Mixture.from_model(model)
    checked = check_features("given", given, mixture.n_features)
    n_remaining = mixture.n_features - len(checked)
    if not n_remaining:
        raise ValueError(
            f"given: expected fewer than all {mixture.n_features} features, got {checked}; leave "
            "some out"
        )
    rows = rows_collection(X)
    if not isinstance(rows, list) and rows.shape[1] != len(checked):
        raise ValueError(
            f"X: expected one column for each of the given features {checked}, got "
            f"{rows.shape[1]} columns; select them"
        )
    shape = (n_remaining,) * _MOMENTS[moment]
    function = partial(_moment_of_rows, given=checked, moment=moment)
    return _apply(rows, (function, mixture), shape, np.dtype(np.float64))


def evaluated(rows: Any, estimator: Any, method: str) -> da.Array:
    """Return a lazy array of the results of a method of rows.

    Parameters
    ----------
    rows : dask array, DataFrame, or list of delayed chunks
    estimator : fitted estimator or Mixture
    method : {"score_samples", "predict", "predict_proba"}
    """
    shape: tuple[int, ...] = ()
    if method == "predict_proba":
        shape = (len(getattr(estimator, "means_", getattr(estimator, "means", ()))),)
    dtype: np.dtype[Any] = np.dtype(np.int64)
    if method != "predict":
        means = np.asarray(getattr(estimator, "means_", np.float64(0)))
        is_single = means.dtype == getattr(rows, "dtype", None) == np.float32
        dtype = np.dtype(np.float32 if is_single else np.float64)
    function = partial(_method_of_rows, method=method, empty=np.empty((0, *shape), dtype))
    return _apply(rows, (function, estimator), shape, dtype)


def _lazily(model: Any, X: Any, method: str) -> da.Array:
    is_ours = hasattr(model, "_fitted_parameters")
    mixture = Mixture.from_model(model)  # raises if an estimator is not fitted
    return evaluated(rows_collection(X), model if is_ours else mixture, method)


def _apply(
    rows: Any,
    call: tuple[Callable[..., Any], Any],
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
) -> da.Array:
    """Return the values of a function of rows and a model, of a shape for each row."""
    function, model = call
    shared = broadcast(model)
    if isinstance(rows, da.Array):
        n_axes = len(shape)
        return da.map_blocks(
            function,
            rows,
            dtype=dtype,
            drop_axis=[] if n_axes else [1],
            new_axis=list(range(2, 1 + n_axes)) or None,
            chunks=(rows.chunks[0], *[(size,) for size in shape]),
            meta=np.empty((0,) * (1 + n_axes), dtype),
            model=shared,
        )
    parts = rows if isinstance(rows, list) else rows.to_delayed()
    lazy = delayed(function, pure=False)
    arrays = [
        da.from_delayed(lazy(part, model=shared), (np.nan, *shape), dtype=dtype) for part in parts
    ]
    return da.concatenate(arrays, allow_unknown_chunksizes=True)


def _method_of_rows(rows: Any, model: Any, method: str, empty: NDArray[Any]) -> Any:
    if not len(rows):
        return empty
    rows = aligned(rows) if isinstance(rows, np.ndarray) else rows
    return getattr(model, method)(rows)


def _moment_of_rows(rows: Any, model: Mixture, given: list[int], moment: str) -> Any:
    values = aligned(rows)
    n_remaining = model.n_features - len(given)
    if not len(values):
        return np.empty((0, *(n_remaining,) * _MOMENTS[moment]))
    return getattr(model.condition(given, values), moment)()

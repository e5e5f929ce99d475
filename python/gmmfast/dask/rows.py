"""Rows in arrays of dask, zarr and xarray, in DataFrames, and in delayed chunks."""

from __future__ import annotations

from typing import Any

import dask.array as da
from dask.base import is_dask_collection
from dask.delayed import Delayed, delayed

from gmmfast._validation import describe


def rows_collection(X: Any) -> Any:
    """Return a dask array, a DataFrame, or a list of delayed chunks.

    Raises
    ------
    TypeError
        If X is another type of these libraries, or not two-dimensional.
    """
    if isinstance(X, list | tuple):
        return list(X)
    library = type(X).__module__.partition(".")[0]
    if library == "xarray":
        X = getattr(X, "data", X)
        if not isinstance(X, da.Array) and hasattr(X, "ndim"):
            X = da.from_array(X)
    elif library == "zarr" and hasattr(X, "chunks"):
        X = da.from_array(X, chunks=X.chunks)
    if not is_dask_collection(X) or getattr(X, "ndim", 2) != 2 or isinstance(X, Delayed):
        raise TypeError(
            "X: expected rows (n_samples, n_features) in a dask array or DataFrame, a zarr array, "
            f"an xarray.DataArray, or a list of delayed chunks, got {describe(X)}; reshape it"
        )
    return X.rechunk({1: -1}) if isinstance(X, da.Array) else X


def delayed_rows(X: Any, sample_weight: Any = None) -> list[Delayed]:
    """Return the blocks of a collection, as pairs with their weights if there are any.

    Raises
    ------
    ValueError
        If the weights do not come as the rows do.
    """
    rows = rows_collection(X)
    if isinstance(rows, list):
        if sample_weight is not None:
            raise ValueError(
                "sample_weight: expected None when X comes in chunks, got an array; pass chunks "
                "(points, sample_weight)"
            )
        return [delayed(chunk) if isinstance(chunk, tuple) else chunk for chunk in rows]
    parts = _parts(rows)
    if sample_weight is None:
        return parts
    weights = sample_weight
    if isinstance(rows, da.Array):
        weights = da.asarray(getattr(weights, "data", weights))
        if not _is_unknown(rows):
            if weights.shape != (rows.shape[0],):
                raise ValueError(
                    f"sample_weight: expected shape {(rows.shape[0],)}, got {weights.shape}"
                )
            weights = weights.rechunk((rows.chunks[0],))
    if not is_dask_collection(weights) or len(_parts(weights)) != len(parts):
        raise ValueError(
            f"sample_weight: expected weights in the {len(parts)} chunks of X, got "
            f"{describe(sample_weight)}; take them from the same collection"
        )
    pair = delayed(_pair, pure=False)
    return [pair(part, weight) for part, weight in zip(parts, _parts(weights), strict=True)]


def _parts(collection: Any) -> list[Delayed]:
    found = collection.to_delayed()
    return list(found.ravel() if hasattr(found, "ravel") else found)


def _is_unknown(array: da.Array) -> bool:
    return any(size != size for size in array.chunks[0])  # noqa: PLR0124 (NaN)


def _pair(rows: Any, weight: Any) -> tuple[Any, Any]:
    return rows, weight

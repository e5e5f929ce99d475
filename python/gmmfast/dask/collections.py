"""The functions that estimators call for collections of other libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gmmfast.dask.blocks import DaskBlocks
from gmmfast.dask.evaluation import evaluated
from gmmfast.dask.rows import delayed_rows, rows_collection

if TYPE_CHECKING:
    import dask.array as da


class DaskCollections:
    """The functions that estimators call for a collection."""

    def blocks(self, X: Any, sample_weight: Any) -> DaskBlocks:
        """Return the blocks of rows of a collection."""
        return DaskBlocks(delayed_rows(X, sample_weight))

    def evaluated(self, X: Any, estimator: Any, method: str) -> da.Array:
        """Return a lazy array of the results of an estimator's method of rows."""
        return evaluated(rows_collection(X), estimator, method)

"""Collections of other libraries: dask's, zarr's and xarray's arrays and delayed chunks.

Packages above this one register what they understand here; `gmmfast.dask` does. A collection is
recognized by the library of its type, and only then the package is imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from gmmfast.fitting.blocks import Blocks, Mapper

#: The libraries of the collections, and the package that registers them. It needs these
#: libraries, which this package does not.
_LIBRARIES = ("dask", "xarray", "zarr")
_PACKAGE = "gmmfast.dask"


class Collections(Protocol):
    """The functions that a package registers."""

    def blocks(self, X: Any, sample_weight: Any) -> Blocks:
        """Return the blocks of rows of a collection."""

    def evaluated(self, X: Any, estimator: Any, method: str) -> Any:
        """Return a lazy array of the results of an estimator's method of rows."""


_registered: list[Collections] = []


def register(collections: Collections) -> None:
    """Register the functions for collections, in place of others."""
    _registered[:] = [collections]


def collections_of(X: Any) -> Collections | None:
    """Return the functions for a collection, or None for any other value.

    Raises
    ------
    ImportError
        If the extra "dask" is not installed.
    """
    first = X[0] if isinstance(X, list | tuple) and X else X
    if isinstance(first, tuple) and first:
        first = first[0]  # a pair (rows, weights)
    library = type(first).__module__.partition(".")[0]
    if library not in _LIBRARIES:
        return None
    if not _registered:
        import_module(_PACKAGE)
    return _registered[0]


def blocks_of_collection(X: Any, sample_weight: Any, mapper: Mapper | None) -> Blocks | None:
    """Return the blocks of rows of a collection, or None for any other value."""
    collections = collections_of(X)
    if collections is None:
        return None
    if mapper is not None:
        raise ValueError(
            "mapper: expected None for a collection, which its scheduler computes, got one; pass "
            "arrays or functions that return them"
        )
    return collections.blocks(X, sample_weight)

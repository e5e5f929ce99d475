"""X and sample_weight of a fit: which kind of data they are, decided once.

`training_data` decides whether X is one array, chunks, or an array of another library; `fit`,
`fit_predict`, `partial_fit` and the fallback to scikit-learn read its result. `samples` then
checks the values in scikit-learn's order and with its messages, and separates rows with
missing values from complete ones. Data that only gmmfast accepts have messages of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn import get_config

from gmmfast._validation import describe
from gmmfast.estimators.collections import blocks_of_collection
from gmmfast.estimators.inspection import Inspect
from gmmfast.estimators.versions import checked_weight, validate_data
from gmmfast.fitting.blocks import Blocks, BlockSize, Mapped, MappedBlocks, Mapper
from gmmfast.fitting.chunks import BLOCK_ROWS, Chunks, chunks_of, points_and_weight, rows_of
from gmmfast.fitting.oversampling import OVERSAMPLED, oversampling
from gmmfast.fitting.samples import Chunked, Samples, samples_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_NO_ROWS = "X: expected at least one row in all chunks, got none"


class TrainingData(NamedTuple):
    """The arguments of a fit, unchecked, and which kind of data they are."""

    X: Any
    sample_weight: Any
    #: Iterates over the chunks; None if X is one array.
    chunks: Chunks | None
    #: The blocks of a cluster, or those that a mapper computes with, of rows in `chunks` or X.
    blocks: Blocks | None
    #: Name of the type of X if scikit-learn's array API dispatch applies to it.
    foreign: str | None

    def refuse_extras(self, reason: str, **options: Any) -> None:
        """Raise NotImplementedError if scikit-learn's own fit cannot take the arguments."""
        used = {
            "sample_weight": self.sample_weight is not None,
            "mapper": self.blocks is not None,
            "chunks": self.chunks is not None,
            **{name: bool(value) for name, value in options.items()},
        }
        for name, is_used in used.items():
            if is_used:
                raise NotImplementedError(f"{name}: scikit-learn's fit has none, and {reason}")

    def samples(
        self, estimator: Any, n_threads: int | None, *, reset: bool = True, least: int = 2
    ) -> Samples:
        """Return the checked samples of at least `least` rows.

        With `reset` the estimator stores the number and names of the features; otherwise they
        must be those that it has stored.
        """
        if self.blocks is not None:
            return self._samples_in_blocks(estimator, n_threads, reset=reset, least=least)
        if self.chunks is None:
            points, weights = checked_points(
                estimator, self.X, self.sample_weight, reset=reset, least=least
            )
            return samples_of(points, weights, n_threads)
        chunks = self.weighted_chunks()
        resets = iter([reset])  # for the first chunk of all; the others must have its features

        def checked() -> Iterator[tuple[Array, Array | None]]:
            for chunk in chunks():
                rows, weight = points_and_weight(chunk)
                is_first = next(resets, False)
                rows, weight = checked_points(estimator, rows, weight, reset=is_first, least=0)
                if len(rows):
                    yield rows, weight

        is_map = isinstance(self.X, np.memmap)
        samples = Chunked(checked, n_threads, is_map=is_map)
        _check_n_samples(samples, least)
        return samples

    def _samples_in_blocks(
        self, estimator: Any, n_threads: int | None, *, reset: bool, least: int
    ) -> Samples:
        """Return the samples of blocks, of which each was checked where it is."""
        blocks, whole = self.blocks, None
        assert blocks is not None  # noqa: S101
        if isinstance(blocks, MappedBlocks) and self.chunks is None:
            points, weights = checked_points(
                estimator, self.X, self.sample_weight, reset=reset, least=least
            )
            whole = samples_of(points, weights, n_threads)
            blocks = blocks.of(lambda: rows_of(points, weights, BLOCK_ROWS))
        inspect = Inspect(bool(estimator._allows_nan))
        sizes: list[BlockSize] = []
        for size in blocks.map(inspect):
            if whole is None:
                is_first = reset and not sizes
                validate_data(estimator, size.head, ensure_min_samples=0, reset=is_first)
            sizes.append(size)
        if not sizes:
            raise ValueError(_NO_ROWS)
        samples = Mapped(blocks, sizes, n_threads or blocks.n_threads, whole)
        if estimator.init_params in OVERSAMPLED and not isinstance(blocks, MappedBlocks):
            samples.oversampling = oversampling(estimator.n_components)
        _check_n_samples(samples, least)
        return samples

    def weighted_chunks(self) -> Chunks:
        """Return the chunks, with the rows of `sample_weight` if X is a memory map."""
        assert self.chunks is not None  # noqa: S101
        if self.sample_weight is None:
            return self.chunks
        is_map = isinstance(self.X, np.memmap)
        if not is_map:
            raise ValueError(
                "sample_weight: expected None when X comes in chunks, got an array; "
                "pass chunks (points, sample_weight)"
            )
        weights = checked_weight(self.sample_weight, self.X)
        return lambda: rows_of(self.X, weights)


def training_data(X: Any, sample_weight: Any = None, mapper: Mapper | None = None) -> TrainingData:
    """Return the data of a fit, without a look at the values.

    Raises
    ------
    TypeError
        If the chunks are an iterator, or functions without a mapper, or the mapper is not
        callable.
    """
    blocks = blocks_of_collection(X, sample_weight, mapper)
    if blocks is not None:
        return TrainingData(X, None, None, blocks, None)
    is_functions = _is_functions(X)
    chunks = (lambda: iter(X)) if is_functions else chunks_of(X)
    data = TrainingData(X, sample_weight, chunks, None, foreign_array(X))
    if mapper is None:
        if is_functions:
            raise TypeError(
                "X: expected rows, got functions that return them; call them, or pass mapper=map "
                "to fit"
            )
        return data
    if not callable(mapper):
        raise TypeError(
            f"mapper: expected a callable like map, got {describe(mapper)}; pass pool.map"
        )
    weighted = list if chunks is None else data.weighted_chunks()
    return data._replace(blocks=MappedBlocks(weighted, mapper))


def _is_functions(X: Any) -> bool:
    """Return whether X is a list of functions that return chunks."""
    return isinstance(X, list | tuple) and len(X) > 0 and all(callable(chunk) for chunk in X)


def _check_n_samples(samples: Samples, least: int) -> None:
    if samples.n_samples == 0:
        raise ValueError(_NO_ROWS)
    if samples.n_samples < least:
        raise ValueError(
            f"X: expected at least {least} samples in all chunks, got {samples.n_samples}"
        )


def foreign_array(*arrays: Any) -> str | None:
    """Return the type's name of the first array that scikit-learn computes elsewhere, or None.

    Such arrays follow the array API standard, are not NumPy's, and are dispatched because
    scikit-learn's `array_api_dispatch` is on.
    """
    if get_config()["array_api_dispatch"]:
        for array in arrays:
            if hasattr(array, "__array_namespace__") and not isinstance(array, np.ndarray):
                return type(array).__name__
    return None


def checked_points(
    estimator: Any, X: Any, sample_weight: Any, *, reset: bool = True, least: int = 1
) -> tuple[Array, Array | None]:
    """Return an array of at least `least` rows, and their weights, which may all be 0.

    The weights of no rows are None.
    """
    points = validate_data(
        estimator,
        X,
        dtype=[np.float64, np.float32],
        ensure_min_samples=least,
        ensure_all_finite=finiteness(estimator),
        reset=reset,
    )
    is_empty = not len(points) and not np.size(sample_weight)  # scikit-learn's check refuses it
    if sample_weight is None or is_empty:
        return points, None
    return points, checked_weight(sample_weight, points)


def finiteness(estimator: Any) -> Any:
    """Return what scikit-learn's `ensure_all_finite` has to be for the estimator."""
    return "allow-nan" if estimator._allows_nan else True

"""Samples of a mixture, of which the seed alone decides the bits.

Assumes a validated mixture. Guarantees that every argument is checked before anything is
allocated, and the same bits for any number of threads and on every machine.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from gmmfast import _core
from gmmfast._memory import check_fits
from gmmfast._random import seed_of
from gmmfast._validation import check_count, check_n_threads, refuse_masked, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

    Bounds = Sequence[tuple[float | None, float | None] | None]
    RandomState = int | np.random.Generator | np.random.RandomState | None

Order = Literal["shuffled", "grouped"]

_ORDERS = ("shuffled", "grouped")
_DTYPES = ("float64", "float32")


class Sampling:
    """The method of `Mixture` that draws."""

    _core: _core.Mixture
    _shape: tuple[int, int]

    @overload
    def sample(
        self,
        n_samples: int = 1,
        *,
        random_state: RandomState = None,
        order: Order = "shuffled",
        return_labels: Literal[False] = False,
        bounds: Bounds | None = None,
        dtype: DTypeLike = "float64",
        n_threads: int | None = None,
    ) -> NDArray[Any]: ...
    @overload
    def sample(
        self,
        n_samples: int = 1,
        *,
        random_state: RandomState = None,
        order: Order = "shuffled",
        return_labels: Literal[True],
        bounds: Bounds | None = None,
        dtype: DTypeLike = "float64",
        n_threads: int | None = None,
    ) -> tuple[NDArray[Any], NDArray[np.int64]]: ...
    def sample(  # noqa: PLR0913 (the public face; all but one by keyword)
        self,
        n_samples: int = 1,
        *,
        random_state: RandomState = None,
        order: Order = "shuffled",
        return_labels: bool = False,
        bounds: Bounds | None = None,
        dtype: DTypeLike = "float64",
        n_threads: int | None = None,
    ) -> NDArray[Any] | tuple[NDArray[Any], NDArray[np.int64]]:
        """Draw independent samples.

        Parameters
        ----------
        n_samples : int, default=1
            Number of samples, at least one.
        random_state : None, int, numpy.random.Generator or RandomState, optional
            The seed, from 0 to 2**64 - 1, which alone decides the result; or what to draw
            one from. By default a fresh one of the system's.
        order : {"shuffled", "grouped"}, default="shuffled"
            As they are drawn, where the first m of n samples are the samples that m gives;
            or the same ones by component, those of the first component first, as
            scikit-learn's `sample` has them. How many come of each component is
            multinomial either way.
        return_labels : bool, default=False
            Return the components, too.
        bounds : sequence of (low, high) or None, one a feature, optional
            Draw from the mixture within this box, both ends included; None, for a feature
            or an end, is no bound. Colours are in (0, 255). Exact, by rejection: samples
            beyond are drawn again, which takes as many times longer as the box's share of
            the probability has of 1.
        dtype : {float64, float32}, default=float64
            Of the samples; float32 is the float64 rounded, which may be beyond a bound by
            that much.
        n_threads : int, optional
            Number of threads; by default all that the process may use.

        Returns
        -------
        points : ndarray of shape (n_samples, n_features)
            The samples.
        labels : ndarray of int64 and shape (n_samples,)
            Their components; only with `return_labels`.

        Raises
        ------
        ValueError, TypeError
            An argument that is not as above, or a box in which fewer than one in 10,000
            samples of the mixture are; the message names it.
        MemoryError
            A result larger than the memory available; raised before allocating.

        See Also
        --------
        render_samples : Samples put onto a grid without holding them.

        Notes
        -----
        A sample is m_k + L_k z with component k of probability w_k, by Walker's alias
        method, the lower Cholesky factor L_k of its covariance, and standard normals z by
        Box and Muller from words of a counter-based generator. The words, and all that is
        made of them, are of exactly rounded operations in one order, so that a seed means
        the same bits on every machine. The stream is named "gmmfast-1": other bits would
        come under another name. Normals end at 8.57 deviations, which one in 10**17
        passes.

        Examples
        --------
        >>> import gmmfast
        >>> mixture = gmmfast.Mixture([0.5, 0.5], [[0.0, 0.0], [9.0, 9.0]], [1.0, 0.1])
        >>> mixture.sample(2, random_state=0).shape
        (2, 2)
        >>> points, labels = mixture.sample(1000, random_state=0, return_labels=True)
        >>> bool(((points[:, 0] > 5) == labels).all())
        True

        The part of it that is to the right of 0, with y in the picture:

        >>> points = mixture.sample(1000, random_state=0, bounds=[(0, None), (-1, 9)])
        >>> bool((points >= [0, -1]).all() and (points[:, 1] <= 9).all())
        True
        """
        n_samples = check_count("n_samples", n_samples)
        n_features = self._shape[1]
        if not isinstance(order, str) or order not in _ORDERS:
            raise ValueError(f"order: expected 'shuffled' or 'grouped', got {shown(order)}")
        checked = _check_dtype(dtype)
        box = None if bounds is None else check_bounds(bounds, n_features)
        threads = check_n_threads(n_threads)
        row_bytes = n_features * checked.itemsize + (8 if return_labels else 0)
        mend = "draw fewer at a time, or pass a smaller dtype"
        check_fits("n_samples", n_samples, n_samples * row_bytes, mend)
        sampling = _core.Sampling(self._core, seed_of(random_state), box)
        points = np.empty((n_samples, n_features), checked)
        labels = np.empty(n_samples, np.int64) if return_labels else None
        sampling.draw(points, labels, order == "grouped", threads)
        return points if labels is None else (points, labels)


def _check_dtype(dtype: Any) -> np.dtype[Any]:
    try:
        checked: np.dtype[Any] = np.dtype(dtype)
    except (TypeError, ValueError):
        checked = np.dtype(object)
    if dtype is None or checked not in [np.dtype(name) for name in _DTYPES]:
        raise TypeError(f"dtype: expected float64 or float32, got {shown(dtype)}")
    return checked


def check_bounds(bounds: Any, n_features: int) -> list[tuple[float, float]] | None:
    """Return a pair for each feature, infinite where there is no bound, or None for none."""
    refuse_masked("bounds", bounds)
    expected = f"{n_features} pairs (low, high) or None, one for each feature"
    try:
        pairs = [(None, None) if pair is None else tuple(pair) for pair in bounds]
    except TypeError:
        raise TypeError(f"bounds: expected {expected}, got {shown(bounds)}") from None
    if len(pairs) != n_features or any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"bounds: expected {expected}, got {shown(bounds)}")
    box = []
    for low, high in pairs:
        ends = []
        for end, default in ((low, -math.inf), (high, math.inf)):
            try:
                ends.append(default if end is None else float(end))
            except (TypeError, ValueError, OverflowError):
                raise TypeError(
                    f"bounds: expected real numbers or None, got {shown(end)}"
                ) from None
        if not ends[0] < ends[1]:
            raise ValueError(
                f"bounds: expected low below high for every feature, got ({low}, {high})"
            )
        box.append((ends[0], ends[1]))
    return None if all(pair == (-math.inf, math.inf) for pair in box) else box

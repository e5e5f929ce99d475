"""The class `ConditionalMixtures`: the conditionals of a mixture at many points.

Arguments are checked before anything is allocated. Only the result of `weights` is an array of
(n_samples, n_components). Results are exact to rounding and the same for any number of threads;
moments and draws at a point do not depend on the other points.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._memory import check_fits
from gmmfast._random import seed_of
from gmmfast._validation import check_features, check_n_threads, check_points, describe
from gmmfast.mixture.conditioning import Conditioning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from gmmfast.mixture.mixture import Mixture

    Array = NDArray[np.float64]


class ConditionalMixtures:
    """Conditional mixtures of the remaining features, one for each row of given values.

    All have as many components as the joint mixture, with the same slopes and covariances. At
    one point the components' weights are their responsibilities for the given values, and their
    means are affine in the values (Bishop, Pattern Recognition and Machine Learning, 2006,
    section 2.3.1). Only the model and the values are stored. Each method passes once through
    the points, by a k-d tree where there are many, and leaves out components that provably
    cannot change the result by more than rounding.

    `Mixture.condition` returns this class for many points.

    Parameters
    ----------
    mixture : Mixture
        The joint mixture.
    given : sequence of int
        Distinct feature indices, not all of them.
    values : array-like of shape (n_samples, len(given))
        The values of these features; finite. They are copied.

    Raises
    ------
    ValueError, TypeError
        If `given` or `values` is invalid; the message names the argument.

    Examples
    --------
    >>> import gmmfast
    >>> joint = gmmfast.Mixture([1.0], [[0.0, 10.0]], [[[2.0, 1.0], [1.0, 3.0]]])
    >>> at = joint.condition([0], [[4.0], [0.0], [-4.0]])
    >>> at
    ConditionalMixtures(len=3, n_components=1, n_features=1, given=[0])
    >>> at.mean().ravel()
    array([12., 10.,  8.])
    >>> at[-1]
    Mixture(n_components=1, n_features=1, covariance_type='full')
    >>> at[1:].log_prob([[10.0], [8.0]]).round(3)
    array([-1.377, -1.377])
    """

    def __init__(self, mixture: Mixture, given: Sequence[int], values: ArrayLike) -> None:
        checked = check_features("given", given, mixture.n_features)
        self._conditioning = Conditioning(mixture, checked)
        rows = check_points("values", values, len(checked))
        self._values = np.array(rows)
        self._values.flags.writeable = False

    def _of(self, values: Array) -> ConditionalMixtures:
        some = object.__new__(ConditionalMixtures)
        some._conditioning = self._conditioning
        some._values = np.array(values)
        some._values.flags.writeable = False
        return some

    @property
    def n_components(self) -> int:
        """Number of components of each mixture."""
        return self._conditioning.mixture.n_components

    @property
    def n_features(self) -> int:
        """Number of remaining features, those of each mixture."""
        return self._conditioning.n_targets

    @property
    def given(self) -> list[int]:
        """Indices of the given features in the joint mixture."""
        return list(self._conditioning.given)

    @property
    def values(self) -> NDArray[np.float64]:
        """Values of the given features, (n_samples, len(given)); read-only."""
        return self._values

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: Any) -> Mixture | ConditionalMixtures:
        """Return the mixture at one point, or the mixtures at several.

        Parameters
        ----------
        index : int, slice, or array of int or bool
            One point, counted from the end if negative, or several.

        Returns
        -------
        Mixture or ConditionalMixtures
            A mixture for an integer.

        Raises
        ------
        IndexError
            If the index is out of range.
        TypeError
            If `index` has another type.
        ValueError
            If the distance of the one point from every component overflows.
        """
        if hasattr(index, "__index__") and not isinstance(index, bool | np.bool_ | np.ndarray):
            point = operator.index(index)
            if not -len(self) <= point < len(self):
                raise IndexError(f"index: expected a point below {len(self)}, got {point}")
            return self._conditioning.at(self._values[point])
        if not isinstance(index, slice):
            points = np.asarray(index)
            if points.size == 0:
                points = points.astype(np.intp)
            is_list = points.ndim == 1 and points.dtype.kind in "biu"
            if not is_list or isinstance(index, tuple):
                raise TypeError(
                    "index: expected an integer, a slice, or a list or 1-D array of integers or "
                    f"booleans, got {describe(index)}"
                )
            index = points
        return self._of(self._values[index])

    def mean(self, *, n_threads: int | None = None) -> NDArray[np.float64]:
        """Return the mean of each point's mixture.

        Parameters
        ----------
        n_threads : int, optional
            Number of threads; all available by default.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            E[remaining features | values], exact to rounding of the smallest standard deviation
            of a component, and finite where every density underflows. Where the distances
            from all components overflow, the components have equal weights.

        Examples
        --------
        >>> import gmmfast
        >>> joint = gmmfast.Mixture([0.5, 0.5], [[0.0, 1.0], [9.0, 3.0]], [1.0, 1.0])
        >>> joint.condition([0], [[0.0], [4.5], [1e6]]).mean().ravel()
        array([1., 2., 3.])
        """
        return self._conditioning.mean(self._values, check_n_threads(n_threads))

    def covariance(self, *, n_threads: int | None = None) -> NDArray[np.float64]:
        """Return the covariance of each point's mixture.

        Parameters
        ----------
        n_threads : int, optional
            Number of threads; all available by default.

        Returns
        -------
        ndarray of shape (n_samples, n_features, n_features)
            Cov[remaining features | values], by the law of total covariance: the mean of the
            components' covariances plus the covariance of their means, summed about the mean
            of the mixture to avoid cancellation.

        Examples
        --------
        >>> import gmmfast
        >>> joint = gmmfast.Mixture([0.5, 0.5], [[0.0, 1.0], [9.0, 3.0]], [1.0, 1.0])
        >>> joint.condition([0], [[0.0], [4.5]]).covariance().ravel().round(3)
        array([1., 2.])
        """
        return self._conditioning.covariance(self._values, check_n_threads(n_threads))

    def std(self, *, n_threads: int | None = None) -> NDArray[np.float64]:
        """Return the standard deviations of each point's mixture.

        Parameters
        ----------
        n_threads : int, optional
            Number of threads; all available by default.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Square roots of the diagonals of `covariance`, which is not computed.

        Examples
        --------
        >>> import gmmfast
        >>> joint = gmmfast.Mixture([1.0], [[0.0, 10.0]], [[[2.0, 1.0], [1.0, 4.5]]])
        >>> joint.condition([0], [[7.0], [0.0]]).std()
        array([[2.],
               [2.]])
        """
        return self._conditioning.std(self._values, check_n_threads(n_threads))

    def mean_and_std(
        self, *, n_threads: int | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the results of `mean` and `std`, in one pass.

        Parameters
        ----------
        n_threads : int, optional
            Number of threads; all available by default.

        Returns
        -------
        mean, std : ndarray of shape (n_samples, n_features)
            Equal to those of the separate methods to rounding; views of one array.

        Examples
        --------
        >>> import gmmfast
        >>> joint = gmmfast.Mixture([1.0], [[0.0, 10.0]], [[[2.0, 1.0], [1.0, 4.5]]])
        >>> joint.condition([0], [[4.0]]).mean_and_std()
        (array([[12.]]), array([[2.]]))
        """
        return self._conditioning.mean_and_std(self._values, check_n_threads(n_threads))

    def mean_and_covariance(
        self, *, n_threads: int | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the results of `mean` and `covariance`, in one pass.

        Parameters
        ----------
        n_threads : int, optional
            Number of threads; all available by default.

        Returns
        -------
        mean : ndarray of shape (n_samples, n_features)
        covariance : ndarray of shape (n_samples, n_features, n_features)
            Equal to those of the separate methods to rounding; views of one array.

        Examples
        --------
        >>> import gmmfast
        >>> joint = gmmfast.Mixture([1.0], [[0.0, 10.0]], [[[2.0, 1.0], [1.0, 4.5]]])
        >>> joint.condition([0], [[4.0]]).mean_and_covariance()
        (array([[12.]]), array([[[4.]]]))
        """
        return self._conditioning.mean_and_covariance(self._values, check_n_threads(n_threads))

    def log_prob(self, X: ArrayLike, *, n_threads: int | None = None) -> NDArray[np.float64]:
        """Return the log-density of one row of the remaining features at each point.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            A row for each point; finite.
        n_threads : int, optional
            Number of threads; all available by default.

        Returns
        -------
        ndarray of shape (n_samples,)
            log p(X[i] | values[i]), exact to rounding, also where the densities underflow. It
            is not computed as a difference of log-densities, which cancels.

        Examples
        --------
        >>> import gmmfast
        >>> joint = gmmfast.Mixture([1.0], [[0.0, 0.0]], [[1.0, 1.0]])
        >>> joint.condition([0], [[0.0], [1e6]]).log_prob([[0.0], [1.0]]).round(3)
        array([-0.919, -1.419])
        """
        rows, threads = check_points("X", X, self.n_features), check_n_threads(n_threads)
        if len(rows) != len(self):
            raise ValueError(
                f"X: expected shape ({len(self)}, {self.n_features}), a row for each point, got "
                f"{rows.shape}; index the points to pick some"
            )
        points = np.concatenate([self._values, rows], axis=1)
        return self._conditioning.log_prob(points, threads)

    def sample(
        self, random_state: Any = None, *, n_threads: int | None = None
    ) -> NDArray[np.float64]:
        """Draw once from each point's mixture.

        Parameters
        ----------
        random_state : int, numpy.random.RandomState or Generator, or None
            The seed, from 0 to 2**64 - 1, or a generator to draw it from. By default a fresh
            one from the system. The seed and the point's index decide the draw.
        n_threads : int, optional
            Number of threads; all available by default.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            A component is drawn by the responsibilities; the sample is its conditional mean
            plus a normal deviate of its covariance.

        Examples
        --------
        >>> import gmmfast
        >>> joint = gmmfast.Mixture([1.0], [[0.0, 10.0]], [[[2.0, 1.0], [1.0, 3.0]]])
        >>> at = joint.condition([0], [[4.0]] * 20000)
        >>> draws = at.sample(random_state=0)
        >>> draws.mean(axis=0).round(1), draws.std(axis=0).round(1)
        (array([12.]), array([1.6]))
        """
        seed, threads = seed_of(random_state), check_n_threads(n_threads)
        return self._conditioning.sample(self._values, seed, 0, threads)

    def weights(self, *, n_threads: int | None = None) -> NDArray[np.float64]:
        """Return the weights of each point's mixture.

        Parameters
        ----------
        n_threads : int, optional
            Number of threads; all available by default.

        Returns
        -------
        ndarray of shape (n_samples, n_components)
            Responsibilities of the components for the given values.

        Raises
        ------
        MemoryError
            If the result is larger than the available memory; raised before allocating.

        Examples
        --------
        >>> import gmmfast
        >>> joint = gmmfast.Mixture([0.5, 0.5], [[0.0, 1.0], [9.0, 3.0]], [1.0, 1.0])
        >>> joint.condition([0], [[4.5]]).weights()
        array([[0.5, 0.5]])
        """
        threads = check_n_threads(n_threads)
        shape = (len(self), self.n_components)
        mend = "index fewer points at a time, or use predict"
        check_fits("values", self._values.shape, 8 * shape[0] * shape[1], mend)
        return self._conditioning.marginal().predict_proba(self._values, n_threads=threads)

    def predict(self, *, n_threads: int | None = None) -> NDArray[np.int64]:
        """Return the most responsible component at each point.

        Parameters
        ----------
        n_threads : int, optional
            Number of threads; all available by default.

        Returns
        -------
        ndarray of int64 and shape (n_samples,)
            Index of the component with the largest weight, the first of equals.

        Examples
        --------
        >>> import gmmfast
        >>> joint = gmmfast.Mixture([0.5, 0.5], [[0.0, 1.0], [9.0, 3.0]], [1.0, 1.0])
        >>> joint.condition([0], [[1.0], [8.0]]).predict()
        array([0, 1])
        """
        return self._conditioning.marginal().predict(self._values, n_threads=n_threads)

    def __repr__(self) -> str:
        return (
            f"ConditionalMixtures(len={len(self)}, n_components={self.n_components}, "
            f"n_features={self.n_features}, given={self.given})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        joint = self._conditioning.mixture
        return ConditionalMixtures, (joint, self._conditioning.given, self._values)

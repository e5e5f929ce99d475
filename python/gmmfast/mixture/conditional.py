"""The conditionals of a mixture at many points, as one answer.

Assumes a validated mixture. Guarantees that arguments are checked before anything is
allocated, that no array of (n_samples, n_components) is held but the result of `weights`,
and that results are exact to rounding and the same for any number of threads; moments and
draws of a point do not depend on the others either.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmfast._memory import check_fits
from gmmfast._random import seed_of
from gmmfast._validation import check_features, check_n_threads, check_points, shown
from gmmfast.mixture.conditioning import Conditioning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from gmmfast.mixture.mixture import Mixture

    Array = NDArray[np.float64]


class ConditionalMixtures:
    """What a mixture says of its other features at many points, given some at each.

    One mixture a point, of as many components, which share their slopes and covariances:
    at one point the components' weights are their responsibilities for the given values,
    and their means are affine in these (Bishop, Pattern Recognition and Machine Learning,
    2006, section 2.3.1). Held are the model and the values; every answer goes once through
    the points, by a k-d tree where there are many, and leaves out components that provably
    cannot change it by more than rounding.

    `Mixture.condition` with many points returns one.

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
        Features or values that are not as above; the message names the argument.

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
        """Number of features that are not given: those of each mixture."""
        return self._conditioning.n_targets

    @property
    def given(self) -> list[int]:
        """Indices of the given features in the joint mixture."""
        return list(self._conditioning.given)

    @property
    def values(self) -> NDArray[np.float64]:
        """Their values, (n_samples, len(given)); read-only."""
        return self._values

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: Any) -> Mixture | ConditionalMixtures:
        """Return the mixture at one point, or those at some.

        Parameters
        ----------
        index : int, slice, or array of int or bool
            A point, counted from the end if negative, or points.

        Returns
        -------
        Mixture or ConditionalMixtures
            A mixture for an integer.

        Raises
        ------
        IndexError
            A point that there is not.
        TypeError
            Anything else.
        ValueError
            A point so far off that its distance from every component overflows, asked for
            as a mixture.
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
                    f"booleans, got {shown(index)}"
                )
            index = points
        return self._of(self._values[index])

    def mean(self, *, n_threads: int | None = None) -> NDArray[np.float64]:
        """Return the mean of each point's mixture.

        Parameters
        ----------
        n_threads : int, optional
            Number of threads; by default all that the process may use.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            E[other features | values], exact to rounding of the smallest standard deviation
            of a component, and finite where every density underflows. Where the distances
            from all components overflow, these count alike.

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
            Number of threads; by default all that the process may use.

        Returns
        -------
        ndarray of shape (n_samples, n_features, n_features)
            Cov[other features | values]: what components have, and how far their means lie
            from the mean of all, summed about that mean so that nothing cancels (Bishop,
            2006, exercise 2.17).

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
            Number of threads; by default all that the process may use.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Square roots of the diagonals of `covariance`, without the rest of it.

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
        """Return what `mean` and `std` do, in one pass.

        Parameters
        ----------
        n_threads : int, optional
            Number of threads; by default all that the process may use.

        Returns
        -------
        mean, std : ndarray of shape (n_samples, n_features)
            Equal to the others to rounding; parts of one array.

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
        """Return what `mean` and `covariance` do, in one pass.

        Parameters
        ----------
        n_threads : int, optional
            Number of threads; by default all that the process may use.

        Returns
        -------
        mean : ndarray of shape (n_samples, n_features)
        covariance : ndarray of shape (n_samples, n_features, n_features)
            Equal to the others to rounding; parts of one array.

        Examples
        --------
        >>> import gmmfast
        >>> joint = gmmfast.Mixture([1.0], [[0.0, 10.0]], [[[2.0, 1.0], [1.0, 4.5]]])
        >>> joint.condition([0], [[4.0]]).mean_and_covariance()
        (array([[12.]]), array([[[4.]]]))
        """
        return self._conditioning.mean_and_covariance(self._values, check_n_threads(n_threads))

    def log_prob(
        self,
        X: ArrayLike,
        *,
        n_threads: int | None = None,
    ) -> NDArray[np.float64]:
        """Return the log-density of one row of the other features at each point.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            A row for each point; finite.
        n_threads : int, optional
            Number of threads; by default all that the process may use.

        Returns
        -------
        ndarray of shape (n_samples,)
            log p(X[i] | values[i]), exact to rounding also where the densities of values
            and row underflow: it is not the difference of their logarithms, which cancels.

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
            The seed, of 0 to 2**64 - 1, or what to draw it from; None is a fresh one. The
            seed and the number of the point decide the draw, never the number of threads.
        n_threads : int, optional
            Number of threads; by default all that the process may use.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Of a component, chosen by its responsibility, its expert's mean plus a normal of
            its covariance.

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
            Number of threads; by default all that the process may use.

        Returns
        -------
        ndarray of shape (n_samples, n_components)
            Responsibilities of the components for the given values.

        Raises
        ------
        MemoryError
            A result larger than the memory available; raised before allocating.

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
            Number of threads; by default all that the process may use.

        Returns
        -------
        ndarray of int64 and shape (n_samples,)
            Index of the largest weight, the first of equals.

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

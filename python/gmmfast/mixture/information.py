"""How unsure a mixture is, and how far it is from another: entropy and divergence, in nats.

Neither has a closed form for more than one component. What has one are bounds made of the
pairs of components, and the means of samples, which come with their standard error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gmmfast._memory import check_fits
from gmmfast._validation import check_count, check_n_threads, check_positive
from gmmfast.mixture.component_pairs import LOG_2_PI, log_overlaps, pairs_of
from gmmfast.mixture.moments import Moments
from gmmfast.mixture.predictions import Predictions
from gmmfast.mixture.sampling import Sampling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gmmfast.mixture.layouts import Part
    from gmmfast.mixture.mixture import Mixture

    Array = NDArray[np.float64]


class Bounds(NamedTuple):
    """Two numbers that the one asked for lies between."""

    lower: float
    upper: float


class Estimate(NamedTuple):
    """The mean of random numbers, and the standard deviation of that mean."""

    value: float
    standard_error: float


class Divergences(Predictions, Moments, Sampling):
    """The methods of `Mixture` that measure information."""

    def entropy_bounds(self) -> Bounds:
        """Return a lower and an upper bound of the differential entropy.

        Returns
        -------
        Bounds
            The named tuple (lower, upper), in nats; the same number twice, to rounding, for
            one component.

        Notes
        -----
        The entropy is -E[log p(x)]. With w the weights and H the entropy of a component, the
        bounds are the tightest of

        - lower: -sum_i w_i log sum_j w_j N(m_i; m_j, S_i + S_j), by Jensen's inequality (Huber,
          Bailey, Durrant-Whyte and Hanebeck, On entropy approximation for Gaussian mixture
          random vectors, 2008, theorem 2);
        - lower and upper: sum_i w_i (H_i - log sum_j w_j exp(-D_ij)) with D the Bhattacharyya
          distance and the Kullback-Leibler divergence of the components (Kolchinsky and
          Tracey, Estimating mixture entropy with pairwise distances, Entropy 19(7), 2017,
          sections 3 and 4); the upper is never above sum_i w_i (H_i - log w_i), theorem 3 of
          Huber et al.;
        - upper: the entropy of the Gaussian of the mixture's covariance, the most that any
          density of that covariance has.

        Time grows with the square of the number of components; memory does not.

        Examples
        --------
        Two components far apart: the entropy is that of one, and one bit more.

        >>> import numpy as np
        >>> import gmmfast
        >>> bounds = gmmfast.Mixture([0.5, 0.5], [[0.0], [40.0]], [1.0, 1.0]).entropy_bounds()
        >>> exact = 0.5 * np.log(2 * np.pi * np.e) + np.log(2)
        >>> bool(bounds.lower <= exact <= bounds.upper + 1e-12)
        True
        """
        from scipy.special import logsumexp  # noqa: PLC0415 (slow to import)

        pairs, d = pairs_of(self, self), self.n_features
        log_weights = _log_weights(self)
        log_dets = pairs.log_dets[0]
        sums = np.empty((3, self.n_components))
        for rows in pairs.rows():
            log_det, distance = pairs.overlaps(rows)
            # Of S = (S_i + S_j) / 2: log|S| = log|S_i + S_j| - n log 2, and S^-1 is twice the
            # inverse of the sum.
            mid = log_det - d * np.log(2) - (log_dets[rows, None] + log_dets) / 2
            bhattacharyya = np.maximum(distance / 4 + mid / 2, 0)
            overlaps = log_overlaps(log_det, distance, d)
            exponents = (overlaps, -bhattacharyya, -pairs.divergences(rows))
            for out, exponent in zip(sums, exponents, strict=True):
                out[rows] = logsumexp(log_weights + exponent, axis=1)
        weights = np.exp(log_weights)
        jensen, lower, upper = -(sums @ weights)
        within = weights @ (d * (1 + LOG_2_PI) + log_dets) / 2
        matched = (d * (1 + LOG_2_PI) + np.linalg.slogdet(self.covariance())[1]) / 2
        return Bounds(float(max(jensen, within + lower)), float(min(matched, within + upper)))

    def kl_divergence(
        self,
        other: Any,
        *,
        n_samples: int = 100_000,
        random_state: Any = None,
        n_threads: int | None = None,
    ) -> Estimate:
        """Estimate the Kullback-Leibler divergence of another mixture from this one.

        Parameters
        ----------
        other : model
            A mixture of as many features, or whatever else `Mixture.from_model` takes.
        n_samples : int
            Points to draw from this mixture, at least 2.
        random_state : int, RandomState, Generator or None
            Decides the points.
        n_threads : int, optional
            Number of threads; by default all that the process may use.

        Returns
        -------
        Estimate
            The named tuple (value, standard_error), in nats: the mean of log p(x) - log q(x)
            over the points, with p this mixture and q the other, and its standard deviation
            (Hershey and Olsen, 2007, section 3). The mean may be negative where the divergence
            is near 0.

        See Also
        --------
        kl_divergence_variational, kl_divergence_upper_bound : Without random numbers.

        Examples
        --------
        >>> import gmmfast
        >>> p = gmmfast.Mixture([1.0], [[0.0]], [1.0])
        >>> q = gmmfast.Mixture([1.0], [[2.0]], [1.0])
        >>> value, standard_error = p.kl_divergence(q, random_state=0)
        >>> bool(abs(value - 2) < 4 * standard_error), round(standard_error, 3)
        (True, 0.006)
        """
        right = other_mixture(self, other)
        number, threads = check_count("n_samples", n_samples), check_n_threads(n_threads)
        if number < 2:
            raise ValueError(f"n_samples: expected at least 2, got {number}; draw more points")
        points = self.sample(number, random_state=random_state, n_threads=threads)
        ratios = self.score_samples(points, n_threads=threads)
        ratios -= right.score_samples(points, n_threads=threads)
        return Estimate(float(ratios.mean()), float(ratios.std(ddof=1) / np.sqrt(number)))

    def kl_divergence_variational(self, other: Any) -> float:
        """Approximate the Kullback-Leibler divergence of another mixture from this one.

        Parameters
        ----------
        other : model
            A mixture of as many features, or whatever else `Mixture.from_model` takes.

        Returns
        -------
        float
            sum_a w_a log(sum_a' w_a' exp(-D(a, a')) / sum_b v_b exp(-D(a, b))), with a this
            mixture's components, b the other's, w and v their weights, and D the divergence
            of two components (Hershey and Olsen, Approximating the Kullback Leibler divergence
            between Gaussian mixture models, ICASSP 2007, equation 20). In nats. It is no bound,
            but 0 for equal mixtures, and exact for one component each.

        Examples
        --------
        >>> import gmmfast
        >>> p = gmmfast.Mixture([1.0], [[0.0]], [1.0])
        >>> q = gmmfast.Mixture([1.0], [[2.0]], [1.0])
        >>> p.kl_divergence_variational(q)
        2.0
        """
        right = other_mixture(self, other)
        own, others = _log_affinities(self, self), _log_affinities(self, right)
        return float(self._normalized_weights() @ (own - others))

    def kl_divergence_upper_bound(
        self, other: Any, *, max_iter: int = 100, tol: float = 1e-9
    ) -> float:
        """Return an upper bound of the Kullback-Leibler divergence of another mixture.

        Parameters
        ----------
        other : model
            A mixture of as many features, or whatever else `Mixture.from_model` takes.
        max_iter : int
            Most iterations; what each of them finds is a bound, no looser than the one before.
        tol : float
            Stop when an iteration gains no more than this, in nats.

        Returns
        -------
        float
            In nats. Both mixtures are cut into as many components as they have pairs, each of
            the other in proportion to those of this; by the chain rule the divergence of the
            mixtures is at most that of the shares plus that of the paired components, which
            two alternating closed forms minimise (Hershey and Olsen, 2007, section 6). Exact
            for one component each.

        Raises
        ------
        MemoryError
            More pairs of components than the memory available holds.

        Examples
        --------
        >>> import gmmfast
        >>> p = gmmfast.Mixture([0.5, 0.5], [[0.0], [9.0]], [1.0, 1.0])
        >>> q = gmmfast.Mixture([0.25, 0.75], [[1.0], [9.0]], [1.0, 1.0])
        >>> round(p.kl_divergence_upper_bound(q), 4)
        0.3938
        """
        right = other_mixture(self, other)
        steps, least = check_count("max_iter", max_iter), check_positive("tol", tol, or_zero=True)
        pairs = pairs_of(self, right)
        n_bytes = 6 * 8 * self.n_components * right.n_components
        check_fits("other", right, n_bytes, "use kl_divergence, or fewer components")
        divergences = np.concatenate([pairs.divergences(rows) for rows in pairs.rows()])
        return _least_upper_bound(
            divergences, (_log_weights(self)[:, None], _log_weights(right)), steps, least
        )


def other_mixture(model: Part, other: Any) -> Mixture:
    """Return another model as a mixture of as many features."""
    from gmmfast.mixture.mixture import Mixture  # noqa: PLC0415 (it is made of these methods)

    right = Mixture.from_model(other)
    if right.n_features != model.n_features:
        raise ValueError(
            f"other: expected a mixture of {model.n_features} features, as this one, got "
            f"{right.n_features}; take the marginal of those that both have"
        )
    return right


def _log_weights(model: Part) -> Array:
    """Return the logarithms of the weights divided by their sum."""
    log_weights: Array = model._core.log_weights - np.log(model.weights.sum())
    return log_weights


def _log_affinities(left: Part, right: Part) -> Array:
    """Return log sum_b v_b exp(-D(a, b)) for each component a."""
    from scipy.special import logsumexp  # noqa: PLC0415 (slow to import)

    pairs, log_weights = pairs_of(left, right), _log_weights(right)
    chunks = [logsumexp(log_weights - pairs.divergences(r), axis=1) for r in pairs.rows()]
    return np.concatenate(chunks)


def _least_upper_bound(
    divergences: Array, log_weights: tuple[Array, Array], max_iter: int, tol: float
) -> float:
    """Return the bound of the best shares of the pairs, by alternating between the two."""
    from scipy.special import logsumexp  # noqa: PLC0415 (slow to import)

    left, right = log_weights
    # Shares of the left components' weights and of the right's; both sum up to the weights.
    ours = theirs = left + right
    best = float((np.exp(ours) * divergences).sum())
    for _ in range(max_iter):
        with np.errstate(invalid="ignore"):  # a weight of zero has no shares: -inf less -inf
            theirs = ours - logsumexp(ours, axis=0) + right
        theirs[np.isnan(theirs)] = -np.inf
        ours = theirs - divergences
        with np.errstate(invalid="ignore"):
            ours += left - logsumexp(ours, axis=1, keepdims=True)
        ours[np.isnan(ours)] = -np.inf
        shares = np.exp(ours)
        with np.errstate(invalid="ignore"):
            terms = shares * (ours - theirs + divergences)
        # Terms that round below zero together, of equal mixtures.
        bound = max(float(terms[shares > 0].sum()), 0.0)
        gain, best = best - bound, min(best, bound)
        if gain <= tol:
            break
    return best

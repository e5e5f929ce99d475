//! Closed-form conditioning, computed once per component.
//!
//! For a Gaussian over (g, t) with the joint Cholesky factor split as
//! [[Lg, 0], [B, Lt]], the conditional of t given g = v is Gaussian with mean
//! mean_t + B Lg⁻¹ (v - mean_g) and covariance Lt Ltᵀ (Bishop, Pattern
//! Recognition and Machine Learning, 2006, section 2.3.1, by factors). Unlike the
//! difference of products in the textbook, factors keep definiteness under
//! cancellation. The conditional of a mixture is the mixture of these, weighted by
//! the responsibilities of the components for g = v.

mod component;

pub(crate) use component::{ConditionalComponent, Conditioner};

use crate::error::{Error, Result};
use crate::model::checks::remaining_features;
use crate::model::covariances::{Covariances, PrecisionsCholesky};
use crate::model::linalg::{invert_lower, packed_len};
use crate::model::mixture::Mixture;
use std::ops::Range;

/// A mixture split into given and remaining features.
///
/// ```
/// use gmmfast::{Conditional, Covariances, Mixture};
///
/// let joint = Mixture::new(
///     vec![1.0],
///     vec![0.0, 10.0],
///     Covariances::Full(vec![2.0, 1.0, 1.0, 3.0]),
/// )?;
/// let conditional = Conditional::new(&joint, &[0])?;
/// let at_four = conditional.at(&[4.0])?;
/// assert_eq!(at_four.means(), [12.0]);
/// assert!((at_four.covariance(0, 0, 0) - 2.5).abs() < 1e-15);
/// # Ok::<(), gmmfast::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Conditional {
    marginal: Mixture,
    given: Vec<usize>,
    remaining: Vec<usize>,
    remaining_means: Vec<f64>,
    slopes: Vec<f64>,
    covariances: Covariances,
    precisions_cholesky: PrecisionsCholesky,
    ratio: f64,
}

/// Scales of each remaining feature, from which thresholds of its moments are derived:
/// see threshold.rs.
struct Sizes {
    /// Smallest and largest standard deviation under a component.
    stds: Vec<Range<f64>>,
    /// The largest standard deviation that the given features explain.
    explained: Vec<f64>,
}

impl Conditional {
    /// Splits `mixture` into the `given` features, in that order, and the
    /// remaining ones, ascending.
    ///
    /// # Errors
    /// If given features are out of range, repeated, none or all.
    pub fn new(mixture: &Mixture, given: &[usize]) -> Result<Self> {
        let remaining = remaining_features(given, mixture.n_features())?;
        let mut remaining_means = Vec::with_capacity(mixture.n_components() * remaining.len());
        for k in 0..mixture.n_components() {
            remaining_means.extend(remaining.iter().map(|&i| mixture.mean(k)[i]));
        }
        let split = Self {
            marginal: mixture.marginal(given)?,
            given: given.to_vec(),
            slopes: vec![0.0; remaining_means.len() * given.len()],
            remaining_means,
            covariances: Covariances::Diag(Vec::new()),
            precisions_cholesky: mixture.precisions_cholesky().clone(),
            ratio: 1.0,
            remaining,
        };
        if mixture.covariances().is_diagonal() {
            return split.with_uncorrelated(mixture);
        }
        Ok(split.with_correlated(mixture))
    }

    /// Uses the covariances of the remaining features as they are: the given features are
    /// uncorrelated with them.
    fn with_uncorrelated(self, mixture: &Mixture) -> Result<Self> {
        let marginal = mixture.marginal(&self.remaining)?;
        let mut sizes = Sizes::new(self.remaining.len());
        for k in mixture.active_components() {
            for t in 0..self.remaining.len() {
                sizes.absorb(t, 0.0, marginal.covariance(k, t, t).sqrt());
            }
        }
        let ratio = sizes.ratio(&self);
        let covariances = marginal.covariances().clone();
        let precisions_cholesky = marginal.precisions_cholesky().clone();
        Ok(Self { covariances, precisions_cholesky, ratio, ..self })
    }

    /// Computes slopes, covariances and their factors component by component.
    fn with_correlated(self, mixture: &Mixture) -> Self {
        let n_remaining = self.remaining.len();
        let n_matrices = mixture.covariances().n_matrices(mixture.n_components());
        let mut slopes = Vec::with_capacity(self.slopes.len());
        let mut values = Vec::with_capacity(n_matrices * n_remaining * n_remaining);
        let mut inverses = Vec::with_capacity(n_matrices * packed_len(n_remaining));
        let mut sizes = Sizes::new(n_remaining);
        let mut conditioner = Conditioner::new(mixture, &self.given, &self.remaining);
        for k in 0..mixture.n_components() {
            let component = conditioner.component(k);
            slopes.extend((0..n_remaining).flat_map(|t| component.slopes(t)));
            if k >= n_matrices {
                continue;
            }
            let counts = n_matrices == 1 || mixture.log_weights()[k] > f64::NEG_INFINITY;
            let mut inner = Vec::with_capacity(packed_len(n_remaining));
            for t in 0..n_remaining {
                values.extend((0..n_remaining).map(|u| component.covariance(t, u)));
                inner.extend_from_slice(component.factor_row(t));
                if counts {
                    sizes.absorb(t, component.explained_std(t), component.std(t));
                }
            }
            inverses.extend(invert_lower(&inner, n_remaining));
        }
        let stride = if n_matrices == 1 { 0 } else { packed_len(n_remaining) };
        let precisions_cholesky = PrecisionsCholesky::Triangular { factors: inverses, stride };
        let ratio = sizes.ratio(&self);
        let covariances = mixture.covariances().with_values(values);
        Self { slopes, covariances, precisions_cholesky, ratio, ..self }
    }

    /// The mixture of the given features; it gives the responsibilities.
    #[must_use]
    pub fn marginal(&self) -> &Mixture {
        &self.marginal
    }

    /// The features that are not given, ascending.
    #[must_use]
    pub fn remaining(&self) -> &[usize] {
        &self.remaining
    }

    /// The given features, in their order, followed by the remaining ones.
    #[must_use]
    pub fn order(&self) -> Vec<usize> {
        self.given.iter().chain(&self.remaining).copied().collect()
    }

    /// Mean of remaining feature `t` (an index into [`Self::remaining`]) under component `k`.
    #[must_use]
    pub fn remaining_mean(&self, k: usize, t: usize) -> f64 {
        self.remaining_means[k * self.remaining.len() + t]
    }

    /// Means of all remaining features under component `k`.
    #[inline]
    pub(crate) fn remaining_means(&self, k: usize) -> &[f64] {
        &self.remaining_means[k * self.remaining.len()..][..self.remaining.len()]
    }

    /// Slopes of all remaining features under component `k`, (n_remaining, n_given).
    #[inline]
    pub(crate) fn all_slopes(&self, k: usize) -> &[f64] {
        let len = self.remaining.len() * self.marginal.n_features();
        &self.slopes[k * len..][..len]
    }

    /// Slopes of remaining feature `t` under component `k`, (n_given,).
    #[must_use]
    pub fn slopes(&self, k: usize, t: usize) -> &[f64] {
        let n_given = self.marginal.n_features();
        let start = (k * self.remaining.len() + t) * n_given;
        &self.slopes[start..start + n_given]
    }

    /// Covariance of remaining features `i` and `j` under component `k`; it does not depend
    /// on the given values.
    #[must_use]
    pub fn covariance(&self, k: usize, i: usize, j: usize) -> f64 {
        self.covariances.at(self.remaining.len(), k, i, j)
    }

    /// Inverse Cholesky factors of the covariances of the remaining features.
    pub(crate) fn precisions_cholesky(&self) -> &PrecisionsCholesky {
        &self.precisions_cholesky
    }

    /// The largest distance between two regressions of a remaining feature, in units of the
    /// smallest standard deviation of a component: see threshold.rs.
    pub(crate) fn ratio(&self) -> f64 {
        self.ratio
    }

    /// Mean of remaining feature `t` under component `k`, given `values`.
    #[must_use]
    pub fn regression_mean(&self, k: usize, t: usize, values: &[f64]) -> f64 {
        let offsets = values.iter().zip(self.marginal.mean(k)).map(|(v, m)| v - m);
        let slope: f64 = self.slopes(k, t).iter().zip(offsets).map(|(s, o)| s * o).sum();
        self.remaining_mean(k, t) + slope
    }

    /// Returns the mixture of the remaining features, given `values`.
    ///
    /// # Errors
    /// If the number of values is wrong, one is not finite, or the point is so far from
    /// every component that its distance overflows.
    pub fn at(&self, values: &[f64]) -> Result<Mixture> {
        let (n_given, n_remaining) = (self.marginal.n_features(), self.remaining.len());
        let expected = format!("{n_given} finite values, one for each given feature");
        if values.len() != n_given {
            return Err(Error::Length { argument: "values", expected, got: values.len() });
        }
        if !values.iter().all(|v| v.is_finite()) {
            return Err(Error::Value { argument: "values", expected, got: format!("{values:?}") });
        }
        let q = weighted_log_prob(&self.marginal, values);
        let largest = q.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // Logarithms, since a component that is negligible here may be the nearest to a
        // value of the remaining features. Relative to the largest, because in far tails
        // the q themselves have no digits to spare.
        let relative: Vec<f64> = q.iter().map(|q| q - largest).collect();
        let log_sum = relative.iter().map(|q| q.exp()).sum::<f64>().ln();
        let log_weights = relative.iter().map(|q| q - log_sum).collect();
        let means: Vec<f64> = (0..q.len())
            .flat_map(|k| (0..n_remaining).map(move |t| self.regression_mean(k, t, values)))
            .collect();
        if !largest.is_finite() || !means.iter().all(|m| m.is_finite()) {
            return Err(Error::OutOfReach { argument: "values", point: values.to_vec() });
        }
        let (covariances, factors) = (self.covariances.clone(), self.precisions_cholesky.clone());
        Ok(Mixture::from_parts(log_weights, means, covariances, factors))
    }
}

/// Log weight plus log-density at `x` of every component.
fn weighted_log_prob(mixture: &Mixture, x: &[f64]) -> Vec<f64> {
    let log_prob = |k: usize| {
        let peak = mixture.log_peak(k);
        if peak == f64::NEG_INFINITY {
            return peak;
        }
        let difference: Vec<f64> = x.iter().zip(mixture.mean(k)).map(|(x, m)| x - m).collect();
        let whitened = |i: usize| -> f64 {
            (0..=i).map(|j| mixture.precisions_cholesky().at(k, i, j) * difference[j]).sum()
        };
        peak - 0.5 * (0..x.len()).map(|i| whitened(i).powi(2)).sum::<f64>()
    };
    (0..mixture.n_components()).map(log_prob).collect()
}

impl Sizes {
    fn new(n_remaining: usize) -> Self {
        Self { stds: vec![f64::INFINITY..0.0; n_remaining], explained: vec![0.0; n_remaining] }
    }

    /// Takes in the explained and the own standard deviation of remaining feature `t`.
    fn absorb(&mut self, t: usize, explained: f64, std: f64) {
        self.explained[t] = self.explained[t].max(explained);
        self.stds[t] = self.stds[t].start.min(std)..self.stds[t].end.max(std);
    }

    /// The largest ratio over the remaining features.
    fn ratio(&self, conditional: &Conditional) -> f64 {
        let of_target = |t: usize| {
            let means = conditional.marginal.active_components();
            let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
            for mean in means.map(|k| conditional.remaining_mean(k, t)) {
                (low, high) = (low.min(mean), high.max(mean));
            }
            let size = (high - low) + 2.0 * self.explained[t] + self.stds[t].end;
            size / self.stds[t].start
        };
        (0..self.explained.len()).map(of_target).fold(1.0, f64::max)
    }
}

//! Closed-form conditioning, computed once per component.
//!
//! For a Gaussian over (g, t) with the joint Cholesky factor split as
//! [[Lg, 0], [B, Lt]], the conditional of t given g = v is Gaussian with mean
//! mean_t + B Lg⁻¹ (v - mean_g) and covariance Lt Ltᵀ (Bishop, Pattern
//! Recognition and Machine Learning, 2006, section 2.3.1, by factors). The
//! factor form cannot lose definiteness to cancellation as the textbook
//! difference of products does. The conditional of a mixture is the mixture of
//! these, weighted by the components' responsibilities for g = v.

use crate::error::{Error, Result};
use crate::model::covariances::{Covariances, PrecisionsCholesky};
use crate::model::linalg::{invert_lower, packed_len};
use crate::model::mixture::{Mixture, remaining_features};
use crate::model::partitioned_factor::PartitionedFactor;
use std::ops::Range;

/// A mixture split into given features and targets (all the others).
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
    targets: Vec<usize>,
    target_means: Vec<f64>,
    slopes: Vec<f64>,
    covariances: Covariances,
    precisions_cholesky: PrecisionsCholesky,
    ratio: f64,
}

/// Of each target, what a threshold of its moments depends on: see threshold.rs.
struct Sizes {
    /// Standard deviations under a component, least and largest.
    stds: Vec<Range<f64>>,
    /// The most that a standard deviation owes to the given features.
    explained: Vec<f64>,
}

impl Conditional {
    /// Splits `mixture` into the `given` features, in that order, and the
    /// remaining ones, ascending.
    ///
    /// # Errors
    /// Given features that are out of range, named twice, none or all.
    pub fn new(mixture: &Mixture, given: &[usize]) -> Result<Self> {
        let targets = remaining_features(given, mixture.n_features())?;
        let mut target_means = Vec::with_capacity(mixture.n_components() * targets.len());
        for k in 0..mixture.n_components() {
            target_means.extend(targets.iter().map(|&i| mixture.mean(k)[i]));
        }
        let split = Self {
            marginal: mixture.marginal(given)?,
            given: given.to_vec(),
            slopes: vec![0.0; target_means.len() * given.len()],
            target_means,
            covariances: Covariances::Diag(Vec::new()),
            precisions_cholesky: mixture.precisions_cholesky().clone(),
            ratio: 1.0,
            targets,
        };
        if mixture.covariances().is_diagonal() {
            return split.with_uncorrelated(mixture);
        }
        Ok(split.with_correlated(mixture))
    }

    /// The targets' own covariances: the given features say nothing of them.
    fn with_uncorrelated(self, mixture: &Mixture) -> Result<Self> {
        let marginal = mixture.marginal(&self.targets)?;
        let mut sizes = Sizes::new(self.targets.len());
        for k in mixture.active_components() {
            for t in 0..self.targets.len() {
                sizes.absorb(t, 0.0, marginal.covariance(k, t, t).sqrt());
            }
        }
        let ratio = sizes.ratio(&self);
        let covariances = marginal.covariances().clone();
        let precisions_cholesky = marginal.precisions_cholesky().clone();
        Ok(Self { covariances, precisions_cholesky, ratio, ..self })
    }

    /// Slopes, covariances and their factors from each matrix's own factor.
    fn with_correlated(self, mixture: &Mixture) -> Self {
        let (n_given, n_targets) = (self.given.len(), self.targets.len());
        let n_matrices = mixture.covariances().n_matrices(mixture.n_components());
        let mut slopes = Vec::with_capacity(self.slopes.len());
        let mut values = Vec::with_capacity(n_matrices * n_targets * n_targets);
        let mut inverses = Vec::with_capacity(n_matrices * packed_len(n_targets));
        let mut sizes = Sizes::new(n_targets);
        let mut factor = PartitionedFactor::new(&self.given, &self.targets);
        for k in 0..n_matrices {
            factor.set_component(mixture, k);
            let counts = n_matrices == 1 || mixture.log_weights()[k] > f64::NEG_INFINITY;
            let mut inner = Vec::with_capacity(packed_len(n_targets));
            for t in 0..n_targets {
                slopes.extend((0..n_given).map(|g| factor.slope(t, g)));
                values.extend((0..n_targets).map(|u| factor.covariance(t, u)));
                inner.extend_from_slice(factor.own(t));
                if counts {
                    let norm = |row: &[f64]| row.iter().map(|x| x * x).sum::<f64>().sqrt();
                    sizes.absorb(t, norm(factor.cross(t)), norm(factor.own(t)));
                }
            }
            inverses.extend(invert_lower(&inner, n_targets));
        }
        for _ in n_matrices..mixture.n_components() {
            slopes.extend_from_within(..n_targets * n_given);
        }
        let stride = if n_matrices == 1 { 0 } else { packed_len(n_targets) };
        let precisions_cholesky = PrecisionsCholesky::Triangular { factors: inverses, stride };
        let ratio = sizes.ratio(&self);
        let covariances = mixture.covariances().with_matrices(values);
        Self { slopes, covariances, precisions_cholesky, ratio, ..self }
    }

    /// The mixture of the given features, which weights the components.
    #[must_use]
    pub fn marginal(&self) -> &Mixture {
        &self.marginal
    }

    /// The features that are not given, ascending.
    #[must_use]
    pub fn targets(&self) -> &[usize] {
        &self.targets
    }

    /// The given features, in their order, and then the targets.
    #[must_use]
    pub fn order(&self) -> Vec<usize> {
        self.given.iter().chain(&self.targets).copied().collect()
    }

    /// Mean of target `t` (an index into [`Self::targets`]) under component `k`.
    #[must_use]
    pub fn target_mean(&self, k: usize, t: usize) -> f64 {
        self.target_means[k * self.targets.len() + t]
    }

    /// Means of all targets under component `k`.
    pub(crate) fn target_means(&self, k: usize) -> &[f64] {
        &self.target_means[k * self.targets.len()..][..self.targets.len()]
    }

    /// Slopes of all targets under component `k`, (n_targets, n_given).
    pub(crate) fn all_slopes(&self, k: usize) -> &[f64] {
        let len = self.targets.len() * self.marginal.n_features();
        &self.slopes[k * len..][..len]
    }

    /// Slopes of target `t` in the given features under component `k`, (n_given,).
    #[must_use]
    pub fn slopes(&self, k: usize, t: usize) -> &[f64] {
        let n_given = self.marginal.n_features();
        let start = (k * self.targets.len() + t) * n_given;
        &self.slopes[start..start + n_given]
    }

    /// Covariance of targets `i` and `j` under component `k`, whatever the values.
    #[must_use]
    pub fn covariance(&self, k: usize, i: usize, j: usize) -> f64 {
        self.covariances.at(self.targets.len(), k, i, j)
    }

    /// Inverse Cholesky factors of the targets' covariances.
    pub(crate) fn precisions_cholesky(&self) -> &PrecisionsCholesky {
        &self.precisions_cholesky
    }

    /// How far apart what components say of a target can be, in the smallest standard
    /// deviation that one of them has: see threshold.rs.
    pub(crate) fn ratio(&self) -> f64 {
        self.ratio
    }

    /// Mean of target `t` under component `k`, given `values`.
    #[must_use]
    pub fn expert_mean(&self, k: usize, t: usize, values: &[f64]) -> f64 {
        let offsets = values.iter().zip(self.marginal.mean(k)).map(|(v, m)| v - m);
        let slope: f64 = self.slopes(k, t).iter().zip(offsets).map(|(s, o)| s * o).sum();
        self.target_mean(k, t) + slope
    }

    /// The mixture of the targets, given `values` of the given features.
    ///
    /// # Errors
    /// The wrong number of values, one that is not finite, or a point so far from
    /// every component that its distance overflows.
    pub fn at(&self, values: &[f64]) -> Result<Mixture> {
        let (n_given, n_targets) = (self.marginal.n_features(), self.targets.len());
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
            .flat_map(|k| (0..n_targets).map(move |t| self.expert_mean(k, t, values)))
            .collect();
        if !largest.is_finite() || !means.iter().all(|m| m.is_finite()) {
            return Err(Error::OutOfReach { argument: "values", point: values.to_vec() });
        }
        let (covariances, factors) = (self.covariances.clone(), self.precisions_cholesky.clone());
        Ok(Mixture::of_parts(log_weights, means, covariances, factors))
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
    fn new(n_targets: usize) -> Self {
        Self { stds: vec![f64::INFINITY..0.0; n_targets], explained: vec![0.0; n_targets] }
    }

    /// Takes what target `t` owes to the given features, and what is its own.
    fn absorb(&mut self, t: usize, explained: f64, std: f64) {
        self.explained[t] = self.explained[t].max(explained);
        self.stds[t] = self.stds[t].start.min(std)..self.stds[t].end.max(std);
    }

    /// The largest ratio of any target.
    fn ratio(&self, conditional: &Conditional) -> f64 {
        let of_target = |t: usize| {
            let means = conditional.marginal.active_components();
            let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
            for mean in means.map(|k| conditional.target_mean(k, t)) {
                (low, high) = (low.min(mean), high.max(mean));
            }
            let size = (high - low) + 2.0 * self.explained[t] + self.stds[t].end;
            size / self.stds[t].start
        };
        (0..self.explained.len()).map(of_target).fold(1.0, f64::max)
    }
}

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
use crate::kernel::naive;
use crate::linalg::{invert_lower, packed_row};
use crate::mixture::{Mixture, remaining_features};

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
    targets: Vec<usize>,
    target_means: Vec<f64>,
    slopes: Vec<f64>,
    covariances: crate::covariances::Covariances,
}

impl Conditional {
    /// Splits `mixture` into the `given` features, in that order, and the
    /// remaining ones, ascending.
    ///
    /// # Errors
    /// Given features that are out of range, named twice, none or all.
    pub fn new(mixture: &Mixture, given: &[usize]) -> Result<Self> {
        let d = mixture.n_features();
        let targets = remaining_features(given, d)?;
        let (n_given, n_targets) = (given.len(), targets.len());
        let order: Vec<usize> = given.iter().chain(&targets).copied().collect();
        let mut target_means = Vec::with_capacity(mixture.n_components() * n_targets);
        for k in 0..mixture.n_components() {
            target_means.extend(targets.iter().map(|&i| mixture.mean(k)[i]));
        }
        let marginal = mixture.marginal(given)?;
        if mixture.covariances().is_diagonal() {
            let slopes = vec![0.0; mixture.n_components() * n_targets * n_given];
            let covariances = mixture.marginal(&targets)?.covariances().clone();
            return Ok(Self { marginal, targets, target_means, slopes, covariances });
        }
        let n_matrices = mixture.covariances().n_matrices(mixture.n_components());
        let mut slopes = Vec::with_capacity(mixture.n_components() * n_targets * n_given);
        let mut values = Vec::with_capacity(n_matrices * n_targets * n_targets);
        for k in 0..n_matrices {
            let factor = mixture.covariances().factor(d, k, &order);
            let inverse = invert_lower(&factor, n_given);
            let row = |t: usize| packed_row(&factor, n_given + t).split_at(n_given);
            for t in 0..n_targets {
                let cross = row(t).0;
                slopes.extend((0..n_given).map(|g| {
                    (g..n_given).map(|m| cross[m] * packed_row(&inverse, m)[g]).sum::<f64>()
                }));
                let entry = |u: usize| row(t).1.iter().zip(row(u).1).map(|(a, b)| a * b).sum();
                values.extend((0..n_targets).map(entry).collect::<Vec<f64>>());
            }
        }
        for _ in n_matrices..mixture.n_components() {
            slopes.extend_from_within(..n_targets * n_given);
        }
        let covariances = mixture.covariances().with_matrices(values);
        Ok(Self { marginal, targets, target_means, slopes, covariances })
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

    /// Mean of target `t` (an index into [`Self::targets`]) under component `k`.
    #[must_use]
    pub fn target_mean(&self, k: usize, t: usize) -> f64 {
        self.target_means[k * self.targets.len() + t]
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
        if values.len() != n_given || !values.iter().all(|v| v.is_finite()) {
            return Err(Error::Length {
                argument: "values",
                expected: format!("{n_given} finite values, one for each given feature"),
                got: values.iter().filter(|v| v.is_finite()).count(),
            });
        }
        let weights = naive::responsibilities(&self.marginal, values);
        if !weights.iter().all(|w| w.is_finite()) {
            return Err(Error::OutOfReach { argument: "values", point: values.to_vec() });
        }
        let means = (0..weights.len())
            .flat_map(|k| (0..n_targets).map(move |t| self.expert_mean(k, t, values)))
            .collect();
        Mixture::new(weights, means, self.covariances.clone())
    }
}

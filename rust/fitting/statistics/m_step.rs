//! The M step: the mixture's parameters from its statistics.
//!
//! With nk = count + 10 ε, as in scikit-learn, the new mean is c + s for
//! s = (sum - 10 ε c) / nk, and the scatter about it is
//!
//!   scatter - s sumᵀ - sum sᵀ + count s sᵀ.
//!
//! scikit-learn's four covariance types are made of these (`sklearn.mixture._gaussian_mixture`;
//! Bishop, Pattern Recognition and Machine Learning, 2006, section 9.2.2). scikit-learn
//! computes all types but "full" as Σ w r x xᵀ / nk less the square of the mean, which counts
//! the mean's square 10 ε times more. The same is done here: otherwise components with next to
//! no points would differ.
//!
//! Digits: the difference above is wrong by some 2^-52 s sᵀ. Where s is more than [`FAR`] new
//! standard deviations, [`Estimate::lost`] names the component, whose statistics must then be
//! taken about its new mean. It also names a component whose moments were first taken, in the
//! kernel, about a center that was too far away: a bound of their rounding is added up with
//! them.

use super::{COUNT_FLOOR, Statistics};
use crate::error::{Error, Result};
use crate::model::covariances::Covariances;
use crate::model::linalg::{cholesky, packed_row};

/// New standard deviations that a mean may move before digits are lost: the relative error is
/// 2^-52 times the square of this, 1e-12.
const FAR: f64 = 100.0;

/// Relative rounding of a variance at which digits are lost. It is compared with a bound, some
/// hundred times the rounding that is observed.
const ROUNDING: f64 = 1e-10;

/// The mixture's parameters that statistics give.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// (n_components,), summing to 1.
    pub weights: Vec<f64>,
    /// (n_components, n_features), row-major.
    pub means: Vec<f64>,
    /// The covariances, of the covariance type that was requested.
    pub covariances: Covariances,
    /// Components whose covariances lost digits, because their means moved far.
    pub lost: Vec<usize>,
}

impl Statistics {
    /// Returns the parameters under which the data are most likely, given the
    /// responsibilities, as scikit-learn's M step. `like` gives the covariance type, and
    /// `reg_covar` is added to every variance.
    ///
    /// # Errors
    /// If `like` needs products of different features and these were left out.
    pub fn m_step(&self, like: &Covariances, reg_covar: f64) -> Result<Estimate> {
        if !like.is_diagonal() && self.is_diagonal && self.n_features > 1 {
            let expected = "products of all features for this covariance type".to_owned();
            let got = self.scatters.len();
            return Err(Error::Length { argument: "scatters", expected, got });
        }
        let d = self.n_features;
        let totals: Vec<f64> = self.counts.iter().map(|n| n + COUNT_FLOOR).collect();
        let total: f64 = totals.iter().sum();
        let shift = |k: usize, i: usize| {
            (self.sums[k * d + i] - COUNT_FLOOR * self.centers[k * d + i]) / totals[k]
        };
        let shifts: Vec<f64> = (0..self.sums.len()).map(|ki| shift(ki / d, ki % d)).collect();
        let means: Vec<f64> = self.centers.iter().zip(&shifts).map(|(c, s)| c + s).collect();
        let scatter = |k: usize, i: usize, j: usize| {
            let (s, sum) = (&shifts[k * d..][..d], &self.sums[k * d..][..d]);
            self.scatter(k, i, j) - s[i] * sum[j] - sum[i] * s[j] + self.counts[k] * s[i] * s[j]
        };
        let floor =
            |k: usize, i: usize, j: usize| COUNT_FLOOR * means[k * d + i] * means[k * d + j];
        let regular = |i: usize, j: usize| if i == j { reg_covar } else { 0.0 };
        let variance =
            |k: usize, i: usize| (scatter(k, i, i) + floor(k, i, i)) / totals[k] + reg_covar;
        let n_components = totals.len();
        let covariances = match like {
            Covariances::Full(_) => like.map(n_components, d, |k, i, j| {
                let (i, j) = (i.max(j), i.min(j));
                scatter(k, i, j) / totals[k] + regular(i, j)
            }),
            Covariances::Tied(_) => like.map(n_components, d, |_, i, j| {
                let (i, j) = (i.max(j), i.min(j));
                let of = |k: usize| scatter(k, i, j) + floor(k, i, j);
                (0..n_components).map(of).sum::<f64>() / total + regular(i, j)
            }),
            Covariances::Diag(_) => like.map(n_components, d, |k, i, _| variance(k, i)),
            Covariances::Spherical(_) => like.map(n_components, d, |k, _, _| {
                (0..d).map(|i| variance(k, i)).sum::<f64>() / d as f64
            }),
        };
        let mut lost = lost(&covariances, &shifts, d);
        let is_rounded = |k: usize| {
            let bound = |i: usize| ROUNDING * totals[k] * covariances.at(d, k, i, i);
            (0..d).any(|i| self.roundings[k * d + i] > bound(i))
        };
        lost.extend((0..n_components).filter(|&k| is_rounded(k)));
        lost.sort_unstable();
        lost.dedup();
        let weights = totals.iter().map(|n| n / total).collect();
        Ok(Estimate { weights, means, covariances, lost })
    }
}

/// Returns the components whose shift is more than [`FAR`] of the new standard deviations.
fn lost(covariances: &Covariances, shifts: &[f64], d: usize) -> Vec<usize> {
    let mut shared = None;
    let mut is_lost = |k: usize, shift: &[f64]| {
        let distance = match covariances {
            Covariances::Full(_) | Covariances::Tied(_) => {
                let is_shared = matches!(covariances, Covariances::Tied(_));
                let factor = shared.take().unwrap_or_else(|| {
                    cholesky(d, |i, j| covariances.at(d, k, i, j)).unwrap_or_default()
                });
                let distance = if factor.is_empty() {
                    f64::INFINITY // lost digits may be the reason
                } else {
                    mahalanobis_squared(&factor, shift)
                };
                shared = is_shared.then_some(factor);
                distance
            }
            Covariances::Diag(_) => {
                let of = |(i, s): (usize, &f64)| s * s / covariances.at(d, k, i, i);
                shift.iter().enumerate().map(of).fold(0.0, f64::max)
            }
            Covariances::Spherical(variances) => {
                shift.iter().map(|s| s * s).sum::<f64>() / (d as f64 * variances[k])
            }
        };
        // Without a shift nothing is lost, whatever the covariance.
        let has_moved = shift.iter().any(|s| *s != 0.0);
        has_moved && (distance.is_nan() || !(0.0..=FAR * FAR).contains(&distance))
    };
    shifts.chunks_exact(d).enumerate().filter(|&(k, s)| is_lost(k, s)).map(|(k, _)| k).collect()
}

/// |L⁻¹ x|² for a packed lower factor L.
fn mahalanobis_squared(factor: &[f64], x: &[f64]) -> f64 {
    let mut whitened: Vec<f64> = Vec::with_capacity(x.len());
    for (i, x) in x.iter().enumerate() {
        let row = packed_row(factor, i);
        let known: f64 = row.iter().zip(&whitened).map(|(a, b)| a * b).sum();
        whitened.push((x - known) / row[i]);
    }
    whitened.iter().map(|z| z * z).sum()
}

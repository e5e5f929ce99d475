//! The M step: the mixture's parameters from its statistics.
//!
//! scikit-learn adds f = 10 ε to every count and divides the sums by that: it counts a point of
//! weight f at the origin with each component. Its covariance type "full" leaves the point's own
//! scatter out, the others have it (`sklearn.mixture._gaussian_mixture`; Bishop, Pattern
//! Recognition and Machine Learning, 2006, section 9.2.2). With a point at a, and n = count + f,
//! the new mean is c + s for s = (sum + f (a - c)) / n, and the scatter about it is
//!
//!   scatter - s sumᵀ - sum sᵀ + count s sᵀ (+ f (a - mean) (a - mean)ᵀ).
//!
//! The point matters to components with next to no points. These have it where scikit-learn has
//! it, or, far from the origin, at the mean of the data (see [`pseudo_point`]). Components of
//! more points than [`MANY`] f have none: far from the origin it would cost digits. So a shift of
//! the data shifts the means and changes nothing else, for all covariance types. f is in
//! proportion to the points' mean weight, and a common factor of all weights changes nothing.
//!
//! Digits: the difference above is wrong by some 2^-52 s sᵀ. Where s is more than [`FAR`] new
//! standard deviations, [`Estimate::lost`] names the component, whose statistics must then be
//! taken about its new mean. It also names a component whose moments were first taken, in the
//! kernel, about a center that was too far away: a bound of their rounding is added up with
//! them.

use super::Statistics;
use crate::error::{Error, Result};
use crate::model::covariances::Covariances;
use crate::model::linalg::{cholesky, packed_row};

/// New standard deviations that a mean may move before digits are lost: the relative error is
/// 2^-52 times the square of this, 1e-12.
const FAR: f64 = 100.0;

/// Relative rounding of a variance at which digits are lost. It is compared with a bound, some
/// hundred times the rounding that is observed.
const ROUNDING: f64 = 1e-10;

/// Count, relative to the number added to it, from which that number is below rounding, or all
/// but.
const MANY: f64 = (1_u64 << 30) as f64;

/// The square of the standard deviations from the origin at which data are far from it.
const FAR_FROM_ORIGIN: f64 = (1_u64 << 20) as f64;

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
        let added = self.count_floor();
        let totals: Vec<f64> = self.counts.iter().map(|n| n + added).collect();
        let total: f64 = totals.iter().sum();
        let anchor = self.pseudo_point(reg_covar);
        let pseudo = |k: usize| if self.counts[k] < MANY * added { added } else { 0.0 };
        let shift = |k: usize, i: usize| {
            let moved = self.sums[k * d + i] + pseudo(k) * (anchor[i] - self.centers[k * d + i]);
            moved / (self.counts[k] + pseudo(k))
        };
        let shifts: Vec<f64> = (0..self.sums.len()).map(|ki| shift(ki / d, ki % d)).collect();
        let means: Vec<f64> = self.centers.iter().zip(&shifts).map(|(c, s)| c + s).collect();
        let scatter = |k: usize, i: usize, j: usize| {
            let (s, sum) = (&shifts[k * d..][..d], &self.sums[k * d..][..d]);
            self.scatter(k, i, j) - s[i] * sum[j] - sum[i] * s[j] + self.counts[k] * s[i] * s[j]
        };
        let floor = |k: usize, i: usize, j: usize| {
            pseudo(k) * (anchor[i] - means[k * d + i]) * (anchor[j] - means[k * d + j])
        };
        let regular = |i: usize, j: usize| if i == j { reg_covar } else { 0.0 };
        let variance =
            |k: usize, i: usize| (scatter(k, i, i) + floor(k, i, i)) / totals[k] + reg_covar;
        let n_components = totals.len();
        let pooled = |i: usize, j: usize| {
            let of = |k: usize| scatter(k, i, j) + floor(k, i, j);
            (0..n_components).map(of).sum::<f64>() / total + regular(i, j)
        };
        let covariances = match like {
            Covariances::Full(_) => like.map(n_components, d, |k, i, j| {
                let (i, j) = (i.max(j), i.min(j));
                scatter(k, i, j) / totals[k] + regular(i, j)
            }),
            Covariances::Tied(_) | Covariances::TiedDiag(_) => {
                like.map(n_components, d, |_, i, j| pooled(i.max(j), i.min(j)))
            }
            Covariances::TiedSpherical(_) => like.map(n_components, d, |_, _, _| {
                (0..d).map(|i| pooled(i, i)).sum::<f64>() / d as f64
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

    /// Returns where the point of weight 10 ε lies that is counted with components of next to no
    /// points: along each feature at the origin, or at the mean of the data if the origin is more
    /// than 2^10 standard deviations from it. Regularization counts 2^20 times, because data
    /// that do not vary are not far from anything.
    fn pseudo_point(&self, reg_covar: f64) -> Vec<f64> {
        let (d, n) = (self.n_features, self.counts.iter().sum::<f64>());
        let rows = || 0..self.counts.len();
        let coordinate = |i: usize| {
            let center = |k: usize| self.centers[k * d + i];
            let largest = rows().max_by(|&a, &b| self.counts[a].total_cmp(&self.counts[b]));
            let origin = center(largest.unwrap_or(0));
            let sum = |k: usize| self.sums[k * d + i] + self.counts[k] * (center(k) - origin);
            let mean = rows().map(sum).sum::<f64>() / n;
            let square = |k: usize| {
                let moved = center(k) - origin - mean;
                let cross = 2.0 * moved * self.sums[k * d + i];
                self.scatter(k, i, i) + cross + self.counts[k] * moved * moved
            };
            let variance = rows().map(square).sum::<f64>() / n;
            let is_far = (origin + mean).powi(2)
                > FAR_FROM_ORIGIN * (variance + FAR_FROM_ORIGIN * reg_covar);
            if is_far { origin + mean } else { 0.0 }
        };
        (0..d).map(coordinate).collect()
    }
}

/// Returns the components whose shift is more than [`FAR`] of the new standard deviations.
fn lost(covariances: &Covariances, shifts: &[f64], d: usize) -> Vec<usize> {
    let mut shared = None;
    let mut is_lost = |k: usize, shift: &[f64]| {
        let distance = match covariances {
            Covariances::Full(_) | Covariances::Tied(_) => {
                let factor = shared.take().unwrap_or_else(|| {
                    cholesky(d, |i, j| covariances.at(d, k, i, j)).unwrap_or_default()
                });
                let distance = if factor.is_empty() {
                    f64::INFINITY // lost digits may be the reason
                } else {
                    mahalanobis_squared(&factor, shift)
                };
                shared = covariances.is_shared().then_some(factor);
                distance
            }
            Covariances::Diag(_) | Covariances::TiedDiag(_) => {
                let of = |(i, s): (usize, &f64)| s * s / covariances.at(d, k, i, i);
                shift.iter().enumerate().map(of).fold(0.0, f64::max)
            }
            Covariances::Spherical(_) | Covariances::TiedSpherical(_) => {
                let variance = covariances.at(d, k, 0, 0);
                shift.iter().map(|s| s * s).sum::<f64>() / (d as f64 * variance)
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

//! The mixture conditioned on the features of the grid, as the kernels read it: active
//! components only, axes in array order, exponents in base 2, flat memory.

use crate::grid::axes::MAX_AXES;
use crate::model::linalg::{packed_len, packed_row};
use crate::model::mixture::Mixture;
use crate::model::partitioned_factor::PartitionedFactor;
use crate::simd::math::HALF_LOG2_E;

/// Parameters of the active components.
pub(crate) struct GridComponents {
    n_axes: usize,
    components: Vec<Component>,
    /// Per component and remaining feature: the mean, then the slope along each axis.
    regressions: Vec<f64>,
    n_remaining: usize,
    /// Per remaining feature: the typical size of its values.
    remaining_scales: Vec<f64>,
    /// Per component: the requested matrix of the remaining features, packed by rows.
    remaining_matrices: Vec<f64>,
}

struct Component {
    /// Its index in the mixture, which may also have components of weight zero.
    index: u32,
    /// Base-2 logarithm of the weighted density at the mean.
    peak: f64,
    mean: [f64; MAX_AXES],
    /// Inverse Cholesky factor, packed row by row, times sqrt(log2(e) / 2).
    factor: [f64; packed_len(MAX_AXES)],
}

/// The features of a mixture: those of the grid's axes, in array order, and the remaining
/// ones that are needed.
pub(crate) struct Partition {
    pub(crate) given: Vec<usize>,
    pub(crate) remaining: Vec<usize>,
    pub(crate) matrices: RemainingMatrices,
}

/// The matrix of the remaining features, given the grid's, that is needed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RemainingMatrices {
    None,
    Covariances,
    /// The lower Cholesky factor of the covariance.
    Factors,
}

impl GridComponents {
    /// Conditions a mixture, component by component. No second mixture is stored: of what
    /// `Conditional` holds, only a part is needed here.
    pub(crate) fn new(mixture: &Mixture, partition: &Partition) -> Self {
        let (n_axes, n_remaining) = (partition.given.len(), partition.remaining.len());
        let n = mixture.n_components();
        let has_matrices = partition.matrices != RemainingMatrices::None;
        let n_entries = if has_matrices { n * packed_len(n_remaining) } else { 0 };
        let mut result = Self {
            n_axes,
            components: Vec::with_capacity(n),
            regressions: Vec::with_capacity(n * n_remaining * (n_axes + 1)),
            n_remaining,
            remaining_scales: Vec::new(),
            remaining_matrices: Vec::with_capacity(n_entries),
        };
        let mut sizes = vec![Vec::with_capacity(n); n_remaining];
        let mut factor = PartitionedFactor::new(&partition.given, &partition.remaining);
        let is_shared = mixture.covariances().n_matrices(n) == 1;
        for k in mixture.active_components() {
            if !is_shared || result.components.is_empty() {
                factor.set_component(mixture, k);
            }
            result.push(mixture, k, partition, &factor);
            for (t, (sizes, &feature)) in sizes.iter_mut().zip(&partition.remaining).enumerate() {
                let explained = factor.cross(t).iter().map(|c| c * c).sum::<f64>().sqrt();
                sizes.push(mixture.mean(k)[feature].abs().max(explained));
            }
        }
        result.remaining_scales = sizes.into_iter().map(median_of_positive).collect();
        result
    }

    fn push(
        &mut self,
        mixture: &Mixture,
        k: usize,
        partition: &Partition,
        factor: &PartitionedFactor,
    ) {
        let n_axes = self.n_axes;
        let mut component = Component {
            index: u32::try_from(k).expect("fewer than 2^32 components"),
            peak: log_peak(mixture.log_weights()[k], factor, n_axes) * std::f64::consts::LOG2_E,
            mean: [0.0; MAX_AXES],
            factor: [0.0; packed_len(MAX_AXES)],
        };
        for (mean, &feature) in component.mean.iter_mut().zip(&partition.given) {
            *mean = mixture.mean(k)[feature];
        }
        let scale = HALF_LOG2_E.sqrt();
        for (scaled, entry) in component.factor.iter_mut().zip(factor.inverse()) {
            *scaled = entry * scale;
        }
        self.components.push(component);
        for (t, &feature) in partition.remaining.iter().enumerate() {
            self.regressions.push(mixture.mean(k)[feature]);
            self.regressions.extend((0..n_axes).map(|g| factor.slope(t, g)));
            match partition.matrices {
                RemainingMatrices::None => {}
                RemainingMatrices::Covariances => {
                    self.remaining_matrices.extend((0..=t).map(|u| factor.covariance(t, u)));
                }
                RemainingMatrices::Factors => self.remaining_matrices.extend(factor.own(t)),
            }
        }
    }

    /// Returns the number of active components.
    pub(crate) fn len(&self) -> usize {
        self.components.len()
    }

    /// Returns the number of remaining features that are needed; 0 for a density.
    pub(crate) fn n_remaining(&self) -> usize {
        self.n_remaining
    }

    /// Returns the index in the mixture of component `k`.
    pub(crate) fn index(&self, k: usize) -> u32 {
        self.components[k].index
    }

    /// Returns the covariance of remaining features `i` and `j` under component `k`, for
    /// j <= i, if covariances were requested.
    pub(crate) fn remaining_covariance(&self, k: usize, i: usize, j: usize) -> f64 {
        self.remaining_matrices[k * packed_len(self.n_remaining) + packed_len(i) + j]
    }

    /// Returns the lower Cholesky factor of that matrix, packed by rows, if factors were
    /// requested.
    pub(crate) fn remaining_factor(&self, k: usize) -> &[f64] {
        let len = packed_len(self.n_remaining);
        &self.remaining_matrices[k * len..][..len]
    }

    /// Returns the base-2 logarithm of the weighted density of component `k` at its mean.
    pub(crate) fn peak(&self, k: usize) -> f64 {
        self.components[k].peak
    }

    /// Returns the mean of component `k`, in array order.
    pub(crate) fn mean(&self, k: usize) -> &[f64] {
        &self.components[k].mean[..self.n_axes]
    }

    /// Returns row `i` of the whitening factor of component `k`, in base 2.
    pub(crate) fn factor_row(&self, k: usize, i: usize) -> &[f64] {
        packed_row(&self.components[k].factor, i)
    }

    /// Returns the mean of remaining feature `t` under component `k` and its slope along
    /// each axis.
    pub(crate) fn regression(&self, k: usize, t: usize) -> (f64, &[f64]) {
        let width = self.n_axes + 1;
        let (mean, slopes) = self.regressions[(k * self.n_remaining + t) * width..][..width]
            .split_first()
            .expect("a mean and slopes");
        (*mean, slopes)
    }

    /// Returns the typical size of values of remaining feature `t`, to which rounding is
    /// relative.
    pub(crate) fn remaining_scale(&self, t: usize) -> f64 {
        self.remaining_scales[t]
    }

    /// Returns the largest of these sizes, or 0 if there are none.
    pub(crate) fn largest_scale(&self) -> f64 {
        self.remaining_scales.iter().copied().fold(0.0, f64::max)
    }
}

/// Returns the logarithm of the weighted density of the given features at their mean.
fn log_peak(log_weight: f64, factor: &PartitionedFactor, n_given: usize) -> f64 {
    let log_det = |i: usize| packed_row(factor.inverse(), i)[i].ln() - LOG_ROOT_TWO_PI;
    log_weight + (0..n_given).map(log_det).sum::<f64>()
}

/// ln sqrt(2 pi)
const LOG_ROOT_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// Returns the median of the sizes that are not zero: one distant component then has no
/// influence on the scale.
fn median_of_positive(mut sizes: Vec<f64>) -> f64 {
    sizes.retain(|&size| size > 0.0);
    let middle = sizes.len() / 2;
    if sizes.is_empty() {
        return 1.0;
    }
    *sizes.select_nth_unstable_by(middle, f64::total_cmp).1
}

//! A model as the grid kernels take it: the components that count, over the
//! grid's axes in array order, exponents in base 2, flat memory.

use crate::condition::Conditional;
use crate::grid::MAX_AXES;
use crate::kernel::HALF_LOG2_E;
use crate::linalg::{packed_len, packed_row};
use crate::mixture::Mixture;

/// Parameters of the active components.
pub(crate) struct GridComponents {
    n_axes: usize,
    components: Vec<Component>,
    /// Per component and target: the mean, then the slope along each axis.
    experts: Vec<f64>,
    n_targets: usize,
    /// Per target: the size that its values have.
    target_scales: Vec<f64>,
    /// Per component: covariances of the targets, packed rows; if they are asked for.
    target_covariances: Vec<f64>,
}

struct Component {
    /// Its index in the model, which may have others of weight zero.
    index: u32,
    /// Base-2 logarithm of the weighted density at the mean.
    peak: f64,
    mean: [f64; MAX_AXES],
    /// Inverse Cholesky factor, packed row by row, times sqrt(log2(e) / 2).
    factor: [f64; packed_len(MAX_AXES)],
}

impl GridComponents {
    /// Of a mixture over the grid's axes, in array order.
    pub(crate) fn of_mixture(mixture: &Mixture) -> Self {
        let n_axes = mixture.n_features();
        let scale = HALF_LOG2_E.sqrt();
        let whitening = mixture.precisions_cholesky();
        let component = |k: usize| {
            let mut mean = [0.0; MAX_AXES];
            mean[..n_axes].copy_from_slice(mixture.mean(k));
            let mut factor = [0.0; packed_len(MAX_AXES)];
            for i in 0..n_axes {
                for j in 0..=i {
                    factor[packed_len(i) + j] = whitening.at(k, i, j) * scale;
                }
            }
            let index = u32::try_from(k).expect("fewer than 2^32 components");
            Component { index, peak: mixture.log_peak(k) * std::f64::consts::LOG2_E, mean, factor }
        };
        let components = mixture.active_components().map(component).collect();
        let (experts, target_scales, target_covariances) = Default::default();
        Self { n_axes, components, experts, n_targets: 0, target_scales, target_covariances }
    }

    /// Of a conditional whose given features are the grid's axes, in array order.
    pub(crate) fn of_conditional(conditional: &Conditional) -> Self {
        let n_targets = conditional.targets().len();
        let mut experts = Vec::new();
        for k in conditional.marginal().active_components() {
            for t in 0..n_targets {
                experts.push(conditional.target_mean(k, t));
                experts.extend(conditional.slopes(k, t));
            }
        }
        let target_scales = (0..n_targets).map(|t| target_scale(conditional, t)).collect();
        let components = Self::of_mixture(conditional.marginal());
        Self { experts, n_targets, target_scales, ..components }
    }

    /// The same with the covariances of the targets under each component.
    pub(crate) fn with_covariances(self, conditional: &Conditional) -> Self {
        let mut target_covariances = Vec::new();
        for k in conditional.marginal().active_components() {
            for i in 0..self.n_targets {
                target_covariances.extend((0..=i).map(|j| conditional.covariance(k, i, j)));
            }
        }
        Self { target_covariances, ..self }
    }

    /// Number of components that take part.
    pub(crate) fn len(&self) -> usize {
        self.components.len()
    }

    /// Number of features whose conditional mean is wanted; 0 for a density.
    pub(crate) fn n_targets(&self) -> usize {
        self.n_targets
    }

    /// Index in the model of component `k`.
    pub(crate) fn index(&self, k: usize) -> u32 {
        self.components[k].index
    }

    /// Covariance of targets `i` and `j` under component `k`, j <= i.
    pub(crate) fn target_covariance(&self, k: usize, i: usize, j: usize) -> f64 {
        self.target_covariances[k * packed_len(self.n_targets) + packed_len(i) + j]
    }

    /// Base-2 logarithm of the weighted density of component `k` at its mean.
    pub(crate) fn peak(&self, k: usize) -> f64 {
        self.components[k].peak
    }

    /// Mean of component `k`, in array order.
    pub(crate) fn mean(&self, k: usize) -> &[f64] {
        &self.components[k].mean[..self.n_axes]
    }

    /// Row `i` of the whitening factor of component `k`, in base 2.
    pub(crate) fn factor_row(&self, k: usize, i: usize) -> &[f64] {
        packed_row(&self.components[k].factor, i)
    }

    /// Mean of target `t` under component `k`, and its slope along each axis.
    pub(crate) fn expert(&self, k: usize, t: usize) -> (f64, &[f64]) {
        let width = self.n_axes + 1;
        let (mean, slopes) = self.experts[(k * self.n_targets + t) * width..][..width]
            .split_first()
            .expect("a mean and slopes");
        (*mean, slopes)
    }

    /// The size that values of target `t` have, for telling what is a rounding.
    pub(crate) fn target_scale(&self, t: usize) -> f64 {
        self.target_scales[t]
    }
}

/// The size that values of target `t` have: the median, over the components
/// where it is not zero, of the larger of mean and explained standard deviation.
/// The median, so that one component far off does not decide for the others.
fn target_scale(conditional: &Conditional, t: usize) -> f64 {
    let marginal = conditional.marginal();
    let explained = |k: usize| {
        let slopes = conditional.slopes(k, t);
        let row = |i: usize| -> f64 {
            slopes.iter().enumerate().map(|(j, s)| s * marginal.covariance(k, i, j)).sum()
        };
        slopes.iter().enumerate().map(|(i, s)| s * row(i)).sum::<f64>().max(0.0).sqrt()
    };
    let mut sizes: Vec<f64> = marginal
        .active_components()
        .map(|k| conditional.target_mean(k, t).abs().max(explained(k)))
        .filter(|&size| size > 0.0)
        .collect();
    sizes.sort_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied().unwrap_or(1.0)
}

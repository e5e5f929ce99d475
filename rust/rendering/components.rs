//! A model as the grid kernels take it: the components that count, over the
//! grid's axes in array order, exponents in base 2, flat memory.

use crate::grid::axes::MAX_AXES;
use crate::model::linalg::{invert_lower_into, packed_len, packed_row};
use crate::model::mixture::Mixture;
use crate::simd::math::HALF_LOG2_E;

/// Parameters of the active components.
pub(crate) struct GridComponents {
    n_axes: usize,
    components: Vec<Component>,
    /// Per component and target: the mean, then the slope along each axis.
    experts: Vec<f64>,
    n_targets: usize,
    /// Per target: the size that its values have.
    target_scales: Vec<f64>,
    /// Per component: what matrix of the targets is asked for, packed rows.
    target_matrices: Vec<f64>,
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

/// Which features of a mixture the grid's axes are, in array order, and which ones
/// are wanted given these.
pub(crate) struct Split {
    pub(crate) given: Vec<usize>,
    pub(crate) targets: Vec<usize>,
    /// Which matrices of the targets are wanted.
    pub(crate) matrices: TargetMatrices,
}

/// Matrices of the targets, given the grid's features.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetMatrices {
    None,
    Covariances,
    /// Their lower Cholesky factors.
    Factors,
}

impl GridComponents {
    /// Of a mixture, component by component, so that no second mixture is held: see
    /// condition.rs for the formulas.
    pub(crate) fn new(mixture: &Mixture, split: &Split) -> Self {
        let (n_axes, n_targets) = (split.given.len(), split.targets.len());
        let n = mixture.n_components();
        let has_matrices = split.matrices != TargetMatrices::None;
        let n_entries = if has_matrices { n * packed_len(n_targets) } else { 0 };
        let mut result = Self {
            n_axes,
            components: Vec::with_capacity(n),
            experts: Vec::with_capacity(n * n_targets * (n_axes + 1)),
            n_targets,
            target_scales: Vec::new(),
            target_matrices: Vec::with_capacity(n_entries),
        };
        let mut sizes = vec![Vec::with_capacity(n); n_targets];
        let mut factors = Factors::new(split);
        let is_shared = mixture.covariances().n_matrices(n) == 1;
        for k in mixture.active_components() {
            if !is_shared || factors.whole.is_empty() {
                factors.fill(mixture, k);
            }
            result.push(mixture, k, split, &factors);
            for (size, (t, &target)) in sizes.iter_mut().zip(split.targets.iter().enumerate()) {
                let explained = factors.cross(t).iter().map(|c| c * c).sum::<f64>().sqrt();
                size.push(mixture.mean(k)[target].abs().max(explained));
            }
        }
        result.target_scales = sizes.into_iter().map(median_of_positive).collect();
        result
    }

    fn push(&mut self, mixture: &Mixture, k: usize, split: &Split, factors: &Factors) {
        let n_axes = self.n_axes;
        let mut component = Component {
            index: u32::try_from(k).expect("fewer than 2^32 components"),
            peak: factors.log_peak(mixture.log_weights()[k]) * std::f64::consts::LOG2_E,
            mean: [0.0; MAX_AXES],
            factor: [0.0; packed_len(MAX_AXES)],
        };
        for (mean, &feature) in component.mean.iter_mut().zip(&split.given) {
            *mean = mixture.mean(k)[feature];
        }
        let scale = HALF_LOG2_E.sqrt();
        for (scaled, entry) in component.factor.iter_mut().zip(&factors.inverse) {
            *scaled = entry * scale;
        }
        self.components.push(component);
        for (t, &target) in split.targets.iter().enumerate() {
            self.experts.push(mixture.mean(k)[target]);
            self.experts.extend((0..n_axes).map(|g| factors.slope(t, g)));
            match split.matrices {
                TargetMatrices::None => {}
                TargetMatrices::Covariances => {
                    self.target_matrices.extend((0..=t).map(|u| factors.covariance(t, u)));
                }
                TargetMatrices::Factors => self.target_matrices.extend(factors.rest(t)),
            }
        }
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

    /// Covariance of targets `i` and `j` under component `k`, j <= i, if these were
    /// asked for.
    pub(crate) fn target_covariance(&self, k: usize, i: usize, j: usize) -> f64 {
        self.target_matrices[k * packed_len(self.n_targets) + packed_len(i) + j]
    }

    /// The lower Cholesky factor of that matrix, packed rows, if these were asked for.
    pub(crate) fn target_factor(&self, k: usize) -> &[f64] {
        let len = packed_len(self.n_targets);
        &self.target_matrices[k * len..][..len]
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

/// One component's Cholesky factor, of the given features and then the targets.
struct Factors {
    n_given: usize,
    order: Vec<usize>,
    whole: Vec<f64>,
    /// Inverse of the given features' factor, packed.
    inverse: Vec<f64>,
}

impl Factors {
    fn new(split: &Split) -> Self {
        let order = split.given.iter().chain(&split.targets).copied().collect();
        Self { n_given: split.given.len(), order, whole: Vec::new(), inverse: Vec::new() }
    }

    fn fill(&mut self, mixture: &Mixture, k: usize) {
        let Self { n_given, order, whole, inverse } = self;
        mixture.covariances().factor_into(whole, mixture.n_features(), k, order);
        invert_lower_into(inverse, whole, *n_given);
    }

    /// The logarithm of the weighted density of the given features at their mean.
    fn log_peak(&self, log_weight: f64) -> f64 {
        let log_det = |i: usize| packed_row(&self.inverse, i)[i].ln() - LOG_ROOT_TWO_PI;
        log_weight + (0..self.n_given).map(log_det).sum::<f64>()
    }

    /// What target `t` has in common with the given features.
    fn cross(&self, t: usize) -> &[f64] {
        &packed_row(&self.whole, self.n_given + t)[..self.n_given]
    }

    /// Slope of target `t` in given feature `g`.
    fn slope(&self, t: usize, g: usize) -> f64 {
        let row = self.cross(t).iter().enumerate().skip(g);
        row.map(|(m, cross)| cross * packed_row(&self.inverse, m)[g]).sum()
    }

    /// Covariance of targets `t` and `u` given the others, u <= t.
    fn covariance(&self, t: usize, u: usize) -> f64 {
        self.rest(t).iter().zip(self.rest(u)).map(|(a, b)| a * b).sum()
    }

    /// Row `t` of the Cholesky factor of the targets given the others.
    fn rest(&self, t: usize) -> &[f64] {
        &packed_row(&self.whole, self.n_given + t)[self.n_given..]
    }
}

/// ln sqrt(2 pi)
const LOG_ROOT_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// The size that values have: the median of those that are not zero, so that one
/// component far off does not decide for the others.
fn median_of_positive(mut sizes: Vec<f64>) -> f64 {
    sizes.retain(|&size| size > 0.0);
    let middle = sizes.len() / 2;
    if sizes.is_empty() {
        return 1.0;
    }
    *sizes.select_nth_unstable_by(middle, f64::total_cmp).1
}

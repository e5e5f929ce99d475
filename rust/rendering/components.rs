//! The mixture conditioned on the features of the grid, as the kernels read it: active
//! components only, axes in array order, exponents in base 2, flat memory.

use crate::grid::axes::MAX_AXES;
use crate::model::conditional::{ConditionalComponent, Conditioner};
use crate::model::linalg::{packed_len, packed_row};
use crate::model::mixture::Mixture;
use crate::rendering::precision::SizeLimit;
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
    /// Per component: the largest size of its values.
    sizes: Vec<ValueSize>,
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

impl Component {
    fn new(k: usize, conditional: &ConditionalComponent<'_>) -> Self {
        let mut component = Self {
            index: u32::try_from(k).expect("fewer than 2^32 components"),
            peak: conditional.log_peak() * std::f64::consts::LOG2_E,
            mean: [0.0; MAX_AXES],
            factor: [0.0; packed_len(MAX_AXES)],
        };
        for (mean, given) in component.mean.iter_mut().zip(conditional.given_means()) {
            *mean = given;
        }
        let scale = HALF_LOG2_E.sqrt();
        for (scaled, entry) in component.factor.iter_mut().zip(conditional.whitening_factor()) {
            *scaled = entry * scale;
        }
        component
    }
}

/// The largest size of a component's values, and of their ratios to the scales of the remaining
/// features.
#[derive(Default)]
struct ValueSize {
    absolute: f64,
    relative: f64,
}

/// The regression of a remaining feature on the axes under one component.
#[derive(Clone, Copy)]
pub(crate) struct Regression<'a> {
    /// The mean of the feature.
    pub(crate) mean: f64,
    /// Its slope along each axis.
    pub(crate) slopes: &'a [f64],
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
    /// Takes from each conditional component the values that are needed. A [`Conditional`]
    /// of all components would be a second mixture in memory.
    ///
    /// [`Conditional`]: crate::Conditional
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
            sizes: Vec::new(),
            remaining_matrices: Vec::with_capacity(n_entries),
        };
        let mut sizes = vec![Vec::with_capacity(n); n_remaining];
        let mut conditioner = Conditioner::new(mixture, &partition.given, &partition.remaining);
        for k in mixture.active_components() {
            let conditional = conditioner.component(k);
            result.components.push(Component::new(k, &conditional));
            for (t, sizes) in sizes.iter_mut().enumerate() {
                result.push_remaining(t, &conditional, partition.matrices);
                sizes.push(conditional.remaining_mean(t).abs().max(conditional.explained_std(t)));
            }
        }
        let scales: Vec<f64> =
            sizes.iter().map(|sizes| median_of_positive(sizes.clone())).collect();
        let largest = |k: usize| {
            sizes.iter().zip(&scales).fold(ValueSize::default(), |size, (sizes, scale)| ValueSize {
                absolute: size.absolute.max(sizes[k]),
                relative: size.relative.max(sizes[k] / scale),
            })
        };
        result.sizes = (0..result.len()).map(largest).collect();
        result.remaining_scales = scales;
        result
    }

    /// Appends the regression of remaining feature `t` and row `t` of the matrix.
    fn push_remaining(
        &mut self,
        t: usize,
        conditional: &ConditionalComponent<'_>,
        matrices: RemainingMatrices,
    ) {
        self.regressions.push(conditional.remaining_mean(t));
        self.regressions.extend(conditional.slopes(t));
        match matrices {
            RemainingMatrices::None => {}
            RemainingMatrices::Covariances => {
                self.remaining_matrices.extend((0..=t).map(|u| conditional.covariance(t, u)));
            }
            RemainingMatrices::Factors => {
                self.remaining_matrices.extend(conditional.factor_row(t));
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

    /// Returns the regression of remaining feature `t` under component `k`.
    pub(crate) fn regression(&self, k: usize, t: usize) -> Regression<'_> {
        let width = self.n_axes + 1;
        let values = &self.regressions[(k * self.n_remaining + t) * width..][..width];
        Regression { mean: values[0], slopes: &values[1..] }
    }

    /// Returns the typical size of values of remaining feature `t`, to which rounding is
    /// relative.
    pub(crate) fn remaining_scale(&self, t: usize) -> f64 {
        self.remaining_scales[t]
    }

    /// Returns which components have values beyond a limit; nothing if none has.
    pub(crate) fn beyond(&self, limit: SizeLimit) -> Vec<bool> {
        let is_beyond = |size: &ValueSize| match limit {
            SizeLimit::Absolute(limit) => size.absolute > limit,
            SizeLimit::Relative(limit) => size.relative > limit,
        };
        let are_beyond: Vec<bool> = self.sizes.iter().map(is_beyond).collect();
        if are_beyond.contains(&true) { are_beyond } else { Vec::new() }
    }

    /// Returns the largest of the scales, or 0 if there are none.
    pub(crate) fn largest_scale(&self) -> f64 {
        self.remaining_scales.iter().copied().fold(0.0, f64::max)
    }
}

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

//! The components of a mixture in blocks, as culling reads them, and the survivors of culling.
//!
//! Blocks depend on the mixture only, never on threads.

use crate::error::Result;
use crate::model::linalg::packed_len;
use crate::model::mixture::Mixture;
use crate::points::tree::grouped;
use crate::runtime::{Runtime, distribute};
use crate::simd::MAX_LANES;
use crate::simd::math::HALF_LOG2_E;

/// Components of a block: a multiple of the lanes of every level.
pub(super) const BLOCK_COMPONENTS: usize = MAX_LANES;

/// The active components in blocks of neighbors: the survivors of a box fill few blocks. A block
/// holds column after column: peaks, then means, then entries of W.
pub(crate) struct ComponentBlocks {
    pub(super) n_features: usize,
    pub(super) is_diagonal: bool,
    n_columns: usize,
    /// The component of each lane; the last block may be short.
    pub(super) components: Vec<u32>,
    values: Vec<f64>,
    units: Vec<f64>,
}

/// The components of one block that are not culled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Survivors {
    pub(super) block: u32,
    pub(super) lanes: u32,
}

impl ComponentBlocks {
    /// Returns the memory that the blocks of a mixture take.
    pub(crate) fn n_bytes(mixture: &Mixture) -> usize {
        let n_values = mixture.n_components().saturating_mul(n_columns(mixture));
        n_values.saturating_mul(size_of::<f64>())
    }

    /// Returns the blocks of the active components.
    ///
    /// # Errors
    /// If the runtime was interrupted.
    pub(crate) fn new(mixture: &Mixture, runtime: &Runtime) -> Result<Self> {
        Self::with_thresholds(mixture, &|_| 0.0, runtime)
    }

    /// Returns the blocks with a threshold for each component, which is added to the culler's:
    /// the component's bound is that much larger, and the proof holds as it is.
    pub(crate) fn with_thresholds(
        mixture: &Mixture,
        threshold: &(dyn Fn(usize) -> f64 + Sync),
        runtime: &Runtime,
    ) -> Result<Self> {
        let active: Vec<usize> = mixture.active_components().collect();
        let means: Vec<f64> = active.iter().flat_map(|&k| mixture.mean(k)).copied().collect();
        let units = typical_stds(mixture);
        let components: Vec<u32> = grouped(&means, &units, BLOCK_COMPONENTS, runtime)?
            .into_iter()
            .map(|at| u32::try_from(active[at as usize]).expect("fewer than 2^32 components"))
            .collect();
        let n_columns = n_columns(mixture);
        let block_len = n_columns * BLOCK_COMPONENTS;
        let mut values = vec![0.0; components.len().div_ceil(BLOCK_COMPONENTS) * block_len];
        let blocks =
            values.chunks_mut(block_len).zip(components.chunks(BLOCK_COMPONENTS)).collect();
        distribute(blocks, &|| {
            Box::new(|(block, components): (&mut [f64], &[u32])| {
                runtime.check()?;
                block[..BLOCK_COMPONENTS].fill(f64::NEG_INFINITY);
                for (lane, &k) in components.iter().enumerate() {
                    let k = k as usize;
                    write_component(mixture, k, threshold(k), &mut block[lane..]);
                }
                Ok(())
            })
        })?;
        let (n_features, is_diagonal) = (mixture.n_features(), mixture.covariances().is_diagonal());
        Ok(Self { n_features, is_diagonal, n_columns, components, values, units })
    }

    /// Returns the blocks of no components.
    pub(crate) fn none(n_features: usize) -> Self {
        let (components, values, units) = (Vec::new(), Vec::new(), Vec::new());
        Self { n_features, is_diagonal: true, n_columns: 0, components, values, units }
    }

    /// The units that boxes are measured in: a typical component's standard deviations.
    pub(crate) fn units(&self) -> &[f64] {
        &self.units
    }

    /// All components.
    pub(crate) fn all(&self) -> Vec<Survivors> {
        let survivors = |(block, components): (usize, &[u32])| Survivors {
            block: block as u32,
            lanes: (1 << components.len()) - 1,
        };
        self.components.chunks(BLOCK_COMPONENTS).enumerate().map(survivors).collect()
    }

    /// Replaces `components` by those of `survivors`.
    pub(crate) fn components(&self, survivors: &[Survivors], components: &mut Vec<u32>) {
        components.clear();
        for survivors in survivors {
            let mut lanes = survivors.lanes;
            while lanes != 0 {
                let lane = lanes.trailing_zeros() as usize;
                lanes &= lanes - 1;
                components
                    .push(self.components[survivors.block as usize * BLOCK_COMPONENTS + lane]);
            }
        }
    }

    pub(super) fn block(&self, survivors: Survivors) -> &[f64] {
        let len = self.n_columns * BLOCK_COMPONENTS;
        &self.values[survivors.block as usize * len..][..len]
    }
}

/// Returns the geometric means of the components' standard deviations, by weight. Weights of a
/// variational score do not sum to 1.
fn typical_stds(mixture: &Mixture) -> Vec<f64> {
    let log_weights = mixture.log_weights();
    let largest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weight = |k: usize| (log_weights[k] - largest).exp();
    let sum: f64 = mixture.active_components().map(weight).sum();
    let log_variance = |k: usize, i: usize| mixture.covariance(k, i, i).ln();
    let mean_log = |i: usize| -> f64 {
        mixture.active_components().map(|k| weight(k) / sum * log_variance(k, i)).sum()
    };
    (0..mixture.n_features()).map(|i| (0.5 * mean_log(i)).exp()).collect()
}

fn n_columns(mixture: &Mixture) -> usize {
    let d = mixture.n_features();
    1 + d + if mixture.covariances().is_diagonal() { d } else { packed_len(d) }
}

/// Writes the columns of component `k` into one lane of a block.
fn write_component(mixture: &Mixture, k: usize, threshold: f64, lane: &mut [f64]) {
    let d = mixture.n_features();
    let is_diagonal = mixture.covariances().is_diagonal();
    let scale = HALF_LOG2_E.sqrt();
    let peak = mixture.log_peak(k) * std::f64::consts::LOG2_E + threshold;
    let factors = (0..d).flat_map(|i| {
        let first = if is_diagonal { i } else { 0 };
        (first..=i).map(move |j| mixture.precisions_cholesky().at(k, i, j) * scale)
    });
    let column = [peak].into_iter().chain(mixture.mean(k).iter().copied()).chain(factors);
    for (to, value) in lane.iter_mut().step_by(BLOCK_COMPONENTS).zip(column) {
        *to = value;
    }
}

//! The components' regressions: the means of the remaining features under each component of a
//! chunk at a block of scattered points.
//!
//! Regressions are affine in the given features, about their own means, to avoid cancellation
//! (model/conditional/). Moments of up to three remaining features do not use this file: see
//! kernel.rs.

use crate::model::conditional::Conditional;
use crate::points::group::GROUP_POINTS;
use crate::simd::Simd;
use crate::simd::block::{Block, CHUNK_COMPONENTS, VECTORS, splat};

/// Regressions of a chunk of components at a block of points.
pub(crate) struct Regressions<'a, S: Simd> {
    simd: S,
    conditional: &'a Conditional,
    /// Component after component, a block for each remaining feature.
    values: Vec<Block<S>>,
}

impl<'a, S: Simd> Regressions<'a, S> {
    pub(crate) fn new(simd: S, conditional: &'a Conditional) -> Self {
        let n_values = CHUNK_COMPONENTS * conditional.remaining().len();
        Self { simd, conditional, values: vec![splat(simd, 0.0); n_values] }
    }

    /// Fills the values with the regressions under each component of a chunk, less `centers`, at
    /// a block of points. `coordinates` has the given features, one row of `GROUP_POINTS` a feature.
    #[inline(never)]
    pub(crate) fn fill(&mut self, coordinates: &[f64], chunk: &[u32], centers: &[Block<S>]) {
        self.simd.vectorize(
            #[inline(always)]
            || {
                let (simd, conditional) = (self.simd, self.conditional);
                for (&k, values) in chunk.iter().zip(self.values.chunks_exact_mut(centers.len())) {
                    let k = k as usize;
                    let mean = conditional.marginal().mean(k);
                    let remaining_means = conditional.remaining_means(k);
                    for (t, value) in values.iter_mut().enumerate() {
                        let mut regression = splat(simd, remaining_means[t]);
                        for (g, (&slope, &mean)) in
                            conditional.slopes(k, t).iter().zip(mean).enumerate()
                        {
                            let difference = difference(simd, coordinates, g, mean);
                            for v in 0..VECTORS {
                                regression[v] =
                                    simd.mul_add(simd.splat(slope), difference[v], regression[v]);
                            }
                        }
                        for v in 0..VECTORS {
                            value[v] = simd.sub(regression[v], centers[t][v]);
                        }
                    }
                }
            },
        );
    }

    /// The values of the `at`-th component of the chunk.
    #[inline(always)]
    pub(crate) fn of(&self, at: usize) -> &[Block<S>] {
        let n_remaining = self.conditional.remaining().len();
        &self.values[at * n_remaining..][..n_remaining]
    }
}

/// Returns the coordinates of a block of points along feature `g`, less `mean`.
#[inline(always)]
fn difference<S: Simd>(simd: S, coordinates: &[f64], g: usize, mean: f64) -> Block<S> {
    let lanes = &coordinates[g * GROUP_POINTS..][..VECTORS * S::LANES];
    let (mut block, mean) = (splat(simd, 0.0), simd.splat(mean));
    for v in 0..VECTORS {
        block[v] = simd.sub(simd.load(&lanes[v * S::LANES..]), mean);
    }
    block
}

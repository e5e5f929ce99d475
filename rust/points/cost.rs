//! The cost model of culling, shared by evaluation and fitting: whether the tree pays, and at
//! which levels of the tree components are culled.
//!
//! Costs are multiply-adds a point, as many as the dense kernels do in the same time. Everything
//! depends on the points and the mixture alone, never on threads.

use crate::model::mixture::Mixture;
use crate::points::cull::ComponentBlocks;

/// The largest number of leaves that one thread takes at a time.
pub(crate) const TASK_LEAVES: usize = 64;

/// The number of leaves at which culling is tried.
pub(crate) const N_PROBES: usize = 8;

/// The number of points below which a call ends before culling could be prepared.
pub(crate) const MIN_POINTS: usize = 4096;

/// The largest memory of the culled components, in bytes.
const MAX_BYTES: usize = 64 << 20;

/// Levels of the tree from one culling to the next: halving a box leaves out too few components
/// to pay for culling at every level.
pub(crate) const CULLING_LEVELS: u32 = 2;

/// The cost of one point, in multiply-adds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PointCost {
    /// The cost of all components without culling.
    pub(crate) dense: f64,
    /// The cost of culling, whatever it leaves out.
    pub(crate) culling: f64,
}

impl PointCost {
    /// Returns whether culling can pay at all for `n_points`.
    pub(crate) fn may_pay(self, n_points: usize, mixture: &Mixture) -> bool {
        n_points >= MIN_POINTS
            && self.dense > self.culling
            && ComponentBlocks::n_bytes(mixture) <= MAX_BYTES
    }

    /// Returns whether culling pays where `n_kept` of `n_all` components survive in the probes.
    pub(crate) fn pays(self, n_kept: usize, n_all: usize) -> bool {
        (1.0 - n_kept as f64 / n_all as f64) * self.dense > self.culling
    }
}

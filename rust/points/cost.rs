//! The cost model of culling, shared by evaluation and fitting: whether the tree pays,
//! and where on the way down components are culled.
//!
//! Costs are in multiply-adds a point, in units of what the dense kernels do in the same
//! time. Everything depends on the points and the mixture alone, never on threads.

use crate::model::mixture::Mixture;
use crate::points::cull::ComponentBlocks;

/// Leaves that one thread takes at a time, at most.
pub(crate) const TASK_LEAVES: usize = 64;

/// Leaves in which culling is tried.
pub(crate) const N_PROBES: usize = 8;

/// Points below which a call is over before culling could be prepared.
pub(crate) const MIN_POINTS: usize = 4096;

/// Most memory for the culled components, in bytes.
const MAX_BYTES: usize = 64 << 20;

/// Levels of the tree from one culling to the next: halving a box leaves out too few
/// components to pay for culling at each.
pub(crate) const CULLING_LEVELS: u32 = 2;

/// The cost of one point, in multiply-adds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PointCost {
    /// All components without culling.
    pub(crate) dense: f64,
    /// Culling, whatever it leaves out.
    pub(crate) culling: f64,
}

impl PointCost {
    /// Whether culling of `n_points` can pay at all.
    pub(crate) fn may_pay(self, n_points: usize, mixture: &Mixture) -> bool {
        n_points >= MIN_POINTS
            && self.dense > self.culling
            && ComponentBlocks::n_bytes(mixture) <= MAX_BYTES
    }

    /// Whether culling pays where `n_kept` of `n_all` components survive in the probes.
    pub(crate) fn pays(self, n_kept: usize, n_all: usize) -> bool {
        (1.0 - n_kept as f64 / n_all as f64) * self.dense > self.culling
    }
}

//! Culling for scattered points: finds the components that can matter to the points of a box, for
//! any number of features.
//!
//! Proof that the components that are left out cannot matter. In bits, q_k(x) = peak_k - |z|²
//! with z = W_k (x - mean_k), W_k the inverse Cholesky factor times sqrt(log2(e) / 2). For points
//! x in a box with middle c and half-widths h, every
//!
//!   |z_i(x)| >= |z_i(c)| - r_i,  r_i = Σ_j |W_ij| h_j,
//!
//! Hence u_k = peak_k - Σ_i max(|z_i(c)| - r_i, 0)² is at least q_k at every one of them. Let l
//! be the least, over the points themselves, of the largest q of a few components. They are those
//! with the largest q at the middle; any would do. A component is left out of the box only if u_k
//! < l - T. It is then T bits below another at every point, that other one is not left out itself
//! (its u is at least its q, hence at least l), and it is left out of a point at most once on the
//! way down the tree. So, with p(x) >= 2^l:
//!
//! - log-density: T = 53 + log2(K), and all components that are left out together are at
//!   most K 2^-T p(x) = 2^-53 p(x);
//! - responsibilities: T = 1080, and those left out are below 2^-1080, which a float64
//!   stores as zero;
//! - labels: T = 0, and those left out are less than the most responsible one.
//!
//! Rounding. The u computed here is at least every q that the kernels compute: it may be
//! compared with l, which the kernels compute. Here as there a
//! z_i is a sum of d products of a rounded difference and a factor: wrong by at
//! most (d + 4) 2^-53 Σ_j |W_ij| |x_j - mean_j|. With e = (d + 8) 2^-51, r_i is
//! made larger by e Σ_j |W_ij| (|c_j - mean_j| + h_j), more than twice that, for
//! here and there; the sum of squares, of d + 4 roundings, is made smaller by e of
//! itself, and u larger by e |peak_k|. A u that is a NaN keeps its component, and a point
//! whose every q is minus infinity or a NaN makes l minus infinity and keeps all.
//!
//! Why the points and not the box: in five dimensions boxes are mostly empty, and the least of
//! any q over the box is far below its least over the points. On a photograph's pixels, with
//! 1000 components and leaves of 64, 49 components are kept on average; 26 are within T bits of
//! the largest at some point. The tighter bound that tiles use, the maximum of the quadratic
//! q_k - q_r over the box, keeps 93.
//!
//! The survivors depend only on the points and the mixture, never on threads.

mod blocks;

use crate::model::linalg::packed_len;
use crate::points::group::PointsKernel;
use crate::points::threshold::Threshold;
use crate::points::tree::Bounds;
use crate::simd::unroll::{MAX_UNROLLED, unrolled};
use crate::simd::{MAX_LANES, Simd};
use blocks::BLOCK_COMPONENTS;
pub(crate) use blocks::{ComponentBlocks, Survivors};
use std::ops::Range;

const DIAGONAL: bool = true;
const TRIANGULAR: bool = false;

/// The largest number of components that the others are compared with.
const N_BEST: usize = 4;

/// Points whose components are culled together: whole groups of a kernel, and their box.
pub(crate) struct PointBox<'a> {
    pub(crate) bounds: Bounds<'a>,
    pub(crate) groups: Range<usize>,
}

/// A box by its middle and its half-widths.
struct CenteredBox {
    middle: Vec<f64>,
    half_widths: Vec<f64>,
}

impl CenteredBox {
    fn set(&mut self, bounds: Bounds<'_>) {
        for (i, (&low, &high)) in bounds.low.iter().zip(bounds.high).enumerate() {
            // Halves first: the sum of the edges could overflow.
            self.middle[i] = 0.5 * low + 0.5 * high;
            self.half_widths[i] = (high - self.middle[i]).max(self.middle[i] - low);
        }
    }
}

/// Finds the components that can matter in boxes of points.
pub(crate) struct Culler<'a, S: Simd> {
    simd: S,
    blocks: &'a ComponentBlocks,
    threshold: Threshold,
    centered: CenteredBox,
    /// u of each lane of the blocks that were bounded last.
    upper: Vec<f64>,
    differences: Vec<Difference<S>>,
    /// A few of the components with the largest q at the middle of the box.
    best: Vec<u32>,
}

impl<'a, S: Simd> Culler<'a, S> {
    pub(crate) fn new(simd: S, blocks: &'a ComponentBlocks, threshold: Threshold) -> Self {
        let d = blocks.n_features;
        let zero = simd.splat(0.0);
        Self {
            simd,
            blocks,
            threshold,
            centered: CenteredBox { middle: vec![0.0; d], half_widths: vec![0.0; d] },
            upper: Vec::new(),
            differences: vec![Difference { middle: zero, half_width: zero }; d],
            best: Vec::new(),
        }
    }

    /// Replaces `kept` by those of `candidates` that can matter to some points of the kernel.
    pub(crate) fn cull(
        &mut self,
        kernel: &mut PointsKernel<'_, S>,
        points: PointBox<'_>,
        candidates: &[Survivors],
        kept: &mut Vec<Survivors>,
    ) {
        self.centered.set(points.bounds);
        self.bound(candidates);
        let least = kernel.least_largest(&self.best, points.groups);
        self.keep(candidates, self.threshold.cutoff(least), kept);
    }

    /// Returns the number of all components that can matter to some points of the kernel.
    pub(crate) fn n_survivors(
        &mut self,
        kernel: &mut PointsKernel<'_, S>,
        points: PointBox<'_>,
    ) -> usize {
        let mut kept = Vec::new();
        self.cull(kernel, points, &self.blocks.all(), &mut kept);
        kept.iter().map(|survivors| survivors.lanes.count_ones() as usize).sum()
    }

    /// Bounds the components of `candidates` over the box, and puts a few of those with the
    /// largest q at its middle into `best`.
    fn bound(&mut self, candidates: &[Survivors]) {
        let simd = self.simd;
        let d = self.blocks.n_features;
        self.upper.resize(candidates.len() * BLOCK_COMPONENTS, 0.0);
        simd.vectorize(
            #[inline(always)]
            || {
                if self.blocks.is_diagonal {
                    self.bound_blocks::<0, DIAGONAL>(candidates);
                } else {
                    unrolled!(d, self.bound_blocks::<TRIANGULAR>(candidates));
                }
            },
        );
    }

    /// Replaces `kept` by those of `candidates`, which were bounded last, that are not below
    /// `least`.
    fn keep(&self, candidates: &[Survivors], least: f64, kept: &mut Vec<Survivors>) {
        let simd = self.simd;
        kept.clear();
        simd.vectorize(
            #[inline(always)]
            || {
                for (block, upper) in
                    candidates.iter().zip(self.upper.chunks_exact(BLOCK_COMPONENTS))
                {
                    let mut below = 0;
                    for first in (0..BLOCK_COMPONENTS).step_by(S::LANES) {
                        let upper = simd.load(&upper[first..]);
                        below |= simd.less_bits(upper, simd.splat(least)) << first;
                    }
                    let lanes = block.lanes & !below;
                    if lanes != 0 {
                        kept.push(Survivors { lanes, ..*block });
                    }
                }
            },
        );
    }

    #[inline(always)]
    fn bound_blocks<const D: usize, const DIAGONAL: bool>(&mut self, candidates: &[Survivors]) {
        let simd = self.simd;
        let mut largest = simd.splat(f64::NEG_INFINITY);
        let mut positions = simd.splat(0.0);
        let zero = simd.splat(0.0);
        let mut in_registers = [Difference { middle: zero, half_width: zero }; MAX_UNROLLED];
        let differences = if D == 0 { &mut self.differences[..] } else { &mut in_registers[..D] };
        for (at, &block) in candidates.iter().enumerate() {
            for first in (0..BLOCK_COMPONENTS).step_by(S::LANES) {
                if block.lanes >> first & ((1 << S::LANES) - 1) == 0 {
                    continue;
                }
                let values = &self.blocks.block(block)[first..];
                let BlockBounds { upper, q } =
                    bounds_of::<S, D, DIAGONAL>(simd, values, &self.centered, differences);
                let position = simd.splat((at * BLOCK_COMPONENTS + first) as f64);
                positions = simd.select_less(largest, q, position, positions);
                largest = simd.max(q, largest);
                simd.store(upper, &mut self.upper[at * BLOCK_COMPONENTS + first..]);
            }
        }
        // The largest of each lane need not be the largest of all, but the largest is one of
        // them.
        let (mut q, mut at) = ([f64::NEG_INFINITY; MAX_LANES], [0.0; MAX_LANES]);
        simd.store(largest, &mut q);
        simd.store(positions, &mut at);
        self.best.clear();
        for _ in 0..N_BEST.min(S::LANES) {
            let largest = (0..S::LANES).fold(0, |a, b| if q[b] > q[a] { b } else { a });
            if q[largest] == f64::NEG_INFINITY {
                break;
            }
            q[largest] = f64::NEG_INFINITY;
            let position = at[largest] as usize + largest;
            let block = candidates[position / BLOCK_COMPONENTS].block as usize;
            self.best.push(
                self.blocks.components[block * BLOCK_COMPONENTS + position % BLOCK_COMPONENTS],
            );
        }
    }
}

/// The position of a box relative to the means of some lanes, along one feature.
#[derive(Clone, Copy)]
struct Difference<S: Simd> {
    /// The middle of the box minus the means.
    middle: S::F,
    /// Half the width of the box, made larger for rounding.
    half_width: S::F,
}

/// Bounds of some lanes: u over a box, and q at its middle.
struct BlockBounds<S: Simd> {
    upper: S::F,
    q: S::F,
}

/// Returns the bounds of the lanes of a block from the first of `values` on.
#[inline(always)]
fn bounds_of<S: Simd, const D: usize, const DIAGONAL: bool>(
    simd: S,
    values: &[f64],
    centered: &CenteredBox,
    differences: &mut [Difference<S>],
) -> BlockBounds<S> {
    let d = if D == 0 { differences.len() } else { D };
    let n_factors = if DIAGONAL { d } else { packed_len(d) };
    let values = &values[..(d + n_factors) * BLOCK_COMPONENTS + S::LANES];
    let (middle, half_widths) = (&centered.middle[..d], &centered.half_widths[..d]);
    let differences = &mut differences[..d];
    let splat = |x| simd.splat(x);
    let column = |at: usize| simd.load(&values[at * BLOCK_COMPONENTS..]);
    let rounding = (d + 8) as f64 * 2.0_f64.powi(-51);
    for i in 0..d {
        let middle = simd.sub(splat(middle[i]), column(1 + i));
        let half = splat(half_widths[i]);
        let reach = simd.add(simd.abs(middle), half);
        let half_width = simd.mul_add(reach, splat(rounding), half);
        differences[i] = Difference { middle, half_width };
    }
    let zero = splat(0.0);
    let (mut nearest, mut at_middle) = (zero, zero);
    for i in 0..d {
        let first = if DIAGONAL { i } else { 0 };
        let row = if DIAGONAL { 1 + d } else { 1 + d + packed_len(i) };
        let (mut z, mut r) = (zero, zero);
        for j in first..=i {
            let factor = column(row + j);
            z = simd.mul_add(factor, differences[j].middle, z);
            r = simd.mul_add(simd.abs(factor), differences[j].half_width, r);
        }
        // A NaN stays one: max returns its second argument then.
        let z_nearest = simd.max(zero, simd.sub(simd.abs(z), r));
        nearest = simd.mul_add(z_nearest, z_nearest, nearest);
        at_middle = simd.mul_add(z, z, at_middle);
    }
    let peak = column(0);
    let upper = simd.neg_mul_add(nearest, splat(1.0 - rounding), peak);
    let upper = simd.mul_add(simd.abs(peak), splat(rounding), upper);
    BlockBounds { upper, q: simd.sub(peak, at_middle) }
}

#[cfg(test)]
mod tests;

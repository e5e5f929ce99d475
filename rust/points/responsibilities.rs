//! The components' responsibilities for scattered points, a block of points at a time.
//!
//! They are not normalized: the largest is 1, and [`BlockResponsibilities::sum`] is their sum.
//! At each point a component below the point's own cut (threshold.rs) has exactly zero,
//! whatever else is listed. Sums in the order of the components therefore depend neither on
//! the other points nor on what culling left in the list. Where every distance overflows, all
//! listed components have the same responsibility.
//!
//! Memory: one number for each listed component and point of one block.

use crate::points::group::{BlockIndex, PointsKernel};
use crate::points::threshold::Threshold;
use crate::simd::block::{Block, CHUNK_COMPONENTS, VECTORS, splat};
use crate::simd::math::{exp2_clamped, log2};
use crate::simd::{MAX_LANES, Simd};

/// Responsibilities of the components that have any at some point of a block, in their order.
pub(crate) struct BlockResponsibilities<S: Simd> {
    simd: S,
    /// See [`Threshold::as_array`].
    cut: [f64; 4],
    terms: Vec<Block<S>>,
    kept: Vec<u32>,
    largest: Block<S>,
    sum: Block<S>,
}

impl<S: Simd> BlockResponsibilities<S> {
    pub(crate) fn new(simd: S, threshold: Threshold) -> Self {
        let (largest, sum) = (splat(simd, 0.0), splat(simd, 0.0));
        let cut = threshold.as_array();
        Self { simd, cut, terms: Vec::new(), kept: Vec::new(), largest, sum }
    }

    /// The components that have a responsibility, ascending if they were listed so.
    pub(crate) fn components(&self) -> &[u32] {
        &self.kept
    }

    /// The responsibilities of these components.
    pub(crate) fn responsibilities(&self) -> &[Block<S>] {
        &self.terms[..self.kept.len()]
    }

    /// The largest q, in base 2.
    pub(crate) fn largest(&self) -> Block<S> {
        self.largest
    }

    /// The sum of the responsibilities.
    pub(crate) fn sum(&self) -> Block<S> {
        self.sum
    }

    /// Computes the responsibilities of `components` at a block of the points' groups.
    #[inline(never)]
    pub(crate) fn fill(
        &mut self,
        points: &mut PointsKernel<'_, S>,
        block: BlockIndex,
        components: &[u32],
    ) {
        self.simd.vectorize(
            #[inline(always)]
            || {
                self.take_terms(points, block, components);
                self.exponentiate(components);
            },
        );
    }

    #[inline(always)]
    fn take_terms(
        &mut self,
        points: &mut PointsKernel<'_, S>,
        block: BlockIndex,
        components: &[u32],
    ) {
        let mut largest = splat(self.simd, f64::NEG_INFINITY);
        self.terms.clear();
        for chunk in components.chunks(CHUNK_COMPONENTS) {
            let terms = points.terms(block, chunk);
            for term in terms {
                for v in 0..VECTORS {
                    largest[v] = self.simd.max(term[v], largest[v]);
                }
            }
            self.terms.extend_from_slice(terms);
        }
        self.largest = largest;
    }

    /// Turns terms into responsibilities, and removes the components that are negligible at every
    /// point of the block. A comparison with a NaN keeps a component.
    #[inline(always)]
    fn exponentiate(&mut self, components: &[u32]) {
        let (simd, largest) = (self.simd, self.largest);
        let [bits, growth, room, top] = self.cut.map(
            #[inline(always)]
            |part| simd.splat(part),
        );
        let (zero, all_lanes) = (simd.splat(0.0), (1 << S::LANES) - 1);
        let mut cut = largest;
        for v in 0..VECTORS {
            let depth = simd.max(simd.sub(top, largest[v]), zero);
            let growing = simd.mul(growth, log2(simd, simd.add(room, depth)));
            cut[v] = simd.sub(simd.sub(largest[v], bits), growing);
        }
        self.kept.resize(components.len(), 0);
        let (terms, kept) = (&mut self.terms[..components.len()], &mut self.kept[..]);
        let mut n_kept = 0;
        let mut sum = [zero; VECTORS];
        for (at, &k) in components.iter().enumerate() {
            let term = terms[at];
            let mut is_negligible = all_lanes;
            for v in 0..VECTORS {
                is_negligible &= simd.less_bits(term[v], cut[v]);
            }
            if is_negligible != all_lanes {
                let mut responsibility = term;
                for v in 0..VECTORS {
                    let exponential = exp2_clamped(simd, simd.sub(term[v], largest[v]));
                    responsibility[v] = simd.select_less(term[v], cut[v], zero, exponential);
                    sum[v] = simd.add(sum[v], responsibility[v]);
                }
                terms[n_kept] = responsibility;
                kept[n_kept] = k;
                n_kept += 1;
            }
        }
        self.kept.truncate(n_kept);
        self.sum = sum;
    }
}

/// Memory for choosing components of a block of points by their responsibilities.
pub(crate) struct Choice<S: Simd> {
    simd: S,
    responsibilities: BlockResponsibilities<S>,
}

impl<S: Simd> Choice<S> {
    const BLOCK_POINTS: usize = S::LANES * VECTORS;

    pub(crate) fn new(simd: S, threshold: Threshold) -> Self {
        Self { simd, responsibilities: BlockResponsibilities::new(simd, threshold) }
    }

    /// Replaces the uniform in the row of each point of a group by the component at which the
    /// running sum of responsibilities passes that part of the whole sum: the last component
    /// with a responsibility before which it has not. `components` are in ascending order.
    pub(crate) fn evaluate(
        &mut self,
        points: &mut PointsKernel<'_, S>,
        group: usize,
        components: &[u32],
        rows: &mut [&mut [f64]],
    ) {
        let simd = self.simd;
        for (block, rows) in rows.chunks_mut(Self::BLOCK_POINTS).enumerate() {
            self.responsibilities.fill(points, BlockIndex { group, block }, components);
            simd.vectorize(
                #[inline(always)]
                || self.choose(rows),
            );
        }
    }

    #[inline(always)]
    fn choose(&self, rows: &mut [&mut [f64]]) {
        let (simd, zero) = (self.simd, self.simd.splat(0.0));
        let mut lanes = [0.0; MAX_LANES * VECTORS];
        for (lane, row) in lanes.iter_mut().zip(rows.iter()) {
            *lane = row[0];
        }
        let mut passed = splat(simd, 0.0);
        for v in 0..VECTORS {
            passed[v] = simd.mul(simd.load(&lanes[v * S::LANES..]), self.responsibilities.sum[v]);
        }
        let (mut before, mut chosen) = (splat(simd, 0.0), splat(simd, 0.0));
        for (&k, responsibility) in
            self.responsibilities.components().iter().zip(self.responsibilities.responsibilities())
        {
            let label = simd.splat(f64::from(k));
            for v in 0..VECTORS {
                let next = simd.select_less(passed[v], before[v], chosen[v], label);
                chosen[v] = simd.select_less(zero, responsibility[v], next, chosen[v]);
                before[v] = simd.add(before[v], responsibility[v]);
            }
        }
        for v in 0..VECTORS {
            simd.store(chosen[v], &mut lanes[v * S::LANES..]);
        }
        for (row, lane) in rows.iter_mut().zip(lanes) {
            row[0] = lane;
        }
    }
}

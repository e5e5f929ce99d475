//! Scattered points under a list of components: log-densities, labels and responsibilities, for
//! any number of features.
//!
//! A group of points is transposed once, one point a lane, and processed a block at a time.
//! Each component's centered differences are whitened row by row (distance.rs). Diagonal
//! factors need one product a feature, triangular ones d (d + 1) / 2. A point's result depends
//! only on the listed components and their order, not on the other points of its group.
//!
//! The list holds active components only; a component that is not on it has no responsibility.

mod distance;

use crate::model::mixture::Mixture;
use crate::simd::block::{Block, CHUNK_COMPONENTS, VECTORS, splat};
use crate::simd::logsumexp::LogSumExp;
use crate::simd::math::times_exp2;
use crate::simd::{MAX_LANES, Simd};
use std::borrow::Cow;
use std::ops::Range;

/// The largest number of points of a group: a multiple of a block's at every level.
pub(crate) const GROUP_POINTS: usize = 64;

/// Values of the points of a group.
pub(crate) type Row = [f64; GROUP_POINTS];

/// Returns the base-2 logarithms of the components' weighted densities at their means.
pub(crate) fn log2_peaks(mixture: &Mixture) -> Vec<f64> {
    (0..mixture.n_components()).map(|k| mixture.log_peak(k) * std::f64::consts::LOG2_E).collect()
}

/// Returns the bits below the largest term at which a term is negligible: all negligible terms
/// together are less than 2^-53 of the largest.
pub(crate) fn negligible_bits(mixture: &Mixture) -> f64 {
    53.0 + (mixture.n_components() as f64).log2()
}

/// Replaces `groups` by the rows `rows` of `points`, `GROUP_POINTS` at a time, one row of
/// `GROUP_POINTS` lanes a feature. Lanes beyond the last point repeat it.
pub(crate) fn gather_groups(
    points: &[f64],
    n_features: usize,
    rows: &[u32],
    groups: &mut Vec<f64>,
) {
    let group_len = GROUP_POINTS * n_features;
    groups.resize(rows.len().div_ceil(GROUP_POINTS) * group_len, 0.0);
    for (group, rows) in groups.chunks_exact_mut(group_len).zip(rows.chunks(GROUP_POINTS)) {
        for (lane, &row) in rows.iter().enumerate() {
            let point = &points[row as usize * n_features..][..n_features];
            for (feature, &x) in point.iter().enumerate() {
                group[feature * GROUP_POINTS + lane] = x;
            }
        }
        for lanes in group.chunks_exact_mut(GROUP_POINTS) {
            let (lanes, rest) = lanes.split_at_mut(rows.len());
            rest.fill(lanes[rows.len() - 1]);
        }
    }
}

/// A mixture and its [`log2_peaks`].
#[derive(Clone, Copy)]
pub(crate) struct PeakedMixture<'a> {
    pub(crate) mixture: &'a Mixture,
    pub(crate) peaks: &'a [f64],
}

/// A block of the points of a group.
#[derive(Clone, Copy)]
pub(crate) struct BlockIndex {
    pub(crate) group: usize,
    /// Its place in the group.
    pub(crate) block: usize,
}

/// Groups of points under one mixture, and the scratch memory of one block of them.
pub(crate) struct PointsKernel<'a, S: Simd> {
    simd: S,
    mixture: &'a Mixture,
    peaks: &'a [f64],
    /// Group after group, one row of `GROUP_POINTS` lanes a feature.
    coordinates: Cow<'a, [f64]>,
    differences: Vec<Block<S>>,
    terms: [Block<S>; CHUNK_COMPONENTS],
    /// See [`negligible_bits`].
    negligible: f64,
}

impl<'a, S: Simd> PointsKernel<'a, S> {
    const BLOCK_POINTS: usize = S::LANES * VECTORS;

    pub(crate) fn new(simd: S, PeakedMixture { mixture, peaks }: PeakedMixture<'a>) -> Self {
        let d = mixture.n_features();
        let zero = splat(simd, 0.0);
        Self {
            simd,
            mixture,
            peaks,
            coordinates: Cow::Borrowed(&[]),
            differences: vec![zero; d],
            terms: [zero; CHUNK_COMPONENTS],
            negligible: negligible_bits(mixture),
        }
    }

    /// Copies the rows `rows` of `points` into groups of `GROUP_POINTS`, in order. Lanes beyond the
    /// last point repeat it.
    pub(crate) fn gather(&mut self, points: &[f64], rows: &[u32]) {
        gather_groups(points, self.mixture.n_features(), rows, self.coordinates.to_mut());
    }

    /// Returns the kernel with groups that were gathered before.
    pub(crate) fn with_groups(mut self, coordinates: &'a [f64]) -> Self {
        self.coordinates = Cow::Borrowed(coordinates);
        self
    }

    /// Copies the coordinates of one group. They may have more features than the mixture.
    pub(crate) fn copy_group(&mut self, coordinates: &[f64]) {
        let group = self.coordinates.to_mut();
        group.clear();
        group.extend_from_slice(&coordinates[..self.mixture.n_features() * GROUP_POINTS]);
    }

    /// A group's points, one row of `GROUP_POINTS` lanes a feature.
    #[inline(always)]
    pub(crate) fn coordinates(&self, group: usize) -> &[f64] {
        let len = self.mixture.n_features() * GROUP_POINTS;
        &self.coordinates[group * len..][..len]
    }

    /// The mixture of the components.
    pub(crate) fn mixture(&self) -> PeakedMixture<'a> {
        PeakedMixture { mixture: self.mixture, peaks: self.peaks }
    }

    /// q of a block of a group's points, in base 2, under each of at most [`CHUNK_COMPONENTS`]
    /// components.
    #[inline(always)]
    pub(crate) fn terms(&mut self, block: BlockIndex, chunk: &[u32]) -> &[Block<S>] {
        self.fill_terms(block, chunk);
        &self.terms[..chunk.len()]
    }

    /// Returns the least, over the points of some groups, of the largest q of some components,
    /// in base 2. It is minus infinity if all densities underflow at a point.
    pub(crate) fn least_largest(&mut self, components: &[u32], groups: Range<usize>) -> f64 {
        self.simd.vectorize(
            #[inline(always)]
            || {
                let simd = self.simd;
                let mut least = splat(simd, f64::INFINITY);
                for group in groups {
                    for block in 0..GROUP_POINTS / Self::BLOCK_POINTS {
                        self.fill_terms(BlockIndex { group, block }, components);
                        let mut largest = splat(simd, f64::NEG_INFINITY);
                        for term in &self.terms[..components.len()] {
                            for v in 0..VECTORS {
                                largest[v] = simd.max(term[v], largest[v]);
                            }
                        }
                        for v in 0..VECTORS {
                            least[v] = simd.min(largest[v], least[v]);
                        }
                    }
                }
                self.lanes(least)[..Self::BLOCK_POINTS]
                    .iter()
                    .copied()
                    .fold(f64::INFINITY, f64::min)
            },
        )
    }

    /// Writes log p of each point of the group, one row a point.
    pub(crate) fn log_density(&mut self, group: usize, components: &[u32], out: &mut [&mut [f64]]) {
        self.simd.vectorize(
            #[inline(always)]
            || {
                for (block, out) in out.chunks_mut(Self::BLOCK_POINTS).enumerate() {
                    let mut state = LogSumExp::new(self.simd);
                    for chunk in components.chunks(CHUNK_COMPONENTS) {
                        self.fill_terms(BlockIndex { group, block }, chunk);
                        state.absorb_significant(
                            self.simd,
                            &self.terms[..chunk.len()],
                            self.negligible,
                        );
                    }
                    let values = self.lanes(state.ln(self.simd));
                    for (out, value) in out.iter_mut().zip(values) {
                        out[0] = value;
                    }
                }
            },
        );
    }

    /// Writes the first component with the largest responsibility, 0 where none has any, one row
    /// a point. `components` are in ascending order.
    pub(crate) fn label(&mut self, group: usize, components: &[u32], out: &mut [&mut [i64]]) {
        self.simd.vectorize(
            #[inline(always)]
            || {
                let simd = self.simd;
                for (block, out) in out.chunks_mut(Self::BLOCK_POINTS).enumerate() {
                    let mut largest = splat(simd, f64::NEG_INFINITY);
                    let mut labels = splat(simd, 0.0);
                    for chunk in components.chunks(CHUNK_COMPONENTS) {
                        self.fill_terms(BlockIndex { group, block }, chunk);
                        for (term, &k) in self.terms.iter().zip(chunk) {
                            let label = simd.splat(f64::from(k));
                            for v in 0..VECTORS {
                                labels[v] = simd.select_less(largest[v], term[v], label, labels[v]);
                                largest[v] = simd.max(term[v], largest[v]);
                            }
                        }
                    }
                    for (out, label) in out.iter_mut().zip(self.lanes(labels)) {
                        out[0] = label as i64;
                    }
                }
            },
        );
    }

    /// Writes the responsibilities of all components, one row a point.
    pub(crate) fn responsibilities(
        &mut self,
        group: usize,
        components: &[u32],
        out: &mut [&mut [f64]],
    ) {
        self.simd.vectorize(
            #[inline(always)]
            || {
                let simd = self.simd;
                for (block, out) in out.chunks_mut(Self::BLOCK_POINTS).enumerate() {
                    if components.len() < self.peaks.len() {
                        out.iter_mut().for_each(|row| row.fill(f64::NEG_INFINITY));
                    }
                    let mut largest = splat(simd, f64::NEG_INFINITY);
                    for chunk in components.chunks(CHUNK_COMPONENTS) {
                        self.fill_terms(BlockIndex { group, block }, chunk);
                        let mut terms = [[0.0; MAX_LANES * VECTORS]; CHUNK_COMPONENTS];
                        for (lanes, term) in terms.iter_mut().zip(&self.terms[..chunk.len()]) {
                            for v in 0..VECTORS {
                                largest[v] = simd.max(term[v], largest[v]);
                                simd.store(term[v], &mut lanes[v * S::LANES..]);
                            }
                        }
                        for (lane, row) in out.iter_mut().enumerate() {
                            for (lanes, &k) in terms.iter().zip(chunk) {
                                row[k as usize] = lanes[lane];
                            }
                        }
                    }
                    for (row, largest) in out.iter_mut().zip(self.lanes(largest)) {
                        if largest == f64::NEG_INFINITY {
                            self.write_equal(row);
                        } else {
                            normalize(simd, row, largest);
                        }
                    }
                }
            },
        );
    }

    /// Writes equal responsibilities of the active components, for a point where every distance
    /// overflows.
    fn write_equal(&self, row: &mut [f64]) {
        let is_active = |peak: &f64| *peak > f64::NEG_INFINITY;
        let responsibility = 1.0 / self.peaks.iter().filter(|peak| is_active(peak)).count() as f64;
        for (value, peak) in row.iter_mut().zip(self.peaks) {
            *value = if is_active(peak) { responsibility } else { 0.0 };
        }
    }

    #[inline(always)]
    fn lanes(&self, block: Block<S>) -> [f64; MAX_LANES * VECTORS] {
        let mut lanes = [0.0; MAX_LANES * VECTORS];
        for v in 0..VECTORS {
            self.simd.store(block[v], &mut lanes[v * S::LANES..]);
        }
        lanes
    }
}

/// Replaces base-2 logarithms by their powers, normalized to a sum of 1; `largest` is the
/// largest of them.
#[inline(always)]
fn normalize<S: Simd>(simd: S, row: &mut [f64], largest: f64) {
    let (one, largest) = (simd.splat(1.0), simd.splat(largest));
    let n_whole = row.len() / S::LANES * S::LANES;
    let (whole, rest) = row.split_at_mut(n_whole);
    let mut sums = simd.splat(0.0);
    for lanes in whole.chunks_exact_mut(S::LANES) {
        let value = times_exp2(simd, one, simd.sub(simd.load(lanes), largest));
        sums = simd.add(sums, value);
        simd.store(value, lanes);
    }
    let mut padded = [f64::NEG_INFINITY; MAX_LANES];
    padded[..rest.len()].copy_from_slice(rest);
    let last = times_exp2(simd, one, simd.sub(simd.load(&padded), largest));
    let mut lanes = [0.0; MAX_LANES];
    simd.store(simd.add(sums, last), &mut lanes);
    let scale = simd.splat(1.0 / lanes.iter().sum::<f64>());
    for lanes in whole.chunks_exact_mut(S::LANES) {
        simd.store(simd.mul(simd.load(lanes), scale), lanes);
    }
    simd.store(simd.mul(last, scale), &mut padded);
    rest.copy_from_slice(&padded[..rest.len()]);
}

//! Culling of scattered points: a box of points -> the components that can
//! matter there, for any number of features.
//!
//! Proof that what is left out cannot matter. In bits, q_k(x) = peak_k + δ'H_k δ
//! with δ = x - mean_k and H_k = -log2(e)/2 times the precision, negative
//! definite. Let r be any component and D_k = q_k - q_r. Component k is left out
//! of a box only if an upper bound of D_k there is below -T. Each component is
//! left out of a point at most once on the way down the tree, so that, with
//! p(x) >= 2^(q_r(x)):
//!
//! - log-density: T = 53 + log2(K), and all that is left out together is at most
//!   K 2^-T p(x) = 2^-53 p(x);
//! - responsibilities: T = 1080, and what is left out is below 2^-1080, which a
//!   float64 holds as zero;
//! - labels: T = 0, and what is left out is less than the most responsible one.
//!
//! The bound. From the middle c of the box, D is an exact quadratic
//! D_0 + 2 y'u + u'A u on |u_i| <= h_i, with y = H_k (c - mean_k) - H_r (c - mean_r)
//! and A = H_k - H_r, so that
//!
//!   D <= D_0 + Σ_i max(2 y_i u_i + A_ii u_i²) + 2 Σ_{i<j} |A_ij| h_i h_j.
//!
//! With s = 2 |y_i| h_i and a = -A_ii h_i², the maximum on one axis is s - a where
//! s >= 2 a, and s² / (4 a) below. That parabola is convex in s, hence below its
//! chords through s = 0, a and 2 a, hence max(s / 4, 3 s / 4 - a / 2, s - a) is an
//! upper bound that needs no division and is at most a / 16 too large. Where A_ii
//! is positive, s + A_ii h_i² is the maximum.
//!
//! Rounding. Let ρ_i = |c_i - mean_i| + h_i and R = Σ |H_ii| ρ_i². Because H is
//! definite, |H_ij|² <= H_ii H_jj, so that Σ_ij |H_ij| ρ_i ρ_j <= d R, and that is
//! what the sizes of all products that enter q, y'u and u'Hu sum up to, for k and
//! for r. Each goes through at most d + 1 roundings in its entry of H (a sum of
//! products of whitening factors, whose sizes sum up to at most sqrt(H_ii H_jj))
//! and 2 d + 16 on its way into the bound: 20 d units of 2^-53. 512 d are added,
//! 2^-44 d² (R_k + R_r + |peak_k| + |peak_r|) in all. A bound that is not a number
//! keeps the component, and an infinite R makes it so.
//!
//! r is the component with the largest q at the middle, the first of equals. What
//! survives depends on the points and the mixture alone: never on threads.

use crate::error::Result;
use crate::kernel::simd::{MAX_LANES, Simd};
use crate::kernel::{HALF_LOG2_E, MAX_UNROLLED, unrolled};
use crate::linalg::packed_len;
use crate::mixture::Mixture;
use crate::pool::Runtime;
use crate::tree::{Bounds, grouped};
use rayon::prelude::*;

const DIAGONAL: bool = true;
const TRIANGULAR: bool = false;

/// Components of a block: a multiple of the lanes of every level.
const BLOCK: usize = MAX_LANES;

/// The active components as quadratics, in blocks of neighbours, so that those
/// that survive a box fill few blocks. In a block, column after column: peaks,
/// then means, then entries of H.
pub(crate) struct Quadratics {
    n_features: usize,
    is_diagonal: bool,
    n_columns: usize,
    /// Component of each lane; the last block may be short.
    components: Vec<u32>,
    values: Vec<f64>,
    units: Vec<f64>,
}

/// Components of one block that are still in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Live {
    block: u32,
    lanes: u32,
}

impl Quadratics {
    /// Memory that the quadratics of a mixture would take.
    pub(crate) fn n_bytes(mixture: &Mixture) -> usize {
        let n_values = mixture.n_components().saturating_mul(n_columns(mixture));
        n_values.saturating_mul(size_of::<f64>())
    }

    /// Of the active components.
    ///
    /// # Errors
    /// The runtime was interrupted.
    pub(crate) fn new(mixture: &Mixture, runtime: &Runtime) -> Result<Self> {
        let d = mixture.n_features();
        let active: Vec<usize> = mixture.active_components().collect();
        let means: Vec<f64> = active.iter().flat_map(|&k| mixture.mean(k)).copied().collect();
        let units = typical_stds(mixture);
        let components: Vec<u32> = grouped(&means, &units, BLOCK, runtime)?
            .into_iter()
            .map(|at| u32::try_from(active[at as usize]).expect("fewer than 2^32 components"))
            .collect();
        let n_columns = n_columns(mixture);
        let block_len = n_columns * BLOCK;
        let mut values = vec![0.0; components.len().div_ceil(BLOCK) * block_len];
        values.par_chunks_mut(block_len).zip(components.par_chunks(BLOCK)).try_for_each(
            |(block, components)| {
                runtime.check()?;
                block[..BLOCK].fill(f64::NEG_INFINITY);
                for (lane, &k) in components.iter().enumerate() {
                    write_component(mixture, k as usize, &mut block[lane..]);
                }
                Ok(())
            },
        )?;
        let is_diagonal = mixture.covariances().is_diagonal();
        Ok(Self { n_features: d, is_diagonal, n_columns, components, values, units })
    }

    /// What to measure boxes in: a typical component's standard deviations.
    pub(crate) fn units(&self) -> &[f64] {
        &self.units
    }

    /// All components.
    pub(crate) fn all(&self) -> Vec<Live> {
        let live = |(block, components): (usize, &[u32])| Live {
            block: block as u32,
            lanes: (1 << components.len()) - 1,
        };
        self.components.chunks(BLOCK).enumerate().map(live).collect()
    }

    /// Replaces `components` by those of `live`.
    pub(crate) fn components(&self, live: &[Live], components: &mut Vec<u32>) {
        components.clear();
        for live in live {
            let mut lanes = live.lanes;
            while lanes != 0 {
                let lane = lanes.trailing_zeros() as usize;
                lanes &= lanes - 1;
                components.push(self.components[live.block as usize * BLOCK + lane]);
            }
        }
    }

    fn block(&self, live: Live) -> &[f64] {
        let len = self.n_columns * BLOCK;
        &self.values[live.block as usize * len..][..len]
    }
}

/// Geometric means of the components' standard deviations, by weight.
fn typical_stds(mixture: &Mixture) -> Vec<f64> {
    let log_variance = |k: usize, i: usize| mixture.covariance(k, i, i).ln();
    let mean_log = |i: usize| -> f64 {
        mixture.active_components().map(|k| mixture.weights()[k] * log_variance(k, i)).sum()
    };
    (0..mixture.n_features()).map(|i| (0.5 * mean_log(i)).exp()).collect()
}

fn n_columns(mixture: &Mixture) -> usize {
    let d = mixture.n_features();
    1 + d + if mixture.covariances().is_diagonal() { d } else { packed_len(d) }
}

/// Writes the columns of component `k` into one lane of a block.
fn write_component(mixture: &Mixture, k: usize, lane: &mut [f64]) {
    let d = mixture.n_features();
    let is_diagonal = mixture.covariances().is_diagonal();
    let precision = |i, j| mixture.precisions_cholesky().precision(d, k, i, j);
    let peak = mixture.log_peak(k) * std::f64::consts::LOG2_E;
    let entries = (0..d).flat_map(|i| {
        let first = if is_diagonal { i } else { 0 };
        (first..=i).map(move |j| -HALF_LOG2_E * precision(i, j))
    });
    let column = [peak].into_iter().chain(mixture.mean(k).iter().copied()).chain(entries);
    for (to, value) in lane.iter_mut().step_by(BLOCK).zip(column) {
        *to = value;
    }
}

/// Finds the components that can matter in boxes.
pub(crate) struct Culler<'a, S: Simd> {
    simd: S,
    quadratics: &'a Quadratics,
    threshold: f64,
    middle: Vec<f64>,
    half: Vec<f64>,
    /// q at the middle, of each lane of the blocks that are in.
    at_middle: Vec<f64>,
    /// H_r (c - mean_r).
    slopes: Vec<f64>,
    /// H_r, laid out as the columns of a block.
    curvatures: Vec<f64>,
    differences: Vec<S::F>,
}

impl<'a, S: Simd> Culler<'a, S> {
    /// A component is left out `threshold` bits below another.
    pub(crate) fn new(simd: S, quadratics: &'a Quadratics, threshold: f64) -> Self {
        let d = quadratics.n_features;
        Self {
            simd,
            quadratics,
            threshold,
            middle: vec![0.0; d],
            half: vec![0.0; d],
            at_middle: Vec::new(),
            slopes: vec![0.0; d],
            curvatures: vec![0.0; quadratics.n_columns - 1 - d],
            differences: vec![simd.splat(0.0); d],
        }
    }

    /// Puts those of `from` that can matter in a box into `into`.
    pub(crate) fn cull(&mut self, bounds: Bounds<'_>, from: &[Live], into: &mut Vec<Live>) {
        into.clear();
        for (i, (&low, &high)) in bounds.low.iter().zip(bounds.high).enumerate() {
            // Halves first, so that nothing overflows that need not.
            self.middle[i] = 0.5 * low + 0.5 * high;
            self.half[i] = (high - self.middle[i]).max(self.middle[i] - low);
        }
        let simd = self.simd;
        simd.vectorize(
            #[inline(always)]
            || {
                let d = self.quadratics.n_features;
                if self.quadratics.is_diagonal {
                    unrolled!(d, self.cull_vectorized::<DIAGONAL>(from, into));
                } else {
                    unrolled!(d, self.cull_vectorized::<TRIANGULAR>(from, into));
                }
            },
        );
    }

    #[inline(always)]
    fn cull_vectorized<const D: usize, const DIAGONAL: bool>(
        &mut self,
        from: &[Live],
        into: &mut Vec<Live>,
    ) {
        let Some(reference) = self.largest_at_middle::<D, DIAGONAL>(from) else {
            into.extend_from_slice(from);
            return;
        };
        let rest = self.set_reference::<D, DIAGONAL>(from[reference / BLOCK], reference % BLOCK);
        let below = self.threshold - self.at_middle[reference] + rest;
        for (position, live) in from.iter().enumerate() {
            let mut kept = 0;
            for first in (0..BLOCK).step_by(S::LANES) {
                let q = self.simd.load(&self.at_middle[position * BLOCK + first..]);
                let bound = self.bound::<D, DIAGONAL>(&self.quadratics.block(*live)[first..], q);
                let dropped = self
                    .simd
                    .less_bits(self.simd.add(bound, self.simd.splat(below)), self.simd.splat(0.0));
                kept |= (!dropped & ((1 << S::LANES) - 1)) << first;
            }
            if kept & live.lanes != 0 {
                into.push(Live { lanes: kept & live.lanes, ..*live });
            }
        }
    }

    /// Fills `at_middle`; the position of the first lane with the largest q
    /// there, if that is finite.
    #[inline(always)]
    fn largest_at_middle<const D: usize, const DIAGONAL: bool>(
        &mut self,
        from: &[Live],
    ) -> Option<usize> {
        let simd = self.simd;
        self.at_middle.resize(from.len() * BLOCK, 0.0);
        let mut largest = simd.splat(f64::NEG_INFINITY);
        for (position, live) in from.iter().enumerate() {
            for first in (0..BLOCK).step_by(S::LANES) {
                let q = self.q_at_middle::<D, DIAGONAL>(&self.quadratics.block(*live)[first..]);
                largest = simd.max(q, largest);
                simd.store(q, &mut self.at_middle[position * BLOCK + first..]);
            }
        }
        let mut lanes = [f64::NEG_INFINITY; MAX_LANES];
        simd.store(largest, &mut lanes);
        let largest = lanes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if largest.is_finite() { self.at_middle.iter().position(|&q| q == largest) } else { None }
    }

    #[inline(always)]
    fn q_at_middle<const D: usize, const DIAGONAL: bool>(&self, block: &[f64]) -> S::F {
        let simd = self.simd;
        let d = if D == 0 { self.quadratics.n_features } else { D };
        let block = &block[..block_len::<S, DIAGONAL>(d)];
        let middle = &self.middle[..d];
        let column = |at: usize| simd.load(&block[at * BLOCK..]);
        let difference = |i: usize| simd.sub(simd.splat(middle[i]), column(1 + i));
        let mut q = column(0);
        for i in 0..d {
            let mut slope = simd.mul(column(entry::<DIAGONAL>(d, i, i)), difference(i));
            if !DIAGONAL {
                let mut beside = simd.splat(0.0);
                for j in 0..i {
                    let entry = column(entry::<DIAGONAL>(d, i, j));
                    beside = simd.mul_add(entry, difference(j), beside);
                }
                slope = simd.mul_add(simd.splat(2.0), beside, slope);
            }
            q = simd.mul_add(difference(i), slope, q);
        }
        q
    }

    /// Takes a lane as the reference; its share of the rounding.
    #[inline(always)]
    fn set_reference<const D: usize, const DIAGONAL: bool>(
        &mut self,
        live: Live,
        lane: usize,
    ) -> f64 {
        let d = self.quadratics.n_features;
        let block = self.quadratics.block(live);
        let at = |column: usize| block[column * BLOCK + lane];
        for (i, to) in self.curvatures.iter_mut().enumerate() {
            *to = at(1 + d + i);
        }
        let mut size = at(0).abs();
        for i in 0..d {
            let mut slope = 0.0;
            let others = if DIAGONAL { i..i + 1 } else { 0..d };
            for j in others {
                slope +=
                    at(entry::<DIAGONAL>(d, i.max(j), i.min(j))) * (self.middle[j] - at(1 + j));
            }
            self.slopes[i] = slope;
            let reach = (self.middle[i] - at(1 + i)).abs() + self.half[i];
            size -= at(entry::<DIAGONAL>(d, i, i)) * reach * reach;
        }
        size * rounding(d)
    }

    /// Upper bound of q - q_r over the box, plus q_r at the middle, of the lanes
    /// of a block whose q at the middle is `q`.
    #[inline(always)]
    fn bound<const D: usize, const DIAGONAL: bool>(&mut self, block: &[f64], q: S::F) -> S::F {
        let simd = self.simd;
        let d = if D == 0 { self.quadratics.n_features } else { D };
        let block = &block[..block_len::<S, DIAGONAL>(d)];
        let (middle, half, slopes) = (&self.middle[..d], &self.half[..d], &self.slopes[..d]);
        let curvatures = &self.curvatures[..entry::<DIAGONAL>(0, d - 1, d - 1)];
        let mut in_registers = [simd.splat(0.0); MAX_UNROLLED];
        let differences = if D == 0 { &mut self.differences[..d] } else { &mut in_registers[..d] };
        let splat = |x| simd.splat(x);
        let column = |at: usize| simd.load(&block[at * BLOCK..]);
        for i in 0..d {
            differences[i] = simd.sub(splat(middle[i]), column(1 + i));
        }
        let (mut bound, mut size) = (q, simd.abs(column(0)));
        for i in 0..d {
            let diagonal = entry::<DIAGONAL>(d, i, i);
            let curvature = column(diagonal);
            let mut slope = simd.mul(curvature, differences[i]);
            if !DIAGONAL {
                let mut beside = splat(0.0);
                for j in 0..i {
                    let at = entry::<DIAGONAL>(d, i, j);
                    let value = column(at);
                    slope = simd.mul_add(value, differences[j], slope);
                    let other = simd.abs(simd.sub(value, splat(curvatures[at - 1 - d])));
                    beside = simd.mul_add(other, splat(half[j]), beside);
                }
                for j in i + 1..d {
                    let value = column(entry::<DIAGONAL>(d, j, i));
                    slope = simd.mul_add(value, differences[j], slope);
                }
                bound = simd.mul_add(beside, splat(2.0 * half[i]), bound);
            }
            let steepness = simd.abs(simd.sub(slope, splat(slopes[i])));
            let steepness = simd.mul(steepness, splat(2.0 * half[i]));
            let bend = simd.sub(curvature, splat(curvatures[diagonal - 1 - d]));
            let bend = simd.mul(bend, splat(half[i] * half[i]));
            bound = simd.add(bound, largest_along(simd, steepness, bend));
            let reach = simd.add(simd.abs(differences[i]), splat(half[i]));
            size = simd.neg_mul_add(simd.mul(curvature, reach), reach, size);
        }
        simd.mul_add(size, splat(rounding(d)), bound)
    }
}

/// Numbers of a block from the first lane of a vector to its end in the last
/// column.
#[inline(always)]
fn block_len<S: Simd, const DIAGONAL: bool>(n_features: usize) -> usize {
    entry::<DIAGONAL>(n_features, n_features - 1, n_features - 1) * BLOCK + S::LANES
}

/// Column of the entry (i, j) of H, j <= i.
#[inline(always)]
fn entry<const DIAGONAL: bool>(n_features: usize, i: usize, j: usize) -> usize {
    1 + n_features + if DIAGONAL { i } else { packed_len(i) + j }
}

/// What the header adds for rounding, relative to the sizes.
#[inline(always)]
fn rounding(n_features: usize) -> f64 {
    2.0_f64.powi(-44) * (n_features * n_features) as f64
}

/// An upper bound of s t + b t² over |t| <= 1, for s >= 0: see the header.
#[inline(always)]
fn largest_along<S: Simd>(simd: S, s: S::F, b: S::F) -> S::F {
    let (down, up) = (simd.min(b, simd.splat(0.0)), simd.max(b, simd.splat(0.0)));
    let low = simd.mul(simd.splat(0.25), s);
    let middle = simd.mul_add(simd.splat(0.75), s, simd.mul(simd.splat(0.5), down));
    let high = simd.add(s, down);
    simd.add(up, simd.max(low, simd.max(middle, high)))
}

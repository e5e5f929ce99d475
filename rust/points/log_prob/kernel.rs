//! Log-densities of the remaining features given the others, a block of scattered points at a
//! time.
//!
//! log p(x | v) = log Σ_k exp(a_k - A + c_k) - log Σ_k exp(a_k - A), where a_k is the
//! weighted log-density of v under component k, A the largest of them, and c_k the
//! log-density of x under the component's regression at v. A and the second sum come from a
//! pass of their own ([`Largest`]), because other components matter to them. Both passes compute
//! the same bits of a_k: where a single component matters, its a_k - A is 0 and the result is its
//! c_k. c_k is computed from the distance from the regression, whitened by the factor of the
//! remaining features' own covariance.

use crate::model::conditional::Conditional;
use crate::model::linalg::{packed_len, packed_row};
use crate::model::mixture::log_peak;
use crate::points::group::{BlockIndex, GROUP_POINTS, PointsKernel};
use crate::points::moments::regressions::Regressions;
use crate::points::responsibilities::BlockResponsibilities;
use crate::points::threshold::Threshold;
use crate::simd::block::{Block, CHUNK_COMPONENTS, VECTORS, splat};
use crate::simd::logsumexp::LogSumExp;
use crate::simd::math::{self, HALF_LOG2_E};
use crate::simd::{MAX_LANES, Simd};

/// Memory for the largest q of a block of points, and the logarithm of the sum of
/// responsibilities relative to it, both in base 2: a row of two values.
pub(crate) struct Largest<S: Simd> {
    simd: S,
    responsibilities: BlockResponsibilities<S>,
}

impl<S: Simd> Largest<S> {
    pub(crate) fn new(simd: S, threshold: Threshold) -> Self {
        Self { simd, responsibilities: BlockResponsibilities::new(simd, threshold) }
    }

    /// Writes the rows of a group's points under `components`.
    pub(crate) fn evaluate(
        &mut self,
        points: &mut PointsKernel<'_, S>,
        group: usize,
        components: &[u32],
        rows: &mut [&mut [f64]],
    ) {
        let simd = self.simd;
        for (block, rows) in rows.chunks_mut(S::LANES * VECTORS).enumerate() {
            self.responsibilities.fill(points, BlockIndex { group, block }, components);
            simd.vectorize(
                #[inline(always)]
                || {
                    let (largest, mut sum) =
                        (self.responsibilities.largest(), self.responsibilities.sum());
                    for v in 0..VECTORS {
                        sum[v] = math::log2(simd, sum[v]);
                    }
                    let (largest, sum) = (lanes(simd, &largest), lanes(simd, &sum));
                    for (row, pair) in rows.iter_mut().zip(largest.into_iter().zip(sum)) {
                        (row[0], row[1]) = pair;
                    }
                },
            );
        }
    }
}

/// The precisions of the components' regressions, in base 2.
pub(crate) struct RegressionFactors {
    /// Inverse Cholesky factors, packed, times sqrt(log2(e) / 2).
    factors: Vec<f64>,
    /// Log-densities at the regressions.
    peaks: Vec<f64>,
    n_remaining: usize,
}

impl RegressionFactors {
    pub(crate) fn new(conditional: &Conditional) -> Self {
        let n_remaining = conditional.remaining().len();
        let n_components = conditional.marginal().n_components();
        let inverse = conditional.precisions_cholesky();
        let scale = HALF_LOG2_E.sqrt();
        let mut factors = Vec::with_capacity(n_components * packed_len(n_remaining));
        for k in 0..n_components {
            for i in 0..n_remaining {
                factors.extend((0..=i).map(|j| scale * inverse.at(k, i, j)));
            }
        }
        let diagonal = |k| (0..n_remaining).map(move |i| inverse.at(k, i, i));
        let peak = |k| std::f64::consts::LOG2_E * log_peak(0.0, diagonal(k));
        Self { factors, peaks: (0..n_components).map(peak).collect(), n_remaining }
    }

    fn factor(&self, k: usize) -> &[f64] {
        let len = packed_len(self.n_remaining);
        &self.factors[k * len..][..len]
    }
}

/// Memory for one group of points.
pub(crate) struct LogProbKernel<'a, S: Simd> {
    simd: S,
    marginal: PointsKernel<'a, S>,
    regressions: Regressions<'a, S>,
    factors: &'a RegressionFactors,
    centers: Vec<Block<S>>,
    /// Bits below the largest term at which a term is negligible.
    negligible: f64,
}

impl<'a, S: Simd> LogProbKernel<'a, S> {
    const BLOCK_POINTS: usize = S::LANES * VECTORS;

    /// Returns a kernel; `marginal` is a kernel for points under the conditional's marginal.
    pub(crate) fn new(
        simd: S,
        conditional: &'a Conditional,
        factors: &'a RegressionFactors,
        marginal: PointsKernel<'a, S>,
        negligible: f64,
    ) -> Self {
        let centers = vec![splat(simd, 0.0); conditional.remaining().len()];
        let regressions = Regressions::new(simd, conditional);
        Self { simd, marginal, regressions, factors, centers, negligible }
    }

    /// Writes log p of the remaining features of a group's points into the first value of each
    /// row. The row first holds the values of [`Largest`]. The groups of `points` have the given
    /// features first, then the remaining ones.
    pub(crate) fn evaluate(
        &mut self,
        points: &PointsKernel<'_, S>,
        group: usize,
        components: &[u32],
        rows: &mut [&mut [f64]],
    ) {
        let coordinates = points.coordinates(group);
        self.marginal.copy_group(coordinates);
        for (block, rows) in rows.chunks_mut(Self::BLOCK_POINTS).enumerate() {
            self.simd.vectorize(
                #[inline(always)]
                || self.evaluate_block(coordinates, block, components, rows),
            );
        }
    }

    #[inline(always)]
    fn evaluate_block(
        &mut self,
        coordinates: &[f64],
        block: usize,
        components: &[u32],
        rows: &mut [&mut [f64]],
    ) {
        let simd = self.simd;
        let coordinates = &coordinates[block * Self::BLOCK_POINTS..];
        let n_given = self.marginal.mixture().mixture.n_features();
        for (t, center) in self.centers.iter_mut().enumerate() {
            *center = load(simd, &coordinates[(n_given + t) * GROUP_POINTS..]);
        }
        let mut pairs = [[0.0; MAX_LANES * VECTORS]; 2];
        for (lane, row) in rows.iter().enumerate() {
            (pairs[0][lane], pairs[1][lane]) = (row[0], row[1]);
        }
        let [largest, log_sum] = [load(simd, &pairs[0]), load(simd, &pairs[1])];
        let mut state = LogSumExp::new(simd);
        for chunk in components.chunks(CHUNK_COMPONENTS) {
            self.regressions.fill(coordinates, chunk, &self.centers);
            let mut terms = [splat(simd, 0.0); CHUNK_COMPONENTS];
            terms[..chunk.len()]
                .copy_from_slice(self.marginal.terms(BlockIndex { group: 0, block }, chunk));
            for (at, (term, &k)) in terms.iter_mut().zip(chunk).enumerate() {
                let distance = self.distance(at, k as usize);
                let peak = simd.splat(self.factors.peaks[k as usize]);
                let (infinity, least) = (simd.splat(f64::NEG_INFINITY), simd.splat(-1000.0));
                for v in 0..VECTORS {
                    // The least exponent of simd/math.rs where every distance overflows.
                    let responsibility = simd.sub(term[v], largest[v]);
                    let responsibility =
                        simd.select_less(infinity, largest[v], responsibility, least);
                    term[v] = simd.add(responsibility, simd.sub(peak, distance[v]));
                }
            }
            state.absorb_significant(simd, &terms[..chunk.len()], self.negligible);
        }
        let mut log_prob = state.log2(simd);
        for v in 0..VECTORS {
            let bits = simd.sub(log_prob[v], log_sum[v]);
            log_prob[v] = simd.mul(bits, simd.splat(std::f64::consts::LN_2));
        }
        for (row, value) in rows.iter_mut().zip(lanes(simd, &log_prob)) {
            row[0] = value;
        }
    }

    /// Returns half the squared Mahalanobis distance, in base 2, from the `at`-th regression of
    /// the chunk, of component `k`.
    #[inline(always)]
    fn distance(&self, at: usize, k: usize) -> Block<S> {
        let simd = self.simd;
        let (deviations, factor) = (self.regressions.of(at), self.factors.factor(k));
        let mut distance = splat(simd, 0.0);
        for i in 0..deviations.len() {
            let mut whitened = splat(simd, 0.0);
            for (deviation, &w) in deviations.iter().zip(packed_row(factor, i)) {
                for v in 0..VECTORS {
                    whitened[v] = simd.mul_add(simd.splat(w), deviation[v], whitened[v]);
                }
            }
            for v in 0..VECTORS {
                distance[v] = simd.mul_add(whitened[v], whitened[v], distance[v]);
            }
        }
        distance
    }
}

#[inline(always)]
fn load<S: Simd>(simd: S, from: &[f64]) -> Block<S> {
    let mut block = splat(simd, 0.0);
    for v in 0..VECTORS {
        block[v] = simd.load(&from[v * S::LANES..]);
    }
    block
}

#[inline(always)]
fn lanes<S: Simd>(simd: S, block: &Block<S>) -> [f64; MAX_LANES * VECTORS] {
    let mut lanes = [0.0; MAX_LANES * VECTORS];
    for v in 0..VECTORS {
        simd.store(block[v], &mut lanes[v * S::LANES..]);
    }
    lanes
}

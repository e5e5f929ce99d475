//! Squared Mahalanobis distances of a block of points from the components of a chunk.
//!
//! Differences from a component's mean are taken before they are whitened, and rows of the
//! factor are summed in the order of the features: no digits are lost far from the origin.

use super::{BlockIndex, GROUP_POINTS, PointsKernel};
use crate::model::covariances::PrecisionsCholesky;
use crate::model::linalg::{packed_len, packed_row};
use crate::simd::Simd;
use crate::simd::block::VECTORS;
use crate::simd::math::HALF_LOG2_E;
use crate::simd::unroll::{MAX_UNROLLED, unrolled};

impl<S: Simd> PointsKernel<'_, S> {
    /// Fills the terms with q of a block of points under each component of a chunk, in base
    /// 2. It is never inlined: all callers share what is compiled.
    #[inline(never)]
    pub(super) fn fill_terms(&mut self, block: BlockIndex, chunk: &[u32]) {
        self.simd.vectorize(
            #[inline(always)]
            || unrolled!(self.mixture.n_features(), self.fill_unrolled_terms(block, chunk)),
        );
    }

    #[inline(always)]
    fn fill_unrolled_terms<const D: usize>(&mut self, block: BlockIndex, chunk: &[u32]) {
        // Differences and sums of two vectors of points with few features stay in 16 registers.
        if D == 0 || S::HAS_32_REGISTERS {
            self.fill_parts::<D, VECTORS>(block, chunk);
        } else {
            self.fill_parts::<D, { VECTORS / 2 }>(block, chunk);
        }
    }

    /// Fills the terms, V vectors at a time.
    #[inline(always)]
    fn fill_parts<const D: usize, const V: usize>(&mut self, block: BlockIndex, chunk: &[u32]) {
        let BlockIndex { group, block } = block;
        for (at, &k) in chunk.iter().enumerate() {
            let peak = self.peaks[k as usize];
            for part in 0..VECTORS / V {
                let first = block * Self::BLOCK_POINTS + part * V * S::LANES;
                let distance = self.mahalanobis_squared::<D, V>(group, first, k as usize);
                for v in 0..V {
                    self.terms[at][part * V + v] = self.simd.neg_mul_add(
                        self.simd.splat(HALF_LOG2_E),
                        distance[v],
                        self.simd.splat(peak),
                    );
                }
            }
        }
    }

    /// Squared Mahalanobis distances of V vectors of points, from the `first` of a group on, to
    /// component `k`.
    #[inline(always)]
    fn mahalanobis_squared<const D: usize, const V: usize>(
        &mut self,
        group: usize,
        first: usize,
        k: usize,
    ) -> [S::F; V] {
        let simd = self.simd;
        let d = if D == 0 { self.mixture.n_features() } else { D };
        let zero = simd.splat(0.0);
        let mut in_registers = [[zero; VECTORS]; MAX_UNROLLED];
        let differences = if D == 0 { &mut self.differences[..d] } else { &mut in_registers[..d] };
        let mean = &self.mixture.mean(k)[..d];
        for i in 0..d {
            let lanes = &self.coordinates[(group * d + i) * GROUP_POINTS + first..];
            let lanes = &lanes[..V * S::LANES];
            for v in 0..V {
                let coordinate = simd.load(&lanes[v * S::LANES..]);
                differences[i][v] = simd.sub(coordinate, simd.splat(mean[i]));
            }
        }
        let mut distance = [zero; V];
        match self.mixture.precisions_cholesky() {
            PrecisionsCholesky::Triangular { factors, stride } => {
                let factor = &factors[k * stride..][..packed_len(d)];
                // Two rows at a time: twice as many sums as the latency of one needs,
                // and each difference is loaded for both.
                for i in (1..d).step_by(2) {
                    let upper = &packed_row(factor, i - 1)[..i];
                    let lower = &packed_row(factor, i)[..i + 1];
                    let known = &differences[..i];
                    let (mut sums, mut more) = ([zero; V], [zero; V]);
                    for j in 0..i {
                        let (a, b) = (simd.splat(upper[j]), simd.splat(lower[j]));
                        for v in 0..V {
                            sums[v] = simd.mul_add(a, known[j][v], sums[v]);
                            more[v] = simd.mul_add(b, known[j][v], more[v]);
                        }
                    }
                    for v in 0..V {
                        more[v] = simd.mul_add(simd.splat(lower[i]), differences[i][v], more[v]);
                    }
                    add_squares(simd, &mut distance, sums);
                    add_squares(simd, &mut distance, more);
                }
                if d % 2 == 1 {
                    let row = &packed_row(factor, d - 1)[..d];
                    let mut whitened = [zero; V];
                    for j in 0..d {
                        for v in 0..V {
                            whitened[v] =
                                simd.mul_add(simd.splat(row[j]), differences[j][v], whitened[v]);
                        }
                    }
                    add_squares(simd, &mut distance, whitened);
                }
            }
            PrecisionsCholesky::Diagonal { inverse_stds, component_stride, feature_stride } => {
                for i in 0..d {
                    let w = inverse_stds[k * component_stride + i * feature_stride];
                    let mut whitened = [zero; V];
                    for v in 0..V {
                        whitened[v] = simd.mul(simd.splat(w), differences[i][v]);
                    }
                    add_squares(simd, &mut distance, whitened);
                }
            }
        }
        distance
    }
}

#[inline(always)]
fn add_squares<S: Simd, const V: usize>(simd: S, sums: &mut [S::F; V], values: [S::F; V]) {
    for v in 0..V {
        sums[v] = simd.mul_add(values[v], values[v], sums[v]);
    }
}

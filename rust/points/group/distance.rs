//! Squared Mahalanobis distances of a block of points from the components of a chunk.
//!
//! Differences from a component's mean are taken before they are whitened, and rows of the
//! factor are summed in the order of the features: no digits are lost far from the origin.

use super::{BlockIndex, GROUP_POINTS, PointsKernel};
use crate::model::covariances::PrecisionsCholesky;
use crate::model::linalg::packed_row;
use crate::simd::Simd;
use crate::simd::block::{Block, VECTORS, splat};
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
        for (at, &k) in chunk.iter().enumerate() {
            let peak = self.peaks[k as usize];
            let distance = self.mahalanobis_squared::<D>(block, k as usize);
            for v in 0..VECTORS {
                self.terms[at][v] = self.simd.neg_mul_add(
                    self.simd.splat(HALF_LOG2_E),
                    distance[v],
                    self.simd.splat(peak),
                );
            }
        }
    }

    /// Squared Mahalanobis distance of a block of points to component `k`.
    #[inline(always)]
    fn mahalanobis_squared<const D: usize>(
        &mut self,
        BlockIndex { group, block }: BlockIndex,
        k: usize,
    ) -> Block<S> {
        let simd = self.simd;
        let d = if D == 0 { self.mixture.n_features() } else { D };
        let mut in_registers = [splat(simd, 0.0); MAX_UNROLLED];
        let differences = if D == 0 { &mut self.differences[..d] } else { &mut in_registers[..d] };
        let mean = &self.mixture.mean(k)[..d];
        for i in 0..d {
            let first = (group * d + i) * GROUP_POINTS + block * Self::BLOCK_POINTS;
            let lanes = &self.coordinates[first..][..Self::BLOCK_POINTS];
            for v in 0..VECTORS {
                let coordinate = simd.load(&lanes[v * S::LANES..]);
                differences[i][v] = simd.sub(coordinate, simd.splat(mean[i]));
            }
        }
        let mut distance = splat(simd, 0.0);
        match self.mixture.precisions_cholesky() {
            PrecisionsCholesky::Triangular { factors, stride } => {
                let factor = &factors[k * stride..];
                // Two rows at a time: twice as many sums as the latency of one needs,
                // and each difference is loaded for both.
                for i in (1..d).step_by(2) {
                    let upper = &packed_row(factor, i - 1)[..i];
                    let lower = &packed_row(factor, i)[..i + 1];
                    let known = &differences[..i];
                    let mut first = splat(simd, 0.0);
                    let mut second = splat(simd, 0.0);
                    for j in 0..i {
                        let (a, b) = (simd.splat(upper[j]), simd.splat(lower[j]));
                        for v in 0..VECTORS {
                            first[v] = simd.mul_add(a, known[j][v], first[v]);
                            second[v] = simd.mul_add(b, known[j][v], second[v]);
                        }
                    }
                    for v in 0..VECTORS {
                        second[v] =
                            simd.mul_add(simd.splat(lower[i]), differences[i][v], second[v]);
                    }
                    add_squares(simd, &mut distance, first);
                    add_squares(simd, &mut distance, second);
                }
                if d % 2 == 1 {
                    let row = &packed_row(factor, d - 1)[..d];
                    let mut whitened = splat(simd, 0.0);
                    for j in 0..d {
                        for v in 0..VECTORS {
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
                    let mut whitened = differences[i];
                    for v in 0..VECTORS {
                        whitened[v] = simd.mul(simd.splat(w), whitened[v]);
                    }
                    add_squares(simd, &mut distance, whitened);
                }
            }
        }
        distance
    }
}

#[inline(always)]
fn add_squares<S: Simd>(simd: S, sums: &mut Block<S>, values: Block<S>) {
    for v in 0..VECTORS {
        sums[v] = simd.mul_add(values[v], values[v], sums[v]);
    }
}

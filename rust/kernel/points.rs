//! Scattered points: log-density under all components, any number of features.
//!
//! Points are taken a block at a time and transposed, one point a lane; each
//! component's centred differences are whitened row by row. Diagonal factors
//! need one product a feature, triangular ones d (d + 1) / 2. A block reads all
//! factors once and writes one number a point.

use super::HALF_LOG2_E;
use super::logsumexp::{Block, CHUNK, LogSumExp, VECTORS, splat};
use super::simd::{MAX_LANES, Simd};
use crate::covariances::PrecisionsCholesky;
use crate::linalg::packed_row;
use crate::mixture::Mixture;

/// Memory for one block of points under one mixture.
pub(crate) struct PointsKernel<'a, S: Simd> {
    simd: S,
    mixture: &'a Mixture,
    /// Active components and the base-2 logarithms of their peaks.
    peaks: &'a [(usize, f64)],
    coordinates: Vec<Block<S>>,
    differences: Vec<Block<S>>,
}

/// The components that count, with the base-2 logarithm of their peaks.
pub(crate) fn log2_peaks(mixture: &Mixture) -> Vec<(usize, f64)> {
    let peak = |k| (k, mixture.log_peak(k) * std::f64::consts::LOG2_E);
    mixture.active_components().map(peak).collect()
}

impl<'a, S: Simd> PointsKernel<'a, S> {
    pub(crate) fn new(simd: S, mixture: &'a Mixture, peaks: &'a [(usize, f64)]) -> Self {
        let zeros = vec![splat(simd, 0.0); mixture.n_features()];
        Self { simd, mixture, peaks, coordinates: zeros.clone(), differences: zeros }
    }

    /// log p of each row of `points`, (`out.len()`, `n_features`) row-major.
    pub(crate) fn log_density(&mut self, points: &[f64], out: &mut [f64]) {
        self.simd.vectorize(
            #[inline(always)]
            || self.log_density_vectorized(points, out),
        );
    }

    #[inline(always)]
    fn log_density_vectorized(&mut self, points: &[f64], out: &mut [f64]) {
        let d = self.mixture.n_features();
        let block_len = S::LANES * VECTORS;
        for (points, out) in points.chunks(block_len * d).zip(out.chunks_mut(block_len)) {
            self.transpose(points);
            let mut state = LogSumExp::new(self.simd);
            let mut terms = [splat(self.simd, 0.0); CHUNK];
            for chunk in self.peaks.chunks(CHUNK) {
                for (term, &(k, peak)) in terms.iter_mut().zip(chunk) {
                    let distance = self.mahalanobis_squared(k);
                    for v in 0..VECTORS {
                        term[v] = self.simd.neg_mul_add(
                            self.simd.splat(HALF_LOG2_E),
                            distance[v],
                            self.simd.splat(peak),
                        );
                    }
                }
                state.absorb(self.simd, &mut terms[..chunk.len()]);
            }
            let mut values = [0.0; MAX_LANES * VECTORS];
            for (v, &vector) in state.ln(self.simd).iter().enumerate() {
                self.simd.store(vector, &mut values[v * S::LANES..]);
            }
            out.copy_from_slice(&values[..out.len()]);
        }
    }

    /// One feature a block; lanes beyond the last point repeat it.
    #[inline(always)]
    fn transpose(&mut self, points: &[f64]) {
        let d = self.mixture.n_features();
        let last = points.len() / d - 1;
        let mut lanes = [0.0; MAX_LANES];
        for (i, feature) in self.coordinates.iter_mut().enumerate() {
            for (v, vector) in feature.iter_mut().enumerate() {
                for (lane, value) in lanes[..S::LANES].iter_mut().enumerate() {
                    *value = points[(v * S::LANES + lane).min(last) * d + i];
                }
                *vector = self.simd.load(&lanes);
            }
        }
    }

    /// Squared Mahalanobis distance of the block to component `k`.
    #[inline(always)]
    fn mahalanobis_squared(&mut self, k: usize) -> Block<S> {
        let simd = self.simd;
        let mean = self.mixture.mean(k);
        let differences = self.differences.iter_mut().zip(&self.coordinates).zip(mean);
        for ((difference, coordinate), &mean) in differences {
            for v in 0..VECTORS {
                difference[v] = simd.sub(coordinate[v], simd.splat(mean));
            }
        }
        let mut distance = splat(simd, 0.0);
        let mut add_square = |whitened: Block<S>| {
            for v in 0..VECTORS {
                distance[v] = simd.mul_add(whitened[v], whitened[v], distance[v]);
            }
        };
        match self.mixture.precisions_cholesky() {
            PrecisionsCholesky::Triangular { factors, stride } => {
                let factor = &factors[k * stride..];
                for i in 0..mean.len() {
                    let mut whitened = splat(simd, 0.0);
                    for (&w, difference) in packed_row(factor, i).iter().zip(&self.differences) {
                        for v in 0..VECTORS {
                            whitened[v] = simd.mul_add(simd.splat(w), difference[v], whitened[v]);
                        }
                    }
                    add_square(whitened);
                }
            }
            PrecisionsCholesky::Diagonal { inverse_stds, component_stride, feature_stride } => {
                for (i, difference) in self.differences.iter().enumerate() {
                    let w = inverse_stds[k * component_stride + i * feature_stride];
                    let mut whitened = *difference;
                    for v in 0..VECTORS {
                        whitened[v] = simd.mul(simd.splat(w), difference[v]);
                    }
                    add_square(whitened);
                }
            }
        }
        distance
    }
}

//! Log-sum-exp that never sees all its terms at once.
//!
//! For each point it keeps the largest term so far and the sum of exponentials
//! relative to it. A chunk of terms raises the maximum, rescales the sum once,
//! and adds its exponentials; so the sum is always at least 1 relative to the
//! true maximum and nothing underflows that matters, however far the tail. Each
//! point's result depends on the order of the components alone, never on which
//! other points share its vectors.

use crate::simd::Simd;
use crate::simd::math::{exp2_clamped, log2, times_exp2};

/// Components absorbed at a time: one rescaling (one more exponential) a chunk.
pub(crate) const CHUNK: usize = 16;
/// Vectors of points worked on together: independent chains that hide latency.
pub(crate) const VECTORS: usize = 4;
/// A block of points: `VECTORS` vectors.
pub(crate) type Block<S> = [<S as Simd>::F; VECTORS];

#[inline(always)]
pub(crate) fn splat<S: Simd>(simd: S, x: f64) -> Block<S> {
    [simd.splat(x); VECTORS]
}

/// Running log-sum-exp in base 2 of a block of points.
#[derive(Clone, Copy)]
pub(crate) struct LogSumExp<S: Simd> {
    max: Block<S>,
    sum: Block<S>,
}

impl<S: Simd> LogSumExp<S> {
    #[inline(always)]
    pub(crate) fn new(simd: S) -> Self {
        Self { max: splat(simd, f64::NEG_INFINITY), sum: splat(simd, 0.0) }
    }

    /// Adds a chunk of terms. Replaces each term by its exponential relative to
    /// the new maximum, and returns the factor by which everything that was
    /// accumulated relative to the old maximum must be multiplied.
    #[inline(always)]
    pub(crate) fn absorb(&mut self, simd: S, terms: &mut [Block<S>]) -> Block<S> {
        let mut max = self.max;
        for term in &*terms {
            for v in 0..VECTORS {
                max[v] = simd.max(term[v], max[v]);
            }
        }
        let mut rescale = self.max;
        for v in 0..VECTORS {
            rescale[v] = exp2_clamped(simd, simd.sub(self.max[v], max[v]));
            self.sum[v] = simd.mul(self.sum[v], rescale[v]);
        }
        self.max = max;
        for term in terms {
            for v in 0..VECTORS {
                term[v] = exp2_clamped(simd, simd.sub(term[v], max[v]));
                self.sum[v] = simd.add(self.sum[v], term[v]);
            }
        }
        rescale
    }

    /// Adds a chunk of terms, without the exponentials of those more than
    /// `negligible` bits below the largest so far: of scattered points most
    /// components are nothing to any point of a vector.
    #[inline(always)]
    pub(crate) fn absorb_significant(&mut self, simd: S, terms: &[Block<S>], negligible: f64) {
        let mut max = self.max;
        for term in terms {
            for v in 0..VECTORS {
                max[v] = simd.max(term[v], max[v]);
            }
        }
        let mut least = max;
        for v in 0..VECTORS {
            if simd.less_bits(self.max[v], max[v]) != 0 {
                let rescale = exp2_clamped(simd, simd.sub(self.max[v], max[v]));
                self.sum[v] = simd.mul(self.sum[v], rescale);
            }
            least[v] = simd.sub(max[v], simd.splat(negligible));
        }
        self.max = max;
        for term in terms {
            // Not "less or equal": of minus infinities none is left out, so that
            // the sum is never 0. One branch a block, because points that are
            // near each other leave out the same components.
            let mut is_nothing = (1 << S::LANES) - 1;
            for v in 0..VECTORS {
                is_nothing &= simd.less_bits(term[v], least[v]);
            }
            if is_nothing != (1 << S::LANES) - 1 {
                for v in 0..VECTORS {
                    let share = exp2_clamped(simd, simd.sub(term[v], max[v]));
                    self.sum[v] = simd.add(self.sum[v], share);
                }
            }
        }
    }

    /// The base-2 logarithm of the whole sum.
    #[inline(always)]
    pub(crate) fn log2(&self, simd: S) -> Block<S> {
        let mut result = self.max;
        for v in 0..VECTORS {
            result[v] = simd.add(self.max[v], log2(simd, self.sum[v]));
        }
        result
    }

    /// The natural logarithm of the whole sum.
    #[inline(always)]
    pub(crate) fn ln(&self, simd: S) -> Block<S> {
        let mut result = self.log2(simd);
        for log in &mut result {
            *log = simd.mul(*log, simd.splat(std::f64::consts::LN_2));
        }
        result
    }

    /// The whole sum.
    #[inline(always)]
    pub(crate) fn exp(&self, simd: S) -> Block<S> {
        let mut result = self.sum;
        for v in 0..VECTORS {
            result[v] = times_exp2(simd, self.sum[v], self.max[v]);
        }
        result
    }
}

//! Log-sum-exp of a stream of terms.
//!
//! For each point [`LogSumExp`] keeps the largest term so far and the sum of exponentials
//! relative to it. A chunk of terms raises the maximum, rescales the sum once,
//! and adds its exponentials. The sum is therefore always at least 1 relative to the
//! true maximum, and no significant term underflows, however far the tail. Each
//! point's result depends on the order of the components alone, never on which
//! other points share its vectors.

use crate::simd::Simd;
use crate::simd::block::{Block, VECTORS, splat};
use crate::simd::math::{exp2_clamped, log2, times_exp2};

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
    /// `negligible` bits below the largest so far: at scattered points most
    /// components are negligible for all points of a block.
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
            // Not "less or equal": minus infinities are kept, to keep the sum above
            // 0. One branch a block, because points that are near each other have
            // the same negligible components.
            let mut all_negligible = (1 << S::LANES) - 1;
            for v in 0..VECTORS {
                all_negligible &= simd.less_bits(term[v], least[v]);
            }
            if all_negligible != (1 << S::LANES) - 1 {
                for v in 0..VECTORS {
                    let term = exp2_clamped(simd, simd.sub(term[v], max[v]));
                    self.sum[v] = simd.add(self.sum[v], term);
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

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Dispatch, Level};

    /// The sum over chunks of terms that are the same at all points of a block, but for the last
    /// point, which has `last` added.
    struct Sum<'a> {
        chunks: &'a [&'a [f64]],
        last: f64,
        /// The bits below the largest from which terms are left out; None adds all.
        negligible: Option<f64>,
    }

    /// The values of log2, ln and exp at the first and at the last point.
    type Sums = [[f64; 3]; 2];

    fn ends<S: Simd>(simd: S, block: &Block<S>) -> [f64; 2] {
        let mut lanes = [0.0; 32];
        let mut lane = |v: usize, at: usize| {
            simd.store(block[v], &mut lanes);
            lanes[at]
        };
        [lane(0, 0), lane(VECTORS - 1, S::LANES - 1)]
    }

    fn block<S: Simd>(simd: S, term: f64, last: f64) -> Block<S> {
        let mut block = splat(simd, term);
        let mut lanes = [term; 32];
        lanes[S::LANES - 1] += last;
        block[VECTORS - 1] = simd.load(&lanes);
        block
    }

    impl Dispatch for Sum<'_> {
        type Output = (Sums, Vec<[f64; 2]>);
        fn run<S: Simd>(self, simd: S) -> Self::Output {
            let mut state = LogSumExp::new(simd);
            let mut absorbed = Vec::new();
            for chunk in self.chunks {
                let mut terms: Vec<Block<S>> =
                    chunk.iter().map(|&term| block(simd, term, self.last)).collect();
                if let Some(negligible) = self.negligible {
                    state.absorb_significant(simd, &terms, negligible);
                } else {
                    let rescale = state.absorb(simd, &mut terms);
                    absorbed.push(ends(simd, &rescale));
                    absorbed.extend(terms.iter().map(|term| ends(simd, term)));
                }
            }
            let [log2, ln, exp] =
                [state.log2(simd), state.ln(simd), state.exp(simd)].map(|sum| ends(simd, &sum));
            ([0, 1].map(|at| [log2[at], ln[at], exp[at]]), absorbed)
        }
    }

    fn check(got: [f64; 3], want: f64) {
        let want = [want, want * std::f64::consts::LN_2, want.exp2()];
        for (got, want) in got.into_iter().zip(want) {
            let is_close = got == want || (got - want).abs() <= 1e-15 * (1.0 + want.abs());
            assert!(is_close, "{got:e}, {want:e} expected");
        }
    }

    #[test]
    fn sums_of_terms_in_any_chunks_are_those_of_their_exponentials_at_every_level() {
        let chunks: [&[f64]; 3] = [&[-3.0, -1.5, -7.25], &[2.0, -2.0], &[-0.5]];
        let all = chunks.concat();
        let want = all.iter().map(|term| term.exp2()).sum::<f64>().log2();
        for level in Level::available() {
            for negligible in [None, Some(60.0)] {
                let ([first, last], absorbed) =
                    level.dispatch(Sum { chunks: &chunks, last: 1.25, negligible });
                check(first, want);
                check(last, want + 1.25);
                if negligible.is_none() {
                    // The factor of what came before, then the terms, relative to the largest.
                    let least = (-1000.0_f64).exp2();
                    let factors = [least, -1.5, 0.0, -5.75, -3.5, 0.0, -4.0, 0.0, -2.5];
                    for (got, want) in absorbed.into_iter().zip(factors) {
                        let want = if want == least { want } else { f64::exp2(want) };
                        assert!(got.iter().all(|x| (x / want - 1.0).abs() < 1e-15), "{got:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_term_is_left_out_where_it_is_negligible_at_all_points_at_every_level() {
        for level in Level::available() {
            let sum = |chunks: &[&[f64]], last| {
                level.dispatch(Sum { chunks, last, negligible: Some(3.0) }).0
            };
            let whole = (1.0 + 2.0_f64.powi(-3)).log2();
            // Three bits below the largest are not negligible; more are.
            check(sum(&[&[0.0, -3.0]], 0.0)[0], whole);
            check(sum(&[&[0.0, -3.5]], 0.0)[0], 0.0);
            check(sum(&[&[-3.0, 0.0]], 0.0)[0], whole);
            check(sum(&[&[-3.5, 0.0]], 0.0)[0], 0.0);
            // Earlier chunks are never left out.
            check(sum(&[&[-3.5], &[0.0], &[-3.5]], 0.0)[0], (1.0 + 2.0_f64.powf(-3.5)).log2());
        }
    }

    /// Two chunks, of which the second is far below the first at all points but the last.
    struct Uneven;

    impl Dispatch for Uneven {
        type Output = [f64; 2];
        fn run<S: Simd>(self, simd: S) -> [f64; 2] {
            let mut state = LogSumExp::new(simd);
            state.absorb_significant(simd, &[block(simd, 0.0, 0.0)], 3.0);
            state.absorb_significant(simd, &[block(simd, -10.0, 9.0)], 3.0);
            ends(simd, &state.log2(simd))
        }
    }

    #[test]
    fn a_term_that_counts_at_one_point_is_added_at_all_of_the_block_at_every_level() {
        for level in Level::available() {
            let [first, last] = level.dispatch(Uneven);
            assert!((first - (1.0 + 2.0_f64.powi(-10)).log2()).abs() < 1e-15, "{first:e}");
            assert!((last - 1.5_f64.log2()).abs() < 1e-15, "{last:e}");
        }
    }

    #[test]
    fn sums_of_nothing_but_minus_infinity_are_zero_at_every_level() {
        let minus = f64::NEG_INFINITY;
        for level in Level::available() {
            for negligible in [None, Some(60.0)] {
                let chunks: [&[f64]; 2] = [&[minus, minus], &[minus]];
                let [first, last] =
                    level.dispatch(Sum { chunks: &chunks, last: 0.0, negligible }).0;
                assert_eq!((first, last), ([minus, minus, 0.0], [minus, minus, 0.0]));
            }
        }
    }
}

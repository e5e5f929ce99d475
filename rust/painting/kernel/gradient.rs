//! The sums from which the gradient of the squared error is made.

use crate::painting::kernel::lanes::{MAX_VECTORS, n_vectors};
use crate::painting::kernel::paint::{Painted, Survivor};
use crate::painting::kernel::sums::{Place, Summand, VectorSums};
use crate::simd::Simd;

/// For each component, the sums of s {1, x, y, x², xy, y²} and of h {1, x, y} for each
/// channel: with r the responsibility and g the error, h = r g and s = r g · (e - painting).
pub(crate) struct Gradient;

/// The factors of a tile's pixels.
pub(crate) struct Factors<S: Simd, const C: usize> {
    /// Errors over totals, the same times y, and minus their product with the painting.
    errors: [[S::F; C]; MAX_VECTORS],
    errors_by_y: [[S::F; C]; MAX_VECTORS],
    offsets: [S::F; MAX_VECTORS],
}

impl Summand for Gradient {
    type Tile<S: Simd, const C: usize> = Factors<S, C>;

    fn n_sums(n_channels: usize) -> usize {
        6 + 3 * n_channels
    }

    #[inline(always)]
    fn tile<S: Simd<Element = f32>, const C: usize>(
        &self,
        simd: S,
        painted: &Painted<S, C>,
    ) -> Factors<S, C> {
        let zero = simd.splat(0.0);
        let mut errors = [[zero; C]; MAX_VECTORS];
        let (mut errors_by_y, mut offsets) = (errors, [zero; MAX_VECTORS]);
        for v in 0..n_vectors::<S>() {
            for c in 0..C {
                let error = simd.mul(painted.errors[v][c], painted.inverse_total[v]);
                errors[v][c] = error;
                errors_by_y[v][c] = simd.mul(error, painted.pixels.y[v]);
                offsets[v] = simd.neg_mul_add(error, painted.colors[v][c], offsets[v]);
            }
        }
        Factors { errors, errors_by_y, offsets }
    }

    #[inline(always)]
    fn sums<S: Simd<Element = f32>, const C: usize>(
        &self,
        simd: S,
        painted: &Painted<S, C>,
        tile: &Factors<S, C>,
        survivor: &Survivor<S, C>,
        _: Place<'_>,
        sums: &mut VectorSums<S>,
    ) {
        let zero = simd.splat(0.0);
        let (mut by_gate, mut by_experts) = ([zero; 3], [[zero; 2]; C]);
        for v in 0..n_vectors::<S>() {
            let (y, term) = (painted.pixels.y[v], survivor.terms[v]);
            let mut product = tile.offsets[v];
            for c in 0..C {
                let (error, by_y) = (tile.errors[v][c], tile.errors_by_y[v][c]);
                product = simd.mul_add(error, survivor.values[c], product);
                product = simd.mul_add(by_y, survivor.slopes[c], product);
                by_experts[c][0] = simd.mul_add(term, error, by_experts[c][0]);
                by_experts[c][1] = simd.mul_add(term, by_y, by_experts[c][1]);
            }
            let product = simd.mul(term, product);
            let by_y = simd.mul(y, product);
            by_gate[0] = simd.add(by_gate[0], product);
            by_gate[1] = simd.add(by_gate[1], by_y);
            by_gate[2] = simd.mul_add(y, by_y, by_gate[2]);
        }
        let x = painted.pixels.x;
        let by_x = simd.mul(by_gate[0], x);
        let by_position = [by_gate[0], by_x, by_gate[1]];
        sums[..3].copy_from_slice(&by_position);
        let squared = [simd.mul(by_x, x), simd.mul(by_gate[1], x), by_gate[2]];
        sums[3..6].copy_from_slice(&squared);
        for (c, [sum, by_y]) in by_experts.into_iter().enumerate() {
            sums[6 + 3 * c..9 + 3 * c].copy_from_slice(&[sum, simd.mul(sum, x), by_y]);
        }
    }
}

//! Sums that tell where components are needed: their costs, errors and moments.

use crate::painting::kernel::lanes::n_vectors;
use crate::painting::kernel::paint::{Painted, Survivor};
use crate::painting::kernel::sums::{Place, Summand, VectorSums};
use crate::simd::Simd;

/// Where 1 - r is below this, the cost is computed as if it were this.
const LEAST_REST: f64 = 0.02;

/// For each component: the rise of the squared error if it alone vanishes; its share of the
/// error, the sum of r |error|²; and the sums of r {1, x, y, x², xy, y²}.
pub(crate) struct Roles;

impl Summand for Roles {
    type Tile<S: Simd, const C: usize> = ();

    fn n_sums(_: usize) -> usize {
        8
    }

    #[inline(always)]
    fn tile<S: Simd<Element = f32>, const C: usize>(&self, _: S, _: &Painted<S, C>) {}

    #[inline(always)]
    fn sums<S: Simd<Element = f32>, const C: usize>(
        &self,
        simd: S,
        painted: &Painted<S, C>,
        (): &(),
        survivor: &Survivor<S, C>,
        _: Place<'_>,
        sums: &mut VectorSums<S>,
    ) {
        let zero = simd.splat(0.0);
        let (mut cost, mut error, mut by_y) = (zero, zero, [zero; 3]);
        for v in 0..n_vectors::<S>() {
            let y = painted.pixels.y[v];
            let r = painted.responsibility(simd, survivor, v);
            // The others fill the gap: their painting differs by d = r / (1 - r) (f - e).
            let rest = simd.max(simd.sub(simd.splat(1.0), r), simd.splat(LEAST_REST));
            let ratio = simd.div(r, rest);
            let mut square = zero;
            for c in 0..C {
                let g = painted.errors[v][c];
                let offset = simd.sub(painted.colors[v][c], survivor.value(simd, c, y));
                let d = simd.mul(ratio, offset);
                cost = simd.mul_add(d, simd.add(d, simd.add(g, g)), cost);
                square = simd.mul_add(g, g, square);
            }
            error = simd.mul_add(r, square, error);
            let ry = simd.mul(r, y);
            by_y[0] = simd.add(by_y[0], r);
            by_y[1] = simd.add(by_y[1], ry);
            by_y[2] = simd.mul_add(y, ry, by_y[2]);
        }
        let x = painted.pixels.x;
        let by_x = simd.mul(x, by_y[0]);
        let squared = [simd.mul(x, by_x), simd.mul(x, by_y[1]), by_y[2]];
        sums[..5].copy_from_slice(&[cost, error, by_y[0], by_x, by_y[1]]);
        sums[5..8].copy_from_slice(&squared);
    }
}

/// The pixels of a component as a Gaussian: the mean and the factor of their covariance.
#[derive(Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) mean: [f64; 2],
    pub(crate) factor: [f64; 3],
    /// The inverse of the factor.
    pub(crate) inverse: [f64; 3],
}

/// For each component and channel, the sums of r times the error times the Hermite
/// polynomials of degrees two and three in the frame of its cell: H₂(u), uv, H₂(v), H₃(u),
/// H₂(u) v, u H₂(v), H₃(v). An affine expert cannot paint these parts of the error, and two
/// can.
pub(crate) struct Shapes<'a>(pub(crate) &'a [Cell]);

impl Summand for Shapes<'_> {
    type Tile<S: Simd, const C: usize> = ();

    fn n_sums(n_channels: usize) -> usize {
        7 * n_channels
    }

    #[inline(always)]
    fn tile<S: Simd<Element = f32>, const C: usize>(&self, _: S, _: &Painted<S, C>) {}

    #[inline(always)]
    fn sums<S: Simd<Element = f32>, const C: usize>(
        &self,
        simd: S,
        painted: &Painted<S, C>,
        (): &(),
        survivor: &Survivor<S, C>,
        place: Place<'_>,
        sums: &mut VectorSums<S>,
    ) {
        let (cell, origin) = (self.0[place.component], place.block.origin());
        let [x, y] = [0, 1].map(|i| origin[i] - cell.mean[i]);
        let l = cell.inverse;
        let u = simd.mul_add(painted.pixels.x, simd.splat(l[0]), simd.splat(l[0] * x));
        let v_of_x = simd.splat(l[1] * x + l[2] * y);
        let v_of_x = simd.mul_add(painted.pixels.x, simd.splat(l[1]), v_of_x);
        let (one, three) = (simd.splat(1.0), simd.splat(3.0));
        let u2 = simd.mul(u, u);
        let (h2u, h3u) = (simd.sub(u2, one), simd.mul(u, simd.sub(u2, three)));
        let mut found = [[simd.splat(0.0); 7]; C];
        for at in 0..n_vectors::<S>() {
            let v = simd.mul_add(painted.pixels.y[at], simd.splat(l[2]), v_of_x);
            let r = painted.responsibility(simd, survivor, at);
            let v2 = simd.mul(v, v);
            let h2v = simd.sub(v2, one);
            let shapes = [
                h2u,
                simd.mul(u, v),
                h2v,
                h3u,
                simd.mul(h2u, v),
                simd.mul(u, h2v),
                simd.mul(v, simd.sub(v2, three)),
            ];
            for c in 0..C {
                let error = simd.mul(r, painted.errors[at][c]);
                for i in 0..7 {
                    found[c][i] = simd.mul_add(error, shapes[i], found[c][i]);
                }
            }
        }
        sums[..7 * C].copy_from_slice(found.as_flattened());
    }
}

/// For each component, the sum of r and those of r times the products of the errors of
/// channels i >= j, in the order (0, 0), (1, 0), (1, 1), ...
pub(crate) struct Scatter;

impl Summand for Scatter {
    type Tile<S: Simd, const C: usize> = ();

    fn n_sums(n_channels: usize) -> usize {
        1 + n_channels * (n_channels + 1) / 2
    }

    #[inline(always)]
    fn tile<S: Simd<Element = f32>, const C: usize>(&self, _: S, _: &Painted<S, C>) {}

    #[inline(always)]
    fn sums<S: Simd<Element = f32>, const C: usize>(
        &self,
        simd: S,
        painted: &Painted<S, C>,
        (): &(),
        survivor: &Survivor<S, C>,
        _: Place<'_>,
        sums: &mut VectorSums<S>,
    ) {
        sums.fill(simd.splat(0.0));
        for v in 0..n_vectors::<S>() {
            let r = painted.responsibility(simd, survivor, v);
            sums[0] = simd.add(sums[0], r);
            let mut at = 1;
            for i in 0..C {
                let error = simd.mul(r, painted.errors[v][i]);
                for j in 0..=i {
                    sums[at] = simd.mul_add(error, painted.errors[v][j], sums[at]);
                    at += 1;
                }
            }
        }
    }
}

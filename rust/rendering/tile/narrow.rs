//! Narrow components, by direct exponentials of centred distances, on the part of
//! each row where they are not below their threshold against the reference
//! (cull.rs proves that they may be dropped elsewhere). The exponentials are
//! float64 also where the sums are float32: near a spike's own mean a distance
//! needs all its digits.

use crate::rendering::plane::{Column, TILE};
use crate::rendering::tile::sums::{Start, Summand, cell};
use crate::rendering::tile::terms::Field;
use crate::rendering::tile::{TileInput, TileKernel};
use crate::simd::Simd;
use crate::simd::math::exp2_clamped;

impl<S: Simd, const N: usize> TileKernel<S, N> {
    #[inline(always)]
    pub(crate) fn add_narrow<M: Summand<S, N>>(&mut self, input: &TileInput<'_>, summand: &M) {
        for i in 0..self.setup.narrow.len() {
            let term = self.setup.narrow[i] as usize;
            self.add_one(input, term, summand);
        }
    }

    #[inline(always)]
    fn add_one<M: Summand<S, N>>(&mut self, input: &TileInput<'_>, term: usize, summand: &M) {
        let (simd, double) = (self.simd, self.simd.double());
        let at = |column| input.columns.at(column, term);
        let (a, b, c) = (at(Column::A), at(Column::B), at(Column::C));
        let (mx, my) = (at(Column::MeanX), at(Column::MeanY));
        let (x, y) = input.area.middle;
        let (n_rows, n_columns) = input.size;
        let reference = self.setup.reference;
        let (half, middle) = input.area.half;
        // The reference itself is at most this far below its plane on the tile.
        let sag = reference.xy.abs() * half * middle
            - reference.xx * half * half
            - reference.yy * middle * middle;
        // Each of them alone, so that their sum keeps to what cull.rs allows.
        let alike = (self.setup.narrow.len() as f64).log2();
        let threshold = at(Column::Excess) + input.bits + 3.0 + alike;
        let mut shares = [0.0; TILE];
        let mut exponents = [0.0; TILE];
        for row in 0..n_rows {
            let v = row as f64 - middle;
            let dy = y + v - my;
            let plane = reference.q + reference.gy * v;
            let rest = at(Column::Peak) - (c * dy).powi(2) - plane;
            let reach = rest + reference.gx.abs() * half + threshold + sag;
            if reach < 0.0 {
                continue;
            }
            // |a (i - mx) + b dy| <= sqrt(reach), one pixel wider for rounding.
            let center = mx - b / a * dy - (x - half);
            let width = reach.sqrt() / a.abs() + 1.0;
            if center + width < 0.0 || center - width > n_columns as f64 {
                continue;
            }
            let from = (center - width).max(0.0) as usize / S::LANES;
            let to = ((center + width).min((n_columns - 1) as f64) as usize) / S::LANES;
            for vector in from..=to {
                let columns = &self.columns[vector * S::LANES..][..S::LANES];
                for first in (0..S::LANES).step_by(<S::Double as Simd>::LANES) {
                    let column = double.load(&columns[first..]);
                    let u = double.sub(column, double.splat(half));
                    let dx = double.add(u, double.splat(x - mx));
                    let z = double.mul_add(double.splat(a), dx, double.splat(b * dy));
                    let rest =
                        double.neg_mul_add(double.splat(reference.gx), u, double.splat(rest));
                    let exponent = double.neg_mul_add(z, z, rest);
                    double.store(exponent, &mut exponents[first..]);
                    double.store(exp2_clamped(double, exponent), &mut shares[first..]);
                }
                let u = simd.sub(simd.load(columns), simd.splat(half));
                let origin = Start {
                    term,
                    exponent: simd.max(simd.load(&exponents), simd.splat(S::FORMAT.min_exponent)),
                    slope: simd.splat(0.0),
                    dx: simd.add(u, simd.splat(self.setup.terms.at(Field::Dx, term))),
                    dy,
                };
                let mut state = summand.start(simd, &self.setup.terms, &origin);
                let at = cell(vector, row);
                let share = (simd.load(&shares), simd.splat(1.0));
                summand.add(simd, &mut state, share, at, &mut self.cells[at]);
            }
        }
    }
}

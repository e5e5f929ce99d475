//! Narrow components, by direct exponentials of centered distances.
//!
//! Each is added on the part of each row where it is not below its threshold against the
//! reference; by the proof in cull.rs it is negligible elsewhere. The exponents are
//! float64 even where the sums are float32: near the mean of a spike a distance needs all
//! its digits. Their exponentials have the precision of the sums.
//!
//! Along the rows v the logarithm over the threshold is at most a parabola,
//! peak - (c (v - my))² - q - gy v + a constant, which is negative off the rows that
//! [`Parabola::rows`] returns.

use crate::grid::tile::{Size, TILE};
use crate::rendering::cull::Xy;
use crate::rendering::plane::Field;
use crate::rendering::tile::input::TileInput;
use crate::rendering::tile::kernel::TileKernel;
use crate::rendering::tile::sums::{Density, Start, Summand, cell};
use crate::rendering::tile::terms::TermField;
use crate::simd::Simd;
use crate::simd::math::exp2_clamped;
use std::ops::Range;

impl<S: Simd, const N: usize> TileKernel<S, N> {
    /// Adds the narrow components.
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
        let at = |field| input.components.at(field, term);
        let (a, b, c) = (at(Field::A), at(Field::B), at(Field::C));
        let (mx, my) = (at(Field::MeanX), at(Field::MeanY));
        let Xy { x, y } = input.area.middle;
        let Size { rows: n_rows, columns: n_columns } = input.size;
        let reference = self.setup.reference;
        let Xy { x: half, y: middle } = input.area.half;
        // The reference is at most this far below its plane on the tile.
        let sag = reference.xy.abs() * half * middle
            - reference.xx * half * half
            - reference.yy * middle * middle;
        // The allowance of cull.rs is divided equally among the narrow components.
        let portion = (self.setup.narrow.len() as f64).log2();
        let threshold = at(Field::WeightBits) + input.bits + 3.0 + portion;
        let sum_of_bounds = reference.gx.abs() * half + threshold + sag;
        let parabola = Parabola {
            height: at(Field::Peak) - reference.q + sum_of_bounds,
            size: at(Field::Peak).abs() + reference.q.abs() + sum_of_bounds,
            slope: reference.gy,
            c,
            mean: my - y,
        };
        let (tilt, pixels) = (b / a, a.abs().recip());
        let mut exponents = [0.0; TILE];
        for row in parabola.rows(middle, n_rows) {
            let v = row as f64 - middle;
            let dy = y + v - my;
            let plane = reference.q + reference.gy * v;
            let rest = at(Field::Peak) - (c * dy).powi(2) - plane;
            let reach = rest + sum_of_bounds;
            if reach < 0.0 {
                continue;
            }
            // Where |a (i - mx) + b dy| <= sqrt(reach), plus one pixel for rounding.
            let center = mx - tilt * dy - (x - half);
            let width = reach.sqrt() * pixels + 1.0;
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
                }
                let u = simd.sub(simd.load(columns), simd.splat(half));
                let exponent = simd.max(simd.load(&exponents), simd.splat(S::FORMAT.min_exponent));
                let origin = Start {
                    term,
                    exponent,
                    slope: simd.splat(0.0),
                    dx: simd.add(u, simd.splat(self.setup.terms.at(TermField::Dx, term))),
                    dy,
                };
                let mut state = summand.start(simd, &self.setup.terms, &origin);
                let at = cell(vector, row);
                let density = Density { p: exp2_clamped(simd, exponent), t: simd.splat(1.0) };
                summand.add(simd, &mut state, density, at, &mut self.cells[at]);
            }
        }
    }
}

/// A bound of the logarithm of a component over its threshold, along the rows v of a tile from
/// its middle: height - (c (v - mean))² - slope v.
struct Parabola {
    height: f64,
    /// A bound of the terms of which `height` is the sum, for their rounding.
    size: f64,
    slope: f64,
    c: f64,
    mean: f64,
}

impl Parabola {
    /// Returns the rows where the bound may be positive, from the first row of the tile, and
    /// at least one more on each side.
    fn rows(&self, middle: f64, n_rows: usize) -> Range<usize> {
        let Self { height, size, slope, c, mean } = *self;
        // The maximum is at mean - shift.
        let shift = slope / (2.0 * c * c);
        let (rise, fall) = (0.5 * slope * shift, slope * mean);
        let rounding = 2.0_f64.powi(-44) * (size + rise + fall.abs());
        let largest = height - fall + rise + rounding;
        let half = largest.max(0.0).sqrt() / c.abs() + 1.0;
        let center = mean - shift + middle;
        // All rows where a value is NaN, as it is if c is 0.
        let from = (center - half).max(0.0) as usize;
        let to = (center + half + 1.0).min(n_rows as f64) as usize;
        from.min(n_rows)..to
    }
}

//! The components of a tile, relative to its reference plane, and which of them
//! recurrences can take.

use crate::rendering::cull::{Quadratic, VectorQuadratic};
use crate::rendering::plane::Column;
use crate::rendering::tile::TileInput;
use crate::simd::Simd;
use crate::simd::math::exp2_clamped;

/// A number of every term.
#[derive(Clone, Copy)]
pub(crate) enum Field {
    /// The exponent relative to the plane, q + gx u + gy v + xx u² + xy u v + yy v²
    /// from the tile's middle.
    Q,
    Gx,
    Gy,
    Xx,
    Xy,
    Yy,
    /// 2^(2 L² xx) and 2^(L xy) for L lanes: see recur.rs.
    Growth,
    Ratio,
    /// The tile's middle, from the component's mean.
    Dx,
    Dy,
    /// A bound of |exponent| over the tile of everything but the curvature down a
    /// column, which has its own table.
    Range,
    /// An upper bound of the exponent over the tile.
    Largest,
}

const N_FIELDS: usize = 12;

/// Terms as columns of numbers, padded to a multiple of the lanes.
#[derive(Default)]
pub(crate) struct Terms {
    values: [Vec<f64>; N_FIELDS],
}

impl Terms {
    #[inline(always)]
    pub(crate) fn at(&self, field: Field, i: usize) -> f64 {
        self.values[field as usize][i]
    }

    /// Of all survivors, relative to the plane that touches `reference` at the
    /// tile's middle; for a kernel with `lanes` lanes.
    #[inline(always)]
    fn fill<S: Simd>(
        &mut self,
        simd: S,
        input: &TileInput<'_>,
        reference: &Quadratic,
        lanes: usize,
    ) {
        let TileInput { columns, area, .. } = input;
        let len = columns.len().next_multiple_of(S::LANES);
        for values in &mut self.values {
            values.resize(len, 0.0);
        }
        let splat = |x| simd.splat(x);
        let (half, middle) = area.half;
        let (half_x, half_y) = (splat(half), splat(middle));
        let slope = splat(reference.gx.abs() * half + reference.gy.abs() * middle);
        let lanes = lanes as f64;
        for first in (0..len).step_by(S::LANES) {
            let k = VectorQuadratic::load(simd, columns, first, area.middle);
            let q = simd.sub(k.q, splat(reference.q));
            let gx = simd.sub(k.gx, splat(reference.gx));
            let gy = simd.sub(k.gy, splat(reference.gy));
            let linear = simd.mul(simd.abs(gx), half_x);
            let linear = simd.mul_add(simd.abs(gy), half_y, linear);
            let linear = simd.mul_add(simd.abs(k.xy), splat(half * middle), linear);
            let range = simd.neg_mul_add(k.xx, splat(half * half), simd.add(simd.abs(q), linear));
            let peak = simd.load(&columns.column(Column::Peak)[first..]);
            let by_peak = simd.add(simd.sub(peak, splat(reference.q)), slope);
            let largest = simd.min(by_peak, simd.add(q, linear));
            let growth = exp2_clamped(simd, simd.mul(k.xx, splat(2.0 * lanes * lanes)));
            let ratio = exp2_clamped(simd, simd.mul(k.xy, splat(lanes)));
            let mean_x = simd.load(&columns.column(Column::MeanX)[first..]);
            let mean_y = simd.load(&columns.column(Column::MeanY)[first..]);
            let dx = simd.sub(splat(area.middle.0), mean_x);
            let dy = simd.sub(splat(area.middle.1), mean_y);
            let fields = [q, gx, gy, k.xx, k.xy, k.yy, growth, ratio, dx, dy, range, largest];
            for (values, field) in self.values.iter_mut().zip(fields) {
                simd.store(field, &mut values[first..]);
            }
        }
    }
}

/// A tile's terms, and which of them are for recurrences or too narrow for them.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) terms: Terms,
    pub(crate) reference: Quadratic,
    /// Positions of the smooth terms, and of the others.
    pub(crate) smooth: Vec<u32>,
    pub(crate) narrow: Vec<u32>,
}

/// What a kernel's numbers are like.
#[derive(Clone, Copy)]
pub(crate) struct Lanes {
    pub(crate) n_lanes: usize,
    pub(crate) max_bits: f64,
    pub(crate) max_range: f64,
}

impl Setup {
    /// Sets a tile up; false if its exponents are beyond what numbers of the format
    /// hold relative to one plane.
    #[inline(never)]
    pub(crate) fn prepare<S: Simd>(
        &mut self,
        simd: S,
        input: &TileInput<'_>,
        lanes: Lanes,
    ) -> bool {
        simd.vectorize(
            #[inline(always)]
            || {
                self.reference = Quadratic::of(input.columns, input.reference, input.area.middle);
                self.terms.fill(simd, input, &self.reference, lanes.n_lanes);
                self.sort(input, lanes)
            },
        )
    }

    /// Sorts the terms; false if one of them is beyond range.
    fn sort(&mut self, input: &TileInput<'_>, lanes: Lanes) -> bool {
        let Lanes { max_bits, max_range, .. } = lanes;
        let squared_half = input.area.half.1 * input.area.half.1;
        let terms = &self.terms;
        self.narrow.clear();
        self.smooth.clear();
        // One component that stays in range everywhere keeps every sum normal.
        let mut is_bounded = false;
        for i in 0..input.columns.len() {
            if terms.at(Field::Largest, i) > max_bits {
                return false;
            }
            let range = terms.at(Field::Range, i);
            let curvature = -terms.at(Field::Yy, i) * squared_half;
            let is_smooth = range <= max_range && curvature <= max_range;
            is_bounded |= range + curvature <= max_bits;
            if is_smooth {
                self.smooth.push(i as u32);
            } else {
                self.narrow.push(i as u32);
            }
        }
        is_bounded
    }
}

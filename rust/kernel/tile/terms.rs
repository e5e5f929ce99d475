//! The components of a tile, relative to its reference plane, and which of them
//! recurrences can take.

use crate::cull::{Area, Quadratic, VectorQuadratic, survivors};
use crate::kernel::math::exp2_clamped;
use crate::kernel::simd::Simd;
use crate::plane::{Column, Columns, TILE};
use std::ops::Range;

/// The middle row of a tile, also of one that ends early: the tables depend on it.
pub(crate) const MIDDLE: f64 = (TILE - 1) as f64 / 2.0;

/// Rows and columns of the parts that a tile's candidates are narrowed down for.
const PART: usize = TILE / 2;

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

    /// Of all `columns`, relative to the plane that touches `reference` at the
    /// middle of `area`; for a kernel with `lanes` lanes.
    #[inline(always)]
    pub(crate) fn fill<S: Simd>(
        &mut self,
        simd: S,
        columns: &Columns,
        area: &Area,
        reference: &Quadratic,
        lanes: usize,
    ) {
        let len = columns.len().next_multiple_of(S::LANES);
        for values in &mut self.values {
            values.resize(len, 0.0);
        }
        let splat = |x| simd.splat(x);
        let half = area.half.0;
        let (half_x, half_y) = (splat(half), splat(MIDDLE));
        let slope = splat(reference.gx.abs() * half + reference.gy.abs() * MIDDLE);
        let lanes = lanes as f64;
        for first in (0..len).step_by(S::LANES) {
            let k = VectorQuadratic::load(simd, columns, first, area.middle);
            let q = simd.sub(k.q, splat(reference.q));
            let gx = simd.sub(k.gx, splat(reference.gx));
            let gy = simd.sub(k.gy, splat(reference.gy));
            let linear = simd.mul(simd.abs(gx), half_x);
            let linear = simd.mul_add(simd.abs(gy), half_y, linear);
            let linear = simd.mul_add(simd.abs(k.xy), splat(half * MIDDLE), linear);
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

/// A part of a tile, and the smooth terms that can matter there.
#[derive(Default)]
pub(crate) struct Part {
    pub(crate) rows: Range<usize>,
    pub(crate) vectors: Range<usize>,
    pub(crate) terms: Vec<u32>,
}

/// Which terms are for recurrences, and which are too narrow.
#[derive(Default)]
pub(crate) struct Classes {
    pub(crate) parts: [Part; 4],
    pub(crate) narrow: Vec<u32>,
    is_smooth: Vec<bool>,
    scratch: Vec<u32>,
}

impl Classes {
    /// Sorts the terms; false if their exponents are beyond what numbers of the
    /// format hold relative to one plane.
    pub(crate) fn sort(&mut self, terms: &Terms, n_terms: usize, max_bits: f64) -> bool {
        self.narrow.clear();
        self.is_smooth.clear();
        // One component that stays in range everywhere keeps every sum normal.
        let mut is_bounded = false;
        for i in 0..n_terms {
            if terms.at(Field::Largest, i) > max_bits {
                return false;
            }
            let range = terms.at(Field::Range, i);
            let curvature = -terms.at(Field::Yy, i) * MIDDLE * MIDDLE;
            let is_smooth = range <= max_bits && curvature <= max_bits;
            is_bounded |= range + curvature <= max_bits;
            self.is_smooth.push(is_smooth);
            if !is_smooth {
                self.narrow.push(i as u32);
            }
        }
        is_bounded
    }

    /// One part: the whole tile of `size`, with all smooth terms.
    pub(crate) fn keep_whole(&mut self, (n_rows, n_columns): (usize, usize), lanes: usize) {
        let [whole, others @ ..] = &mut self.parts;
        whole.rows = 0..n_rows;
        whole.vectors = 0..n_columns.div_ceil(lanes);
        whole.terms.clear();
        let smooth = self.is_smooth.iter().enumerate().filter(|(_, is_smooth)| **is_smooth);
        whole.terms.extend(smooth.map(|(i, _)| i as u32));
        others.iter_mut().for_each(|part| part.rows = 0..0);
    }

    /// Four parts, each with the smooth terms of `columns` that survive there.
    #[inline(always)]
    pub(crate) fn split<S: Simd>(
        &mut self,
        simd: S,
        columns: &Columns,
        area: &Area,
        (size, lanes, bits): ((usize, usize), usize, f64),
    ) {
        let corner = (area.middle.0 - area.half.0, area.middle.1 - area.half.1);
        for (p, part) in self.parts.iter_mut().enumerate() {
            let (top, left) = (p / 2 * PART, p % 2 * PART);
            let (bottom, right) = (size.0.min(top + PART), size.1.min(left + PART));
            part.rows = top..bottom.max(top);
            part.vectors = left / lanes..right.max(left).div_ceil(lanes);
            part.terms.clear();
            if bottom <= top || right <= left {
                part.rows = 0..0;
                continue;
            }
            let half = ((right - left - 1) as f64 / 2.0, (bottom - top - 1) as f64 / 2.0);
            let middle = (corner.0 + left as f64 + half.0, corner.1 + top as f64 + half.1);
            survivors(simd, columns, &Area { middle, half }, bits, &mut self.scratch);
            for &i in &self.scratch {
                if self.is_smooth[i as usize] {
                    part.terms.push(i);
                }
            }
        }
    }
}

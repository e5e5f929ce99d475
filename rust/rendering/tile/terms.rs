//! The components of a tile relative to its reference plane, and their division into
//! smooth ones, which are summed by recurrence, and narrow ones.

use crate::rendering::cull::{Quadratic, VectorQuadratic};
use crate::rendering::plane::Field;
use crate::rendering::tile::input::TileInput;
use crate::simd::{Format, Simd};

/// A parameter of a term.
#[derive(Clone, Copy)]
pub(crate) enum TermField {
    /// The exponent relative to the plane, q + gx u + gy v + xx u² + xy u v + yy v²
    /// from the tile's middle.
    Q,
    Gx,
    Gy,
    Xx,
    Xy,
    Yy,
    /// The middle of the tile, from the mean of the component.
    Dx,
    Dy,
    /// A bound of |exponent| over the tile, without the curvature down a column, which has
    /// its own table; and of its change from one vector of columns to the next: see [`reach`].
    Range,
    /// An upper bound of the exponent over the tile.
    Largest,
}

const N_TERM_FIELDS: usize = 10;

/// The terms of a tile, one array for each field, padded to a multiple of the lanes.
#[derive(Default)]
pub(crate) struct Terms {
    values: [Vec<f64>; N_TERM_FIELDS],
}

impl Terms {
    #[inline(always)]
    pub(crate) fn at(&self, field: TermField, i: usize) -> f64 {
        self.values[field as usize][i]
    }

    /// Sets the terms of all survivors, relative to the plane that touches `reference` at
    /// the middle of the tile, with ranges for vectors of `lanes` columns.
    #[inline(always)]
    fn fill<S: Simd>(
        &mut self,
        simd: S,
        input: &TileInput<'_>,
        reference: &Quadratic,
        lanes: usize,
    ) {
        let TileInput { components, area, .. } = input;
        let reach = reach(input, lanes);
        let len = components.len().next_multiple_of(S::LANES);
        for values in &mut self.values {
            values.resize(len, 0.0);
        }
        let splat = |x| simd.splat(x);
        let half = area.half;
        let (half_x, half_y) = (splat(half.x), splat(half.y));
        let slope = splat(reference.gx.abs() * half.x + reference.gy.abs() * half.y);
        for first in (0..len).step_by(S::LANES) {
            let k = VectorQuadratic::load(simd, components, first, area.middle);
            let q = simd.sub(k.q, splat(reference.q));
            let gx = simd.sub(k.gx, splat(reference.gx));
            let gy = simd.sub(k.gy, splat(reference.gy));
            let linear = simd.mul(simd.abs(gx), half_x);
            let linear = simd.mul_add(simd.abs(gy), half_y, linear);
            let linear = simd.mul_add(simd.abs(k.xy), splat(half.x * half.y), linear);
            let beyond = simd.mul_add(simd.abs(k.xy), splat(half.y), simd.abs(gx));
            let farther = simd.mul_add(beyond, splat(reach - half.x), linear);
            let range =
                simd.neg_mul_add(k.xx, splat(reach * reach), simd.add(simd.abs(q), farther));
            let peak = simd.load(&components.field(Field::Peak)[first..]);
            let by_peak = simd.add(simd.sub(peak, splat(reference.q)), slope);
            let largest = simd.min(by_peak, simd.add(q, linear));
            let mean_x = simd.load(&components.field(Field::MeanX)[first..]);
            let mean_y = simd.load(&components.field(Field::MeanY)[first..]);
            let dx = simd.sub(splat(area.middle.x), mean_x);
            let dy = simd.sub(splat(area.middle.y), mean_y);
            let fields = [q, gx, gy, k.xx, k.xy, k.yy, dx, dy, range, largest];
            for (values, field) in self.values.iter_mut().zip(fields) {
                simd.store(field, &mut values[first..]);
            }
        }
    }
}

/// Returns how far from the middle column |exponent| must be bounded, so that the bound is also
/// one of the factors by which the recurrence advances by L columns.
///
/// From a column u of the tile to another one, u + L, a term changes by
/// L (gx + xy v) + L (2u + L) xx. With h = half the width, |2u + L| <= 2h - L. With a reach
/// r >= max(h, L) the change is at most r (|gx| + |xy v|) + r² |xx|, since L (2h - L) <= h².
/// From the third vector on, that factor itself changes by 2^(2 L² xx), and r² >= 2 L² bounds
/// this, too.
fn reach(input: &TileInput<'_>, lanes: usize) -> f64 {
    let (half, lanes) = (input.area.half.x, lanes as f64);
    match 2.0 * half + 1.0 {
        columns if columns <= lanes => half,
        columns if columns <= 2.0 * lanes => half.max(lanes),
        _ => half.max(std::f64::consts::SQRT_2 * lanes),
    }
}

/// The terms of a tile, divided into smooth and narrow ones.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) terms: Terms,
    pub(crate) reference: Quadratic,
    /// Positions of the smooth terms, and of the others.
    pub(crate) smooth: Vec<u32>,
    pub(crate) narrow: Vec<u32>,
}

impl Setup {
    /// Sets a tile up. Returns false if its exponents are beyond the range of the format
    /// relative to one plane.
    #[inline(never)]
    pub(crate) fn prepare<S: Simd>(&mut self, simd: S, input: &TileInput<'_>) -> bool {
        let double = simd.double();
        double.vectorize(
            #[inline(always)]
            || {
                let TileInput { components, reference, area, .. } = input;
                self.reference = Quadratic::of(double, components, *reference, area.middle);
                self.terms.fill(double, input, &self.reference, S::LANES);
                self.sort(input, S::FORMAT)
            },
        )
    }

    /// Divides the terms. Returns false if one of them is beyond the range.
    fn sort(&mut self, input: &TileInput<'_>, format: Format) -> bool {
        let Format { max_bits, max_range, .. } = format;
        let squared_half = input.area.half.y * input.area.half.y;
        let terms = &self.terms;
        self.narrow.clear();
        self.smooth.clear();
        // If one component stays in range everywhere, no sum underflows.
        let mut is_bounded = false;
        for i in 0..input.components.len() {
            if terms.at(TermField::Largest, i) > max_bits {
                return false;
            }
            let range = terms.at(TermField::Range, i);
            let curvature = -terms.at(TermField::Yy, i) * squared_half;
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

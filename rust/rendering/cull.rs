//! Culling: selection of the components that can matter in a box of pixels.
//!
//! Proof that the others cannot matter. Let r be any component and
//! D_k(x) = q_k(x) - q_r(x), in bits, and b_k an upper bound of D_k over a box. On
//! that box components are left out only as long as
//!
//!   sum over those left out of 2^(b_k + E_k) <= 2^-(B + 3),
//!
//! for a precision of B bits: 53, or fewer where a tolerance or the type of the
//! output allows (precision.rs). Each component is left out at most once, on some
//! box of the hierarchy that contains the pixel, against the r of that box; the
//! hierarchy has five levels at most. Narrow components are left out pixel by pixel
//! (tile/narrow.rs), within the same allowance. Since p(x) >= 2^(q_r(x)),
//! for E_k = 0
//!
//!   sum of all that is left out <= 6 2^-(B + 3) p(x) < 2^-B p(x).
//!
//! A threshold for each component would have to be lower by log2(K); the sum leaves out
//! a tenth more components. It is kept lane by lane, each lane with its part of the
//! allowance, in whole powers of two rounded up.
//!
//! A conditional mean weights component k's regression by p_k(x) / p(x). E_k is the
//! logarithm (at least 0) of the largest value its regression takes anywhere on the
//! grid over the scale of the remaining feature, so what is left out moves the mean by less
//! than 2^-B of that scale and of itself. For a covariance E_k is that of the
//! largest squared deviation over the smallest variance; for an entropy, of
//! -r log r. A label is the component with the largest q, so a component below r
//! everywhere in a box is left out: there B = 0, without a sum.
//!
//! The bound. From the middle of the box, D is an exact quadratic
//! D(u, v) = d + g u + h v + A u² + B u v + C v² on |u| <= U, |v| <= V, so
//!
//!   D <= d + max(g u + A u²) + max(h v + C v²) + |B| U V,
//!
//! the one-dimensional maxima being |g| s + min(A, 0) s² + max(A, 0) U² with
//! s = min(U, |g| / (-2 A)) where A < 0 and U where not. Rounding: every term is
//! at most |q_k| + |q_r| + the curvatures times U² + V² in size (up to a small
//! factor), so 2^-44 of that is added, a thousand times what the dozen
//! operations can lose. A component whose bound is NaN is kept. Where the terms of a
//! thin component cancel, far along it from its mean, q itself is less precise. The
//! expansions of r and k are therefore of the same operations: those of r and of its
//! equals differ by exactly zero, and are kept.
//!
//! r is the component with the largest q at the middle of the box, the first of
//! equals. Which components survive a box depends on the grid alone, because the
//! hierarchy does: never on threads.

use crate::grid::tile::{Place, Size};
use crate::rendering::plane::{Field, PlaneComponents};
use crate::simd::{MAX_LANES, Simd};

/// Coordinates in a plane, in pixels.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Xy {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// A rectangle of pixel centers, by its middle and half its sides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    pub(crate) middle: Xy,
    pub(crate) half: Xy,
}

impl Area {
    /// The pixels of a rectangle.
    pub(crate) fn new(place: Place, size: Size) -> Self {
        let half = Xy { x: (size.columns - 1) as f64 / 2.0, y: (size.rows - 1) as f64 / 2.0 };
        let middle = Xy { x: place.column as f64 + half.x, y: place.row as f64 + half.y };
        Self { middle, half }
    }

    /// Returns the area with `margin` pixels more on each side.
    pub(crate) fn with_margin(self, margin: f64) -> Self {
        let half = Xy { x: self.half.x + margin, y: self.half.y + margin };
        Self { half, ..self }
    }

    /// Returns the first pixel.
    pub(crate) fn corner(&self) -> Place {
        let first = |middle: f64, half: f64| (middle - half) as usize;
        Place { row: first(self.middle.y, self.half.y), column: first(self.middle.x, self.half.x) }
    }
}

/// q(u, v) = q + gx u + gy v + xx u² + xy u v + yy v² from the middle of an area.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Quadratic {
    pub(crate) q: f64,
    pub(crate) gx: f64,
    pub(crate) gy: f64,
    pub(crate) xx: f64,
    pub(crate) xy: f64,
    pub(crate) yy: f64,
}

impl Quadratic {
    /// Expands the log-probability of entry `i` around `middle`, by the operations of
    /// [`VectorQuadratic`]: equal components differ by exactly zero.
    #[inline(always)]
    pub(crate) fn of<S: Simd>(simd: S, from: &PlaneComponents, i: usize, middle: Xy) -> Self {
        let lane = i % S::LANES;
        let k = VectorQuadratic::load(simd, from, i - lane, middle);
        let mut values = [0.0; 6];
        for (value, x) in values.iter_mut().zip([k.q, k.gx, k.gy, k.xx, k.xy, k.yy]) {
            let mut lanes = [0.0; MAX_LANES];
            simd.store(x, &mut lanes);
            *value = lanes[lane];
        }
        let [q, gx, gy, xx, xy, yy] = values;
        Self { q, gx, gy, xx, xy, yy }
    }
}

/// The components that can matter in a box of pixels.
#[derive(Default)]
pub(crate) struct Survivors {
    pub(crate) components: PlaneComponents,
    /// Their positions in the list from which they were selected.
    pub(crate) positions: Vec<u32>,
    /// Position of the reference among them; None if no component has a finite q at the
    /// middle of the box.
    pub(crate) reference: Option<usize>,
}

/// Writes the components of `from` that can matter on `area`, for a precision of `bits`,
/// to `into`: all of them if there is no reference.
#[inline(always)]
pub(crate) fn cull<S: Simd>(
    simd: S,
    from: &PlaneComponents,
    area: &Area,
    bits: f64,
    into: &mut Survivors,
) {
    let Survivors { components: kept, positions, reference: kept_reference } = into;
    // The last store writes a whole vector of positions.
    positions.resize(from.len().next_multiple_of(S::LANES), 0);
    let reference = largest_at_middle(simd, from, area.middle);
    let Some(reference) = reference else {
        positions.clear();
        positions.extend(0..from.len() as u32);
        kept.select(from, positions);
        *kept_reference = None;
        return;
    };
    let r = Quadratic::of(simd, from, reference, area.middle);
    let splat = |x| simd.splat(x);
    let (half_x, half_y) = (splat(area.half.x), splat(area.half.y));
    let half_squared = splat(area.half.x.powi(2) + area.half.y.powi(2));
    let half_product = splat(area.half.x * area.half.y);
    let rounding = splat(2.0_f64.powi(-44));
    let reference_size = splat(r.q.abs());
    let Allowance { least, sum: allowed } = Allowance::new(bits, S::LANES);
    let (zero, one, half) = (splat(0.0), splat(1.0), splat(0.5));
    let mut left_out = zero;
    let mut n_kept = 0;
    for first in (0..from.len()).step_by(S::LANES) {
        let k = VectorQuadratic::load(simd, from, first, area.middle);
        let along_x =
            largest_along(simd, simd.sub(k.gx, splat(r.gx)), simd.sub(k.xx, splat(r.xx)), half_x);
        let along_y =
            largest_along(simd, simd.sub(k.gy, splat(r.gy)), simd.sub(k.yy, splat(r.yy)), half_y);
        let cross = simd.mul(simd.abs(simd.sub(k.xy, splat(r.xy))), half_product);
        let curvature = simd.sub(splat(-r.xx - r.yy), simd.add(k.xx, k.yy));
        let size = simd.add(simd.abs(k.q), reference_size);
        let size = simd.mul_add(curvature, half_squared, size);
        let bound = simd.add(simd.sub(k.q, splat(r.q)), simd.add(along_x, along_y));
        let bound = simd.mul_add(size, rounding, simd.add(bound, cross));
        let weight_bits = simd.load(&from.field(Field::WeightBits)[first..]);
        let bound = simd.add(bound, weight_bits);
        // 2^bound, rounded up, and at least 2^-1000.
        let exponent = simd.round(simd.add(simd.max(bound, splat(-1000.0)), half));
        let more = simd.add(left_out, simd.scale(one, simd.min(exponent, zero)));
        let is_small = simd.less_bits(bound, splat(least));
        let dropped = is_small & simd.less_bits(more, splat(allowed));
        let bound_or_zero = simd.select_less(bound, splat(least), more, left_out);
        left_out = simd.select_less(more, splat(allowed), bound_or_zero, left_out);
        let n_entries = S::LANES.min(from.len() - first);
        let kept_lanes = !dropped & ((1_u32 << n_entries) - 1);
        n_kept += simd.store_positions(first as u32, kept_lanes, &mut positions[n_kept..]);
    }
    positions.truncate(n_kept);
    kept.select(from, positions);
    *kept_reference = positions.iter().position(|&p| p as usize == reference);
}

/// The components that may be left out of a box.
struct Allowance {
    /// The bound of a component must be below this.
    least: f64,
    /// The sum of a lane must stay below this.
    sum: f64,
}

impl Allowance {
    fn new(bits: f64, n_lanes: usize) -> Self {
        if bits > 0.0 {
            Self { least: -bits - 3.0, sum: (-bits - 3.0).exp2() / n_lanes as f64 }
        } else {
            Self { least: 0.0, sum: f64::INFINITY }
        }
    }
}

/// Returns the position of the first entry with the largest q at `middle`, if finite.
#[inline(always)]
fn largest_at_middle<S: Simd>(simd: S, from: &PlaneComponents, middle: Xy) -> Option<usize> {
    let mut largest = simd.splat(f64::NEG_INFINITY);
    let mut firsts = simd.splat(0.0);
    for first in (0..from.len()).step_by(S::LANES) {
        let VectorQuadratic { q, .. } = VectorQuadratic::load(simd, from, first, middle);
        firsts = simd.select_less(largest, q, simd.splat(first as f64), firsts);
        largest = simd.max(q, largest);
    }
    let (mut values, mut places) = ([0.0; MAX_LANES], [0.0; MAX_LANES]);
    simd.store(largest, &mut values);
    simd.store(firsts, &mut places);
    let mut best = (f64::NEG_INFINITY, usize::MAX);
    for lane in 0..S::LANES {
        let place = places[lane] as usize + lane;
        if values[lane] > best.0 || (values[lane] == best.0 && place < best.1) {
            best = (values[lane], place);
        }
    }
    (best.0 > f64::NEG_INFINITY).then_some(best.1)
}

/// A vector of [`Quadratic`]s, one in each lane.
pub(crate) struct VectorQuadratic<S: Simd> {
    pub(crate) q: S::F,
    pub(crate) gx: S::F,
    pub(crate) gy: S::F,
    pub(crate) xx: S::F,
    pub(crate) xy: S::F,
    pub(crate) yy: S::F,
}

impl<S: Simd> VectorQuadratic<S> {
    /// Expands the log-probabilities of the entries from `first` on around `middle`.
    #[inline(always)]
    pub(crate) fn load(simd: S, from: &PlaneComponents, first: usize, middle: Xy) -> Self {
        let load = |field| simd.load(&from.field(field)[first..]);
        let (a, b, c) = (load(Field::A), load(Field::B), load(Field::C));
        let dy = simd.sub(simd.splat(middle.y), load(Field::MeanY));
        let dx = simd.sub(simd.splat(middle.x), load(Field::MeanX));
        let z1 = simd.mul_add(a, dx, simd.mul(b, dy));
        let z2 = simd.mul(c, dy);
        let minus_two = simd.splat(-2.0);
        let zero = simd.splat(0.0);
        Self {
            q: simd.neg_mul_add(z2, z2, simd.neg_mul_add(z1, z1, load(Field::Peak))),
            gx: simd.mul(minus_two, simd.mul(a, z1)),
            gy: simd.mul(minus_two, simd.mul_add(b, z1, simd.mul(c, z2))),
            xx: simd.neg_mul_add(a, a, zero),
            xy: simd.mul(minus_two, simd.mul(a, b)),
            yy: simd.neg_mul_add(b, b, simd.neg_mul_add(c, c, zero)),
        }
    }
}

/// Returns the maximum of g u + a u² over |u| <= half.
#[inline(always)]
fn largest_along<S: Simd>(simd: S, g: S::F, a: S::F, half: S::F) -> S::F {
    let zero = simd.splat(0.0);
    let slope = simd.abs(g);
    let (down, up) = (simd.min(a, zero), simd.max(a, zero));
    // A tiny divisor prevents 0 / 0 and makes all other quotients large.
    let divisor = simd.max(simd.mul(simd.splat(-2.0), down), simd.splat(1e-300));
    let at = simd.min(simd.div(slope, divisor), half);
    let falling = simd.mul(at, simd.mul_add(down, at, slope));
    simd.mul_add(up, simd.mul(half, half), falling)
}

#[cfg(test)]
mod tests;

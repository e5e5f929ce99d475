//! Culling: a box of pixels -> the components that can matter there.
//!
//! Proof that what is left out cannot matter. Let r be any component and
//! D_k(x) = q_k(x) - q_r(x), in bits, and b_k an upper bound of D_k over a box. On
//! that box components are left out only as long as
//!
//!   sum over those left out of 2^(b_k + E_k) <= 2^-(B + 3),
//!
//! where B bits are wanted: 53, or fewer where a tolerance or the type of the
//! output allows (quantity.rs). Each component is left out at most once, on some
//! box of the hierarchy that contains the pixel, against that box's own r; the
//! hierarchy has four levels, and narrow components, which are left out pixel by
//! pixel (kernel/tile/narrow.rs), keep to the same sum. Since p(x) >= 2^(q_r(x)),
//! for E_k = 0
//!
//!   sum of all that is left out <= 5 2^-(B + 3) p(x) < 2^-B p(x).
//!
//! A sum instead of a threshold for each component, which would have to be lower
//! by log2(K), leaves out a tenth more of them. It is kept lane by lane, each lane
//! with its part of it, in whole powers of two rounded up.
//!
//! A conditional mean weights component k's expert by p_k(x) / p(x). E_k is the
//! logarithm (at least 0) of the largest value its expert takes anywhere on the
//! grid over the scale of the target, so what is left out moves the mean by less
//! than 2^-B of that scale and of itself. For a covariance E_k is the same of the
//! largest squared deviation over the smallest variance; for an entropy, of
//! -r log r. A label is the component with the largest q: one that lies below r all
//! over a box is not it, so there B = 0 and nothing is summed.
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
//! operations can lose. A bound that is not a number keeps the component.
//!
//! r is the component with the largest q at the middle of the box, the first of
//! equals. Which components survive a box depends on the grid alone, because the
//! hierarchy does: never on threads.

use crate::rendering::plane::{Column, Columns};
use crate::simd::{MAX_LANES, Simd};

/// A rectangle of pixel centres, by its middle and half its sides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    pub(crate) middle: (f64, f64),
    pub(crate) half: (f64, f64),
}

impl Area {
    /// Columns `x` .. `x + width` and rows `y` .. `y + height` of pixels.
    pub(crate) fn new((x, y): (usize, usize), (width, height): (usize, usize)) -> Self {
        let half = ((width - 1) as f64 / 2.0, (height - 1) as f64 / 2.0);
        Self { middle: (x as f64 + half.0, y as f64 + half.1), half }
    }

    /// Its first column and row.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub(crate) fn corner(&self) -> (usize, usize) {
        ((self.middle.0 - self.half.0) as usize, (self.middle.1 - self.half.1) as usize)
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
    /// Of entry `i`, around `middle`.
    pub(crate) fn of(columns: &Columns, i: usize, middle: (f64, f64)) -> Self {
        let at = |column| columns.at(column, i);
        let (a, b, c) = (at(Column::A), at(Column::B), at(Column::C));
        let dy = middle.1 - at(Column::MeanY);
        let z1 = a * (middle.0 - at(Column::MeanX)) + b * dy;
        let z2 = c * dy;
        Self {
            q: at(Column::Peak) - z1 * z1 - z2 * z2,
            gx: -2.0 * a * z1,
            gy: -2.0 * (b * z1 + c * z2),
            xx: -a * a,
            xy: -2.0 * a * b,
            yy: -(b * b + c * c),
        }
    }
}

/// Candidates of a box of pixels, and where they were in the list they were taken
/// from.
#[derive(Default)]
pub(crate) struct Candidates {
    pub(crate) columns: Columns,
    pub(crate) positions: Vec<u32>,
}

/// Puts the components of `columns` that can matter on `area` where `bits` are wanted
/// into `into`, and returns the position there of the reference, or None if no
/// component has a finite q at the middle (then all are put there).
#[inline(always)]
pub(crate) fn survivors<S: Simd>(
    simd: S,
    columns: &Columns,
    area: &Area,
    bits: f64,
    into: &mut Candidates,
) -> Option<usize> {
    let Candidates { columns: kept_columns, positions } = into;
    // Room for a whole vector of positions beyond the last one.
    positions.resize(columns.len() + S::LANES, 0);
    let reference = largest_at_middle(simd, columns, area.middle);
    let Some(reference) = reference else {
        positions.clear();
        positions.extend(0..columns.len() as u32);
        kept_columns.select(columns, positions);
        return None;
    };
    let r = Quadratic::of(columns, reference, area.middle);
    let splat = |x| simd.splat(x);
    let (half_x, half_y) = (splat(area.half.0), splat(area.half.1));
    let half_squared = splat(area.half.0.powi(2) + area.half.1.powi(2));
    let half_product = splat(area.half.0 * area.half.1);
    let rounding = splat(2.0_f64.powi(-44));
    let reference_size = splat(r.q.abs());
    let Allowance { least, sum: allowed } = Allowance::new(bits, S::LANES);
    let (zero, one, half) = (splat(0.0), splat(1.0), splat(0.5));
    let mut left_out = zero;
    let mut n_kept = 0;
    for first in (0..columns.len()).step_by(S::LANES) {
        let k = VectorQuadratic::load(simd, columns, first, area.middle);
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
        let excess = simd.load(&columns.column(Column::Excess)[first..]);
        let bound = simd.add(bound, excess);
        // 2^bound, rounded up; what is below 2^-1000 counts as that.
        let exponent = simd.round(simd.add(simd.max(bound, splat(-1000.0)), half));
        let more = simd.add(left_out, simd.scale(one, simd.min(exponent, zero)));
        let is_small = simd.less_bits(bound, splat(least));
        let dropped = is_small & simd.less_bits(more, splat(allowed));
        let bound_or_zero = simd.select_less(bound, splat(least), more, left_out);
        left_out = simd.select_less(more, splat(allowed), bound_or_zero, left_out);
        let n_entries = S::LANES.min(columns.len() - first);
        let kept = !dropped & ((1_u32 << n_entries) - 1);
        n_kept += simd.store_positions(first as u32, kept, &mut positions[n_kept..]);
    }
    positions.truncate(n_kept);
    kept_columns.select(columns, positions);
    positions.iter().position(|&p| p as usize == reference)
}

/// What may be left out of a box.
struct Allowance {
    /// Only components whose bound is below this are.
    least: f64,
    /// And only as long as a lane's sum stays below this.
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

/// Position of the first entry with the largest q at `middle`, if that is finite.
#[inline(always)]
fn largest_at_middle<S: Simd>(simd: S, columns: &Columns, middle: (f64, f64)) -> Option<usize> {
    let mut largest = simd.splat(f64::NEG_INFINITY);
    let mut firsts = simd.splat(0.0);
    for first in (0..columns.len()).step_by(S::LANES) {
        let q = q_at(simd, columns, first, middle);
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

#[inline(always)]
fn q_at<S: Simd>(simd: S, columns: &Columns, first: usize, (x, y): (f64, f64)) -> S::F {
    let load = |column| simd.load(&columns.column(column)[first..]);
    let dy = simd.sub(simd.splat(y), load(Column::MeanY));
    let dx = simd.sub(simd.splat(x), load(Column::MeanX));
    let z1 = simd.mul_add(load(Column::A), dx, simd.mul(load(Column::B), dy));
    let z2 = simd.mul(load(Column::C), dy);
    simd.neg_mul_add(z2, z2, simd.neg_mul_add(z1, z1, load(Column::Peak)))
}

/// The same of as many entries as there are lanes.
pub(crate) struct VectorQuadratic<S: Simd> {
    pub(crate) q: S::F,
    pub(crate) gx: S::F,
    pub(crate) gy: S::F,
    pub(crate) xx: S::F,
    pub(crate) xy: S::F,
    pub(crate) yy: S::F,
}

impl<S: Simd> VectorQuadratic<S> {
    /// Of the entries from `first` on, around a middle.
    #[inline(always)]
    pub(crate) fn load(simd: S, columns: &Columns, first: usize, (x, y): (f64, f64)) -> Self {
        let load = |column| simd.load(&columns.column(column)[first..]);
        let (a, b, c) = (load(Column::A), load(Column::B), load(Column::C));
        let dy = simd.sub(simd.splat(y), load(Column::MeanY));
        let dx = simd.sub(simd.splat(x), load(Column::MeanX));
        let z1 = simd.mul_add(a, dx, simd.mul(b, dy));
        let z2 = simd.mul(c, dy);
        let minus_two = simd.splat(-2.0);
        let zero = simd.splat(0.0);
        Self {
            q: simd.neg_mul_add(z2, z2, simd.neg_mul_add(z1, z1, load(Column::Peak))),
            gx: simd.mul(minus_two, simd.mul(a, z1)),
            gy: simd.mul(minus_two, simd.mul_add(b, z1, simd.mul(c, z2))),
            xx: simd.neg_mul_add(a, a, zero),
            xy: simd.mul(minus_two, simd.mul(a, b)),
            yy: simd.neg_mul_add(b, b, simd.neg_mul_add(c, c, zero)),
        }
    }
}

/// max of g u + a u² over |u| <= half.
#[inline(always)]
fn largest_along<S: Simd>(simd: S, g: S::F, a: S::F, half: S::F) -> S::F {
    let zero = simd.splat(0.0);
    let slope = simd.abs(g);
    let (down, up) = (simd.min(a, zero), simd.max(a, zero));
    // The smallest divisor keeps 0 / 0 away and makes everything else large.
    let divisor = simd.max(simd.mul(simd.splat(-2.0), down), simd.splat(1e-300));
    let at = simd.min(simd.div(slope, divisor), half);
    let falling = simd.mul(at, simd.mul_add(down, at, slope));
    simd.mul_add(up, simd.mul(half, half), falling)
}

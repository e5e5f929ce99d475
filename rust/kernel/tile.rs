//! Tiles of a plane: sums over the surviving components at 32 x 32 pixels.
//!
//! Everything is relative to the plane l(u, v) = q_r + gx u + gy v that touches
//! the reference component at the tile's middle, so that far tails neither
//! underflow nor lose their slope; l is added back at the end.
//!
//! Smooth components go by recurrence. Down a column of pixels a Gaussian is
//! 2^(alpha + beta v + C v²) = P Q^v T(v): P is multiplied by Q = 2^beta from row
//! to row, and T(v) = 2^(C v²) is the same for every tile and column, so that a
//! pixel costs one multiplication and one multiply-add instead of an
//! exponential. P and Q are restarted at every tile; their error grows with the
//! 31 multiplications to below 1e-14, and the exponents, at most `MAX_BITS` on
//! the tile, are right to 1e-13.
//!
//! Narrow components, whose exponents pass `MAX_BITS`, go last, by direct
//! exponentials of centred distances on the part of each row where they are not
//! below their threshold against the reference (cull.rs proves that they may be
//! dropped elsewhere).

use super::math::{exp2_clamped, log2, times_exp2};
use super::simd::Simd;
use crate::cull::{Area, Quadratic};
use crate::pixel::Sink;
use crate::plane::{Column, Columns, MAX_BITS, Plane, PlaneModel, TILE};

/// Most targets of one pass, the channels of a colour; more take more passes.
pub(crate) const MAX_TARGETS: usize = 3;

/// The middle row of a tile, also of one that ends early: the tables depend on it.
const MIDDLE: f64 = (TILE - 1) as f64 / 2.0;

/// A component on a tile, relative to the reference plane.
#[derive(Clone, Copy)]
struct Term<'a> {
    relative: Quadratic,
    /// Position in the tile's columns.
    position: usize,
    table: Option<&'a [f64; TILE]>,
    /// Per target: the mean at the tile's middle, and its slopes.
    experts: [[f64; 3]; MAX_TARGETS],
}

/// What a tile is of.
pub(crate) struct TileInput<'a> {
    pub(crate) model: &'a PlaneModel<'a>,
    pub(crate) plane: &'a Plane,
    /// The survivors.
    pub(crate) columns: &'a Columns,
    /// Position of the reference among them.
    pub(crate) reference: usize,
    pub(crate) area: Area,
    /// Rows and columns of pixels, at most `TILE`.
    pub(crate) size: (usize, usize),
}

/// Where a tile's results go in a band.
pub(crate) struct Window {
    /// Position of the first pixel's first value of this pass.
    pub(crate) first: usize,
    pub(crate) row_stride: usize,
    pub(crate) pixel_stride: usize,
    /// Rows and columns of pixels; the band may end within the last row.
    pub(crate) size: (usize, usize),
}

/// Sums of one tile: N = 1 for the density alone, 1 + targets with the experts.
pub(crate) struct TileKernel<S: Simd, const N: usize> {
    simd: S,
    /// Sums at (vector of columns, row): components' shares, then targets.
    cells: Vec<[S::F; N]>,
    /// Columns of each vector, from 0.
    columns: Vec<S::F>,
    /// The tile's middle column.
    middle_column: f64,
    /// The reference plane: its value at the middle and its slopes.
    origin: (f64, f64, f64),
}

impl<S: Simd, const N: usize> TileKernel<S, N> {
    const VECTORS: usize = TILE / S::LANES;

    pub(crate) fn new(simd: S) -> Self {
        let columns: Vec<f64> = (0..TILE).map(|i| i as f64).collect();
        Self {
            simd,
            cells: vec![[simd.splat(0.0); N]; TILE * Self::VECTORS],
            columns: columns.chunks_exact(S::LANES).map(|lanes| simd.load(lanes)).collect(),
            middle_column: 0.0,
            origin: (0.0, 0.0, 0.0),
        }
    }

    /// Sums the shares, and the shares times experts of targets from
    /// `first_target` on; false if the exponents are beyond what a float64 holds
    /// relative to one plane, and nothing was summed.
    pub(crate) fn accumulate(&mut self, input: &TileInput<'_>, first_target: usize) -> bool {
        let simd = self.simd;
        simd.vectorize(
            #[inline(always)]
            || self.accumulate_vectorized(input, first_target),
        )
    }

    #[inline(always)]
    fn accumulate_vectorized(&mut self, input: &TileInput<'_>, first_target: usize) -> bool {
        let reference = Quadratic::of(input.columns, input.reference, input.area.middle);
        self.origin = (reference.q, reference.gx, reference.gy);
        self.middle_column = input.area.half.0;
        let mut smooth: Vec<Term<'_>> = Vec::with_capacity(input.columns.len());
        let mut narrow = Vec::new();
        for position in 0..input.columns.len() {
            let term = term(input, position, &reference, first_target, N - 1);
            if largest(input, &term, &reference) > MAX_BITS {
                return false;
            }
            if term.table.is_some() && range(&term.relative, input.area.half.0) <= MAX_BITS {
                smooth.push(term);
            } else {
                narrow.push(term);
            }
        }
        // One component that stays in range everywhere keeps every sum normal.
        let is_bounded = |term: &Term<'_>| {
            range(&term.relative, input.area.half.0) - term.relative.yy * MIDDLE * MIDDLE
                <= MAX_BITS
        };
        if !smooth.iter().any(is_bounded) {
            return false;
        }
        let (n_rows, n_columns) = input.size;
        let n_vectors = n_columns.div_ceil(S::LANES);
        self.cells.fill([self.simd.splat(0.0); N]);
        for vector in 0..n_vectors {
            let u = self.u(vector);
            let cells = &mut self.cells[vector * TILE..][..n_rows];
            if N == 1 {
                let mut groups = smooth.chunks_exact(4);
                for group in &mut groups {
                    recur::<S, N, 4>(self.simd, cells, group, u);
                }
                for term in groups.remainder() {
                    recur::<S, N, 1>(self.simd, cells, std::slice::from_ref(term), u);
                }
            } else {
                let mut groups = smooth.chunks_exact(2);
                for group in &mut groups {
                    recur::<S, N, 2>(self.simd, cells, group, u);
                }
                for term in groups.remainder() {
                    recur::<S, N, 1>(self.simd, cells, std::slice::from_ref(term), u);
                }
            }
        }
        for term in &narrow {
            self.add_narrow(input, term, &reference, first_target);
        }
        true
    }

    /// Adds a component by direct exponentials where it can matter.
    #[inline(always)]
    fn add_narrow(
        &mut self,
        input: &TileInput<'_>,
        term: &Term<'_>,
        reference: &Quadratic,
        first_target: usize,
    ) {
        let simd = self.simd;
        let k = input.columns.index[term.position] as usize;
        let at = |column| input.columns.at(column, term.position);
        let (a, b, c) = (at(Column::A), at(Column::B), at(Column::C));
        let (mx, my) = (at(Column::MeanX), at(Column::MeanY));
        let (x, y) = input.area.middle;
        let (n_rows, n_columns) = input.size;
        // The reference itself is at most this far below its plane on the tile.
        let half = input.area.half.0;
        let sag = reference.xy.abs() * half * MIDDLE
            - reference.xx * half * half
            - reference.yy * MIDDLE * MIDDLE;
        for row in 0..n_rows {
            let v = row as f64 - MIDDLE;
            let dy = y + v - my;
            let plane = reference.q + reference.gy * v;
            let rest = at(Column::Peak) - (c * dy).powi(2) - plane;
            let reach = rest + reference.gx.abs() * half + at(Column::Threshold) + sag;
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
                let u = self.u(vector);
                let dx = simd.add(u, simd.splat(x - mx));
                let z = simd.mul_add(simd.splat(a), dx, simd.splat(b * dy));
                let rest = simd.neg_mul_add(simd.splat(reference.gx), u, simd.splat(rest));
                let share = exp2_clamped(simd, simd.neg_mul_add(z, z, rest));
                let cell = &mut self.cells[vector * TILE + row];
                cell[0] = simd.add(cell[0], share);
                for (n, sum) in cell[1..].iter_mut().enumerate() {
                    // From the component's own mean: its slopes may be steep.
                    let [mean, along_x, along_y] = input.plane.expert(k, first_target + n);
                    let at_row = simd.splat(mean + along_y * dy);
                    let mean = simd.mul_add(simd.splat(along_x), dx, at_row);
                    *sum = simd.mul_add(share, mean, *sum);
                }
            }
        }
    }

    /// Writes log p of each pixel.
    pub(crate) fn log_density(&self, window: &Window, out: &mut dyn Sink) {
        let ln_2 = std::f64::consts::LN_2;
        self.finish(window, out, 0, |simd, cell, plane| {
            simd.mul(simd.add(plane, log2(simd, cell[0])), simd.splat(ln_2))
        });
    }

    /// Writes p of each pixel.
    pub(crate) fn density(&self, window: &Window, out: &mut dyn Sink) {
        self.finish(window, out, 0, |simd, cell, plane| times_exp2(simd, cell[0], plane));
    }

    /// Writes the N - 1 conditional means of each pixel.
    pub(crate) fn mean(&self, window: &Window, out: &mut dyn Sink) {
        for n in 1..N {
            self.finish(window, out, n - 1, |simd, cell, _| simd.div(cell[n], cell[0]));
        }
    }

    /// Writes the value that `value(simd, cell, reference plane)` makes of a cell.
    #[inline(always)]
    fn finish(
        &self,
        window: &Window,
        out: &mut dyn Sink,
        index: usize,
        value: impl Fn(S, &[S::F; N], S::F) -> S::F,
    ) {
        let simd = self.simd;
        let (n_rows, n_columns) = window.size;
        let mut values = [0.0; TILE];
        for row in 0..n_rows {
            simd.vectorize(
                #[inline(always)]
                || {
                    for vector in 0..n_columns.div_ceil(S::LANES) {
                        let cell = &self.cells[vector * TILE + row];
                        let lanes = &mut values[vector * S::LANES..];
                        simd.store(value(simd, cell, self.plane_at(row, vector)), lanes);
                    }
                },
            );
            let first = window.first + row * window.row_stride + index;
            out.write(first, window.pixel_stride, &values[..n_columns]);
        }
    }

    /// The reference plane at `row` and `vector`.
    #[inline(always)]
    fn plane_at(&self, row: usize, vector: usize) -> S::F {
        let at_row = self.origin.0 + self.origin.2 * (row as f64 - MIDDLE);
        let simd = self.simd;
        simd.mul_add(simd.splat(self.origin.1), self.u(vector), simd.splat(at_row))
    }

    /// Columns of a vector, from the tile's middle.
    #[inline(always)]
    fn u(&self, vector: usize) -> S::F {
        self.simd.sub(self.columns[vector], self.simd.splat(self.middle_column))
    }
}

/// Survivor `position` relative to the reference plane.
#[inline(always)]
fn term<'a>(
    input: &TileInput<'a>,
    position: usize,
    reference: &Quadratic,
    first_target: usize,
    n_targets: usize,
) -> Term<'a> {
    let mut relative = Quadratic::of(input.columns, position, input.area.middle);
    relative.q -= reference.q;
    relative.gx -= reference.gx;
    relative.gy -= reference.gy;
    let k = input.columns.index[position] as usize;
    let mut experts = [[0.0; 3]; MAX_TARGETS];
    let dx = input.area.middle.0 - input.columns.at(Column::MeanX, position);
    let dy = input.area.middle.1 - input.columns.at(Column::MeanY, position);
    for (t, expert) in experts[..n_targets].iter_mut().enumerate() {
        let [mean, along_x, along_y] = input.plane.expert(k, first_target + t);
        *expert = [mean + along_x * dx + along_y * dy, along_x, along_y];
    }
    Term { relative, position, table: input.model.curvature_table(k), experts }
}

/// A bound of |exponent| over the tile of everything but the curvature down a
/// column, which has its own table.
fn range(relative: &Quadratic, half: f64) -> f64 {
    let Quadratic { q, gx, gy, xx, xy, .. } = relative;
    q.abs() + gx.abs() * half + gy.abs() * MIDDLE + xy.abs() * half * MIDDLE - xx * half * half
}

/// An upper bound of a component's exponent over the tile: that of its terms,
/// or its peak above the lowest point of the reference plane.
fn largest(input: &TileInput<'_>, term: &Term<'_>, reference: &Quadratic) -> f64 {
    let half = input.area.half.0;
    let slope = reference.gx.abs() * half + reference.gy.abs() * MIDDLE;
    let by_peak = input.columns.at(Column::Peak, term.position) - reference.q + slope;
    let Quadratic { q, gx, gy, xy, .. } = term.relative;
    let by_terms = q + gx.abs() * half + gy.abs() * MIDDLE + xy.abs() * half * MIDDLE;
    by_peak.min(by_terms)
}

/// Adds G components to a column of vectors, row by row.
#[inline(always)]
fn recur<S: Simd, const N: usize, const G: usize>(
    simd: S,
    cells: &mut [[S::F; N]],
    terms: &[Term<'_>],
    u: S::F,
) {
    let n_rows = cells.len();
    let zero = simd.splat(0.0);
    let mut p = [zero; G];
    let mut q = [zero; G];
    let mut experts = [[zero; N]; G];
    let mut tables: [&[f64]; G] = [&[]; G];
    for g in 0..G {
        let Quadratic { q: at_middle, gx, gy, xx, xy, .. } = terms[g].relative;
        let top = simd.splat(at_middle - gy * MIDDLE);
        let slope = simd.mul_add(simd.splat(xx), u, simd.splat(gx - xy * MIDDLE));
        p[g] = exp2_clamped(simd, simd.mul_add(slope, u, top));
        q[g] = exp2_clamped(simd, simd.mul_add(simd.splat(xy), u, simd.splat(gy)));
        for n in 1..N {
            let [mean, along_x, along_y] = terms[g].experts[n - 1];
            let top = simd.splat(mean - along_y * MIDDLE);
            experts[g][n] = simd.mul_add(simd.splat(along_x), u, top);
        }
        tables[g] = &terms[g].table.expect("smooth components have one")[..n_rows];
    }
    for (row, cell) in cells.iter_mut().enumerate() {
        let mut sums = *cell;
        for g in 0..G {
            let table = simd.splat(tables[g][row]);
            if N == 1 {
                sums[0] = simd.mul_add(p[g], table, sums[0]);
            } else {
                let share = simd.mul(p[g], table);
                sums[0] = simd.add(sums[0], share);
                for n in 1..N {
                    sums[n] = simd.mul_add(share, experts[g][n], sums[n]);
                    let step = simd.splat(terms[g].experts[n - 1][2]);
                    experts[g][n] = simd.add(experts[g][n], step);
                }
            }
            p[g] = simd.mul(p[g], q[g]);
        }
        *cell = sums;
    }
}

//! Smooth components, by recurrence.
//!
//! Down a column of pixels a Gaussian is 2^(alpha + beta v + C v²) = P Q^v T(v):
//! P is multiplied by Q = 2^beta from row to row, and T(v) = 2^(C v²) is the same
//! for every column and all tiles of a block, so that a pixel costs one
//! multiplication and one multiply-add instead of an exponential. P and Q are
//! restarted at every tile; their error grows with the 31 multiplications at
//! most to below 1e-14, and the exponents, at most `max_bits` on the
//! tile, are right to 1e-13 (in float64).
//!
//! From one vector of columns to the next, L lanes on, alpha changes by a linear
//! function of u and beta by a constant, so that P, Q and the factor of P advance
//! by multiplications, too: three exponentials a component and tile, however wide.

use crate::rendering::plane::TILE;
use crate::rendering::tile::sums::{Start, Summand, cell};
use crate::rendering::tile::terms::{Field, Terms};
use crate::rendering::tile::{MIDDLE, TileInput, TileKernel, table};
use crate::simd::Simd;
use crate::simd::math::exp2_clamped;

/// What does not change from component to component.
struct Column<'a, S: Simd> {
    simd: S,
    terms: &'a Terms,
    tables: &'a [[S::Element; TILE]],
    parents: &'a [u32],
    /// Columns from 0, and the tile's middle.
    columns: &'a [f64],
    middle: (f64, f64),
    /// Rows and columns.
    size: (usize, usize),
}

impl<S: Simd, const N: usize> TileKernel<S, N> {
    /// Adds the smooth components, part by part.
    #[inline(always)]
    pub(crate) fn add_smooth<M: Summand<S, N>>(&mut self, input: &TileInput<'_>, summand: &M) {
        let column = Column {
            simd: self.simd,
            terms: &self.setup.terms,
            tables: &self.tables,
            parents: input.parents,
            columns: &self.columns,
            middle: self.middle,
            size: input.size,
        };
        let cells = &mut self.cells;
        let mut rest = &self.setup.smooth[..];
        // Alone, shares have so little to do that two are too few.
        if N == 1 {
            let (groups, others) = rest.as_chunks::<4>();
            for &group in groups {
                recur::<S, M, N, 4>(&column, cells, summand, group);
            }
            rest = others;
        }
        let (triples, last) = rest.as_chunks::<3>();
        for &triple in triples {
            recur::<S, M, N, 3>(&column, cells, summand, triple);
        }
        for &term in last {
            recur::<S, M, N, 1>(&column, cells, summand, [term]);
        }
    }
}

/// Adds G components to a tile: enough independent chains to hide the
/// latency of each.
#[inline(always)]
fn recur<S: Simd, M: Summand<S, N>, const N: usize, const G: usize>(
    column: &Column<'_, S>,
    cells: &mut [[S::F; N]],
    summand: &M,
    group: [u32; G],
) {
    let (simd, terms) = (column.simd, column.terms);
    let group = group.map(|i| i as usize);
    let own;
    let tables: [&[S::Element; TILE]; G] = if column.tables.is_empty() {
        own = own_tables(column, group);
        own.each_ref()
    } else {
        let mut tables = [&column.tables[0]; G];
        for g in 0..G {
            tables[g] = &column.tables[column.parents[group[g]] as usize];
        }
        tables
    };
    let zero = simd.splat(0.0);
    let (mut tops, mut downs, mut growths) = ([zero; G], [zero; G], [zero; G]);
    let v = -column.middle.1;
    // A half tile's rows are the middle ones of the tables.
    let above = (MIDDLE - column.middle.1) as usize;
    let (n_rows, n_vectors) = (column.size.0, column.size.1.div_ceil(S::LANES));
    for vector in 0..n_vectors {
        let u = simd.load(&column.columns[vector * S::LANES..]);
        let u = simd.sub(u, simd.splat(column.middle.0));
        if vector == 0 {
            for g in 0..G {
                let (alpha, beta) = exponents(simd, terms, group[g], (u, v));
                tops[g] = exp2_clamped(simd, alpha);
                downs[g] = exp2_clamped(simd, beta);
                if n_vectors > 1 {
                    let at = |field| terms.at(field, group[g]);
                    let lanes = S::LANES as f64;
                    let linear = lanes * (at(Field::Gx) + at(Field::Xy) * v);
                    let constant = linear + at(Field::Xx) * lanes * lanes;
                    let step = simd.splat(2.0 * lanes * at(Field::Xx));
                    let growth = simd.mul_add(step, u, simd.splat(constant));
                    growths[g] = exp2_clamped(simd, growth);
                }
            }
        } else {
            for g in 0..G {
                tops[g] = simd.mul(tops[g], growths[g]);
                let growth = simd.splat(terms.at(Field::Growth, group[g]));
                growths[g] = simd.mul(growths[g], growth);
                let ratio = simd.splat(terms.at(Field::Ratio, group[g]));
                downs[g] = simd.mul(downs[g], ratio);
            }
        }
        let mut states = [start_of(column, summand, group[0], (u, v)); G];
        for g in 1..G {
            states[g] = start_of(column, summand, group[g], (u, v));
        }
        let mut p = tops;
        let cells = &mut cells[vector * TILE..][..n_rows];
        for (row, sums) in cells.iter_mut().enumerate() {
            let mut running = *sums;
            for g in 0..G {
                let t = simd.splat_element(tables[g][(above + row) % TILE]);
                summand.add(simd, &mut states[g], (p[g], t), cell(vector, row), &mut running);
                p[g] = simd.mul(p[g], downs[g]);
            }
            *sums = running;
        }
    }
}

/// alpha and beta of a term at the columns `u`, in the row `v` from the middle: the
/// exponent without the curvature down the column, and its slope.
#[inline(always)]
fn exponents<S: Simd>(simd: S, terms: &Terms, term: usize, (u, v): (S::F, f64)) -> (S::F, S::F) {
    let top = terms.at(Field::Q, term) + terms.at(Field::Gy, term) * v;
    let slope = simd.splat(terms.at(Field::Gx, term) + terms.at(Field::Xy, term) * v);
    let slope = simd.mul_add(simd.splat(terms.at(Field::Xx, term)), u, slope);
    let alpha = simd.mul_add(slope, u, simd.splat(top));
    let xy = simd.splat(terms.at(Field::Xy, term));
    (alpha, simd.mul_add(xy, u, simd.splat(terms.at(Field::Gy, term))))
}

#[inline(always)]
fn start_of<S: Simd, M: Summand<S, N>, const N: usize>(
    column: &Column<'_, S>,
    summand: &M,
    term: usize,
    (u, v): (S::F, f64),
) -> M::State {
    let (simd, terms) = (column.simd, column.terms);
    let (alpha, beta) = exponents(simd, terms, term, (u, v));
    let curvature = terms.at(Field::Yy, term);
    let start = Start {
        term,
        exponent: simd.add(alpha, simd.splat(curvature * v * v)),
        slope: simd.add(beta, simd.splat(curvature * (2.0 * v + 1.0))),
        dx: simd.add(u, simd.splat(terms.at(Field::Dx, term))),
        dy: v + terms.at(Field::Dy, term),
    };
    summand.start(simd, terms, &start)
}

/// The tables of a group whose block has none.
#[inline(always)]
fn own_tables<S: Simd, const G: usize>(
    column: &Column<'_, S>,
    group: [usize; G],
) -> [[S::Element; TILE]; G] {
    let mut tables = [[column.simd.element(0.0); TILE]; G];
    for g in 0..G {
        tables[g] = table(column.simd, -column.terms.at(Field::Yy, group[g]));
    }
    tables
}

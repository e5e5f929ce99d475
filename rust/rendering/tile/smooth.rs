//! Smooth components, by recurrence.
//!
//! Down a column of pixels a Gaussian is 2^(alpha + beta v + C v²) = P Q^v T(v):
//! P is multiplied by Q = 2^beta from row to row, and T(v) = 2^(C v²) is the same
//! for every column and all tiles of a block. A pixel therefore costs one
//! multiplication and one multiply-add instead of an exponential. P and Q are
//! restarted at every tile. The error of at most 31 multiplications stays below 1e-14,
//! and the exponents, at most `max_bits` on the tile, are exact to 1e-13 (in float64).
//!
//! From one vector of columns to the next, L lanes on, alpha changes by a linear
//! function of u and beta by a constant. P, Q and the factor of P therefore advance by
//! multiplications as well: a component takes three exponentials a tile, of any width.

use crate::grid::tile::{Size, TILE};
use crate::rendering::cull::Xy;
use crate::rendering::tile::input::{MIDDLE, Table, TileInput};
use crate::rendering::tile::kernel::TileKernel;
use crate::rendering::tile::sums::{Density, Start, Summand, cell};
use crate::rendering::tile::terms::{TermField, Terms};
use crate::simd::Simd;
use crate::simd::math::exp2_clamped;
use std::ops::Range;

/// The data of a tile that all components share.
struct TileColumns<'a, S: Simd> {
    simd: S,
    terms: &'a Terms,
    tables: &'a [Table<S>],
    block_positions: &'a [u32],
    /// Column numbers, from 0.
    columns: &'a [f64],
    /// The middle of the tile, from its first pixel.
    middle: Xy,
    size: Size,
}

impl<S: Simd, const N: usize> TileKernel<S, N> {
    /// Adds the smooth components, group by group.
    #[inline(always)]
    pub(crate) fn add_smooth<M: Summand<S, N>>(&mut self, input: &TileInput<'_>, summand: &M) {
        let tile = TileColumns {
            simd: self.simd,
            terms: &self.setup.terms,
            tables: &self.tables,
            block_positions: input.block_positions,
            columns: &self.columns,
            middle: self.middle,
            size: input.size,
        };
        let cells = &mut self.cells;
        let mut rest = &self.setup.smooth[..];
        // The sum of densities alone is so little work that it needs four chains.
        if N == 1 {
            let (groups, others) = rest.as_chunks::<4>();
            for &group in groups {
                recur::<S, M, N, 4>(&tile, cells, summand, group);
            }
            rest = others;
        }
        // A component of a mean color takes five registers, and the sums four.
        if S::HAS_32_REGISTERS {
            let (groups, others) = rest.as_chunks::<3>();
            for &group in groups {
                recur::<S, M, N, 3>(&tile, cells, summand, group);
            }
            rest = others;
        }
        let (groups, last) = rest.as_chunks::<2>();
        for &group in groups {
            recur::<S, M, N, 2>(&tile, cells, summand, group);
        }
        for &term in last {
            recur::<S, M, N, 1>(&tile, cells, summand, [term]);
        }
    }
}

/// Adds G components to a tile: enough independent chains to hide the
/// latency of each.
#[inline(always)]
fn recur<S: Simd, M: Summand<S, N>, const N: usize, const G: usize>(
    tile: &TileColumns<'_, S>,
    cells: &mut [[S::F; N]],
    summand: &M,
    group: [u32; G],
) {
    let (simd, terms) = (tile.simd, tile.terms);
    let group = group.map(|i| i as usize);
    // The rows of a part are the middle ones of the tables.
    let above = (MIDDLE - tile.middle.y) as usize;
    let (n_rows, n_vectors) = (tile.size.rows, tile.size.columns.div_ceil(S::LANES));
    let own;
    let tables: [&Table<S>; G] = if tile.tables.is_empty() {
        own = own_tables(tile, group, above..above + n_rows);
        own.each_ref()
    } else {
        let mut tables = [&tile.tables[0]; G];
        for g in 0..G {
            tables[g] = &tile.tables[tile.block_positions[group[g]] as usize];
        }
        tables
    };
    let zero = simd.splat(0.0);
    let (mut tops, mut downs, mut growths) = ([zero; G], [zero; G], [zero; G]);
    let v = -tile.middle.y;
    for vector in 0..n_vectors {
        let u = simd.load(&tile.columns[vector * S::LANES..]);
        let u = simd.sub(u, simd.splat(tile.middle.x));
        if vector == 0 {
            for g in 0..G {
                let Exponent { alpha, beta } = exponent(simd, terms, group[g], u, v);
                tops[g] = exp2_clamped(simd, alpha);
                downs[g] = exp2_clamped(simd, beta);
                if n_vectors > 1 {
                    let at = |field| terms.at(field, group[g]);
                    let lanes = S::LANES as f64;
                    let linear = lanes * (at(TermField::Gx) + at(TermField::Xy) * v);
                    let constant = linear + at(TermField::Xx) * lanes * lanes;
                    let step = simd.splat(2.0 * lanes * at(TermField::Xx));
                    let growth = simd.mul_add(step, u, simd.splat(constant));
                    growths[g] = exp2_clamped(simd, growth);
                }
            }
        } else {
            for g in 0..G {
                tops[g] = simd.mul(tops[g], growths[g]);
                growths[g] = simd.mul(growths[g], simd.splat(tables[g].growth));
                downs[g] = simd.mul(downs[g], simd.splat(tables[g].ratio));
            }
        }
        let mut states = [start_of(tile, summand, group[0], u, v); G];
        for g in 1..G {
            states[g] = start_of(tile, summand, group[g], u, v);
        }
        let mut p = tops;
        let cells = &mut cells[vector * TILE..][..n_rows];
        for (row, sums) in cells.iter_mut().enumerate() {
            let mut running = *sums;
            for g in 0..G {
                let t = simd.splat_element(tables[g].column[(above + row) % TILE]);
                let density = Density { p: p[g], t };
                summand.add(simd, &mut states[g], density, cell(vector, row), &mut running);
                p[g] = simd.mul(p[g], downs[g]);
            }
            *sums = running;
        }
    }
}

/// The exponent of a term at some columns and a row: alpha and beta of the header.
struct Exponent<S: Simd> {
    /// The exponent without the curvature down the column.
    alpha: S::F,
    /// Its slope down the column.
    beta: S::F,
}

/// Returns the exponent of a term at the columns `u` and the row `v` from the middle.
#[inline(always)]
fn exponent<S: Simd>(simd: S, terms: &Terms, term: usize, u: S::F, v: f64) -> Exponent<S> {
    let top = terms.at(TermField::Q, term) + terms.at(TermField::Gy, term) * v;
    let slope = simd.splat(terms.at(TermField::Gx, term) + terms.at(TermField::Xy, term) * v);
    let slope = simd.mul_add(simd.splat(terms.at(TermField::Xx, term)), u, slope);
    let alpha = simd.mul_add(slope, u, simd.splat(top));
    let xy = simd.splat(terms.at(TermField::Xy, term));
    let beta = simd.mul_add(xy, u, simd.splat(terms.at(TermField::Gy, term)));
    Exponent { alpha, beta }
}

/// Returns the state of a component at the columns `u` and the row `v` from the middle.
#[inline(always)]
fn start_of<S: Simd, M: Summand<S, N>, const N: usize>(
    tile: &TileColumns<'_, S>,
    summand: &M,
    term: usize,
    u: S::F,
    v: f64,
) -> M::State {
    let (simd, terms) = (tile.simd, tile.terms);
    let Exponent { alpha, beta } = exponent(simd, terms, term, u, v);
    let curvature = terms.at(TermField::Yy, term);
    let start = Start {
        term,
        exponent: simd.add(alpha, simd.splat(curvature * v * v)),
        slope: simd.add(beta, simd.splat(curvature * (2.0 * v + 1.0))),
        dx: simd.add(u, simd.splat(terms.at(TermField::Dx, term))),
        dy: v + terms.at(TermField::Dy, term),
    };
    summand.start(simd, terms, &start)
}

/// Computes the tables of a group, for a block that has none.
#[inline(always)]
fn own_tables<S: Simd, const G: usize>(
    tile: &TileColumns<'_, S>,
    group: [usize; G],
    rows: Range<usize>,
) -> [Table<S>; G] {
    // A plain loop: a closure of `map` would be left outside the function that has the instructions.
    let mut tables = [Table::zero(tile.simd); G];
    for g in 0..G {
        let at = |field| tile.terms.at(field, group[g]);
        let derivatives = [at(TermField::Xx), at(TermField::Xy), at(TermField::Yy)];
        tables[g] = Table::new(tile.simd, derivatives, rows.clone());
    }
    tables
}

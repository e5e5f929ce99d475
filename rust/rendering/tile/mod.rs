//! Tiles of a plane: sums over the surviving components at 32 x 32 pixels or fewer.
//!
//! Everything is relative to the plane l(u, v) = q_r + gx u + gy v that touches
//! the reference component at the tile's middle, so that far tails neither
//! underflow nor lose their slope; l is added back at the end.
//!
//! Smooth components go by recurrence, narrow ones, whose exponents pass what the
//! numbers hold, by direct exponentials where they can matter: recur.rs and
//! narrow.rs. What they add up is a [`Summand`]: sums.rs. The same kernel runs on
//! float64 and on float32 lanes; the parameters of the components are float64.

mod narrow;
mod smooth;
mod sums;
mod terms;

pub(crate) use sums::{Exponents, Means, Pair, Shares, Summand};

use crate::grid::output::{Band, Window};
use crate::rendering::cull::{Area, Quadratic};
use crate::rendering::plane::{Column, Columns, Plane, TILE};
use crate::simd::math::{entropy_in_nats, exp2_clamped, log2, times_exp2};
use crate::simd::{Format, Simd};
use sums::cell;
use terms::{Lanes, Setup};

/// A tile, and the components that can matter on it.
pub(crate) struct TileInput<'a> {
    pub(crate) plane: &'a Plane,
    /// The survivors.
    pub(crate) columns: &'a Columns,
    /// Their positions in the block's columns.
    pub(crate) parents: &'a [u32],
    /// Position of the reference among them.
    pub(crate) reference: usize,
    pub(crate) area: Area,
    /// Rows and columns of pixels, no more than the area's: that has all rows of a
    /// tile or of half of one, on whose middle the tables depend.
    pub(crate) size: (usize, usize),
    /// Bits that are wanted: see cull.rs.
    pub(crate) bits: f64,
}

impl TileInput<'_> {
    /// Whether it is a tile of `TILE` rows, not a part of one.
    pub(crate) fn is_whole(&self) -> bool {
        self.area.half.1 >= MIDDLE
    }
}

/// The middle row of a whole tile.
const MIDDLE: f64 = (TILE - 1) as f64 / 2.0;

/// Sums of one tile: N = 1 for the density alone, 1 + values with what shares weight.
pub(crate) struct TileKernel<S: Simd, const N: usize> {
    simd: S,
    /// Sums at (vector of columns, row): components' shares, then values.
    cells: Vec<[S::F; N]>,
    /// Columns from 0.
    columns: Vec<f64>,
    /// 2^(-(b² + c²) v²) for the rows v of a whole tile from its middle, of the
    /// block's components; empty until the block has a tile that needs them, and
    /// where there are more than `MAX_TABLES`.
    tables: Vec<[S::Element; TILE]>,
    setup: Setup,
    /// What is about to be written.
    results: Vec<S::F>,
    densities: Vec<<S::Double as Simd>::F>,
    /// The tile's middle: column and row.
    middle: (f64, f64),
}

impl<S: Simd, const N: usize> TileKernel<S, N> {
    const VECTORS: usize = TILE / S::LANES;

    pub(crate) fn new(simd: S) -> Self {
        Self {
            simd,
            cells: vec![[simd.splat(0.0); N]; TILE * Self::VECTORS],
            columns: (0..TILE).map(|i| i as f64).collect(),
            tables: Vec::new(),
            setup: Setup::default(),
            results: Vec::new(),
            densities: Vec::new(),
            middle: (0.0, 0.0),
        }
    }

    /// Forgets the tables of the last block.
    pub(crate) fn start_block(&mut self) {
        self.tables.clear();
    }

    /// Sets the tile's components up; false if their exponents are beyond what the
    /// numbers hold relative to one plane. `block` is what the tile's components
    /// were taken from.
    pub(crate) fn prepare(&mut self, input: &TileInput<'_>, block: &Columns) -> bool {
        self.middle = input.area.half;
        if self.tables.is_empty() && block.len() <= MAX_TABLES {
            let simd = self.simd;
            simd.vectorize(
                #[inline(always)]
                || self.tabulate(block),
            );
        }
        let Format { max_bits, max_range, .. } = S::FORMAT;
        let lanes = Lanes { n_lanes: S::LANES, max_bits, max_range };
        self.setup.prepare(self.simd.double(), input, lanes)
    }

    /// Whether all but a few of the components go by recurrence.
    pub(crate) fn is_mostly_smooth(&self) -> bool {
        8 * self.setup.narrow.len() <= self.setup.smooth.len()
    }

    #[inline(always)]
    fn tabulate(&mut self, block: &Columns) {
        for k in 0..block.len() {
            let (b, c) = (block.at(Column::B, k), block.at(Column::C, k));
            self.tables.push(table(self.simd, b * b + c * c));
        }
    }

    /// Sums the shares and what `summand` has them weight.
    pub(crate) fn sum<M: Summand<S, N>>(&mut self, input: &TileInput<'_>, summand: &M) {
        let simd = self.simd;
        simd.vectorize(
            #[inline(always)]
            || {
                let n_vectors = input.size.1.div_ceil(S::LANES);
                self.cells[..n_vectors * TILE].fill([simd.splat(0.0); N]);
                self.add_smooth(input, summand);
                self.add_narrow(input, summand);
            },
        );
    }

    /// Writes log p of each pixel.
    pub(crate) fn log_density(&mut self, window: &Window, band: &mut Band<'_>) {
        let double = self.simd.double();
        self.finish_density(
            (window, band),
            #[inline(always)]
            |sum, plane| {
                let log = double.add(plane, log2(double, sum));
                double.mul(log, double.splat(std::f64::consts::LN_2))
            },
        );
    }

    /// Writes p of each pixel.
    pub(crate) fn density(&mut self, window: &Window, band: &mut Band<'_>) {
        let double = self.simd.double();
        self.finish_density(
            (window, band),
            #[inline(always)]
            |sum, plane| times_exp2(double, sum, plane),
        );
    }

    /// Writes what `value` makes of the sum of shares and the reference plane, in
    /// float64 whatever the lanes: both reach beyond float32.
    #[inline(always)]
    fn finish_density<V>(&mut self, (window, band): (&Window, &mut Band<'_>), value: V)
    where
        V: Fn(<S::Double as Simd>::F, <S::Double as Simd>::F) -> <S::Double as Simd>::F,
    {
        let (simd, double) = (self.simd, self.simd.double());
        let lanes = <S::Double as Simd>::LANES;
        let (n_rows, n_columns) = window.size;
        let Quadratic { q, gx, gy, .. } = self.setup.reference;
        let n_vectors = n_columns.div_ceil(lanes);
        self.densities.resize(n_rows * n_vectors, double.splat(0.0));
        simd.vectorize(
            #[inline(always)]
            || {
                let mut sums = [0.0; TILE];
                for row in 0..n_rows {
                    for vector in 0..n_columns.div_ceil(S::LANES) {
                        let sum = self.cells[cell(vector, row)][0];
                        simd.store(sum, &mut sums[vector * S::LANES..]);
                    }
                    let at_row = q + gy * (row as f64 - self.middle.1) - gx * self.middle.0;
                    for vector in 0..n_vectors {
                        let first = vector * lanes;
                        let column = double.load(&self.columns[first..]);
                        let plane = double.mul_add(double.splat(gx), column, double.splat(at_row));
                        let sum = double.load(&sums[first..]);
                        self.densities[row * n_vectors + vector] = value(sum, plane);
                    }
                }
            },
        );
        band.write(double, window, (0, 1), &self.densities);
    }

    /// Writes the averages of the N - 1 values, to channels from `channel` on.
    pub(crate) fn averages(&mut self, window: &Window, channel: usize, band: &mut Band<'_>) {
        self.finish(
            (window, band),
            channel,
            #[inline(always)]
            |_, average| average,
        );
    }

    /// Writes the square roots of these averages.
    pub(crate) fn roots(&mut self, window: &Window, channel: usize, band: &mut Band<'_>) {
        let simd = self.simd;
        self.finish(
            (window, band),
            channel,
            #[inline(always)]
            |_, average| simd.sqrt(average),
        );
    }

    /// Writes the entropy in nats of shares whose exponents are value 1.
    pub(crate) fn entropy(&mut self, window: &Window, band: &mut Band<'_>) {
        let simd = self.simd;
        self.finish(
            (window, band),
            0,
            #[inline(always)]
            |sum, average| entropy_in_nats(simd, simd.sub(log2(simd, sum), average)),
        );
    }

    /// Writes what `value` makes of the sum of shares and the averages of the N - 1
    /// values, at most `MAX_CHANNELS`.
    #[inline(always)]
    fn finish(
        &mut self,
        (window, band): (&Window, &mut Band<'_>),
        channel: usize,
        value: impl Fn(S::F, S::F) -> S::F,
    ) {
        let simd = self.simd;
        let (n_rows, n_columns) = window.size;
        let n_vectors = n_columns.div_ceil(S::LANES);
        simd.vectorize(
            #[inline(always)]
            || {
                self.results.resize(n_rows * (N - 1) * n_vectors, simd.splat(0.0));
                for row in 0..n_rows {
                    for vector in 0..n_vectors {
                        let sums = &self.cells[cell(vector, row)];
                        for n in 1..N {
                            let at = (row * (N - 1) + n - 1) * n_vectors + vector;
                            self.results[at] = value(sums[0], simd.div(sums[n], sums[0]));
                        }
                    }
                }
            },
        );
        band.write(simd, window, (channel, N - 1), &self.results);
    }

    /// Puts the averages of the N - 1 values into `centers`, as [`Pair`] takes them.
    pub(crate) fn store_averages(
        &self,
        (n_rows, n_columns): (usize, usize),
        centers: &mut [Vec<f64>],
    ) {
        let simd = self.simd;
        simd.vectorize(
            #[inline(always)]
            || {
                for (n, center) in (1..N).zip(centers) {
                    center.resize(TILE * TILE, 0.0);
                    for vector in 0..n_columns.div_ceil(S::LANES) {
                        for row in 0..n_rows {
                            let at = cell(vector, row);
                            let average = simd.div(self.cells[at][n], self.cells[at][0]);
                            simd.store(average, &mut center[at * S::LANES..]);
                        }
                    }
                }
            },
        );
    }
}

/// 2^(-curvature v²) for the rows v of a whole tile from its middle.
#[inline(always)]
fn table<S: Simd>(simd: S, curvature: f64) -> [S::Element; TILE] {
    let mut table = [simd.element(0.0); TILE];
    let curvature = simd.splat(curvature);
    for first in (0..TILE).step_by(S::LANES) {
        let minus_square = simd.load(&MINUS_SQUARES[first..]);
        simd.store_elements(
            exp2_clamped(simd, simd.mul(curvature, minus_square)),
            &mut table[first..],
        );
    }
    table
}

/// -v² for the rows of a whole tile.
const MINUS_SQUARES: [f64; TILE] = {
    let mut squares = [0.0; TILE];
    let mut row = 0;
    while row < TILE {
        let v = row as f64 - MIDDLE;
        squares[row] = -v * v;
        row += 1;
    }
    squares
};

/// Tables kept for a block, 256 bytes each; of more components every tile makes its
/// own, one group at a time.
const MAX_TABLES: usize = 4096;

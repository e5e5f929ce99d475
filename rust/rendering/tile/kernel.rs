//! The kernel of a tile: its sums, and the values that it writes.

use super::input::{Table, TileInput};
use super::sums::{Summand, cell};
use super::terms::Setup;
use crate::grid::output_band::{Channels, TileOutput};
use crate::grid::tile::{Size, TILE};
use crate::rendering::cull::{Quadratic, Xy};
use crate::rendering::plane::{Field, PlaneComponents};
use crate::simd::Simd;
use crate::simd::math::{entropy_in_nats, log2, times_exp2};

/// Sums of one tile. N is 1 for the density alone, otherwise 1 + the number of values.
pub(crate) struct TileKernel<S: Simd, const N: usize> {
    pub(super) simd: S,
    /// Sums at (vector of columns, row): densities, then values.
    pub(super) cells: Vec<[S::F; N]>,
    /// Column numbers, from 0.
    pub(super) columns: Vec<f64>,
    /// The table of each component of the block. Empty until a tile of the block needs them,
    /// and if there are more than `MAX_TABLES`.
    pub(super) tables: Vec<Table<S>>,
    pub(super) setup: Setup,
    /// The vectors to write.
    pub(super) results: Vec<S::F>,
    pub(super) densities: Vec<<S::Double as Simd>::F>,
    /// The middle of the tile, from its first pixel.
    pub(super) middle: Xy,
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
            middle: Xy::default(),
        }
    }

    /// Discards the tables of the last block.
    pub(crate) fn start_block(&mut self) {
        self.tables.clear();
    }

    /// Sets the components of a tile up. Returns false if their exponents are beyond the
    /// range of the numbers relative to one plane. `block` is the list from which the
    /// components of the tile were selected.
    pub(crate) fn prepare(&mut self, input: &TileInput<'_>, block: &PlaneComponents) -> bool {
        self.middle = input.area.half;
        if self.tables.is_empty() && block.len() <= MAX_TABLES {
            self.tabulate(block);
        }
        self.setup.prepare(self.simd, input)
    }

    /// Returns whether nearly all components are smooth.
    pub(crate) fn is_mostly_smooth(&self) -> bool {
        4 * self.setup.narrow.len() <= self.setup.smooth.len()
    }

    /// Computes the tables of a block.
    fn tabulate(&mut self, block: &PlaneComponents) {
        let simd = self.simd;
        simd.vectorize(
            #[inline(always)]
            || {
                for k in 0..block.len() {
                    let at = |field| block.at(field, k);
                    let (a, b, c) = (at(Field::A), at(Field::B), at(Field::C));
                    let derivatives = [-a * a, -2.0 * a * b, -(b * b + c * c)];
                    self.tables.push(Table::new(simd, derivatives, 0..TILE));
                }
            },
        );
    }

    /// Sums the densities and the values of `summand`.
    pub(crate) fn sum<M: Summand<S, N>>(&mut self, input: &TileInput<'_>, summand: &M) {
        let simd = self.simd;
        simd.vectorize(
            #[inline(always)]
            || {
                let n_vectors = input.size.columns.div_ceil(S::LANES);
                self.cells[..n_vectors * TILE].fill([simd.splat(0.0); N]);
                self.add_smooth(input, summand);
                self.add_narrow(input, summand);
            },
        );
    }

    /// Writes log p of each pixel.
    pub(crate) fn log_density(&mut self, output: &mut TileOutput<'_, '_>) {
        let double = self.simd.double();
        self.finish_density(
            output,
            #[inline(always)]
            |sum, plane| {
                let log = double.add(plane, log2(double, sum));
                double.mul(log, double.splat(std::f64::consts::LN_2))
            },
        );
    }

    /// Writes p of each pixel.
    pub(crate) fn density(&mut self, output: &mut TileOutput<'_, '_>) {
        let double = self.simd.double();
        self.finish_density(
            output,
            #[inline(always)]
            |sum, plane| times_exp2(double, sum, plane),
        );
    }

    /// Writes `value(sum of densities, reference plane)`, always in float64: both exceed the
    /// range of float32.
    #[inline(always)]
    fn finish_density<V>(&mut self, output: &mut TileOutput<'_, '_>, value: V)
    where
        V: Fn(<S::Double as Simd>::F, <S::Double as Simd>::F) -> <S::Double as Simd>::F,
    {
        let (simd, double) = (self.simd, self.simd.double());
        let lanes = <S::Double as Simd>::LANES;
        let Size { rows: n_rows, columns: n_columns } = output.rect.size;
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
                    let at_row = q + gy * (row as f64 - self.middle.y) - gx * self.middle.x;
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
        output.write(double, Channels::FIRST, &self.densities);
    }

    /// Writes the averages of the N - 1 values, to channels from `channel` on.
    pub(crate) fn averages(&mut self, output: &mut TileOutput<'_, '_>, channel: usize) {
        self.finish(
            output,
            channel,
            #[inline(always)]
            |_, average| average,
        );
    }

    /// Writes the square roots of these averages.
    pub(crate) fn roots(&mut self, output: &mut TileOutput<'_, '_>, channel: usize) {
        let simd = self.simd;
        self.finish(
            output,
            channel,
            #[inline(always)]
            |_, average| simd.sqrt(average),
        );
    }

    /// Writes the entropy in nats, from the sums of [`Exponents`].
    pub(crate) fn entropy(&mut self, output: &mut TileOutput<'_, '_>) {
        let simd = self.simd;
        self.finish(
            output,
            0,
            #[inline(always)]
            |sum, average| entropy_in_nats(simd, simd.sub(log2(simd, sum), average)),
        );
    }

    /// Writes `value(sum of densities, average)` for the averages of the N - 1 values, of
    /// which there are at most `MAX_CHANNELS`.
    #[inline(always)]
    fn finish(
        &mut self,
        output: &mut TileOutput<'_, '_>,
        channel: usize,
        value: impl Fn(S::F, S::F) -> S::F,
    ) {
        let simd = self.simd;
        let Size { rows: n_rows, columns: n_columns } = output.rect.size;
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
        output.write(simd, Channels { first: channel, len: N - 1 }, &self.results);
    }

    /// Stores the averages of the N - 1 values in `centers`, in the layout that [`Pair`]
    /// reads.
    pub(crate) fn store_averages(&self, size: Size, centers: &mut [Vec<f64>]) {
        let simd = self.simd;
        simd.vectorize(
            #[inline(always)]
            || {
                for (n, center) in (1..N).zip(centers) {
                    center.resize(TILE * TILE, 0.0);
                    for vector in 0..size.columns.div_ceil(S::LANES) {
                        for row in 0..size.rows {
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

/// Largest number of tables of a block, of 272 bytes each. With more components, every
/// tile computes its own, one group at a time.
const MAX_TABLES: usize = 4096;

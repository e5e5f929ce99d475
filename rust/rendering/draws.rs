//! Draws from the conditional at the pixels of a tile: a component by its
//! responsibility, then its Gaussian.
//!
//! A row's exponents are taken of centred distances, as labels are, then exponentials
//! relative to the largest one at each pixel, so that nothing is out of range; sums and
//! the choice go through the components in their order. The chosen one is the first
//! whose running sum is above uniform times sum: the smallest number above every
//! uniform, so that one always is. Where every distance overflows all are alike.
//!
//! Guarantees that a pixel's numbers are those of its index in the grid, whatever tile,
//! band or thread it falls to. Shares are exact to rounding; only where a uniform is
//! within rounding of a border between two components may instruction sets choose
//! differently.

use crate::grid::output::{Band, MAX_CHANNELS, Window};
use crate::model::linalg::packed_row;
use crate::random::stream::{Purpose, Stream};
use crate::rendering::components::GridComponents;
use crate::rendering::plane::{Column, TILE};
use crate::rendering::tile::TileInput;
use crate::simd::Simd;
use crate::simd::math::exp2_clamped;

/// Vectors of a row that are taken at a time.
const WIDE: usize = 4;

/// Memory for the draws of one tile.
pub(crate) struct DrawKernel<S: Simd> {
    simd: S,
    uniforms: Stream,
    normals: Stream,
    columns: Vec<f64>,
    candidates: Vec<Candidate>,
    /// Of each candidate, at some vectors of a row: exponents, then exponentials.
    shares: Vec<[S::F; WIDE]>,
    /// Of each target, row by row.
    values: Vec<Vec<f64>>,
    /// Standard normals of a row, a pixel's together.
    row_normals: Vec<f64>,
    /// What is about to be written.
    results: Vec<S::F>,
}

/// A component as a tile sees it.
struct Candidate {
    peak: f64,
    /// The tile's first pixel, from the mean.
    to_mean: (f64, f64),
    factors: [f64; 3],
}

impl<S: Simd> DrawKernel<S> {
    pub(crate) fn new(simd: S, seed: u64, n_targets: usize) -> Self {
        Self {
            simd,
            uniforms: Stream::new(seed, Purpose::ConditionalComponents),
            normals: Stream::new(seed, Purpose::ConditionalNormals),
            columns: (0..TILE).map(|i| i as f64).collect(),
            candidates: Vec::new(),
            shares: Vec::new(),
            values: vec![vec![0.0; TILE * TILE]; n_targets],
            row_normals: vec![0.0; TILE * n_targets],
            results: Vec::new(),
        }
    }

    /// Writes a draw for each pixel; `index_of` has that of the first pixel of a row
    /// of the tile in the grid.
    pub(crate) fn draw(
        &mut self,
        components: &GridComponents,
        input: &TileInput<'_>,
        index_of: &dyn Fn(usize) -> usize,
        (window, band): (&Window, &mut Band<'_>),
    ) {
        self.list(input);
        let (n_rows, n_columns) = input.size;
        let n_targets = components.n_targets();
        for row in 0..n_rows {
            let first = index_of(row) as u64;
            let mut uniforms = [0.0; TILE];
            self.uniforms.fill_uniforms(self.simd, first, &mut uniforms[..n_columns]);
            let normals = &mut self.row_normals[..n_columns * n_targets];
            self.normals.fill_normals(self.simd, first * n_targets as u64, normals);
            let mut chosen = [0.0; TILE];
            let simd = self.simd;
            simd.vectorize(
                #[inline(always)]
                || self.choose(row, n_columns.div_ceil(S::LANES), &uniforms, &mut chosen),
            );
            for (column, &at) in chosen[..n_columns].iter().enumerate() {
                self.draw_pixel(components, input, (row, column), at as usize);
            }
        }
        self.write(window, band);
    }

    fn list(&mut self, input: &TileInput<'_>) {
        let (x, y) = input.area.corner();
        self.candidates.clear();
        for i in 0..input.columns.len() {
            let at = |column| input.columns.at(column, i);
            self.candidates.push(Candidate {
                peak: at(Column::Peak),
                to_mean: (x as f64 - at(Column::MeanX), y as f64 - at(Column::MeanY)),
                factors: [at(Column::A), at(Column::B), at(Column::C)],
            });
        }
    }

    /// Puts the position of the chosen candidate at each pixel of a row into `chosen`.
    #[inline(always)]
    fn choose(
        &mut self,
        row: usize,
        n_vectors: usize,
        uniforms: &[f64; TILE],
        chosen: &mut [f64; TILE],
    ) {
        let simd = self.simd;
        for first in (0..n_vectors).step_by(WIDE) {
            let (mut x, mut u) = ([simd.splat(0.0); WIDE], [simd.splat(0.0); WIDE]);
            for v in 0..WIDE {
                // Beyond the last vector it again, which is not kept.
                let vector = (first + v).min(n_vectors - 1);
                x[v] = simd.load(&self.columns[vector * S::LANES..]);
                u[v] = simd.load(&uniforms[vector * S::LANES..]);
            }
            let sums = self.fill_shares(row, &x);
            let mut targets = u;
            for v in 0..WIDE {
                let below = simd.mul(sums[v], simd.splat(1.0 - f64::EPSILON));
                targets[v] = simd.min(simd.mul(u[v], sums[v]), below);
            }
            let (mut running, mut places) = ([simd.splat(0.0); WIDE], [simd.splat(0.0); WIDE]);
            for (i, shares) in self.shares.iter().enumerate() {
                let next = simd.splat((i + 1) as f64);
                for v in 0..WIDE {
                    running[v] = simd.add(running[v], shares[v]);
                    places[v] = simd.select_less(targets[v], running[v], places[v], next);
                }
            }
            for v in 0..WIDE.min(n_vectors - first) {
                simd.store(places[v], &mut chosen[(first + v) * S::LANES..]);
            }
        }
    }

    /// Exponentials of each candidate at columns `x`, relative to the largest, and their
    /// sums in the candidates' order.
    #[inline(always)]
    fn fill_shares(&mut self, row: usize, x: &[S::F; WIDE]) -> [S::F; WIDE] {
        let simd = self.simd;
        // What is not a number counts as minus infinity, and if nothing is above that,
        // all exponentials are the same.
        let lowest = simd.splat(f64::NEG_INFINITY);
        let mut largest = [simd.splat(f64::MIN); WIDE];
        self.shares.clear();
        for candidate in &self.candidates {
            let [a, b, c] = candidate.factors;
            let dy = row as f64 + candidate.to_mean.1;
            let rest = simd.splat(candidate.peak - (c * dy) * (c * dy));
            let (offset, to_mean) = (simd.splat(b * dy), simd.splat(candidate.to_mean.0));
            let a = simd.splat(a);
            let mut exponents = *x;
            for v in 0..WIDE {
                let z = simd.mul_add(a, simd.add(x[v], to_mean), offset);
                exponents[v] = simd.max(simd.neg_mul_add(z, z, rest), lowest);
                largest[v] = simd.max(exponents[v], largest[v]);
            }
            self.shares.push(exponents);
        }
        let mut sums = [simd.splat(0.0); WIDE];
        for shares in &mut self.shares {
            for v in 0..WIDE {
                shares[v] = exp2_clamped(simd, simd.sub(shares[v], largest[v]));
                sums[v] = simd.add(sums[v], shares[v]);
            }
        }
        sums
    }

    /// The Gaussian of the candidate at `at`, at one pixel, by its row's normals.
    fn draw_pixel(
        &mut self,
        components: &GridComponents,
        input: &TileInput<'_>,
        (row, column): (usize, usize),
        at: usize,
    ) {
        let k = input.columns.index[at] as usize;
        let to_mean = self.candidates[at].to_mean;
        let (dx, dy) = (column as f64 + to_mean.0, row as f64 + to_mean.1);
        let normals = &self.row_normals[column * self.values.len()..];
        let (experts, factor) = (input.plane.experts(k), components.target_factor(k));
        for (t, (values, expert)) in self.values.iter_mut().zip(experts).enumerate() {
            let [mean, along_x, along_y] = *expert;
            let scatter: f64 = packed_row(factor, t).iter().zip(normals).map(|(l, z)| l * z).sum();
            values[row * TILE + column] = mean + (along_x * dx + along_y * dy) + scatter;
        }
    }

    fn write(&mut self, window: &Window, band: &mut Band<'_>) {
        let simd = self.simd;
        let (n_rows, n_columns) = window.size;
        let n_targets = self.values.len();
        for first in (0..n_targets).step_by(MAX_CHANNELS) {
            let channels = first..n_targets.min(first + MAX_CHANNELS);
            self.results.clear();
            for row in 0..n_rows {
                for values in &self.values[channels.clone()] {
                    let lanes = values[row * TILE..][..TILE].chunks_exact(S::LANES);
                    let lanes = lanes.take(n_columns.div_ceil(S::LANES));
                    self.results.extend(lanes.map(|lanes| simd.load(lanes)));
                }
            }
            band.write(simd, window, (first, channels.len()), &self.results);
        }
    }
}

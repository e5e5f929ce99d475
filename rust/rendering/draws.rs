//! Draws from the conditional mixture at the pixels of a tile: a component by its
//! responsibility, then a value of its Gaussian.
//!
//! Exponents are computed from centered distances, as for labels. Exponentials are taken
//! relative to the largest exponent at each pixel, so none is out of range. The chosen
//! component is the first, in their order, whose running sum is above uniform times sum.
//! This product is limited to just below the sum, so there always is one. Where every
//! distance overflows, all components are equally probable.
//!
//! The random numbers of a pixel are those of its index in the grid, whatever tile, band
//! or thread it falls to. Responsibilities are exact to rounding. Instruction sets may
//! choose differently only where a uniform is within rounding of a border between two
//! components.

use crate::grid::output_band::{Channels, MAX_CHANNELS, TileOutput};
use crate::grid::tile::{Place, Size, TILE};
use crate::model::linalg::packed_row;
use crate::random::stream::{Purpose, Stream};
use crate::rendering::components::GridComponents;
use crate::rendering::plane::Field;
use crate::rendering::tile::TileInput;
use crate::simd::Simd;
use crate::simd::math::exp2_clamped;

/// Vectors of a row that are processed together.
const ROW_VECTORS: usize = 4;

/// Memory for the draws of one tile.
pub(crate) struct DrawKernel<S: Simd> {
    simd: S,
    uniforms: Stream,
    normals: Stream,
    columns: Vec<f64>,
    candidates: Vec<Candidate>,
    /// Per candidate, at some vectors of a row: exponents, then exponentials.
    exponentials: Vec<[S::F; ROW_VECTORS]>,
    /// Values of each remaining feature, row by row.
    values: Vec<Vec<f64>>,
    /// Standard normals of a row, those of a pixel together.
    row_normals: Vec<f64>,
    /// The vectors to write.
    results: Vec<S::F>,
}

/// The indices in the grid of the first pixel of each row of a tile.
#[derive(Clone, Copy)]
pub(crate) struct GridRows {
    pub(crate) first: u64,
    /// Difference from one row to the next.
    pub(crate) stride: u64,
}

/// The parameters of a component relative to a tile.
struct Candidate {
    peak: f64,
    /// The first pixel of the tile, from the mean.
    dx: f64,
    dy: f64,
    factors: [f64; 3],
}

impl<S: Simd> DrawKernel<S> {
    pub(crate) fn new(simd: S, seed: u64, n_remaining: usize) -> Self {
        Self {
            simd,
            uniforms: Stream::new(seed, Purpose::ConditionalComponents),
            normals: Stream::new(seed, Purpose::ConditionalNormals),
            columns: (0..TILE).map(|i| i as f64).collect(),
            candidates: Vec::new(),
            exponentials: Vec::new(),
            values: vec![vec![0.0; TILE * TILE]; n_remaining],
            row_normals: vec![0.0; TILE * n_remaining],
            results: Vec::new(),
        }
    }

    /// Writes a draw for each pixel.
    pub(crate) fn draw(
        &mut self,
        components: &GridComponents,
        input: &TileInput<'_>,
        rows: GridRows,
        output: &mut TileOutput<'_, '_>,
    ) {
        self.list(input);
        let Size { rows: n_rows, columns: n_columns } = input.size;
        let n_remaining = components.n_remaining();
        for row in 0..n_rows {
            let first = rows.first + row as u64 * rows.stride;
            let mut uniforms = [0.0; TILE];
            self.uniforms.fill_uniforms(self.simd, first, &mut uniforms[..n_columns]);
            let normals = &mut self.row_normals[..n_columns * n_remaining];
            self.normals.fill_normals(self.simd, first * n_remaining as u64, normals);
            let mut chosen = [0.0; TILE];
            let simd = self.simd;
            simd.vectorize(
                #[inline(always)]
                || self.choose(row, n_columns.div_ceil(S::LANES), &uniforms, &mut chosen),
            );
            for (column, &at) in chosen[..n_columns].iter().enumerate() {
                self.draw_pixel(components, input, Place { row, column }, at as usize);
            }
        }
        self.write(output);
    }

    fn list(&mut self, input: &TileInput<'_>) {
        let corner = input.area.corner();
        self.candidates.clear();
        for i in 0..input.components.len() {
            let at = |field| input.components.at(field, i);
            self.candidates.push(Candidate {
                peak: at(Field::Peak),
                dx: corner.column as f64 - at(Field::MeanX),
                dy: corner.row as f64 - at(Field::MeanY),
                factors: [at(Field::A), at(Field::B), at(Field::C)],
            });
        }
    }

    /// Writes the position of the chosen candidate at each pixel of a row.
    #[inline(always)]
    fn choose(
        &mut self,
        row: usize,
        n_vectors: usize,
        uniforms: &[f64; TILE],
        chosen: &mut [f64; TILE],
    ) {
        let simd = self.simd;
        for first in (0..n_vectors).step_by(ROW_VECTORS) {
            let (mut x, mut u) = ([simd.splat(0.0); ROW_VECTORS], [simd.splat(0.0); ROW_VECTORS]);
            for v in 0..ROW_VECTORS {
                // The last vector is repeated to fill the group; copies are dropped.
                let vector = (first + v).min(n_vectors - 1);
                x[v] = simd.load(&self.columns[vector * S::LANES..]);
                u[v] = simd.load(&uniforms[vector * S::LANES..]);
            }
            let sums = self.fill_exponentials(row, &x);
            let mut thresholds = u;
            for v in 0..ROW_VECTORS {
                let below = simd.mul(sums[v], simd.splat(1.0 - f64::EPSILON));
                thresholds[v] = simd.min(simd.mul(u[v], sums[v]), below);
            }
            let (mut running, mut places) =
                ([simd.splat(0.0); ROW_VECTORS], [simd.splat(0.0); ROW_VECTORS]);
            for (i, exponentials) in self.exponentials.iter().enumerate() {
                let next = simd.splat((i + 1) as f64);
                for v in 0..ROW_VECTORS {
                    running[v] = simd.add(running[v], exponentials[v]);
                    places[v] = simd.select_less(thresholds[v], running[v], places[v], next);
                }
            }
            for v in 0..ROW_VECTORS.min(n_vectors - first) {
                simd.store(places[v], &mut chosen[(first + v) * S::LANES..]);
            }
        }
    }

    /// Computes the exponentials of each candidate at columns `x`, relative to the largest,
    /// and returns their sums in the order of the candidates.
    #[inline(always)]
    fn fill_exponentials(&mut self, row: usize, x: &[S::F; ROW_VECTORS]) -> [S::F; ROW_VECTORS] {
        let simd = self.simd;
        // NaN is replaced by minus infinity. If no exponent is above that, all exponentials
        // are equal.
        let lowest = simd.splat(f64::NEG_INFINITY);
        let mut largest = [simd.splat(f64::MIN); ROW_VECTORS];
        self.exponentials.clear();
        for candidate in &self.candidates {
            let [a, b, c] = candidate.factors;
            let dy = row as f64 + candidate.dy;
            let rest = simd.splat(candidate.peak - (c * dy) * (c * dy));
            let (offset, dx) = (simd.splat(b * dy), simd.splat(candidate.dx));
            let a = simd.splat(a);
            let mut exponents = *x;
            for v in 0..ROW_VECTORS {
                let z = simd.mul_add(a, simd.add(x[v], dx), offset);
                exponents[v] = simd.max(simd.neg_mul_add(z, z, rest), lowest);
                largest[v] = simd.max(exponents[v], largest[v]);
            }
            self.exponentials.push(exponents);
        }
        let mut sums = [simd.splat(0.0); ROW_VECTORS];
        for exponentials in &mut self.exponentials {
            for v in 0..ROW_VECTORS {
                exponentials[v] = exp2_clamped(simd, simd.sub(exponentials[v], largest[v]));
                sums[v] = simd.add(sums[v], exponentials[v]);
            }
        }
        sums
    }

    /// Draws a value of the Gaussian of candidate `at` at one pixel, from the normals of its
    /// row.
    fn draw_pixel(
        &mut self,
        components: &GridComponents,
        input: &TileInput<'_>,
        pixel: Place,
        at: usize,
    ) {
        let k = input.components.index[at] as usize;
        let candidate = &self.candidates[at];
        let (dx, dy) = (pixel.column as f64 + candidate.dx, pixel.row as f64 + candidate.dy);
        let normals = &self.row_normals[pixel.column * self.values.len()..];
        let (regressions, factor) = (input.plane.regressions(k), components.remaining_factor(k));
        for (t, (values, regression)) in self.values.iter_mut().zip(regressions).enumerate() {
            let [mean, along_x, along_y] = *regression;
            let scatter: f64 = packed_row(factor, t).iter().zip(normals).map(|(l, z)| l * z).sum();
            values[pixel.row * TILE + pixel.column] =
                mean + (along_x * dx + along_y * dy) + scatter;
        }
    }

    fn write(&mut self, output: &mut TileOutput<'_, '_>) {
        let simd = self.simd;
        let Size { rows: n_rows, columns: n_columns } = output.rect.size;
        let n_remaining = self.values.len();
        for first in (0..n_remaining).step_by(MAX_CHANNELS) {
            let channels = first..n_remaining.min(first + MAX_CHANNELS);
            self.results.clear();
            for row in 0..n_rows {
                for values in &self.values[channels.clone()] {
                    let lanes = values[row * TILE..][..TILE].chunks_exact(S::LANES);
                    let lanes = lanes.take(n_columns.div_ceil(S::LANES));
                    self.results.extend(lanes.map(|lanes| simd.load(lanes)));
                }
            }
            output.write(simd, Channels { first, len: channels.len() }, &self.results);
        }
    }
}

//! Labels of a tile: the component with the largest log-probability at each pixel.
//!
//! No exponentials are taken, so any exponents are in range. Distances are centered, as in
//! the specification. Components are compared in their order, and the first of equals
//! wins. Where every distance overflows, all comparisons fail, and the label is 0, as for
//! `argmax`.

use crate::grid::output_band::{Channels, TileOutput};
use crate::grid::tile::{Size, TILE};
use crate::rendering::components::GridComponents;
use crate::rendering::plane::Field;
use crate::rendering::tile::TileInput;
use crate::simd::Simd;

/// Memory for the labels of one tile.
pub(crate) struct LabelKernel<S: Simd> {
    simd: S,
    columns: Vec<f64>,
    candidates: Vec<Candidate>,
    /// The labels, row by row.
    labels: Vec<S::F>,
}

impl<S: Simd> LabelKernel<S> {
    pub(crate) fn new(simd: S) -> Self {
        Self {
            simd,
            columns: (0..TILE).map(|i| i as f64).collect(),
            candidates: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// Writes the label of each pixel.
    pub(crate) fn label(
        &mut self,
        components: &GridComponents,
        input: &TileInput<'_>,
        output: &mut TileOutput<'_, '_>,
    ) {
        let simd = self.simd;
        simd.vectorize(
            #[inline(always)]
            || self.compare(components, input),
        );
        output.write(simd, Channels::FIRST, &self.labels);
    }

    /// Compares the components, row by row: the largest values stay in registers.
    #[inline(always)]
    fn compare(&mut self, components: &GridComponents, input: &TileInput<'_>) {
        let simd = self.simd;
        let Size { rows: n_rows, columns: n_columns } = input.size;
        let n_vectors = n_columns.div_ceil(S::LANES);
        let corner = input.area.corner();
        self.candidates.clear();
        for i in 0..input.components.len() {
            let at = |field| input.components.at(field, i);
            self.candidates.push(Candidate {
                label: f64::from(components.index(input.components.index[i] as usize)),
                peak: at(Field::Peak),
                dx: corner.column as f64 - at(Field::MeanX),
                dy: corner.row as f64 - at(Field::MeanY),
                factors: [at(Field::A), at(Field::B), at(Field::C)],
            });
        }
        self.labels.clear();
        for row in 0..n_rows {
            for first in (0..n_vectors).step_by(ROW_VECTORS) {
                let mut x = [simd.splat(0.0); ROW_VECTORS];
                for (v, x) in x.iter_mut().enumerate() {
                    // The last vector is repeated to fill the group; copies are dropped.
                    let vector = (first + v).min(n_vectors - 1);
                    *x = simd.load(&self.columns[vector * S::LANES..]);
                }
                let labels = largest(simd, &self.candidates, row, &x);
                let n_kept = ROW_VECTORS.min(n_vectors - first);
                self.labels.extend_from_slice(&labels[..n_kept]);
            }
        }
    }
}

/// Vectors of a row that are compared at a time.
const ROW_VECTORS: usize = 4;

/// The parameters of a component relative to a tile.
struct Candidate {
    label: f64,
    peak: f64,
    /// The first pixel of the tile, from the mean.
    dx: f64,
    dy: f64,
    factors: [f64; 3],
}

/// Returns the labels of the candidates with the largest log-probability at columns `x`.
#[inline(always)]
fn largest<S: Simd>(
    simd: S,
    candidates: &[Candidate],
    row: usize,
    x: &[S::F; ROW_VECTORS],
) -> [S::F; ROW_VECTORS] {
    let mut largest = [simd.splat(f64::NEG_INFINITY); ROW_VECTORS];
    let mut labels = [simd.splat(0.0); ROW_VECTORS];
    for candidate in candidates {
        let [a, b, c] = candidate.factors;
        let dy = row as f64 + candidate.dy;
        let rest = simd.splat(candidate.peak - (c * dy) * (c * dy));
        let (offset, dx) = (simd.splat(b * dy), simd.splat(candidate.dx));
        let (a, label) = (simd.splat(a), simd.splat(candidate.label));
        for v in 0..ROW_VECTORS {
            let z = simd.mul_add(a, simd.add(x[v], dx), offset);
            let q = simd.neg_mul_add(z, z, rest);
            labels[v] = simd.select_less(largest[v], q, label, labels[v]);
            largest[v] = simd.max(q, largest[v]);
        }
    }
    labels
}

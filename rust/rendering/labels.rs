//! Labels of a tile: the component with the largest log-probability at each pixel.
//!
//! No exponential is taken, so that nothing is out of range: distances are
//! centred, as in the specification, and components are compared in their order,
//! so that the first of equals wins. Where every distance overflows, so do all
//! comparisons, and the label is 0, as `argmax` has it.

use crate::grid::output::{Band, Window};
use crate::rendering::components::GridComponents;
use crate::rendering::plane::{Column, TILE};
use crate::rendering::tile::TileInput;
use crate::simd::Simd;

/// Memory for the labels of one tile.
pub(crate) struct LabelKernel<S: Simd> {
    simd: S,
    columns: Vec<f64>,
    candidates: Vec<Candidate>,
    /// Row by row.
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
        window: &Window,
        band: &mut Band<'_>,
    ) {
        let simd = self.simd;
        simd.vectorize(
            #[inline(always)]
            || self.compare(components, input),
        );
        band.write(simd, window, (0, 1), &self.labels);
    }

    /// Row by row, so that the largest so far stay in registers.
    #[inline(always)]
    fn compare(&mut self, components: &GridComponents, input: &TileInput<'_>) {
        let simd = self.simd;
        let (n_rows, n_columns) = input.size;
        let n_vectors = n_columns.div_ceil(S::LANES);
        let (x, y) = input.area.corner();
        self.candidates.clear();
        for i in 0..input.columns.len() {
            let at = |column| input.columns.at(column, i);
            self.candidates.push(Candidate {
                label: f64::from(components.index(input.columns.index[i] as usize)),
                peak: at(Column::Peak),
                to_mean: (x as f64 - at(Column::MeanX), y as f64 - at(Column::MeanY)),
                factors: [at(Column::A), at(Column::B), at(Column::C)],
            });
        }
        self.labels.clear();
        for row in 0..n_rows {
            for first in (0..n_vectors).step_by(WIDE) {
                let mut x = [simd.splat(0.0); WIDE];
                for (v, x) in x.iter_mut().enumerate() {
                    // Beyond the last vector its columns again, which are not kept.
                    let vector = (first + v).min(n_vectors - 1);
                    *x = simd.load(&self.columns[vector * S::LANES..]);
                }
                let labels = largest(simd, &self.candidates, row, &x);
                let n_kept = WIDE.min(n_vectors - first);
                self.labels.extend_from_slice(&labels[..n_kept]);
            }
        }
    }
}

/// Vectors of a row that are compared at a time.
const WIDE: usize = 4;

/// A component as a tile sees it.
struct Candidate {
    label: f64,
    peak: f64,
    /// The tile's first pixel, from the mean.
    to_mean: (f64, f64),
    factors: [f64; 3],
}

/// Labels of the candidates with the largest log-probability at columns `x`.
#[inline(always)]
fn largest<S: Simd>(
    simd: S,
    candidates: &[Candidate],
    row: usize,
    x: &[S::F; WIDE],
) -> [S::F; WIDE] {
    let mut largest = [simd.splat(f64::NEG_INFINITY); WIDE];
    let mut labels = [simd.splat(0.0); WIDE];
    for candidate in candidates {
        let [a, b, c] = candidate.factors;
        let dy = row as f64 + candidate.to_mean.1;
        let rest = simd.splat(candidate.peak - (c * dy) * (c * dy));
        let (offset, to_mean) = (simd.splat(b * dy), simd.splat(candidate.to_mean.0));
        let (a, label) = (simd.splat(a), simd.splat(candidate.label));
        for v in 0..WIDE {
            let z = simd.mul_add(a, simd.add(x[v], to_mean), offset);
            let q = simd.neg_mul_add(z, z, rest);
            labels[v] = simd.select_less(largest[v], q, label, labels[v]);
            largest[v] = simd.max(q, largest[v]);
        }
    }
    labels
}

//! Labels of a tile: the component with the largest log-probability at each pixel.
//!
//! No exponential is taken, so that nothing is out of range: distances are
//! centred, as in the specification, and components are compared in their order,
//! so that the first of equals wins. Where every distance overflows, so do all
//! comparisons, and the label is 0, as `argmax` has it.

use super::simd::Simd;
use super::tile::TileInput;
use crate::components::GridComponents;
use crate::pixel::{Band, Window};
use crate::plane::{Column, TILE};

/// Memory for the labels of one tile.
pub(crate) struct LabelKernel<S: Simd> {
    simd: S,
    columns: Vec<f64>,
    /// Largest log-probability, and its component, at (row, vector).
    largest: Vec<S::F>,
    labels: Vec<S::F>,
}

impl<S: Simd> LabelKernel<S> {
    pub(crate) fn new(simd: S) -> Self {
        Self {
            simd,
            columns: (0..TILE).map(|i| i as f64).collect(),
            largest: Vec::new(),
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

    #[inline(always)]
    fn compare(&mut self, components: &GridComponents, input: &TileInput<'_>) {
        let simd = self.simd;
        let (n_rows, n_columns) = input.size;
        let n_vectors = n_columns.div_ceil(S::LANES);
        self.largest.clear();
        self.largest.resize(n_rows * n_vectors, simd.splat(f64::NEG_INFINITY));
        self.labels.clear();
        self.labels.resize(n_rows * n_vectors, simd.splat(0.0));
        let corner =
            (input.area.middle.0 - input.area.half.0, input.area.middle.1 - input.area.half.1);
        for i in 0..input.columns.len() {
            let at = |column| input.columns.at(column, i);
            let (a, b, c) = (at(Column::A), at(Column::B), at(Column::C));
            let index = components.index(input.columns.index[i] as usize);
            let label = simd.splat(f64::from(index));
            let to_mean = corner.0 - at(Column::MeanX);
            for row in 0..n_rows {
                let dy = corner.1 + row as f64 - at(Column::MeanY);
                let rest = simd.splat(at(Column::Peak) - (c * dy).powi(2));
                let offset = simd.splat(b * dy);
                for vector in 0..n_vectors {
                    let column = simd.load(&self.columns[vector * S::LANES..]);
                    let dx = simd.add(column, simd.splat(to_mean));
                    let z = simd.mul_add(simd.splat(a), dx, offset);
                    let q = simd.neg_mul_add(z, z, rest);
                    let at = row * n_vectors + vector;
                    let largest = self.largest[at];
                    self.labels[at] = simd.select_less(largest, q, label, self.labels[at]);
                    self.largest[at] = simd.select_less(largest, q, q, largest);
                }
            }
        }
    }
}

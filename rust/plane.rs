//! Planes of pixels: what a model is on one 2-D slice of the grid.
//!
//! Whatever the grid's dimension, tiles see planes, in units of pixels: pixel
//! (row j, column i) has log-probability, in base 2,
//!
//!   q(i, j) = peak - (a (i - mx) + b (j - my))² - (c (j - my))²,
//!
//! and its experts are affine in (i, j). A 2-D grid is one plane. A 3-D grid is
//! a plane a frame: fixing t moves the means and lowers the peaks, while a, b
//! and c stay. A 1-D grid is folded: pixel i + `TILE` j of the line is column i
//! of row j, which makes the same quadratic with b = `TILE` a and c = 0, over the
//! same contiguous memory.

use crate::components::GridComponents;
use crate::grid::{Grid, MAX_AXES};
use crate::kernel::math::exp2_clamped;
use crate::kernel::simd::Simd;

/// Width and height of a tile, in pixels.
pub(crate) const TILE: usize = 32;

/// Largest exponent, in bits, that a recurrence or a direct exponential may meet
/// on a tile; float64 ends at 1022.
pub(crate) const MAX_BITS: f64 = 400.0;

/// Components as columns of numbers, padded with components that never matter.
#[derive(Default, Clone)]
pub(crate) struct Columns {
    /// Component of each entry, without the padding.
    pub(crate) index: Vec<u32>,
    values: [Vec<f64>; N_COLUMNS],
}

const N_COLUMNS: usize = 7;

/// A column of [`Columns`].
#[derive(Clone, Copy)]
pub(crate) enum Column {
    Peak,
    MeanX,
    MeanY,
    /// Whitening factors, in 1/pixel.
    A,
    B,
    C,
    /// Bits by which the component must lie below the reference to be left out.
    Threshold,
}

/// Entries are padded to a multiple of this, the most lanes of any level.
const PADDING: usize = crate::kernel::simd::MAX_LANES;

impl Columns {
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// A whole column, padded to a multiple of the lanes of every level.
    pub(crate) fn column(&self, column: Column) -> &[f64] {
        &self.values[column as usize]
    }

    pub(crate) fn at(&self, column: Column, i: usize) -> f64 {
        self.values[column as usize][i]
    }

    /// Replaces the entries by those of `from` at `positions`.
    pub(crate) fn select(&mut self, from: &Self, positions: &[u32]) {
        self.index.clear();
        self.index.extend(positions.iter().map(|&i| from.index[i as usize]));
        for (to, from) in self.values.iter_mut().zip(&from.values) {
            to.clear();
            to.extend(positions.iter().map(|&i| from[i as usize]));
        }
        self.pad();
    }

    fn push(&mut self, index: u32, entry: [f64; N_COLUMNS]) {
        self.index.push(index);
        for (column, value) in self.values.iter_mut().zip(entry) {
            column.push(value);
        }
    }

    fn pad(&mut self) {
        let len = self.len().next_multiple_of(PADDING);
        for (i, column) in self.values.iter_mut().enumerate() {
            column.resize(len, if i == Column::Peak as usize { f64::MIN } else { 0.0 });
        }
    }
}

/// What does not change from plane to plane.
pub(crate) struct PlaneModel<'a> {
    components: &'a GridComponents,
    grid: &'a Grid,
    /// Pixels of a plane: (rows, columns); a folded line's last row may be short.
    pub(crate) shape: (usize, usize),
    thresholds: Vec<f64>,
    /// 2^(-(b² + c²) y²) for the rows y of a tile, from its middle, or None
    /// where the exponents pass `MAX_BITS`.
    curvature_tables: Vec<Option<[f64; TILE]>>,
}

/// The components on one plane.
pub(crate) struct Plane {
    pub(crate) columns: Columns,
    /// Per component and target: the mean at (mx, my), the slopes along i and j.
    experts: Vec<[f64; 3]>,
    n_targets: usize,
}

impl Plane {
    /// Mean of target `t` under component `k` at (mx, my), and its slopes.
    pub(crate) fn expert(&self, k: usize, t: usize) -> [f64; 3] {
        self.experts[k * self.n_targets + t]
    }
}

impl<'a> PlaneModel<'a> {
    pub(crate) fn new<S: Simd>(simd: S, components: &'a GridComponents, grid: &'a Grid) -> Self {
        let shape = match grid.axes_before_x() {
            [] => (grid.n_pixels().div_ceil(TILE), TILE.min(grid.n_pixels())),
            [.., y] => (y.n_pixels(), grid.x_axis().n_pixels()),
        };
        let mut model =
            Self { components, grid, shape, thresholds: Vec::new(), curvature_tables: Vec::new() };
        model.curvature_tables = simd.vectorize(
            #[inline(always)]
            || curvature_tables(simd, &model),
        );
        model.thresholds = model.thresholds();
        model
    }

    pub(crate) fn curvature_table(&self, k: usize) -> Option<&[f64; TILE]> {
        self.curvature_tables[k].as_ref()
    }

    /// Number of planes: frames of a volume, else 1.
    pub(crate) fn n_planes(&self) -> usize {
        match self.grid.axes_before_x() {
            [t, _] => t.n_pixels(),
            _ => 1,
        }
    }

    /// (a, b, c) of component `k`.
    fn factors(&self, k: usize) -> (f64, f64, f64) {
        let x_row = self.components.factor_row(k, self.grid.n_axes() - 1);
        let x_step = self.grid.x_axis().step();
        match self.grid.axes_before_x() {
            [] => (x_row[0] * x_step, x_row[0] * x_step * TILE as f64, 0.0),
            before @ [.., y] => {
                let i = before.len();
                let y_scale = self.components.factor_row(k, i - 1)[i - 1];
                (x_row[i] * x_step, x_row[i - 1] * y.step(), y_scale * y.step())
            }
        }
    }

    /// The components on plane `plane`.
    pub(crate) fn plane(&self, plane: usize) -> Plane {
        let n_targets = self.components.n_targets();
        let mut columns = Columns::default();
        let mut experts = Vec::with_capacity(self.components.len() * n_targets);
        for k in 0..self.components.len() {
            let (a, b, c) = self.factors(k);
            let (peak, position) = self.position(k, plane);
            let position = &position[..self.grid.n_axes()];
            let x = self.grid.x_axis().pixel(position[position.len() - 1]);
            let (mx, my) = match self.grid.axes_before_x() {
                // Split into row and column, exactly: near its mean a component's
                // distances must not be differences of large numbers.
                [] => (x.rem_euclid(TILE as f64), (x / TILE as f64).floor()),
                [.., y] => (x, y.pixel(position[position.len() - 2])),
            };
            let entry = [peak, mx, my, a, b, c, self.thresholds[k]];
            columns.push(u32::try_from(k).expect("fewer than 2^32 components"), entry);
            for t in 0..n_targets {
                experts.push(self.expert(k, t, position));
            }
        }
        columns.pad();
        Plane { columns, experts, n_targets }
    }

    /// Peak and position (array order) of component `k` on a plane: for a volume
    /// the most probable (y, x) of the frame, given t.
    fn position(&self, k: usize, plane: usize) -> (f64, [f64; MAX_AXES]) {
        let (peak, mean) = (self.components.peak(k), self.components.mean(k));
        let mut position = [0.0; MAX_AXES];
        position[..mean.len()].copy_from_slice(mean);
        let [t_axis, _] = self.grid.axes_before_x() else { return (peak, position) };
        let row = |i| self.components.factor_row(k, i);
        let t = t_axis.center(plane);
        let dt = t - mean[0];
        let z_t = row(0)[0] * dt;
        let dy = -row(1)[0] * dt / row(1)[1];
        let dx = -(row(2)[0] * dt + row(2)[1] * dy) / row(2)[2];
        (peak - z_t * z_t, [t, mean[1] + dy, mean[2] + dx])
    }

    /// Mean of target `t` under component `k` at `position`, and its slopes in
    /// units of a pixel.
    fn expert(&self, k: usize, t: usize, position: &[f64]) -> [f64; 3] {
        let (mean, slopes) = self.components.expert(k, t);
        let offsets = position.iter().zip(self.components.mean(k)).map(|(p, m)| p - m);
        let shift: f64 = slopes.iter().zip(offsets).map(|(s, o)| s * o).sum();
        let along_x = slopes[slopes.len() - 1] * self.grid.x_axis().step();
        let along_y = match self.grid.axes_before_x() {
            [] => along_x * TILE as f64,
            [.., y] => slopes[slopes.len() - 2] * y.step(),
        };
        [mean + shift, along_x, along_y]
    }

    /// Bits below the reference at which a component can be left out: see the
    /// header of cull.rs.
    fn thresholds(&self) -> Vec<f64> {
        let n_targets = self.components.n_targets();
        let scales: Vec<f64> = (0..n_targets).map(|t| self.components.target_scale(t)).collect();
        let base = 53.0 + (self.components.len() as f64).log2();
        let threshold = |k: usize| {
            let excess = |t: usize| self.largest_expert(k, t) / scales[t];
            let largest = (0..n_targets).map(excess).fold(1.0, f64::max);
            base + if largest.is_finite() { largest.log2() } else { f64::INFINITY }
        };
        (0..self.components.len()).map(threshold).collect()
    }

    /// A bound of |mean of target `t`| under component `k` over the whole grid.
    fn largest_expert(&self, k: usize, t: usize) -> f64 {
        let (mean, slopes) = self.components.expert(k, t);
        let axes = self.grid.axes_before_x().iter().chain([self.grid.x_axis()]);
        let reach = |axis: &crate::grid::Axis, m: f64| {
            (axis.center(0) - m).abs().max((axis.center(axis.n_pixels() - 1) - m).abs())
        };
        let shifts = axes.zip(self.components.mean(k)).zip(slopes);
        mean.abs() + shifts.map(|((axis, &m), s)| s.abs() * reach(axis, m)).sum::<f64>()
    }
}

#[inline(always)]
fn curvature_tables<S: Simd>(simd: S, model: &PlaneModel<'_>) -> Vec<Option<[f64; TILE]>> {
    let middle = (TILE - 1) as f64 / 2.0;
    let mut minus_squares = [0.0; TILE];
    for (row, square) in minus_squares.iter_mut().enumerate() {
        *square = -(row as f64 - middle).powi(2);
    }
    let mut tables = Vec::with_capacity(model.components.len());
    for k in 0..model.components.len() {
        let (_, b, c) = model.factors(k);
        let curvature = b * b + c * c;
        if curvature * middle * middle > MAX_BITS {
            tables.push(None);
            continue;
        }
        let mut table = [0.0; TILE];
        for first in (0..TILE).step_by(S::LANES) {
            let exponent = simd.mul(simd.splat(curvature), simd.load(&minus_squares[first..]));
            simd.store(exp2_clamped(simd, exponent), &mut table[first..]);
        }
        tables.push(Some(table));
    }
    tables
}

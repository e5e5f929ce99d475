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

use crate::grid::axes::{Grid, MAX_AXES};
use crate::rendering::components::GridComponents;
use crate::rendering::quantity::Quantity;

/// Width and height of a tile, in pixels.
pub(crate) const TILE: usize = 32;

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
    /// E, bits by which it counts for more than its share: see the header of cull.rs.
    Excess,
}

/// Entries are padded to a multiple of this, the most lanes of any level.
const PADDING: usize = crate::simd::MAX_LANES;

impl Columns {
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// A whole column, padded to a multiple of the lanes of every level.
    #[inline(always)]
    pub(crate) fn column(&self, column: Column) -> &[f64] {
        &self.values[column as usize]
    }

    #[inline(always)]
    pub(crate) fn at(&self, column: Column, i: usize) -> f64 {
        self.values[column as usize][i]
    }

    /// Replaces the entries by those of `from` at `positions`.
    #[inline(always)]
    pub(crate) fn select(&mut self, from: &Self, positions: &[u32]) {
        self.index.clear();
        reserve(&mut self.index, positions.len());
        self.index.extend(positions.iter().map(|&i| from.index[i as usize]));
        for (to, from) in self.values.iter_mut().zip(&from.values) {
            to.clear();
            reserve(to, positions.len() + PADDING);
            to.extend(positions.iter().map(|&i| from[i as usize]));
        }
        self.pad();
    }

    fn pad(&mut self) {
        let len = self.len().next_multiple_of(PADDING);
        for (i, column) in self.values.iter_mut().enumerate() {
            column.resize(len, if i == Column::Peak as usize { f64::MIN } else { 0.0 });
        }
    }

    fn with_capacity(n: usize) -> Self {
        let n = n.next_multiple_of(PADDING);
        let values = std::array::from_fn(|_| Vec::with_capacity(n));
        Self { index: Vec::with_capacity(n), values }
    }

    fn push(&mut self, index: u32, entry: [f64; N_COLUMNS]) {
        self.index.push(index);
        for (column, value) in self.values.iter_mut().zip(entry) {
            column.push(value);
        }
    }
}

/// Room for `n` values in an empty vector, and little more: with many components
/// twice of it would count.
fn reserve<T>(values: &mut Vec<T>, n: usize) {
    if values.capacity() < n {
        values.reserve_exact(n + n / 8);
    }
}

/// What does not change from plane to plane.
pub(crate) struct PlaneModel<'a> {
    components: &'a GridComponents,
    grid: &'a Grid,
    /// Pixels of a plane: (rows, columns); a folded line's last row may be short.
    pub(crate) shape: (usize, usize),
    excess: Vec<f64>,
}

/// The components on one plane.
pub(crate) struct Plane {
    pub(crate) columns: Columns,
    /// Per component and target: the mean at (mx, my), the slopes along i and j.
    experts: Vec<[f64; 3]>,
    n_targets: usize,
}

impl Plane {
    /// Mean of each target under component `k` at (mx, my), and its slopes.
    #[inline(always)]
    pub(crate) fn experts(&self, k: usize) -> &[[f64; 3]] {
        &self.experts[k * self.n_targets..][..self.n_targets]
    }
}

impl<'a> PlaneModel<'a> {
    pub(crate) fn new(components: &'a GridComponents, grid: &'a Grid, quantity: Quantity) -> Self {
        let shape = match grid.axes_before_x() {
            [] => (grid.n_pixels().div_ceil(TILE), TILE.min(grid.n_pixels())),
            [.., y] => (y.n_pixels(), grid.x_axis().n_pixels()),
        };
        let mut model = Self { components, grid, shape, excess: Vec::new() };
        model.excess = model.excess(quantity);
        model
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
        let mut columns = Columns::with_capacity(self.components.len());
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
            let entry = [peak, mx, my, a, b, c, self.excess[k]];
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

    /// Bits beyond those that are wanted: see the header of cull.rs.
    fn excess(&self, quantity: Quantity) -> Vec<f64> {
        let n = self.components.len();
        // Of a value a sum may lose as large a share as of the shares themselves.
        let bits = |ratio: f64| {
            if ratio.is_finite() { ratio.max(1.0).log2() } else { f64::INFINITY }
        };
        match quantity {
            Quantity::Label
            | Quantity::Density
            | Quantity::LogDensity
            | Quantity::Sample { .. } => vec![0.0; n],
            // A share of 2^-T adds T 2^-T bits, T being below 256 where 53 are wanted.
            Quantity::Entropy => vec![8.0; n],
            Quantity::Mean => self
                .largest_ratios(|k, t| self.largest_expert(k, t), |t| self.scale(t))
                .map(bits)
                .collect(),
            Quantity::Covariance | Quantity::Std => {
                let reach: Vec<f64> = (0..self.components.n_targets())
                    .map(|t| (0..n).map(|k| self.largest_expert(k, t)).fold(0.0, f64::max))
                    .collect();
                let std = |k: usize, t: usize| self.components.target_covariance(k, t, t).sqrt();
                let largest =
                    |k: usize, t: usize| std(k, t) + (self.largest_expert(k, t) + reach[t]);
                let smallest = |t: usize| (0..n).map(|k| std(k, t)).fold(f64::INFINITY, f64::min);
                let ratios = self.largest_ratios(largest, smallest);
                ratios.map(|ratio| 2.0 * bits(ratio)).collect()
            }
        }
    }

    fn scale(&self, t: usize) -> f64 {
        self.components.target_scale(t)
    }

    /// Per component, the largest of `value(k, t) / scale(t)` over the targets.
    fn largest_ratios(
        &self,
        value: impl Fn(usize, usize) -> f64,
        scale: impl Fn(usize) -> f64,
    ) -> impl Iterator<Item = f64> {
        let scales: Vec<f64> = (0..self.components.n_targets()).map(scale).collect();
        (0..self.components.len()).map(move |k| {
            let ratio = |(t, scale): (usize, &f64)| value(k, t) / scale;
            scales.iter().enumerate().map(ratio).fold(0.0, f64::max)
        })
    }

    /// A bound of |mean of target `t`| under component `k` over the whole grid.
    fn largest_expert(&self, k: usize, t: usize) -> f64 {
        let (mean, slopes) = self.components.expert(k, t);
        let axes = self.grid.axes_before_x().iter().chain([self.grid.x_axis()]);
        let reach = |axis: &crate::grid::axes::Axis, m: f64| {
            (axis.center(0) - m).abs().max((axis.center(axis.n_pixels() - 1) - m).abs())
        };
        let shifts = axes.zip(self.components.mean(k)).zip(slopes);
        mean.abs() + shifts.map(|((axis, &m), s)| s.abs() * reach(axis, m)).sum::<f64>()
    }
}

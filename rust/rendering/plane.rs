//! Planes of pixels: the components on one 2-D slice of the grid, in units of pixels.
//!
//! Tiles are parts of planes, whatever the dimension of the grid. At pixel
//! (row j, column i) the log-probability of a component, in base 2, is
//!
//!   q(i, j) = peak - (a (i - mx) + b (j - my))² - (c (j - my))²,
//!
//! and its regressions are affine in (i, j). A 2-D grid is one plane. A 3-D grid has one
//! plane for each frame: a fixed t moves the means and lowers the peaks, while a, b
//! and c stay. A 1-D grid is folded: pixel i + `TILE` j of the line is column i
//! of row j. This gives the same quadratic with b = `TILE` a and c = 0, over the
//! same contiguous memory.

use crate::grid::axes::{Axis, Grid, MAX_AXES};
use crate::grid::tile::{Size, TILE};
use crate::rendering::components::{GridComponents, Regression};
use crate::rendering::quantity::Quantity;

/// Parameters of components, one array for each field, padded with components that never
/// matter.
#[derive(Default, Clone)]
pub(crate) struct PlaneComponents {
    /// Component of each entry, without the padding.
    pub(crate) index: Vec<u32>,
    values: [Vec<f64>; N_FIELDS],
}

const N_FIELDS: usize = 7;

/// A parameter of a component.
#[derive(Clone, Copy)]
pub(crate) enum Field {
    Peak,
    MeanX,
    MeanY,
    /// Whitening factors, in 1/pixel.
    A,
    B,
    C,
    /// E of cull.rs: the bits by which the weights of values exceed the density.
    WeightBits,
}

/// Entries are padded to a multiple of this, the most lanes of any level.
const PADDING_ENTRIES: usize = crate::simd::MAX_LANES;

impl PlaneComponents {
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// Returns all values of a field, padded to a multiple of the lanes of every level.
    #[inline(always)]
    pub(crate) fn field(&self, field: Field) -> &[f64] {
        &self.values[field as usize]
    }

    #[inline(always)]
    pub(crate) fn at(&self, field: Field, i: usize) -> f64 {
        self.values[field as usize][i]
    }

    /// Replaces the entries by those of `from` at `positions`.
    #[inline(always)]
    pub(crate) fn select(&mut self, from: &Self, positions: &[u32]) {
        self.index.clear();
        reserve(&mut self.index, positions.len());
        self.index.extend(positions.iter().map(|&i| from.index[i as usize]));
        for (to, from) in self.values.iter_mut().zip(&from.values) {
            to.clear();
            reserve(to, positions.len() + PADDING_ENTRIES);
            to.extend(positions.iter().map(|&i| from[i as usize]));
        }
        self.pad();
    }

    fn pad(&mut self) {
        let len = self.len().next_multiple_of(PADDING_ENTRIES);
        for (i, values) in self.values.iter_mut().enumerate() {
            values.resize(len, if i == Field::Peak as usize { f64::MIN } else { 0.0 });
        }
    }

    fn with_capacity(n: usize) -> Self {
        let n = n.next_multiple_of(PADDING_ENTRIES);
        let values = std::array::from_fn(|_| Vec::with_capacity(n));
        Self { index: Vec::with_capacity(n), values }
    }

    fn push(&mut self, index: u32, entry: [f64; N_FIELDS]) {
        self.index.push(index);
        for (values, value) in self.values.iter_mut().zip(entry) {
            values.push(value);
        }
    }
}

/// Reserves room for `n` values in an empty vector, and little more: doubling would take
/// much memory for many components.
fn reserve<T>(values: &mut Vec<T>, n: usize) {
    if values.capacity() < n {
        values.reserve_exact(n + n / 8);
    }
}

/// The components before a plane is chosen.
pub(crate) struct PlaneModel<'a> {
    components: &'a GridComponents,
    grid: &'a Grid,
    /// The pixels of a plane; the last row of a folded line may be short.
    pub(crate) size: Size,
    weight_bits: Vec<f64>,
}

/// The whitening factor of a component on a plane, in 1/pixel: a, b and c of the header.
struct PixelFactor {
    a: f64,
    b: f64,
    c: f64,
}

/// The maximum of a component on a plane.
struct Mode {
    /// Base-2 logarithm of the weighted density there.
    peak: f64,
    /// Its coordinates, in array order.
    position: [f64; MAX_AXES],
}

/// The components on one plane.
pub(crate) struct Plane {
    pub(crate) components: PlaneComponents,
    /// Per component and remaining feature: the mean at (mx, my), the slopes along i and j.
    regressions: Vec<[f64; 3]>,
    n_remaining: usize,
}

impl Plane {
    /// Returns the mean of each remaining feature under component `k` at (mx, my), and its
    /// slopes.
    #[inline(always)]
    pub(crate) fn regressions(&self, k: usize) -> &[[f64; 3]] {
        &self.regressions[k * self.n_remaining..][..self.n_remaining]
    }
}

impl<'a> PlaneModel<'a> {
    pub(crate) fn new(components: &'a GridComponents, grid: &'a Grid, quantity: Quantity) -> Self {
        let n_pixels = grid.n_pixels();
        let size = match grid.axes_before_x() {
            [] => Size { rows: n_pixels.div_ceil(TILE), columns: TILE.min(n_pixels) },
            [.., y] => Size { rows: y.n_pixels(), columns: grid.x_axis().n_pixels() },
        };
        let mut model = Self { components, grid, size, weight_bits: Vec::new() };
        model.weight_bits = model.weight_bits(quantity);
        model
    }

    /// Returns the number of planes: the frames of a volume, otherwise 1.
    pub(crate) fn n_planes(&self) -> usize {
        match self.grid.axes_before_x() {
            [t, _] => t.n_pixels(),
            _ => 1,
        }
    }

    /// Returns the whitening factor of component `k` in units of pixels.
    fn factor(&self, k: usize) -> PixelFactor {
        let x_row = self.components.factor_row(k, self.grid.n_axes() - 1);
        let x_step = self.grid.x_axis().step();
        match self.grid.axes_before_x() {
            [] => {
                let a = x_row[0] * x_step;
                PixelFactor { a, b: a * TILE as f64, c: 0.0 }
            }
            before @ [.., y] => {
                let i = before.len();
                let y_scale = self.components.factor_row(k, i - 1)[i - 1];
                PixelFactor {
                    a: x_row[i] * x_step,
                    b: x_row[i - 1] * y.step(),
                    c: y_scale * y.step(),
                }
            }
        }
    }

    /// Returns the components on plane `plane`.
    pub(crate) fn plane(&self, plane: usize) -> Plane {
        let n_remaining = self.components.n_remaining();
        let mut components = PlaneComponents::with_capacity(self.components.len());
        let mut regressions = Vec::with_capacity(self.components.len() * n_remaining);
        for k in 0..self.components.len() {
            let PixelFactor { a, b, c } = self.factor(k);
            let Mode { peak, position } = self.mode(k, plane);
            let position = &position[..self.grid.n_axes()];
            let x = self.grid.x_axis().pixel(position[position.len() - 1]);
            let (mx, my) = match self.grid.axes_before_x() {
                // An exact split into row and column: near the mean of a component,
                // distances must not be differences of large numbers.
                [] => (x.rem_euclid(TILE as f64), (x / TILE as f64).floor()),
                [.., y] => (x, y.pixel(position[position.len() - 2])),
            };
            let entry = [peak, mx, my, a, b, c, self.weight_bits[k]];
            components.push(u32::try_from(k).expect("fewer than 2^32 components"), entry);
            for t in 0..n_remaining {
                regressions.push(self.regression(k, t, position));
            }
        }
        components.pad();
        Plane { components, regressions, n_remaining }
    }

    /// Returns the mode of component `k` on a plane: for a volume that of (y, x), given the
    /// t of the frame.
    fn mode(&self, k: usize, plane: usize) -> Mode {
        let (peak, mean) = (self.components.peak(k), self.components.mean(k));
        let mut position = [0.0; MAX_AXES];
        position[..mean.len()].copy_from_slice(mean);
        let [t_axis, _] = self.grid.axes_before_x() else { return Mode { peak, position } };
        let row = |i| self.components.factor_row(k, i);
        let t = t_axis.center(plane);
        let dt = t - mean[0];
        let z_t = row(0)[0] * dt;
        let dy = -row(1)[0] * dt / row(1)[1];
        let dx = -(row(2)[0] * dt + row(2)[1] * dy) / row(2)[2];
        Mode { peak: peak - z_t * z_t, position: [t, mean[1] + dy, mean[2] + dx] }
    }

    /// Returns the mean of remaining feature `t` under component `k` at `position`, and its
    /// slopes in units of a pixel.
    fn regression(&self, k: usize, t: usize, position: &[f64]) -> [f64; 3] {
        let Regression { mean, slopes } = self.components.regression(k, t);
        let offsets = position.iter().zip(self.components.mean(k)).map(|(p, m)| p - m);
        let shift: f64 = slopes.iter().zip(offsets).map(|(s, o)| s * o).sum();
        let along_x = slopes[slopes.len() - 1] * self.grid.x_axis().step();
        let along_y = match self.grid.axes_before_x() {
            [] => along_x * TILE as f64,
            [.., y] => slopes[slopes.len() - 2] * y.step(),
        };
        [mean + shift, along_x, along_y]
    }

    /// Returns E_k of cull.rs for each component.
    fn weight_bits(&self, quantity: Quantity) -> Vec<f64> {
        let n = self.components.len();
        // A sum of values may lose the same fraction as the density.
        let bits = |ratio: f64| {
            if ratio.is_finite() { ratio.max(1.0).log2() } else { f64::INFINITY }
        };
        match quantity {
            Quantity::Label
            | Quantity::Density
            | Quantity::LogDensity
            | Quantity::Sample { .. } => vec![0.0; n],
            // A responsibility of 2^-T adds T 2^-T bits; T is below 256 for 53 bits.
            Quantity::Entropy => vec![8.0; n],
            Quantity::Mean => self
                .largest_ratios(|k, t| self.largest_regression(k, t), |t| self.scale(t))
                .map(bits)
                .collect(),
            Quantity::Covariance | Quantity::Std => {
                let reach: Vec<f64> = (0..self.components.n_remaining())
                    .map(|t| (0..n).map(|k| self.largest_regression(k, t)).fold(0.0, f64::max))
                    .collect();
                let std = |k: usize, t: usize| self.components.remaining_covariance(k, t, t).sqrt();
                let largest =
                    |k: usize, t: usize| std(k, t) + (self.largest_regression(k, t) + reach[t]);
                let smallest = |t: usize| (0..n).map(|k| std(k, t)).fold(f64::INFINITY, f64::min);
                let ratios = self.largest_ratios(largest, smallest);
                ratios.map(|ratio| 2.0 * bits(ratio)).collect()
            }
        }
    }

    fn scale(&self, t: usize) -> f64 {
        self.components.remaining_scale(t)
    }

    /// Returns the largest of `value(k, t) / scale(t)` over the remaining features, per
    /// component.
    fn largest_ratios(
        &self,
        value: impl Fn(usize, usize) -> f64,
        scale: impl Fn(usize) -> f64,
    ) -> impl Iterator<Item = f64> {
        let scales: Vec<f64> = (0..self.components.n_remaining()).map(scale).collect();
        (0..self.components.len()).map(move |k| {
            let ratio = |(t, scale): (usize, &f64)| value(k, t) / scale;
            scales.iter().enumerate().map(ratio).fold(0.0, f64::max)
        })
    }

    /// Returns a bound of |mean of remaining feature `t`| under component `k` over the grid, from
    /// pixel edge to pixel edge: boxes of lists of survivors reach as far.
    fn largest_regression(&self, k: usize, t: usize) -> f64 {
        let Regression { mean, slopes } = self.components.regression(k, t);
        let axes = self.grid.axes_before_x().iter().chain([self.grid.x_axis()]);
        let reach = |axis: &Axis, m: f64| {
            let ends = [axis.center(0), axis.center(axis.n_pixels() - 1)];
            ends.map(|end| (end - m).abs()).into_iter().fold(0.0, f64::max)
                + 0.5 * axis.step().abs()
        };
        let shifts = axes.zip(self.components.mean(k)).zip(slopes);
        mean.abs() + shifts.map(|((axis, &m), s)| s.abs() * reach(axis, m)).sum::<f64>()
    }
}

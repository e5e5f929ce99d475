//! Grid quantities: from a model and a grid to pixels.
//!
//! model -> plane -> band of `TILE` rows -> block of tiles -> tile, and at each
//! step cull.rs leaves the components that can matter there, so that the work a
//! tile sees does not grow with the components elsewhere. Bands are the pieces
//! that threads take; the hierarchy depends on the grid alone, so that the bits
//! of the result do not depend on the threads. The instruction set is chosen
//! once, here; below, everything is generic over it.

use crate::components::GridComponents;
use crate::condition::Conditional;
use crate::cull::{Area, survivors};
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::kernel::line::{LineKernel, Segment};
use crate::kernel::simd::{Dispatch, Simd};
use crate::kernel::tile::{MAX_TARGETS, TileInput, TileKernel, Window};
use crate::mixture::Mixture;
use crate::pixel::{Output, Pixel, Sink};
use crate::plane::{Columns, Plane, PlaneModel, TILE};
use crate::pool::Runtime;
use rayon::prelude::*;

/// Tiles of a band that share a candidate list.
const TILES_IN_BLOCK: usize = 8;

/// What a pixel holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// p of the grid's features.
    Density,
    /// log p of the grid's features.
    LogDensity,
    /// E[remaining features | the grid's features], one value a remaining feature.
    Mean,
}

/// A quantity of a mixture over a grid, checked and ready to render.
///
/// ```
/// use gmmfast::{Covariances, Grid, Mixture, Quantity, Rendering, Runtime};
///
/// let mixture = Mixture::new(vec![1.0], vec![1.0, 1.0], Covariances::Spherical(vec![4.0]))?;
/// let grid = Grid::new(&[3, 3], &[(-0.5, 2.5), (-0.5, 2.5)])?;
/// let rendering = Rendering::new(&mixture, &grid, &[0, 1], Quantity::LogDensity)?;
/// let mut log_density = vec![0.0; rendering.n_values()];
/// rendering.render(&mut log_density, &Runtime::new(None)?)?;
/// let peak = -(2.0 * std::f64::consts::PI * 4.0).ln();
/// assert!((log_density[4] - peak).abs() < 1e-14);
/// # Ok::<(), gmmfast::Error>(())
/// ```
pub struct Rendering {
    grid: Grid,
    quantity: Quantity,
    components: GridComponents,
    values_per_pixel: usize,
}

impl Rendering {
    /// Prepares `quantity` of `mixture` over `grid`, whose axes are the features
    /// `given`, in feature order: x first, the last array axis.
    ///
    /// # Errors
    /// As many given features as the grid has axes are needed, distinct and in
    /// range; a conditional mean needs a feature that is not given.
    pub fn new(
        mixture: &Mixture,
        grid: &Grid,
        given: &[usize],
        quantity: Quantity,
    ) -> Result<Self> {
        if given.len() != grid.n_axes() {
            return Err(Error::Length {
                argument: "given",
                expected: format!("{} features, one for each axis of the grid", grid.n_axes()),
                got: given.len(),
            });
        }
        let array_order: Vec<usize> = given.iter().rev().copied().collect();
        let (components, values_per_pixel) = match quantity {
            Quantity::Density | Quantity::LogDensity => {
                (GridComponents::of_mixture(&mixture.marginal(&array_order)?), 1)
            }
            Quantity::Mean => {
                let conditional = Conditional::new(mixture, &array_order)?;
                let n_targets = conditional.targets().len();
                (GridComponents::of_conditional(&conditional), n_targets)
            }
        };
        Ok(Self { grid: grid.clone(), quantity, components, values_per_pixel })
    }

    /// Number of values of a pixel: 1, or the number of remaining features.
    #[must_use]
    pub fn values_per_pixel(&self) -> usize {
        self.values_per_pixel
    }

    /// Number of values of the result: pixels times values per pixel.
    #[must_use]
    pub fn n_values(&self) -> usize {
        self.grid.n_pixels() * self.values_per_pixel
    }

    /// Writes the result: the grid's array order, a pixel's values together.
    ///
    /// # Errors
    /// `out` does not have [`Self::n_values`] values, or the runtime was
    /// interrupted, which leaves `out` partly written.
    pub fn render<P: Pixel>(&self, out: &mut [P], runtime: &Runtime) -> Result<()> {
        if out.len() != self.n_values() {
            return Err(Error::Length {
                argument: "out",
                expected: format!("{} values", self.n_values()),
                got: out.len(),
            });
        }
        runtime.install(|| runtime.level().dispatch(Render { rendering: self, out, runtime }))
    }
}

struct Render<'a, P> {
    rendering: &'a Rendering,
    out: &'a mut [P],
    runtime: &'a Runtime,
}

impl<P: Pixel> Dispatch for Render<'_, P> {
    type Output = Result<()>;

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        match self.rendering.components.n_targets() {
            0 => self.run_with::<S, 1>(simd),
            1 | 2 => self.run_with::<S, 2>(simd),
            _ => self.run_with::<S, { MAX_TARGETS + 1 }>(simd),
        }
    }
}

impl<P: Pixel> Render<'_, P> {
    fn run_with<S: Simd, const N: usize>(self, simd: S) -> Result<()> {
        let Self { rendering, out, runtime } = self;
        let model = PlaneModel::new(simd, &rendering.components, &rendering.grid);
        let plane_len = out.len() / model.n_planes();
        let band_len = TILE * model.shape.1 * rendering.values_per_pixel;
        out.par_chunks_mut(plane_len).enumerate().try_for_each(|(plane_index, out)| {
            runtime.check()?;
            let plane = model.plane(plane_index);
            let new_renderer =
                || BandRenderer::<S, N>::new(simd, rendering, &model, &plane, plane_index);
            out.par_chunks_mut(band_len).enumerate().try_for_each_init(
                new_renderer,
                |renderer, (band, out)| {
                    let n_pixels = out.len() / rendering.values_per_pixel;
                    renderer.render((band * TILE, n_pixels), &mut Output(out), runtime)
                },
            )
        })
    }
}

/// Renders bands of one plane.
struct BandRenderer<'a, S: Simd, const N: usize> {
    simd: S,
    rendering: &'a Rendering,
    model: &'a PlaneModel<'a>,
    plane: &'a Plane,
    plane_index: usize,
    /// Candidates of the band, the block and the tile.
    lists: [Columns; 3],
    positions: Vec<u32>,
    tile: TileKernel<S, N>,
    robust: LineKernel<'a, S>,
}

impl<'a, S: Simd, const N: usize> BandRenderer<'a, S, N> {
    fn new(
        simd: S,
        rendering: &'a Rendering,
        model: &'a PlaneModel<'a>,
        plane: &'a Plane,
        plane_index: usize,
    ) -> Self {
        Self {
            simd,
            rendering,
            model,
            plane,
            plane_index,
            lists: Default::default(),
            positions: Vec::new(),
            tile: TileKernel::new(simd),
            robust: LineKernel::new(simd, &rendering.components),
        }
    }

    /// Renders the band of `n_pixels` from row `first_row` on; looks for an
    /// interrupt at every tile.
    fn render(
        &mut self,
        (first_row, n_pixels): (usize, usize),
        out: &mut dyn Sink,
        runtime: &Runtime,
    ) -> Result<()> {
        let width = self.model.shape.1;
        let block_width = TILES_IN_BLOCK * TILE;
        let [mut band, mut block, mut tile] = std::mem::take(&mut self.lists);
        self.cull(&self.plane.columns, &mut band, (0, first_row), width);
        for block_column in (0..width).step_by(block_width) {
            let block_end = width.min(block_column + block_width);
            self.cull(&band, &mut block, (block_column, first_row), block_end - block_column);
            for column in (block_column..block_end).step_by(TILE) {
                runtime.check()?;
                let size = (n_pixels.div_ceil(width), TILE.min(width - column));
                let reference = self.cull(&block, &mut tile, (column, first_row), size.1);
                let is_done = reference.is_some_and(|reference| {
                    self.render_tile(&tile, reference, (column, first_row), size, out)
                });
                if !is_done {
                    self.render_robustly(&tile, (column, first_row), size, n_pixels, out);
                }
            }
        }
        self.lists = [band, block, tile];
        Ok(())
    }

    /// Puts those of `from` that can matter in a box of `TILE` rows into `into`;
    /// the reference's position there.
    fn cull(
        &mut self,
        from: &Columns,
        into: &mut Columns,
        corner: (usize, usize),
        width: usize,
    ) -> Option<usize> {
        let (simd, positions) = (self.simd, &mut self.positions);
        let area = Area::new(corner, (width, TILE));
        let reference = simd.vectorize(
            #[inline(always)]
            || survivors(simd, from, &area, positions),
        );
        into.select(from, positions);
        reference.and_then(|r| positions.iter().position(|&p| p as usize == r))
    }

    /// Renders a tile by recurrences; false if its exponents are beyond them.
    fn render_tile(
        &mut self,
        columns: &Columns,
        reference: usize,
        (column, first_row): (usize, usize),
        size: (usize, usize),
        out: &mut dyn Sink,
    ) -> bool {
        let n_values = self.rendering.values_per_pixel;
        let area = Area::new((column, first_row), (size.1, TILE));
        for target in self.passes() {
            let (model, plane) = (self.model, self.plane);
            let input = TileInput { model, plane, columns, reference, area, size };
            if !self.tile.accumulate(&input, target) {
                return false;
            }
            let window = Window {
                first: column * n_values + target,
                row_stride: self.model.shape.1 * n_values,
                pixel_stride: n_values,
                size,
            };
            match self.rendering.quantity {
                Quantity::Density => self.tile.density(&window, out),
                Quantity::LogDensity => self.tile.log_density(&window, out),
                Quantity::Mean => self.tile.mean(&window, out),
            }
        }
        true
    }

    /// First targets of the passes over a tile; the last two may overlap.
    fn passes(&self) -> impl Iterator<Item = usize> + use<S, N> {
        let n_targets = self.rendering.components.n_targets();
        let step = (N - 1).max(1);
        let last = n_targets.saturating_sub(step);
        (0..n_targets.max(1)).step_by(step).map(move |first| first.min(last))
    }

    /// Renders a tile by log-sum-exp, line by line.
    fn render_robustly(
        &mut self,
        columns: &Columns,
        (column, first_row): (usize, usize),
        (n_rows, n_columns): (usize, usize),
        n_pixels: usize,
        out: &mut dyn Sink,
    ) {
        let (grid, width) = (&self.rendering.grid, self.model.shape.1);
        let n_values = self.rendering.values_per_pixel;
        let is_folded = grid.n_axes() == 1;
        for row in 0..n_rows {
            let y = first_row + row;
            let line = if is_folded { 0 } else { self.plane_index * self.model.shape.0 + y };
            let start = if is_folded { y * TILE + column } else { column };
            let pixel = row * width + column;
            let segment = Segment {
                line: &grid.line(line),
                x_axis: grid.x_axis(),
                columns: start..start + n_columns.min(n_pixels - pixel),
                components: &columns.index,
            };
            let first = pixel * n_values;
            match self.rendering.quantity {
                Quantity::Density => self.robust.density(&segment, out, first),
                Quantity::LogDensity => self.robust.log_density(&segment, out, first),
                Quantity::Mean => self.robust.mean(&segment, out, first),
            }
        }
    }
}

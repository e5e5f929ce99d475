//! Grid quantities: from a model and a grid to pixels.
//!
//! model -> plane -> band of `TILE` rows -> block of tiles -> tile, and at each
//! step cull.rs leaves the components that can matter there, so that the work a
//! tile sees does not grow with the components elsewhere. Bands are the pieces
//! that threads take; the hierarchy depends on the grid alone, and a band of
//! which some rows are wanted is rendered whole and written in part, so that the
//! bits of the result depend neither on the threads nor on how the picture is
//! cut. The instruction set is chosen once, here; below, everything is generic
//! over it.

use crate::components::GridComponents;
use crate::condition::Conditional;
use crate::cull::{Area, survivors};
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::kernel::line::{LineKernel, Segment};
use crate::kernel::simd::{Dispatch, Simd};
use crate::kernel::tile::{TileInput, Window};
use crate::mixture::Mixture;
use crate::painter::{Painter, painter};
use crate::pixel::{Band, Pixel};
use crate::plane::{Columns, Plane, PlaneModel, TILE};
use crate::pool::Runtime;
use crate::quantity::{Precision, Quantity};
use rayon::prelude::*;

/// Tiles of a band that share a candidate list.
const TILES_IN_BLOCK: usize = 8;

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
/// // The last row alone, with the same bits.
/// let mut row = [0.0; 3];
/// rendering.render_lines(2, &mut row, &Runtime::new(None)?)?;
/// assert_eq!(row, log_density[6..]);
/// # Ok::<(), gmmfast::Error>(())
/// ```
pub struct Rendering {
    grid: Grid,
    quantity: Quantity,
    components: GridComponents,
    values_per_pixel: usize,
    tolerance: Option<f64>,
}

impl Rendering {
    /// Prepares `quantity` of `mixture` over `grid`, whose axes are the features
    /// `given`, in feature order: x first, the last array axis.
    ///
    /// # Errors
    /// As many given features as the grid has axes are needed, distinct and in
    /// range; a conditional quantity needs a feature that is not given.
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
        let components = if quantity.is_conditional() {
            let conditional = Conditional::new(mixture, &array_order)?;
            let components = GridComponents::of_conditional(&conditional);
            match quantity {
                Quantity::Mean => components,
                _ => components.with_covariances(&conditional),
            }
        } else {
            GridComponents::of_mixture(&mixture.marginal(&array_order)?)
        };
        let values_per_pixel = quantity.values_per_pixel(components.n_targets());
        Ok(Self { grid: grid.clone(), quantity, components, values_per_pixel, tolerance: None })
    }

    /// The same, as exact as `tolerance` asks: relative to the density, absolute in
    /// log p, relative to the scale of the remaining features (squared for a
    /// covariance), or in nats of entropy. Labels are always exact. A tolerance
    /// finer than rounding changes nothing.
    ///
    /// # Errors
    /// A tolerance that is not positive and below 1.
    pub fn with_tolerance(self, tolerance: f64) -> Result<Self> {
        if tolerance > 0.0 && tolerance < 1.0 {
            return Ok(Self { tolerance: Some(tolerance), ..self });
        }
        Err(Error::Tolerance { got: tolerance })
    }

    /// Number of values of a pixel: 1, or what the remaining features take.
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
        self.render_lines(0, out, runtime)
    }

    /// Writes a part of the result: of the grid's first axis, from `first` on, as
    /// much as `out` holds. The bits are those of the whole.
    ///
    /// # Errors
    /// `out` does not hold a whole number of the first axis's lines, or reaches
    /// beyond the last, or the runtime was interrupted.
    pub fn render_lines<P: Pixel>(
        &self,
        first: usize,
        out: &mut [P],
        runtime: &Runtime,
    ) -> Result<()> {
        let line = self.grid.pixels_of_line() * self.values_per_pixel;
        let n_lines = out.len() / line;
        let left = self.grid.first_axis().n_pixels().checked_sub(first);
        if n_lines * line != out.len() || left.is_none_or(|left| n_lines > left) {
            return Err(Error::Length {
                argument: "out",
                expected: format!("lines of {line} values, within the grid from line {first} on"),
                got: out.len(),
            });
        }
        if out.is_empty() {
            return Ok(());
        }
        let precision =
            Precision::of(self.quantity, &self.components, P::RESOLUTION, self.tolerance);
        let first_pixel = first * self.grid.pixels_of_line();
        let work = Render { rendering: self, precision, first_pixel, out, runtime };
        runtime.install(|| runtime.level().dispatch(work))
    }
}

struct Render<'a, P> {
    rendering: &'a Rendering,
    precision: Precision,
    first_pixel: usize,
    out: &'a mut [P],
    runtime: &'a Runtime,
}

impl<P: Pixel> Dispatch for Render<'_, P> {
    type Output = Result<()>;

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Self { rendering, precision, first_pixel, out, runtime } = self;
        let Rendering { components, grid, quantity, values_per_pixel, .. } = rendering;
        let model = PlaneModel::new(components, grid, *quantity);
        let plane_len = grid.n_pixels() / model.n_planes();
        pieces(out, first_pixel, plane_len, *values_per_pixel).try_for_each(
            |(plane_index, first_pixel, out)| {
                runtime.check()?;
                let plane = model.plane(plane_index);
                let shared =
                    Shared { rendering, model: &model, plane: &plane, plane_index, precision };
                let band_len = TILE * model.shape.1;
                pieces(out, first_pixel, band_len, *values_per_pixel).try_for_each_init(
                    || BandRenderer::new(simd, &shared),
                    |renderer, (band, first, out)| {
                        let slots = P::slots(out);
                        let wanted = Band { slots, values_per_pixel: *values_per_pixel, first };
                        let n_pixels = band_len.min(plane_len - band * band_len);
                        renderer.render((band * TILE, n_pixels), wanted, runtime)
                    },
                )
            },
        )
    }
}

/// Cuts pixels from `first` on where each `len` of them end, counted from 0: the
/// piece's number, the first of its pixels that is there, and these.
fn pieces<P: Pixel>(
    out: &mut [P],
    first: usize,
    len: usize,
    values_per_pixel: usize,
) -> impl IndexedParallelIterator<Item = (usize, usize, &mut [P])> {
    let (number, skipped) = (first / len, first % len);
    let head_len = ((len - skipped) * values_per_pixel).min(out.len());
    let (head, rest) = out.split_at_mut(head_len);
    let rest = rest.par_chunks_mut(len * values_per_pixel).enumerate();
    rayon::iter::once((number, skipped, head))
        .chain(rest.map(move |(i, piece)| (number + 1 + i, 0, piece)))
}

/// What the bands of a plane share.
struct Shared<'a> {
    rendering: &'a Rendering,
    model: &'a PlaneModel<'a>,
    plane: &'a Plane,
    plane_index: usize,
    precision: Precision,
}

/// Candidates of a band, a block or a tile, and where they were in the list they
/// were taken from.
#[derive(Default)]
struct Candidates {
    columns: Columns,
    positions: Vec<u32>,
}

/// Renders bands of one plane.
struct BandRenderer<'a, S: Simd> {
    simd: S,
    shared: &'a Shared<'a>,
    /// Of the band, the block and the tile.
    lists: [Candidates; 3],
    painter: Box<dyn Painter + 'a>,
    robust: LineKernel<'a, S>,
}

impl<'a, S: Simd> BandRenderer<'a, S> {
    fn new(simd: S, shared: &'a Shared<'a>) -> Self {
        let Rendering { quantity, components, .. } = shared.rendering;
        Self {
            simd,
            shared,
            lists: Default::default(),
            painter: painter(simd, *quantity, components, shared.precision),
            robust: LineKernel::new(simd, components),
        }
    }

    /// Renders the band of `n_pixels` from row `first_row` on; looks for an
    /// interrupt at every tile.
    fn render(
        &mut self,
        (first_row, n_pixels): (usize, usize),
        mut wanted: Band<'_>,
        runtime: &Runtime,
    ) -> Result<()> {
        let width = self.shared.model.shape.1;
        let n_rows = n_pixels.div_ceil(width);
        let block_width = TILES_IN_BLOCK * TILE;
        let [mut band, mut block, mut tile] = std::mem::take(&mut self.lists);
        self.cull(&self.shared.plane.columns, &mut band, (0, first_row), width);
        for block_column in (0..width).step_by(block_width) {
            let block_end = width.min(block_column + block_width);
            let corner = (block_column, first_row);
            self.cull(&band.columns, &mut block, corner, block_end - block_column);
            self.painter.start_block();
            for column in (block_column..block_end).step_by(TILE) {
                runtime.check()?;
                let size = (n_rows, TILE.min(width - column));
                let reference = self.cull(&block.columns, &mut tile, (column, first_row), size.1);
                let input = TileInput {
                    plane: self.shared.plane,
                    columns: &tile.columns,
                    parents: &tile.positions,
                    reference: reference.unwrap_or(0),
                    area: Area::new((column, first_row), (size.1, TILE)),
                    size,
                    bits: self.shared.precision.bits,
                };
                let window = Window { first: column, row_stride: width, size };
                let is_possible =
                    reference.is_some() || self.shared.rendering.quantity == Quantity::Label;
                if !is_possible || !self.painter.paint(&input, &block.columns, &window, &mut wanted)
                {
                    self.render_robustly(&tile.columns, (column, first_row), size, &mut wanted);
                }
            }
        }
        self.lists = [band, block, tile];
        Ok(())
    }

    /// Puts those of `from` that can matter in a box of `TILE` rows into `into`;
    /// the reference's position there.
    fn cull(
        &self,
        from: &Columns,
        into: &mut Candidates,
        corner: (usize, usize),
        width: usize,
    ) -> Option<usize> {
        let Candidates { columns, positions } = into;
        let (simd, bits) = (self.simd, self.shared.precision.bits);
        let area = Area::new(corner, (width, TILE));
        let reference = simd.vectorize(
            #[inline(always)]
            || survivors(simd, from, &area, bits, positions),
        );
        columns.select(from, positions);
        reference.and_then(|r| positions.iter().position(|&p| p as usize == r))
    }

    /// Renders a tile by log-sum-exp, line by line.
    fn render_robustly(
        &mut self,
        columns: &Columns,
        (column, first_row): (usize, usize),
        (n_rows, n_columns): (usize, usize),
        wanted: &mut Band<'_>,
    ) {
        let Shared { rendering, model, plane_index, .. } = self.shared;
        let (grid, width) = (&rendering.grid, model.shape.1);
        let is_folded = grid.n_axes() == 1;
        for row in 0..n_rows {
            let y = first_row + row;
            let line = if is_folded { 0 } else { plane_index * model.shape.0 + y };
            let start = if is_folded { y * TILE + column } else { column };
            let segment = Segment {
                line: &grid.line(line),
                x_axis: grid.x_axis(),
                columns: start..grid.x_axis().n_pixels().min(start + n_columns),
                components: &columns.index,
            };
            self.robust.render(rendering.quantity, &segment, row * width + column, wanted);
        }
    }
}

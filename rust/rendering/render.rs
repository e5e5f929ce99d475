//! Rendering of a quantity of a mixture over a grid.
//!
//! The pixels are divided into planes and bands of `TILE` rows, which are distributed over
//! threads. A band of which only some rows are requested is rendered whole and written in
//! part. Of a window of columns only the tiles are visited. The bits of the result therefore
//! depend neither on the threads nor on the rows and columns that are requested. The
//! instruction set is chosen once, here; all code below is generic over it.

use crate::error::{Error, Result};
use crate::grid::axes::Grid;
use crate::grid::output::{OutputSlice, Pixel};
use crate::grid::output_band::OutputBand;
use crate::grid::tile::TILE;
use crate::model::checks::{check_features, remaining_features};
use crate::model::mixture::Mixture;
use crate::rendering::band::{BandRenderer, BandRows};
use crate::rendering::components::{GridComponents, Partition, RemainingMatrices};
use crate::rendering::context::BandContext;
use crate::rendering::plane::{Plane, PlaneModel};
use crate::rendering::precision::{Accuracy, Precision};
use crate::rendering::quantity::Quantity;
use crate::runtime::{Runtime, distribute};
use crate::simd::{Dispatch, Simd};
use std::ops::Range;

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
    pub(crate) grid: Grid,
    pub(crate) quantity: Quantity,
    pub(crate) components: GridComponents,
    pub(crate) accuracy: Accuracy,
    values_per_pixel: usize,
}

impl Rendering {
    /// Prepares the rendering of `quantity` of `mixture` over `grid`. The axes of the grid
    /// are the features `given`, in feature order: x first, the last array axis.
    ///
    /// # Errors
    /// If `given` does not name one distinct feature for each axis of the grid, or if a
    /// conditional quantity has no remaining feature.
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
        let mut remaining = Vec::new();
        if quantity.is_conditional() {
            remaining = remaining_features(given, mixture.n_features())?;
        } else {
            check_features("given", given, mixture.n_features())?;
        }
        let partition = Partition {
            given: grid.in_array_order(given),
            remaining,
            matrices: match quantity {
                Quantity::Covariance | Quantity::Std => RemainingMatrices::Covariances,
                Quantity::Sample { .. } => RemainingMatrices::Factors,
                _ => RemainingMatrices::None,
            },
        };
        let components = GridComponents::new(mixture, &partition);
        let scale = match quantity {
            Quantity::Mean => components.largest_scale(),
            _ => 0.0,
        };
        Ok(Self {
            grid: grid.clone(),
            quantity,
            values_per_pixel: quantity.values_per_pixel(components.n_remaining()),
            components,
            accuracy: Accuracy::exact(quantity, scale),
        })
    }

    /// Allows an error of `tolerance`: relative to the density, absolute in log p, relative
    /// to the scale of the remaining features (squared for a covariance), or in nats of
    /// entropy. Labels are always exact. A tolerance finer than rounding has no effect.
    ///
    /// # Errors
    /// If the tolerance is not positive or above 0.1.
    pub fn with_tolerance(self, tolerance: f64) -> Result<Self> {
        Ok(Self { accuracy: self.accuracy.with_tolerance(tolerance)?, ..self })
    }

    pub(crate) fn plane_model(&self) -> PlaneModel<'_> {
        PlaneModel::new(&self.components, &self.grid, self.quantity)
    }

    pub(crate) fn band_context<'a>(
        &'a self,
        model: &'a PlaneModel<'a>,
        plane: &'a Plane,
        plane_index: usize,
        precision: Precision,
    ) -> BandContext<'a> {
        let Self { grid, components, quantity, .. } = self;
        let quantity = *quantity;
        let (columns, margin) = (0..model.size.columns, 0.0);
        BandContext {
            quantity,
            precision,
            grid,
            components,
            model,
            plane,
            plane_index,
            columns,
            margin,
        }
    }

    /// Returns the number of values of a pixel.
    #[must_use]
    pub fn values_per_pixel(&self) -> usize {
        self.values_per_pixel
    }

    /// Returns the number of values of the result: pixels times values per pixel, or the largest
    /// number if there are more.
    #[must_use]
    pub fn n_values(&self) -> usize {
        self.grid.n_pixels().saturating_mul(self.values_per_pixel)
    }

    /// Writes the result in the array order of the grid, the values of a pixel together.
    ///
    /// # Errors
    /// If `out` does not have [`Self::n_values`] values, or if the runtime was interrupted,
    /// which leaves `out` partly written.
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

    /// Writes a part of the result: from index `first` of the first axis on, as much as
    /// `out` holds. The bits are those of the whole result.
    ///
    /// # Errors
    /// If `out` does not hold a whole number of lines of the first axis or reaches beyond
    /// the last one, or if the runtime was interrupted.
    pub fn render_lines<P: Pixel>(
        &self,
        first: usize,
        out: &mut [P],
        runtime: &Runtime,
    ) -> Result<()> {
        let line = self.grid.pixels_of_line().saturating_mul(self.values_per_pixel);
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
        self.render_pixels(first * self.grid.pixels_of_line(), None, out, runtime)
    }

    /// Writes a window of a grid of two or three axes: `columns` of the x axis, and from row
    /// `first` on, counted through all frames, as many rows as `out` holds. The bits are those
    /// of the whole result.
    ///
    /// # Errors
    /// If the grid has one axis, if the window is not one of whole tiles of columns within the
    /// grid, if `out` does not hold a whole number of its rows, or if the runtime was
    /// interrupted.
    pub fn render_window<P: Pixel>(
        &self,
        first: usize,
        columns: Range<usize>,
        out: &mut [P],
        runtime: &Runtime,
    ) -> Result<()> {
        let width = self.grid.x_axis().n_pixels();
        let ends_tile = columns.end == width || columns.end.is_multiple_of(TILE);
        let is_of_tiles = columns.start.is_multiple_of(TILE) && ends_tile;
        let is_inside = columns.start < columns.end && columns.end <= width;
        if self.grid.n_axes() == 1 || !is_of_tiles || !is_inside {
            return Err(Error::Value {
                argument: "columns",
                expected: format!("whole tiles of {TILE} columns of a grid of {width} columns"),
                got: format!("{columns:?}"),
            });
        }
        let row = columns.len().saturating_mul(self.values_per_pixel);
        let left = self.grid.n_lines().checked_sub(first);
        if !out.len().is_multiple_of(row) || left.is_none_or(|left| out.len() / row > left) {
            return Err(Error::Length {
                argument: "out",
                expected: format!("rows of {row} values, within the grid from row {first} on"),
                got: out.len(),
            });
        }
        self.render_pixels(first * columns.len(), Some(columns), out, runtime)
    }

    /// Writes pixels from `first_pixel` on, counted within the columns.
    fn render_pixels<P: Pixel>(
        &self,
        first_pixel: usize,
        columns: Option<Range<usize>>,
        out: &mut [P],
        runtime: &Runtime,
    ) -> Result<()> {
        let precision = self.accuracy.precision(P::RESOLUTION);
        let out = P::output_slice(out);
        let work = Render { rendering: self, precision, first_pixel, columns, out, runtime };
        runtime.install(|| runtime.level().dispatch(work))
    }
}

struct Render<'a> {
    rendering: &'a Rendering,
    precision: Precision,
    first_pixel: usize,
    /// The columns of a window, or None for all.
    columns: Option<Range<usize>>,
    out: OutputSlice<'a>,
    runtime: &'a Runtime,
}

impl Dispatch for Render<'_> {
    type Output = Result<()>;

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Self { rendering, precision, first_pixel, columns, out, runtime } = self;
        let values_per_pixel = &rendering.values_per_pixel;
        let model = rendering.plane_model();
        let all_pixels = rendering.grid.n_pixels() / model.n_planes();
        let plane_len = columns.as_ref().map_or(all_pixels, |c| c.len() * model.size.rows);
        let columns = columns.unwrap_or(0..model.size.columns);
        let width = columns.len();
        let band_len = TILE * width;
        let planes = pieces(out, first_pixel, plane_len, *values_per_pixel);
        let render_plane = |piece: Piece<'_>| {
            runtime.check()?;
            let (plane, plane_index) = (&model.plane(piece.number), piece.number);
            let context = rendering.band_context(&model, plane, plane_index, precision);
            let context = BandContext { columns: columns.clone(), ..context };
            // A few thousand pieces suffice for any number of threads.
            let bands_per_piece = plane_len.div_ceil(band_len).div_ceil(MAX_PIECES);
            let long = bands_per_piece * band_len;
            distribute(pieces(piece.out, piece.skipped, long, *values_per_pixel), &|| {
                let mut renderer = BandRenderer::new(simd, &context);
                Box::new(move |piece| {
                    let bands = pieces(piece.out, piece.skipped, band_len, *values_per_pixel);
                    bands.into_iter().try_for_each(|band| {
                        let number = piece.number * bands_per_piece + band.number;
                        let n_pixels = band_len.min(plane_len - number * band_len);
                        let rows = BandRows { first: number * TILE, len: n_pixels.div_ceil(width) };
                        renderer.render(rows, band.output(*values_per_pixel), runtime)
                    })
                })
            })
        };
        distribute(planes, &|| Box::new(&render_plane))
    }
}

/// Largest number of pieces of a plane that are distributed over threads.
const MAX_PIECES: usize = 4096;

/// A run of requested pixels within one piece of the grid.
struct Piece<'a> {
    number: usize,
    /// Pixels of the piece before the first requested one.
    skipped: usize,
    out: OutputSlice<'a>,
}

impl<'a> Piece<'a> {
    fn output(self, values_per_pixel: usize) -> OutputBand<'a> {
        OutputBand { values: self.out, values_per_pixel, first: self.skipped }
    }
}

/// Divides the pixels from `first` on into pieces that end at multiples of `len`.
fn pieces(
    out: OutputSlice<'_>,
    first: usize,
    len: usize,
    values_per_pixel: usize,
) -> Vec<Piece<'_>> {
    let n_pixels = out.len() / values_per_pixel;
    let mut pieces = Vec::with_capacity(n_pixels.div_ceil(len) + 1);
    let (mut number, mut skipped, mut rest) = (first / len, first % len, out);
    while rest.len() > 0 {
        // A piece may have more values than a number can count; a slice has not.
        let (head, tail) = rest.split_at((len - skipped).saturating_mul(values_per_pixel));
        pieces.push(Piece { number, skipped, out: head });
        (number, skipped, rest) = (number + 1, 0, tail);
    }
    pieces
}

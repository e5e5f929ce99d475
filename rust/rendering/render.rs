//! Grid quantities: from a model and a grid to pixels.
//!
//! model -> plane -> bands of `TILE` rows, the pieces that threads take. A band of
//! which some rows are wanted is rendered whole and written in part (band.rs), so
//! that the bits of the result depend neither on the threads nor on how the picture
//! is cut. The instruction set is chosen once, here; below, everything is generic
//! over it.

use crate::error::{Error, Result};
use crate::grid::axes::Grid;
use crate::grid::output::{Band, Pixel, Slots};
use crate::model::mixture::{Mixture, check_features, remaining_features};
use crate::rendering::band::{BandRenderer, Shared};
use crate::rendering::components::{GridComponents, Split, TargetMatrices};
use crate::rendering::plane::{PlaneModel, TILE};
use crate::rendering::quantity::{Precision, Quantity};
use crate::runtime::{Runtime, distribute};
use crate::simd::{Dispatch, Simd};

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
        let mut targets = Vec::new();
        if quantity.is_conditional() {
            targets = remaining_features(given, mixture.n_features())?;
        } else {
            check_features("given", given, mixture.n_features())?;
        }
        let split = Split {
            given: given.iter().rev().copied().collect(),
            targets,
            matrices: match quantity {
                Quantity::Covariance | Quantity::Std => TargetMatrices::Covariances,
                Quantity::Sample { .. } => TargetMatrices::Factors,
                _ => TargetMatrices::None,
            },
        };
        let components = GridComponents::new(mixture, &split);
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

    pub(crate) fn tolerance(&self) -> Option<f64> {
        self.tolerance
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
        let out = P::slots(out);
        let work = Render { rendering: self, precision, first_pixel, out, runtime };
        runtime.install(|| runtime.level().dispatch(work))
    }
}

struct Render<'a> {
    rendering: &'a Rendering,
    precision: Precision,
    first_pixel: usize,
    out: Slots<'a>,
    runtime: &'a Runtime,
}

impl Dispatch for Render<'_> {
    type Output = Result<()>;

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Self { rendering, precision, first_pixel, out, runtime } = self;
        let Rendering { components, grid, quantity, values_per_pixel, .. } = rendering;
        let model = PlaneModel::new(components, grid, *quantity);
        let plane_len = grid.n_pixels() / model.n_planes();
        let band_len = TILE * model.shape.1;
        let planes = pieces(out, first_pixel, plane_len, *values_per_pixel);
        let render_plane = |piece: Piece<'_>| {
            runtime.check()?;
            let (plane, plane_index) = (&model.plane(piece.number), piece.number);
            let shared = Shared { rendering, model: &model, plane, plane_index, precision };
            // Some thousands of pieces are enough for any number of threads.
            let bands_per_piece = plane_len.div_ceil(band_len).div_ceil(MAX_PIECES);
            let long = bands_per_piece * band_len;
            distribute(pieces(piece.out, piece.skipped, long, *values_per_pixel), &|| {
                let mut renderer = BandRenderer::new(simd, &shared);
                Box::new(move |piece| {
                    let bands = pieces(piece.out, piece.skipped, band_len, *values_per_pixel);
                    bands.into_iter().try_for_each(|band| {
                        let number = piece.number * bands_per_piece + band.number;
                        let n_pixels = band_len.min(plane_len - number * band_len);
                        let wanted = band.wanted(*values_per_pixel);
                        renderer.render((number * TILE, n_pixels), wanted, runtime)
                    })
                })
            })
        };
        distribute(planes, &|| Box::new(&render_plane))
    }
}

/// Most pieces of a plane that threads take one at a time.
const MAX_PIECES: usize = 4096;

/// A run of pixels that ends with, or before, the piece of the grid it lies in.
struct Piece<'a> {
    number: usize,
    /// Pixels of the piece before the first that is there.
    skipped: usize,
    out: Slots<'a>,
}

impl<'a> Piece<'a> {
    fn wanted(self, values_per_pixel: usize) -> Band<'a> {
        Band { slots: self.out, values_per_pixel, first: self.skipped }
    }
}

/// Cuts pixels from `first` on where each `len` of them end, counted from 0.
fn pieces(out: Slots<'_>, first: usize, len: usize, values_per_pixel: usize) -> Vec<Piece<'_>> {
    let n_pixels = out.len() / values_per_pixel;
    let mut pieces = Vec::with_capacity(n_pixels.div_ceil(len) + 1);
    let (mut number, mut skipped, mut rest) = (first / len, first % len, out);
    while rest.len() > 0 {
        let (head, tail) = rest.split_at((len - skipped) * values_per_pixel);
        pieces.push(Piece { number, skipped, out: head });
        (number, skipped, rest) = (number + 1, 0, tail);
    }
    pieces
}

//! Grid quantities: from a model and a grid to pixels.
//!
//! The lines of the grid are cut into pieces that depend on the grid alone, so
//! that the bits of the result do not depend on the number of threads. The
//! instruction set is chosen once, here; below, everything is generic over it.
//! Culling belongs between the pieces and the kernel: a piece will hand the
//! kernel the components that matter in its box instead of all.

use crate::condition::Conditional;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::kernel::line::{LineComponents, LineKernel, SEGMENT, Segment};
use crate::kernel::simd::{Dispatch, Simd};
use crate::mixture::Mixture;
use crate::pixel::Pixel;
use crate::pool::Runtime;
use rayon::prelude::*;

/// Pixels of one piece of work: long enough to share a scratch, short enough
/// that an interrupt is seen soon even with many components.
const PIECE: usize = 4096;

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
/// assert!((log_density[4] - peak).abs() < 1e-15);
/// # Ok::<(), gmmfast::Error>(())
/// ```
pub struct Rendering {
    grid: Grid,
    quantity: Quantity,
    components: LineComponents,
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
                (LineComponents::of_mixture(&mixture.marginal(&array_order)?), 1)
            }
            Quantity::Mean => {
                let conditional = Conditional::new(mixture, &array_order)?;
                let n_targets = conditional.targets().len();
                (LineComponents::of_conditional(&conditional), n_targets)
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

    /// Renders whole lines, or a part of one, from `first_pixel` on.
    fn render_piece<S: Simd, P: Pixel>(
        &self,
        kernel: &mut LineKernel<'_, S>,
        first_pixel: usize,
        out: &mut [P],
    ) {
        let x_axis = self.grid.x_axis();
        let mut pixel = first_pixel;
        let mut rest = out;
        while !rest.is_empty() {
            let line = self.grid.line(pixel / x_axis.n_pixels());
            let column = pixel % x_axis.n_pixels();
            let n_left = rest.len() / self.values_per_pixel;
            let n = SEGMENT.min(x_axis.n_pixels() - column).min(n_left);
            let (now, later) = rest.split_at_mut(n * self.values_per_pixel);
            let segment = Segment { line: &line, x_axis, columns: column..column + n };
            match self.quantity {
                Quantity::Density => kernel.density(&segment, now),
                Quantity::LogDensity => kernel.log_density(&segment, now),
                Quantity::Mean => kernel.mean(&segment, now),
            }
            pixel += n;
            rest = later;
        }
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
        let Self { rendering, out, runtime } = self;
        let new_kernel = || LineKernel::new(simd, &rendering.components);
        out.par_chunks_mut(PIECE * rendering.values_per_pixel).enumerate().try_for_each_init(
            new_kernel,
            |kernel, (piece, out)| {
                runtime.check()?;
                rendering.render_piece(kernel, piece * PIECE, out);
                Ok(())
            },
        )
    }
}

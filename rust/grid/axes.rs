//! The grid: the point in feature space at which each pixel is evaluated.
//!
//! Shapes are in array order: the last axis runs along a line of contiguous pixels and
//! is x, the one before is y, then t. Features and extents are in the reverse order,
//! (x, y, t). [`Grid`] converts one order to the other; no other code does.
//!
//! A pixel is evaluated at its center: with `n` pixels over the extent (lo, hi), pixel i
//! lies at lo + (i + 1/2) (hi - lo) / n. The extent (-1/2, n - 1/2) therefore puts pixel
//! i exactly at i.

use crate::error::{Error, Result};

/// Largest number of axes of a grid.
pub const MAX_AXES: usize = 3;

/// One axis of a [`Grid`]: its number of pixels and the interval they cover.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    n_pixels: usize,
    start: f64,
    step: f64,
}

impl Axis {
    /// Creates an axis of `n_pixels` pixels over `extent` = (lo, hi). It runs backwards
    /// if hi < lo.
    ///
    /// # Errors
    /// If there are no pixels, or the extent is empty, not finite, or too wide for a
    /// float64.
    pub fn new(n_pixels: usize, extent: (f64, f64)) -> Result<Self> {
        let (start, end) = extent;
        let step = (end - start) / n_pixels as f64;
        if n_pixels == 0 {
            return Err(Error::Grid {
                argument: "shape",
                expected: "at least one pixel on every axis",
                got: "0".into(),
            });
        }
        if !start.is_finite() || !end.is_finite() || !step.is_finite() || step == 0.0 {
            return Err(Error::Grid {
                argument: "extent",
                expected: "two different finite numbers on every axis, apart enough for its pixels",
                got: format!("({start:?}, {end:?})"),
            });
        }
        Ok(Self { n_pixels, start, step })
    }

    /// Returns the number of pixels.
    #[must_use]
    pub fn n_pixels(&self) -> usize {
        self.n_pixels
    }

    /// Returns the distance from one pixel center to the next. It is negative if the axis
    /// runs backwards.
    #[must_use]
    pub fn step(&self) -> f64 {
        self.step
    }

    /// Returns the fractional index of the pixel at `coordinate`: the inverse of
    /// [`Self::center`], exact where the first center is 0 and the step 1.
    pub(crate) fn pixel(&self, coordinate: f64) -> f64 {
        (coordinate - self.center(0)) / self.step
    }

    /// Returns the pixel that covers a coordinate, its start included, or `usize::MAX` if
    /// none does.
    #[inline]
    pub(crate) fn position(&self, coordinate: f64) -> usize {
        let at = (coordinate - self.start) / self.step;
        if at >= 0.0 && at < self.n_pixels as f64 { at as usize } else { usize::MAX }
    }

    /// Returns the coordinate of the center of pixel `i`.
    #[inline]
    #[must_use]
    pub fn center(&self, i: usize) -> f64 {
        self.start + (i as f64 + 0.5) * self.step
    }
}

/// A 1-, 2- or 3-D grid of pixels.
///
/// ```
/// use gmmfast::Grid;
///
/// let grid = Grid::new(&[2, 3], &[(10.0, 16.0), (-0.5, 1.5)])?;
/// assert_eq!(grid.n_pixels(), 6);
/// assert_eq!(grid.line(1), [1.0]); // y of the second line
/// assert_eq!(grid.x_axis().center(0), 11.0);
/// # Ok::<(), gmmfast::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    line_axes: Vec<Axis>,
    x_axis: Axis,
}

impl Grid {
    /// Creates a grid of `shape` pixels, in array order, over `extent`, one (lo, hi) pair
    /// for each axis in feature order: x first, which is the last axis of the shape.
    ///
    /// # Errors
    /// If there is no axis or more than [`MAX_AXES`], if shape and extent differ in
    /// length, if [`Axis::new`] refuses an axis, or if a `usize` cannot count the pixels.
    pub fn new(shape: &[usize], extent: &[(f64, f64)]) -> Result<Self> {
        let axes = shape
            .iter()
            .zip(extent.iter().rev())
            .map(|(&n_pixels, &extent)| Axis::new(n_pixels, extent))
            .collect::<Result<Vec<_>>>()?;
        let counted = shape.iter().try_fold(1_usize, |n, &m| n.checked_mul(m));
        match axes.split_last() {
            Some((&x_axis, line_axes))
                if shape.len() == extent.len() && shape.len() <= MAX_AXES && counted.is_some() =>
            {
                Ok(Self { line_axes: line_axes.to_vec(), x_axis })
            }
            _ => Err(Error::Grid {
                argument: "shape",
                expected: "1, 2 or 3 axes with one extent each and a countable number of pixels",
                got: format!("shape {shape:?} with {} extents", extent.len()),
            }),
        }
    }

    /// Returns the number of axes, 1 to 3.
    #[must_use]
    pub fn n_axes(&self) -> usize {
        self.line_axes.len() + 1
    }

    /// Returns values given in feature order, one for each axis, in array order.
    pub(crate) fn in_array_order<T: Copy>(&self, of_features: &[T]) -> Vec<T> {
        of_features.iter().rev().copied().collect()
    }

    /// Iterates over the axes in feature order, x first.
    pub(crate) fn axes_from_x(&self) -> impl Iterator<Item = &Axis> {
        std::iter::once(&self.x_axis).chain(self.line_axes.iter().rev())
    }

    /// Returns the axis along a line of contiguous pixels.
    #[must_use]
    pub fn x_axis(&self) -> &Axis {
        &self.x_axis
    }

    /// Returns all axes but x, in array order.
    pub(crate) fn axes_before_x(&self) -> &[Axis] {
        &self.line_axes
    }

    /// Returns the first axis in array order: rows of a picture, frames of a volume.
    #[must_use]
    pub fn first_axis(&self) -> &Axis {
        self.line_axes.first().unwrap_or(&self.x_axis)
    }

    /// Returns the number of pixels at one index of the first axis.
    #[must_use]
    pub fn pixels_of_line(&self) -> usize {
        self.n_pixels() / self.first_axis().n_pixels
    }

    /// Returns the number of lines of contiguous pixels.
    #[must_use]
    pub fn n_lines(&self) -> usize {
        self.line_axes.iter().map(Axis::n_pixels).product()
    }

    /// Returns the number of pixels.
    #[must_use]
    pub fn n_pixels(&self) -> usize {
        self.n_lines() * self.x_axis.n_pixels
    }

    /// Returns the coordinates of line `line` on all axes but x, in array order.
    #[must_use]
    pub fn line(&self, line: usize) -> Vec<f64> {
        let mut rest = line;
        let mut coordinates: Vec<f64> = self
            .line_axes
            .iter()
            .rev()
            .map(|axis| {
                let i = rest % axis.n_pixels;
                rest /= axis.n_pixels;
                axis.center(i)
            })
            .collect();
        coordinates.reverse();
        coordinates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_extent_puts_every_pixel_on_its_own_index() {
        for n in [1, 2, 3, 640, 16384, 1_000_003] {
            let axis = Axis::new(n, (-0.5, n as f64 - 0.5)).unwrap();
            assert!((0..n).all(|i| axis.center(i) == i as f64), "{n} pixels");
        }
    }

    #[test]
    fn lines_of_a_volume_run_through_y_before_t() {
        let grid = Grid::new(&[2, 3, 4], &[(-0.5, 3.5), (-0.5, 2.5), (-0.5, 1.5)]).unwrap();
        assert_eq!(grid.n_lines(), 6);
        assert_eq!(grid.line(4), [1.0, 1.0]);
    }

    #[test]
    fn grids_that_cannot_be_rendered_are_refused() {
        assert!(Grid::new(&[], &[]).is_err());
        assert!(Grid::new(&[1; 4], &[(0.0, 1.0); 4]).is_err());
        assert!(Grid::new(&[0, 3], &[(0.0, 1.0); 2]).is_err());
        assert!(Grid::new(&[3], &[(1.0, 1.0)]).is_err());
        assert!(Grid::new(&[3], &[(0.0, f64::NAN)]).is_err());
        assert!(Grid::new(&[3], &[(-1e308, 1e308)]).is_err());
        assert!(Grid::new(&[usize::MAX, 2], &[(0.0, 1.0); 2]).is_err());
    }
}

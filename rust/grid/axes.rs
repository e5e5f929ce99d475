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

    #[test]
    fn an_axis_has_the_centers_of_its_pixels_and_finds_the_pixel_of_a_coordinate() {
        for (extent, step) in [((10.0, 16.0), 1.5), ((16.0, 10.0), -1.5)] {
            let axis = Axis::new(4, extent).unwrap();
            assert_eq!((axis.n_pixels(), axis.step()), (4, step));
            for i in 0..4 {
                let start = extent.0 + i as f64 * step;
                assert_eq!(axis.center(i), start + 0.5 * step);
                assert_eq!(axis.pixel(start), i as f64 - 0.5);
                assert_eq!(axis.pixel(axis.center(i)), i as f64);
                assert_eq!((axis.position(start), axis.position(axis.center(i))), (i, i));
            }
            for outside in [extent.1, extent.0 - 0.1 * step, f64::NAN, f64::INFINITY] {
                assert_eq!(axis.position(outside), usize::MAX);
            }
        }
    }

    #[test]
    fn a_grid_counts_its_lines_and_pixels_and_gives_axes_in_both_orders() {
        let extent = [(0.0, 8.0), (10.0, 16.0), (20.0, 22.0)];
        let grid = |shape: &[usize]| Grid::new(shape, &extent[..shape.len()]).unwrap();
        let volume = grid(&[2, 3, 4]);
        let counts = |grid: &Grid| (grid.n_axes(), grid.n_lines(), grid.n_pixels());
        assert_eq!(counts(&volume), (3, 6, 24));
        assert_eq!(counts(&grid(&[3, 4])), (2, 3, 12));
        assert_eq!(counts(&grid(&[4])), (1, 1, 4));
        let line_lens = [&[2, 3, 4][..], &[3, 4], &[4]].map(|shape| grid(shape).pixels_of_line());
        assert_eq!(line_lens, [12, 4, 1]);
        let firsts = [&[2, 3, 4][..], &[3, 4], &[4]].map(|shape| grid(shape).first_axis().n_pixels);
        assert_eq!(firsts, [2, 3, 4]);
        assert_eq!(volume.in_array_order(&["x", "y", "t"]), ["t", "y", "x"]);
        assert_eq!(volume.x_axis().center(1), 3.0);
        let centers = |axes: Vec<&Axis>| axes.iter().map(|axis| axis.center(0)).collect::<Vec<_>>();
        assert_eq!(centers(volume.axes_from_x().collect()), [1.0, 11.0, 20.5]);
        assert_eq!(centers(volume.axes_before_x().iter().collect()), [20.5, 11.0]);
        assert_eq!(volume.line(0), [20.5, 11.0]);
        assert_eq!(volume.line(5), [21.5, 15.0]);
        assert!(grid(&[4]).line(0).is_empty());
    }

    #[test]
    fn the_error_of_a_grid_names_the_argument() {
        let name = |result: Result<Grid>| match result {
            Err(Error::Grid { argument, .. }) => argument,
            other => panic!("{other:?}"),
        };
        assert_eq!(name(Grid::new(&[0], &[(0.0, 1.0)])), "shape");
        for extent in [(f64::INFINITY, 1.0), (1.0, f64::NAN), (2.0, 2.0), (-1e308, 1e308)] {
            assert_eq!(name(Grid::new(&[1], &[extent])), "extent");
        }
        assert_eq!(name(Grid::new(&[3, 3], &[(0.0, 1.0)])), "shape");
        assert_eq!(name(Grid::new(&[3], &[(0.0, 1.0), (0.0, 1.0)])), "shape");
        assert!(Grid::new(&[1 << 31, 1 << 31, 3], &[(0.0, 1.0); 3]).is_ok());
        assert_eq!(name(Grid::new(&[1 << 31, 1 << 31, 4], &[(0.0, 1.0); 3])), "shape");
    }
}

//! Samples accumulated on a grid, without storing them: the number of samples in each
//! pixel and the mean of their other features there.
//!
//! The bits are the same for any number of threads. Counts and sums are integers; the step
//! of the sums is a power of two that leaves room for all samples at the largest value of
//! the stream. Every part of the work has its own image; the images are summed at the end.

use crate::error::{Error, Result};
use crate::grid::axes::{Axis, Grid};
use crate::model::checks::{check_features, remaining_features};
use crate::runtime::{Runtime, distribute};
use crate::sampling::drawer::{Drawer, RUN_SAMPLES};
use crate::sampling::sampler::Sampling;
use crate::simd::ROUNDER;

/// Memory for the images of parts. Larger images are fewer than the threads.
const MAX_BYTES: usize = 256 << 20;

/// Counts and means of samples in the pixels of a grid.
pub struct Splat<'a> {
    /// The features of the axes of the grid, x first.
    pub given: &'a [usize],
    /// Number of samples in each pixel, (`n_pixels`,).
    pub counts: &'a mut [i64],
    /// The mean of each remaining feature there, (`n_pixels`, `n_remaining`); NaN where
    /// there is no sample.
    pub means: &'a mut [f64],
}

impl Splat<'_> {
    /// Draws `n_samples` and writes counts and means; samples beyond the grid are dropped.
    ///
    /// ```
    /// use gmmfast::{Covariances, Grid, Mixture, Runtime, Sampling, Splat};
    ///
    /// let covariances = Covariances::Diag(vec![0.01, 25.0, 0.01, 25.0]);
    /// let mixture = Mixture::new(vec![0.5, 0.5], vec![0.0, 40.0, 2.0, 200.0], covariances)?;
    /// let grid = Grid::new(&[3], &[(-0.5, 2.5)])?;
    /// let (mut counts, mut means) = ([0; 3], [0.0; 3]);
    /// Splat { given: &[0], counts: &mut counts, means: &mut means }
    ///     .draw(&Sampling::new(&mixture, 42), &grid, 10_000, &Runtime::new(None)?)?;
    /// assert_eq!((counts[0] + counts[2], counts[1]), (10_000, 0));
    /// assert!((means[0] - 40.0).abs() < 1.0 && means[1].is_nan());
    /// # Ok::<(), gmmfast::Error>(())
    /// ```
    ///
    /// # Errors
    /// If arrays or features do not fit the grid and the mixture, or if the runtime was
    /// interrupted.
    pub fn draw(
        self,
        sampling: &Sampling,
        grid: &Grid,
        n_samples: usize,
        runtime: &Runtime,
    ) -> Result<()> {
        let target = SplatTarget {
            axes: grid.axes_from_x().collect(),
            given: self.given,
            remaining: self
                .check(sampling, grid)?
                .into_iter()
                .map(|i| ScaledFeature { index: i, scale: scale(sampling.reach(i), n_samples) })
                .collect(),
        };
        let sum = target.sum(sampling, n_samples, runtime)?;
        let n_remaining = target.remaining.len();
        for (at, pixel) in sum.chunks_exact(target.width()).enumerate() {
            self.counts[at] = pixel[0];
            for (i, ScaledFeature { scale, .. }) in target.remaining.iter().enumerate() {
                self.means[at * n_remaining + i] = pixel[1 + i] as f64 / (pixel[0] as f64 * scale);
            }
        }
        Ok(())
    }

    /// Checks lengths and returns the remaining features.
    fn check(&self, sampling: &Sampling, grid: &Grid) -> Result<Vec<usize>> {
        let d = sampling.n_features();
        check_features("given", self.given, d)?;
        let remaining =
            if self.given.len() < d { remaining_features(self.given, d)? } else { Vec::new() };
        let lengths = [
            ("given", grid.n_axes(), self.given.len()),
            ("counts", grid.n_pixels(), self.counts.len()),
            ("means", grid.n_pixels() * remaining.len(), self.means.len()),
        ];
        match lengths.into_iter().find(|(_, expected, got)| expected != got) {
            Some((argument, expected, got)) => {
                Err(Error::Length { argument, expected: format!("{expected} values"), got })
            }
            None => Ok(remaining),
        }
    }
}

/// The grid of a splat and the features that are summed in its pixels. An image has
/// [`SplatTarget::width`] integers a pixel: the number of samples, then the sum of each
/// feature times its scale.
struct SplatTarget<'a> {
    axes: Vec<&'a Axis>,
    /// The feature of each axis.
    given: &'a [usize],
    remaining: Vec<ScaledFeature>,
}

/// A feature and the power of two by which its values are multiplied.
struct ScaledFeature {
    index: usize,
    scale: f64,
}

impl SplatTarget<'_> {
    fn width(&self) -> usize {
        1 + self.remaining.len()
    }

    /// Returns the image of all samples.
    fn sum(&self, sampling: &Sampling, n_samples: usize, runtime: &Runtime) -> Result<Vec<i64>> {
        let n_values =
            self.axes.iter().map(|axis| axis.n_pixels()).product::<usize>() * self.width();
        let n_runs = n_samples.div_ceil(RUN_SAMPLES);
        let most = MAX_BYTES / (8 * n_values);
        let n_parts = runtime.n_threads().min(n_runs).min(most).max(1);
        let part = n_runs.div_ceil(n_parts) * RUN_SAMPLES;
        let mut images = vec![vec![0_i64; n_values]; n_parts];
        runtime.install(|| {
            let items = images.iter_mut().enumerate().collect();
            distribute(items, &|| {
                let mut drawer = Drawer::new(sampling.source(), runtime);
                Box::new(move |(at, image): (usize, &mut Vec<i64>)| {
                    let samples = (at * part).min(n_samples)..(at * part + part).min(n_samples);
                    drawer.each_block(samples, true, |_, rows| {
                        for row in rows.chunks_exact(sampling.n_features()) {
                            self.add(row, image);
                        }
                    })
                })
            })
        })?;
        let mut images = images.into_iter();
        let mut sum = images.next().expect("there is a part");
        for image in images {
            sum.iter_mut().zip(image).for_each(|(sum, value)| *sum += value);
        }
        Ok(sum)
    }

    /// Adds a sample to its pixel, if the grid has one.
    #[inline]
    fn add(&self, row: &[f64], image: &mut [i64]) {
        let (mut pixel, mut stride, mut is_within) = (0, 1, true);
        for (axis, &feature) in self.axes.iter().zip(self.given) {
            let at = axis.position(row[feature]);
            is_within &= at < axis.n_pixels();
            pixel += at.min(axis.n_pixels() - 1) * stride;
            stride *= axis.n_pixels();
        }
        if is_within {
            let pixel = &mut image[pixel * self.width()..][..self.width()];
            pixel[0] += 1;
            for (to, ScaledFeature { index, scale }) in pixel[1..].iter_mut().zip(&self.remaining) {
                *to += ((row[*index] * scale + ROUNDER) - ROUNDER) as i64;
            }
        }
    }
}

/// Returns the power of two by which values up to `reach` are multiplied: the largest for
/// which a product is below 2^51, to be rounded by [`ROUNDER`], and the sum of all samples
/// below 2^62.
fn scale(reach: f64, n_samples: usize) -> f64 {
    // 2^exponent is above x.
    let exponent = |x: f64| (x.to_bits() >> 52) as i32 - 1022;
    let exponent =
        (51 - exponent(reach)).min(62 - exponent(reach) - exponent(n_samples.max(1) as f64));
    2.0_f64.powi(exponent.clamp(-1000, 1000))
}

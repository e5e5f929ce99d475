//! Scattered points: log-density of each row of an array.

use crate::error::{Error, Result};
use crate::kernel::points::{PointsKernel, log2_peaks};
use crate::kernel::simd::{Dispatch, Simd};
use crate::mixture::Mixture;
use crate::pool::Runtime;
use rayon::prelude::*;

/// Points of one piece of work, at most and at least.
const PIECE: (usize, usize) = (1024, 32);

/// Multiply-adds after which a piece looks for an interrupt: some 50 ms.
const OPERATIONS_PER_PIECE: usize = 1 << 27;

/// log p of each row of `points`, (`out.len()`, `n_features`) row-major.
///
/// ```
/// use gmmfast::{Covariances, Mixture, Runtime, score_samples};
///
/// let mixture = Mixture::new(vec![1.0], vec![0.0], Covariances::Diag(vec![1.0]))?;
/// let mut log_prob = [0.0; 2];
/// score_samples(&mixture, &[0.0, 1.0], &mut log_prob, &Runtime::new(None)?)?;
/// assert!((log_prob[0] - log_prob[1] - 0.5).abs() < 1e-15);
/// # Ok::<(), gmmfast::Error>(())
/// ```
///
/// # Errors
/// `points` does not have `out.len() * n_features` values, or the runtime was
/// interrupted.
pub fn score_samples(
    mixture: &Mixture,
    points: &[f64],
    out: &mut [f64],
    runtime: &Runtime,
) -> Result<()> {
    let d = mixture.n_features();
    if Some(points.len()) != out.len().checked_mul(d) {
        let expected = format!("shape ({}, {d})", out.len());
        return Err(Error::Length { argument: "X", expected, got: points.len() });
    }
    let peaks = log2_peaks(mixture);
    let work = Score { mixture, peaks: &peaks, points, out, runtime };
    runtime.install(|| runtime.level().dispatch(work))
}

/// Multiply-adds that the log-density of one point takes, or somewhat more.
pub(crate) fn operations_per_point(mixture: &Mixture) -> usize {
    let d = mixture.n_features();
    mixture.n_components().saturating_mul(d.saturating_mul(d) / 2 + 16)
}

struct Score<'a> {
    mixture: &'a Mixture,
    peaks: &'a [(usize, f64)],
    points: &'a [f64],
    out: &'a mut [f64],
    runtime: &'a Runtime,
}

impl Dispatch for Score<'_> {
    type Output = Result<()>;

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Self { mixture, peaks, points, out, runtime } = self;
        let piece = (OPERATIONS_PER_PIECE / operations_per_point(mixture)).clamp(PIECE.1, PIECE.0);
        let points = points.par_chunks(piece * mixture.n_features());
        points.zip(out.par_chunks_mut(piece)).try_for_each_init(
            || PointsKernel::new(simd, mixture, peaks),
            |kernel, (points, out)| {
                runtime.check()?;
                kernel.log_density(points, out);
                Ok(())
            },
        )
    }
}

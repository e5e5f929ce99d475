//! Scattered points: the log-density, label and responsibilities of each row of an array.
//!
//! The results are those of the specification, [`spec`](crate::spec), to
//! rounding, and the same bits on any number of threads. A log-density's bits
//! may depend on the other points of the call, because they decide which components are
//! left out as negligible and in which order the others are summed. Labels and
//! responsibilities are compared or summed in the order of the components and depend on
//! nothing else.

use crate::error::{Error, Result};
use crate::model::mixture::Mixture;
use crate::points::evaluate::{Evaluator, PointJob, PointQuantity};
use crate::points::group::negligible_bits;
use crate::points::threshold::Threshold;
use crate::runtime::Runtime;
use crate::simd::Simd;

/// Writes log p of each row of `points`, (`out.len()`, `n_features`) row-major, into `out`.
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
/// If `points` does not have `out.len() * n_features` values, or the runtime was interrupted,
/// which leaves `out` partly written.
pub fn score_samples(
    mixture: &Mixture,
    points: &[f64],
    out: &mut [f64],
    runtime: &Runtime,
) -> Result<()> {
    check_points(mixture, points, out.len())?;
    PointJob { quantity: LogDensity, mixture, points, out, runtime }.run()
}

/// Writes the most responsible component of each row of `points`, (`out.len()`, `n_features`)
/// row-major, into `out`: the first of equals, and 0 where every distance overflows.
///
/// ```
/// use gmmfast::{Covariances, Mixture, Runtime, predict};
///
/// let covariances = Covariances::Spherical(vec![1.0, 1.0]);
/// let mixture = Mixture::new(vec![0.5, 0.5], vec![0.0, 4.0], covariances)?;
/// let mut labels = [0; 3];
/// predict(&mixture, &[1.0, 2.0, 3.0], &mut labels, &Runtime::new(None)?)?;
/// assert_eq!(labels, [0, 0, 1]);
/// # Ok::<(), gmmfast::Error>(())
/// ```
///
/// # Errors
/// If `points` does not have `out.len() * n_features` values, or the runtime was interrupted,
/// which leaves `out` partly written.
pub fn predict(
    mixture: &Mixture,
    points: &[f64],
    out: &mut [i64],
    runtime: &Runtime,
) -> Result<()> {
    check_points(mixture, points, out.len())?;
    PointJob { quantity: Label, mixture, points, out, runtime }.run()
}

/// Writes the responsibilities of all components for each row of `points`, (n, `n_features`)
/// row-major, into `out`, (n, `n_components`) row-major. They are exactly 0 for a weight of
/// zero and where they underflow a float64, and equal where every distance overflows.
///
/// ```
/// use gmmfast::{Covariances, Mixture, Runtime, predict_proba};
///
/// let covariances = Covariances::Spherical(vec![1.0, 1.0]);
/// let mixture = Mixture::new(vec![0.5, 0.5], vec![0.0, 4.0], covariances)?;
/// let mut responsibilities = [0.0; 4];
/// predict_proba(&mixture, &[2.0, 100.0], &mut responsibilities, &Runtime::new(None)?)?;
/// assert_eq!(responsibilities[..2], [0.5, 0.5]);
/// assert_eq!(responsibilities[3], 1.0);
/// # Ok::<(), gmmfast::Error>(())
/// ```
///
/// # Errors
/// If `points` and `out` do not have the same number of rows, or the runtime was interrupted,
/// which leaves `out` partly written.
pub fn predict_proba(
    mixture: &Mixture,
    points: &[f64],
    out: &mut [f64],
    runtime: &Runtime,
) -> Result<()> {
    let row_len = mixture.n_components();
    if !out.len().is_multiple_of(row_len) {
        let expected = format!("shape (n_samples, {row_len})");
        return Err(Error::Length { argument: "out", expected, got: out.len() });
    }
    check_points(mixture, points, out.len() / row_len)?;
    PointJob { quantity: Responsibilities, mixture, points, out, runtime }.run()
}

fn check_points(mixture: &Mixture, points: &[f64], n_samples: usize) -> Result<()> {
    let d = mixture.n_features();
    if Some(points.len()) == n_samples.checked_mul(d) {
        return Ok(());
    }
    let expected = format!("shape ({n_samples}, {d})");
    Err(Error::Length { argument: "X", expected, got: points.len() })
}

pub(crate) struct LogDensity;

impl PointQuantity for LogDensity {
    type Value = f64;

    fn row_len(&self, _: &Mixture) -> usize {
        1
    }

    fn threshold(&self, mixture: &Mixture) -> Threshold {
        Threshold::fixed(negligible_bits(mixture))
    }

    fn evaluator<'a, S: Simd>(&'a self, _: S, _: &Mixture) -> Evaluator<'a, f64, S> {
        Box::new(|kernel, group, components, rows| kernel.log_density(group, components, rows))
    }
}

pub(crate) struct Label;

impl PointQuantity for Label {
    type Value = i64;

    fn row_len(&self, _: &Mixture) -> usize {
        1
    }

    fn threshold(&self, _: &Mixture) -> Threshold {
        Threshold::fixed(0.0)
    }

    fn evaluator<'a, S: Simd>(&'a self, _: S, _: &Mixture) -> Evaluator<'a, i64, S> {
        Box::new(|kernel, group, components, rows| {
            // In this order the first of equal components is found.
            components.sort_unstable();
            kernel.label(group, components, rows);
        })
    }
}

pub(crate) struct Responsibilities;

impl PointQuantity for Responsibilities {
    type Value = f64;

    fn row_len(&self, mixture: &Mixture) -> usize {
        mixture.n_components()
    }

    fn threshold(&self, _: &Mixture) -> Threshold {
        Threshold::fixed(1080.0)
    }

    fn evaluator<'a, S: Simd>(&'a self, _: S, _: &Mixture) -> Evaluator<'a, f64, S> {
        Box::new(|kernel, group, components, rows| kernel.responsibilities(group, components, rows))
    }
}

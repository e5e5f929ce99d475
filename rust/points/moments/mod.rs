//! Scattered points: moments of the remaining features for each row of the given features.
//!
//! The conditional of each row is a mixture of as many components (model/conditional/). Its
//! means, standard deviations and covariances are summed over the components that can matter
//! (threshold.rs). The results are those of the specification, [`spec`](crate::spec), to
//! rounding of the smallest standard deviation, or variance, of a remaining feature under a
//! component. Components are summed in their order, and those below a point's own threshold
//! are left out: a row's bits depend neither on the number of threads nor on the other rows of
//! the call. Log-densities are in log_prob/.

mod kernel;
pub(crate) mod regressions;

use crate::error::{Error, Result};
use crate::model::conditional::Conditional;
use crate::model::linalg::packed_len;
use crate::model::mixture::Mixture;
use crate::points::evaluate::{Evaluator, PointJob, PointQuantity, operations_per_point};
use crate::points::group::{log2_peaks, negligible_bits};
use crate::points::moments::kernel::{MomentsKernel, MomentsModel, Second, Wanted};
use crate::points::threshold::Threshold;
use crate::runtime::Runtime;
use crate::simd::Simd;

/// Writes E[remaining | given] for each row of `values`, (n, `n_given`) row-major, into `out`,
/// (n, `n_remaining`) row-major. It is finite where every density underflows; where every
/// distance overflows, all components have the same responsibility.
///
/// ```
/// use gmmfast::{Conditional, Covariances, Mixture, Runtime, conditional_mean};
///
/// let covariances = Covariances::Full(vec![2.0, 1.0, 1.0, 3.0]);
/// let joint = Mixture::new(vec![1.0], vec![0.0, 10.0], covariances)?;
/// let conditional = Conditional::new(&joint, &[0])?;
/// let mut means = [0.0; 2];
/// conditional_mean(&conditional, &[0.0, 4.0], &mut means, &Runtime::new(None)?)?;
/// assert_eq!(means, [10.0, 12.0]);
/// # Ok::<(), gmmfast::Error>(())
/// ```
///
/// # Errors
/// If `values` and `out` do not have the same number of rows, or the runtime was interrupted,
/// which leaves `out` partly written.
pub fn conditional_mean(
    conditional: &Conditional,
    values: &[f64],
    out: &mut [f64],
    runtime: &Runtime,
) -> Result<()> {
    moments(conditional, Wanted { mean: true, second: Second::Nothing }, values, out, runtime)
}

/// Writes the standard deviations of the remaining features for each row of `values`, with the
/// shapes of [`conditional_mean`].
///
/// ```
/// use gmmfast::{Conditional, Covariances, Mixture, Runtime, conditional_std};
///
/// let covariances = Covariances::Full(vec![2.0, 1.0, 1.0, 4.5]);
/// let joint = Mixture::new(vec![1.0], vec![0.0, 10.0], covariances)?;
/// let conditional = Conditional::new(&joint, &[0])?;
/// let mut stds = [0.0];
/// conditional_std(&conditional, &[4.0], &mut stds, &Runtime::new(None)?)?;
/// assert!((stds[0] - 2.0).abs() < 1e-15);
/// # Ok::<(), gmmfast::Error>(())
/// ```
///
/// # Errors
/// See [`conditional_mean`].
pub fn conditional_std(
    conditional: &Conditional,
    values: &[f64],
    out: &mut [f64],
    runtime: &Runtime,
) -> Result<()> {
    moments(conditional, Wanted { mean: false, second: Second::Std }, values, out, runtime)
}

/// Writes the covariances of the remaining features for each row of `values` into `out`,
/// (n, `n_remaining`, `n_remaining`) row-major: the components' covariances and the spread of
/// their means (Bishop, Pattern Recognition and Machine Learning, exercise 2.17).
///
/// ```
/// use gmmfast::{Conditional, Covariances, Mixture, Runtime, conditional_covariance};
///
/// // Two spikes of the second feature, as likely as each other.
/// let spikes = Covariances::Diag(vec![1.0, 1e-6, 1.0, 1e-6]);
/// let joint = Mixture::new(vec![0.5, 0.5], vec![0.0, -3.0, 0.0, 3.0], spikes)?;
/// let conditional = Conditional::new(&joint, &[0])?;
/// let mut covariance = [0.0];
/// conditional_covariance(&conditional, &[0.5], &mut covariance, &Runtime::new(None)?)?;
/// assert!((covariance[0] - 9.000_001).abs() < 1e-14);
/// # Ok::<(), gmmfast::Error>(())
/// ```
///
/// # Errors
/// See [`conditional_mean`].
pub fn conditional_covariance(
    conditional: &Conditional,
    values: &[f64],
    out: &mut [f64],
    runtime: &Runtime,
) -> Result<()> {
    moments(conditional, Wanted { mean: false, second: Second::Covariance }, values, out, runtime)
}

/// Writes the means and then the standard deviations of the remaining features for each row of
/// `values` into `out`, (n, 2 `n_remaining`) row-major, in one pass. They are the results of
/// [`conditional_mean`] and [`conditional_std`], except for the rounding of means, from which
/// fewer components are left out.
///
/// # Errors
/// See [`conditional_mean`].
pub fn conditional_mean_and_std(
    conditional: &Conditional,
    values: &[f64],
    out: &mut [f64],
    runtime: &Runtime,
) -> Result<()> {
    moments(conditional, Wanted { mean: true, second: Second::Std }, values, out, runtime)
}

/// Writes the means and then the covariances of the remaining features for each row of `values`
/// into `out`, (n, `n_remaining` + `n_remaining`²) row-major; see [`conditional_mean_and_std`].
///
/// # Errors
/// See [`conditional_mean`].
pub fn conditional_mean_and_covariance(
    conditional: &Conditional,
    values: &[f64],
    out: &mut [f64],
    runtime: &Runtime,
) -> Result<()> {
    moments(conditional, Wanted { mean: true, second: Second::Covariance }, values, out, runtime)
}

fn moments(
    conditional: &Conditional,
    wanted: Wanted,
    values: &[f64],
    out: &mut [f64],
    runtime: &Runtime,
) -> Result<()> {
    let quantity = Moments::new(conditional, wanted);
    let mixture = conditional.marginal();
    check_rows(values, mixture.n_features(), out, quantity.row_len(mixture))?;
    PointJob { quantity, mixture, points: values, out, runtime }.run()
}

/// Checks that `out` has a row for each row of `values`.
pub(crate) fn check_rows(
    values: &[f64],
    n_given: usize,
    out: &[f64],
    row_len: usize,
) -> Result<()> {
    let n = values.len() / n_given;
    if !values.len().is_multiple_of(n_given) {
        let expected = format!("shape (n_samples, {n_given})");
        return Err(Error::Length { argument: "values", expected, got: values.len() });
    }
    if Some(out.len()) != n.checked_mul(row_len) {
        let expected = format!("shape ({n}, {row_len})");
        return Err(Error::Length { argument: "out", expected, got: out.len() });
    }
    Ok(())
}

/// Returns the multiply-adds of any moments of one point, or somewhat more.
#[cfg(feature = "python")]
pub(crate) fn operations_per_point_of_moments(conditional: &Conditional) -> usize {
    operations_of_moments(conditional, Second::Covariance)
}

fn operations_of_moments(conditional: &Conditional, second: Second) -> usize {
    let (n_given, n_remaining) =
        (conditional.marginal().n_features(), conditional.remaining().len());
    let pairs = match second {
        Second::Nothing => 0,
        Second::Std => n_remaining,
        Second::Covariance => packed_len(n_remaining),
    };
    let n_passes = if second == Second::Nothing { 1 } else { 2 };
    let of_regressions = n_passes * n_remaining.saturating_mul(n_given + 2) + 2 * pairs;
    let of_responsibilities = operations_per_point(conditional.marginal());
    of_responsibilities
        .saturating_add(conditional.marginal().n_components().saturating_mul(of_regressions))
}

/// Moments of the remaining features.
struct Moments<'a> {
    conditional: &'a Conditional,
    wanted: Wanted,
    /// The covariances of each component, packed by rows; empty if only means are wanted.
    covariances: Vec<f64>,
    threshold: Threshold,
}

impl<'a> Moments<'a> {
    fn new(conditional: &'a Conditional, wanted: Wanted) -> Self {
        let n_remaining = conditional.remaining().len();
        let n_components = conditional.marginal().n_components();
        let mut covariances = Vec::new();
        if wanted.second != Second::Nothing {
            covariances.reserve_exact(n_components * packed_len(n_remaining));
            for k in 0..n_components {
                for i in 0..n_remaining {
                    covariances.extend((0..=i).map(|j| conditional.covariance(k, i, j)));
                }
            }
        }
        let marginal = conditional.marginal();
        let degree = if wanted.second == Second::Nothing { 1 } else { 2 };
        let top = log2_peaks(marginal).into_iter().fold(f64::NEG_INFINITY, f64::max);
        let bits = negligible_bits(marginal);
        let threshold = Threshold::of_moment(bits, degree, conditional.ratio(), top);
        Self { conditional, wanted, covariances, threshold }
    }
}

impl PointQuantity for Moments<'_> {
    type Value = f64;

    fn row_len(&self, _: &Mixture) -> usize {
        self.wanted.row_len(self.conditional.remaining().len())
    }

    fn threshold(&self, _: &Mixture) -> Threshold {
        self.threshold
    }

    fn operations_per_point(&self, _: &Mixture) -> usize {
        operations_of_moments(self.conditional, self.wanted.second)
    }

    fn evaluator<'a, S: Simd>(&'a self, simd: S, _: &Mixture) -> Evaluator<'a, f64, S> {
        let model = MomentsModel {
            conditional: self.conditional,
            covariances: &self.covariances,
            wanted: self.wanted,
        };
        let mut kernel = MomentsKernel::new(simd, model, self.threshold);
        Box::new(move |points, group, components, rows| {
            components.sort_unstable();
            kernel.evaluate(points, group, components, rows);
        })
    }
}

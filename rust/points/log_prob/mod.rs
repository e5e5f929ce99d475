//! Scattered points: the log-density of the remaining features given the others, for each row.
//!
//! There are two passes, because different components matter to the two sums of kernel.rs. The
//! first is over the given features under their marginal, the second over all features under
//! the joint mixture, whose densities bound the components of the remaining features. The terms
//! that are left out are a rounding of either sum. The result's bits are the same for any number
//! of threads. Like those of [`score_samples`](crate::score_samples) they may depend on the other
//! rows.

mod kernel;

use crate::error::{Error, Result};
use crate::model::conditional::Conditional;
use crate::model::mixture::Mixture;
use crate::points::evaluate::{Evaluator, PointJob, PointQuantity, operations_per_point};
use crate::points::group::{PeakedMixture, PointsKernel, log2_peaks, negligible_bits};
use crate::points::log_prob::kernel::{Largest, LogProbKernel, RegressionFactors};
use crate::points::moments::check_rows;
use crate::points::threshold::Threshold;
use crate::runtime::Runtime;
use crate::simd::Simd;
use std::borrow::Cow;

/// Points whose marginal pass is held at a time.
const PIECE_POINTS: usize = 1 << 17;

/// Writes log p(remaining | given) of each row of `points`, (`out.len()`, `n_features`)
/// row-major, into `out`. A row has the given features in their order, then the remaining ones,
/// ascending. `conditional` was made from `mixture`.
///
/// ```
/// use gmmfast::{Conditional, Covariances, Mixture, Runtime, conditional_log_prob};
///
/// let covariances = Covariances::Full(vec![2.0, 1.0, 1.0, 1.5]);
/// let joint = Mixture::new(vec![1.0], vec![0.0, 10.0], covariances)?;
/// let conditional = Conditional::new(&joint, &[0])?;
/// // The conditional is standard normal about 12, however unlikely the 4 is.
/// let mut log_prob = [0.0];
/// let runtime = Runtime::new(None)?;
/// conditional_log_prob(&joint, &conditional, &[4.0, 13.0], &mut log_prob, &runtime)?;
/// assert!((log_prob[0] + 0.5 * (1.0 + std::f64::consts::TAU.ln())).abs() < 1e-14);
/// # Ok::<(), gmmfast::Error>(())
/// ```
///
/// # Errors
/// If `points` does not have `out.len() * n_features` values, if `conditional` is of a mixture of
/// another size, or if the runtime was interrupted, which leaves `out` partly written.
pub fn conditional_log_prob(
    mixture: &Mixture,
    conditional: &Conditional,
    points: &[f64],
    out: &mut [f64],
    runtime: &Runtime,
) -> Result<()> {
    let (d, n_given) = (mixture.n_features(), conditional.marginal().n_features());
    check_rows(points, d, out, 1)?;
    let joint = in_order(mixture, conditional)?;
    let factors = RegressionFactors::new(conditional);
    let marginal = conditional.marginal();
    let peaks = log2_peaks(marginal);
    let (mut values, mut rows) = (Vec::new(), Vec::new());
    for (points, out) in points.chunks(PIECE_POINTS * d).zip(out.chunks_mut(PIECE_POINTS)) {
        values.clear();
        values.extend(points.chunks_exact(d).flat_map(|x| &x[..n_given]));
        rows.clear();
        rows.resize(2 * out.len(), 0.0);
        let (points_of_marginal, out_of_marginal) = (&values[..], &mut rows[..]);
        PointJob {
            quantity: LargestAndSum,
            mixture: marginal,
            points: points_of_marginal,
            out: out_of_marginal,
            runtime,
        }
        .run()?;
        let quantity = LogProb { conditional, factors: &factors, peaks: &peaks };
        PointJob { quantity, mixture: &joint, points, out: &mut rows, runtime }.run()?;
        for (log_prob, row) in out.iter_mut().zip(rows.chunks_exact(2)) {
            *log_prob = row[0];
        }
    }
    Ok(())
}

/// Returns the mixture with the given features first, in their order, and then the remaining
/// ones.
fn in_order<'a>(mixture: &'a Mixture, conditional: &Conditional) -> Result<Cow<'a, Mixture>> {
    let order = conditional.order();
    let is_in_order = order.iter().enumerate().all(|(at, &feature)| at == feature);
    let n_components = conditional.marginal().n_components();
    if (order.len(), n_components) != (mixture.n_features(), mixture.n_components()) {
        let expected =
            format!("a mixture of {n_components} components and {} features", order.len());
        let got = format!("{} and {}", mixture.n_components(), mixture.n_features());
        return Err(Error::Value { argument: "mixture", expected, got });
    }
    Ok(if is_in_order { Cow::Borrowed(mixture) } else { Cow::Owned(mixture.marginal(&order)?) })
}

/// The largest q and the logarithm of the sum of responsibilities, in base 2.
struct LargestAndSum;

impl PointQuantity for LargestAndSum {
    type Value = f64;

    fn row_len(&self, _: &Mixture) -> usize {
        2
    }

    fn threshold(&self, mixture: &Mixture) -> Threshold {
        Threshold::fixed(negligible_bits(mixture))
    }

    fn evaluator<'a, S: Simd>(&'a self, simd: S, mixture: &Mixture) -> Evaluator<'a, f64, S> {
        let mut kernel = Largest::new(simd, self.threshold(mixture));
        Box::new(move |points, group, components, rows| {
            kernel.evaluate(points, group, components, rows);
        })
    }
}

/// The remaining features' log-densities, in rows that hold the values of [`LargestAndSum`].
struct LogProb<'a> {
    conditional: &'a Conditional,
    factors: &'a RegressionFactors,
    /// The peaks of the marginal.
    peaks: &'a [f64],
}

impl PointQuantity for LogProb<'_> {
    type Value = f64;

    fn row_len(&self, _: &Mixture) -> usize {
        2
    }

    fn threshold(&self, mixture: &Mixture) -> Threshold {
        Threshold::fixed(negligible_bits(mixture))
    }

    fn operations_per_point(&self, mixture: &Mixture) -> usize {
        2 * operations_per_point(mixture)
    }

    fn evaluator<'a, S: Simd>(&'a self, simd: S, mixture: &Mixture) -> Evaluator<'a, f64, S> {
        let marginal = PeakedMixture { mixture: self.conditional.marginal(), peaks: self.peaks };
        let marginal = PointsKernel::new(simd, marginal);
        let bits = negligible_bits(mixture);
        let mut kernel = LogProbKernel::new(simd, self.conditional, self.factors, marginal, bits);
        Box::new(move |points, group, components, rows| {
            kernel.evaluate(points, group, components, rows);
        })
    }
}

//! The specification: every quantity in scalar float64, as the formulas say.
//!
//! log p(x) = log Σₖ exp(qₖ), qₖ = log weightₖ + log N(x; meanₖ, covarianceₖ),
//! with the largest qₖ taken out of the sum, and the squared Mahalanobis
//! distance from centred differences and the Cholesky factor (Bishop, Pattern
//! Recognition and Machine Learning, 2006, sections 2.3 and 9.2). Components of
//! weight zero take no part. Slow and plain: read it to know what is computed.

use crate::error::Result;
use crate::model::conditional::Conditional;
use crate::model::covariances::Covariances;
use crate::model::linalg::packed_row;
use crate::model::mixture::Mixture;

/// qₖ at `x` for every component: log weight plus log-density.
///
/// # Panics
/// If `x` does not have a value for each feature; so do the others.
#[must_use]
pub fn weighted_log_prob(mixture: &Mixture, x: &[f64]) -> Vec<f64> {
    assert_eq!(x.len(), mixture.n_features(), "a value for each feature");
    let log_prob = |k: usize| {
        let difference: Vec<f64> = x.iter().zip(mixture.mean(k)).map(|(x, m)| x - m).collect();
        let whitened = |i: usize| -> f64 {
            (0..=i).map(|j| mixture.precisions_cholesky().at(k, i, j) * difference[j]).sum()
        };
        let mahalanobis_squared: f64 = (0..x.len()).map(|i| whitened(i).powi(2)).sum();
        mixture.log_peak(k) - 0.5 * mahalanobis_squared
    };
    (0..mixture.n_components())
        .map(|k| {
            if mixture.log_weights()[k] > f64::NEG_INFINITY {
                log_prob(k)
            } else {
                f64::NEG_INFINITY
            }
        })
        .collect()
}

/// log p(x).
#[must_use]
pub fn log_density(mixture: &Mixture, x: &[f64]) -> f64 {
    log_sum_exp(&weighted_log_prob(mixture, x))
}

/// log Σₖ exp(qₖ).
#[must_use]
pub fn log_sum_exp(q: &[f64]) -> f64 {
    let max = q.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if max == f64::NEG_INFINITY {
        return max;
    }
    max + q.iter().map(|q| (q - max).exp()).sum::<f64>().ln()
}

/// p(component k | x) for every component.
#[must_use]
pub fn responsibilities(mixture: &Mixture, x: &[f64]) -> Vec<f64> {
    let q = weighted_log_prob(mixture, x);
    let max = q.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let shares: Vec<f64> = q.iter().map(|q| (q - max).exp()).collect();
    let sum: f64 = shares.iter().sum();
    shares.iter().map(|share| share / sum).collect()
}

/// E[targets | given = values], one number a target.
#[must_use]
pub fn conditional_mean(conditional: &Conditional, values: &[f64]) -> Vec<f64> {
    let shares = responsibilities(conditional.marginal(), values);
    (0..conditional.targets().len())
        .map(|t| {
            let expert = |k: usize| conditional.expert_mean(k, t, values);
            shares.iter().enumerate().map(|(k, share)| share * expert(k)).sum()
        })
        .collect()
}

/// Cov[targets | given = values], (n_targets, n_targets) row-major: what components
/// have, and how far their means lie from the mean of all (Bishop, exercise 2.17).
#[must_use]
pub fn conditional_covariance(conditional: &Conditional, values: &[f64]) -> Vec<f64> {
    let shares = responsibilities(conditional.marginal(), values);
    let mean = conditional_mean(conditional, values);
    let n = mean.len();
    let moment = |i: usize, j: usize| -> f64 {
        let deviation = |k: usize, t: usize| conditional.expert_mean(k, t, values) - mean[t];
        let of_component =
            |k: usize| conditional.covariance(k, i, j) + deviation(k, i) * deviation(k, j);
        // A share of zero counts for nothing, even if what it weights overflows.
        let weighted = shares.iter().enumerate().filter(|(_, share)| **share > 0.0);
        weighted.map(|(k, share)| share * of_component(k)).sum()
    };
    (0..n * n).map(|ij| moment(ij / n, ij % n)).collect()
}

/// log p(targets = x | given = values): the responsibilities are differences of the qₖ
/// before anything is exponentiated, so that nothing cancels where one component
/// counts alone, and none is lost that is nothing at `values` but the nearest to `x`.
///
/// # Errors
/// As [`Conditional::at`].
pub fn conditional_log_prob(conditional: &Conditional, values: &[f64], x: &[f64]) -> Result<f64> {
    Ok(log_density(&conditional.at(values)?, x))
}

/// One draw of the targets given `values`: of the component at which the running sum of
/// responsibilities passes `uniform`, its expert's mean plus the Cholesky factor of its
/// covariance times `normals`; and that component.
///
/// # Errors
/// As [`Conditional::at`].
///
/// # Panics
/// If there is not a normal for each target.
pub fn conditional_sample(
    conditional: &Conditional,
    values: &[f64],
    uniform: f64,
    normals: &[f64],
) -> Result<(usize, Vec<f64>)> {
    let n_targets = conditional.targets().len();
    assert_eq!(normals.len(), n_targets, "a normal for each target");
    let at = conditional.at(values)?;
    let (mut k, mut before) = (0, 0.0);
    for (component, weight) in at.weights().iter().enumerate() {
        if *weight > 0.0 && before <= uniform {
            k = component;
        }
        before += weight;
    }
    let targets: Vec<usize> = (0..n_targets).collect();
    let factor = at.covariances().factor(n_targets, k, &targets);
    let draw = |t: usize| -> f64 {
        let row = packed_row(&factor, t).iter().zip(normals);
        at.mean(k)[t] + row.map(|(f, z)| f * z).sum::<f64>()
    };
    Ok((k, (0..n_targets).map(draw).collect()))
}

/// The component with the largest qₖ, the first of equals.
#[must_use]
pub fn label(mixture: &Mixture, x: &[f64]) -> usize {
    let q = weighted_log_prob(mixture, x);
    (0..q.len()).fold(0, |best, k| if q[k] > q[best] { k } else { best })
}

/// The entropy of the responsibilities at `x`, -Σₖ rₖ log rₖ.
#[must_use]
pub fn entropy(mixture: &Mixture, x: &[f64]) -> f64 {
    let of_share = |share: &f64| if *share > 0.0 { -share * share.ln() } else { 0.0 };
    responsibilities(mixture, x).iter().map(of_share).sum()
}

/// One iteration of expectation-maximisation: weights, means and covariances of the
/// mixture's type, from the responsibilities of the rows of `points` and what each
/// counts (Bishop, section 9.2.2). Like scikit-learn's M step it adds 10 epsilon to
/// the counts and `reg_covar` to the variances. All its types but "full" are the mean
/// of squares less the square of the mean, in which the 10 epsilon are 10 epsilon
/// times the mean's square; that is added here to what is centred, for the digits.
///
/// # Panics
/// If there is not a weight for each row.
#[must_use]
pub fn maximization(
    mixture: &Mixture,
    points: &[f64],
    sample_weight: &[f64],
    reg_covar: f64,
) -> (Vec<f64>, Vec<f64>, Covariances) {
    let (n, d) = (mixture.n_components(), mixture.n_features());
    assert_eq!(points.len(), sample_weight.len() * d, "a weight for each row");
    let rows: Vec<(&[f64], Vec<f64>)> = points
        .chunks(d)
        .zip(sample_weight)
        .map(|(x, w)| (x, responsibilities(mixture, x).iter().map(|r| r * w).collect()))
        .collect();
    let floor = 10.0 * f64::EPSILON;
    let count = |k: usize| rows.iter().map(|(_, r)| r[k]).sum::<f64>() + floor;
    let counts: Vec<f64> = (0..n).map(count).collect();
    let mean = |k: usize, i: usize| rows.iter().map(|(x, r)| r[k] * x[i]).sum::<f64>() / counts[k];
    let means: Vec<f64> = (0..n * d).map(|ki| mean(ki / d, ki % d)).collect();
    let scatter = |k: usize, i: usize, j: usize| -> f64 {
        let of = |(x, r): &(&[f64], Vec<f64>)| {
            r[k] * (x[i] - means[k * d + i]) * (x[j] - means[k * d + j])
        };
        let is_full = matches!(mixture.covariances(), Covariances::Full(_));
        let uncentred = if is_full { 0.0 } else { floor * means[k * d + i] * means[k * d + j] };
        rows.iter().map(of).sum::<f64>() + uncentred
    };
    let regular = |i: usize, j: usize| if i == j { reg_covar } else { 0.0 };
    let total: f64 = counts.iter().sum();
    let covariances = mixture.covariances().map(n, d, |k, i, j| match mixture.covariances() {
        Covariances::Tied(_) => {
            (0..n).map(|k| scatter(k, i, j)).sum::<f64>() / total + regular(i, j)
        }
        Covariances::Spherical(_) => {
            (0..d).map(|i| scatter(k, i, i)).sum::<f64>() / counts[k] / d as f64 + reg_covar
        }
        _ => scatter(k, i, j) / counts[k] + regular(i, j),
    });
    (counts.iter().map(|count| count / total).collect(), means, covariances)
}

/// |x - y|².
#[must_use]
pub fn squared_distance(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| (x - y).powi(2)).sum()
}

/// The nearest of `centers`, rows of as many values as `x`, the first of equals.
#[must_use]
pub fn nearest_center(centers: &[f64], x: &[f64]) -> usize {
    let distances = centers.chunks(x.len()).map(|center| squared_distance(x, center));
    let nearest = distances.enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
    nearest.expect("at least one centre").0
}

/// The rows of `points`, of `d` features, that greedy k-means++ chooses: `first`, then
/// for each `n_trials` of `draws` the best of the rows at which the running sum of
/// weight times squared distance from the nearest centre reaches that share of it all.
#[must_use]
pub fn kmeans_plusplus(
    (points, d): (&[f64], usize),
    sample_weight: &[f64],
    first: usize,
    draws: &[f64],
    n_trials: usize,
) -> Vec<usize> {
    let row = |at: usize| &points[at * d..][..d];
    let closer = |closest: &[f64], center: usize| -> Vec<f64> {
        let rows = points.chunks(d).zip(closest);
        rows.map(|(x, c)| c.min(squared_distance(x, row(center)))).collect()
    };
    let potential =
        |closest: &[f64]| -> f64 { closest.iter().zip(sample_weight).map(|(c, w)| c * w).sum() };
    let reached = |closest: &[f64], target: f64| {
        let mut sum = 0.0;
        let at = closest.iter().zip(sample_weight).position(|(c, w)| {
            sum += c * w;
            sum >= target
        });
        at.unwrap_or(closest.len() - 1)
    };
    let mut chosen = vec![first];
    let mut closest = closer(&vec![f64::INFINITY; sample_weight.len()], first);
    for draws in draws.chunks(n_trials) {
        let total = potential(&closest);
        let candidates = draws.iter().map(|draw| reached(&closest, draw * total));
        let best = candidates.map(|at| (at, closer(&closest, at))).min_by(|(_, a), (_, b)| {
            potential(a).total_cmp(&potential(b)) // the first of equals
        });
        let (at, distances) = best.expect("at least one trial");
        chosen.push(at);
        closest = distances;
    }
    chosen
}

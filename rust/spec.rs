//! The specification: every quantity in plain scalar float64, by its formula.
//!
//! log p(x) = log Σₖ exp(qₖ), qₖ = log weightₖ + log N(x; meanₖ, covarianceₖ),
//! with the largest qₖ taken out of the sum. Densities and conditionals come from
//! a Cholesky factor of the covariance (Bishop, Pattern Recognition and Machine
//! Learning, 2006, sections 2.3 and 9.2). Components of weight zero take no part.
//!
//! Tests and benches compare the kernels with these functions. They share no code
//! with production beyond the accessors of [`Mixture`], and production uses none of
//! them. They are slow and meant to be read.

use crate::model::covariances::Covariances;
use crate::model::mixture::Mixture;

/// The lower Cholesky factor of the covariance of some features under component `k`, in
/// the order of `features`, row-major. Of two mirrored entries the lower one is read.
fn cholesky(mixture: &Mixture, k: usize, features: &[usize]) -> Vec<f64> {
    let n = features.len();
    let mut factor = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let (row, column) = (features[i].max(features[j]), features[i].min(features[j]));
            let dot: f64 = (0..j).map(|m| factor[i * n + m] * factor[j * n + m]).sum();
            let rest = mixture.covariance(k, row, column) - dot;
            factor[i * n + j] = if i == j { rest.sqrt() } else { rest / factor[j * n + j] };
        }
    }
    factor
}

/// The solution z of `factor` z = `right` for the first `right.len()` rows of a lower
/// factor of order `n`.
fn forward_solve(factor: &[f64], n: usize, right: &[f64]) -> Vec<f64> {
    let mut z: Vec<f64> = Vec::with_capacity(right.len());
    for (i, r) in right.iter().enumerate() {
        let dot: f64 = z.iter().zip(&factor[i * n..]).map(|(z, l)| z * l).sum();
        z.push((r - dot) / factor[i * n + i]);
    }
    z
}

/// log N(x; mean, covariance) from `difference` = x - mean and the covariance's factor.
fn log_normal(factor: &[f64], difference: &[f64]) -> f64 {
    let n = difference.len();
    let z = forward_solve(factor, n, difference);
    let mahalanobis_squared: f64 = z.iter().map(|z| z * z).sum();
    let log_det: f64 = (0..n).map(|i| factor[i * n + i].ln()).sum();
    -0.5 * (n as f64 * std::f64::consts::TAU.ln() + mahalanobis_squared) - log_det
}

/// qₖ of the marginal of `features` at `x` for every component.
fn marginal_log_prob(mixture: &Mixture, features: &[usize], x: &[f64]) -> Vec<f64> {
    assert_eq!(x.len(), features.len(), "a value for each feature");
    let log_prob = |k: usize| {
        let log_weight = mixture.log_weights()[k];
        if log_weight == f64::NEG_INFINITY {
            return log_weight;
        }
        let mean = features.iter().map(|&i| mixture.mean(k)[i]);
        let difference: Vec<f64> = x.iter().zip(mean).map(|(x, m)| x - m).collect();
        log_weight + log_normal(&cholesky(mixture, k, features), &difference)
    };
    (0..mixture.n_components()).map(log_prob).collect()
}

/// qₖ at `x` for every component: log weight plus log-density.
///
/// # Panics
/// If `x` does not have a value for each feature. The other functions panic likewise.
#[must_use]
pub fn weighted_log_prob(mixture: &Mixture, x: &[f64]) -> Vec<f64> {
    marginal_log_prob(mixture, &all_features(mixture), x)
}

fn all_features(mixture: &Mixture) -> Vec<usize> {
    (0..mixture.n_features()).collect()
}

/// log p(x).
#[must_use]
pub fn log_density(mixture: &Mixture, x: &[f64]) -> f64 {
    log_sum_exp(&weighted_log_prob(mixture, x))
}

/// log Σₖ exp(qₖ).
#[must_use]
pub fn log_sum_exp(q: &[f64]) -> f64 {
    let max = largest(q);
    if max == f64::NEG_INFINITY {
        return max;
    }
    max + q.iter().map(|q| (q - max).exp()).sum::<f64>().ln()
}

fn largest(q: &[f64]) -> f64 {
    q.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// exp(qₖ) over their sum.
fn normalized(q: &[f64]) -> Vec<f64> {
    let max = largest(q);
    let terms: Vec<f64> = q.iter().map(|q| (q - max).exp()).collect();
    let sum: f64 = terms.iter().sum();
    terms.iter().map(|term| term / sum).collect()
}

/// p(component k | x) for every component.
#[must_use]
pub fn responsibilities(mixture: &Mixture, x: &[f64]) -> Vec<f64> {
    normalized(&weighted_log_prob(mixture, x))
}

/// The features that are not given, ascending.
fn remaining_features(mixture: &Mixture, given: &[usize]) -> Vec<usize> {
    (0..mixture.n_features()).filter(|i| !given.contains(i)).collect()
}

/// The Gaussian of the remaining features under one component, given values.
struct Component {
    mean: Vec<f64>,
    /// The Cholesky factor of its covariance, row-major.
    factor: Vec<f64>,
}

impl Component {
    /// Conditions component `k`. With the joint factor [[G, 0], [B, R]] in the order
    /// (given, remaining), the mean is mean_r + B G⁻¹ (values - mean_g) and the factor
    /// of the covariance is R.
    fn new(mixture: &Mixture, k: usize, given: &[usize], values: &[f64]) -> Self {
        let remaining = remaining_features(mixture, given);
        let (n, n_given) = (mixture.n_features(), given.len());
        let joint = cholesky(mixture, k, &[given, &remaining].concat());
        let difference: Vec<f64> =
            given.iter().zip(values).map(|(&i, v)| v - mixture.mean(k)[i]).collect();
        let z = forward_solve(&joint, n, &difference);
        let row = |t: usize| joint[(n_given + t) * n..][..n].split_at(n_given);
        let mean = |(t, &i): (usize, &usize)| {
            mixture.mean(k)[i] + row(t).0.iter().zip(&z).map(|(b, z)| b * z).sum::<f64>()
        };
        Self {
            mean: remaining.iter().enumerate().map(mean).collect(),
            factor: (0..remaining.len()).flat_map(|t| row(t).1.to_vec()).collect(),
        }
    }

    fn covariance(&self, i: usize, j: usize) -> f64 {
        let row = |i: usize| &self.factor[i * self.mean.len()..][..self.mean.len()];
        row(i).iter().zip(row(j)).map(|(a, b)| a * b).sum()
    }
}

/// The components whose responsibility given `values` is not zero, with it: one of zero
/// has no influence, even if its mean overflows.
fn conditioned(mixture: &Mixture, given: &[usize], values: &[f64]) -> Vec<(f64, Component)> {
    let responsibilities = normalized(&marginal_log_prob(mixture, given, values));
    let positive = responsibilities.into_iter().enumerate().filter(|(_, r)| *r > 0.0);
    positive.map(|(k, r)| (r, Component::new(mixture, k, given, values))).collect()
}

fn mean_of(components: &[(f64, Component)]) -> Vec<f64> {
    let n = components.first().map_or(0, |(_, component)| component.mean.len());
    (0..n).map(|t| components.iter().map(|(r, c)| r * c.mean[t]).sum()).collect()
}

/// E[remaining features | given = values], one number for each, ascending.
#[must_use]
pub fn conditional_mean(mixture: &Mixture, given: &[usize], values: &[f64]) -> Vec<f64> {
    mean_of(&conditioned(mixture, given, values))
}

/// Cov[remaining features | given = values], (n_remaining, n_remaining) row-major: the
/// components' covariances and the spread of their means (Bishop, exercise 2.17).
#[must_use]
pub fn conditional_covariance(mixture: &Mixture, given: &[usize], values: &[f64]) -> Vec<f64> {
    let components = conditioned(mixture, given, values);
    let mean = mean_of(&components);
    let n = mean.len();
    let moment = |i: usize, j: usize| -> f64 {
        let of_component = |(r, c): &(f64, Component)| {
            r * (c.covariance(i, j) + (c.mean[i] - mean[i]) * (c.mean[j] - mean[j]))
        };
        components.iter().map(of_component).sum()
    };
    (0..n * n).map(|ij| moment(ij / n, ij % n)).collect()
}

/// log p(remaining features = x | given = values). The responsibilities enter as
/// differences of the qₖ, before anything is exponentiated: nothing cancels where one
/// component dominates, and one negligible at `values` but the nearest to `x` is kept.
#[must_use]
pub fn conditional_log_prob(mixture: &Mixture, given: &[usize], values: &[f64], x: &[f64]) -> f64 {
    let q = marginal_log_prob(mixture, given, values);
    let max = largest(&q);
    let relative: Vec<f64> = q.iter().map(|q| q - max).collect();
    let log_sum = log_sum_exp(&relative);
    let active = (0..q.len()).filter(|&k| q[k] > f64::NEG_INFINITY);
    let terms: Vec<f64> = active
        .map(|k| {
            let component = Component::new(mixture, k, given, values);
            let difference: Vec<f64> = x.iter().zip(&component.mean).map(|(x, m)| x - m).collect();
            relative[k] - log_sum + log_normal(&component.factor, &difference)
        })
        .collect();
    log_sum_exp(&terms)
}

/// One draw of the remaining features given `values`, and its component: the one at which
/// the running sum of responsibilities passes `uniform`. The draw is the component's mean
/// plus the Cholesky factor of its covariance times `normals`.
///
/// # Panics
/// If there is not a normal for each remaining feature.
#[must_use]
pub fn conditional_sample(
    mixture: &Mixture,
    given: &[usize],
    values: &[f64],
    uniform: f64,
    normals: &[f64],
) -> (usize, Vec<f64>) {
    let n = mixture.n_features() - given.len();
    assert_eq!(normals.len(), n, "a normal for each remaining feature");
    let (mut k, mut before) = (0, 0.0);
    let responsibilities = normalized(&marginal_log_prob(mixture, given, values));
    for (component, r) in responsibilities.iter().enumerate() {
        if *r > 0.0 && before <= uniform {
            k = component;
        }
        before += r;
    }
    let component = Component::new(mixture, k, given, values);
    let draw = |t: usize| -> f64 {
        let row = component.factor[t * n..][..n].iter().zip(normals);
        component.mean[t] + row.map(|(f, z)| f * z).sum::<f64>()
    };
    (k, (0..n).map(draw).collect())
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
    let term = |r: &f64| if *r > 0.0 { -r * r.ln() } else { 0.0 };
    responsibilities(mixture, x).iter().map(term).sum()
}

/// One iteration of expectation-maximization: weights, means and covariances of the
/// mixture's type, from the responsibilities of the rows of `points`, each counted
/// `sample_weight` times (Bishop, section 9.2.2).
///
/// Like the M step of scikit-learn it adds f, 10 epsilon times the mean weight, to the counts,
/// and `reg_covar` to the variances. scikit-learn divides sums by these counts, as if a point of
/// weight f at the origin were in each component, and all types but "full" have that point's
/// scatter, too. Here components of more than 2^30 f do without the point. In the others it is at
/// the origin along features whose mean is within 2^10 standard deviations of it (with 2^20 times
/// `reg_covar` added to the variance), otherwise at that mean.
///
/// # Panics
/// If there is not a weight for each row.
#[must_use]
pub fn m_step(
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
    let weighted = sample_weight.iter().filter(|w| **w > 0.0).count() as f64;
    let weight: f64 = sample_weight.iter().sum();
    let floor = 10.0 * f64::EPSILON * weight / weighted;
    let count = |k: usize| rows.iter().map(|(_, r)| r[k]).sum::<f64>();
    let pseudo = |k: usize| if count(k) < 2.0_f64.powi(30) * floor { floor } else { 0.0 };
    let pseudo: Vec<f64> = (0..n).map(pseudo).collect();
    let counts: Vec<f64> = (0..n).map(|k| count(k) + floor).collect();
    let average = |value: &dyn Fn(&[f64]) -> f64| {
        let term = |(x, w): (&[f64], &f64)| w * value(x) / weight;
        points.chunks(d).zip(sample_weight).map(term).sum::<f64>()
    };
    let anchor = |i: usize| {
        let mean = average(&|x| x[i]);
        let variance = average(&|x| (x[i] - mean).powi(2)) + 2.0_f64.powi(20) * reg_covar;
        if mean.powi(2) > 2.0_f64.powi(20) * variance { mean } else { 0.0 }
    };
    let anchor: Vec<f64> = (0..d).map(anchor).collect();
    let mean = |k: usize, i: usize| {
        let sum = rows.iter().map(|(x, r)| r[k] * (x[i] - anchor[i])).sum::<f64>();
        anchor[i] + sum / (count(k) + pseudo[k])
    };
    let means: Vec<f64> = (0..n * d).map(|ki| mean(ki / d, ki % d)).collect();
    let is_full = matches!(mixture.covariances(), Covariances::Full(_));
    let scatter = |k: usize, i: usize, j: usize| -> f64 {
        let term = |(x, r): &(&[f64], Vec<f64>)| {
            r[k] * (x[i] - means[k * d + i]) * (x[j] - means[k * d + j])
        };
        let (a, b) = (anchor[i] - means[k * d + i], anchor[j] - means[k * d + j]);
        rows.iter().map(term).sum::<f64>() + if is_full { 0.0 } else { pseudo[k] * a * b }
    };
    let regular = |i: usize, j: usize| if i == j { reg_covar } else { 0.0 };
    let total: f64 = counts.iter().sum();
    let entries = || (0..d * d).map(|ij| (ij / d, ij % d));
    let pooled = |i: usize| (0..n).map(|k| scatter(k, i, i)).sum::<f64>() / total;
    let covariances = match mixture.covariances() {
        Covariances::Full(_) => {
            let entry = |k: usize, i, j| scatter(k, i, j) / counts[k] + regular(i, j);
            let matrix = |k: usize| entries().map(move |(i, j)| entry(k, i, j));
            Covariances::Full((0..n).flat_map(matrix).collect())
        }
        Covariances::Tied(_) => {
            let sum = |i, j| (0..n).map(|k| scatter(k, i, j)).sum::<f64>();
            Covariances::Tied(entries().map(|(i, j)| sum(i, j) / total + regular(i, j)).collect())
        }
        Covariances::TiedDiag(_) => {
            Covariances::TiedDiag((0..d).map(|i| pooled(i) + reg_covar).collect())
        }
        Covariances::TiedSpherical(_) => {
            let mean = (0..d).map(pooled).sum::<f64>() / d as f64;
            Covariances::TiedSpherical(vec![mean + reg_covar])
        }
        Covariances::Diag(_) => {
            let variance = |k: usize, i| scatter(k, i, i) / counts[k] + reg_covar;
            Covariances::Diag((0..n * d).map(|ki| variance(ki / d, ki % d)).collect())
        }
        Covariances::Spherical(_) => {
            let sum = |k: usize| (0..d).map(|i| scatter(k, i, i)).sum::<f64>();
            let variance = |k: usize| sum(k) / counts[k] / d as f64 + reg_covar;
            Covariances::Spherical((0..n).map(variance).collect())
        }
    };
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
    nearest.expect("at least one center").0
}

/// The rows of `points`, of `d` features, that greedy k-means++ chooses: `first`, then
/// for each `n_trials` of `draws` the best of the rows at which the running sum of
/// weight times squared distance from the nearest center reaches that fraction of its
/// total.
#[must_use]
pub fn kmeans_plusplus(
    points: &[f64],
    d: usize,
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

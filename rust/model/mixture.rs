//! The model: validated once, immutable afterwards.
//!
//! After [`Mixture::new`] returns, weights are finite, not negative and sum to
//! 1 within 1e-6; means are finite; every covariance is finite, symmetric and
//! positive definite, and its inverse Cholesky factor is stored. No later stage
//! checks a parameter again.

use crate::error::{Error, Result};
use crate::model::checks::{check_features, check_length, check_log_weights, check_weights};
use crate::model::covariances::{Covariances, PrecisionsCholesky};
use crate::model::linalg::{cholesky, cholesky_into, factor_of_rows, invert_lower};

/// A Gaussian mixture: p(x) = Σₖ weightₖ N(x; meanₖ, covarianceₖ).
///
/// ```
/// use gmmfast::{Covariances, Mixture};
///
/// let mixture = Mixture::new(
///     vec![0.25, 0.75],
///     vec![0.0, 0.0, 4.0, 1.0],
///     Covariances::Diag(vec![1.0, 1.0, 2.0, 0.5]),
/// )?;
/// assert_eq!((mixture.n_components(), mixture.n_features()), (2, 2));
/// assert_eq!(mixture.marginal(&[1])?.means(), [0.0, 1.0]);
/// # Ok::<(), gmmfast::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Mixture {
    n_features: usize,
    weights: Vec<f64>,
    /// Finite even where the weight underflows.
    log_weights: Vec<f64>,
    means: Vec<f64>,
    covariances: Covariances,
    precisions_cholesky: PrecisionsCholesky,
}

/// Checked weights and their logarithms.
struct Weights {
    linear: Vec<f64>,
    log: Vec<f64>,
}

impl Mixture {
    /// Creates a mixture of `weights.len()` components over
    /// `means.len() / weights.len()` features. Arrays are flat and row-major.
    ///
    /// # Errors
    /// If lengths do not fit together, or a parameter breaks the guarantees in the
    /// header of this file; the error has the index of the component.
    pub fn new(weights: Vec<f64>, means: Vec<f64>, covariances: Covariances) -> Result<Self> {
        check_weights(&weights)?;
        let log_weights = weights.iter().map(|w| w.ln()).collect();
        Self::try_new(Weights { linear: weights, log: log_weights }, means, covariances)
    }

    /// Creates a mixture from the logarithms of its weights. They matter at a point so
    /// far from all other components that one of weight e^-1000 is the nearest;
    /// variational fits have such weights.
    ///
    /// # Errors
    /// As for [`Mixture::new`].
    pub fn from_log_weights(
        log_weights: Vec<f64>,
        means: Vec<f64>,
        covariances: Covariances,
    ) -> Result<Self> {
        let weights: Vec<f64> = log_weights.iter().map(|w| w.exp()).collect();
        check_weights(&weights)?;
        Self::try_new(Weights { linear: weights, log: log_weights }, means, covariances)
    }

    /// Creates a copy of a mixture from its parameters, which perhaps came from another process:
    /// with the same bits, also if the weights do not sum to 1.
    ///
    /// # Errors
    /// If lengths do not fit together, if a mean or covariance is not as in [`Mixture::new`], or if
    /// logarithms of weights are not as in [`Mixture::with_log_weights`].
    pub fn restored(
        weights: Vec<f64>,
        log_weights: Vec<f64>,
        means: Vec<f64>,
        covariances: Covariances,
    ) -> Result<Self> {
        check_length(
            "log_weights",
            "one for each weight",
            !weights.is_empty() && weights.len() == log_weights.len(),
            log_weights.len(),
        )?;
        check_log_weights(&log_weights)?;
        Self::try_new(Weights { linear: weights, log: log_weights }, means, covariances)
    }

    /// Creates a mixture from checked weights; their number is checked here.
    fn try_new(weights: Weights, means: Vec<f64>, covariances: Covariances) -> Result<Self> {
        let Weights { linear: weights, log: log_weights } = weights;
        let n_components = weights.len();
        let n_features = means.len() / n_components;
        check_length(
            "means",
            "shape (n_components, n_features) with at least one feature",
            n_features > 0 && means.len() == n_features * n_components,
            means.len(),
        )?;
        let shape = covariances.shape(n_components, n_features);
        let n_values = covariances.values().len();
        if shape.iter().product::<usize>() != n_values {
            let expected = format!("shape {shape:?}");
            return Err(Error::Length { argument: "covariances", expected, got: n_values });
        }
        if let Some(at) = means.iter().position(|m| !m.is_finite()) {
            let component = at / n_features;
            return Err(Error::NotFinite { argument: "means", component, value: means[at] });
        }
        let precisions_cholesky = covariances.precisions_cholesky(n_components, n_features)?;
        Ok(Self { n_features, weights, log_weights, means, covariances, precisions_cholesky })
    }

    /// Returns the sum of the same Gaussians with other weights, which need not sum to 1: the
    /// score of a variational fit is such a sum.
    ///
    /// # Errors
    /// If there is not one logarithm of a weight for each component, below infinity, or if all are
    /// minus infinity.
    pub fn with_log_weights(&self, log_weights: Vec<f64>) -> Result<Self> {
        let is_one_each = log_weights.len() == self.n_components();
        check_length("log_weights", "one for each component", is_one_each, log_weights.len())?;
        check_log_weights(&log_weights)?;
        let (means, covariances) = (self.means.clone(), self.covariances.clone());
        let factors = self.precisions_cholesky.clone();
        Ok(Self::from_parts(log_weights, means, covariances, factors))
    }

    /// Creates a mixture from parameters that are derived from checked ones.
    pub(crate) fn from_parts(
        log_weights: Vec<f64>,
        means: Vec<f64>,
        covariances: Covariances,
        precisions_cholesky: PrecisionsCholesky,
    ) -> Self {
        let weights: Vec<f64> = log_weights.iter().map(|w| w.exp()).collect();
        let n_features = means.len() / weights.len();
        Self { n_features, weights, log_weights, means, covariances, precisions_cholesky }
    }

    /// Number of components K.
    #[must_use]
    pub fn n_components(&self) -> usize {
        self.weights.len()
    }

    /// Number of features d.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// Weights, (n_components,).
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Means, (n_components, n_features), row-major.
    #[must_use]
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// Mean of component `k`, (n_features,).
    #[must_use]
    #[inline]
    pub fn mean(&self, k: usize) -> &[f64] {
        &self.means[k * self.n_features..(k + 1) * self.n_features]
    }

    /// Covariance parameters in the layout of their covariance type.
    #[must_use]
    pub fn covariances(&self) -> &Covariances {
        &self.covariances
    }

    /// Covariance of features `i` and `j` under component `k`.
    #[must_use]
    pub fn covariance(&self, k: usize, i: usize, j: usize) -> f64 {
        self.covariances.at(self.n_features, k, i, j)
    }

    pub(crate) fn precisions_cholesky(&self) -> &PrecisionsCholesky {
        &self.precisions_cholesky
    }

    /// Returns the packed lower Cholesky factor of some features of component `k`, in the
    /// given order.
    pub(crate) fn factor(&self, k: usize, features: &[usize]) -> Vec<f64> {
        let mut factor = Vec::new();
        self.factor_into(&mut factor, k, features);
        factor
    }

    /// The in-place variant of [`Self::factor`], which reuses the memory of its argument.
    pub(crate) fn factor_into(&self, factor: &mut Vec<f64>, k: usize, features: &[usize]) {
        let d = self.n_features;
        // Only lower triangles are read.
        let entry = |i: usize, j: usize| self.covariance(k, i.max(j), i.min(j));
        // For two features among hundreds this is cheap. Where it fails by a rounding error
        // in this order, the rows of the whole factor cannot fail. A marginal or conditional of
        // such features may have no factor but the inverse of the one that it was made with.
        let some = cholesky_into(factor, features.len(), |i, j| entry(features[i], features[j]));
        if some.is_err() {
            let stored = || {
                let inverse = (0..d).flat_map(|i| (0..=i).map(move |j| (i, j)));
                let inverse = inverse.map(|(i, j)| self.precisions_cholesky.at(k, i, j));
                invert_lower(&inverse.collect::<Vec<_>>(), d)
            };
            let whole = cholesky(d, entry).unwrap_or_else(|_| stored());
            *factor = factor_of_rows(&whole, d, features);
        }
    }

    /// Returns the weighted log-density of component `k` at its mean. It is minus infinity
    /// for a weight of zero.
    pub(crate) fn log_peak(&self, k: usize) -> f64 {
        let diagonal = (0..self.n_features).map(|i| self.precisions_cholesky.at(k, i, i));
        log_peak(self.log_weights[k], diagonal)
    }

    /// Logarithms of the weights, (n_components,). Minus infinity for a weight of
    /// zero, finite for one that underflows.
    #[must_use]
    pub fn log_weights(&self) -> &[f64] {
        &self.log_weights
    }

    /// Returns the components whose weight is not zero.
    pub(crate) fn active_components(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.n_components()).filter(|&k| self.log_weights[k] > f64::NEG_INFINITY)
    }

    /// Returns the marginal mixture of the given features, in the given order.
    /// Components keep their weights.
    ///
    /// # Errors
    /// If a feature is out of range or repeated, or there is none.
    pub fn marginal(&self, features: &[usize]) -> Result<Self> {
        check_features("features", features, self.n_features)?;
        let mut means = Vec::with_capacity(self.n_components() * features.len());
        for k in 0..self.n_components() {
            means.extend(features.iter().map(|&i| self.mean(k)[i]));
        }
        let covariances = self.covariances.map(self.n_components(), features.len(), |k, i, j| {
            // Only lower triangles of covariances are read.
            let (i, j) = (features[i], features[j]);
            self.covariance(k, i.max(j), i.min(j))
        });
        let factor = |k| self.factor(k, features);
        let precisions_cholesky =
            self.precisions_cholesky.of_features(self.n_features, features, factor);
        let (weights, log_weights) = (self.weights.clone(), self.log_weights.clone());
        let n_features = features.len();
        Ok(Self { n_features, weights, log_weights, means, covariances, precisions_cholesky })
    }
}

/// Returns the weighted log-density of a Gaussian at its mean, from the logarithm of its
/// weight and the diagonal of its inverse Cholesky factor.
pub(crate) fn log_peak(log_weight: f64, diagonal: impl ExactSizeIterator<Item = f64>) -> f64 {
    let normalization = 0.5 * diagonal.len() as f64 * std::f64::consts::TAU.ln();
    log_weight + diagonal.map(f64::ln).sum::<f64>() - normalization
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_by_two(covariance: Vec<f64>) -> Result<Mixture> {
        Mixture::new(vec![1.0], vec![0.0, 0.0], Covariances::Full(covariance))
    }

    #[test]
    fn parameters_that_are_not_a_mixture_are_refused_with_the_component() {
        let spherical = |weights: Vec<f64>, variances: Vec<f64>| {
            let means = vec![0.0; weights.len()];
            Mixture::new(weights, means, Covariances::Spherical(variances)).unwrap_err()
        };
        assert_eq!(spherical(vec![0.5, 0.4], vec![1.0, 1.0]), Error::WeightSum { sum: 0.9 });
        assert_eq!(
            spherical(vec![1.5, -0.5], vec![1.0, 1.0]),
            Error::NegativeWeight { component: 1, value: -0.5 }
        );
        assert_eq!(
            spherical(vec![0.5, 0.5], vec![1.0, 0.0]),
            Error::NotPositiveDefinite { component: Some(1), feature: 0, pivot: 0.0 }
        );
        assert!(matches!(
            spherical(vec![0.5, f64::NAN], vec![1.0, 1.0]),
            Error::NotFinite { argument: "weights", component: 1, .. }
        ));
        assert!(matches!(
            spherical(vec![0.5, 0.5], vec![1.0, f64::INFINITY]),
            Error::NotFinite { argument: "covariances", component: 1, .. }
        ));
        assert!(matches!(two_by_two(vec![1.0; 3]).unwrap_err(), Error::Length { .. }));
        assert!(matches!(
            two_by_two(vec![1.0, 0.0, 0.5, 1.0]).unwrap_err(),
            Error::Asymmetric { component: Some(0), features: (1, 0), values: (0.5, 0.0) }
        ));
        assert!(matches!(
            two_by_two(vec![1.0, 2.0, 2.0, 1.0]).unwrap_err(),
            Error::NotPositiveDefinite { component: Some(0), feature: 1, .. }
        ));
    }

    #[test]
    fn what_is_valid_in_one_order_of_the_features_is_valid_in_every_other() {
        // Positive definite by one rounding error: Cholesky in the other order fails.
        let nearly_singular = vec![9.0, 3.0, 3.0, 1.0 + 3e-16];
        let swapped = vec![1.0 + 3e-16, 3.0, 3.0, 9.0];
        assert!(two_by_two(swapped).is_err());
        let marginal = two_by_two(nearly_singular).unwrap().marginal(&[1, 0]).unwrap();
        assert!(marginal.log_peak(0).is_finite());
        // Its own covariance has no Cholesky factor in either order that rounding leaves.
        let back = marginal.marginal(&[0, 1]).unwrap();
        assert!((back.log_peak(0) - marginal.log_peak(0)).abs() < 1e-6);
        let factor = back.factor(0, &[1, 0]);
        assert!((factor[0] - 3.0).abs() < 1e-12 && factor[2] > 0.0, "{factor:?}");
    }

    #[test]
    fn logarithms_of_weights_are_below_infinity_and_one_above_minus_infinity() {
        let pair = Mixture::new(vec![0.5; 2], vec![0.0, 1.0], Covariances::Spherical(vec![1.0; 2]));
        let with =
            |log_weights: [f64; 2]| pair.as_ref().unwrap().with_log_weights(log_weights.into());
        assert!(with([f64::NEG_INFINITY, -1e4]).is_ok());
        assert_eq!(with([f64::NEG_INFINITY; 2]).unwrap_err(), Error::WeightSum { sum: 0.0 });
        for wrong in [f64::NAN, f64::INFINITY] {
            let error = with([0.0, wrong]).unwrap_err();
            assert!(matches!(error, Error::NotFinite { component: 1, .. }));
        }
    }

    #[test]
    fn a_marginal_keeps_the_covariance_type_and_takes_features_in_the_order_asked() {
        let full = Mixture::new(
            vec![1.0],
            vec![1.0, 2.0, 3.0],
            Covariances::Full(vec![4.0, 1.0, 0.5, 1.0, 5.0, 0.2, 0.5, 0.2, 6.0]),
        )
        .unwrap();
        let marginal = full.marginal(&[2, 0]).unwrap();
        assert_eq!(marginal.means(), [3.0, 1.0]);
        assert_eq!(*marginal.covariances(), Covariances::Full(vec![6.0, 0.5, 0.5, 4.0]));
        assert!(matches!(full.marginal(&[1, 1]), Err(Error::Feature { feature: 1, .. })));
        assert!(matches!(full.marginal(&[3]), Err(Error::Feature { feature: 3, .. })));
    }
}

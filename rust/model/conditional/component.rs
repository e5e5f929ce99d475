//! Conditioning of one component: the only code that conditions.
//!
//! With the given features first, the Cholesky factor of the joint covariance is
//! [[Lg, 0], [B, Lt]]. The remaining features t, given g = v, are then Gaussian with mean
//! `mean_t` + B Lg⁻¹ (v - `mean_g`) and covariance Lt Ltᵀ (Bishop, Pattern Recognition and
//! Machine Learning, 2006, section 2.3.1, by factors). [`Conditional`](crate::Conditional)
//! stores the results of all components; rendering stores those that it needs. Memory is
//! reused from component to component.

use crate::model::linalg::{invert_lower_into, packed_row};
use crate::model::mixture::{Mixture, log_peak};

/// Conditions the components of a mixture one after the other.
pub(crate) struct Conditioner<'a> {
    mixture: &'a Mixture,
    n_given: usize,
    /// The given features, then the remaining ones.
    order: Vec<usize>,
    /// The joint factor, packed by rows.
    joint: Vec<f64>,
    /// The inverse of Lg, packed by rows.
    inverse: Vec<f64>,
}

impl<'a> Conditioner<'a> {
    /// Creates a conditioner that has not factored a matrix.
    pub(crate) fn new(mixture: &'a Mixture, given: &[usize], remaining: &[usize]) -> Self {
        let order = given.iter().chain(remaining).copied().collect();
        Self { mixture, n_given: given.len(), order, joint: Vec::new(), inverse: Vec::new() }
    }

    /// Conditions component `k`. A matrix that all components share is factored once.
    pub(crate) fn component(&mut self, k: usize) -> ConditionalComponent<'_> {
        let Self { mixture, n_given, order, joint, inverse } = self;
        if !mixture.covariances().is_shared() || joint.is_empty() {
            mixture.factor_into(joint, k, order);
            invert_lower_into(inverse, joint, *n_given);
        }
        let (given, remaining) = order.split_at(*n_given);
        ConditionalComponent { mixture, k, given, remaining, joint, inverse }
    }
}

/// The conditional of one component.
pub(crate) struct ConditionalComponent<'a> {
    mixture: &'a Mixture,
    k: usize,
    given: &'a [usize],
    remaining: &'a [usize],
    joint: &'a [f64],
    inverse: &'a [f64],
}

impl ConditionalComponent<'_> {
    /// Returns the weighted log-density of the given features at their mean.
    pub(crate) fn log_peak(&self) -> f64 {
        let diagonal = (0..self.given.len()).map(|i| packed_row(self.inverse, i)[i]);
        log_peak(self.mixture.log_weights()[self.k], diagonal)
    }

    /// Returns the means of the given features.
    pub(crate) fn given_means(&self) -> impl Iterator<Item = f64> {
        self.given.iter().map(|&i| self.mixture.mean(self.k)[i])
    }

    /// Returns Lg⁻¹, packed by rows.
    pub(crate) fn whitening_factor(&self) -> &[f64] {
        self.inverse
    }

    /// Returns the mean of remaining feature `t`.
    pub(crate) fn remaining_mean(&self, t: usize) -> f64 {
        self.mixture.mean(self.k)[self.remaining[t]]
    }

    /// Returns the slopes of remaining feature `t` in the given ones: a row of B Lg⁻¹.
    pub(crate) fn slopes(&self, t: usize) -> impl Iterator<Item = f64> {
        let cross = self.cross(t);
        (0..cross.len()).map(move |g| {
            let row = cross.iter().enumerate().skip(g);
            row.map(|(m, cross)| cross * packed_row(self.inverse, m)[g]).sum()
        })
    }

    /// Returns the covariance of remaining features `t` and `u`, given the others.
    pub(crate) fn covariance(&self, t: usize, u: usize) -> f64 {
        self.factor_row(t).iter().zip(self.factor_row(u)).map(|(a, b)| a * b).sum()
    }

    /// Returns row `t` of Lt, up to its diagonal.
    pub(crate) fn factor_row(&self, t: usize) -> &[f64] {
        &packed_row(self.joint, self.given.len() + t)[self.given.len()..]
    }

    /// Returns the standard deviation of remaining feature `t`, given the others.
    pub(crate) fn std(&self, t: usize) -> f64 {
        norm(self.factor_row(t))
    }

    /// Returns the standard deviation of remaining feature `t` that the given ones explain.
    pub(crate) fn explained_std(&self, t: usize) -> f64 {
        norm(self.cross(t))
    }

    /// Returns row `t` of B.
    fn cross(&self, t: usize) -> &[f64] {
        &packed_row(self.joint, self.given.len() + t)[..self.given.len()]
    }
}

fn norm(row: &[f64]) -> f64 {
    row.iter().map(|x| x * x).sum::<f64>().sqrt()
}

//! The Cholesky factor of one component, partitioned into given and remaining features.
//!
//! With the given features first, the factor of the joint covariance is
//! [[Lg, 0], [B, Lt]]. The remaining features t, given g = v, are then Gaussian with mean
//! `mean_t` + B Lg⁻¹ (v - `mean_g`) and covariance Lt Ltᵀ (Bishop, Pattern Recognition and
//! Machine Learning, 2006, section 2.3.1, by factors). [`Conditional`](crate::Conditional)
//! holds the results of all components; rendering keeps those that it needs. Memory is
//! reused from component to component.

use crate::model::linalg::{invert_lower_into, packed_row};
use crate::model::mixture::Mixture;

/// The factor of one component at a time.
pub(crate) struct PartitionedFactor {
    n_given: usize,
    /// The given features, then the remaining ones.
    order: Vec<usize>,
    /// The joint factor, packed by rows.
    joint: Vec<f64>,
    /// The inverse of Lg, packed by rows.
    inverse: Vec<f64>,
}

impl PartitionedFactor {
    /// Creates an empty factor.
    pub(crate) fn new(given: &[usize], remaining: &[usize]) -> Self {
        let order = given.iter().chain(remaining).copied().collect();
        Self { n_given: given.len(), order, joint: Vec::new(), inverse: Vec::new() }
    }

    /// Factors the covariance of component `k`.
    pub(crate) fn set_component(&mut self, mixture: &Mixture, k: usize) {
        let Self { n_given, order, joint, inverse } = self;
        mixture.covariances().factor_into(joint, mixture.n_features(), k, order);
        invert_lower_into(inverse, joint, *n_given);
    }

    /// Returns the inverse of Lg, packed by rows.
    pub(crate) fn inverse(&self) -> &[f64] {
        &self.inverse
    }

    /// Returns row `t` of B.
    pub(crate) fn cross(&self, t: usize) -> &[f64] {
        &packed_row(&self.joint, self.n_given + t)[..self.n_given]
    }

    /// Returns row `t` of Lt, up to its diagonal.
    pub(crate) fn own(&self, t: usize) -> &[f64] {
        &packed_row(&self.joint, self.n_given + t)[self.n_given..]
    }

    /// Returns the slope of remaining feature `t` in given feature `g`: an entry of B Lg⁻¹.
    pub(crate) fn slope(&self, t: usize, g: usize) -> f64 {
        let row = self.cross(t).iter().enumerate().skip(g);
        row.map(|(m, cross)| cross * packed_row(&self.inverse, m)[g]).sum()
    }

    /// Returns the covariance of remaining features `t` and `u`, given the others.
    pub(crate) fn covariance(&self, t: usize, u: usize) -> f64 {
        self.own(t).iter().zip(self.own(u)).map(|(a, b)| a * b).sum()
    }
}

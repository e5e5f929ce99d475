//! The quadratic forms in the exponents of a mixture's components, prepared once a pass.
//!
//! A(u) = -log2(e)/2 |W u|² = Σ_{i≥j} aᵢⱼ uᵢ uⱼ, with i = j alone for diagonal covariance
//! types. polynomial.rs uses them.

use crate::model::covariances::PrecisionsCholesky;
use crate::model::linalg::{packed_len, packed_row};
use crate::model::mixture::Mixture;
use crate::simd::math::HALF_LOG2_E;

/// The largest number of monomials for which products with those of a group stay in the nearest
/// cache.
pub(crate) const MAX_MONOMIALS: usize = 64;

/// The quadratic forms of a mixture's components.
pub(crate) struct Quadratics {
    pub(crate) n_features: usize,
    pub(crate) is_diagonal: bool,
    pub(crate) n_monomials: usize,
    /// The aᵢⱼ of each component, in the order of its scatter.
    forms: Vec<f64>,
    /// The distance from one component's form to the next one's: 0 if all components share one.
    stride: usize,
}

impl Quadratics {
    /// Returns the forms of a mixture. There are none unless `are_used`, or if the monomials of
    /// so many features would not fit the nearest cache.
    pub(crate) fn new(mixture: &Mixture, are_used: bool) -> Self {
        let d = mixture.n_features();
        let is_diagonal = mixture.covariances().is_diagonal();
        let form_len = if is_diagonal { d } else { packed_len(d) };
        let n_monomials = 1 + d + form_len;
        let mut forms = Vec::new();
        let mut stride = form_len;
        if are_used && n_monomials <= MAX_MONOMIALS {
            match mixture.precisions_cholesky() {
                PrecisionsCholesky::Triangular { factors, stride: of_factors } => {
                    stride = if *of_factors == 0 { 0 } else { form_len };
                    for factor in factors.chunks_exact(packed_len(d)) {
                        for (i, j) in (0..d).flat_map(|i| (0..=i).map(move |j| (i, j))) {
                            let entry = |l| packed_row(factor, l)[i] * packed_row(factor, l)[j];
                            let twice = if i == j { 1.0 } else { 2.0 };
                            forms.push(-twice * HALF_LOG2_E * (i..d).map(entry).sum::<f64>());
                        }
                    }
                }
                PrecisionsCholesky::Diagonal { inverse_stds, component_stride, feature_stride } => {
                    for k in 0..mixture.n_components() {
                        let w = |i: usize| inverse_stds[k * component_stride + i * feature_stride];
                        forms.extend((0..d).map(|i| -HALF_LOG2_E * w(i) * w(i)));
                    }
                }
            }
        }
        Self { n_features: d, is_diagonal, n_monomials, forms, stride }
    }

    /// Returns whether there are no forms.
    pub(crate) fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// The aᵢⱼ of component `k`, in the order of its scatter.
    pub(crate) fn form(&self, k: usize) -> &[f64] {
        &self.forms[k * self.stride..][..self.n_monomials - 1 - self.n_features]
    }
}

//! The four covariance types of scikit-learn, in scikit-learn's own layouts.
//!
//! Everything that depends on the type is here: entries, selections of features, and
//! the precision factors, whose strides let "tied" share one matrix and "spherical"
//! share one variance. No other file branches on the type.

use crate::error::{Error, Result};
use crate::model::linalg::{
    cholesky, cholesky_into, factor_of_rows, invert_lower, packed_len, packed_row,
};

/// Covariance parameters, flat and row-major, with the shapes of scikit-learn's
/// `covariances_`.
#[derive(Debug, Clone, PartialEq)]
pub enum Covariances {
    /// One matrix per component: (n_components, n_features, n_features).
    Full(Vec<f64>),
    /// One matrix for all components: (n_features, n_features).
    Tied(Vec<f64>),
    /// Variances: (n_components, n_features).
    Diag(Vec<f64>),
    /// One variance per component: (n_components,).
    Spherical(Vec<f64>),
}

/// Inverse Cholesky factors W = L⁻¹ of the covariances (L Lᵀ = covariance): |W (x - mean)|²
/// is the squared Mahalanobis distance. Wᵀ is `precisions_cholesky` in scikit-learn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PrecisionsCholesky {
    /// Packed lower-triangular factors, `stride` numbers from one component to
    /// the next: 0 if all components share one.
    Triangular { factors: Vec<f64>, stride: usize },
    /// Inverse standard deviations. A stride is 0 along an axis that shares one.
    Diagonal { inverse_stds: Vec<f64>, component_stride: usize, feature_stride: usize },
}

/// Relative difference up to which two mirrored entries differ by rounding, as in
/// float32 fits.
const ASYMMETRY: f64 = 1e-5;

impl Covariances {
    /// The flat parameters.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        match self {
            Self::Full(v) | Self::Tied(v) | Self::Diag(v) | Self::Spherical(v) => v,
        }
    }

    /// The shape of the parameters: that of scikit-learn's `covariances_`.
    #[must_use]
    pub fn shape(&self, n_components: usize, n_features: usize) -> Vec<usize> {
        match self {
            Self::Full(_) => vec![n_components, n_features, n_features],
            Self::Tied(_) => vec![n_features, n_features],
            Self::Diag(_) => vec![n_components, n_features],
            Self::Spherical(_) => vec![n_components],
        }
    }

    /// Covariance of features `i` and `j` under component `k`.
    #[must_use]
    pub fn at(&self, n_features: usize, k: usize, i: usize, j: usize) -> f64 {
        let d = n_features;
        match self {
            Self::Full(v) => v[(k * d + i) * d + j],
            Self::Tied(v) => v[i * d + j],
            Self::Diag(v) => {
                if i == j {
                    v[k * d + i]
                } else {
                    0.0
                }
            }
            Self::Spherical(v) => {
                if i == j {
                    v[k]
                } else {
                    0.0
                }
            }
        }
    }

    /// Whether different features are uncorrelated for all parameters of this type.
    pub(crate) fn is_diagonal(&self) -> bool {
        matches!(self, Self::Diag(_) | Self::Spherical(_))
    }

    /// Number of matrices of `n_components` components: 1 if they share it, else one each.
    pub(crate) fn n_matrices(&self, n_components: usize) -> usize {
        if matches!(self, Self::Tied(_)) { 1 } else { n_components }
    }

    /// Returns covariances of this type with other whole matrices, [`Self::n_matrices`] of
    /// them.
    ///
    /// # Panics
    /// If the type stores variances.
    pub(crate) fn with_matrices(&self, values: Vec<f64>) -> Self {
        match self {
            Self::Full(_) => Self::Full(values),
            Self::Tied(_) => Self::Tied(values),
            Self::Diag(_) | Self::Spherical(_) => panic!("variances instead of matrices"),
        }
    }

    /// Returns the packed lower Cholesky factor of some features of component `k`, in the
    /// given order. It exists, because the covariances have been checked.
    pub(crate) fn factor(&self, n_features: usize, k: usize, features: &[usize]) -> Vec<f64> {
        let mut factor = Vec::new();
        self.factor_into(&mut factor, n_features, k, features);
        factor
    }

    /// The in-place variant of [`Self::factor`], which reuses the memory of its argument.
    pub(crate) fn factor_into(
        &self,
        factor: &mut Vec<f64>,
        n_features: usize,
        k: usize,
        features: &[usize],
    ) {
        // Only lower triangles are read.
        let entry = |i: usize, j: usize| self.at(n_features, k, i.max(j), i.min(j));
        // For two features among hundreds this is cheap. Where it fails by a rounding error
        // in this order, the rows of the whole factor cannot fail.
        let some = cholesky_into(factor, features.len(), |i, j| entry(features[i], features[j]));
        if some.is_err() {
            let whole = cholesky(n_features, entry).expect("it was factorized when checked");
            *factor = factor_of_rows(&whole, n_features, features);
        }
    }

    /// Returns covariances of this type over `n_features` features whose entry (k, i, j) is
    /// `entry(k, i, j)`. Marginals and conditionals are made by it.
    pub(crate) fn map(
        &self,
        n_components: usize,
        n_features: usize,
        entry: impl Fn(usize, usize, usize) -> f64,
    ) -> Self {
        let (n, d) = (n_components, n_features);
        let matrix = |k: usize| {
            let entry = &entry;
            (0..d * d).map(move |ij| entry(k, ij / d, ij % d))
        };
        match self {
            Self::Full(_) => {
                // The size is exact: with many components, doubling it would matter.
                let mut matrices = Vec::with_capacity(n * d * d);
                (0..n).for_each(|k| matrices.extend(matrix(k)));
                Self::Full(matrices)
            }
            Self::Tied(_) => Self::Tied(matrix(0).collect()),
            Self::Diag(_) => {
                Self::Diag((0..n * d).map(|ki| entry(ki / d, ki % d, ki % d)).collect())
            }
            Self::Spherical(_) => Self::Spherical((0..n).map(|k| entry(k, 0, 0)).collect()),
        }
    }

    /// Checks every parameter and inverts every Cholesky factor.
    ///
    /// # Errors
    /// If a matrix is not finite, symmetric and positive definite; the error names the first.
    pub(crate) fn precisions_cholesky(
        &self,
        n_components: usize,
        n_features: usize,
    ) -> Result<PrecisionsCholesky> {
        let d = n_features;
        self.check_finite(n_components)?;
        match self {
            Self::Full(values) => {
                let mut factors = Vec::with_capacity(n_components * packed_len(d));
                for (k, matrix) in values.chunks_exact(d * d).enumerate() {
                    factors.extend(inverse_factor(matrix, d, Some(k))?);
                }
                Ok(PrecisionsCholesky::Triangular { factors, stride: packed_len(d) })
            }
            Self::Tied(matrix) => Ok(PrecisionsCholesky::Triangular {
                factors: inverse_factor(matrix, d, None)?,
                stride: 0,
            }),
            Self::Diag(variances) => Ok(PrecisionsCholesky::Diagonal {
                inverse_stds: inverse_stds(variances, d)?,
                component_stride: d,
                feature_stride: 1,
            }),
            Self::Spherical(variances) => Ok(PrecisionsCholesky::Diagonal {
                inverse_stds: inverse_stds(variances, 1)?,
                component_stride: 1,
                feature_stride: 0,
            }),
        }
    }

    fn check_finite(&self, n_components: usize) -> Result<()> {
        let values = self.values();
        match values.iter().position(|v| !v.is_finite()) {
            None => Ok(()),
            Some(at) => Err(Error::NotFinite {
                argument: "covariances",
                component: match self {
                    Self::Tied(_) => 0,
                    _ => at / (values.len() / n_components),
                },
                value: values[at],
            }),
        }
    }
}

fn inverse_factor(matrix: &[f64], d: usize, component: Option<usize>) -> Result<Vec<f64>> {
    for i in 0..d {
        for j in 0..i {
            let (a, b) = (matrix[i * d + j], matrix[j * d + i]);
            let scale = matrix[i * d + i].abs().sqrt() * matrix[j * d + j].abs().sqrt();
            if (a - b).abs() > ASYMMETRY * scale {
                return Err(Error::Asymmetric { component, features: (i, j), values: (a, b) });
            }
        }
    }
    let factor = cholesky(d, |i, j| matrix[i * d + j])
        .map_err(|(feature, pivot)| Error::NotPositiveDefinite { component, feature, pivot })?;
    let inverse = invert_lower(&factor, d);
    match (0..d).find(|&i| !packed_row(&inverse, i).iter().all(|w| w.is_finite())) {
        None => Ok(inverse),
        Some(feature) => {
            let pivot = packed_row(&factor, feature)[feature].powi(2);
            Err(Error::NotPositiveDefinite { component, feature, pivot })
        }
    }
}

fn inverse_stds(variances: &[f64], d: usize) -> Result<Vec<f64>> {
    variances
        .iter()
        .enumerate()
        .map(|(at, &variance)| {
            let inverse_std = variance.sqrt().recip();
            if variance > 0.0 && inverse_std.is_finite() {
                Ok(inverse_std)
            } else {
                Err(Error::NotPositiveDefinite {
                    component: Some(at / d),
                    feature: at % d,
                    pivot: variance,
                })
            }
        })
        .collect()
}

impl PrecisionsCholesky {
    /// Returns the factors of some features, in the given order. `covariances` are those of
    /// all features.
    pub(crate) fn of_features(
        &self,
        covariances: &Covariances,
        n_features: usize,
        features: &[usize],
    ) -> Self {
        let m = features.len();
        match self {
            Self::Triangular { factors, stride } => {
                let n_matrices = if *stride == 0 { 1 } else { factors.len() / stride };
                let mut inverses = Vec::with_capacity(n_matrices * packed_len(m));
                for k in 0..n_matrices {
                    let factor = covariances.factor(n_features, k, features);
                    inverses.extend(invert_lower(&factor, m));
                }
                let stride = if *stride == 0 { 0 } else { packed_len(m) };
                Self::Triangular { factors: inverses, stride }
            }
            Self::Diagonal { inverse_stds, component_stride: 1, feature_stride: 0 } => {
                Self::Diagonal {
                    inverse_stds: inverse_stds.clone(),
                    component_stride: 1,
                    feature_stride: 0,
                }
            }
            Self::Diagonal { inverse_stds, .. } => Self::Diagonal {
                inverse_stds: inverse_stds
                    .chunks_exact(n_features)
                    .flat_map(|stds| features.iter().map(|&i| stds[i]))
                    .collect(),
                component_stride: m,
                feature_stride: 1,
            },
        }
    }

    /// Entry (i, j) of the factor of component `k`, j <= i.
    pub(crate) fn at(&self, k: usize, i: usize, j: usize) -> f64 {
        match self {
            Self::Triangular { factors, stride } => factors[k * stride + packed_len(i) + j],
            Self::Diagonal { inverse_stds, component_stride, feature_stride } => {
                if i == j {
                    inverse_stds[k * component_stride + i * feature_stride]
                } else {
                    0.0
                }
            }
        }
    }
}

//! Covariance types, in scikit-learn's own layouts.
//!
//! A type is a form (a matrix, variances, or one variance) and whether the components share it.
//! Everything that depends on the type is here: entries, selections of features, and the
//! precision factors, whose strides let components share one matrix and features share one
//! variance. Only the M step and the specification also branch on the type.

use crate::error::{Error, Result};
use crate::model::linalg::{cholesky, invert_lower, packed_len, packed_row};

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
    /// Variances that all components share: (n_features,).
    TiedDiag(Vec<f64>),
    /// One variance of all features and components: (1,).
    TiedSpherical(Vec<f64>),
}

/// The layout of a covariance type.
#[derive(Clone, Copy)]
struct Layout {
    form: Form,
    /// Whether all components share the values.
    is_shared: bool,
}

/// The values of one component.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Matrix,
    Variances,
    Variance,
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
    fn layout(&self) -> Layout {
        let (form, is_shared) = match self {
            Self::Full(_) => (Form::Matrix, false),
            Self::Tied(_) => (Form::Matrix, true),
            Self::Diag(_) => (Form::Variances, false),
            Self::Spherical(_) => (Form::Variance, false),
            Self::TiedDiag(_) => (Form::Variances, true),
            Self::TiedSpherical(_) => (Form::Variance, true),
        };
        Layout { form, is_shared }
    }

    /// The flat parameters.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        match self {
            Self::Full(v)
            | Self::Tied(v)
            | Self::Diag(v)
            | Self::Spherical(v)
            | Self::TiedDiag(v)
            | Self::TiedSpherical(v) => v,
        }
    }

    /// Returns covariances of this type with other values.
    pub(crate) fn with_values(&self, values: Vec<f64>) -> Self {
        match self {
            Self::Full(_) => Self::Full(values),
            Self::Tied(_) => Self::Tied(values),
            Self::Diag(_) => Self::Diag(values),
            Self::Spherical(_) => Self::Spherical(values),
            Self::TiedDiag(_) => Self::TiedDiag(values),
            Self::TiedSpherical(_) => Self::TiedSpherical(values),
        }
    }

    /// The shape of the parameters: that of scikit-learn's `covariances_`.
    #[must_use]
    pub fn shape(&self, n_components: usize, n_features: usize) -> Vec<usize> {
        let Layout { form, is_shared } = self.layout();
        let values_of_one: &[usize] = match form {
            Form::Matrix => &[n_features, n_features],
            Form::Variances => &[n_features],
            // The single variance of all components is an array, too.
            Form::Variance if is_shared => &[1],
            Form::Variance => &[],
        };
        let components: &[usize] = if is_shared { &[] } else { &[n_components] };
        [components, values_of_one].concat()
    }

    /// Covariance of features `i` and `j` under component `k`.
    #[must_use]
    pub fn at(&self, n_features: usize, k: usize, i: usize, j: usize) -> f64 {
        let (d, Layout { form, is_shared }) = (n_features, self.layout());
        let (k, values) = (if is_shared { 0 } else { k }, self.values());
        match form {
            Form::Matrix => values[(k * d + i) * d + j],
            _ if i != j => 0.0,
            Form::Variances => values[k * d + i],
            Form::Variance => values[k],
        }
    }

    /// Whether different features are uncorrelated for all parameters of this type.
    pub(crate) fn is_diagonal(&self) -> bool {
        self.layout().form != Form::Matrix
    }

    /// Whether all components share their covariance.
    pub(crate) fn is_shared(&self) -> bool {
        self.layout().is_shared
    }

    /// Number of covariances of `n_components` components: 1 if they share it, else one each.
    pub(crate) fn n_matrices(&self, n_components: usize) -> usize {
        if self.is_shared() { 1 } else { n_components }
    }

    /// Returns covariances of this type over `n_features` features whose entry (k, i, j) is
    /// `entry(k, i, j)`. Marginals and conditionals are made by it.
    pub(crate) fn map(
        &self,
        n_components: usize,
        n_features: usize,
        entry: impl Fn(usize, usize, usize) -> f64,
    ) -> Self {
        let (n, d) = (self.n_matrices(n_components), n_features);
        let values = match self.layout().form {
            Form::Matrix => {
                // The size is exact: with many components, doubling it would matter.
                let mut matrices = Vec::with_capacity(n * d * d);
                for k in 0..n {
                    matrices.extend((0..d * d).map(|ij| entry(k, ij / d, ij % d)));
                }
                matrices
            }
            Form::Variances => (0..n * d).map(|ki| entry(ki / d, ki % d, ki % d)).collect(),
            Form::Variance => (0..n).map(|k| entry(k, 0, 0)).collect(),
        };
        self.with_values(values)
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
        let (d, Layout { form, is_shared }) = (n_features, self.layout());
        self.check_finite(n_components)?;
        let component = |k: usize| (!is_shared).then_some(k);
        let component_stride = |len: usize| if is_shared { 0 } else { len };
        match form {
            Form::Matrix => {
                let n_matrices = self.n_matrices(n_components);
                let mut factors = Vec::with_capacity(n_matrices * packed_len(d));
                for (k, matrix) in self.values().chunks_exact(d * d).enumerate() {
                    factors.extend(inverse_factor(matrix, d, component(k))?);
                }
                let stride = component_stride(packed_len(d));
                Ok(PrecisionsCholesky::Triangular { factors, stride })
            }
            Form::Variances | Form::Variance => {
                let len = if form == Form::Variances { d } else { 1 };
                let inverse_stds = self.values().iter().enumerate().map(|(at, &variance)| {
                    inverse_std(variance).ok_or(Error::NotPositiveDefinite {
                        component: component(at / len),
                        feature: at % len,
                        pivot: variance,
                    })
                });
                Ok(PrecisionsCholesky::Diagonal {
                    inverse_stds: inverse_stds.collect::<Result<_>>()?,
                    component_stride: component_stride(len),
                    feature_stride: usize::from(form == Form::Variances),
                })
            }
        }
    }

    fn check_finite(&self, n_components: usize) -> Result<()> {
        let values = self.values();
        let len = values.len() / self.n_matrices(n_components);
        match values.iter().position(|v| !v.is_finite()) {
            None => Ok(()),
            Some(at) => Err(Error::NotFinite {
                argument: "covariances",
                component: at / len,
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

/// Returns the inverse standard deviation, unless it or the variance is not positive or finite.
fn inverse_std(variance: f64) -> Option<f64> {
    let inverse_std = variance.sqrt().recip();
    (variance > 0.0 && inverse_std.is_finite()).then_some(inverse_std)
}

impl PrecisionsCholesky {
    /// Returns the factors of some features, in the given order. `factor(k)` is the Cholesky
    /// factor of their covariance under component `k`.
    pub(crate) fn of_features(
        &self,
        n_features: usize,
        features: &[usize],
        factor: impl Fn(usize) -> Vec<f64>,
    ) -> Self {
        let m = features.len();
        match self {
            Self::Triangular { factors, stride } => {
                let n_matrices = if *stride == 0 { 1 } else { factors.len() / stride };
                let mut inverses = Vec::with_capacity(n_matrices * packed_len(m));
                for k in 0..n_matrices {
                    inverses.extend(invert_lower(&factor(k), m));
                }
                let stride = if *stride == 0 { 0 } else { packed_len(m) };
                Self::Triangular { factors: inverses, stride }
            }
            Self::Diagonal { feature_stride: 0, .. } => self.clone(),
            Self::Diagonal { inverse_stds, component_stride, .. } => Self::Diagonal {
                inverse_stds: inverse_stds
                    .chunks_exact(n_features)
                    .flat_map(|stds| features.iter().map(|&i| stds[i]))
                    .collect(),
                component_stride: if *component_stride == 0 { 0 } else { m },
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

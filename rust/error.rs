//! Errors caused by invalid input.
//!
//! Every variant carries the name of the argument and the offending value. The
//! message gives the argument, what was expected, what was passed and, where it is
//! not obvious, how to correct it. The Python bindings raise these messages
//! unchanged as `ValueError`, and as `MemoryError` where memory is missing.

use std::fmt;

/// The one error type of the crate. Fields are named for what they hold.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "fields are named for their contents")]
pub enum Error {
    /// A flat array whose length does not fit the other arguments.
    Length { argument: &'static str, expected: String, got: usize },
    /// A value that the argument cannot have.
    Value { argument: &'static str, expected: String, got: String },
    /// A NaN or infinite parameter.
    NotFinite { argument: &'static str, component: usize, value: f64 },
    /// An invalid value of a sample, or an invalid sample weight.
    Sample { argument: &'static str, expected: &'static str, sample: usize, value: f64 },
    /// A weight below zero.
    NegativeWeight { component: usize, value: f64 },
    /// Weights whose sum is not 1.
    WeightSum { sum: f64 },
    /// A covariance matrix that differs from its transpose.
    Asymmetric { component: Option<usize>, features: (usize, usize), values: (f64, f64) },
    /// A covariance matrix (or variance) that is not positive definite.
    NotPositiveDefinite { component: Option<usize>, feature: usize, pivot: f64 },
    /// A feature index that is out of range or named twice.
    Feature { argument: &'static str, feature: usize, n_features: usize },
    /// A grid that cannot be rendered.
    Grid { argument: &'static str, expected: &'static str, got: String },
    /// A tolerance outside (0, 0.1].
    Tolerance { got: f64 },
    /// A point whose distance from every component overflows a float64.
    OutOfReach { argument: &'static str, point: Vec<f64> },
    /// Bounds that contain almost none of a mixture.
    Bounds { n_candidates: u64, n_within: usize },
    /// More threads than the system provides.
    Threads { n_threads: usize, reason: String },
    /// More memory than the system provides.
    Memory { n_bytes: usize },
    /// The caller interrupted the call.
    Interrupted,
}

/// `Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// "component 3", or "the tied matrix" for the matrix that all components share.
fn matrix_name(component: Option<usize>) -> String {
    component.map_or_else(|| "the tied matrix".to_owned(), |k| format!("component {k}"))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { argument, expected, got } => {
                write!(f, "{argument}: expected {expected}, got {got} values")
            }
            Self::Value { argument, expected, got } => {
                write!(f, "{argument}: expected {expected}, got {got}")
            }
            Self::NotFinite { argument, component, value } => write!(
                f,
                "{argument}: expected finite values, got {} at component {component}; \
                 fit the model again without NaN or infinite data",
                if value.is_nan() { "nan".to_owned() } else { format!("{value:?}") }
            ),
            Self::Sample { argument, expected, sample, value } => write!(
                f,
                "{argument}: expected {expected}, got {} at sample {sample}",
                if value.is_nan() { "nan".to_owned() } else { format!("{value:?}") }
            ),
            Self::NegativeWeight { component, value } => write!(
                f,
                "weights: expected values of at least 0, got {value:?} at component {component}"
            ),
            Self::WeightSum { sum } => write!(
                f,
                "weights: expected to sum to 1 (within 1e-6), got a sum of {sum:?}; \
                 divide them by their sum"
            ),
            Self::Asymmetric { component, features: (i, j), values: (a, b) } => write!(
                f,
                "covariances: expected symmetric matrices, got {a:?} and {b:?} for features \
                 ({i}, {j}) and ({j}, {i}) of {}; use (c + c.T) / 2 if that is rounding",
                matrix_name(*component)
            ),
            Self::NotPositiveDefinite { component, feature, pivot } => write!(
                f,
                "covariances: expected positive definite matrices, got pivot {pivot:?} at \
                 feature {feature} of {}; add a small value such as reg_covar to the diagonal",
                matrix_name(*component)
            ),
            Self::Feature { argument, feature, n_features } => write!(
                f,
                "{argument}: expected distinct feature indices below {n_features}, got {feature}"
            ),
            Self::Grid { argument, expected, got } => {
                write!(f, "{argument}: expected {expected}, got {got}")
            }
            Self::Tolerance { got } => write!(
                f,
                "tolerance: expected a number above 0 and of at most 0.1, or None for an exact \
                 result, got {}",
                if got.is_nan() { "nan".to_owned() } else { format!("{got:?}") }
            ),
            Self::OutOfReach { argument, point } => write!(
                f,
                "{argument}: expected a point whose distance from the components is a float64, \
                 got {point:?}; rescale the features"
            ),
            Self::Bounds { n_candidates, n_within } => write!(
                f,
                "bounds: expected a box with at least one in 10,000 samples of the mixture, got \
                 {n_within} of {n_candidates}; widen it"
            ),
            Self::Threads { n_threads, reason } => write!(
                f,
                "n_threads: expected a number of threads that the system gives, got {n_threads} \
                 ({reason}); ask for fewer"
            ),
            Self::Memory { n_bytes } => write!(
                f,
                "expected {} MiB of memory for this call, got less from the system; free some, or \
                 pass less at a time",
                n_bytes >> 20
            ),
            Self::Interrupted => write!(f, "interrupted before the result was complete"),
        }
    }
}

impl std::error::Error for Error {}

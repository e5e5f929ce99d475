//! Checks of weights, of lengths, and of lists of features; the errors name the argument.

use crate::error::{Error, Result};

/// Largest distance of the sum of the weights from 1; float32 weights keep it.
const WEIGHT_SUM_TOLERANCE: f64 = 1e-6;

/// Returns the error of an argument whose length does not hold.
pub(crate) fn check_length(
    argument: &'static str,
    expected: &str,
    holds: bool,
    got: usize,
) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::Length { argument, expected: expected.to_owned(), got }) }
}

/// Checks that logarithms of weights are below infinity, and one above minus infinity.
pub(crate) fn check_log_weights(log_weights: &[f64]) -> Result<()> {
    let largest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match log_weights.iter().position(|w| w.is_nan() || *w == f64::INFINITY) {
        Some(component) => {
            let value = log_weights[component];
            Err(Error::NotFinite { argument: "log_weights", component, value })
        }
        None if largest == f64::NEG_INFINITY => Err(Error::WeightSum { sum: 0.0 }),
        None => Ok(()),
    }
}

/// Checks that weights are finite, not negative, and sum to 1.
pub(crate) fn check_weights(weights: &[f64]) -> Result<()> {
    check_length("weights", "at least one component", !weights.is_empty(), weights.len())?;
    if let Some(component) = weights.iter().position(|w| !w.is_finite()) {
        let value = weights[component];
        return Err(Error::NotFinite { argument: "weights", component, value });
    }
    if let Some(component) = weights.iter().position(|&w| w < 0.0) {
        return Err(Error::NegativeWeight { component, value: weights[component] });
    }
    let sum: f64 = weights.iter().sum();
    if (sum - 1.0).abs() <= WEIGHT_SUM_TOLERANCE { Ok(()) } else { Err(Error::WeightSum { sum }) }
}

/// Checks that `features` are distinct, in range, and at least one.
pub(crate) fn check_features(
    argument: &'static str,
    features: &[usize],
    n_features: usize,
) -> Result<()> {
    check_length(argument, "at least one feature", !features.is_empty(), features.len())?;
    for (at, &feature) in features.iter().enumerate() {
        if feature >= n_features || features[..at].contains(&feature) {
            return Err(Error::Feature { argument, feature, n_features });
        }
    }
    Ok(())
}

/// Returns the features that are not given, ascending; at least one.
pub(crate) fn remaining_features(given: &[usize], n_features: usize) -> Result<Vec<usize>> {
    check_features("given", given, n_features)?;
    let expected = format!("fewer than all {n_features} features");
    check_length("given", &expected, given.len() < n_features, given.len())?;
    Ok((0..n_features).filter(|i| !given.contains(i)).collect())
}

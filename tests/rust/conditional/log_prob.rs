//! Log-densities of the remaining features against the specification.

use super::{K, N, same_bits, size};
use crate::support::{N_KINDS, Random, around, every_level, fitted, kinds, stride};
use gmmfast::{Conditional, Error, Mixture, Runtime, conditional_log_prob, spec};
use std::sync::atomic::Ordering;

/// Compares log-densities of the remaining features at every `every`-th point; its values are
/// the given features, then the remaining ones.
fn check_log_prob(every: usize, mixture: &Mixture, given: &[usize], points: &[f64]) {
    let stride = every * stride();
    let conditional = Conditional::new(mixture, given).unwrap();
    let d = mixture.n_features();
    let std = |t: usize| {
        let variance = |k: usize| conditional.covariance(k, t, t);
        (0..mixture.n_components()).map(variance).fold(f64::INFINITY, f64::min).sqrt()
    };
    let want: Vec<(f64, f64)> = points
        .chunks(d)
        .step_by(stride)
        .map(|x| {
            let (values, x) = x.split_at(given.len());
            let want = spec::conditional_log_prob(mixture, given, values, x);
            let at = conditional.at(values).unwrap();
            let posterior = spec::responsibilities(&at, x);
            // An error of a log-responsibility counts as much as x moves the responsibilities.
            let moved: f64 = posterior.iter().zip(at.weights()).map(|(p, w)| (p - w).abs()).sum();
            let log_density = spec::log_density(conditional.marginal(), values);
            let of_regression = |t: usize| size(&conditional, t, values) / std(t);
            let of_regressions: f64 = (0..x.len()).map(of_regression).sum();
            let tolerance = 1e-12 * (1.0 + want.abs() + moved * log_density.abs())
                + 1e-14 * of_regressions * (1.0 + 2.0 * want.abs()).sqrt();
            (want, tolerance)
        })
        .collect();
    for runtime in every_level() {
        let mut got = vec![f64::NAN; points.len() / d];
        conditional_log_prob(mixture, &conditional, points, &mut got, &runtime).unwrap();
        for (got, (want, tolerance)) in got.iter().step_by(stride).zip(&want) {
            let error = (got - want).abs();
            assert!(error <= *tolerance, "{:?}: {got} not {want}", runtime.level());
        }
    }
}

#[test]
fn log_densities_match_the_specification() {
    let given = [&[0][..], &[0, 1], &[3, 1], &[0, 1, 2]];
    for (case, (d, given)) in [2, 5, 5, 4].into_iter().zip(given).enumerate() {
        for kind in kinds(case) {
            let mixture = fitted(kind, K, d, 3.0);
            let order = Conditional::new(&mixture, given).unwrap().order();
            let points = around(&mixture.marginal(&order).unwrap(), N, 3.0);
            check_log_prob(if kind == 0 { 3 } else { 17 }, &mixture, given, &points);
        }
    }
}

#[test]
fn log_densities_lose_no_digits_where_the_given_features_are_unlikely() {
    for kind in 0..N_KINDS {
        let mixture = fitted(kind, 60, 4, 4.0);
        let mut random = Random(3);
        for far in [1e2, 1e5] {
            // Points near the regression of the nearest component, and far from all.
            let conditional = Conditional::new(&mixture, &[0, 1]).unwrap();
            let mut points = Vec::new();
            for i in 0..150 {
                let values = [far * random.normal(), far * random.normal()];
                let k = spec::label(conditional.marginal(), &values);
                points.extend(values);
                let spread = if i % 2 == 0 { 3.0 } else { 300.0 };
                let mean = |t: usize| conditional.regression_mean(k, t, &values);
                points.extend((0..2).map(|t| mean(t) + spread * random.normal()));
            }
            check_log_prob(1, &mixture, &[0, 1], &points);
        }
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_bit_of_log_densities() {
    let mixture = fitted(0, K, 3, 4.0);
    let conditional = Conditional::new(&mixture, &[0, 1]).unwrap();
    let points = around(&mixture, (1 << 17) + 5000, 4.0);
    let score = |n_threads| {
        let mut out = vec![f64::NAN; points.len() / 3];
        let runtime = Runtime::new(Some(n_threads)).unwrap();
        conditional_log_prob(&mixture, &conditional, &points, &mut out, &runtime).unwrap();
        out
    };
    let one = score(1);
    assert!(one.iter().all(|log_prob| log_prob.is_finite()));
    assert!(same_bits(&one, &score(2)) && same_bits(&one, &score(3)));
}

#[test]
fn an_interrupted_call_returns_the_interrupt() {
    let mixture = fitted(0, K, 3, 3.0);
    let conditional = Conditional::new(&mixture, &[0, 1]).unwrap();
    let points = around(&mixture, N, 3.0);
    let runtime = Runtime::new(Some(2)).unwrap();
    runtime.interrupt().store(true, Ordering::Relaxed);
    let got = conditional_log_prob(&mixture, &conditional, &points, &mut [0.0; N], &runtime);
    assert_eq!(got, Err(Error::Interrupted));
}

#[test]
fn outputs_of_a_wrong_length_are_errors() {
    let mixture = fitted(0, 3, 4, 3.0);
    let conditional = Conditional::new(&mixture, &[0, 1]).unwrap();
    let runtime = Runtime::new(Some(1)).unwrap();
    let score = |mixture, points: &[f64]| {
        conditional_log_prob(mixture, &conditional, points, &mut [0.0; 2], &runtime)
    };
    assert!(matches!(score(&mixture, &[0.0; 7]), Err(Error::Length { .. })));
    let others = [fitted(0, 3, 3, 3.0), fitted(0, 4, 4, 3.0)];
    for other in &others {
        let result = score(other, &vec![0.0; 2 * other.n_features()]);
        assert!(matches!(result, Err(Error::Value { argument: "mixture", .. })));
    }
}

//! Conditionals of scattered points against the specification, every point at every instruction
//! set, with enough points and components for the tree in most cases.
//!
//! Tolerances: a responsibility has an error of 1e-12 (1 + |log p|). It moves a mean by as much,
//! in units of the conditional's own standard deviation, and a covariance in units of its
//! variances. A component's regression has a rounding error of the size of its summands,
//! however small the deviation is.

mod log_prob;
mod sample;

use crate::support::{N_KINDS, Random, around, every_level, fitted, kinds, ordinary_or, stride};
use gmmfast::{
    Conditional, Covariances, Error, Level, Mixture, Result, Runtime, conditional_covariance,
    conditional_mean, conditional_mean_and_covariance, conditional_mean_and_std, conditional_std,
    spec,
};
use std::sync::atomic::Ordering;

/// Enough points and components for the tree.
const N: usize = 4300;
const K: usize = 400;

type Evaluate = fn(&Conditional, &[f64], &mut [f64], &Runtime) -> Result<()>;

fn rows(
    evaluate: Evaluate,
    row_len: usize,
    conditional: &Conditional,
    values: &[f64],
    runtime: &Runtime,
) -> Vec<f64> {
    let n = values.len() / conditional.marginal().n_features();
    let mut out = vec![f64::NAN; n * row_len];
    evaluate(conditional, values, &mut out, runtime).unwrap();
    out
}

fn same_bits(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

/// Returns the size of the summands of the regressions of remaining feature `t`, on average.
fn size(conditional: &Conditional, t: usize, x: &[f64]) -> f64 {
    let marginal = conditional.marginal();
    let responsibilities = spec::responsibilities(marginal, x);
    let of_component = |k: usize| {
        let offsets = x.iter().zip(marginal.mean(k)).map(|(x, m)| x.abs() + m.abs());
        let slopes = conditional.slopes(k, t).iter().map(|s| s.abs());
        conditional.remaining_mean(k, t).abs()
            + slopes.zip(offsets).map(|(s, o)| s * o).sum::<f64>()
    };
    responsibilities.iter().enumerate().map(|(k, r)| r * of_component(k)).sum()
}

/// Compares all moments at every point.
fn check(mixture: &Mixture, given: &[usize], values: &[f64]) {
    check_every(1, mixture, given, values);
}

/// Compares all moments at every `every`-th point.
fn check_every(every: usize, mixture: &Mixture, given: &[usize], values: &[f64]) {
    let stride = every * stride();
    let conditional = Conditional::new(mixture, given).unwrap();
    let (d, n) = (given.len(), mixture.n_features() - given.len());
    let want: Vec<_> = values
        .chunks(d)
        .step_by(stride)
        .map(|x| {
            let log_density = spec::log_density(conditional.marginal(), x);
            let sizes: Vec<f64> = (0..n).map(|t| size(&conditional, t, x)).collect();
            let mean = spec::conditional_mean(mixture, given, x);
            (
                1e-12 * (1.0 + log_density.abs()),
                sizes,
                mean,
                spec::conditional_covariance(mixture, given, x),
            )
        })
        .collect();
    for runtime in every_level() {
        let level = runtime.level();
        let means = rows(conditional_mean, n, &conditional, values, &runtime);
        let stds = rows(conditional_std, n, &conditional, values, &runtime);
        let covariances = rows(conditional_covariance, n * n, &conditional, values, &runtime);
        let one_pass = [(conditional_mean_and_std as Evaluate, 2 * n, &stds)];
        let one_pass = one_pass.into_iter().chain([(
            conditional_mean_and_covariance as Evaluate,
            n + n * n,
            &covariances,
        )]);
        for (evaluate, row_len, second) in one_pass {
            let both = rows(evaluate, row_len, &conditional, values, &runtime);
            let seconds = both.chunks(row_len).flat_map(|row| &row[n..]);
            assert!(seconds.zip(second).all(|(a, b)| a.to_bits() == b.to_bits()));
        }
        for (i, (of_responsibility, sizes, mean, covariance)) in (0..).step_by(stride).zip(&want) {
            let x = &values[i * d..][..d];
            let std = |t: usize| covariance[t * n + t].sqrt();
            for t in 0..n {
                let got = means[i * n + t];
                let tolerance = of_responsibility * std(t) + 1e-14 * sizes[t];
                let error = (got - mean[t]).abs();
                assert!(error <= tolerance, "{level:?} mean {t} at {x:?}: {got} not {}", mean[t]);
                let got = stds[i * n + t];
                let error = (got - std(t)).abs();
                assert!(error <= tolerance, "{level:?} std {t} at {x:?}: {got} not {}", std(t));
            }
            for (ij, want) in covariance.iter().enumerate() {
                let (a, b) = (ij / n, ij % n);
                let got = covariances[(i * n + a) * n + b];
                let of_regression = |t: usize| 1e-14 * sizes[t];
                let tolerance = of_responsibility * std(a) * std(b)
                    + of_regression(a) * std(b)
                    + of_regression(b) * std(a)
                    + of_regression(a) * of_regression(b);
                let error = (got - want).abs();
                assert!(error <= tolerance, "{level:?} {a}, {b} at {x:?}: {got} not {want}");
            }
        }
    }
}

/// Points around the components' given features, a few of them far out.
fn values_of(mixture: &Mixture, given: &[usize], n: usize, spread: f64) -> Vec<f64> {
    around(&mixture.marginal(given).unwrap(), n, spread)
}

#[test]
fn fitted_mixtures_of_every_type_are_right_at_points_that_the_tree_takes() {
    let given = [&[0][..], &[0, 1], &[3, 1], &[0, 1, 2]];
    for (case, (d, given)) in [2, 5, 5, 4].into_iter().zip(given).enumerate() {
        for kind in kinds(case) {
            let mixture = fitted(kind, K, d, 3.0);
            let values = values_of(&mixture, given, N, 3.0);
            check_every(if kind == 0 { 2 } else { 11 }, &mixture, given, &values);
        }
    }
}

#[test]
fn many_dimensions_are_right() {
    for (d, given) in [(9, &[8, 0, 3, 5][..]), (7, &[0, 1, 2, 3, 4]), (20, &[2, 11])] {
        for kind in 0..N_KINDS {
            let mixture = fitted(kind, 37, d, 20.0);
            check(&mixture, given, &values_of(&mixture, given, 133, 15.0));
        }
    }
}

#[test]
fn any_number_of_points_is_right() {
    let mixture = fitted(0, K, 5, 3.0);
    let values = values_of(&mixture, &[0, 1], 4161, 3.0);
    for n in [0, 1, 2, 7, 31, 32, 33, 63, 64, 65, 4095, 4096, 4161] {
        check_every(1 + n / 300, &mixture, &[0, 1], &values[..2 * n]);
    }
}

/// A few broad components with far means and steep slopes are among components that hardly
/// vary. Their negligible part must be negligible relative to the smallest of these.
#[test]
fn a_far_component_is_kept_where_the_others_hardly_vary() {
    let mut random = Random(11);
    let (mut means, mut covariances) = (Vec::new(), Vec::new());
    for k in 0..K {
        let is_giant = k % 100 == 17;
        means.extend([100.0 * random.uniform(), 100.0 * random.uniform()]);
        means.push(if is_giant { 1e6 } else { random.uniform() });
        let (position, correlation, variance) =
            if is_giant { (30.0, 1e6, 1e11) } else { (4.0, 0.001, 1e-6) };
        covariances.extend([position, 0.0, correlation, 0.0, position, 0.0]);
        covariances.extend([correlation, 0.0, variance]);
    }
    let weights = vec![1.0 / K as f64; K];
    let mixture = Mixture::new(weights, means, Covariances::Full(covariances)).unwrap();
    check_every(3, &mixture, &[0, 1], &values_of(&mixture, &[0, 1], N, 4.0));
}

#[test]
fn far_tails_are_finite_and_right() {
    for kind in 0..N_KINDS {
        let mixture = fitted(kind, 60, 4, 4.0);
        for deviations in [1e2, 1e4, 1e7] {
            let values: Vec<f64> = around(&mixture, 200, 1.0)
                .chunks(2)
                .flat_map(|x| [x[0] - 50.0, x[1] - 50.0])
                .collect();
            let values: Vec<f64> = values.iter().map(|x| x * deviations / 10.0).collect();
            check(&mixture, &[0, 1], &values);
        }
    }
}

#[test]
fn components_are_equally_likely_where_every_distance_overflows() {
    let mixture = fitted(2, K, 3, 3.0);
    let conditional = Conditional::new(&mixture, &[0]).unwrap();
    let values: Vec<f64> = (0..N).map(|i| if i % 2 == 0 { 1e200 } else { -1e300 }).collect();
    let mean = |t: usize| (0..K).map(|k| mixture.mean(k)[t + 1]).sum::<f64>() / K as f64;
    for runtime in every_level() {
        for row in rows(conditional_mean, 2, &conditional, &values, &runtime).chunks(2) {
            assert!((row[0] - mean(0)).abs() < 1e-11 && (row[1] - mean(1)).abs() < 1e-11);
        }
    }
}

#[test]
fn components_of_weight_zero_have_no_influence() {
    let full = fitted(0, K, 3, 3.0);
    let is_active = |k: usize| !k.is_multiple_of(3);
    let weights: Vec<f64> =
        (0..K).map(|k| if is_active(k) { full.weights()[k] } else { 0.0 }).collect();
    let sum: f64 = weights.iter().sum();
    let weights = weights.iter().map(|w| w / sum).collect();
    let mut means = full.means().to_vec();
    means[2] = 1e300; // of a component that has no weight
    let mixture = Mixture::new(weights, means, full.covariances().clone()).unwrap();
    check(&mixture, &[0, 1], &values_of(&mixture, &[0, 1], N, 3.0));
}

#[test]
fn neither_threads_nor_other_points_change_a_bit() {
    let mixture = fitted(0, K, 5, 4.0);
    let conditional = Conditional::new(&mixture, &[0, 1]).unwrap();
    let values = values_of(&mixture, &[0, 1], (1 << 17) + 5000, 4.0);
    let all: [(Evaluate, usize); 3] =
        [(conditional_mean, 3), (conditional_std, 3), (conditional_covariance, 9)];
    for (evaluate, row_len) in all {
        for level in Level::available() {
            let on = |n| Runtime::new(Some(n)).unwrap().with_level(level);
            // At the lower levels, and in emulation, a piece is enough.
            let is_best = level == Level::best();
            let n = if is_best { ordinary_or(values.len() / 2, 6000) } else { 6000 };
            let values = &values[..2 * n];
            let one = rows(evaluate, row_len, &conditional, values, &on(1));
            for n_threads in [2, 3] {
                let many = rows(evaluate, row_len, &conditional, values, &on(n_threads));
                assert!(same_bits(&one, &many), "{level:?}, {n_threads} threads");
            }
            for (i, some) in values[..2 * 6000].chunks(2 * 4997).enumerate() {
                let some = rows(evaluate, row_len, &conditional, some, &on(1));
                assert!(same_bits(&one[i * 4997 * row_len..][..some.len()], &some), "{level:?}");
            }
            let alone = rows(evaluate, row_len, &conditional, &values[..2], &on(1));
            assert!(same_bits(&one[..row_len], &alone), "{level:?}");
        }
    }
}

#[test]
fn an_interrupted_call_returns_the_interrupt() {
    let mixture = fitted(0, K, 3, 3.0);
    let conditional = Conditional::new(&mixture, &[0, 1]).unwrap();
    let values = values_of(&mixture, &[0, 1], N, 3.0);
    let runtime = Runtime::new(Some(2)).unwrap();
    runtime.interrupt().store(true, Ordering::Relaxed);
    let mut out = vec![0.0; N];
    for evaluate in [conditional_mean, conditional_std, conditional_covariance] {
        let got = evaluate(&conditional, &values, &mut out, &runtime);
        assert_eq!(got, Err(Error::Interrupted));
    }
}

#[test]
fn outputs_of_a_wrong_length_are_errors() {
    let conditional = Conditional::new(&fitted(0, 3, 4, 3.0), &[0, 1]).unwrap();
    let runtime = Runtime::new(Some(1)).unwrap();
    let refused = |result| matches!(result, Err(Error::Length { .. }));
    let evaluate = conditional_mean;
    assert!(refused(evaluate(&conditional, &[0.0; 3], &mut [0.0; 2], &runtime)));
    assert!(refused(evaluate(&conditional, &[0.0; 4], &mut [0.0; 3], &runtime)));
    assert!(refused(conditional_covariance(&conditional, &[0.0; 2], &mut [0.0; 2], &runtime)));
}

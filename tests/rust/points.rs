//! Scattered points against the specification, every point at every instruction set, with enough
//! points and components for the tree in most cases.
//!
//! Tolerances: log p is compared to 1e-12 (1 + |log p|), and a responsibility to as much,
//! relative. A label may be any whose weighted log-probability is within that of the largest.

use crate::support::{Random, around, every_level, fitted, kinds, spherical, stride};
use gmmfast::{
    Covariances, Error, Level, Mixture, Runtime, predict, predict_proba, score_samples, spec,
};
use std::sync::atomic::Ordering;

/// Enough points and components for the tree.
const N: usize = 4500;
const K: usize = 400;

fn score(mixture: &Mixture, points: &[f64], runtime: &Runtime) -> Vec<f64> {
    let mut out = vec![f64::NAN; points.len() / mixture.n_features()];
    score_samples(mixture, points, &mut out, runtime).unwrap();
    out
}

fn labels(mixture: &Mixture, points: &[f64], runtime: &Runtime) -> Vec<i64> {
    let mut out = vec![-1; points.len() / mixture.n_features()];
    predict(mixture, points, &mut out, runtime).unwrap();
    out
}

fn responsibilities(mixture: &Mixture, points: &[f64], runtime: &Runtime) -> Vec<f64> {
    let mut out = vec![f64::NAN; points.len() / mixture.n_features() * mixture.n_components()];
    predict_proba(mixture, points, &mut out, runtime).unwrap();
    out
}

fn same_bits(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

/// Compares all three quantities at every point, to `tolerance`.
fn check_to(tolerance: f64, mixture: &Mixture, points: &[f64]) {
    let (n, d) = (mixture.n_components(), mixture.n_features());
    let want: Vec<(f64, Vec<f64>)> = points
        .chunks(d)
        .step_by(stride())
        .map(|x| (spec::log_density(mixture, x), spec::weighted_log_prob(mixture, x)))
        .collect();
    for runtime in every_level() {
        let level = runtime.level();
        let score = score(mixture, points, &runtime);
        let labels = labels(mixture, points, &runtime);
        let responsibilities = responsibilities(mixture, points, &runtime);
        for (i, (log_density, q)) in (0..).step_by(stride()).zip(&want) {
            let x = &points[i * d..][..d];
            let largest = q.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let tolerance = tolerance * (1.0 + log_density.abs());
            let error = (score[i] - log_density).abs();
            assert!(error <= tolerance, "{level:?} log p at {x:?}: {} not {log_density}", score[i]);
            let label = labels[i] as usize;
            assert!(q[label] >= largest - tolerance, "{level:?} label at {x:?}: {label}");
            for (k, (got, q)) in responsibilities[i * n..][..n].iter().zip(q).enumerate() {
                let want = (q - log_density).exp();
                let error = (got - want).abs();
                assert!(
                    error <= 2.0 * tolerance * want + f64::MIN_POSITIVE,
                    "{level:?} responsibility of {k} at {x:?}: {got:e} not {want:e}"
                );
            }
        }
    }
}

fn check(mixture: &Mixture, points: &[f64]) {
    check_to(1e-12, mixture, points);
}

#[test]
fn fitted_mixtures_of_every_type_are_right_at_every_point_in_few_dimensions() {
    for (case, d) in [1, 2, 3, 5].into_iter().enumerate() {
        for kind in kinds(case) {
            let mixture = fitted(kind, K, d, [0.2, 2.0, 4.0, 0.0, 6.0][d - 1]);
            check(&mixture, &around(&mixture, N, 3.0));
        }
    }
}

#[test]
fn fitted_mixtures_of_every_type_are_right_at_every_point_in_many_dimensions() {
    for (case, d) in [4, 6, 7, 8, 13, 20].into_iter().enumerate() {
        for kind in kinds(case) {
            let mixture = fitted(kind, 37, d, 20.0);
            check(&mixture, &around(&mixture, 333, 15.0));
        }
    }
    // Many enough for the tree: clusters far apart.
    let mixture = fitted(0, 60, 8, 1.0);
    check(&mixture, &around(&mixture, N, 1.0));
}

#[test]
fn any_number_of_points_is_right() {
    let mixture = fitted(0, K, 2, 3.0);
    let points = around(&mixture, 4161, 3.0);
    for n in [0, 1, 2, 7, 31, 32, 33, 63, 64, 65, 1000, 4095, 4096, 4097, 4161] {
        check(&mixture, &points[..2 * n]);
    }
}

#[test]
fn spikes_and_giants_are_neither_lost_nor_smeared() {
    let mut random = Random(5);
    let means: Vec<f64> = (0..3 * K).map(|_| 50.0 * random.uniform()).collect();
    let stds: Vec<f64> = (0..K).map(|k| [1e-3, 1e-3, 2.0, 1e5][k % 4]).collect();
    let mixture = spherical(means.clone(), &stds);
    let mut points = around(&mixture, N, 1e-3);
    points.extend(means); // the very middle of each spike
    points.extend(around(&mixture, 500, 1.0));
    check(&mixture, &points);
}

#[test]
fn thin_sheets_at_an_angle_are_right_along_and_across() {
    let (across, along) = (1e-4, 900.0);
    let (sum, difference) = (0.5 * (along + across), 0.5 * (along - across));
    let covariances: Vec<f64> = (0..K)
        .flat_map(|k| {
            let slope = if k % 2 == 0 { difference } else { -difference };
            [sum, slope, slope, sum]
        })
        .collect();
    let mut random = Random(8);
    let means = (0..2 * K).map(|_| 200.0 * random.uniform()).collect();
    let mixture =
        Mixture::new(vec![1.0 / K as f64; K], means, Covariances::Full(covariances)).unwrap();
    // The condition of the whitening factors, 3e3, amplifies rounding errors.
    check_to(1e-9, &mixture, &around(&mixture, N, 10.0));
}

#[test]
fn thousands_of_identical_components_equal_one_and_the_first_is_the_label() {
    let n = 3000;
    let many = spherical([17.0, 23.0].repeat(n), &vec![6.0; n]);
    let one = spherical(vec![17.0, 23.0], &[6.0]);
    let points = around(&one, N, 6.0);
    for runtime in every_level() {
        let (got, want) = (score(&many, &points, &runtime), score(&one, &points, &runtime));
        assert!(got.iter().zip(&want).all(|(a, b)| (a - b).abs() <= 1e-12 * (1.0 + b.abs())));
        assert!(labels(&many, &points, &runtime).iter().all(|&label| label == 0));
        let responsibilities = responsibilities(&many, &points[..400], &runtime);
        assert!(responsibilities.iter().all(|r| (r * n as f64 - 1.0).abs() < 1e-12));
    }
}

#[test]
fn the_first_of_equal_components_is_the_label() {
    // Each mean comes twice, the second half in the opposite order.
    let mut means: Vec<f64> = (0..K).map(|k| (k * 7 % K) as f64).collect();
    means.extend(means.clone().into_iter().rev());
    let mixture = spherical(means.clone(), &vec![0.4; 2 * K]);
    let points: Vec<f64> = (0..N).map(|i| K as f64 * i as f64 / N as f64).collect();
    for runtime in every_level() {
        for (x, label) in points.iter().zip(labels(&mixture, &points, &runtime)) {
            assert!((label as usize) < K, "the first of a pair at {x}: {label}");
            assert!((means[label as usize] - x).abs() <= 0.5 || *x > K as f64 - 1.0);
        }
    }
}

#[test]
fn one_component_has_every_label_and_responsibility_one() {
    let mixture = fitted(0, 1, 3, 5.0);
    let points = around(&mixture, N, 500.0);
    check(&mixture, &points);
    for runtime in every_level() {
        assert!(responsibilities(&mixture, &points, &runtime).iter().all(|&r| r == 1.0));
    }
}

#[test]
fn weights_of_zero_have_no_responsibility_and_no_label() {
    let full = fitted(0, K, 2, 3.0);
    let weights: Vec<f64> =
        full.weights().iter().enumerate().map(|(k, w)| if k % 3 == 0 { 0.0 } else { *w }).collect();
    let sum: f64 = weights.iter().sum();
    let weights = weights.iter().map(|w| w / sum).collect();
    let mixture = Mixture::new(weights, full.means().to_vec(), full.covariances().clone()).unwrap();
    let points = around(&mixture, N, 3.0);
    check(&mixture, &points);
    for runtime in every_level() {
        assert!(labels(&mixture, &points, &runtime).iter().all(|label| label % 3 != 0));
        let responsibilities = responsibilities(&mixture, &points, &runtime);
        assert!(
            responsibilities
                .iter()
                .enumerate()
                .all(|(i, r)| !(i % K).is_multiple_of(3) || *r == 0.0)
        );
    }
}

#[test]
fn identical_and_collinear_points_are_right() {
    let mixture = fitted(0, K, 2, 3.0);
    let point = [31.25, 64.5];
    check(&mixture, &point.repeat(N));
    let line: Vec<f64> = (0..N).flat_map(|i| [0.02 * i as f64, 100.0 - 0.02 * i as f64]).collect();
    check(&mixture, &line);
    let axis: Vec<f64> = (0..N).flat_map(|i| [0.02 * i as f64, 50.0]).collect();
    check(&mixture, &axis);
    let spots: Vec<f64> = (0..N).flat_map(|i| [(i % 3) as f64 * 40.0, (i % 5) as f64]).collect();
    check(&mixture, &spots);
}

#[test]
fn far_tails_are_right_where_log_p_is_a_million_million_below() {
    let mixture = fitted(0, K, 2, 3.0);
    let mut points = around(&mixture, N, 1e4);
    points.iter_mut().skip(1).step_by(2).for_each(|y| *y += 3e8);
    check(&mixture, &points);
    let lowest = score(&mixture, &points, &Runtime::new(Some(1)).unwrap())
        .into_iter()
        .fold(f64::INFINITY, f64::min);
    assert!(lowest < -1e12, "{lowest}");
}

#[test]
fn distances_that_overflow_have_no_density_the_first_label_and_equal_responsibilities() {
    let mut weights = vec![1.0 / (K - 1) as f64; K];
    weights[0] = 0.0;
    let means = (0..K).map(|k| k as f64).collect();
    let mixture = Mixture::new(weights, means, Covariances::Spherical(vec![1.0; K])).unwrap();
    let mut points: Vec<f64> = (0..N).map(|i| i as f64 / 10.0).collect();
    points[1234] = 1e200;
    points[77] = -1e308;
    for runtime in every_level() {
        let score = score(&mixture, &points, &runtime);
        let labels = labels(&mixture, &points, &runtime);
        let responsibilities = responsibilities(&mixture, &points, &runtime);
        for i in [1234, 77] {
            assert_eq!((score[i], labels[i]), (f64::NEG_INFINITY, 0));
            assert_eq!(responsibilities[i * K], 0.0);
            assert!(
                responsibilities[i * K + 1..][..K - 1].iter().all(|s| *s == 1.0 / (K - 1) as f64)
            );
        }
        for i in (0..N).filter(|i| ![1234, 77].contains(i)) {
            let want = spec::log_density(&mixture, &points[i..=i]);
            assert!((score[i] - want).abs() <= 1e-12 * (1.0 + want.abs()));
        }
    }
}

#[test]
fn points_that_are_not_finite_do_not_change_the_others() {
    let mixture = fitted(0, K, 2, 3.0);
    let mut points = around(&mixture, N, 3.0);
    for (i, value) in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].into_iter().cycle().enumerate() {
        let Some(x) = points.get_mut(i * 131) else { break };
        *x = value;
    }
    let nowhere = vec![f64::NAN; 2 * N];
    for runtime in every_level() {
        let score_all = score(&mixture, &points, &runtime);
        labels(&mixture, &points, &runtime);
        responsibilities(&mixture, &points, &runtime);
        for (x, got) in points.chunks(2).zip(score_all) {
            if x.iter().all(|x| x.is_finite()) {
                let want = spec::log_density(&mixture, x);
                assert!((got - want).abs() <= 1e-12 * (1.0 + want.abs()));
            }
        }
        assert!(labels(&mixture, &nowhere, &runtime).iter().all(|&label| label == 0));
        score(&mixture, &nowhere, &runtime);
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let mixture = fitted(0, K, 3, 4.0);
    let points = around(&mixture, 20_000, 4.0);
    for level in Level::available() {
        let on = |n| Runtime::new(Some(n)).unwrap().with_level(level);
        let (score_1, labels_1) =
            (score(&mixture, &points, &on(1)), labels(&mixture, &points, &on(1)));
        let responsibilities_1 = responsibilities(&mixture, &points[..15_000], &on(1));
        for n in [2, 3, 7] {
            assert!(same_bits(&score_1, &score(&mixture, &points, &on(n))), "{n} threads");
            assert_eq!(labels_1, labels(&mixture, &points, &on(n)));
            assert!(same_bits(
                &responsibilities_1,
                &responsibilities(&mixture, &points[..15_000], &on(n))
            ));
        }
    }
}

#[test]
fn more_points_than_a_piece_holds_are_right_and_the_same_on_any_number_of_threads() {
    let mixture = fitted(3, 300, 1, 0.3);
    let points = around(&mixture, (1 << 18) + 5000, 0.5);
    let one = score(&mixture, &points, &Runtime::new(Some(1)).unwrap());
    for (x, got) in points.iter().zip(&one).step_by(61) {
        let want = spec::log_density(&mixture, &[*x]);
        assert!((got - want).abs() <= 1e-12 * (1.0 + want.abs()));
    }
    for n in [2, 3] {
        let many = score(&mixture, &points, &Runtime::new(Some(n)).unwrap());
        assert!(same_bits(&one, &many), "{n} threads");
    }
}

#[test]
fn labels_and_responsibilities_do_not_depend_on_the_other_points() {
    let mixture = fitted(0, K, 2, 3.0);
    let points = around(&mixture, N, 3.0);
    for runtime in every_level() {
        let (all_labels, all_responsibilities) =
            (labels(&mixture, &points, &runtime), responsibilities(&mixture, &points, &runtime));
        for (i, some) in points.chunks(2 * 50).enumerate() {
            let some_labels = labels(&mixture, some, &runtime);
            assert_eq!(some_labels, all_labels[i * 50..][..some_labels.len()]);
            let some_responsibilities = responsibilities(&mixture, some, &runtime);
            assert!(same_bits(
                &some_responsibilities,
                &all_responsibilities[i * 50 * K..][..some_responsibilities.len()]
            ));
        }
    }
}

#[test]
fn an_interrupted_call_is_an_error() {
    let mixture = fitted(0, K, 2, 3.0);
    let points = around(&mixture, N, 3.0);
    let runtime = Runtime::new(Some(2)).unwrap();
    runtime.interrupt().store(true, Ordering::Relaxed);
    let mut out = vec![0.0; N * K];
    assert_eq!(score_samples(&mixture, &points, &mut out[..N], &runtime), Err(Error::Interrupted));
    assert_eq!(predict_proba(&mixture, &points, &mut out, &runtime), Err(Error::Interrupted));
    assert_eq!(predict(&mixture, &points, &mut vec![0; N], &runtime), Err(Error::Interrupted));
}

#[test]
fn outputs_of_a_wrong_length_are_errors() {
    let mixture = fitted(0, 3, 2, 3.0);
    let runtime = Runtime::new(Some(1)).unwrap();
    let refused = |result| matches!(result, Err(Error::Length { .. }));
    assert!(refused(predict(&mixture, &[0.0; 3], &mut [0; 2], &runtime)));
    assert!(refused(predict_proba(&mixture, &[0.0; 4], &mut [0.0; 5], &runtime)));
    assert!(refused(predict_proba(&mixture, &[0.0; 4], &mut [0.0; 9], &runtime)));
}

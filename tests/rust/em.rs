//! Expectation-maximization against the specification at every instruction set.
//!
//! Tolerances: an iteration's weights are compared to 1e-11 relative, its means to 1e-11 and its
//! covariances to 1e-10 of the component's own scale. Sums over thousands of responsibilities
//! that are right to 1e-12 have these errors.

use crate::support::{N_KINDS, Random, around, every_level, fitted, kinds, ordinary_or, spherical};
use gmmfast::{
    Covariances, Data, Error, Estimate, Level, Mixture, Runtime, Statistics, expectation,
    expectation_about, spec,
};
use std::sync::atomic::Ordering;

const REG_COVAR: f64 = 1e-6;

fn data(points: &[f64], d: usize, weights: Option<&[f64]>) -> Data {
    Data::new(points, d, weights, None, &Runtime::new(Some(2)).unwrap()).unwrap()
}

/// Compares the parameters of components with at least `least` points of a million.
fn compare(got: &Estimate, want: &(Vec<f64>, Vec<f64>, Covariances), least: f64, case: &str) {
    let (weights, means, covariances) = want;
    let (n, d) = (weights.len(), means.len() / weights.len());
    for k in (0..n).filter(|&k| weights[k] >= 1e-6 * least) {
        let close = |name: &str, got: f64, want: f64, error: f64| {
            assert!((got - want).abs() <= error, "{case}: {name} of {k}: {got:e} not {want:e}");
        };
        close("weight", got.weights[k], weights[k], 1e-11 * weights[k]);
        for i in 0..d {
            let std = |i: usize| covariances.at(d, k, i, i).sqrt();
            let (mean, wanted) = (got.means[k * d + i], means[k * d + i]);
            close("mean", mean, wanted, 1e-11 * (std(i) + wanted.abs()));
            for j in 0..d {
                let (value, wanted) = (got.covariances.at(d, k, i, j), covariances.at(d, k, i, j));
                close("covariance", value, wanted, 1e-10 * std(i) * std(j));
            }
        }
    }
}

/// Compares one iteration with the specification at every level.
fn check_weighted(mixture: &Mixture, points: &[f64], weights: Option<&[f64]>) {
    let d = mixture.n_features();
    let data = data(points, d, weights);
    let ones = vec![1.0; points.len() / d];
    let weights = weights.unwrap_or(&ones);
    let want = spec::m_step(mixture, points, weights, REG_COVAR);
    let log_prob = |(x, w): (&[f64], &f64)| w * spec::log_density(mixture, x);
    let total: f64 = weights.iter().sum();
    let mean_log = points.chunks(d).zip(weights).map(log_prob).sum::<f64>() / total;
    for runtime in every_level() {
        let case = format!("{:?} {:?}", runtime.level(), mixture.covariances().shape(0, d));
        let (estimate, got) = data.step(mixture, REG_COVAR, &runtime).unwrap();
        assert!((got - mean_log).abs() <= 1e-12 * (1.0 + mean_log.abs()), "{case}: {got}");
        compare(&estimate, &want, 1e-3, &case);
    }
}

fn check(mixture: &Mixture, points: &[f64]) {
    check_weighted(mixture, points, None);
}

#[test]
fn an_iteration_matches_the_specification_for_every_covariance_type_and_dimension() {
    for (case, d) in [1, 2, 3, 4, 5, 7].into_iter().enumerate() {
        for kind in kinds(case) {
            let mixture = fitted(kind, 150, d, [0.2, 2.0, 4.0, 5.0, 6.0, 0.0, 8.0][d - 1]);
            check(&mixture, &around(&mixture, ordinary_or(5000, 1500), 3.0));
        }
    }
}

#[test]
fn any_number_of_points_matches_the_specification() {
    let mixture = fitted(0, 3, 2, 30.0);
    let points = around(&mixture, 130, 30.0);
    for n in [5, 31, 32, 63, 64, 65, 127, 128, 129, 130] {
        check(&mixture, &points[..2 * n]);
    }
}

#[test]
fn one_component_has_the_mean_and_the_covariance_of_all_points() {
    for kind in 0..N_KINDS {
        let mixture = fitted(kind, 1, 3, 5.0);
        check(&mixture, &around(&mixture, 4500, 500.0));
    }
}

#[test]
fn the_covariance_of_identical_points_is_the_regularization() {
    let mixture = fitted(0, 150, 2, 3.0);
    let points = [31.25, 64.5].repeat(4500);
    check(&mixture, &points);
    let (estimate, _) =
        data(&points, 2, None).step(&mixture, REG_COVAR, &Runtime::new(Some(1)).unwrap()).unwrap();
    let k = (0..150).max_by(|&a, &b| estimate.weights[a].total_cmp(&estimate.weights[b])).unwrap();
    assert!((estimate.covariances.at(2, k, 0, 0) - REG_COVAR).abs() < 1e-16);
}

#[test]
fn very_narrow_and_very_broad_components_and_far_outliers_match_the_specification() {
    let mut random = Random(5);
    let means: Vec<f64> = (0..3 * 200).map(|_| 50.0 * random.uniform()).collect();
    let stds: Vec<f64> = (0..200).map(|k| [1e-3, 1e-3, 2.0, 1e5][k % 4]).collect();
    let mixture = spherical(means, &stds);
    let mut points = around(&mixture, 4500, 1e-3);
    points.extend(around(&mixture, 500, 1.0));
    check(&mixture, &points);
    // Thousands of bits down. Farther out, responsibilities have the rounding error of q.
    points.extend([3e6, -1e6, 2e6]);
    check(&mixture, &points);
}

#[test]
fn a_mean_that_moves_far_to_a_narrow_cluster_loses_no_digits() {
    // All points within 1e-4 of a place 30 away from the only mean.
    let mixture = spherical(vec![0.0, 0.0], &[1.0]);
    let mut random = Random(3);
    let points: Vec<f64> = (0..2 * 5000).map(|_| 30.0 + 1e-4 * random.normal()).collect();
    check(&mixture, &points);
    let full =
        Mixture::new(vec![1.0], vec![0.0; 2], Covariances::Full(vec![1.0, 0.2, 0.2, 1.0])).unwrap();
    check(&full, &points);
    let statistics =
        expectation(&full, &data(&points, 2, None), &Runtime::new(Some(1)).unwrap()).unwrap();
    let estimate = statistics.m_step(full.covariances(), REG_COVAR).unwrap();
    assert_eq!(estimate.lost, [0], "and the statistics about the old mean say so");
}

#[test]
fn a_component_that_collapses_to_a_few_points_of_a_wide_leaf_loses_no_digits() {
    // Half of the points within 1e-4 of one place, the others far off in the same leaf: about
    // the leaf's center the variance would drown in rounding.
    let mixture = spherical(vec![0.0, 0.0, 1000.0, 1000.0], &[70.0, 70.0]);
    let mut random = Random(9);
    let points: Vec<f64> = (0..2 * 64)
        .map(|i| if i % 4 < 2 { 1e-4 * random.normal() } else { 1000.0 + 50.0 * random.normal() })
        .collect();
    let want = spec::m_step(&mixture, &points, &[1.0; 64], 0.0);
    assert!(want.2.at(2, 0, 0, 0) < 1e-7);
    for runtime in every_level() {
        let (got, _) = data(&points, 2, None).step(&mixture, 0.0, &runtime).unwrap();
        compare(&got, &want, 1e-3, "collapsed");
    }
}

#[test]
fn a_component_without_points_gets_the_parameters_of_scikit_learn() {
    let mut mixture = fitted(0, 150, 2, 3.0);
    let points = around(&mixture, 4500, 3.0);
    let mut means = mixture.means().to_vec();
    (means[0], means[1]) = (1e4, -1e4);
    let weights = mixture.weights().to_vec();
    mixture = Mixture::new(weights, means, mixture.covariances().clone()).unwrap();
    check(&mixture, &points);
    for runtime in every_level() {
        let (estimate, _) = data(&points, 2, None).step(&mixture, REG_COVAR, &runtime).unwrap();
        assert!(estimate.weights[0] < 1e-17 && estimate.weights[0] > 0.0);
        assert_eq!(estimate.means[..2], [0.0, 0.0]);
        assert_eq!(estimate.covariances.at(2, 0, 0, 0), REG_COVAR);
    }
}

#[test]
fn counts_far_below_their_weights_keep_their_digits() {
    // One component in a hundred has a few responsibilities of 1e-12 between two others.
    let n = 150;
    let means: Vec<f64> = (0..n).map(|k| 10.0 * k as f64).collect();
    let mut stds = vec![1.0; n];
    stds[70] = 0.7;
    let mixture = spherical(means, &stds);
    let mut random = Random(8);
    let points: Vec<f64> = (0..5000)
        .map(|i| (i * 37 % n) as f64)
        .filter(|&k| k != 70.0)
        .map(|k| 10.0 * k + 0.3 * random.normal())
        .collect();
    let want = spec::m_step(&mixture, &points, &vec![1.0; points.len()], REG_COVAR);
    assert!(want.0[70] < 1e-12, "{}", want.0[70]);
    for runtime in every_level() {
        let (got, _) = data(&points, 1, None).step(&mixture, REG_COVAR, &runtime).unwrap();
        compare(&got, &want, 0.0, "all");
    }
}

#[test]
fn a_component_of_weight_zero_has_no_influence() {
    let full = fitted(0, 150, 2, 3.0);
    let mut weights = full.weights().to_vec();
    weights.iter_mut().step_by(3).for_each(|w| *w = 0.0);
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= sum);
    let mixture = Mixture::new(weights, full.means().to_vec(), full.covariances().clone()).unwrap();
    check(&mixture, &around(&mixture, 4500, 3.0));
}

#[test]
fn a_sample_weight_of_three_equals_three_points_and_of_zero_none() {
    for kind in kinds(0) {
        let mixture = fitted(kind, 150, 2, 3.0);
        let points = around(&mixture, 4500, 3.0);
        let weights: Vec<f64> = (0..4500).map(|i| (i % 4) as f64).collect();
        check_weighted(&mixture, &points, Some(&weights));
        let repeated: Vec<f64> =
            points.chunks(2).enumerate().flat_map(|(i, x)| x.repeat(i % 4)).collect();
        let ones = vec![1.0; repeated.len() / 2];
        let want = spec::m_step(&mixture, &repeated, &ones, REG_COVAR);
        let runtime = Runtime::new(Some(2)).unwrap();
        let weighted = data(&points, 2, Some(&weights));
        let (got, _) = weighted.step(&mixture, REG_COVAR, &runtime).unwrap();
        compare(&got, &want, 1e-3, "repeated");
    }
}

#[test]
fn a_common_factor_of_all_weights_changes_nothing() {
    for kind in 0..N_KINDS {
        let mut mixture = fitted(kind, 150, 2, 3.0);
        let points = around(&mixture, 4500, 3.0);
        let mut means = mixture.means().to_vec();
        (means[0], means[1]) = (1e4, -1e4); // of next to no points
        let covariances = mixture.covariances().clone();
        mixture = Mixture::new(mixture.weights().to_vec(), means, covariances).unwrap();
        let runtime = Runtime::new(Some(2)).unwrap();
        let estimate = |factor: f64| {
            let weights: Vec<f64> = (0..4500).map(|i| factor * (i % 4) as f64).collect();
            data(&points, 2, Some(&weights)).step(&mixture, REG_COVAR, &runtime).unwrap()
        };
        for exponent in [-100, 100] {
            assert_eq!(estimate(2.0_f64.powi(exponent)), estimate(1.0));
        }
    }
}

#[test]
fn a_shift_far_from_the_origin_changes_only_the_means() {
    for kind in 0..N_KINDS {
        // All points and means are multiples of 2^-12, as are their sums with the shift.
        let round = |x: &f64| (x * 4096.0).round() / 4096.0;
        let near = fitted(kind, 60, 2, 3.0);
        let points: Vec<f64> = around(&near, 6000, 2.0).iter().map(round).collect();
        let estimate = |shift: f64| {
            let mut means: Vec<f64> = near.means().iter().map(|x| round(x) + shift).collect();
            means[0] += 1e4; // of next to no points
            let (weights, covariances) = (near.weights().to_vec(), near.covariances().clone());
            let mixture = Mixture::new(weights, means, covariances).unwrap();
            let points: Vec<f64> = points.iter().map(|x| x + shift).collect();
            let runtime = Runtime::new(Some(2)).unwrap();
            data(&points, 2, None).step(&mixture, REG_COVAR, &runtime).unwrap()
        };
        let (want, want_mean_log) = estimate(0.0);
        for shift in [5.0 * 2.0_f64.powi(20), 2.0_f64.powi(40)] {
            let (mut got, mean_log) = estimate(shift);
            assert!((mean_log - want_mean_log).abs() < 1e-12);
            assert!(got.weights[0] < 1e-17 && (got.means[0] - shift).abs() < 100.0);
            for (mean, wanted) in got.means.iter_mut().zip(&want.means).skip(2) {
                assert!((*mean - shift - wanted).abs() < 2.0 * shift * f64::EPSILON);
                *mean = *wanted;
            }
            (got.means[0], got.means[1]) = (want.means[0], want.means[1]);
            let wanted = (want.weights.clone(), want.means.clone(), want.covariances.clone());
            compare(&got, &wanted, 1e-3, "shifted");
        }
    }
}

#[test]
fn statistics_of_two_halves_add_up_to_those_of_the_whole() {
    for kind in 0..N_KINDS {
        let mixture = fitted(kind, 150, 2, 3.0);
        let points = around(&mixture, 9000, 3.0);
        let runtime = Runtime::new(Some(2)).unwrap();
        let statistics =
            |points: &[f64]| expectation(&mixture, &data(points, 2, None), &runtime).unwrap();
        let mut halves = statistics(&points[..7000]);
        halves.merge(&statistics(&points[7000..])).unwrap();
        let whole = statistics(&points);
        assert_eq!(halves.weight(), 9000.0);
        let error = (halves.log_likelihood() / whole.log_likelihood() - 1.0).abs();
        assert!(error < 1e-13);
        let like = mixture.covariances();
        let want = whole.m_step(like, REG_COVAR).unwrap();
        let want = (want.weights, want.means, want.covariances);
        compare(&halves.m_step(like, REG_COVAR).unwrap(), &want, 1e-3, "halves");
        let elsewhere = Statistics::new(vec![0.5; 300], 2, kind > 1);
        assert!(matches!(halves.merge(&elsewhere), Err(Error::Value { .. })));
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let mixture = fitted(0, 400, 3, 4.0);
    let points = around(&mixture, 30_000, 4.0);
    for level in Level::available() {
        let on = |n| Runtime::new(Some(n)).unwrap().with_level(level);
        let one = Data::new(&points, 3, None, None, &on(1)).unwrap();
        let few = fitted(0, 5, 3, 40.0); // every component at every point
        let want = [&mixture, &few].map(|m| expectation(m, &one, &on(1)).unwrap());
        for n in [2, 3, 7] {
            let many = Data::new(&points, 3, None, None, &on(n)).unwrap();
            let got = [&mixture, &few].map(|m| expectation(m, &many, &on(n)).unwrap());
            assert_eq!(got, want, "{level:?}, {n} threads");
        }
    }
}

#[test]
fn other_centers_give_the_same_estimate() {
    let mixture = fitted(0, 150, 2, 3.0);
    let points = around(&mixture, 4500, 3.0);
    let (data, runtime) = (data(&points, 2, None), Runtime::new(Some(2)).unwrap());
    let centers: Vec<f64> = mixture.means().iter().map(|m| m + 5.0).collect();
    let moved = expectation_about(&mixture, &centers, &data, &runtime).unwrap();
    let want = spec::m_step(&mixture, &points, &[1.0; 4500], REG_COVAR);
    let estimate = moved.m_step(mixture.covariances(), REG_COVAR).unwrap();
    compare(&estimate, &want, 1e-3, "moved");
}

#[test]
fn the_likelihood_never_decreases() {
    for kind in 0..N_KINDS {
        let mut mixture = fitted(kind, 40, 2, 8.0);
        let points = around(&mixture, 6000, 4.0);
        let (data, runtime) = (data(&points, 2, None), Runtime::new(Some(2)).unwrap());
        let mut last = f64::NEG_INFINITY;
        for _ in 0..15 {
            let (estimate, log_likelihood) = data.step(&mixture, 0.0, &runtime).unwrap();
            assert!(log_likelihood >= last - 1e-12, "{log_likelihood} after {last}");
            last = log_likelihood;
            mixture = Mixture::new(estimate.weights, estimate.means, estimate.covariances).unwrap();
        }
    }
}

#[test]
fn invalid_data_is_an_error_and_an_interrupt_ends_the_pass() {
    let runtime = Runtime::new(Some(2)).unwrap();
    let new = |points: &[f64], weights: Option<&[f64]>| {
        Data::new(points, 2, weights, None, &runtime).map(|data| data.n_samples())
    };
    assert_eq!(new(&[1.0; 6], None), Ok(3));
    assert!(matches!(new(&[], None), Err(Error::Length { argument: "X", .. })));
    assert!(matches!(new(&[1.0; 5], None), Err(Error::Length { argument: "X", .. })));
    assert!(matches!(new(&[1.0, f64::NAN], None), Err(Error::Sample { sample: 0, .. })));
    assert!(matches!(new(&[1.0; 4], Some(&[1.0])), Err(Error::Length { .. })));
    assert!(matches!(new(&[1.0; 4], Some(&[1.0, -1.0])), Err(Error::Sample { sample: 1, .. })));
    assert!(matches!(new(&[1.0; 4], Some(&[0.0, 0.0])), Err(Error::Sample { .. })));
    let mixture = fitted(0, 150, 2, 3.0);
    let points = around(&mixture, 4500, 3.0);
    let data = data(&points, 2, None);
    assert!(expectation(&fitted(0, 2, 3, 1.0), &data, &runtime).is_err());
    runtime.interrupt().store(true, Ordering::Relaxed);
    assert_eq!(expectation(&mixture, &data, &runtime), Err(Error::Interrupted));
}

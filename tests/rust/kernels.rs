//! The fast kernels against the specification, at every instruction set that
//! this machine has: whole grids, every pixel, random mixtures.
//!
//! Tolerances: a weighted log-probability q is a sum of squares computed with a
//! relative error of some units of 2^-53 times the condition of the whitening
//! factor, below 1e3 for the mixtures drawn here; so log p is compared to
//! 1e-12 (1 + |log p|), and the weights of a conditional mean, exp(q - max q),
//! to 1e-12 (1 + |max q|) relative. The coordinates of a pixel are rounded. The change of
//! the specification under that rounding is therefore added to the tolerance; it matters
//! near a component that is narrower than the rounding of its own mean.

use crate::support::{cases, every_level, point, render};
use gmmfast::{
    Conditional, Covariances, Error, Grid, Level, Mixture, Quantity, Rendering, Runtime,
    score_samples, spec,
};
use proptest::prelude::*;
use std::sync::atomic::Ordering;

const TOLERANCE: f64 = 1e-12;

/// A mixture over `d` features: means in ±60, standard deviations from 1e-3 to
/// 1e3, correlated, some weights zero, of the covariance type `kind`.
fn mixture(d: usize, max_components: usize) -> impl Strategy<Value = Mixture> {
    (1..=max_components, 0..6_u8).prop_flat_map(move |(n, kind)| {
        let weights = prop::collection::vec(prop_oneof![1 => Just(0.0), 9 => 0.01..1.0_f64], n);
        let means = prop::collection::vec(-60.0..60.0_f64, n * d);
        let scales = prop::collection::vec(-3.0..3.0_f64, n * d);
        let mixing = prop::collection::vec(-1.0..1.0_f64, n * d * d);
        (weights, means, scales, mixing).prop_map(move |(mut weights, means, scales, mixing)| {
            weights[0] += 0.01;
            let sum: f64 = weights.iter().sum();
            weights.iter_mut().for_each(|w| *w /= sum);
            let stds: Vec<f64> = scales.iter().map(|s| 10_f64.powf(*s)).collect();
            Mixture::new(weights, means, covariances(kind, d, &stds, &mixing)).unwrap()
        })
    })
}

/// Covariances diag(stds) (I + M Mᵀ) diag(stds) of each component, M = mixing.
fn covariances(kind: u8, d: usize, stds: &[f64], mixing: &[f64]) -> Covariances {
    let matrix = |k: usize| -> Vec<f64> {
        let row = |i: usize| &mixing[(k * d + i) * d..][..d];
        let entry = |i: usize, j: usize| {
            let dot: f64 = row(i).iter().zip(row(j)).map(|(a, b)| a * b).sum();
            (dot + f64::from(u8::from(i == j))) * stds[k * d + i] * stds[k * d + j]
        };
        (0..d * d).map(|ij| entry((ij / d).max(ij % d), (ij / d).min(ij % d))).collect()
    };
    let n = stds.len() / d;
    match kind {
        0 => Covariances::Full((0..n).flat_map(matrix).collect()),
        1 => Covariances::Tied(matrix(0)),
        2 => Covariances::Diag(stds.iter().map(|s| s * s).collect()),
        3 => Covariances::TiedDiag(stds[..d].iter().map(|s| s * s).collect()),
        4 => Covariances::TiedSpherical(vec![stds[0] * stds[0]]),
        _ => Covariances::Spherical(stds.iter().step_by(d).map(|s| s * s).collect()),
    }
}

fn grid(n_axes: usize) -> impl Strategy<Value = Grid> {
    let size = if n_axes == 1 { 1..3000_usize } else { 1..40 };
    let shape = prop::collection::vec(size, n_axes);
    let extent = prop::collection::vec((-200.0..200.0_f64, -200.0..200.0_f64), n_axes);
    (shape, extent)
        .prop_filter_map("an empty extent", |(shape, extent)| Grid::new(&shape, &extent).ok())
}

fn is_close(got: f64, want: f64, scale: f64) -> bool {
    got == want || (got - want).abs() <= TOLERANCE * scale
}

/// How much `f` at `point` moves when each coordinate moves by four roundings of
/// the largest.
fn coordinate_rounding(point: &[f64], f: impl Fn(&[f64]) -> f64) -> f64 {
    let delta = 4.0 * f64::EPSILON * point.iter().fold(200.0, |m: f64, x| m.max(x.abs()));
    let moved = |i: usize, by: f64| {
        let mut point = point.to_vec();
        point[i] += by;
        f(&point)
    };
    (0..point.len())
        .map(|i| {
            let here = f(point);
            (moved(i, delta) - here).abs().max((moved(i, -delta) - here).abs())
        })
        .sum()
}

fn check_densities(mixture: &Mixture, grid: &Grid) -> Result<(), TestCaseError> {
    let want: Vec<f64> =
        (0..grid.n_pixels()).map(|i| spec::log_density(mixture, &point(grid, i))).collect();
    for runtime in every_level() {
        let log_density: Vec<f64> = render(mixture, grid, Quantity::LogDensity, &runtime);
        let density: Vec<f64> = render(mixture, grid, Quantity::Density, &runtime);
        for (i, &want) in want.iter().enumerate() {
            let level = runtime.level();
            let rounding =
                || coordinate_rounding(&point(grid, i), |x| spec::log_density(mixture, x));
            prop_assert!(
                is_close(log_density[i], want, 1.0 + want.abs())
                    || (log_density[i] - want).abs() <= rounding(),
                "{level:?} log p at {:?}: {} against {want}",
                point(grid, i),
                log_density[i]
            );
            // Below 2^-1022 a float64 has fewer digits: half a unit of the last.
            let rounding = TOLERANCE * (1.0 + want.abs()) * want.exp() + f64::from_bits(1);
            let coordinates =
                || coordinate_rounding(&point(grid, i), |x| spec::log_density(mixture, x).exp());
            let error = (density[i] - want.exp()).abs();
            prop_assert!(
                error <= rounding || error <= coordinates(),
                "{level:?} p at {:?}: {} against {}",
                point(grid, i),
                density[i],
                want.exp()
            );
        }
    }
    Ok(())
}

fn check_means(mixture: &Mixture, grid: &Grid) -> Result<(), TestCaseError> {
    let given: Vec<usize> = (0..grid.n_axes()).collect();
    let conditional = Conditional::new(mixture, &given).unwrap();
    let n_remaining = conditional.remaining().len();
    for runtime in every_level() {
        let means: Vec<f64> = render(mixture, grid, Quantity::Mean, &runtime);
        for (i, mean) in means.chunks(n_remaining).enumerate() {
            let point = point(grid, i);
            let want = spec::conditional_mean(mixture, &given, &point);
            let largest = spec::weighted_log_prob(conditional.marginal(), &point)
                .into_iter()
                .fold(f64::NEG_INFINITY, f64::max);
            for (t, (&mean, &want)) in mean.iter().zip(&want).enumerate() {
                // A weight wrong by a fraction moves the mean by that fraction of
                // the regressions that have any weight.
                let spread: f64 = spec::responsibilities(conditional.marginal(), &point)
                    .iter()
                    .enumerate()
                    .map(|(k, r)| r * conditional.regression_mean(k, t, &point).abs())
                    .sum();
                let rounding = || {
                    coordinate_rounding(&point, |x| spec::conditional_mean(mixture, &given, x)[t])
                };
                prop_assert!(
                    is_close(mean, want, (1.0 + largest.abs()) * (spread + want.abs()))
                        || (mean - want).abs() <= rounding(),
                    "{:?} mean of remaining feature {t} at {point:?}: {mean} against {want}",
                    runtime.level()
                );
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn densities_on_lines_equal_the_specification((m, g) in (mixture(1, 40), grid(1))) {
        check_densities(&m, &g)?;
    }

    #[test]
    fn densities_on_images_equal_the_specification((m, g) in (mixture(2, 40), grid(2))) {
        check_densities(&m, &g)?;
    }

    #[test]
    fn densities_on_volumes_equal_the_specification((m, g) in (mixture(3, 20), grid(3))) {
        check_densities(&m, &g)?;
    }

    #[test]
    fn conditional_means_on_lines_equal_the_specification((m, g) in (mixture(3, 20), grid(1))) {
        check_means(&m, &g)?;
    }

    #[test]
    fn conditional_means_on_images_equal_the_specification((m, g) in (mixture(6, 30), grid(2))) {
        check_means(&m, &g)?;
    }

    #[test]
    fn conditional_means_on_volumes_equal_the_specification((m, g) in (mixture(4, 8), grid(3))) {
        check_means(&m, &g)?;
    }

    #[test]
    fn scattered_log_densities_equal_the_specification(
        (m, points) in (1..9_usize).prop_flat_map(|d| {
            let points = prop::collection::vec(-1e3..1e3_f64, d..d * 100);
            (mixture(d, 40), points)
        })
    ) {
        let d = m.n_features();
        let points = &points[..points.len() / d * d];
        for runtime in every_level() {
            let mut out = vec![0.0; points.len() / d];
            score_samples(&m, points, &mut out, &runtime).unwrap();
            for (x, got) in points.chunks(d).zip(out) {
                let want = spec::log_density(&m, x);
                prop_assert!(
                    is_close(got, want, 1.0 + want.abs()),
                    "{:?} log p at {x:?}: {got} against {want}", runtime.level()
                );
            }
        }
    }

    #[test]
    fn the_number_of_threads_does_not_change_a_bit((m, g) in (mixture(4, 20), grid(2))) {
        for level in Level::available() {
            let on = |n| Runtime::new(Some(n)).unwrap().with_level(level);
            let one: Vec<f64> = render(&m, &g, Quantity::Mean, &on(1));
            for n in [2, 3, 7] {
                let many: Vec<f64> = render(&m, &g, Quantity::Mean, &on(n));
                prop_assert!(one.iter().zip(&many).all(|(a, b)| a.to_bits() == b.to_bits()));
            }
        }
    }

    #[test]
    fn narrow_outputs_are_the_float64_result_rounded_as_they_promise((m, g) in (mixture(3, 20), grid(2))) {
        for runtime in every_level() {
            let exact: Vec<f64> = render(&m, &g, Quantity::Mean, &runtime);
            let single: Vec<f32> = render(&m, &g, Quantity::Mean, &runtime);
            let bytes: Vec<u8> = render(&m, &g, Quantity::Mean, &runtime);
            for ((&exact, single), byte) in exact.iter().zip(single).zip(bytes) {
                // Half a unit in the last place, and a small part of the negligible components.
                let allowed = 0.502 * f64::from(f32::EPSILON) * exact.abs() + 1e-8;
                prop_assert!((exact - f64::from(single)).abs() <= allowed, "{exact}: {single}");
                // To the other side only within a fiftieth of a half.
                let error = (exact.clamp(0.0, 255.0) - f64::from(byte)).abs();
                prop_assert!(error <= 0.52, "{exact}: {byte}");
            }
        }
    }
}

/// Returns two components far from a line of pixels: (x, y) with means (0, -5) and
/// (10, 5), standard deviations 1.
fn pair() -> Mixture {
    let identity = [1.0, 0.0, 0.0, 1.0];
    let means = vec![0.0, -5.0, 10.0, 5.0];
    Mixture::new(vec![0.5, 0.5], means, Covariances::Full(identity.repeat(2))).unwrap()
}

#[test]
fn far_tails_keep_full_relative_accuracy_and_finite_means() {
    let mixture = pair();
    let marginal = mixture.marginal(&[0]).unwrap();
    // Pixel centers 1e7 + 10, 2e7 + 10 and 3e7 + 10 deviations away: the nearer
    // component is all that counts, log p = log(1/2) - log(2 pi)/2 - z^2/2.
    let grid = Grid::new(&[3], &[(0.5e7 + 10.0, 3.5e7 + 10.0)]).unwrap();
    for runtime in every_level() {
        let log_density: Vec<f64> = render(&marginal, &grid, Quantity::LogDensity, &runtime);
        let mean: Vec<f64> = render(&mixture, &grid, Quantity::Mean, &runtime);
        for i in 0..3 {
            let z = grid.x_axis().center(i) - 10.0;
            let want = 0.5_f64.ln() - 0.5 * std::f64::consts::TAU.ln() - 0.5 * z * z;
            assert!((log_density[i] / want - 1.0).abs() < 1e-12, "{log_density:?}");
            assert_eq!(mean[i], 5.0, "{:?}", runtime.level());
        }
    }
}

#[test]
fn distances_that_overflow_give_minus_infinity_and_finite_means() {
    let grid = Grid::new(&[2], &[(1e200, 1e201)]).unwrap();
    for runtime in every_level() {
        let log_density: Vec<f64> =
            render(&pair().marginal(&[0]).unwrap(), &grid, Quantity::LogDensity, &runtime);
        assert_eq!(log_density, [f64::NEG_INFINITY; 2]);
        let mean: Vec<f64> = render(&pair(), &grid, Quantity::Mean, &runtime);
        assert!(mean.iter().all(|m| m.is_finite()));
    }
}

#[test]
fn an_interrupted_call_is_an_error() {
    let grid = Grid::new(&[100, 100], &[(-1.0, 1.0), (-1.0, 1.0)]).unwrap();
    let rendering = Rendering::new(&pair(), &grid, &[0, 1], Quantity::Density).unwrap();
    let runtime = Runtime::new(Some(2)).unwrap();
    runtime.interrupt().store(true, Ordering::Relaxed);
    let mut out = vec![0.0; rendering.n_values()];
    assert_eq!(rendering.render(&mut out, &runtime), Err(Error::Interrupted));
}

#[test]
fn outputs_and_features_of_a_wrong_length_are_errors() {
    let grid = Grid::new(&[3, 3], &[(-1.0, 1.0), (-1.0, 1.0)]).unwrap();
    assert!(matches!(
        Rendering::new(&pair(), &grid, &[0], Quantity::Density),
        Err(Error::Length { argument: "given", .. })
    ));
    assert!(matches!(
        Rendering::new(&pair(), &grid, &[0, 1], Quantity::Mean),
        Err(Error::Length { argument: "given", .. })
    ));
    let rendering = Rendering::new(&pair(), &grid, &[0, 1], Quantity::Density).unwrap();
    assert!(matches!(
        rendering.render(&mut [0.0_f64; 8], &Runtime::new(Some(1)).unwrap()),
        Err(Error::Length { argument: "out", got: 8, .. })
    ));
    assert!(
        score_samples(&pair(), &[0.0; 3], &mut [0.0; 2], &Runtime::new(Some(1)).unwrap()).is_err()
    );
}

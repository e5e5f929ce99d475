//! Every quantity, output type, tolerance and band against the specification, at
//! every pixel and every instruction set.

use crate::models::picture_mixture;
use crate::support::{Random, cases, every_level, ordinary_or, point, render, stride};
use gmmfast::{Conditional, Covariances, Grid, Mixture, Pixel, Quantity, Rendering, Runtime, spec};
use proptest::prelude::*;

fn grid(height: usize, width: usize) -> Grid {
    let extent = [(-0.5, width as f64 - 0.5), (-0.5, height as f64 - 0.5)];
    Grid::new(&[height, width], &extent).unwrap()
}

/// A mixture over (x, y, r, g, b) with broad, narrow and spiky components, none of
/// weight zero but one.
fn scene() -> Mixture {
    let broad = picture_mixture(60, 5);
    let n = broad.n_components();
    let mut weights = vec![0.9 / n as f64; n + 3];
    let mut means = broad.means().to_vec();
    let Covariances::Full(mut covariances) = broad.covariances().clone() else {
        unreachable!("picture_mixture has full covariances")
    };
    for (k, std) in [1e-3, 0.4, 7.0].into_iter().enumerate() {
        weights[n + k] = if k == 2 { 0.0 } else { 0.05 };
        means.extend([31.0 + 9.0 * k as f64, 40.0, 200.0, 10.0, 100.0]);
        for i in 0..5 {
            let variance: f64 = if i < 2 { std * std } else { 30.0 };
            covariances.extend((0..5).map(|j| if i == j { variance } else { 0.0 }));
        }
    }
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= sum);
    Mixture::new(weights, means, Covariances::Full(covariances)).unwrap()
}

/// The pixels that are compared with the specification: all, unless the tests have a stride.
fn pixels(grid: &Grid) -> impl Iterator<Item = usize> {
    (0..grid.n_pixels()).step_by(stride())
}

/// Compares every value with `want(point)`; errors are allowed up to `allowed(want)`.
fn check(
    (mixture, grid): (&Mixture, &Grid),
    quantity: Quantity,
    want: impl Fn(&[f64]) -> Vec<f64>,
    allowed: impl Fn(f64) -> f64,
) {
    let want: Vec<(usize, Vec<f64>)> = pixels(grid).map(|i| (i, want(&point(grid, i)))).collect();
    for runtime in every_level() {
        let got: Vec<f64> = render(mixture, grid, quantity, &runtime);
        let n = want[0].1.len();
        assert_eq!(got.len(), n * grid.n_pixels());
        for (i, want) in &want {
            let place = (runtime.level(), quantity, i);
            for (got, want) in got[i * n..][..n].iter().zip(want) {
                assert!((got - want).abs() <= allowed(*want), "{place:?}: {got} against {want}");
            }
        }
    }
}

/// The largest |log p| of a grid: responsibilities are exact to the rounding of the
/// log-probabilities that they compare.
fn largest_log_density(mixture: &Mixture, grid: &Grid) -> f64 {
    let marginal = mixture.marginal(&(0..grid.n_axes()).collect::<Vec<_>>()).unwrap();
    let log_density = |i: usize| spec::log_density(&marginal, &point(grid, i)).abs();
    pixels(grid).map(log_density).fold(0.0, f64::max)
}

fn check_moments(mixture: &Mixture, grid: &Grid, tolerance: f64) {
    let given: Vec<usize> = (0..grid.n_axes()).collect();
    let conditional = Conditional::new(mixture, &given).unwrap();
    let covariance = |x: &[f64]| spec::conditional_covariance(mixture, &given, x);
    // Off the diagonal values cancel: compared by the size of the variances.
    let scale =
        pixels(grid).flat_map(|i| covariance(&point(grid, i))).fold(0.0_f64, |m, c| m.max(c.abs()));
    check((mixture, grid), Quantity::Covariance, covariance, |want| {
        tolerance * (want.abs() + 1e-2 * scale)
    });
    let n = conditional.remaining().len();
    let std = |x: &[f64]| {
        let covariance = spec::conditional_covariance(mixture, &given, x);
        (0..n).map(|t| covariance[t * n + t].sqrt()).collect()
    };
    check((mixture, grid), Quantity::Std, std, |want| tolerance * want);
}

fn check_responsibilities(mixture: &Mixture, grid: &Grid) {
    let given: Vec<usize> = (0..grid.n_axes()).collect();
    let marginal = mixture.marginal(&given).unwrap();
    let allowed = 1e-12 + 1e-15 * largest_log_density(mixture, grid);
    check((mixture, grid), Quantity::Entropy, |x| vec![spec::entropy(&marginal, x)], |_| allowed);
    for runtime in every_level() {
        let labels: Vec<i32> = render(mixture, grid, Quantity::Label, &runtime);
        for (i, got) in pixels(grid).map(|i| (i, labels[i])) {
            // Of components that are ahead by a rounding only, either may be named.
            let q = spec::weighted_log_prob(&marginal, &point(grid, i));
            let best = q[spec::label(&marginal, &point(grid, i))];
            let got = q[usize::try_from(got).unwrap()];
            assert!(best - got <= 1e-12 * (1.0 + best.abs()), "{got} against {best} at {i}");
        }
    }
}

#[test]
fn covariances_are_centered_at_every_pixel_of_pictures_lines_and_volumes() {
    check_moments(&scene(), &grid(70, 90), 1e-11);
    let line = Grid::new(&[300], &[(0.0, 600.0)]).unwrap();
    check_moments(&picture_mixture(40, 3), &line, 1e-11);
    let volume = Grid::new(&[3, 20, 40], &[(30.0, 70.0), (80.0, 100.0), (50.0, 90.0)]).unwrap();
    check_moments(&picture_mixture(40, 4), &volume, 1e-11);
}

#[test]
fn covariances_of_sharp_components_far_apart_do_not_cancel() {
    // Levels 0 and 1e6 with variances of 1e-6 meet at the middle column.
    let means = vec![0.0, 0.0, 0.0, 64.0, 0.0, 1e6];
    let covariances = Covariances::Diag([9.0, 9.0, 1e-6].repeat(2));
    let mixture = Mixture::new(vec![0.5; 2], means, covariances).unwrap();
    check_moments(&mixture, &grid(3, 65), 1e-9);
}

#[test]
fn labels_and_entropies_are_right_at_every_pixel_of_pictures_lines_and_volumes() {
    check_responsibilities(&scene(), &grid(70, 90));
    let line = Grid::new(&[3000], &[(0.0, 600.0)]).unwrap();
    check_responsibilities(&picture_mixture(40, 1), &line);
    let volume = Grid::new(&[3, 20, 40], &[(30.0, 70.0), (80.0, 100.0), (50.0, 90.0)]).unwrap();
    check_responsibilities(&picture_mixture(40, 3), &volume);
    let far = Grid::new(&[33, 40], &[(-5e7, -5e7 + 7e3), (3e7, 3e7 + 4e3)]).unwrap();
    check_responsibilities(&picture_mixture(30, 2), &far);
}

#[test]
fn the_first_of_identical_components_has_the_label() {
    let mixture = Mixture::new(
        vec![1.0 / 900.0; 900],
        vec![8.0; 1800],
        Covariances::Spherical(vec![9.0; 900]),
    );
    for runtime in every_level() {
        let labels: Vec<i64> =
            render(mixture.as_ref().unwrap(), &grid(20, 40), Quantity::Label, &runtime);
        assert!(labels.iter().all(|&label| label == 0));
    }
}

/// Terms of its log-probability cancel there: a view far along a ridge, and much smaller than its
/// width.
#[test]
fn labels_of_a_view_deep_in_a_thin_component_are_its_own() {
    let mut random = Random(9);
    let mut between = |low: f64, high: f64| low + (high - low) * random.uniform();
    for _ in 0..200 {
        let (slope, width) = (between(-3.0, 3.0).exp2(), between(-10.0, -2.0).exp2());
        let (x, y) = (1.0 / slope.hypot(1.0), slope / slope.hypot(1.0));
        let (long, wide) = (900.0, width * width);
        let across = (long - wide) * x * y;
        let thin = [long * x * x + wide * y * y, across, across, long * y * y + wide * x * x];
        let (ahead, aside) = (between(-30.0, 30.0), width * between(-6.0, 6.0));
        let mean = [ahead * x - aside * y, ahead * y + aside * x];
        let mixture = Mixture::new(
            vec![0.5; 2],
            [[900.0; 2], mean].concat(),
            Covariances::Full([[1e-6, 0.0, 0.0, 1e-6], thin].concat()),
        );
        let side = width * between(-14.0, -4.0).exp2();
        let view = Grid::new(&[40, 40], &[(-side, side); 2]).unwrap();
        for runtime in every_level() {
            let labels: Vec<i64> =
                render(mixture.as_ref().unwrap(), &view, Quantity::Label, &runtime);
            assert!(labels.iter().all(|&label| label == 1), "{:?} {slope}", runtime.level());
        }
    }
}

/// Levels may differ from the rounded ones by one only next to a half.
fn check_levels(mixture: &Mixture, grid: &Grid, quantity: Quantity) {
    for runtime in every_level() {
        let exact: Vec<f64> = render(mixture, grid, quantity, &runtime);
        let levels: Vec<u8> = render(mixture, grid, quantity, &runtime);
        for (level, exact) in levels.iter().zip(&exact) {
            let error = (f64::from(*level) - exact.clamp(0.0, 255.0)).abs();
            assert!(error <= 0.52, "{:?} {quantity:?}: {level} of {exact}", runtime.level());
        }
    }
}

#[test]
fn levels_are_within_a_fiftieth_of_the_rounded_ones() {
    for (mixture, size) in [(scene(), (150, 130)), (picture_mixture(300, 5), (427, 640))] {
        let grid = grid(size.0, size.1);
        check_levels(&mixture, &grid, Quantity::Mean);
        check_levels(&mixture, &grid, Quantity::Std);
        check_levels(&mixture, &grid, Quantity::Density);
    }
    // Narrow components everywhere, at the pixels' own size and enlarged.
    let extent = [(100.0, 164.0), (100.0, 164.0)];
    for n in [64, 640] {
        let zoom = Grid::new(&[n, n], &extent).unwrap();
        check_levels(&picture_mixture(4000, 5), &zoom, Quantity::Mean);
    }
}

/// The last tile of a line may be a few columns wide, and then an exponent changes more from one
/// vector of columns to the next than over the tile.
#[test]
fn levels_of_the_last_columns_are_right_whatever_the_width() {
    let mut random = Random(21);
    let mut between = |low: f64, high: f64| low + (high - low) * random.uniform();
    for width in 33..=64 {
        let middle = (32.0 + width as f64 - 1.0) / 2.0;
        for _ in 0..ordinary_or(60, 1) {
            let (left, right) = (between(100.0, 700.0), between(10.0, 90.0));
            let (broad, narrow) = (between(10.0, 40.0), between(1.0, 5.0));
            let means = vec![middle - left, 16.0, 10.0, middle + right, 16.0, 200.0];
            let variances = [[broad * broad; 2], [narrow * narrow; 2]].map(|[x, y]| [x, y, 1.0]);
            let mixture = Mixture::new(vec![0.5; 2], means, Covariances::Diag(variances.concat()));
            check_levels(mixture.as_ref().unwrap(), &grid(32, width), Quantity::Mean);
        }
    }
}

#[test]
fn levels_of_colors_beyond_float32_are_right() {
    // Slopes of 1e5 a pixel, means of 1e7: clipped but for a few pixels.
    let means = vec![20.0, 20.0, 1e7, 60.0, 30.0, 120.0];
    let steep = [25.0, 0.0, 2.5e6, 0.0, 25.0, 0.0, 2.5e6, 0.0, 3e11];
    let flat = [90.0, 0.0, 0.0, 0.0, 90.0, 0.0, 0.0, 0.0, 9.0];
    let covariances = Covariances::Full([steep, flat].concat());
    let mixture = Mixture::new(vec![0.3, 0.7], means, covariances).unwrap();
    check_levels(&mixture, &grid(50, 90), Quantity::Mean);
}

/// Two components in the same place have values that cancel each other; most others are far away,
/// and of small values.
#[test]
fn levels_of_two_components_that_cancel_are_right() {
    let n = 9;
    let mut means = vec![16.0, 16.0, 1e8, 16.0, 16.0, -1e8 + 256.0];
    (2..n).for_each(|k| means.extend([900.0 + k as f64, 900.0, 100.0]));
    let mixture = Mixture::new(
        vec![1.0 / n as f64; n],
        means,
        Covariances::Diag([30.0, 30.0, 1.0].repeat(n)),
    );
    let mixture = mixture.unwrap();
    check_levels(&mixture, &grid(32, 40), Quantity::Mean);
    for runtime in every_level() {
        let tolerant = Rendering::new(&mixture, &grid(32, 40), &[0, 1], Quantity::Mean).unwrap();
        let mut means = vec![0.0_f64; tolerant.n_values()];
        tolerant.with_tolerance(0.01).unwrap().render(&mut means, &runtime).unwrap();
        assert!(means.iter().all(|mean| (mean - 128.0).abs() < 1.0), "{:?}", runtime.level());
    }
}

#[test]
fn single_precision_is_double_precision_rounded() {
    let (mixture, grid) = (scene(), grid(100, 130));
    for runtime in every_level() {
        for quantity in [Quantity::Density, Quantity::LogDensity, Quantity::Mean, Quantity::Std] {
            let exact: Vec<f64> = render(&mixture, &grid, quantity, &runtime);
            let single: Vec<f32> = render(&mixture, &grid, quantity, &runtime);
            let largest = exact.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
            for (single, exact) in single.iter().zip(&exact) {
                // Half a unit in the last place, and a small part of the negligible components.
                let allowed = 0.502 * f64::from(f32::EPSILON) * exact.abs() + 1e-9 * largest;
                assert!((f64::from(*single) - exact).abs() <= allowed, "{single} of {exact}");
            }
        }
    }
}

#[test]
fn a_tolerance_is_kept_and_one_below_rounding_changes_nothing() {
    let (mixture, grid) = (scene(), grid(100, 130));
    for runtime in every_level() {
        for quantity in [Quantity::Density, Quantity::LogDensity, Quantity::Mean, Quantity::Entropy]
        {
            let exact: Vec<f64> = render(&mixture, &grid, quantity, &runtime);
            let with = |tolerance: f64| {
                let rendering = Rendering::new(&mixture, &grid, &[0, 1], quantity).unwrap();
                let rendering = rendering.with_tolerance(tolerance).unwrap();
                let mut out = vec![0.0; rendering.n_values()];
                rendering.render(&mut out, &runtime).unwrap();
                out
            };
            assert_eq!(with(1e-30), exact);
            for tolerance in [1e-9, 1e-6, 1e-4, 1e-3, 1e-2] {
                for (got, exact) in with(tolerance).iter().zip(&exact) {
                    let scale = match quantity {
                        Quantity::Density => exact.abs(),
                        Quantity::Mean => 130.0 + exact.abs(),
                        _ => 1.0,
                    };
                    let error = (got - exact).abs();
                    assert!(
                        error <= tolerance * scale,
                        "{quantity:?} {tolerance}: {got} of {exact}"
                    );
                }
            }
        }
    }
    let rendering = || Rendering::new(&mixture, &grid, &[0, 1], Quantity::Mean).unwrap();
    for refused in [0.0, -1.0, 0.101, 1.0, f64::NAN, f64::INFINITY] {
        assert!(rendering().with_tolerance(refused).is_err());
    }
}

fn check_bands<P: Pixel + PartialEq + std::fmt::Debug>(
    grid: &Grid,
    quantity: Quantity,
    cut: usize,
) {
    let mixture = picture_mixture(30, 5);
    let given: Vec<usize> = (0..grid.n_axes()).collect();
    let rendering = Rendering::new(&mixture, grid, &given, quantity).unwrap();
    let line = rendering.n_values() / grid.first_axis().n_pixels();
    for runtime in every_level() {
        let whole: Vec<P> = render(&mixture, grid, quantity, &runtime);
        for (i, band) in whole.chunks(cut * line).enumerate() {
            let mut got = vec![P::default(); band.len()];
            rendering.render_lines(i * cut, &mut got, &runtime).unwrap();
            assert!(got == band, "{quantity:?}, band {i} of {cut} lines");
        }
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn bands_have_the_same_bits_for_any_split(
        (height, width) in (1_usize..80, 1_usize..80),
        cut in 1_usize..40,
        n_axes in 1_usize..4,
        is_mean in any::<bool>(),
    ) {
        let grid = match n_axes {
            1 => Grid::new(&[40 * height], &[(0.0, 640.0)]),
            2 => Grid::new(&[height, width], &[(0.0, 640.0), (0.0, 427.0)]),
            _ => Grid::new(&[5, height, width], &[(0.0, 640.0), (0.0, 427.0), (0.0, 255.0)]),
        }
        .unwrap();
        let quantity = if is_mean { Quantity::Mean } else { Quantity::LogDensity };
        check_bands::<f64>(&grid, quantity, cut);
        check_bands::<u8>(&grid, quantity, cut);
    }

    #[test]
    fn every_quantity_of_random_mixtures_over_random_grids_is_right(
        n_components in 1_usize..40,
        (height, width) in (1_usize..50, 1_usize..80),
        (zoom, x, y) in (-3.0_f64..3.0, 0.0_f64..640.0, 0.0_f64..427.0),
    ) {
        let side = 640.0 * 10_f64.powf(-zoom);
        let extent = [(x, x + side), (y - side / 2.0, y + side / 2.0)];
        let grid = Grid::new(&[height, width], &extent).unwrap();
        let mixture = picture_mixture(n_components, 4);
        check_moments(&mixture, &grid, 1e-10 + 1e-13 * largest_log_density(&mixture, &grid));
        check_responsibilities(&mixture, &grid);
    }
}

#[test]
fn lines_beyond_the_grid_and_parts_of_lines_are_errors() {
    let (mixture, runtime) = (picture_mixture(3, 2), Runtime::new(Some(1)).unwrap());
    let rendering = Rendering::new(&mixture, &grid(4, 5), &[0, 1], Quantity::Density).unwrap();
    for (first, n_values) in [(0, 4), (0, 25), (3, 10), (5, 5), (usize::MAX, 5)] {
        assert!(rendering.render_lines(first, &mut vec![0.0; n_values], &runtime).is_err());
    }
    assert!(rendering.render_lines(4, &mut [0.0; 0], &runtime).is_ok());
}

#[test]
fn a_grid_of_more_values_than_can_be_counted_is_rendered_in_parts() {
    let (mixture, runtime) = (picture_mixture(3, 4), Runtime::new(Some(1)).unwrap());
    let line = |n_pixels: usize| {
        let grid = Grid::new(&[n_pixels], &[(0.0, n_pixels as f64)]).unwrap();
        Rendering::new(&mixture, &grid, &[0], Quantity::Mean).unwrap()
    };
    // Three values for each pixel: their number is 2 modulo 2^64.
    let huge = line(usize::MAX / 3 + 1);
    assert_eq!(huge.n_values(), usize::MAX);
    let (mut got, mut expected) = (vec![0.0_f64; 15], vec![0.0_f64; 15]);
    huge.render_lines(0, &mut got, &runtime).unwrap();
    line(5).render(&mut expected, &runtime).unwrap();
    for (got, expected) in got.iter().zip(&expected) {
        assert!((got - expected).abs() <= 1e-12 * expected.abs(), "{got} {expected}");
    }
    assert!(huge.render(&mut got, &runtime).is_err());
}

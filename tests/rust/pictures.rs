//! Whole pictures against the specification, every pixel at every instruction set, in the
//! cases that are hardest for culling and recurrences.
//!
//! Errors are relative to 1 + |log p|, or to the size of a color.

use crate::models::{HEIGHT, WIDTH, picture_mixture};
use crate::support::{every_level, point, render, spherical, stride};
use gmmfast::painting::{Options, Picture, Refine, Refinement, draw};
use gmmfast::{Covariances, Grid, Level, Mixture, Quantity, Rendering, Runtime, spec};

fn grid(height: usize, width: usize) -> Grid {
    let extent = [(-0.5, width as f64 - 0.5), (-0.5, height as f64 - 0.5)];
    Grid::new(&[height, width], &extent).unwrap()
}

/// Compares log p at every pixel and returns the lowest.
fn check_log_density(mixture: &Mixture, grid: &Grid, tolerance: f64) -> f64 {
    let pixels = || (0..grid.n_pixels()).step_by(stride());
    let want: Vec<f64> = pixels().map(|i| spec::log_density(mixture, &point(grid, i))).collect();
    for runtime in every_level() {
        let got: Vec<f64> = render(mixture, grid, Quantity::LogDensity, &runtime);
        for (i, want) in pixels().zip(&want) {
            let got = got[i];
            assert!(
                (got - want).abs() <= tolerance * (1.0 + want.abs()),
                "{:?} at {:?}: {got} against {want}",
                runtime.level(),
                point(grid, i)
            );
        }
    }
    want.iter().copied().fold(f64::INFINITY, f64::min)
}

/// Returns the conditional means at the pixels that are compared.
fn means(mixture: &Mixture, grid: &Grid) -> Vec<f64> {
    let given: Vec<usize> = (0..grid.n_axes()).collect();
    let mean = |i| spec::conditional_mean(mixture, &given, &point(grid, i));
    (0..grid.n_pixels()).step_by(stride()).flat_map(mean).collect()
}

/// Returns the rendered values of those pixels.
fn compared<P: Copy>(rendered: &[P], grid: &Grid) -> impl Iterator<Item = P> {
    rendered.chunks(rendered.len() / grid.n_pixels()).step_by(stride()).flatten().copied()
}

/// Compares the conditional means at every pixel, relative to `scale`.
fn check_mean(mixture: &Mixture, grid: &Grid, scale: f64) {
    let want = means(mixture, grid);
    for runtime in every_level() {
        let got: Vec<f64> = render(mixture, grid, Quantity::Mean, &runtime);
        for (got, want) in compared(&got, grid).zip(&want) {
            let error = (got - want).abs();
            assert!(error <= 1e-12 * scale, "{:?}: {got} against {want}", runtime.level());
        }
    }
}

#[test]
fn every_pixel_of_a_picture_at_its_own_size_is_right() {
    check_log_density(&picture_mixture(60, 2), &grid(HEIGHT, WIDTH), 1e-13);
}

#[test]
fn colors_at_every_pixel_are_right_at_half_the_size_and_at_four_times() {
    let mixture = picture_mixture(80, 5);
    let extent = [(-0.5, WIDTH as f64 - 0.5), (-0.5, HEIGHT as f64 - 0.5)];
    let small = Grid::new(&[HEIGHT / 2, WIDTH / 2], &extent).unwrap();
    check_mean(&mixture, &small, 255.0);
    let corner = Grid::new(&[100, 130], &[(300.0, 332.5), (200.0, 225.0)]).unwrap();
    check_mean(&mixture, &corner, 255.0);
}

/// Returns a model refined to a sharp picture: narrow gates, and experts far outside the colors
/// that cancel each other.
fn refined() -> Mixture {
    let (height, width) = (70, 100);
    let level = |at: usize| {
        let (c, x, y) = (at % 3, (at / 3 % width) as f64, (at / 3 / width) as f64);
        let stripe = if (x + 2.0 * y) % 23.0 < 6.0 { 120.0 } else { 0.0 };
        (60.0 + stripe + 60.0 * (0.2 * x * (1.0 + 0.2 * c as f64)).sin()) as u8
    };
    let bytes: Vec<u8> = (0..3 * width * height).map(level).collect();
    let picture = Picture::new(&bytes, height, width, 3).unwrap();
    let start = draw(&picture, 150);
    let options = Options { max_passes: 120, ..Options::default() };
    let mut refinement =
        Refinement::new(picture, start, Covariances::Full(Vec::new()), options).unwrap();
    let runtime = Runtime::new(Some(1)).unwrap();
    while refinement.advance(&runtime).unwrap() {}
    refinement.mixture(1.0 / 12.0, &runtime).unwrap()
}

#[test]
fn refined_models_are_right_at_every_pixel_as_numbers_and_as_levels() {
    let mixture = refined();
    let reaches_out = |k: usize| mixture.mean(k)[2..].iter().any(|c| !(0.0..=255.0).contains(c));
    assert!((0..mixture.n_components()).filter(|&k| reaches_out(k)).count() > 5);
    let extent = [(-0.5, 99.5), (-0.5, 69.5)];
    for shape in [[70, 100], [210, 300]] {
        let grid = Grid::new(&shape, &extent).unwrap();
        check_mean(&mixture, &grid, 255.0);
        let want = means(&mixture, &grid);
        for runtime in every_level() {
            let got: Vec<u8> = render(&mixture, &grid, Quantity::Mean, &runtime);
            for (got, want) in compared(&got, &grid).zip(&want) {
                let error = (f64::from(got) - want.clamp(0.0, 255.0)).abs();
                assert!(error <= 0.51, "{:?}: {got} against {want}", runtime.level());
            }
        }
    }
}

#[test]
fn spikes_on_and_between_pixels_are_neither_lost_nor_smeared() {
    // Standard deviations of a thousandth of a pixel, on pixel centers, on tile
    // borders, and between pixels, where they show nowhere.
    let mut means = vec![48.0, 40.0, 31.0, 31.0, 32.0, 32.0, 10.0005, 20.0, 70.5, 70.5, 0.0, 0.0];
    let mut stds = vec![15.0, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3];
    means.extend([63.0, 64.0, 95.0, 12.0]);
    stds.extend([0.05, 0.3]);
    let mixture = spherical(means, &stds);
    let grid = grid(80, 100);
    check_log_density(&mixture, &grid, 1e-12);
    let log_density: Vec<f64> =
        render(&mixture, &grid, Quantity::LogDensity, &Runtime::new(Some(1)).unwrap());
    let spike = (1.0 / 8.0 / std::f64::consts::TAU / 1e-6_f64).ln();
    for (x, y) in [(31, 31), (32, 32), (0, 0)] {
        assert!((log_density[y * 100 + x] - spike).abs() < 1e-3, "the spike at ({x}, {y}) shows");
    }
}

#[test]
fn spikes_alone_leave_exact_tails_around_them() {
    let mixture = spherical(vec![20.0, 20.0, 60.25, 41.0], &[1e-3, 1e-3]);
    let lowest = check_log_density(&mixture, &grid(64, 96), 1e-12);
    assert!(lowest < -1e8);
}

#[test]
fn thin_diagonal_lines_are_right_along_and_across() {
    // 0.3 pixels across and 60 along, at 45 degrees, as in line drawings.
    let (across, along) = (0.09, 3600.0);
    let (sum, difference) = (0.5 * (along + across), 0.5 * (along - across));
    let covariance = [sum, difference, difference, sum];
    let mirrored = [sum, -difference, -difference, sum];
    let covariances = Covariances::Full([covariance, mirrored].concat());
    let mixture = Mixture::new(vec![0.5; 2], vec![60.0, 40.0, 80.0, 45.0], covariances).unwrap();
    check_log_density(&mixture, &grid(90, 130), 1e-11);
}

#[test]
fn broad_components_that_overlap_everywhere_are_all_summed() {
    let n = 200;
    let means = (0..2 * n).map(|i| 1e4 * (f64::from(i) * 0.754_877).fract()).collect();
    check_log_density(&spherical(means, &vec![1e5; n as usize]), &grid(40, 70), 1e-13);
}

#[test]
fn thousands_of_identical_components_equal_one() {
    let n = 3000;
    let means = [17.0, 23.0].repeat(n);
    let many = spherical(means, &vec![6.0; n]);
    let one = spherical(vec![17.0, 23.0], &[6.0]);
    for runtime in every_level() {
        let many: Vec<f64> = render(&many, &grid(50, 50), Quantity::LogDensity, &runtime);
        let one: Vec<f64> = render(&one, &grid(50, 50), Quantity::LogDensity, &runtime);
        assert!(many.iter().zip(&one).all(|(a, b)| (a - b).abs() <= 1e-12 * (1.0 + b.abs())));
    }
}

#[test]
fn far_tails_are_right_where_log_p_is_a_million_million_below() {
    let mixture = picture_mixture(30, 2);
    let far = Grid::new(&[40, 70], &[(-5e8, -5e8 + 7e4), (3e8, 3e8 + 4e4)]).unwrap();
    assert!(check_log_density(&mixture, &far, 1e-12) < -1e12);
}

#[test]
fn a_zoom_a_million_times_deep_is_right() {
    let mixture = picture_mixture(200, 2);
    let y = (213.0, 213.0 + 0.7e-6);
    let deep = Grid::new(&[35, 50], &[(320.0, 320.0 + 1e-6), y]).unwrap();
    check_log_density(&mixture, &deep, 1e-12);
}

#[test]
fn shapes_that_are_no_multiple_of_a_tile_and_reversed_axes_are_right() {
    let mixture = picture_mixture(50, 2);
    for (height, width) in [(1, 1), (1, 700), (900, 1), (33, 65), (32, 32), (31, 257), (2, 31)] {
        check_log_density(&mixture, &grid(height, width), 1e-12);
    }
    let whole = [(-0.5, WIDTH as f64 - 0.5), (-0.5, HEIGHT as f64 - 0.5)];
    for shape in [[700, 1], [1, 700], [150, 3]] {
        check_log_density(&mixture, &Grid::new(&shape, &whole).unwrap(), 1e-12);
    }
    let backwards = Grid::new(&[70, 90], &[(500.0, 80.0), (420.0, 3.0)]).unwrap();
    check_log_density(&mixture, &backwards, 1e-12);
}

#[test]
fn frames_of_a_volume_and_points_of_a_line_are_right() {
    let volume = [(200.0, 290.0), (100.0, 160.0), (-0.5, 5.5)];
    let volume = Grid::new(&[6, 40, 60], &volume).unwrap();
    let mixture = picture_mixture(60, 4);
    check_mean(&mixture, &volume, 255.0);
    check_log_density(&mixture.marginal(&[0, 1, 2]).unwrap(), &volume, 1e-12);
    let line = Grid::new(&[5003], &[(-0.5, 5002.5)]).unwrap();
    let means: Vec<f64> = (0..90).map(|i| f64::from(i) * 55.3).collect();
    let stds: Vec<f64> = (0..90).map(|i| 10_f64.powf(f64::from(i % 10) * 0.5 - 2.0)).collect();
    check_log_density(&spherical(means, &stds), &line, 1e-11);
}

#[test]
fn a_picture_has_the_same_bits_on_any_number_of_threads() {
    let mixture = picture_mixture(100, 5);
    for level in Level::available() {
        let on = |n| Runtime::new(Some(n)).unwrap().with_level(level);
        let one: Vec<f64> = render(&mixture, &grid(300, 500), Quantity::Mean, &on(1));
        for n in [2, 3, 7] {
            let many: Vec<f64> = render(&mixture, &grid(300, 500), Quantity::Mean, &on(n));
            assert!(one.iter().zip(&many).all(|(a, b)| a.to_bits() == b.to_bits()), "{n} threads");
        }
    }
}

#[test]
fn any_features_in_any_order_may_lie_along_the_axes() {
    let mixture = picture_mixture(40, 5);
    let grid = Grid::new(&[30, 40], &[(0.0, 420.0), (0.0, 250.0)]).unwrap();
    let rendering = Rendering::new(&mixture, &grid, &[1, 3], Quantity::LogDensity).unwrap();
    let marginal = mixture.marginal(&[1, 3]).unwrap();
    let mut got = vec![0.0; rendering.n_values()];
    rendering.render(&mut got, &Runtime::new(Some(2)).unwrap()).unwrap();
    for (i, got) in got.iter().enumerate() {
        let want = spec::log_density(&marginal, &point(&grid, i));
        assert!((got - want).abs() <= 1e-12 * (1.0 + want.abs()), "{got} against {want}");
    }
}

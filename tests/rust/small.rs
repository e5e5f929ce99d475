//! Small cases of every stage, against the specification. Miri takes seconds or minutes for each
//! (`make miri`), and hours for the other tests.

use crate::support::{Random, around, every_level, fitted, point, render};
use gmmfast::{
    Data, Grid, KMeansOptions, Mixture, Quantity, Rendering, expectation, kmeans, predict,
    predict_proba, score_samples, spec,
};

fn grid(shape: &[usize]) -> Grid {
    let extent: Vec<_> = shape.iter().rev().map(|&n| (0.0, 100.0 + n as f64 / 64.0)).collect();
    Grid::new(shape, &extent).unwrap()
}

fn check(got: f64, want: f64) {
    assert!((got - want).abs() <= 1e-9 * (1.0 + want.abs()), "{got:e}, {want:e} expected");
}

#[test]
fn log_densities_of_a_line_a_picture_and_a_volume() {
    // Wide components, narrow ones, and some so far away that lines are rendered by log-sum-exp.
    let cases = [(&[70][..], 1.0), (&[33, 34], 30.0), (&[9, 40], 0.05), (&[2, 3, 33], 5.0)];
    for (shape, std) in cases {
        let (grid, mixture) = (grid(shape), fitted(0, 4, shape.len(), std));
        for runtime in every_level() {
            let got: Vec<f64> = render(&mixture, &grid, Quantity::LogDensity, &runtime);
            for (at, &got) in got.iter().enumerate().step_by(29) {
                check(got, spec::log_density(&mixture, &point(&grid, at)));
            }
        }
    }
}

#[test]
fn every_quantity_of_a_picture_in_every_type() {
    let (grid, mixture) = (grid(&[2, 11]), fitted(0, 3, 5, 25.0));
    let quantities = [
        Quantity::Mean,
        Quantity::Std,
        Quantity::Covariance,
        Quantity::Entropy,
        Quantity::Label,
        Quantity::Density,
        Quantity::Sample { seed: 3 },
    ];
    for runtime in every_level() {
        for quantity in quantities {
            let exact: Vec<f64> = render(&mixture, &grid, quantity, &runtime);
            let single: Vec<f32> = render(&mixture, &grid, quantity, &runtime);
            let bytes: Vec<u8> = render(&mixture, &grid, quantity, &runtime);
            for ((&exact, &single), &byte) in exact.iter().zip(&single).zip(&bytes) {
                assert!((f64::from(single) - exact).abs() <= 1e-6 * (1.0 + exact.abs()));
                assert!((f64::from(byte) - exact.clamp(0.0, 255.0)).abs() <= 0.53);
            }
            if quantity == Quantity::Mean {
                for at in (0..grid.n_pixels()).step_by(13) {
                    let want = spec::conditional_mean(&mixture, &[0, 1], &point(&grid, at));
                    exact[3 * at..][..3].iter().zip(want).for_each(|(&got, want)| check(got, want));
                }
            }
        }
    }
}

#[test]
fn lines_and_windows_have_the_bits_of_the_whole() {
    let (grid, mixture) = (grid(&[34, 66]), fitted(0, 3, 3, 20.0));
    let rendering = Rendering::new(&mixture, &grid, &[0, 1], Quantity::Mean).unwrap();
    for runtime in every_level() {
        let mut whole = vec![0.0_f32; rendering.n_values()];
        rendering.render(&mut whole, &runtime).unwrap();
        let mut lines = vec![0.0_f32; 2 * 66];
        rendering.render_lines(31, &mut lines, &runtime).unwrap();
        assert_eq!(lines, whole[31 * 66..33 * 66]);
        let mut window = vec![0.0_f32; 3 * 34];
        rendering.render_window(31, 32..66, &mut window, &runtime).unwrap();
        for (row, got) in window.chunks(34).enumerate() {
            assert_eq!(got, &whole[(31 + row) * 66 + 32..][..34]);
        }
    }
}

fn scattered() -> (Mixture, Vec<f64>) {
    let mixture = fitted(0, 12, 2, 2.0);
    let points = around(&mixture, 150, 2.0);
    (mixture, points)
}

#[test]
fn scattered_points_in_a_tree() {
    let (mixture, points) = scattered();
    let n = points.len() / 2;
    for runtime in every_level() {
        let (mut scores, mut labels) = (vec![0.0; n], vec![0; n]);
        let mut responsibilities = vec![0.0; n * 12];
        score_samples(&mixture, &points, &mut scores, &runtime).unwrap();
        predict(&mixture, &points, &mut labels, &runtime).unwrap();
        predict_proba(&mixture, &points, &mut responsibilities, &runtime).unwrap();
        for (i, x) in points.chunks(2).enumerate().step_by(7) {
            check(scores[i], spec::log_density(&mixture, x));
            assert_eq!(labels[i] as usize, spec::label(&mixture, x));
            let got = &responsibilities[12 * i..][..12];
            spec::responsibilities(&mixture, x).iter().zip(got).for_each(|(w, g)| check(*g, *w));
        }
    }
}

#[test]
fn an_iteration_of_em_and_k_means_of_scattered_points() {
    let (mixture, points) = scattered();
    for runtime in every_level() {
        let data = Data::new(&points, 2, None, None, &runtime).unwrap();
        let statistics = expectation(&mixture, &data, &runtime).unwrap();
        let total = points.chunks(2).map(|x| spec::log_density(&mixture, x)).sum();
        check(statistics.log_likelihood(), total);
        let mut random = Random(1);
        let centers: Vec<f64> = (0..8).map(|_| 100.0 * random.uniform()).collect();
        let options = KMeansOptions { tol: 0.0, max_iter: 2 };
        let found = kmeans(&data, &centers, options, &runtime).unwrap();
        for (x, &label) in points.chunks(2).zip(&found.labels).step_by(7) {
            assert_eq!(label as usize, spec::nearest_center(&found.centers, x));
        }
    }
}

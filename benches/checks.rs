//! The points and grids of the benches, and the checks against the specification that
//! results pass before they are timed or counted.

#![allow(dead_code, reason = "each bench uses a part of it")]

use crate::models::{HEIGHT, WIDTH};
use gmmfast::{Grid, Mixture, Pixel, Rendering, Runtime, score_samples, spec};

/// Every pixel or point of this stride is checked.
const STRIDE: usize = 97;

/// The pixels of the picture that the mixtures are of.
pub fn grid() -> Grid {
    let extent = [(-0.5, WIDTH as f64 - 0.5), (-0.5, HEIGHT as f64 - 0.5)];
    Grid::new(&[HEIGHT, WIDTH], &extent).expect("a valid grid")
}

/// Compares with the specification: relative to each value, or for a uint8
/// picture its rounded values, which may differ within a fiftieth of a half.
pub fn check_picture<P: Pixel + Default + Into<f64>>(
    rendering: &Rendering,
    runtime: &Runtime,
    want: impl Fn(&[f64]) -> Vec<f64>,
) {
    let mut out = vec![P::default(); rendering.n_values()];
    let is_picture = size_of::<P>() == 1;
    rendering.render(&mut out, runtime).expect("nothing interrupts");
    for pixel in (0..WIDTH * HEIGHT).step_by(STRIDE) {
        let want = want(&[(pixel % WIDTH) as f64, (pixel / WIDTH) as f64]);
        let got = &out[pixel * want.len()..][..want.len()];
        for (got, want) in got.iter().zip(want) {
            let got: f64 = (*got).into();
            let error = (got - want).abs();
            if is_picture {
                assert!(error <= 0.52 || !(0.0..=255.0).contains(&want), "{got}: {want}");
            } else {
                assert!(error <= 1e-11 * want.abs(), "{got} against {want}");
            }
        }
    }
}

/// Kronecker's sequence: spread evenly over [0, 1), the same every time.
pub fn spread(n: usize, i: usize) -> f64 {
    (n as f64 * ((i + 2) as f64).sqrt()).fract()
}

/// Points over the picture and the levels, spread evenly.
pub fn scattered_points(n_points: usize, n_features: usize) -> Vec<f64> {
    let range = |i: usize| [WIDTH, HEIGHT].get(i).copied().unwrap_or(255) as f64;
    (0..n_points).flat_map(|n| (0..n_features).map(move |i| spread(n, i) * range(i))).collect()
}

/// Compares scattered log-densities with the specification.
pub fn check_points(mixture: &Mixture, points: &[f64], runtime: &Runtime) {
    let n_features = mixture.n_features();
    let mut out = vec![0.0; points.len() / n_features];
    score_samples(mixture, points, &mut out, runtime).expect("nothing interrupts");
    for (x, got) in points.chunks(n_features).zip(&out).step_by(STRIDE) {
        let want = spec::log_density(mixture, x);
        assert!((got - want).abs() <= 1e-11 * (1.0 + want.abs()), "{got} against {want}");
    }
}

//! Log-densities over a grid are those of the specification: no component that counts is left out.
//! Levels of the mean of a third feature, in float32, are its mean in float64, rounded.
#![no_main]

use gmmfast::{Covariances, Grid, Mixture, Quantity, Rendering, spec};
use gmmfast_fuzz::{Bytes, RUNTIME, check_close, some_of, sound_mixture};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let bytes = &mut Bytes(data);
    let start = bytes.byte();
    let shape = [bytes.count(48), bytes.count(48)];
    let extent = [0, 1].map(|_| {
        let low = bytes.coordinate();
        (low, low + bytes.std())
    });
    let mixture = sound_mixture(bytes);
    let Ok(grid) = Grid::new(&shape, &extent) else { return };
    let Ok(rendering) = Rendering::new(&mixture, &grid, &[0, 1], Quantity::LogDensity) else {
        return;
    };
    let mut out = vec![0.0_f64; rendering.n_values()];
    rendering.render(&mut out, &RUNTIME).unwrap();
    for at in some_of(out.len(), start) {
        let (row, column) = (at / shape[1], at % shape[1]);
        let y = grid.line(row)[0];
        check_close(out[at], spec::log_density(&mixture, &[grid.x_axis().center(column), y]));
    }
    let mean = Rendering::new(&with_values(&mixture), &grid, &[0, 1], Quantity::Mean).unwrap();
    let mut levels = vec![0_u8; mean.n_values()];
    mean.render(&mut levels, &RUNTIME).unwrap();
    mean.render(&mut out, &RUNTIME).unwrap();
    for (level, mean) in levels.into_iter().zip(out) {
        let error = (f64::from(level) - mean.clamp(0.0, 255.0)).abs();
        assert!(error <= 0.52, "{level} of {mean}");
    }
});

/// Returns the mixture with a third feature, uncorrelated, whose means are levels.
fn with_values(mixture: &Mixture) -> Mixture {
    let n = mixture.n_components();
    let level = |k: usize| (k * 101 % 256) as f64;
    let means = (0..n).flat_map(|k| [mixture.mean(k)[0], mixture.mean(k)[1], level(k)]);
    let matrices = (0..n).flat_map(|k| {
        let [xx, xy, yy] = [(0, 0), (1, 0), (1, 1)].map(|(i, j)| mixture.covariance(k, i, j));
        [xx, xy, 0.0, xy, yy, 0.0, 0.0, 0.0, 1.0]
    });
    let covariances = Covariances::Full(matrices.collect());
    Mixture::new(mixture.weights().to_vec(), means.collect(), covariances).unwrap()
}

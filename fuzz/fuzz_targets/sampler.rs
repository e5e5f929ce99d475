//! Any bounds of samples are refused, or the samples are within them.
#![no_main]

use gmmfast::{Grid, Order, Sampling, Splat};
use gmmfast_fuzz::{Bytes, RUNTIME, any_mixture, impatient};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let bytes = &mut Bytes(data);
    let Ok(mixture) = any_mixture(bytes) else { return };
    let d = mixture.n_features();
    let sampling = Sampling::new(&mixture, bytes.bits());
    let mut samples = vec![0.0_f64; 20 * d];
    let _ = sampling.draw(Order::Shuffled, &mut samples, None, &RUNTIME);
    if let Ok(grid) = Grid::new(&[5], &[(bytes.any(), bytes.any())]) {
        let (mut counts, mut means) = ([0_i64; 5], vec![0.0; 5 * (d - 1)]);
        let splat = Splat { given: &[0], counts: &mut counts, means: &mut means };
        let _ = splat.draw(&sampling, &grid, 20, &RUNTIME);
    }
    let bounds: Vec<(f64, f64)> = (0..d).map(|_| (bytes.any(), bytes.any())).collect();
    let Ok(bounded) = sampling.with_bounds(&bounds) else { return };
    if bounded.draw(Order::Grouped, &mut samples, None, &impatient()).is_ok() {
        for sample in samples.chunks(d) {
            for (x, (low, high)) in sample.iter().zip(&bounds) {
                assert!(low <= x && x <= high, "{x} is not within {low} and {high}");
            }
        }
    }
});

//! A grid of any shape and extent is refused, or every quantity over it ends without a panic.
#![no_main]

use gmmfast::{Grid, Quantity, Rendering};
use gmmfast_fuzz::{Bytes, RUNTIME, any_mixture};
use libfuzzer_sys::fuzz_target;

const QUANTITIES: [Quantity; 8] = [
    Quantity::Density,
    Quantity::LogDensity,
    Quantity::Mean,
    Quantity::Covariance,
    Quantity::Std,
    Quantity::Label,
    Quantity::Entropy,
    Quantity::Sample { seed: 7 },
];

fuzz_target!(|data: &[u8]| {
    let bytes = &mut Bytes(data);
    let n_axes = bytes.count(3);
    let shape: Vec<usize> = (0..n_axes).map(|_| bytes.count(20)).collect();
    let extent: Vec<(f64, f64)> = (0..n_axes).map(|_| (bytes.any(), bytes.any())).collect();
    let Ok(grid) = Grid::new(&shape, &extent) else { return };
    let Ok(mixture) = any_mixture(bytes) else { return };
    let given: Vec<usize> = (0..n_axes).collect();
    let quantity = QUANTITIES[usize::from(bytes.byte()) % QUANTITIES.len()];
    let Ok(rendering) = Rendering::new(&mixture, &grid, &given, quantity) else { return };
    let _ = rendering.render(&mut vec![0.0_f64; rendering.n_values()], &RUNTIME);
    let _ = rendering.render(&mut vec![0_u8; rendering.n_values()], &RUNTIME);
    if let Ok(loose) = rendering.with_tolerance(bytes.any()) {
        let _ = loose.render(&mut vec![0.0_f32; loose.n_values()], &RUNTIME);
    }
});

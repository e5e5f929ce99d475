//! Log-densities over a grid are those of the specification: no component that counts is left out.
#![no_main]

use gmmfast::{Grid, Quantity, Rendering, spec};
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
});

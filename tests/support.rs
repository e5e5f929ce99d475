//! What the Rust tests share.
#![allow(dead_code)] // each test file uses a part

use proptest::test_runner::{Config, RngSeed};

use gmmfast::{Grid, Level, Mixture, Pixel, Quantity, Rendering, Runtime};

/// The point of pixel `pixel`, in feature order.
pub fn point(grid: &Grid, pixel: usize) -> Vec<f64> {
    let width = grid.x_axis().n_pixels();
    let mut point = grid.line(pixel / width);
    point.push(grid.x_axis().center(pixel % width));
    point.reverse();
    point
}

/// A quantity of the first features over a grid.
pub fn render<P: Pixel + Default>(
    mixture: &Mixture,
    grid: &Grid,
    quantity: Quantity,
    runtime: &Runtime,
) -> Vec<P> {
    let given: Vec<usize> = (0..grid.n_axes()).collect();
    let rendering = Rendering::new(mixture, grid, &given, quantity).unwrap();
    let mut out = vec![P::default(); rendering.n_values()];
    rendering.render(&mut out, runtime).unwrap();
    out
}

/// Two threads at every instruction set that this machine has.
pub fn every_level() -> Vec<Runtime> {
    Level::available().into_iter().map(|l| Runtime::new(Some(2)).unwrap().with_level(l)).collect()
}

/// As many random cases, the same ones every time.
pub fn cases(cases: u32) -> Config {
    let rng_seed = RngSeed::Fixed(20_261_122);
    Config { cases, rng_seed, failure_persistence: None, ..Config::default() }
}

//! Helpers of the Rust tests.

use proptest::test_runner::{Config, RngSeed};

use gmmfast::{Covariances, Grid, Level, Mixture, Pixel, Quantity, Rendering, Runtime};

/// Returns the center of pixel `pixel`, in feature order.
pub fn point(grid: &Grid, pixel: usize) -> Vec<f64> {
    let width = grid.x_axis().n_pixels();
    let mut point = grid.line(pixel / width);
    point.push(grid.x_axis().center(pixel % width));
    point.reverse();
    point
}

/// Renders a quantity of the first features over a grid.
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

/// Returns runtimes of two threads, one for each instruction set of this machine.
pub fn every_level() -> Vec<Runtime> {
    Level::available().into_iter().map(|l| Runtime::new(Some(2)).unwrap().with_level(l)).collect()
}

/// Returns a configuration of random cases with a fixed seed: as many, or PROPTEST_CASES if that
/// is fewer.
pub fn cases(cases: u32) -> Config {
    let rng_seed = RngSeed::Fixed(20_261_122);
    let default = Config::default(); // reads PROPTEST_CASES
    Config { cases: cases.min(default.cases), rng_seed, failure_persistence: None, ..default }
}

/// Returns the distance of the points that are compared with the specification: 1, every point, or
/// GMMFAST_TEST_STRIDE where floating-point numbers are emulated. Kernels compute all points.
pub fn stride() -> usize {
    std::env::var("GMMFAST_TEST_STRIDE").map_or(1, |stride| stride.parse().unwrap())
}

/// Returns the ordinary size of a problem, or the other one if the tests have a [`stride`].
pub fn ordinary_or<T>(ordinary: T, in_emulation: T) -> T {
    if stride() == 1 { ordinary } else { in_emulation }
}

/// Returns the kinds of [`fitted`] that a long test takes in case `case`, which may be a number of
/// dimensions: all, or every third if the tests have a [`stride`]. The next case takes other ones.
pub fn kinds(case: usize) -> impl Iterator<Item = usize> {
    let every = ordinary_or(1, 3);
    (0..N_KINDS).filter(move |kind| (kind + case).is_multiple_of(every))
}

/// A random generator of numbers in [0, 1).
pub struct Random(pub u64);

impl Random {
    /// Returns the next number.
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns a roughly normal number: a sum of uniforms, with tails to six deviations.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// The number of kinds of [`fitted`]: the covariance types.
pub const N_KINDS: usize = 6;

/// Returns a mixture of components all over [0, 100), about `std` wide, of uneven weights,
/// correlated where the covariance type allows it.
pub fn fitted(kind: usize, n: usize, d: usize, std: f64) -> Mixture {
    let mut random = Random(kind as u64 + 4 * d as u64);
    let weights: Vec<f64> = (0..n).map(|_| 0.1 + random.uniform()).collect();
    let sum: f64 = weights.iter().sum();
    let means = (0..n * d).map(|_| 100.0 * random.uniform()).collect();
    let mut matrix = || -> Vec<f64> {
        let stds: Vec<f64> = (0..d).map(|_| std * (0.3 + 1.5 * random.uniform())).collect();
        let mixing: Vec<f64> = (0..d * d).map(|_| random.uniform() - 0.5).collect();
        let entry = |i: usize, j: usize| {
            let dot: f64 = (0..d).map(|m| mixing[i * d + m] * mixing[j * d + m]).sum();
            (dot + 0.2 * f64::from(u8::from(i == j))) * stds[i] * stds[j]
        };
        (0..d * d).map(|ij| entry((ij / d).max(ij % d), (ij / d).min(ij % d))).collect()
    };
    let covariances = match kind {
        0 => Covariances::Full((0..n).flat_map(|_| matrix()).collect()),
        1 => Covariances::Tied(matrix()),
        2 => Covariances::Diag((0..n * d).map(|i| (std * (1 + i % 3) as f64).powi(2)).collect()),
        3 => Covariances::Spherical((0..n).map(|i| (std * (1 + i % 3) as f64).powi(2)).collect()),
        4 => Covariances::TiedDiag((0..d).map(|i| (std * (1 + i % 3) as f64).powi(2)).collect()),
        _ => Covariances::TiedSpherical(vec![std * std]),
    };
    Mixture::new(weights.iter().map(|w| w / sum).collect(), means, covariances).unwrap()
}

/// Returns components of equal weights at `means` with the given standard deviations.
pub fn spherical(means: Vec<f64>, stds: &[f64]) -> Mixture {
    let weights = vec![1.0 / stds.len() as f64; stds.len()];
    Mixture::new(weights, means, Covariances::Spherical(stds.iter().map(|s| s * s).collect()))
        .unwrap()
}

/// Returns points around the means of the components, a few of them far out.
pub fn around(mixture: &Mixture, n: usize, spread: f64) -> Vec<f64> {
    let mut random = Random(99);
    let mut points = Vec::new();
    for _ in 0..n {
        let k = (random.uniform() * mixture.n_components() as f64) as usize;
        let far = if random.uniform() < 0.02 { 20.0 } else { 1.0 };
        points.extend(mixture.mean(k).iter().map(|m| m + far * spread * random.normal()));
    }
    points
}

//! Reads numbers, mixtures and points from the bytes of a fuzzer.

use gmmfast::{Covariances, Mixture, Result, Runtime};
use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Two threads, made once.
pub static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new(Some(2)).unwrap());

/// Returns a runtime that is interrupted after a fifth of a second: bounds that hold almost nothing
/// are refused after ten thousand rounds, minutes later.
pub fn impatient() -> Runtime {
    let runtime = Runtime::new(Some(2)).unwrap();
    let interrupt = runtime.interrupt();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        interrupt.store(true, Ordering::Relaxed);
    });
    runtime
}

/// Bytes that are read one after the other; zeros follow the last one.
pub struct Bytes<'a>(pub &'a [u8]);

impl Bytes<'_> {
    /// Returns whether bytes are left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    /// Returns a number from 1 to `most`.
    pub fn count(&mut self, most: usize) -> usize {
        1 + usize::from(self.byte()) % most
    }

    /// Returns any number of eight bytes.
    pub fn bits(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    /// Returns any float64, of which half are small integers.
    pub fn any(&mut self) -> f64 {
        match self.byte() {
            tag @ 0..128 => f64::from(tag) - 64.0,
            _ => f64::from_bits(self.bits()),
        }
    }

    /// Returns a number from -128 to 128 in steps of 1/256.
    pub fn coordinate(&mut self) -> f64 {
        f64::from(i16::from_le_bytes([self.byte(), self.byte()])) / 256.0
    }

    /// Returns a standard deviation from 2^-8 to 2^8.
    pub fn std(&mut self) -> f64 {
        (f64::from(self.byte()) / 16.0 - 8.0).exp2()
    }
}

/// Returns covariances of one of the types, with a length that need not fit.
pub fn covariances(kind: u8, values: Vec<f64>) -> Covariances {
    match kind % 6 {
        0 => Covariances::Full(values),
        1 => Covariances::Tied(values),
        2 => Covariances::Diag(values),
        3 => Covariances::Spherical(values),
        4 => Covariances::TiedDiag(values),
        _ => Covariances::TiedSpherical(values),
    }
}

/// Returns a mixture of any parameters, or the refusal of these.
pub fn any_mixture(bytes: &mut Bytes) -> Result<Mixture> {
    let (kind, n, d) = (bytes.byte(), bytes.count(6), bytes.count(4));
    let lengths = [n * d * d, d * d, n * d, n, d, 1];
    let weights = (0..n).map(|_| 1.0 / n as f64);
    let weights = match bytes.byte() {
        0 => (0..n).map(|_| bytes.any()).collect(),
        _ => weights.collect(),
    };
    let means = (0..n * d).map(|_| bytes.any()).collect();
    let values = (0..lengths[usize::from(kind % 6)]).map(|_| bytes.any()).collect();
    Mixture::new(weights, means, covariances(kind, values))
}

/// Returns a mixture of two features that is sound: of full covariances with correlations within
/// 0.9, or of variances.
pub fn sound_mixture(bytes: &mut Bytes) -> Mixture {
    let (kind, n) = (bytes.byte(), bytes.count(40));
    let weights: Vec<f64> = (0..n).map(|_| 1.0 + f64::from(bytes.byte())).collect();
    let sum: f64 = weights.iter().sum();
    let means = (0..2 * n).map(|_| bytes.coordinate()).collect();
    let mut matrix = || {
        let (one, two) = (bytes.std(), bytes.std());
        let both = one * two * 0.9 * (f64::from(bytes.byte()) / 127.5 - 1.0);
        [one * one, both, both, two * two]
    };
    let covariances = match kind % 2 {
        0 => Covariances::Full((0..n).flat_map(|_| matrix()).collect()),
        _ => Covariances::Spherical((0..n).map(|_| matrix()[0]).collect()),
    };
    Mixture::new(weights.iter().map(|w| w / sum).collect(), means, covariances).unwrap()
}

/// Returns fewer than 128 of the indices below `n`: those at an odd step, from one of the first. The
/// specification factorizes each covariance at each point, and would take seconds for a grid.
pub fn some_of(n: usize, start: u8) -> impl Iterator<Item = usize> {
    let step = (n / 64) | 1;
    (usize::from(start) % step..n).step_by(step)
}

/// Fails unless two log-densities agree to rounding.
pub fn check_close(ours: f64, exact: f64) {
    assert!((ours - exact).abs() <= 1e-9 * (1.0 + exact.abs()), "{ours:e}, {exact:e} expected");
}
